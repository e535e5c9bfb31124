// Urgent care: from a case to its end, the directory's answer, clocks and breaches while they happen, the board.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/cases.h"

static void one_is_answered_within_two_hours(void **state)
{
    world_t *world = *state;
    open_case(world, ",\"need\":\"fall\"");
    assert_reply_has(world, "\"state\":\"opened\"");
    assert_reply_lacks(world, "dueAt");
    assert_call(world, "DisposeUrgentCase", "{\"id\":\"%s\",\"disposition\":\"crisis-response\"}", case_id);
    assert_reply_has(world, "\"state\":\"disposed\",\"disposition\":\"crisis-response\",\"urgency\":\"same-day\"");
    assert_reply_has(world, "\"targetMinutes\":120");
    assert_reply_has(world, "\"minutesLeft\":120,\"breached\":false");
    assert_reply_has(world, "\"services\":[{\"id\"");
    assert_int_equal(world->version, 2);
    assert_refusal(world, STATUS_ABORTED, "", "AcceptUrgentCase", "{\"id\":\"%s\"}", case_id);
    assert_refusal(world, STATUS_ABORTED, "", "RespondUrgentCase", "{\"id\":\"%s\"}", case_id);
    assert_call(world, "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, crisis);
    assert_reply_has(world, "\"provider\":\"provider-a\"");
    assert_reply_has(world, "\"targetMinutes\":120");
    world->organisation = "provider-a";
    world->subject = "nurse";
    step(world, "AcceptUrgentCase");
    assert_reply_has(world, "\"acceptedAt\"");
    world->expected_version = 3;
    assert_refusal(world, STATUS_ABORTED, "", "RespondUrgentCase", "{\"id\":\"%s\"}", case_id);
    world->expected_version = 4;
    step(world, "RespondUrgentCase");
    world->expected_version = 0;
    assert_reply_has(world, "\"response\":\"attended\"");
    assert_reply_has(world, "\"breached\":false");
    assert_reply_lacks(world, "minutesLeft");
    assert_refusal(world, STATUS_ABORTED, "", "RespondUrgentCase", "{\"id\":\"%s\"}", case_id);
    assert_call(world, "CloseUrgentCase", "{\"id\":\"%s\",\"outcome\":\"treated\",\"reason\":\"Wound dressed\"}", case_id);
    assert_reply_has(world, "\"outcome\":\"treated\",\"reason\":\"Wound dressed\"");
    assert_refusal(world, STATUS_ABORTED, "", "CloseUrgentCase", "{\"id\":\"%s\",\"outcome\":\"treated\"}", case_id);
    step(world, "GetUrgentCase");
    assert_reply_has(world, "\"history\":[{\"to\":\"opened\"");
    assert_reply_has(world, "\"from\":\"accepted\",\"to\":\"responded\"");
    assert_reply_has(world, "\"subject\":\"nurse\",\"organisation\":\"provider-a\"");
    assert_int_equal(world->version, 6);
    // What was written, a name or a number is in no event and no entry of the trail.
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%urgent-case%'"), "6");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue q WHERE q::text ~ 'Wound|Ada|9996000028|fall'"), "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM audit_queue q WHERE q::text ~ 'Wound|Ada|9996000028'"), "0");
}

// Each verb from each state, but for the creation, by the service itself: allowed as the table of the rules has it, else 409.
static void every_verb_from_every_state(void **state)
{
    world_t *world = *state;
    static const char *const states[] = {"opened", "disposed", "assigned", "accepted", "booked", "responded", "closed"};
    static const char *const allowed[] = {
        // dispose, assign, accept, book, arrive, respond, close
        "d.....c", "da.b..c", "daxbrsc", "da.brsc", "da.brsc", "......c", ".......",
    };
    static const char *const verbs[] = {"Dispose", "Assign", "Accept", "Book", "Arrive", "Respond", "Close"};
    char appointment[40], sql[900], request[300], method[60];
    world->organisation = "gp-a1";
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    keep_id(world, appointment);
    open_case(world, "");
    for (size_t s = 0; s < 7; s++) {
        for (size_t v = 0; v < 7; v++) {
            (void)snprintf(
                sql, sizeof sql,
                "UPDATE urgent_case SET state = '%s', disposition = 'crisis-response', urgency = 'same-day', disposed_at = now(), "
                "target_minutes = 120, due_at = now() + interval '2 hours', breached_at = NULL, service = '%s', provider = "
                "'provider-a', assignment = gen_random_uuid(), assigned_at = now(), appointment = %s, booked_for = %s, "
                "responded_at = %s, response = %s, outcome = %s, closed_at = %s, history = '[]' WHERE id = '%s'",
                states[s], crisis, s == 4 ? "gen_random_uuid()" : "NULL", s == 4 ? "now()" : "NULL", s == 5 ? "now()" : "NULL",
                s == 5 ? "'attended'" : "NULL", s == 6 ? "'treated'" : "NULL", s == 6 ? "now()" : "NULL", case_id);
            free(test_database_query(world->database, sql));
            (void)snprintf(request, sizeof request, "{\"id\":\"%s\"%s%s%s}", case_id,
                           v == 0   ? ",\"disposition\":\"palliative-triage"
                           : v == 1 ? ",\"service\":\""
                           : v == 3 ? ",\"appointment\":\""
                           : v == 6 ? ",\"outcome\":\"treated"
                                    : "",
                           v == 1   ? crisis
                           : v == 3 ? appointment
                                    : "",
                           v == 0 || v == 1 || v == 3 || v == 6 ? "\"" : "");
            (void)snprintf(method, sizeof method, "%sUrgentCase", verbs[v]);
            // Who opened it sees the appointment by nothing; the practice that booked it does, and is on no side. So both are.
            world->organisation = "gp-x";
            free(test_database_query(world->database, "UPDATE appointment SET booked_by = 'gp-x'"));
            const status_t got = world_call(world, method, "%s", request);
            if (got != (allowed[s][v] == '.' ? STATUS_ABORTED : STATUS_OK))
                fail_msg("%s of one that is %s: %s %s", verbs[v], states[s], status_name(got), world->problem.detail);
        }
    }
}

static void assert_first(const world_t *world, const char *first, const char *second)
{
    const char *a = strstr(world->reply, first), *b = strstr(world->reply, second);
    assert_true(a != NULL && b != NULL && a < b);
}

static void the_directory_answers_with_every_reason(void **state)
{
    world_t *world = *state;
    char other[40];
    add_service(world, other, "Children's crisis team",
                "\"kind\":\"crisis-response\",\"provider\":\"provider-a\",\"criteria\":{\"ageTo\":17}," ALWAYS);
    add_service(world, other, "Full crisis team",
                "\"kind\":\"crisis-response\",\"provider\":\"provider-a\",\"capacity\":{\"places\":2,\"free\":0}," ALWAYS);
    add_service(world, other, "Network B's crisis team",
                "\"kind\":\"crisis-response\",\"provider\":\"provider-a\",\"areas\":[\"pcn-b\"]," ALWAYS);
    add_service(world, other, "Shut crisis team", "\"kind\":\"crisis-response\",\"provider\":\"provider-a\"");
    add_service(world, other, "Minds that fall",
                "\"kind\":\"crisis-response\",\"provider\":\"provider-a\",\"criteria\":{\"excludes\":[\"fall\"]}," ALWAYS);
    add_service(world, other, "Dentist", "\"kind\":\"dental\",\"provider\":\"provider-a\"," ALWAYS);
    open_case(world, "");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "FindUrgentCaseServices", "{\"id\":\"%s\"}", case_id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "disposition", "DisposeUrgentCase", "{\"id\":\"%s\",\"disposition\":\"none\"}",
                   case_id);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "latitude", "DisposeUrgentCase",
                   "{\"id\":\"%s\",\"disposition\":\"crisis-response\",\"latitude\":\"52.9\"}", case_id);
    assert_call(world, "DisposeUrgentCase",
                "{\"id\":\"%s\",\"disposition\":\"crisis-response\",\"need\":\"fall\",\"latitude\":\"52.91\",\"longitude\":\"-1.1\"}",
                case_id);
    const char *hidden = strstr(world->reply, "\"hidden\":");
    assert_non_null(hidden);
    assert_first(world, "\"name\":\"Far crisis team\"", "\"name\":\"Crisis team\"");
    assert_true(strstr(world->reply, "\"name\":\"Crisis team\"") < hidden);
    assert_reply_has(world, "\"distanceMetres\":1112");
    static const char *const reasons[][2] = {{"Children's crisis team", "age"},
                                             {"Full crisis team", "capacity"},
                                             {"Network B's crisis team", "area"},
                                             {"Shut crisis team", "closed"},
                                             {"Minds that fall", "need-excluded"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        char expected[120];
        (void)snprintf(expected, sizeof expected, "\"name\":\"%s\",\"reasons\":[{\"code\":\"%s\"", reasons[i][0], reasons[i][1]);
        if (strstr(hidden, expected) == NULL)
            fail_msg("%s is not hidden for %s: %s", reasons[i][0], reasons[i][1], hidden);
    }
    assert_reply_lacks(world, "Dentist");
    assert_reply_lacks(world, "52.91");
    // The same again, from elsewhere.
    assert_call(world, "FindUrgentCaseServices", "{\"id\":\"%s\",\"latitude\":\"52.59\",\"longitude\":\"-1.1\"}", case_id);
    assert_first(world, "\"name\":\"Crisis team\"", "\"name\":\"Far crisis team\"");
    assert_string_equal(world_query(world, "SELECT count(*) FROM urgent_case c WHERE c::text ~ '52.91'"), "0");
    // Nobody on the platform answers this one.
    assert_call(world, "DisposeUrgentCase", "{\"id\":\"%s\",\"disposition\":\"ambulance\"}", case_id);
    assert_reply_has(world, "\"services\":[],\"hidden\":[]");
    assert_reply_lacks(world, "targetMinutes");
    assert_reply_lacks(world, "minutesLeft");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, crisis);
    assert_call(world, "CloseUrgentCase", "{\"id\":\"%s\",\"outcome\":\"ambulance\"}", case_id);
}

