// Advice and guidance: from a question to its end, every pair of state and verb, who sees one and whose step is whose, what leaves the
// service.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/patients.h"

static char clinic[40], patient[40], id[40];

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->scopes[0] = "services.clinical";
    // A Friday: two working days later is Tuesday.
    world->today = "2026-11-27";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Skin clinic\",\"kind\":\"specialist-clinic\",\"specialty\":\"dermatology\","
                "\"provider\":\"provider-a\",\"channels\":[\"in-person\"]}}");
    keep_id(world, clinic);
    world->unlimited = false;
    world->organisation = "gp-a1";
    assert_registered(world, "gp-a1", NUMBER_ADA, "Zebedee Quill", patient);
    return 0;
}

static const char create[] = "{\"advice\":{\"patient\":\"%s\",\"service\":\"%s\",\"specialty\":\"dermatology\",\"question\":\"An itching "
                             "rash\"%s}}";

static void ask(world_t *world, const char *more)
{
    world->organisation = "gp-a1";
    assert_call(world, "CreateAdvice", create, patient, clinic, more);
    keep_id(world, id);
}

static status_t step(world_t *world, const char *organisation, const char *method)
{
    world->organisation = organisation;
    if (strcmp(method, "CloseAdvice") == 0 || strcmp(method, "CancelAdvice") == 0)
        return world_call(world, method, "{\"id\":\"%s\",\"reason\":\"So be it\"}", id);
    return world_call(world, method, "{\"id\":\"%s\",\"text\":\"Keep it dry\"}", id);
}

static void assert_step(world_t *world, const char *organisation, const char *method, const char *state)
{
    if (step(world, organisation, method) != STATUS_OK)
        fail_msg("%s: %s %s", method, world->problem.field, world->problem.detail);
    char text[80];
    (void)snprintf(text, sizeof text, "\"state\":\"%s\"", state);
    assert_reply_has(world, text);
}

static void one_is_answered_and_closed(void **state)
{
    world_t *world = *state;
    ask(world, "");
    assert_reply_has(world, "\"provider\":\"provider-a\",\"referrer\":\"gp-a1\"");
    assert_reply_has(world, "\"priority\":\"routine\"");
    assert_reply_has(world,
                     "\"mayConvert\":false,\"state\":\"provider-response-required\",\"responseDue\":\"2026-12-01\",\"overdue\":false,"
                     "\"thread\":[]");
    assert_reply_has(world, "\"synthetic\":true");
    assert_step(world, "provider-a", "AskForInformation", "referrer-to-submit-further-information");
    world->today = "2026-12-24";
    assert_step(world, "gp-a1", "SubmitInformation", "provider-response-required");
    // Christmas, Boxing Day and the weekend between lie before the second working day.
    assert_reply_has(world, "\"responseDue\":\"2026-12-30\"");
    assert_step(world, "provider-a", "RespondToAdvice", "referrer-to-review-response");
    world->expected_version = 3;
    assert_int_equal(step(world, "gp-a1", "CloseAdvice"), STATUS_ABORTED);
    world->expected_version = 4;
    assert_step(world, "gp-a1", "CloseAdvice", "conversation-ended");
    world->expected_version = 0;
    assert_call(world, "GetAdvice", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"end\":\"closed\"");
    assert_reply_has(world, "\"question\":\"An itching rash\"");
    assert_reply_has(
        world, "\"from\":\"provider\",\"kind\":\"information-asked\",\"text\":\"Keep it dry\",\"subject\":\"tester\",\"organisation\":"
               "\"provider-a\"}");
    assert_reply_has(world, "\"from\":\"referrer\",\"kind\":\"closing\",\"text\":\"So be it\"");
    assert_int_equal(world->version, 5);
}

