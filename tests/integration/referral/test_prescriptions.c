// Social prescribing: whom a prescription goes to, from an offer to what came of it, another agency, who sees it, counts, and what leaves
// the service.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/patients.h"

#define REQUEST "0198c0de-0000-7000-8000-00000000000a"

static char walks[40], ada[40], ben[40], id[40];

static void align(world_t *world, const char *subject, const char *employer, const char *network, const char *rest)
{
    const char *before = world->organisation;
    world->organisation = "ics-a";
    assert_call(world, "CreateLinkWorkerAlignment", "{\"alignment\":{\"subject\":\"%s\",\"employer\":\"%s\",\"network\":\"%s\"%s}}",
                subject, employer, network, rest);
    world->organisation = before;
}

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->organisation = "ics-a";
    assert_call(
        world, "CreateService",
        "{\"service\":{\"name\":\"Walking group\",\"kind\":\"voluntary-service\",\"provider\":\"vol-a\",\"channels\":[\"in-person\"]}}");
    keep_id(world, walks);
    world->unlimited = false;
    world->organisation = "gp-a1";
    assert_registered(world, "gp-a1", NUMBER_ADA, "Ada Example", ada);
    assert_registered(world, "gp-b1", NUMBER_BEN, "Ben Example", ben);
    return 0;
}

// One world for all: what a test made goes.
static int afresh(void **state)
{
    world_t *world = *state;
    free(test_database_query(world->database, "TRUNCATE social_prescription, link_worker_alignment, event_queue, audit_queue, idempotency, "
                                              "patient_grant; UPDATE patient SET sensitive = false, died_on = NULL"));
    world->organisation = "gp-a1";
    world->subject = "gp";
    world->expected_version = 0;
    align(world, "lena", "provider-a", "pcn-a", "");
    return 0;
}

static void refer(world_t *world)
{
    world->organisation = "gp-a1";
    world->subject = "gp";
    assert_call(world, "CreateSocialPrescription",
                "{\"socialPrescription\":{\"patient\":\"%s\",\"needs\":[\"loneliness\",\"debt\"],\"reason\":\"Lives alone since spring\"}}",
                ada);
    keep_id(world, id);
}

static void as(world_t *world, const char *organisation, const char *subject)
{
    world->organisation = organisation;
    world->subject = subject;
}

static void plan(world_t *world)
{
    assert_call(
        world, "PlanPrescription",
        "{\"id\":\"%s\",\"goals\":[{\"code\":\"out\",\"text\":\"Out of the house\"},{\"code\":\"money\",\"text\":\"Bills are paid\"}],"
        "\"actions\":[{\"goal\":\"out\",\"text\":\"Walks on Saturdays\",\"service\":\"%s\",\"by\":\"patient\"}]}",
        id, walks);
}