static void a_service_must_answer_and_take_the_patient(void **state)
{
    world_t *world = *state;
    char other[40];
    open_case(world, ",\"disposition\":\"crisis-response\"");
    assert_reply_has(world, "\"state\":\"disposed\"");
    static const char request[] = "{\"id\":\"%s\",\"service\":\"%s\"}";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "AssignUrgentCase", request, case_id, booking.ada);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "AssignUrgentCase", request, case_id, booking.service);
    static const char *const unfit[] = {"\"areas\":[\"pcn-b\"]", "\"criteria\":{\"ageTo\":17}", "\"status\":\"suspended\"",
                                        "\"acceptsFrom\":{\"kinds\":[\"trust\"]}"};
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        char rest[200];
        (void)snprintf(rest, sizeof rest, "\"kind\":\"crisis-response\",\"provider\":\"provider-a\",%s", unfit[i]);
        world->organisation = "gp-a1";
        add_service(world, other, "Unfit", rest);
        world->organisation = "gp-x";
        assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "AssignUrgentCase", request, case_id, other);
    }
    // One whose own promise is shorter: the clock goes by it, and by the disposition's again with another.
    assert_call(world, "AssignUrgentCase", request, case_id, far_crisis);
    assert_reply_has(world, "\"targetMinutes\":60");
    assert_reply_has(world, "\"minutesLeft\":59");
    assert_call(world, "AssignUrgentCase", request, case_id, crisis);
    assert_reply_has(world, "\"targetMinutes\":120");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "disposition", "CreateUrgentCase",
                   "{\"nhsNumber\":\"" NUMBER_ADA "\",\"birthDate\":\"1956-03-14\",\"disposition\":\"none\"}");
}

