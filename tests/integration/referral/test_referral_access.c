// Who sees a referral and who changes it: two practices, who lies above, who triages and who performs it, who only looked at the patient;
// and what becomes of it when the patient's record moves, merges, is exported or erased.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/patients.h"

#define DRAFT "{\"referral\":{\"patient\":\"%s\",\"specialty\":\"%s\",\"priority\":\"routine\",\"reason\":\"A mole that changes\"%s}}"
#define REQUEST "0198c0de-0000-7000-8000-00000000000a"

static char clinic[40], patient[40], id[40];

static void change(world_t *world, const char *sql)
{
    free(test_database_query(world->database, sql));
}

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->scopes[0] = "services.clinical";
    world->scopes[1] = "referrals.triage";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Skin clinic\",\"kind\":\"specialist-clinic\",\"specialty\":\"dermatology\","
                "\"provider\":\"provider-a\",\"channels\":[\"in-person\"]}}");
    keep_id(world, clinic);
    world->unlimited = false;
    return 0;
}

// The same world as at its beginning, with a patient of gp-a1.
static int afresh(void **state)
{
    world_t *world = *state;
    change(world, "DELETE FROM service WHERE kind = 'referral-support'; DELETE FROM referral; DELETE FROM patient; TRUNCATE audit_queue, "
                  "event_queue");
    world->organisation = "gp-a1";
    world->unlimited = world->own = false;
    assert_registered(world, "gp-a1", NUMBER_ADA, "Zebedee Quill", patient);
    return 0;
}

static void refer(world_t *world, const char *rest)
{
    world->organisation = "gp-a1";
    assert_call(world, "CreateReferral", DRAFT, patient, "dermatology", rest);
    keep_id(world, id);
}

static void refer_to_clinic(world_t *world)
{
    char rest[80];
    (void)snprintf(rest, sizeof rest, ",\"service\":\"%s\"", clinic);
    refer(world, rest);
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
}

typedef struct verb {
    const char *method, *rest;
    bool referrers, triages;
} verb_t;

static const verb_t verbs[] = {
    {"UpdateReferral", ",\"referral\":{\"reason\":\"So\"}", true, false},
    {"SubmitReferral", "", true, false},
    {"ResubmitReferral", ",\"reason\":\"So\"", true, false},
    {"AcceptReferral", "", false, true},
    {"ReturnReferral", ",\"reason\":\"So\"", false, true},
    {"RejectReferral", ",\"reason\":\"So\"", false, true},
    {"RedirectReferral", ",\"reason\":\"So\"", false, true},
    {"DeferReferral", ",\"reason\":\"So\"", false, true},
    {"BookReferral", "", true, true},
    {"CompleteReferral", "", true, true},
    {"CancelReferral", ",\"reason\":\"So\"", true, true},
};

#define VERBS (sizeof verbs / sizeof *verbs)

// Everything of the interface answers the organisation as if there were none.
static void assert_hidden(world_t *world, const char *organisation)
{
    char sql[200];
    world->organisation = organisation;
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetReferral", "{\"id\":\"%s\"}", id);
    for (size_t i = 0; i < VERBS; i++)
        assert_refusal(world, STATUS_NOT_FOUND, "id", verbs[i].method, "{\"id\":\"%s\"%s}", id, verbs[i].rest);
    static const char *const lists[] = {"{\"organisation\":\"gp-a1\"}", "{\"organisation\":\"provider-a\"}", "{\"queue\":\"gp-a1\"}",
                                        "{\"queue\":\"ics-a\"}"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        assert_call(world, "ListReferrals", "%s", lists[i]);
        assert_string_equal(world->reply, "{\"referrals\":[]}");
    }
    assert_call(world, "ListReferrals", "{\"patient\":\"%s\"}", patient);
    assert_string_equal(world->reply, "{\"referrals\":[]}");
    // The database says it by itself, of all that hangs on it too.
    static const char *const tables[] = {"referral", "referral_step", "referral_message", "referral_clock"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
        assert_string_equal(asked_as(world, organisation, "tester", REQUEST, sql), "0");
    }
    (void)snprintf(sql, sizeof sql, "UPDATE referral SET priority = 'urgent' WHERE id = '%s' RETURNING 'changed'", id);
    assert_string_equal(asked_as(world, organisation, "tester", REQUEST, sql), "");
}

