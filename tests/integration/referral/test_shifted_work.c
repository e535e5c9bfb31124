// Shifted work: reported, answered by both sides, closed; who sees it with and without a patient; what is counted and what is withheld.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/patients.h"

static char patient[40], id[40];

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->unlimited = false;
    world->organisation = "gp-a1";
    world->today = "2026-11-26";
    assert_registered(world, "gp-a1", NUMBER_ADA, "Zebedee Quill", patient);
    return 0;
}

#define REPORT(provider, theme, on)                                                                                                        \
    "{\"shiftedWork\":{\"provider\":\"" provider "\",\"theme\":\"" theme "\",\"happenedOn\":\"" on                                         \
    "\",\"description\":\"Sent away without a note\"%s%s%s}}"
#define NAMING ",\"patient\":\"", patient, "\""
#define NOBODY "", "", ""

static void report(world_t *world, const char *practice, bool names)
{
    world->organisation = practice;
    if (names)
        assert_call(world, "CreateShiftedWork", REPORT("provider-a", "fit-note", "2026-11-20"), NAMING);
    else
        assert_call(world, "CreateShiftedWork", REPORT("provider-a", "fit-note", "2026-11-20"), NOBODY);
    keep_id(world, id);
}

static void one_is_answered_and_closed(void **state)
{
    world_t *world = *state;
    report(world, "gp-a1", true);
    assert_reply_has(world, "\"practice\":\"gp-a1\",\"provider\":\"provider-a\",\"theme\":\"fit-note\",\"happenedOn\":\"2026-11-20\"");
    assert_reply_has(world, "\"status\":\"open\",\"thread\":[]");
    world->organisation = "provider-a";
    assert_call(world, "GiveShiftedWorkFeedback", "{\"id\":\"%s\",\"text\":\"The ward was told\"}", id);
    assert_reply_has(world, "\"from\":\"provider\",\"text\":\"The ward was told\",\"subject\":\"tester\",\"organisation\":\"provider-a\"");
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "CloseShiftedWork", "{\"id\":\"%s\",\"outcome\":\"done\"}", id);
    world->organisation = "gp-a1";
    world->expected_version = 1;
    assert_refusal(world, STATUS_ABORTED, "", "GiveShiftedWorkFeedback", "{\"id\":\"%s\",\"text\":\"Thank you\"}", id);
    world->expected_version = 2;
    assert_call(world, "GiveShiftedWorkFeedback", "{\"id\":\"%s\",\"text\":\"Thank you\"}", id);
    world->expected_version = 0;
    assert_call(world, "CloseShiftedWork", "{\"id\":\"%s\",\"outcome\":\"taken-back\"}", id);
    assert_reply_has(world, "\"status\":\"closed\",\"outcome\":\"taken-back\"");
    assert_refusal(world, STATUS_ABORTED, "", "GiveShiftedWorkFeedback", "{\"id\":\"%s\",\"text\":\"So\"}", id);
    assert_refusal(world, STATUS_ABORTED, "", "CloseShiftedWork", "{\"id\":\"%s\",\"outcome\":\"done\"}", id);
    assert_call(world, "GetShiftedWork", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"description\":\"Sent away without a note\"");
    assert_reply_has(world, "\"from\":\"practice\",\"text\":\"Thank you\"");
    assert_int_equal(world->version, 4);
    assert_string_equal(world_query(world,
                                    "SELECT string_agg(split_part(type, '.', 4) || ' ' || version, ', ' ORDER BY version) FROM event_queue "
                                    "WHERE type LIKE '%shifted-work%'"),
                        "reported 1, feedback-given 2, feedback-given 3, closed 4");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue q WHERE q::text ~ 'Sent away|ward|Thank|Quill|9996000028'"),
                        "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM audit_queue q WHERE q::text ~ 'Sent away|ward|Thank|Quill|9996000028'"),
                        "0");
}

