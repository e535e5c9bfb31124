// Online consultations: from a request to its end, who sees one, what is late, and what leaves the service.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/referral/settings.h"
#include "tests/integration/referral/patients.h"

static char surgery[40], clinic[40], patient[40], id[40];

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->scopes[0] = "services.clinical";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Surgery\",\"kind\":\"general-practice\",\"provider\":\"gp-a1\",\"targetMinutes\":120,"
                "\"channels\":[\"online-message\",\"video\"]}}");
    keep_id(world, surgery);
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Skin clinic\",\"kind\":\"specialist-clinic\",\"specialty\":\"dermatology\","
                "\"provider\":\"provider-a\",\"channels\":[\"online-message\",\"in-person\"]}}");
    keep_id(world, clinic);
    world->unlimited = false;
    world->organisation = "gp-a1";
    assert_registered(world, "gp-a1", NUMBER_ADA, "Zebedee Quill", patient);
    return 0;
}

static void ask(world_t *world, const char *service)
{
    assert_call(
        world, "CreateOnlineConsultation",
        "{\"onlineConsultation\":{\"patient\":\"%s\",\"service\":\"%s\",\"answers\":[{\"question\":\"symptom\",\"answer\":\"An itching "
        "rash\"},{\"question\":\"since\",\"answer\":\"Four days\"}]}}",
        patient, service);
    keep_id(world, id);
}

static void one_is_triaged_and_answered(void **state)
{
    world_t *world = *state;
    ask(world, surgery);
    assert_reply_has(world, "\"status\":\"requested\"");
    assert_reply_has(world, "\"organisation\":\"gp-a1\"");
    assert_reply_has(world, "\"triageLate\":false");
    assert_reply_has(world, "\"recordedFrom\":\"gp-a1\"");
    assert_reply_has(world, "\"synthetic\":true");
    assert_int_equal(world->version, 1);
    assert_refusal(world, STATUS_ABORTED, "", "AnswerOnlineConsultation", "{\"id\":\"%s\",\"text\":\"Keep it dry\"}", id);
    assert_call(world, "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"routine\"}", id);
    assert_reply_has(world, "\"status\":\"triaged\",\"urgency\":\"routine\"");
    world->expected_version = 1;
    assert_refusal(world, STATUS_ABORTED, "", "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    world->expected_version = 2;
    assert_call(world, "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    world->expected_version = 0;
    assert_call(world, "AnswerOnlineConsultation", "{\"id\":\"%s\",\"text\":\"Keep it dry\"}", id);
    assert_reply_has(world, "\"status\":\"answered\",\"urgency\":\"soon\"");
    assert_reply_has(world, "\"outcome\":\"online-message\"");
    assert_reply_has(world, "\"from\":\"practice\",\"text\":\"Keep it dry\",\"subject\":\"tester\",\"organisation\":\"gp-a1\"");
    assert_call(world, "AddConsultationMessage", "{\"id\":\"%s\",\"message\":{\"from\":\"patient\",\"text\":\"Thank you\"}}", id);
    assert_refusal(world, STATUS_ABORTED, "", "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    assert_call(world, "CloseOnlineConsultation", "{\"id\":\"%s\",\"reason\":\"Better\"}", id);
    assert_reply_has(world, "\"closeReason\":\"Better\"");
    assert_refusal(world, STATUS_ABORTED, "", "AddConsultationMessage",
                   "{\"id\":\"%s\",\"message\":{\"from\":\"patient\",\"text\":\"So\"}}", id);
    assert_call(world, "GetOnlineConsultation", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"answers\":[{\"question\":\"symptom\",\"answer\":\"An itching rash\"},{\"question\":\"since\"");
    assert_reply_has(world, "\"text\":\"Keep it dry\"");
    assert_reply_has(world, "\"text\":\"Thank you\"");
    assert_int_equal(world->version, 6);
}

static void a_service_must_take_it(void **state)
{
    world_t *world = *state;
    char other[40];
    static const char request[] = "{\"onlineConsultation\":{\"patient\":\"%s\",\"service\":\"%s\",\"answers\":[{\"question\":\"symptom\","
                                  "\"answer\":\"A cough\"}]}}";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateOnlineConsultation", request, patient, patient);
    world->unlimited = true;
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Desk\",\"kind\":\"general-practice\",\"provider\":\"gp-a1\",\"channels\":[\"telephone\"]}}");
    keep_id(world, other);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateOnlineConsultation", request, patient, other);
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Others'\",\"kind\":\"general-practice\",\"provider\":\"gp-b1\",\"areas\":[\"pcn-b\"],"
                "\"channels\":[\"online-message\"]}}");
    keep_id(world, other);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateOnlineConsultation", request, patient, other);
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Trusts alone\",\"kind\":\"general-practice\",\"provider\":\"gp-b1\",\"acceptsFrom\":{\"kinds\":["
                "\"trust\"]},\"channels\":[\"online-message\"]}}");
    keep_id(world, other);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateOnlineConsultation", request, patient, other);
    // Nobody consults for a patient whom they do not see.
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateOnlineConsultation", request, patient, surgery);
    world->organisation = NULL;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "CreateOnlineConsultation", request, patient, surgery);
}