static void one_goes_from_offer_to_outcome(void **state)
{
    world_t *world = *state;
    refer(world);
    assert_reply_has(
        world, "\"referrer\":\"gp-a1\",\"referredBy\":\"gp\",\"network\":\"pcn-a\",\"organisation\":\"provider-a\",\"linkWorker\":\"lena\","
               "\"state\":\"offered\",\"snomed\":\"871731000000106\"");
    as(world, "provider-a", "lena");
    assert_call(world, "ListSocialPrescriptions", "{\"organisation\":\"provider-a\"}");
    assert_reply_has(world, id);
    assert_reply_lacks(world, "alone");
    assert_refusal(world, STATUS_ABORTED, "", "PlanPrescription", "{\"id\":\"%s\",\"goals\":[{\"code\":\"out\",\"text\":\"Out\"}]}", id);
    assert_call(world, "AcceptPrescription", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"state\":\"accepted\"");
    assert_refusal(world, STATUS_ABORTED, "", "DeclinePrescription", "{\"id\":\"%s\",\"reason\":\"So\"}", id);
    assert_refusal(world, STATUS_ABORTED, "", "CompletePrescription", "{\"id\":\"%s\",\"outcome\":\"goals-reached\"}", id);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "actions[0].goal", "PlanPrescription",
                   "{\"id\":\"%s\",\"goals\":[{\"code\":\"out\",\"text\":\"Out\"}],\"actions\":[{\"goal\":\"in\",\"text\":\"In\"}]}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "actions", "PlanPrescription",
                   "{\"id\":\"%s\",\"goals\":[{\"code\":\"out\",\"text\":\"Out\"}],\"actions\":[{\"goal\":\"out\",\"text\":\"Out\","
                   "\"service\":\"%s\"}]}",
                   id, ada);
    plan(world);
    assert_reply_has(world, "\"state\":\"in-plan\"");
    assert_reply_has(world, walks);
    assert_call(world, "AddPrescriptionContact",
                "{\"id\":\"%s\",\"contact\":{\"manner\":\"telephone\",\"minutes\":20,\"note\":\"Went along\"}}", id);
    assert_reply_has(world, "\"note\":\"Went along\",\"subject\":\"lena\",\"organisation\":\"provider-a\"");
    assert_call(world, "ScorePrescription",
                "{\"id\":\"%s\",\"scores\":[{\"measure\":\"ons4\",\"item\":\"life-satisfaction\",\"before\":3},{\"measure\":\"ons4\","
                "\"item\":\"anxiety\","
                "\"before\":8}]}",
                id);
    assert_call(world, "ScorePrescription",
                "{\"id\":\"%s\",\"scores\":[{\"measure\":\"ons4\",\"item\":\"life-satisfaction\",\"after\":6}]}", id);
    assert_reply_has(
        world, "\"scores\":[{\"measure\":\"ons4\",\"item\":\"life-satisfaction\",\"before\":3,\"after\":6},{\"measure\":\"ons4\",\"item\":"
               "\"anxiety\",\"before\":8}]");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "scores[0].after", "ScorePrescription",
                   "{\"id\":\"%s\",\"scores\":[{\"measure\":\"ons4\",\"item\":\"happiness\",\"after\":11}]}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "scores[0].item", "ScorePrescription",
                   "{\"id\":\"%s\",\"scores\":[{\"measure\":\"ons4\",\"item\":\"joy\",\"after\":1}]}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "outcome", "CompletePrescription", "{\"id\":\"%s\",\"outcome\":\"none\"}", id);
    world->expected_version = 2;
    assert_refusal(world, STATUS_ABORTED, "", "CompletePrescription", "{\"id\":\"%s\",\"outcome\":\"goals-reached\"}", id);
    world->expected_version = 6;
    assert_call(world, "CompletePrescription", "{\"id\":\"%s\",\"outcome\":\"goals-reached\"}", id);
    world->expected_version = 0;
    assert_reply_has(world, "\"outcome\":\"goals-reached\"");
    assert_refusal(world, STATUS_ABORTED, "", "ClosePrescription", "{\"id\":\"%s\",\"reason\":\"So\"}", id);
    as(world, "gp-a1", "gp");
    assert_call(world, "GetSocialPrescription", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"reason\":\"Lives alone since spring\"");
    assert_reply_has(world, "\"code\":\"out\",\"text\":\"Out of the house\"");
    assert_reply_has(world, "\"from\":\"in-plan\",\"to\":\"completed\"");
    assert_int_equal(world->version, 7);
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%social-prescription%'"), "7");
    assert_string_equal(
        world_query(world, "SELECT count(*) FROM event_queue q WHERE q::text ~ 'alone|house|Walks|along|Ada|9996000028|lena'"), "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM audit_queue q WHERE q::text ~ 'alone|house|Walks|along|Ada|9996000028'"),
                        "0");
}

static void one_is_declined(void **state)
{
    world_t *world = *state;
    refer(world);
    // The patient tells the practice.
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "AcceptPrescription", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "RedirectPrescription",
                   "{\"id\":\"%s\",\"organisation\":\"vol-a\",\"principle\":\"no-wrong-door\"}", id);
    assert_call(world, "DeclinePrescription", "{\"id\":\"%s\",\"reason\":\"Not at the moment\"}", id);
    assert_reply_has(world, "\"state\":\"declined\",\"snomed\":\"871711000000103\"");
    assert_reply_has(world, "\"endReason\":\"Not at the moment\"");
    assert_reply_has(world, "\"reason\":\"Not at the moment\"}]");
    assert_call(world, "ListSocialPrescriptions", "{\"patient\":\"%s\",\"state\":\"declined\"}", ada);
    assert_reply_has(world, "\"snomed\":\"871711000000103\"");
}