static void what_a_report_needs(void **state)
{
    world_t *world = *state;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "provider", "CreateShiftedWork", REPORT("nobody", "fit-note", "2026-11-20"), NOBODY);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "provider", "CreateShiftedWork", REPORT("gp-a1", "fit-note", "2026-11-20"), NOBODY);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "theme", "CreateShiftedWork", REPORT("provider-a", "moon", "2026-11-20"), NOBODY);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "happenedOn", "CreateShiftedWork", REPORT("provider-a", "fit-note", "2026-11-27"),
                   NOBODY);
    assert_refusal(world, STATUS_NOT_FOUND, "practice", "CreateShiftedWork", REPORT("provider-a", "fit-note", "2026-11-20"),
                   ",\"practice\":\"", "gp-b1", "\"");
    world->organisation = "provider-a";
    assert_refusal(world, STATUS_NOT_FOUND, "practice", "CreateShiftedWork", REPORT("gp-a1", "fit-note", "2026-11-20"), NOBODY);
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateShiftedWork", REPORT("provider-a", "fit-note", "2026-11-20"), NAMING);
    world->organisation = NULL;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "CreateShiftedWork", REPORT("provider-a", "fit-note", "2026-11-20"), NOBODY);
    world->organisation = "gp-a1";
    free(test_database_query(world->database, "UPDATE patient SET died_on = '2026-11-01'"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "patient", "CreateShiftedWork", REPORT("provider-a", "fit-note", "2026-11-20"),
                   NAMING);
    assert_call(world, "ListShiftedWorkThemes", "{}");
    assert_reply_has(world, "{\"code\":\"fit-note\",\"name\":");
    assert_reply_has(world, "\"confidence\":\"unconfirmed\"}");
}

static void assert_hidden(world_t *world, const char *organisation)
{
    world->organisation = organisation;
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetShiftedWork", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GiveShiftedWorkFeedback", "{\"id\":\"%s\",\"text\":\"So\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "CloseShiftedWork", "{\"id\":\"%s\",\"outcome\":\"done\"}", id);
    static const char *const organisations[] = {"gp-a1", "provider-a"};
    for (size_t i = 0; i < 2; i++) {
        assert_call(world, "ListShiftedWork", "{\"organisation\":\"%s\"}", organisations[i]);
        assert_string_equal(world->reply, "{\"shiftedWork\":[]}");
    }
    assert_call(world, "ListShiftedWork", "{\"patient\":\"%s\"}", patient);
    assert_string_equal(world->reply, "{\"shiftedWork\":[]}");
}

static void assert_seen(world_t *world, const char *organisation)
{
    world->organisation = organisation;
    assert_call(world, "GetShiftedWork", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "Sent away");
    assert_call(world, "ListShiftedWork", "{\"organisation\":\"provider-a\"}");
    assert_reply_has(world, id);
    assert_reply_lacks(world, "Sent away");
}

static void others_see_none(void **state)
{
    world_t *world = *state;
    for (int names = 0; names < 2; names++) {
        report(world, "gp-a1", names == 1);
        static const char *const others[] = {"gp-b1", "gp-a2", "vol-a", "gp-x", NULL};
        for (size_t i = 0; i < 5; i++)
            assert_hidden(world, others[i]);
        static const char *const sides[] = {"gp-a1", "pcn-a", "ccg-a", "ics-a", "provider-a"};
        for (size_t i = 0; i < 5; i++)
            assert_seen(world, sides[i]);
        free(test_database_query(world->database, "DELETE FROM shifted_work"));
    }
    // Who treats the patient sees it, and has no say in it.
    report(world, "gp-a1", true);
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO patient_grant VALUES ('%s', gen_random_uuid(), 'gp-b1', NULL, 'case', now() - interval '1 minute', now() + "
                   "interval '1 hour')",
                   patient);
    free(test_database_query(world->database, sql));
    assert_seen(world, "gp-b1");
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "GiveShiftedWorkFeedback", "{\"id\":\"%s\",\"text\":\"So\"}", id);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "CloseShiftedWork", "{\"id\":\"%s\",\"outcome\":\"done\"}", id);
    // One that names a sensitive patient is for both sides alone.
    free(test_database_query(world->database, "UPDATE patient SET sensitive = true"));
    static const char *const above[] = {"pcn-a", "ccg-a", "ics-a", "gp-b1"};
    for (size_t i = 0; i < 4; i++)
        assert_hidden(world, above[i]);
    assert_seen(world, "gp-a1");
    assert_seen(world, "provider-a");
    // The provider sees the report, and not the record.
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", patient);
}

static void the_database_repeats_it(void **state)
{
    world_t *world = *state;
    static const char request[] = "00000000-0000-4000-8000-000000000001";
    report(world, "gp-a1", false);
    assert_call(world, "GiveShiftedWorkFeedback", "{\"id\":\"%s\",\"text\":\"So\"}", id);
    static const char *const counts[] = {"SELECT count(*) FROM shifted_work", "SELECT count(*) FROM shifted_work_message"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(asked_untold(world, counts[i]), "0");
        assert_string_equal(asked_as(world, "gp-b1", "somebody", request, counts[i]), "0");
        assert_string_equal(asked_as(world, "gp-a1", "somebody", request, counts[i]), "1");
        assert_string_equal(asked_as(world, "provider-a", "somebody", request, counts[i]), "1");
    }
    assert_string_equal(refused_as(world, "provider-a", "somebody", request, "UPDATE shifted_work SET theme = 'other'"), "42501");
}