// Everything of the interface answers others as if there were none.
static void assert_hidden(world_t *world, const char *organisation)
{
    world->organisation = organisation;
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetOnlineConsultation", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "AnswerOnlineConsultation", "{\"id\":\"%s\",\"text\":\"So\"}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "AddConsultationMessage",
                   "{\"id\":\"%s\",\"message\":{\"from\":\"specialist\",\"text\":\"So\"}}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "AskSpecialist", "{\"id\":\"%s\",\"service\":\"%s\"}", id, clinic);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "CloseOnlineConsultation", "{\"id\":\"%s\",\"reason\":\"So\"}", id);
    assert_call(world, "ListOnlineConsultations", "{\"organisation\":\"gp-a1\"}");
    assert_string_equal(world->reply, "{\"onlineConsultations\":[]}");
    assert_call(world, "ListOnlineConsultations", "{\"patient\":\"%s\"}", patient);
    assert_string_equal(world->reply, "{\"onlineConsultations\":[]}");
}

static void assert_granted(world_t *world, const char *organisation, const char *manner)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "DELETE FROM patient_grant; INSERT INTO patient_grant VALUES ('%s', gen_random_uuid(), '%s', NULL, '%s', now() - "
                   "interval '1 minute', now() + interval '1 hour')",
                   patient, organisation, manner);
    free(test_database_query(world->database, sql));
    world->organisation = organisation;
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", patient);
}

// Who sees somebody at an appointment sees no consultation of theirs; who treats them reads, and changes nothing.
static void a_mere_look_at_the_record_changes_nothing(void **state)
{
    world_t *world = *state;
    char sql[200];
    static const char request[] = "{\"onlineConsultation\":{\"patient\":\"%s\",\"service\":\"%s\",\"answers\":[{\"question\":\"q\","
                                  "\"answer\":\"a\"}]}}";
    ask(world, surgery);
    assert_call(world, "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    assert_granted(world, "gp-x", "appointment");
    assert_hidden(world, "gp-x");
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateOnlineConsultation", request, patient, surgery);
    assert_granted(world, "gp-x", "break-glass");
    assert_call(world, "GetOnlineConsultation", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "An itching rash");
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "AnswerOnlineConsultation", "{\"id\":\"%s\",\"text\":\"So\"}", id);
    static const char *const senders[] = {"patient", "practice", "specialist"};
    for (size_t i = 0; i < 3; i++)
        assert_refusal(world, STATUS_PERMISSION_DENIED, "", "AddConsultationMessage",
                       "{\"id\":\"%s\",\"message\":{\"from\":\"%s\",\"text\":\"So\"}}", id, senders[i]);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "AskSpecialist", "{\"id\":\"%s\",\"service\":\"%s\"}", id, clinic);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "CloseOnlineConsultation", "{\"id\":\"%s\",\"reason\":\"So\"}", id);
    (void)snprintf(sql, sizeof sql, "UPDATE online_consultation SET close_reason = close_reason WHERE id = '%s' RETURNING 'changed'", id);
    assert_string_equal(asked_as(world, "gp-x", "tester", "0198c0de-0000-7000-8000-00000000000a", sql), "");
    assert_string_equal(asked_as(world, "pcn-a", "tester", "0198c0de-0000-7000-8000-00000000000a", sql), "changed");
}