// The clock of the case stands so many seconds before its end (or behind it).
static void set_due(world_t *world, int seconds)
{
    char sql[400];
    (void)snprintf(
        sql, sizeof sql,
        "UPDATE urgent_case SET disposed_at = now() + %d * interval '1 second' - interval '2 hours', due_at = now() + %d * interval "
        "'1 second' WHERE id = '%s'",
        seconds, seconds, case_id);
    free(test_database_query(world->database, sql));
}

static const char *count_due(world_t *world)
{
    return world_query(world, "SELECT count(*) FROM urgent_cases_due(now())");
}

static void a_breach_is_told_once(void **state)
{
    world_t *world = *state;
    open_case(world, ",\"disposition\":\"crisis-response\"");
    assert_string_equal(count_due(world), "0");
    world->own = true;
    step(world, "SettleUrgentCase");
    assert_null(world->verdict);
    world->own = false;
    set_due(world, -90);
    assert_string_equal(count_due(world), "1");
    step(world, "GetUrgentCase");
    assert_reply_has(world, "\"minutesLeft\":-2,\"breached\":true");
    assert_reply_lacks(world, "breachedAt");
    world->own = true;
    step(world, "SettleUrgentCase");
    assert_string_equal(world->verdict, "done");
    assert_reply_has(world, "\"breachedAt\"");
    step(world, "SettleUrgentCase");
    assert_null(world->verdict);
    world->own = false;
    assert_string_equal(count_due(world), "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%urgent-case.breached'"), "1");
    step(world, "GetUrgentCase");
    assert_reply_has(world, "\"subject\":\"handler\",\"disposition\":\"crisis-response\",\"dueAt\"");
    // Given to a service afterwards it stays told, since the target is the same.
    assert_call(world, "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, crisis);
    assert_reply_has(world, "\"breachedAt\"");
    assert_string_equal(count_due(world), "0");
    // Seen too late it stays breached, and its figures go.
    assert_string_equal(
        world_query(world, "SELECT value FROM urgent_case_figures(now()) WHERE name LIKE '%breached' AND label = 'crisis-response'"), "1");
    assert_string_equal(
        world_query(world, "SELECT value FROM urgent_case_figures(now()) WHERE name LIKE '%open' AND label = 'crisis-response'"), "1");
    assert_string_equal(world_query(world, "SELECT value FROM urgent_case_figures(now()) WHERE name LIKE '%open' AND label = 'dental'"),
                        "0");
    step(world, "RespondUrgentCase");
    assert_reply_has(world, "\"breached\":true");
    assert_string_equal(world_query(world, "SELECT sum(value) FROM urgent_case_figures(now())"), "0");
    // Another disposition has a clock of its own.
    open_case(world, ",\"disposition\":\"crisis-response\"");
    set_due(world, -1);
    world->own = true;
    step(world, "SettleUrgentCase");
    world->own = false;
    assert_call(world, "DisposeUrgentCase", "{\"id\":\"%s\",\"disposition\":\"palliative-triage\"}", case_id);
    assert_reply_has(world, "\"targetMinutes\":60");
    assert_reply_has(world, "\"breached\":false");
    assert_reply_lacks(world, "breachedAt");
    // Closed in time or never disposed, nobody is told.
    assert_call(world, "CloseUrgentCase", "{\"id\":\"%s\",\"outcome\":\"not-reached\"}", case_id);
    set_due(world, -60);
    assert_string_equal(count_due(world), "0");
}