static const char *taker(const world_t *world)
{
    static char found[60];
    const char *at = strstr(world->reply, "\"linkWorker\":\"");
    (void)snprintf(found, sizeof found, "%.*s", at != NULL ? (int)strcspn(at + 14, "\"") : 0, at != NULL ? at + 14 : "");
    return found;
}

static void it_goes_to_who_is_aligned_and_has_least(void **state)
{
    world_t *world = *state;
    align(world, "mona", "pcn-a", "pcn-a", "");
    align(world, "gone", "pcn-a", "pcn-a", ",\"from\":\"2026-01-01\",\"to\":\"2026-11-24\"");
    align(world, "to-come", "pcn-a", "pcn-a", ",\"from\":\"2026-11-26\"");
    align(world, "other", "pcn-b", "pcn-b", "");
    static const char *const order[] = {"lena", "mona", "lena", "mona"};
    for (size_t i = 0; i < 4; i++) {
        refer(world);
        assert_string_equal(taker(world), order[i]);
    }
    // What is over does not count.
    assert_call(world, "ClosePrescription", "{\"id\":\"%s\",\"reason\":\"Moved\"}", id);
    refer(world);
    assert_string_equal(taker(world), "mona");
    // Whom was asked for takes it, whoever is aligned.
    assert_call(world, "CreateSocialPrescription",
                "{\"socialPrescription\":{\"patient\":\"%s\",\"needs\":[\"debt\"],\"organisation\":\"vol-a\"}}", ada);
    assert_reply_has(world, "\"organisation\":\"vol-a\"");
    assert_reply_lacks(world, "linkWorker");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "organisation", "CreateSocialPrescription",
                   "{\"socialPrescription\":{\"patient\":\"%s\",\"needs\":[\"debt\"],\"organisation\":\"nowhere\"}}", ada);
    free(test_database_query(world->database, "TRUNCATE link_worker_alignment"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "organisation", "CreateSocialPrescription",
                   "{\"socialPrescription\":{\"patient\":\"%s\",\"needs\":[\"debt\"]}}", ada);
}

static void a_patient_is_referred_by_who_keeps_the_record(void **state)
{
    world_t *world = *state;
    char sql[300];
    static const char request[] = "{\"socialPrescription\":{\"patient\":\"%s\",\"needs\":[\"debt\"],\"organisation\":\"vol-a\"}}";
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateSocialPrescription", request, ben);
    as(world, "gp-x", "gp");
    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO patient_grant VALUES ('%s', gen_random_uuid(), 'gp-x', NULL, 'case', now() - interval '1 minute', now() + interval "
        "'1 hour')",
        ada);
    free(test_database_query(world->database, sql));
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateSocialPrescription", request, ada);
    as(world, NULL, "gp");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "CreateSocialPrescription", request, ada);
    as(world, "gp-a1", "gp");
    free(test_database_query(world->database, "UPDATE patient SET died_on = '2026-11-20'"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "patient", "CreateSocialPrescription", request, ada);
}

// Everything of the interface answers others as if there were none.
// Who referred sees that it was ended, and not by whom the patient is kept now.
static void the_former_practice_is_not_told_where_the_patient_went(void **state)
{
    world_t *world = *state;
    char same[40];
    refer(world);
    as(world, "gp-b1", "new-doctor");
    assert_registered(world, "gp-b1", NUMBER_ADA, "Ada Example", same);
    assert_call(world, "ClosePrescription", "{\"id\":\"%s\",\"reason\":\"They moved\"}", id);
    assert_reply_has(world, "\"subject\":\"new-doctor\",\"organisation\":\"gp-b1\"");
    assert_call(world, "GetSocialPrescription", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"subject\":\"new-doctor\",\"organisation\":\"gp-b1\"");
    static const char *const former[] = {"gp-a1", "provider-a"};
    for (size_t i = 0; i < 2; i++) {
        as(world, former[i], "tester");
        assert_call(world, "GetSocialPrescription", "{\"id\":\"%s\"}", id);
        assert_reply_has(world, "\"subject\":\"gp\",\"organisation\":\"gp-a1\"");
        assert_reply_has(world, "\"to\":\"closed\",\"at\":\"");
        assert_reply_lacks(world, "gp-b1");
        assert_reply_lacks(world, "new-doctor");
    }
    // Back again, for the other tests.
    as(world, "gp-a1", "gp");
    assert_registered(world, "gp-a1", NUMBER_ADA, "Ada Example", same);
}

