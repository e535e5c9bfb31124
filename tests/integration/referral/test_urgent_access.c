// Urgent cases: who sees one and who changes it, and for how long its service sees the patient.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/cases.h"

#define REQUEST "0198c0de-0000-7000-8000-00000000000a"

// Everything of the interface answers others as if there were none.
static void assert_hidden(world_t *world, const char *organisation)
{
    world->organisation = organisation;
    static const char *const verbs[] = {"GetUrgentCase", "FindUrgentCaseServices", "AcceptUrgentCase", "ArriveUrgentCase",
                                        "RespondUrgentCase"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        assert_refusal(world, STATUS_NOT_FOUND, "id", verbs[i], "{\"id\":\"%s\"}", case_id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "DisposeUrgentCase", "{\"id\":\"%s\",\"disposition\":\"dental\"}", case_id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, crisis);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "BookUrgentCase", "{\"id\":\"%s\",\"appointment\":\"%s\"}", case_id, case_id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "CloseUrgentCase", "{\"id\":\"%s\",\"outcome\":\"treated\"}", case_id);
    static const char *const organisations[] = {"gp-x", "provider-a"};
    for (size_t i = 0; i < 2; i++) {
        assert_call(world, "ListUrgentCases", "{\"organisation\":\"%s\"}", organisations[i]);
        assert_string_equal(world->reply, "{\"urgentCases\":[]}");
    }
}

static void only_who_takes_part_sees_it(void **state)
{
    world_t *world = *state;
    open_case(world, ",\"disposition\":\"crisis-response\"");
    assert_hidden(world, "provider-a");
    assert_hidden(world, "gp-b1");
    assert_hidden(world, "pcn-b");
    world->unlimited = true;
    assert_hidden(world, "gp-b1");
    world->unlimited = false;
    world->organisation = "gp-x";
    assert_call(world, "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, crisis);
    // Its provider sees the case, and by it the patient.
    world->organisation = "provider-a";
    world->subject = "nurse";
    step(world, "GetUrgentCase");
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", booking.ada);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "DisposeUrgentCase", "{\"id\":\"%s\",\"disposition\":\"dental\"}", case_id);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, far_crisis);
    // The practice, and who lies above it or above a side, looks on.
    static const char *const above[] = {"gp-a1", "pcn-a", "ics-x", "ics-a"};
    for (size_t i = 0; i < 4; i++) {
        world->organisation = above[i];
        step(world, "GetUrgentCase");
    }
    world->organisation = "gp-a1";
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "CloseUrgentCase", "{\"id\":\"%s\",\"outcome\":\"treated\"}", case_id);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "AcceptUrgentCase", "{\"id\":\"%s\"}", case_id);
    // The database repeats it.
    char sql[200];
    (void)snprintf(sql, sizeof sql, "UPDATE urgent_case SET need = 'x' WHERE id = '%s' RETURNING 'changed'", case_id);
    assert_string_equal(asked_as(world, "gp-a1", "tester", REQUEST, sql), "");
    assert_string_equal(asked_as(world, "gp-b1", "tester", REQUEST, sql), "");
    assert_string_equal(asked_as(world, "provider-a", "tester", REQUEST, sql), "changed");
    assert_string_equal(asked_untold(world, "SELECT count(*) FROM urgent_case"), "0");
    // With another service it is no longer the first one's, nor is the patient.
    world->organisation = "gp-x";
    world->subject = "handler";
    assert_call(world, "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, far_crisis);
    world->subject = "nurse";
    assert_hidden(world, "provider-a");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", booking.ada);
    // Of a sensitive patient the sides alone see it, and nothing else of the patient.
    free(test_database_query(world->database, "UPDATE patient SET sensitive = true"));
    assert_hidden(world, "ics-x");
    assert_hidden(world, "ccg-a");
    assert_hidden(world, "pcn-a");
    world->organisation = "pcn-b";
    step(world, "GetUrgentCase");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", booking.ada);
    world->organisation = "gp-a1";
    step(world, "GetUrgentCase");
}

// Nothing that only the patient's record says decides an answer where the caller does not see the record.
static void a_sensitive_record_decides_nothing(void **state)
{
    world_t *world = *state;
    char other[40];
    add_service(world, other, "Network B's crisis team",
                "\"kind\":\"crisis-response\",\"provider\":\"provider-a\",\"areas\":[\"pcn-b\"]," ALWAYS);
    free(test_database_query(world->database, "UPDATE patient SET sensitive = true"));
    open_case(world, "");
    assert_call(world, "DisposeUrgentCase", "{\"id\":\"%s\",\"disposition\":\"crisis-response\"}", case_id);
    assert_reply_lacks(world, "gp-a1");
    const char *shown = strstr(world->reply, "Network B's"), *hidden = strstr(world->reply, "\"hidden\":");
    assert_true(shown != NULL && hidden != NULL && shown < hidden);
}

// Who did not open the case does not see the patient, but is led to no service that would not take them.
static void a_colleague_is_answered_alike(void **state)
{
    world_t *world = *state;
    char other[40];
    add_service(world, other, "Children's crisis team",
                "\"kind\":\"crisis-response\",\"provider\":\"provider-a\",\"criteria\":{\"ageTo\":17}," ALWAYS);
    open_case(world, "");
    world->subject = "colleague";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", booking.ada);
    assert_call(world, "DisposeUrgentCase", "{\"id\":\"%s\",\"disposition\":\"crisis-response\"}", case_id);
    assert_reply_has(world, "\"name\":\"Children's crisis team\",\"reasons\":[{\"code\":\"age\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, other);
}

static const char *granted_until(world_t *world)
{
    char sql[400];
    (void)snprintf(
        sql, sizeof sql,
        "SELECT round(extract(epoch FROM g.until - now()) / 3600) FROM patient_grant g JOIN urgent_case c ON c.assignment = g.id "
        "WHERE c.id = '%s' AND g.manner = 'case' AND g.subject IS NULL AND g.organisation = 'provider-a'",
        case_id);
    return world_query(world, sql);
}

static void the_providers_grant_ends_with_the_case(void **state)
{
    world_t *world = *state;
    open_case(world, ",\"disposition\":\"crisis-response\"");
    assert_call(world, "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, crisis);
    assert_string_equal(granted_until(world), "168");
    world->organisation = "provider-a";
    step(world, "AcceptUrgentCase");
    step(world, "ArriveUrgentCase");
    assert_reply_has(world, "\"response\":\"arrived\"");
    assert_call(world, "CloseUrgentCase", "{\"id\":\"%s\",\"outcome\":\"treated\"}", case_id);
    assert_string_equal(granted_until(world), "12");
    free(test_database_query(world->database, "UPDATE patient_grant SET until = now() WHERE subject IS NULL"));
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", booking.ada);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, cases_afresh)
    const struct CMUnitTest tests[] = {
        TEST(only_who_takes_part_sees_it),
        TEST(a_sensitive_record_decides_nothing),
        TEST(a_colleague_is_answered_alike),
        TEST(the_providers_grant_ends_with_the_case),
    };
    return cmocka_run_group_tests(tests, cases_setup, world_teardown);
}