static void the_board_tells_what_is_due_first(void **state)
{
    world_t *world = *state;
    char late[40], soon[40], later[40], none[40];
    open_case(world, ",\"disposition\":\"crisis-response\"");
    memcpy(later, case_id, sizeof case_id);
    open_case(world, ",\"disposition\":\"palliative-triage\"");
    memcpy(soon, case_id, sizeof case_id);
    open_case(world, "");
    memcpy(none, case_id, sizeof case_id);
    open_case(world, ",\"disposition\":\"crisis-response\"");
    memcpy(late, case_id, sizeof case_id);
    assert_call(world, "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, crisis);
    set_due(world, -60);
    const char *const order[] = {late, soon, later, none};
    char token[300] = "";
    for (size_t i = 0; i < 4; i++) {
        assert_call(world, "ListUrgentCases", "{\"organisation\":\"gp-x\",\"pageSize\":1%s}", token);
        assert_reply_has(world, order[i]);
        const char *next = strstr(world->reply, "\"nextPageToken\":\"");
        assert_true((next != NULL) == (i < 3));
        if (next != NULL)
            (void)snprintf(token, sizeof token, ",\"pageToken\":\"%.*s\"", (int)strcspn(next + 17, "\""), next + 17);
    }
    assert_call(world, "ListUrgentCases", "{\"organisation\":\"gp-x\",\"breached\":true}");
    assert_reply_has(world, late);
    assert_reply_has(world, "\"breached\":true");
    assert_reply_lacks(world, soon);
    assert_call(world, "ListUrgentCases", "{\"organisation\":\"gp-x\",\"breached\":false}");
    assert_reply_lacks(world, late);
    assert_reply_has(world, none);
    assert_call(world, "ListUrgentCases", "{\"organisation\":\"gp-x\",\"state\":\"assigned\"}");
    assert_reply_has(world, late);
    assert_reply_lacks(world, later);
    assert_call(world, "CloseUrgentCase", "{\"id\":\"%s\",\"outcome\":\"not-reached\"}", late);
    assert_call(world, "ListUrgentCases", "{\"organisation\":\"gp-x\"}");
    assert_reply_lacks(world, late);
    assert_call(world, "ListUrgentCases", "{\"organisation\":\"gp-x\",\"state\":\"closed\"}");
    assert_reply_has(world, late);
    world->organisation = "provider-a";
    assert_call(world, "ListUrgentCases", "{\"organisation\":\"provider-a\",\"state\":\"closed\"}");
    assert_reply_has(world, late);
    assert_reply_lacks(world, soon);
}

static void an_appointment_answers_it(void **state)
{
    world_t *world = *state;
    char appointment[40], other[40];
    assert_registered(world, "gp-a1", NUMBER_BEN, "Ben Example", other);
    world->organisation = "gp-a1";
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[1], other);
    keep_id(world, other);
    open_case(world, ",\"disposition\":\"urgent-appointment\"");
    static const char request[] = "{\"id\":\"%s\",\"appointment\":\"%s\"}";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "BookUrgentCase", request, case_id, case_id);
    // Another patient's is none that the caller sees; where they do, it is refused for what it is.
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "BookUrgentCase", request, case_id, other);
    free(test_database_query(world->database, "UPDATE appointment SET booked_by = 'gp-x'"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "BookUrgentCase", request, case_id, other);
    assert_string_equal(world->problem.detail, "It is another patient's");
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    keep_id(world, appointment);
    assert_call(world, "BookUrgentCase", request, case_id, appointment);
    assert_reply_has(world, "\"state\":\"booked\"");
    assert_reply_has(world, "\"bookedFor\"");
    assert_reply_has(world, "\"minutesLeft\":14");
    assert_string_equal(count_due(world), "0");
    // Who arrives there was seen: the clock stood at that moment, and the job tells it.
    free(test_database_query(world->database, "UPDATE appointment SET status = 'arrived', updated_at = now() WHERE booked_by = 'gp-x'"));
    assert_string_equal(count_due(world), "1");
    world->own = true;
    step(world, "SettleUrgentCase");
    world->own = false;
    assert_reply_has(world, "\"state\":\"responded\"");
    assert_reply_has(world, "\"response\":\"arrived\"");
    assert_string_equal(count_due(world), "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM urgent_case c JOIN appointment a ON a.id = c.appointment "
                                           "WHERE c.responded_at = a.updated_at"),
                        "1");
    // One that was cancelled does not do.
    open_case(world, ",\"disposition\":\"urgent-appointment\"");
    free(test_database_query(world->database, "UPDATE appointment SET status = 'cancelled', cancelled_by = 'patient'"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "BookUrgentCase", request, case_id, appointment);
}