static void assert_hidden(world_t *world, const char *organisation)
{
    world->organisation = organisation;
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetSocialPrescription", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "AcceptPrescription", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "DeclinePrescription", "{\"id\":\"%s\",\"reason\":\"So\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "PlanPrescription", "{\"id\":\"%s\",\"goals\":[{\"code\":\"a\",\"text\":\"A\"}]}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "AddPrescriptionContact", "{\"id\":\"%s\",\"contact\":{\"manner\":\"group\"}}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ScorePrescription",
                   "{\"id\":\"%s\",\"scores\":[{\"measure\":\"ons4\",\"item\":\"anxiety\",\"after\":1}]}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "CompletePrescription", "{\"id\":\"%s\",\"outcome\":\"connected\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "ClosePrescription", "{\"id\":\"%s\",\"reason\":\"So\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "RedirectPrescription",
                   "{\"id\":\"%s\",\"organisation\":\"vol-a\",\"principle\":\"no-wrong-door\"}", id);
    assert_call(world, "ListSocialPrescriptions", "{\"organisation\":\"provider-a\"}");
    assert_string_equal(world->reply, "{\"socialPrescriptions\":[]}");
    assert_call(world, "ListSocialPrescriptions", "{\"patient\":\"%s\"}", ada);
    assert_string_equal(world->reply, "{\"socialPrescriptions\":[]}");
}

static void another_agency_sees_it_once_it_is_theirs(void **state)
{
    world_t *world = *state;
    refer(world);
    assert_hidden(world, "vol-a");
    assert_hidden(world, "gp-a2");
    assert_hidden(world, "pcn-b");
    assert_hidden(world, "gp-x");
    world->unlimited = true;
    assert_hidden(world, "gp-b1");
    world->unlimited = false;
    as(world, "provider-a", "lena");
    assert_call(world, "AcceptPrescription", "{\"id\":\"%s\"}", id);
    plan(world);
    static const char request[] = "{\"id\":\"%s\",\"organisation\":\"%s\",\"principle\":\"%s\"}";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "organisation", "RedirectPrescription", request, id, "nowhere", "no-wrong-door");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "organisation", "RedirectPrescription", request, id, "provider-a", "no-wrong-door");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "principle", "RedirectPrescription", request, id, "vol-a", "none");
    assert_call(world, "RedirectPrescription", request, id, "vol-a", "no-wrong-door");
    assert_reply_has(world, "\"organisation\":\"vol-a\",\"state\":\"offered\"");
    assert_reply_has(world, "\"redirects\":[{\"at\":");
    assert_reply_has(world, "\"from\":\"provider-a\",\"to\":\"vol-a\",\"principle\":\"no-wrong-door\"");
    assert_reply_lacks(world, "linkWorker");
    // Who had it reads on, and changes nothing.
    assert_call(world, "GetSocialPrescription", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "AcceptPrescription", "{\"id\":\"%s\"}", id);
    as(world, "vol-a", "vera");
    assert_call(world, "GetSocialPrescription", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "Out of the house");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", ada);
    assert_call(world, "AcceptPrescription", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"linkWorker\":\"vera\"");
    assert_call(world, "ListSocialPrescriptions", "{\"organisation\":\"vol-a\"}");
    assert_reply_has(world, id);
    // Who lies above a side sees it, unless the patient is sensitive; the database repeats all that.
    as(world, "ics-a", "tester");
    assert_call(world, "GetSocialPrescription", "{\"id\":\"%s\"}", id);
    char sql[200];
    (void)snprintf(sql, sizeof sql, "UPDATE social_prescription SET reason = 'x' WHERE id = '%s' RETURNING 'changed'", id);
    assert_string_equal(asked_as(world, "provider-a", "lena", REQUEST, sql), "");
    assert_string_equal(asked_as(world, "gp-b1", "tester", REQUEST, sql), "");
    assert_string_equal(asked_as(world, "vol-a", "vera", REQUEST, sql), "changed");
    assert_string_equal(asked_untold(world, "SELECT count(*) FROM social_prescription"), "0");
    free(test_database_query(world->database, "UPDATE patient SET sensitive = true"));
    assert_hidden(world, "ics-a");
    assert_hidden(world, "pcn-a");
    static const char *const sides[] = {"gp-a1", "provider-a", "vol-a"};
    for (size_t i = 0; i < 3; i++) {
        world->organisation = sides[i];
        assert_call(world, "GetSocialPrescription", "{\"id\":\"%s\"}", id);
    }
}

static void they_are_counted_by_network(void **state)
{
    world_t *world = *state;
    refer(world);
    refer(world);
    assert_call(world, "DeclinePrescription", "{\"id\":\"%s\",\"reason\":\"No\"}", id);
    refer(world);
    as(world, "provider-a", "lena");
    assert_call(world, "AcceptPrescription", "{\"id\":\"%s\"}", id);
    plan(world);
    assert_call(world, "CompletePrescription", "{\"id\":\"%s\",\"outcome\":\"connected\"}", id);
    as(world, "ccg-a", "tester");
    static const char request[] = "{\"organisation\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}";
    assert_call(world, "CountSocialPrescriptions", request, "ccg-a", "2026-11-25", "2026-11-25");
    assert_reply_has(
        world,
        "{\"network\":\"pcn-a\",\"referred\":3,\"declined\":1,\"completed\":1,\"closed\":0,\"open\":1,\"redirected\":0},{\"network\":"
        "\"pcn-b\",\"referred\":0");
    assert_call(world, "CountSocialPrescriptions", request, "pcn-b", "2026-11-01", "2026-11-30");
    assert_reply_lacks(world, "pcn-a");
    assert_call(world, "CountSocialPrescriptions", request, "ccg-a", "2026-11-26", "2026-11-30");
    assert_reply_has(world, "\"network\":\"pcn-a\",\"referred\":0");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "CountSocialPrescriptions", request, "ccg-a", "2026-11-26", "2026-11-25");
    as(world, "pcn-b", "tester");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "CountSocialPrescriptions", request, "pcn-a", "2026-11-25", "2026-11-25");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "CountSocialPrescriptions", request, "nowhere", "2026-11-25", "2026-11-25");
}