// Sees it, and takes the verbs of these sides alone.
static void assert_sides(world_t *world, const char *organisation, bool refers, bool triages)
{
    world->organisation = organisation;
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    for (size_t i = 0; i < VERBS; i++) {
        const bool allowed = (verbs[i].referrers && refers) || (verbs[i].triages && triages);
        // A version that it never has: who may is told of it before anything changes.
        world->expected_version = 999;
        const status_t got = world_call(world, verbs[i].method, "{\"id\":\"%s\"%s}", id, verbs[i].rest);
        world->expected_version = 0;
        if (got != (allowed ? STATUS_ABORTED : STATUS_PERMISSION_DENIED))
            fail_msg("%s by %s: %s", verbs[i].method, organisation, status_name(got));
    }
}

static void others_see_none(void **state)
{
    world_t *world = *state;
    refer_to_clinic(world);
    assert_hidden(world, "gp-a2");
    assert_hidden(world, "gp-b1");
    assert_hidden(world, "pcn-b");
    assert_hidden(world, "vol-a");
    assert_hidden(world, "ics-x");
    // Nor does a right over every organisation reach patients.
    world->unlimited = true;
    assert_hidden(world, "gp-b1");
}

static void each_side_has_its_verbs(void **state)
{
    world_t *world = *state;
    refer_to_clinic(world);
    assert_sides(world, "gp-a1", true, false);
    assert_sides(world, "provider-a", false, true);
    // Who lies above the practice keeps the record too, and triages.
    assert_sides(world, "pcn-a", true, true);
    assert_sides(world, "ccg-a", true, true);
    assert_sides(world, "ics-a", true, true);
}

static void a_draft_is_the_referrers_alone(void **state)
{
    world_t *world = *state;
    char rest[80];
    (void)snprintf(rest, sizeof rest, ",\"service\":\"%s\"", clinic);
    refer(world, rest);
    assert_hidden(world, "provider-a");
    world->organisation = "gp-a1";
    assert_call(world, "CancelReferral", "{\"id\":\"%s\",\"reason\":\"A slip\"}", id);
    assert_hidden(world, "provider-a");
}

static void of_a_sensitive_patient_who_takes_part_alone(void **state)
{
    world_t *world = *state;
    refer_to_clinic(world);
    change(world, "UPDATE patient SET sensitive = true");
    assert_hidden(world, "pcn-a");
    assert_hidden(world, "ccg-a");
    assert_hidden(world, "ics-a");
    assert_sides(world, "gp-a1", true, false);
    assert_sides(world, "provider-a", false, true);
    // One that nobody would see is not sent.
    refer(world, "");
    assert_reply_has(world, "\"missing\":[{\"field\":\"service\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "SubmitReferral", "{\"id\":\"%s\"}", id);
    change(world,
           "INSERT INTO service (provider, id, name, kind, channels, areas, status, version, created_at, updated_at) VALUES ('vol-a', "
           "gen_random_uuid(), 'Desk', 'referral-support', '{telephone}', '{pcn-a}', 'active', 1, now(), now())");
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"triager\":\"vol-a\"");
    assert_sides(world, "vol-a", false, true);
    world->organisation = "vol-a";
    assert_call(world, "ListReferrals", "{\"queue\":\"vol-a\"}");
    assert_reply_has(world, id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", patient);
}

static void the_support_service_that_fits_best_triages(void **state)
{
    world_t *world = *state;
    change(
        world,
        "INSERT INTO service (provider, id, name, kind, specialty, channels, areas, status, version, created_at, updated_at) VALUES "
        "('gp-b1', gen_random_uuid(), 'Everywhere', 'referral-support', NULL, '{telephone}', '{}', 'active', 1, now(), now()), "
        "('vol-a', gen_random_uuid(), 'Here', 'referral-support', NULL, '{telephone}', '{pcn-a}', 'active', 1, now(), now()), "
        "('provider-a', gen_random_uuid(), 'Skin', 'referral-support', 'dermatology', '{telephone}', '{}', 'active', 1, now(), now()), "
        "('gp-x', gen_random_uuid(), 'Elsewhere', 'referral-support', NULL, '{telephone}', '{ics-x}', 'active', 1, now(), now()), "
        "('gp-a2', gen_random_uuid(), 'Closed', 'referral-support', 'dermatology', '{telephone}', '{pcn-a}', 'closed', 1, now(), now())");
    refer(world, "");
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"triager\":\"provider-a\"");
    assert_call(world, "CreateReferral", DRAFT, patient, "cardiology", "");
    keep_id(world, id);
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"triager\":\"vol-a\"");
    assert_hidden(world, "gp-b1");
}