static void others_see_none(void **state)
{
    world_t *world = *state;
    ask(world, surgery);
    assert_call(world, "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    assert_hidden(world, "gp-a2");
    assert_hidden(world, "pcn-b");
    assert_hidden(world, "gp-x");
    assert_hidden(world, "provider-a");
    // Nor does a right over every organisation reach patients.
    world->unlimited = true;
    assert_hidden(world, "gp-b1");
    world->unlimited = false;
    world->organisation = "pcn-a";
    assert_call(world, "GetOnlineConsultation", "{\"id\":\"%s\"}", id);
    assert_call(world, "ListOnlineConsultations", "{\"organisation\":\"gp-a1\"}");
    assert_reply_has(world, id);
    // What a network sees of its practices' patients ends where one is sensitive.
    free(test_database_query(world->database, "UPDATE patient SET sensitive = true"));
    assert_hidden(world, "pcn-a");
    world->organisation = "gp-a1";
    assert_call(world, "GetOnlineConsultation", "{\"id\":\"%s\"}", id);
}

// The database itself shows nothing to a statement that nobody was told for.
static void the_database_repeats_it(void **state)
{
    world_t *world = *state;
    ask(world, surgery);
    assert_call(world, "AddConsultationMessage", "{\"id\":\"%s\",\"message\":{\"from\":\"patient\",\"text\":\"So\"}}", id);
    problem_t problem = {0};
    static const char *const counts[] = {"SELECT count(*) FROM online_consultation", "SELECT count(*) FROM online_consultation_message"};
    for (size_t i = 0; i < 2; i++) {
        PGresult *result = db_session_exec(world->session, counts[i], &problem);
        assert_non_null(result);
        assert_string_equal(PQgetvalue(result, 0, 0), "0");
        PQclear(result);
    }
}

static void a_specialists_advice_reaches_the_patient(void **state)
{
    world_t *world = *state;
    ask(world, surgery);
    assert_refusal(world, STATUS_ABORTED, "", "AskSpecialist", "{\"id\":\"%s\",\"service\":\"%s\"}", id, clinic);
    assert_call(world, "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "AskSpecialist", "{\"id\":\"%s\",\"service\":\"%s\"}", id, patient);
    assert_call(world, "AskSpecialist", "{\"id\":\"%s\",\"service\":\"%s\"}", id, clinic);
    assert_reply_has(world, "\"specialist\":\"provider-a\"");
    world->organisation = "provider-a";
    assert_call(world, "ListOnlineConsultations", "{\"organisation\":\"provider-a\"}");
    assert_reply_has(world, id);
    assert_call(world, "GetOnlineConsultation", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "An itching rash");
    assert_refusal(world, STATUS_PERMISSION_DENIED, "from", "AddConsultationMessage",
                   "{\"id\":\"%s\",\"message\":{\"from\":\"practice\",\"text\":\"So\"}}", id);
    assert_call(world, "AddConsultationMessage", "{\"id\":\"%s\",\"message\":{\"from\":\"specialist\",\"text\":\"A cream for a week\"}}",
                id);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "AnswerOnlineConsultation", "{\"id\":\"%s\",\"text\":\"So\"}", id);
    assert_refusal(world, STATUS_PERMISSION_DENIED, "", "CloseOnlineConsultation", "{\"id\":\"%s\",\"reason\":\"So\"}", id);
    // The patient's record stays theirs.
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", patient);
    world->organisation = "gp-a1";
    assert_call(world, "GetOnlineConsultation", "{\"id\":\"%s\"}", id);
    assert_reply_has(world,
                     "\"from\":\"specialist\",\"text\":\"A cream for a week\",\"subject\":\"tester\",\"organisation\":\"provider-a\"");
}

static void one_goes_on_at_an_appointment(void **state)
{
    world_t *world = *state;
    static const referral_settings_t settings = {.video_url = "https://video.example/{token}"};
    char slot[40], appointment[40], other[40];
    world->settings = &settings;
    assert_call(world, "CreateScheduleTemplate",
                "{\"scheduleTemplate\":{\"service\":\"%s\",\"name\":\"Calls\",\"kind\":\"core\",\"channel\":\"video\",\"validFrom\":"
                "\"2026-01-01\",\"bankHolidays\":true,\"sessions\":[{\"weekday\":\"tuesday\",\"from\":\"09:00\",\"to\":\"10:00\","
                "\"minutes\":10}]}}",
                surgery);
    ask(world, surgery);
    (void)snprintf(slot, sizeof slot, "%s",
                   world_query(world, "SELECT id FROM slot WHERE start_at > now() + interval '9 days' ORDER BY start_at LIMIT 1"));
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slot, patient);
    keep_id(world, appointment);
    assert_refusal(world, STATUS_ABORTED, "", "ConvertOnlineConsultation", "{\"id\":\"%s\",\"appointment\":\"%s\"}", id, appointment);
    assert_call(world, "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "ConvertOnlineConsultation", "{\"id\":\"%s\",\"appointment\":\"%s\"}",
                   id, slot);
    // Another patient's does not do.
    (void)snprintf(slot, sizeof slot, "%s",
                   world_query(world, "SELECT id FROM slot WHERE start_at > now() + interval '9 days' AND status = 'free' "
                                      "ORDER BY start_at LIMIT 1"));
    assert_registered(world, "gp-a1", NUMBER_BEN, "Ben Example", other);
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slot, other);
    keep_id(world, other);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "ConvertOnlineConsultation", "{\"id\":\"%s\",\"appointment\":\"%s\"}",
                   id, other);
    assert_call(world, "ConvertOnlineConsultation", "{\"id\":\"%s\",\"appointment\":\"%s\"}", id, appointment);
    assert_reply_has(world, "\"status\":\"converted\"");
    assert_reply_has(world, "\"outcome\":\"video\"");
    assert_reply_has(world, appointment);
    assert_reply_has(world, "\"joinUrl\":\"https://video.example/");
    assert_call(world, "GetOnlineConsultation", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"joinUrl\":\"https://video.example/");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue q WHERE q::text ~ 'video.example'"), "0");
    assert_refusal(world, STATUS_ABORTED, "", "ConvertOnlineConsultation", "{\"id\":\"%s\",\"appointment\":\"%s\"}", id, appointment);
    // One that was cancelled neither.
    ask(world, surgery);
    assert_call(world, "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", appointment);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "ConvertOnlineConsultation", "{\"id\":\"%s\",\"appointment\":\"%s\"}",
                   id, appointment);
}