static void the_list_goes_page_by_page(void **state)
{
    world_t *world = *state;
    char ids[3][40], token[300] = "";
    for (size_t i = 0; i < 3; i++) {
        refer(world);
        memcpy(ids[i], id, sizeof id);
    }
    assert_call(world, "ClosePrescription", "{\"id\":\"%s\",\"reason\":\"So\"}", ids[0]);
    const char *const order[] = {ids[1], ids[2], ids[0]};
    for (size_t i = 0; i < 3; i++) {
        assert_call(world, "ListSocialPrescriptions", "{\"organisation\":\"gp-a1\",\"pageSize\":1%s}", token);
        assert_reply_has(world, order[i]);
        const char *next = strstr(world->reply, "\"nextPageToken\":\"");
        assert_true((next != NULL) == (i < 2));
        if (next != NULL)
            (void)snprintf(token, sizeof token, ",\"pageToken\":\"%.*s\"", (int)strcspn(next + 17, "\""), next + 17);
    }
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "organisation", "ListSocialPrescriptions", "{}");
}

static void alignments_have_days(void **state)
{
    world_t *world = *state;
    char alignment[40];
    as(world, "pcn-a", "manager");
    static const char request[] = "{\"alignment\":{\"subject\":\"mona\",\"employer\":\"%s\",\"network\":\"%s\"%s}}";
    assert_refusal(world, STATUS_NOT_FOUND, "network", "CreateLinkWorkerAlignment", request, "vol-a", "pcn-b", "");
    assert_refusal(world, STATUS_NOT_FOUND, "network", "CreateLinkWorkerAlignment", request, "vol-a", "gp-a1", "");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "employer", "CreateLinkWorkerAlignment", request, "nowhere", "pcn-a", "");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "CreateLinkWorkerAlignment", request, "vol-a", "pcn-a", ",\"to\":\"2026-11-24\"");
    assert_call(world, "CreateLinkWorkerAlignment", request, "vol-a", "pcn-a", "");
    keep_id(world, alignment);
    assert_reply_has(world, "\"from\":\"2026-11-25\"");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "subject", "CreateLinkWorkerAlignment", request, "pcn-a", "pcn-a",
                   ",\"from\":\"2027-01-01\"");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "on", "EndLinkWorkerAlignment", "{\"id\":\"%s\",\"on\":\"2026-11-24\"}", alignment);
    assert_call(world, "EndLinkWorkerAlignment", "{\"id\":\"%s\",\"on\":\"2026-12-31\"}", alignment);
    assert_refusal(world, STATUS_ABORTED, "", "EndLinkWorkerAlignment", "{\"id\":\"%s\",\"on\":\"2027-01-31\"}", alignment);
    assert_call(world, "CreateLinkWorkerAlignment", request, "pcn-a", "pcn-a", ",\"from\":\"2027-01-01\"");
    assert_call(world, "ListLinkWorkerAlignments", "{\"network\":\"pcn-a\",\"on\":\"2026-12-31\"}");
    assert_reply_has(world, "\"subject\":\"mona\",\"employer\":\"vol-a\"");
    assert_reply_lacks(world, "\"from\":\"2027-01-01\"");
    // A practice sees those of its own network, and no others'.
    as(world, "gp-a1", "gp");
    assert_call(world, "ListLinkWorkerAlignments", "{\"network\":\"pcn-a\"}");
    assert_reply_has(world, "\"from\":\"2027-01-01\"");
    assert_refusal(world, STATUS_NOT_FOUND, "network", "ListLinkWorkerAlignments", "{\"network\":\"pcn-b\"}");
    as(world, "pcn-b", "manager");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "EndLinkWorkerAlignment", "{\"id\":\"%s\"}", alignment);
    // No event names the person.
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%alignment%'"), "4");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue q WHERE q.data ~ 'mona'"), "0");
}