static void assert_granted(world_t *world, const char *organisation, const char *manner)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "DELETE FROM patient_grant; INSERT INTO patient_grant VALUES ('%s', gen_random_uuid(), '%s', NULL, '%s', now() - "
                   "interval '1 minute', now() + interval '1 hour')",
                   patient, organisation, manner);
    change(world, sql);
    world->organisation = organisation;
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", patient);
}

static void a_mere_look_at_the_record_changes_nothing(void **state)
{
    world_t *world = *state;
    refer_to_clinic(world);
    assert_granted(world, "gp-x", "appointment");
    assert_hidden(world, "gp-x");
    assert_granted(world, "gp-x", "break-glass");
    assert_sides(world, "gp-x", false, false);
}

// Who performs it hands it on to others by redirecting it, and would lose sight of it otherwise.
static void who_performs_it_accepts_it_for_oneself(void **state)
{
    world_t *world = *state;
    char other[40];
    world->unlimited = true;
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Others\",\"kind\":\"specialist-clinic\",\"provider\":\"gp-b1\",\"channels\":[\"in-person\"]}}");
    keep_id(world, other);
    world->unlimited = false;
    refer_to_clinic(world);
    world->organisation = "provider-a";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "AcceptReferral", "{\"id\":\"%s\",\"service\":\"%s\"}", id, other);
    assert_call(world, "RedirectReferral", "{\"id\":\"%s\",\"service\":\"%s\",\"reason\":\"Theirs\"}", id, other);
    assert_reply_has(world, "\"redirectedProvider\":\"gp-b1\"");
    world->organisation = "gp-b1";
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    change(world, "DELETE FROM referral");
    refer_to_clinic(world);
    world->organisation = "ccg-a";
    assert_call(world, "AcceptReferral", "{\"id\":\"%s\",\"service\":\"%s\"}", id, other);
    assert_reply_has(world, "\"performer\":\"gp-b1\"");
    assert_hidden(world, "provider-a");
}

// ---- the record's life ----

static void it_goes_with_the_patient(void **state)
{
    world_t *world = *state;
    char same[40];
    refer_to_clinic(world);
    assert_registered(world, "gp-b1", NUMBER_ADA, "Zebedee Quill", same);
    assert_string_equal(same, patient);
    // The practice that has the patient now goes on with it.
    assert_sides(world, "gp-b1", true, false);
    // Both lie below it.
    assert_sides(world, "ccg-a", true, true);
    // The new practice's network keeps the record, and lies above nobody who refers.
    assert_sides(world, "pcn-b", true, false);
}