// Two who decide at once: one of them is told of the other's version.
static void a_step_that_came_second_looks_again(void **state)
{
    world_t *world = *state;
    char request[100];
    open_case(world, ",\"disposition\":\"crisis-response\"");
    assert_call(world, "AssignUrgentCase", "{\"id\":\"%s\",\"service\":\"%s\"}", case_id, crisis);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", case_id);
    assert_int_equal(world_race(world, "UPDATE urgent_case SET version = version + 1, need = 'fall'", "AcceptUrgentCase", request),
                     STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_reply_has(world, "\"need\":\"fall\"");
    assert_int_equal(world_race(world,
                                "UPDATE urgent_case SET version = version + 1, state = 'closed', closed_at = now(), outcome = 'died'",
                                "RespondUrgentCase", request),
                     STATUS_ABORTED);
}

static void a_case_has_an_end(void **state)
{
    world_t *world = *state;
    open_case(world, "");
    free(test_database_query(world->database, "UPDATE urgent_case SET history = (SELECT jsonb_agg(jsonb_build_object('to', 'opened')) FROM "
                                              "generate_series(1, 100))"));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "DisposeUrgentCase", "{\"id\":\"%s\",\"disposition\":\"dental\"}", case_id);
    assert_call(world, "CloseUrgentCase", "{\"id\":\"%s\",\"outcome\":\"opened-in-error\"}", case_id);
}

static void dispositions_are_data(void **state)
{
    world_t *world = *state;
    assert_call(world, "ListDispositions", "{}");
    assert_reply_has(world, "{\"dispositions\":[{\"code\":\"ambulance\",\"name\":\"Ambulance\",\"urgency\":\"emergency\",\"kinds\":[]");
    assert_reply_has(world, "\"kinds\":[\"crisis-response\"],\"targetMinutes\":120");
    assert_reply_has(world, "\"confidence\":\"verified\"");
    // Every kind that one names is there.
    assert_string_equal(world_query(world,
                                    "SELECT count(*) FROM disposition d CROSS JOIN unnest(d.kinds) k (code) WHERE k.code NOT IN (SELECT "
                                    "code FROM service_kind)"),
                        "0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, cases_afresh)
    const struct CMUnitTest tests[] = {
        TEST(one_is_answered_within_two_hours),
        TEST(every_verb_from_every_state),
        TEST(the_directory_answers_with_every_reason),
        TEST(a_service_must_answer_and_take_the_patient),
        TEST(a_breach_is_told_once),
        TEST(the_board_tells_what_is_due_first),
        TEST(an_appointment_answers_it),
        TEST(a_step_that_came_second_looks_again),
        TEST(a_case_has_an_end),
        TEST(dispositions_are_data),
    };
    return cmocka_run_group_tests(tests, cases_setup, world_teardown);
}