static void a_step_that_came_second_looks_again(void **state)
{
    world_t *world = *state;
    char request[100], closing[100];
    refer(world);
    as(world, "provider-a", "lena");
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", id);
    (void)snprintf(closing, sizeof closing, "{\"id\":\"%s\",\"reason\":\"Moved\"}", id);
    assert_int_equal(
        world_race(world, "UPDATE social_prescription SET version = version + 1, reason = 'Other'", "AcceptPrescription", request),
        STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_int_equal(
        world_race(world, "UPDATE social_prescription SET version = version + 1, state = 'closed', ended_at = now(), end_reason = 'So'",
                   "ClosePrescription", closing),
        STATUS_ABORTED);
}

static void contacts_have_an_end(void **state)
{
    world_t *world = *state;
    refer(world);
    as(world, "provider-a", "lena");
    free(test_database_query(world->database,
                             "UPDATE social_prescription SET contacts = (SELECT jsonb_agg(jsonb_build_object('manner', 'group')) FROM "
                             "generate_series(1, 100))"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "AddPrescriptionContact", "{\"id\":\"%s\",\"contact\":{\"manner\":\"group\"}}",
                   id);
    assert_call(world, "ClosePrescription", "{\"id\":\"%s\",\"reason\":\"So\"}", id);
}

static void what_decides_is_data(void **state)
{
    world_t *world = *state;
    assert_call(world, "GetSocialPrescribing", "{}");
    assert_reply_has(world, "\"measures\":[{\"code\":\"ons4\"");
    assert_reply_has(world, "\"lowest\":0,\"highest\":10,\"items\":[{\"code\":\"life-satisfaction\"");
    assert_reply_has(world, "\"code\":\"goals-reached\"");
    assert_reply_has(world, "\"principles\":[{\"code\":\"lead-agency\"");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, afresh)
    const struct CMUnitTest tests[] = {
        TEST(one_goes_from_offer_to_outcome),
        TEST(one_is_declined),
        TEST(it_goes_to_who_is_aligned_and_has_least),
        TEST(a_patient_is_referred_by_who_keeps_the_record),
        TEST(the_former_practice_is_not_told_where_the_patient_went),
        TEST(another_agency_sees_it_once_it_is_theirs),
        TEST(they_are_counted_by_network),
        TEST(the_list_goes_page_by_page),
        TEST(alignments_have_days),
        TEST(a_step_that_came_second_looks_again),
        TEST(contacts_have_an_end),
        TEST(what_decides_is_data),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