// Every pair of a state and a verb, as the side whose verb it is.
static void every_pair(void **state)
{
    world_t *world = *state;
    static const char *const verbs[] = {"RespondToAdvice", "AskForInformation", "SubmitInformation", "CloseAdvice", "CancelAdvice"};
    static const struct {
        const char *to, *path[3];
        unsigned allowed; // by verb
    } states[] = {
        {"provider-response-required", {NULL}, 1u | 2u | 16u},
        {"referrer-to-review-response", {"RespondToAdvice"}, 4u | 8u | 16u},
        {"referrer-to-submit-further-information", {"AskForInformation"}, 4u | 8u | 16u},
        {"conversation-ended", {"RespondToAdvice", "CloseAdvice"}, 0},
        {"conversation-ended", {"CancelAdvice"}, 0},
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        for (size_t verb = 0; verb < sizeof verbs / sizeof *verbs; verb++) {
            ask(world, "");
            for (size_t j = 0; states[i].path[j] != NULL; j++) {
                const bool providers =
                    strcmp(states[i].path[j], "RespondToAdvice") == 0 || strcmp(states[i].path[j], "AskForInformation") == 0;
                assert_int_equal(step(world, providers ? "provider-a" : "gp-a1", states[i].path[j]), STATUS_OK);
            }
            const status_t status = step(world, verb < 2 ? "provider-a" : "gp-a1", verbs[verb]);
            if (status != ((states[i].allowed & 1u << verb) != 0 ? STATUS_OK : STATUS_ABORTED))
                fail_msg("%s in %s: %s", verbs[verb], states[i].to, status_name(status));
        }
    }
}

static void whose_step_is_whose(void **state)
{
    world_t *world = *state;
    static const char *const referrers[] = {"SubmitInformation", "CloseAdvice", "CancelAdvice"};
    static const char *const providers[] = {"RespondToAdvice", "AskForInformation"};
    ask(world, "");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(step(world, "gp-a1", providers[i]), STATUS_PERMISSION_DENIED);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(step(world, "provider-a", referrers[i]), STATUS_PERMISSION_DENIED);
    // Who treats the patient sees it, and takes no step.
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO patient_grant VALUES ('%s', gen_random_uuid(), 'gp-b1', NULL, 'case', now() - interval '1 minute', now() + "
                   "interval '1 hour')",
                   patient);
    free(test_database_query(world->database, sql));
    world->organisation = "gp-b1";
    assert_call(world, "GetAdvice", "{\"id\":\"%s\"}", id);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(step(world, "gp-b1", providers[i]), STATUS_PERMISSION_DENIED);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(step(world, "gp-b1", referrers[i]), STATUS_PERMISSION_DENIED);
    // Who lies above both sides takes either's: what a token may do is its scopes'.
    assert_step(world, "ics-a", "RespondToAdvice", "referrer-to-review-response");
    assert_step(world, "ics-a", "SubmitInformation", "provider-response-required");
}

static void assert_hidden(world_t *world, const char *organisation)
{
    static const char *const methods[] = {"GetAdvice",         "RespondToAdvice", "AskForInformation",
                                          "SubmitInformation", "CloseAdvice",     "CancelAdvice"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        assert_int_equal(step(world, organisation, methods[i]), STATUS_NOT_FOUND);
        assert_string_equal(world->problem.field, "id");
    }
    static const char *const organisations[] = {"gp-a1", "provider-a"};
    for (size_t i = 0; i < 2; i++) {
        assert_call(world, "ListAdvice", "{\"organisation\":\"%s\"}", organisations[i]);
        assert_string_equal(world->reply, "{\"adviceRequests\":[]}");
    }
    assert_call(world, "ListAdvice", "{\"patient\":\"%s\"}", patient);
    assert_string_equal(world->reply, "{\"adviceRequests\":[]}");
}

static void assert_seen(world_t *world, const char *organisation)
{
    world->organisation = organisation;
    assert_call(world, "GetAdvice", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "An itching rash");
    assert_call(world, "ListAdvice", "{\"patient\":\"%s\"}", patient);
    assert_reply_has(world, id);
    assert_reply_lacks(world, "rash");
}

static void others_see_none(void **state)
{
    world_t *world = *state;
    ask(world, "");
    assert_hidden(world, "gp-b1");
    assert_hidden(world, "gp-a2");
    assert_hidden(world, "vol-a");
    assert_hidden(world, "gp-x");
    assert_hidden(world, NULL);
    static const char *const above[] = {"pcn-a", "ccg-a", "ics-a"};
    for (size_t i = 0; i < 3; i++)
        assert_seen(world, above[i]);
    assert_seen(world, "provider-a");
    assert_seen(world, "gp-a1");
    // Of a sensitive patient only both sides do.
    free(test_database_query(world->database, "UPDATE patient SET sensitive = true"));
    for (size_t i = 0; i < 3; i++)
        assert_hidden(world, above[i]);
    assert_seen(world, "provider-a");
    assert_seen(world, "gp-a1");
    assert_step(world, "provider-a", "RespondToAdvice", "referrer-to-review-response");
    // The provider sees what it was asked, and not the record.
    world->organisation = "provider-a";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", patient);
    // Nobody asks about a patient whom they do not see, nor in another's name.
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateAdvice", create, patient, clinic, "");
    world->organisation = "gp-a1";
    assert_refusal(world, STATUS_NOT_FOUND, "referrer", "CreateAdvice", create, patient, clinic, ",\"referrer\":\"gp-b1\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateAdvice", create, patient, patient, "");
    world->organisation = NULL;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "CreateAdvice", create, patient, clinic, "");
}