// A made one, due at the minute of today's noon, and triaged where an urgency is given.
static void make(world_t *world, char to[40], int minutes, const char *urgency)
{
    char sql[300];
    ask(world, surgery);
    memcpy(to, id, sizeof id);
    if (urgency != NULL)
        assert_call(world, "TriageOnlineConsultation", "{\"id\":\"%s\",\"urgency\":\"%s\"}", id, urgency);
    (void)snprintf(
        sql, sizeof sql,
        "UPDATE online_consultation SET triage_due = '2026-11-25 12:00Z'::timestamptz + %d * interval '1 minute' WHERE id = '%s'", minutes,
        id);
    free(test_database_query(world->database, sql));
}

static void what_is_due_first_comes_first(void **state)
{
    world_t *world = *state;
    char late[40], soon[40], later[40], routine[40], emergency[40];
    make(world, later, 60, NULL);
    make(world, routine, -60, "routine");
    make(world, late, -1, NULL);
    make(world, emergency, 60, "emergency");
    make(world, soon, 1, NULL);
    world->noon = true;
    const char *const order[] = {late, soon, later, emergency, routine};
    char token[300] = "";
    for (size_t i = 0; i < 5; i++) {
        assert_call(world, "ListOnlineConsultations", "{\"organisation\":\"gp-a1\",\"pageSize\":1%s}", token);
        assert_reply_has(world, order[i]);
        if (i < 3)
            assert_reply_has(world, i == 0 ? "\"triageLate\":true" : "\"triageLate\":false");
        assert_reply_lacks(world, "rash");
        const char *next = strstr(world->reply, "\"nextPageToken\":\"");
        assert_true((next != NULL) == (i < 4));
        if (next != NULL)
            (void)snprintf(token, sizeof token, ",\"pageToken\":\"%.*s\"", (int)strcspn(next + 17, "\""), next + 17);
    }
    assert_call(world, "ListOnlineConsultations", "{\"organisation\":\"gp-a1\",\"status\":\"requested\"}");
    assert_reply_lacks(world, routine);
    assert_call(world, "ListOnlineConsultations", "{\"patient\":\"%s\",\"status\":\"triaged\"}", patient);
    assert_reply_has(world, emergency);
    assert_reply_lacks(world, late);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "organisation", "ListOnlineConsultations", "{}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "patient", "ListOnlineConsultations", "{\"organisation\":\"gp-a1\",\"patient\":\"%s\"}",
                   patient);
    // The job tells of it once.
    assert_string_equal(world_query(world, "SELECT count(*) FROM consultations_overdue('2026-11-25 12:00Z')"), "1");
    world->own = true;
    assert_call(world, "TellOverdueConsultation", "{\"id\":\"%s\"}", late);
    assert_int_equal(world->version, 2);
    assert_call(world, "TellOverdueConsultation", "{\"id\":\"%s\"}", late);
    assert_null(world->verdict);
    assert_call(world, "TellOverdueConsultation", "{\"id\":\"%s\"}", soon);
    assert_null(world->verdict);
    assert_string_equal(world_query(world, "SELECT count(*) FROM consultations_overdue('2026-11-25 12:00Z')"), "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%.overdue'"), "1");
}