static void a_list_is_read_in_pages(void **state)
{
    world_t *world = *state;
    char first[40], second[40], token[300] = "";
    report(world, "gp-a1", true);
    memcpy(first, id, sizeof id);
    report(world, "gp-a1", false);
    memcpy(second, id, sizeof id);
    for (int i = 0; i < 2; i++) {
        assert_call(world, "ListShiftedWork", "{\"organisation\":\"gp-a1\",\"pageSize\":1%s}", token);
        assert_reply_has(world, i == 0 ? second : first);
        const char *next = strstr(world->reply, "\"nextPageToken\":\"");
        assert_true((next != NULL) == (i == 0));
        if (next != NULL)
            (void)snprintf(token, sizeof token, ",\"pageToken\":\"%.*s\"", (int)strcspn(next + 17, "\""), next + 17);
    }
    assert_call(world, "ListShiftedWork", "{\"patient\":\"%s\",\"theme\":\"fit-note\",\"status\":\"open\"}", patient);
    assert_reply_has(world, first);
    assert_reply_lacks(world, second);
    assert_call(world, "ListShiftedWork", "{\"organisation\":\"gp-a1\",\"status\":\"closed\"}");
    assert_string_equal(world->reply, "{\"shiftedWork\":[]}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "organisation", "ListShiftedWork", "{}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "patient", "ListShiftedWork", "{\"organisation\":\"gp-a1\",\"patient\":\"%s\"}",
                   patient);
}

static void assert_summary(world_t *world, const char *organisation, const char *request, const char *wanted)
{
    world->organisation = organisation;
    assert_call(world, "SummarizeShiftedWork", "%s", request);
    assert_reply_has(world, wanted);
}

static void counts(void **state)
{
    world_t *world = *state;
    for (int i = 0; i < 4; i++)
        report(world, "gp-a1", i == 0);
    world->organisation = "gp-b1";
    assert_call(world, "CreateShiftedWork", REPORT("provider-a", "results", "2026-10-31"), NOBODY);
    assert_call(world, "CreateShiftedWork", REPORT("vol-a", "results", "2025-11-30"), NOBODY);
    // Its own practice sees each of them, and so each count.
    assert_summary(
        world, "gp-a1", "{}",
        "\"organisation\":\"gp-a1\",\"from\":\"2025-12-01\",\"to\":\"2026-11-30\",\"rows\":[{\"theme\":\"fit-note\",\"provider\":"
        "\"provider-a\",\"reports\":4}],\"total\":{\"reports\":4}");
    // Another one is told of the system what names nobody.
    assert_summary(world, "gp-b1", "{\"organisation\":\"ics-a\"}",
                   "\"rows\":[{\"theme\":\"fit-note\",\"provider\":\"provider-a\",\"withheld\":true},{\"theme\":\"results\",\"provider\":"
                   "\"provider-a\",\"reports\":1}],\"total\":{\"withheld\":true}");
    assert_summary(world, "gp-b1", "{\"organisation\":\"ics-a\",\"by\":\"provider\"}",
                   "\"rows\":[{\"provider\":\"provider-a\",\"withheld\":true}]");
    assert_summary(world, "ics-a", "{\"by\":\"theme\",\"from\":\"2026-10-15\",\"to\":\"2026-11-02\"}",
                   "\"from\":\"2026-10-01\",\"to\":\"2026-11-30\",\"rows\":[{\"theme\":\"fit-note\",\"reports\":4},{\"theme\":"
                   "\"results\",\"reports\":1}],\"total\":{\"reports\":5}");
    // Five are not few.
    report(world, "gp-a1", true);
    assert_summary(world, "gp-b1", "{\"organisation\":\"ics-a\",\"by\":\"theme\"}", "{\"theme\":\"fit-note\",\"reports\":5}");
    assert_summary(world, "gp-b1", "{\"organisation\":\"ccg-a\",\"from\":\"2020-01-01\",\"to\":\"2020-01-01\"}",
                   "\"rows\":[],\"total\":{\"reports\":0}");
    // Of another practice, or another system, nothing.
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "SummarizeShiftedWork", "{\"organisation\":\"gp-a1\"}");
    assert_refusal(world, STATUS_NOT_FOUND, "organisation", "SummarizeShiftedWork", "{\"organisation\":\"ics-x\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "SummarizeShiftedWork", "{\"from\":\"2026-11-01\",\"to\":\"2026-10-31\"}");
    world->organisation = NULL;
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "organisation", "SummarizeShiftedWork", "{}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_is_answered_and_closed), TEST(what_a_report_needs),     TEST(others_see_none),
        TEST(the_database_repeats_it),    TEST(a_list_is_read_in_pages), TEST(counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