// A new practice sees what was asked before; the old one sees what it asked itself.
static void a_patient_goes_to_another_practice(void **state)
{
    world_t *world = *state;
    ask(world, "");
    world->organisation = "gp-b1";
    assert_call(world, "CreatePatient",
                "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA
                "\",\"name\":\"Zebedee Quill\",\"birthDate\":\"1956-03-14\",\"practice\":\"gp-b1\"}}");
    assert_seen(world, "gp-b1");
    assert_step(world, "gp-b1", "CancelAdvice", "conversation-ended");
    world->organisation = "gp-a1";
    assert_call(world, "GetAdvice", "{\"id\":\"%s\"}", id);
    // What came of it, and not with whom the patient is now.
    assert_reply_has(world, "\"kind\":\"cancellation\",\"text\":\"So be it\"}]");
    assert_reply_lacks(world, "gp-b1");
}

// Who answers is not told with whom the patient is, and the referral that comes of it has all who wrote.
static void one_that_moved_becomes_a_whole_referral(void **state)
{
    world_t *world = *state;
    ask(world, ",\"mayConvert\":true");
    assert_step(world, "provider-a", "AskForInformation", "referrer-to-submit-further-information");
    world->organisation = "gp-b1";
    assert_call(world, "CreatePatient",
                "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA
                "\",\"name\":\"Zebedee Quill\",\"birthDate\":\"1956-03-14\",\"practice\":\"gp-b1\"}}");
    assert_step(world, "gp-b1", "SubmitInformation", "provider-response-required");
    assert_step(world, "provider-a", "ConvertAdvice", "advice-converted");
    assert_reply_lacks(world, "gp-b1");
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(m.number || ' ' || m.sender || ' ' || m.organisation, ', ' ORDER BY m.number) FROM "
                                    "referral_message m JOIN advice a ON a.referral = m.referral"),
                        "1 triage provider-a, 2 referrer gp-b1, 3 triage provider-a");
}

static void the_database_repeats_it(void **state)
{
    world_t *world = *state;
    ask(world, "");
    assert_step(world, "provider-a", "RespondToAdvice", "referrer-to-review-response");
    static const char request[] = "00000000-0000-4000-8000-000000000001";
    static const char *const counts[] = {"SELECT count(*) FROM advice", "SELECT count(*) FROM advice_message"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(asked_untold(world, counts[i]), "0");
        assert_string_equal(asked_as(world, "gp-b1", "somebody", request, counts[i]), "0");
        assert_string_equal(asked_as(world, "gp-a1", "somebody", request, counts[i]), "1");
        assert_string_equal(asked_as(world, "provider-a", "somebody", request, counts[i]), "1");
    }
    // What was agreed on beforehand stays, and nobody writes in another's name.
    assert_string_equal(refused_as(world, "provider-a", "somebody", request, "UPDATE advice SET may_convert = true"), "42501");
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO advice_message VALUES ('%s', 9, '%s', now(), 'referrer', 'response', 'x', 'another', 'provider-a')", id,
                   patient);
    assert_string_equal(refused_as(world, "provider-a", "somebody", request, sql), "42501");
}

static void no_words_leave_the_service(void **state)
{
    world_t *world = *state;
    one_is_answered_and_closed(state);
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(split_part(type, '.', 4) || ' ' || version, ', ' ORDER BY version) FROM event_queue "
                                    "WHERE type LIKE '%advice-request%'"),
                        "asked 1, information-asked 2, information-submitted 3, responded 4, closed 5");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue q WHERE q::text ~ 'rash|Keep|So be|Quill|9996000028'"), "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM audit_queue q WHERE q::text ~ 'rash|Keep|So be|Quill|9996000028'"), "0");
}

// The page behind the last one's token, if it had one.
static const char *page_token(const world_t *world, char token[300])
{
    const char *next = strstr(world->reply, "\"nextPageToken\":\"");
    token[0] = '\0';
    if (next != NULL)
        (void)snprintf(token, 300, ",\"pageToken\":\"%.*s\"", (int)strcspn(next + 17, "\""), next + 17);
    return next;
}