static void no_words_leave_the_service(void **state)
{
    world_t *world = *state;
    one_is_triaged_and_answered(state);
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%online-consultation%'"), "6");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue q WHERE q::text ~ 'rash|Keep|Thank|Better|Quill|9996000028'"),
                        "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM audit_queue q WHERE q::text ~ 'rash|Keep|Thank|Better|Quill|9996000028'"),
                        "0");
}

// Two who triage at once: one of them is told of the other's version.
static void a_step_that_came_second_looks_again(void **state)
{
    world_t *world = *state;
    char request[200];
    ask(world, surgery);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"urgency\":\"soon\"}", id);
    assert_int_equal(world_race(world,
                                "UPDATE online_consultation SET version = 2, status = 'triaged', urgency = 'emergency', triaged_at = now()",
                                "TriageOnlineConsultation", request),
                     STATUS_OK);
    assert_int_equal(world->version, 3);
    assert_int_equal(world->loads, 2);
    assert_int_equal(world_race(world,
                                "UPDATE online_consultation SET version = 4, status = 'closed', closed_at = now(), close_reason = 'So'",
                                "TriageOnlineConsultation", request),
                     STATUS_ABORTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_is_triaged_and_answered),
        TEST(a_service_must_take_it),
        TEST(others_see_none),
        TEST(a_mere_look_at_the_record_changes_nothing),
        TEST(the_database_repeats_it),
        TEST(a_specialists_advice_reaches_the_patient),
        TEST(one_goes_on_at_an_appointment),
        TEST(what_is_due_first_comes_first),
        TEST(no_words_leave_the_service),
        TEST(a_step_that_came_second_looks_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