// Whose step it was, with the words of both sides, as the caller is told.
static void assert_told(world_t *world, const char *organisation, bool told)
{
    world->organisation = organisation;
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"to\":\"triage\",\"at\":\"");
    assert_reply_has(world, "\"from\":\"referrer\",\"text\":\"Here it is\"");
    assert_reply_has(world, "\"organisation\":\"ccg-a\"");
    static const char *const new_ones[] = {"\"gp-b1\"", "\"new-doctor\""};
    for (size_t i = 0; i < 2; i++) {
        if (told)
            assert_reply_has(world, new_ones[i]);
        else
            assert_reply_lacks(world, new_ones[i]);
    }
}

// Who referred still sees what became of it, and not with whom the patient is now; nor do they send the patient anywhere any more.
static void the_former_practice_is_not_told_where_the_patient_went(void **state)
{
    world_t *world = *state;
    char same[40], sent[40], draft[40];
    refer(world, "");
    memcpy(draft, id, sizeof draft);
    refer_to_clinic(world);
    memcpy(sent, id, sizeof sent);
    world->organisation = "ccg-a";
    assert_call(world, "ReturnReferral", "{\"id\":\"%s\",\"reason\":\"A photograph is missing\"}", id);
    assert_registered(world, "gp-b1", NUMBER_ADA, "Zebedee Quill", same);
    const char *before = world->subject;
    world->subject = "new-doctor";
    world->organisation = "gp-b1";
    assert_call(world, "ResubmitReferral", "{\"id\":\"%s\",\"reason\":\"Here it is\"}", id);
    world->subject = before;
    assert_told(world, "gp-b1", true);
    assert_told(world, "ics-a", true);
    assert_told(world, "gp-a1", false);
    assert_told(world, "pcn-a", false);
    assert_told(world, "provider-a", false);
    // Of what is theirs they are told as ever.
    world->organisation = "gp-a1";
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"by\":{\"subject\":\"tester\",\"organisation\":\"gp-a1\"}");
    // What is kept says all.
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral_step WHERE organisation = 'gp-b1' AND subject = 'new-doctor'"),
                        "1");
    static const char *const on[] = {"SubmitReferral", "UpdateReferral", "ResubmitReferral"};
    static const char *const with[] = {"", ",\"referral\":{\"reason\":\"So\"}", ",\"reason\":\"So\""};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(world_call(world, on[i], "{\"id\":\"%s\"%s}", draft, with[i]), STATUS_PERMISSION_DENIED);
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateReferral", DRAFT, patient, "dermatology", "");
    assert_call(world, "CancelReferral", "{\"id\":\"%s\",\"reason\":\"They left\"}", draft);
}

// A patient who goes to another practice between the look and the save is none of the caller's, as if they had gone before.
static void who_moves_meanwhile_is_none(void **state)
{
    world_t *world = *state;
    static const struct {
        const char *method, *request, *table;
    } creations[] = {
        {"CreateReferral",
         "{\"referral\":{\"patient\":\"%s\",\"specialty\":\"dermatology\",\"priority\":\"routine\",\"reason\":\"A mole\"}}", "referral"},
        {"CreateAdvice", "{\"advice\":{\"patient\":\"%s\",\"service\":\"%s\",\"specialty\":\"dermatology\",\"question\":\"A rash\"}}",
         "advice"},
        {"CreateSocialPrescription", "{\"socialPrescription\":{\"patient\":\"%s\",\"needs\":[\"debt\"],\"organisation\":\"vol-a\"}}",
         "social_prescription"},
        {"CreateShiftedWork",
         "{\"shiftedWork\":{\"patient\":\"%s\",\"provider\":\"provider-a\",\"theme\":\"fit-note\",\"happenedOn\":\"2026-11-20\","
         "\"description\":\"None was given\"}}",
         "shifted_work"},
    };
    for (size_t i = 0; i < sizeof creations / sizeof *creations; i++) {
        char request[300], sql[80];
        (void)snprintf(request, sizeof request, creations[i].request, patient, clinic);
        change(world, "UPDATE patient SET practice = 'gp-a1', version = version + 1");
        assert_int_equal(world_race(world, "UPDATE patient SET practice = 'gp-b1', version = version + 1", creations[i].method, request),
                         STATUS_NOT_FOUND);
        assert_string_equal(world->problem.field, "patient");
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", creations[i].table);
        assert_string_equal(world_query(world, sql), "0");
        // Who is still there is referred.
        change(world, "UPDATE patient SET practice = 'gp-a1', version = version + 1");
        assert_call(world, creations[i].method, "%s", request);
    }
}