static void what_is_due_first_comes_first(void **state)
{
    world_t *world = *state;
    char routine[40], urgent[40], reviewed[40], ended[40], token[300] = "";
    ask(world, "");
    memcpy(routine, id, sizeof id);
    ask(world, ",\"priority\":\"urgent\"");
    memcpy(urgent, id, sizeof id);
    assert_reply_has(world, "\"responseDue\":\"2026-11-30\"");
    ask(world, "");
    memcpy(reviewed, id, sizeof id);
    assert_step(world, "provider-a", "RespondToAdvice", "referrer-to-review-response");
    ask(world, "");
    memcpy(ended, id, sizeof id);
    assert_step(world, "gp-a1", "CancelAdvice", "conversation-ended");
    world->today = "2026-12-01";
    const char *const order[] = {urgent, routine, reviewed};
    for (size_t i = 0; i < 3; i++) {
        world->organisation = i == 1 ? "gp-a1" : "provider-a";
        assert_call(world, "ListAdvice", "{\"organisation\":\"provider-a\",\"pageSize\":1%s}", token);
        assert_reply_has(world, order[i]);
        assert_reply_has(world, i == 0 ? "\"overdue\":true" : "\"overdue\":false");
        assert_true((page_token(world, token) != NULL) == (i < 2));
    }
    assert_call(world, "ListAdvice", "{\"organisation\":\"gp-a1\"}");
    assert_reply_has(world, routine);
    assert_reply_lacks(world, ended);
    assert_call(world, "ListAdvice", "{\"organisation\":\"gp-a1\",\"state\":\"conversation-ended\"}");
    assert_reply_has(world, ended);
    assert_reply_lacks(world, routine);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "organisation", "ListAdvice", "{}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "patient", "ListAdvice", "{\"organisation\":\"gp-a1\",\"patient\":\"%s\"}", patient);
}

static void a_step_that_came_second_looks_again(void **state)
{
    world_t *world = *state;
    char request[200];
    ask(world, "");
    world->organisation = "provider-a";
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"text\":\"So\"}", id);
    assert_int_equal(world_race(world, "UPDATE advice SET version = 2", "RespondToAdvice", request), STATUS_OK);
    assert_int_equal(world->version, 3);
    ask(world, "");
    world->organisation = "provider-a";
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"text\":\"So\"}", id);
    assert_int_equal(world_race(world, "UPDATE advice SET version = version + 1, state = 'conversation-ended', ended = 'cancelled'",
                                "RespondToAdvice", request),
                     STATUS_ABORTED);
}

// ---- conversion ----

static status_t convert(world_t *world, const char *organisation)
{
    world->organisation = organisation;
    return world_call(world, "ConvertAdvice", "{\"id\":\"%s\",\"text\":\"To be seen\"}", id);
}

static void nobody_converts_without_consent(void **state)
{
    world_t *world = *state;
    ask(world, "");
    assert_int_equal(convert(world, "provider-a"), STATUS_FAILED_PRECONDITION);
    assert_string_equal(world->problem.field, "mayConvert");
    ask(world, ",\"mayConvert\":false");
    assert_int_equal(convert(world, "provider-a"), STATUS_FAILED_PRECONDITION);
    // Agreed or not, it is the provider's.
    ask(world, ",\"mayConvert\":true");
    assert_int_equal(convert(world, "gp-a1"), STATUS_PERMISSION_DENIED);
    assert_int_equal(convert(world, "gp-b1"), STATUS_NOT_FOUND);
    assert_int_equal(convert(world, NULL), STATUS_NOT_FOUND);
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral"), "0");
    // The database would not either.
    char sql[400];
    (void)snprintf(sql, sizeof sql, "SELECT coalesce(advice_convert('%s', 1, '{}', '{}', 1, now()), 'none')", id);
    assert_string_equal(asked_as(world, "gp-a1", "somebody", "00000000-0000-4000-8000-000000000001", sql), "none");
    assert_string_equal(asked_untold(world, sql), "none");
}

static void one_becomes_a_referral(void **state)
{
    world_t *world = *state;
    char referral[40];
    ask(world, ",\"mayConvert\":true");
    assert_step(world, "provider-a", "AskForInformation", "referrer-to-submit-further-information");
    assert_int_equal(convert(world, "provider-a"), STATUS_ABORTED);
    assert_step(world, "gp-a1", "SubmitInformation", "provider-response-required");
    assert_int_equal(convert(world, "provider-a"), STATUS_OK);
    assert_reply_has(world, "\"state\":\"advice-converted\"");
    assert_int_equal(world->version, 4);
    const char *made = strstr(world->reply, "\"referral\":\"");
    assert_non_null(made);
    (void)snprintf(referral, sizeof referral, "%.36s", made + 12);
    assert_int_equal(convert(world, "provider-a"), STATUS_ABORTED);
    world->organisation = "gp-a1";
    assert_call(world, "GetAdvice", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, referral);
    assert_reply_has(world, "\"from\":\"provider\",\"kind\":\"conversion\",\"text\":\"To be seen\"");
    // It is the referrer's, in triage, and has all that was written.
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", referral);
    static const char *const parts[] = {
        "\"specialty\":\"dermatology\",\"priority\":\"routine\",\"reason\":\"An itching rash\",\"referrer\":\"gp-a1\"",
        "\"performer\":\"provider-a\"",
        "\"state\":\"triage\",\"ersState\":\"AWAITING_TRIAGE\"",
        "\"clock\":{\"startedOn\":\"2026-11-27\"",
        "\"breachOn\":\"2027-04-03\"",
        "\"history\":[{\"to\":\"draft\"",
        "{\"from\":\"draft\",\"to\":\"triage\"",
        "\"thread\":[{\"at\":",
        "\"from\":\"triage\",\"text\":\"Keep it dry\"",
        "\"from\":\"referrer\",\"text\":\"Keep it dry\"",
        "\"from\":\"triage\",\"text\":\"To be seen\"",
        "\"synthetic\":true",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_reply_has(world, parts[i]);
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(type || ' ' || version, ', ' ORDER BY position) FROM event_queue WHERE type LIKE "
                                    "'%converted' OR type LIKE '%.referral.referral.%'"),
                        "pcn.referral.advice-request.converted 4, pcn.referral.referral.submitted 1");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue q WHERE q::text ~ 'rash|Keep|To be seen|Quill|9996000028'"),
                        "0");
    // The provider goes on with it.
    world->organisation = "provider-a";
    world->scopes[1] = "referrals.triage";
    assert_call(world, "AcceptReferral", "{\"id\":\"%s\"}", referral);
    assert_reply_has(world, "\"state\":\"accepted\"");
}

static void a_priority_is_found_and_a_death_ends_it(void **state)
{
    world_t *world = *state;
    ask(world, ",\"mayConvert\":true");
    world->organisation = "provider-a";
    assert_call(world, "ConvertAdvice", "{\"id\":\"%s\",\"priority\":\"two-week-wait\"}", id);
    assert_reply_has(world, "\"kind\":\"conversion\",\"subject\":\"tester\"");
    assert_string_equal(
        world_query(world, "SELECT priority || ' ' || contact_by || ' ' || (SELECT count(*) FROM referral_message) FROM referral"),
        "two-week-wait 2026-11-30 0");
    ask(world, ",\"mayConvert\":true");
    free(test_database_query(world->database, "UPDATE patient SET died_on = '2026-11-26'"));
    assert_int_equal(convert(world, "provider-a"), STATUS_FAILED_PRECONDITION);
    assert_string_equal(world->problem.field, "patient");
}

static void two_who_convert_at_once_make_one_referral(void **state)
{
    world_t *world = *state;
    char request[200];
    ask(world, ",\"mayConvert\":true");
    world->organisation = "provider-a";
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", id);
    assert_int_equal(world_race(world, "UPDATE advice SET version = version + 1, state = 'conversation-ended', ended = 'cancelled'",
                                "ConvertAdvice", request),
                     STATUS_ABORTED);
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral"), "0");
    ask(world, ",\"mayConvert\":true");
    world->organisation = "provider-a";
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", id);
    assert_int_equal(world_race(world, "UPDATE advice SET version = version + 1", "ConvertAdvice", request), STATUS_OK);
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral"), "1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_is_answered_and_closed),
        TEST(every_pair),
        TEST(whose_step_is_whose),
        TEST(others_see_none),
        TEST(a_patient_goes_to_another_practice),
        TEST(one_that_moved_becomes_a_whole_referral),
        TEST(the_database_repeats_it),
        TEST(no_words_leave_the_service),
        TEST(what_is_due_first_comes_first),
        TEST(a_step_that_came_second_looks_again),
        TEST(nobody_converts_without_consent),
        TEST(one_becomes_a_referral),
        TEST(a_priority_is_found_and_a_death_ends_it),
        TEST(two_who_convert_at_once_make_one_referral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