static void it_goes_with_a_merger(void **state)
{
    world_t *world = *state;
    char left[40];
    refer_to_clinic(world);
    assert_registered(world, "gp-a1", NUMBER_BEN, "Zebedee Quill", left);
    assert_call(world, "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", patient, left);
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, left);
    assert_reply_has(world, "\"to\":\"triage\"");
    assert_reply_has(world, "\"clock\":{");
    assert_string_equal(world_query(world,
                                    "SELECT count(DISTINCT patient) FROM (SELECT patient FROM referral UNION ALL SELECT patient FROM "
                                    "referral_step UNION ALL SELECT patient FROM referral_clock) p"),
                        "1");
    // Nobody is referred any more by the record that is gone.
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "patient", "CreateReferral", DRAFT, patient, "dermatology", "");
}

static void it_is_exported_and_erased(void **state)
{
    world_t *world = *state;
    refer_to_clinic(world);
    world->organisation = "provider-a";
    assert_call(world, "ReturnReferral", "{\"id\":\"%s\",\"reason\":\"A photograph first\"}", id);
    world->organisation = "gp-a1";
    assert_call(world, "ExportPatient", "{\"id\":\"%s\"}", patient);
    assert_reply_has(world, "\"referrals\": [{");
    assert_reply_has(world, "A mole that changes");
    assert_reply_has(world, "\"referralMessages\": [{");
    assert_reply_has(world, "A photograph first");
    assert_reply_has(world, "\"referralSteps\": [{");
    assert_reply_has(world, "\"referralClocks\": [{");
    change(world, "UPDATE patient SET died_on = birth_date; UPDATE retention_rule SET "
                  "confidence = 'verified' WHERE code = 'deceased'");
    world->own = true;
    assert_call(world, "ErasePatient", "{\"id\":\"%s\"}", patient);
    assert_string_equal(world_query(world,
                                    "SELECT (SELECT count(*) FROM referral) + (SELECT count(*) FROM referral_step) + (SELECT count(*) "
                                    "FROM referral_message) + (SELECT count(*) FROM referral_clock)"),
                        "0");
    change(world, "UPDATE retention_rule SET confidence = 'unconfirmed' WHERE code = 'deceased'");
}

// A refused look is an entry about the patient, as one that was let through is.
static void looks_are_accounted_for(void **state)
{
    world_t *world = *state;
    refer_to_clinic(world);
    change(world, "TRUNCATE audit_queue");
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    world->organisation = "gp-a2";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetReferral", "{\"id\":\"%s\"}", id);
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "SELECT string_agg(organisation || ' ' || verdict, ', ' ORDER BY at) FROM audit_queue WHERE resource = 'patients/%s'",
                   patient);
    assert_string_equal(world_query(world, sql), "gp-a1 done, gp-a2 refused: NOT_FOUND");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, afresh)
    const struct CMUnitTest tests[] = {
        TEST(others_see_none),
        TEST(each_side_has_its_verbs),
        TEST(a_draft_is_the_referrers_alone),
        TEST(of_a_sensitive_patient_who_takes_part_alone),
        TEST(the_support_service_that_fits_best_triages),
        TEST(a_mere_look_at_the_record_changes_nothing),
        TEST(who_performs_it_accepts_it_for_oneself),
        TEST(it_goes_with_the_patient),
        TEST(who_moves_meanwhile_is_none),
        TEST(the_former_practice_is_not_told_where_the_patient_went),
        TEST(it_goes_with_a_merger),
        TEST(it_is_exported_and_erased),
        TEST(looks_are_accounted_for),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
