// Patients of a practice that closes: where another goes on in its place they go along from that day, once.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/booking.h"

static char ben[40], cyd[40];

static void change(world_t *world, const char *format, const char *a)
{
    char sql[600];
    (void)snprintf(sql, sizeof sql, format, a);
    free(test_database_query(world->database, sql));
}

static const char *told(world_t *world, const char *format, const char *a)
{
    char sql[600];
    (void)snprintf(sql, sizeof sql, format, a);
    return world_query(world, sql);
}

static int setup(void **state)
{
    if (booking_setup(state) != 0)
        return -1;
    world_t *world = *state;
    assert_registered(world, "gp-a1", NUMBER_BEN, "Ben Example", ben);
    assert_registered(world, "gp-b1", NUMBER_CYD, "Cyd Example", cyd);
    // Long ago, so that days before today are days of these registrations.
    free(test_database_query(world->database, "UPDATE registration SET from_on = '2020-01-01'; "
                                              "UPDATE patient SET registered_from = '2020-01-01'"));
    return 0;
}

// As the registry's event of a merger or a close leaves the copy.
static void close_into(world_t *world, const char *practice, const char *on, const char *successors)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql, "UPDATE organisation SET closed_on = %s, successors = '{%s}' WHERE code = '%s'", on, successors,
                   practice);
    free(test_database_query(world->database, sql));
}

// What the job does until nothing is due; how many patients went.
static int run_job(world_t *world)
{
    const char *before = world->organisation;
    int went = 0;
    world->own = true;
    world->organisation = NULL;
    for (;;) {
        char id[40];
        (void)snprintf(id, sizeof id, "%s", told(world, "SELECT o FROM patients_to_follow('%s') o LIMIT 1", world->today));
        if (id[0] == '\0')
            break;
        assert_call(world, "FollowSuccessor", "{\"id\":\"%s\"}", id);
        assert_string_equal(world->verdict, "done");
        went++;
        assert_true(went < 50);
    }
    world->own = false;
    world->organisation = before;
    return went;
}

// Registrations in days from today; what began long ago begins at "…".
static const char *registered(world_t *world, const char *id)
{
    return told(
        world,
        "SELECT string_agg(practice || ' ' || CASE WHEN from_on = '2020-01-01' THEN '…' ELSE (from_on - now()::date)::text END || ' ' "
        "|| coalesce((to_on - now()::date)::text, '-'), ', ' ORDER BY number) FROM registration WHERE patient = '%s'",
        id);
}

static void patients_go_along_with_a_merger(void **state)
{
    world_t *world = *state;
    char appointment[40], entry[40];
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    keep_id(world, appointment);
    assert_call(world, "CreateWaitingEntry", "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\"}}", booking.ada, booking.service);
    keep_id(world, entry);
    close_into(world, "gp-a1", "now()::date", "gp-a2");
    world->organisation = "gp-a2";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", booking.ada);
    assert_int_equal(run_job(world), 2);
    assert_string_equal(registered(world, booking.ada), "gp-a1 … -1, gp-a2 0 -");
    assert_string_equal(registered(world, ben), "gp-a1 … -1, gp-a2 0 -");
    assert_string_equal(registered(world, cyd), "gp-b1 … -");
    // Once: nothing is due, and who asks all the same changes nothing.
    assert_int_equal(run_job(world), 0);
    world->own = true;
    assert_call(world, "FollowSuccessor", "{\"id\":\"%s\"}", booking.ada);
    assert_null(world->verdict);
    world->own = false;
    // It is told as a transfer is.
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type = 'pcn.referral.patient.transferred'"), "2");
    assert_string_equal(told(world, "SELECT string_agg(practice || ' ' || kind, ', ') FROM notice WHERE patient = '%s'", booking.ada),
                        "gp-a1 patient-left");
    assert_string_equal(
        world_query(world, "SELECT count(*) FROM audit_queue WHERE method LIKE '%FollowSuccessor' AND subject = 'pcn-referral' AND "
                           "organisation = 'gp-a1' AND resource LIKE 'notices/%'"),
        "2");
    // The successor keeps the record and what was booked; who was there before does not see it any more.
    world->organisation = "gp-a2";
    assert_call(world, "GetPatient", "{\"id\":\"%s\"}", booking.ada);
    assert_reply_has(world, "\"practice\":\"gp-a2\"");
    assert_call(world, "GetAppointment", "{\"id\":\"%s\"}", appointment);
    assert_reply_has(world, "\"status\":\"booked\"");
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Elsewhere\"}", appointment);
    assert_call(world, "GetWaitingEntry", "{\"id\":\"%s\"}", entry);
    assert_reply_has(world, "\"status\":\"waiting\"");
    assert_reply_has(world, "\"recordedFrom\":\"gp-a2\"");
    assert_string_equal(world_query(world, "SELECT count(*) FROM waiting_entry WHERE left_behind"), "0");
    world->organisation = "gp-a1";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetPatient", "{\"id\":\"%s\"}", ben);
    assert_call(world, "FindPatients", "{\"nhsNumber\":\"" NUMBER_BEN "\"}");
    assert_string_equal(world->reply, "{\"patients\":[]}");
}

static void nobody_goes_before_the_day_or_after_it_was_taken_back(void **state)
{
    world_t *world = *state;
    close_into(world, "gp-a1", "now()::date + 1", "gp-a2");
    assert_int_equal(run_job(world), 0);
    assert_string_equal(told(world, "SELECT count(*) FROM patients_to_follow('%s'::date + 1)", world->today), "2");
    close_into(world, "gp-a1", "NULL", "");
    assert_string_equal(told(world, "SELECT count(*) FROM patients_to_follow('%s'::date + 1)", world->today), "0");
    world->own = true;
    assert_call(world, "FollowSuccessor", "{\"id\":\"%s\"}", booking.ada);
    assert_null(world->verdict);
    world->own = false;
    assert_string_equal(registered(world, booking.ada), "gp-a1 … -");
    // Nobody else has them follow.
    close_into(world, "gp-a1", "now()::date", "gp-a2");
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "SELECT coalesce(patient_follow('%s', 1, now()::date, gen_random_uuid(), now(), gen_random_uuid(), 'X'), '-')",
                   booking.ada);
    assert_string_equal(asked_as(world, "{gp-a1,gp-a2}", "tester", "00000000-0000-7000-8000-000000000001", sql), "-");
}

static void a_merger_that_is_recorded_later_counts_from_its_day(void **state)
{
    world_t *world = *state;
    // Ben came five days after the close, of which nobody knew.
    change(world, "UPDATE registration SET from_on = now()::date - 5 WHERE patient = '%s'", ben);
    change(world, "UPDATE patient SET registered_from = now()::date - 5 WHERE id = '%s'", ben);
    close_into(world, "gp-a1", "now()::date - 10", "gp-a2");
    assert_int_equal(run_job(world), 2);
    assert_string_equal(registered(world, booking.ada), "gp-a1 … -11, gp-a2 -10 -");
    assert_string_equal(registered(world, ben), "gp-a1 -5 -6, gp-a2 -5 -");
}

static void mergers_follow_each_other(void **state)
{
    world_t *world = *state;
    close_into(world, "gp-a1", "now()::date - 10", "gp-b1");
    close_into(world, "gp-b1", "now()::date - 3", "gp-a2");
    assert_int_equal(run_job(world), 5);
    assert_string_equal(registered(world, booking.ada), "gp-a1 … -11, gp-b1 -10 -4, gp-a2 -3 -");
    assert_string_equal(registered(world, cyd), "gp-b1 … -4, gp-a2 -3 -");
    // Who came to the first when the second was closed, too, goes on to the third at once.
    change(world, "DELETE FROM registration WHERE patient = '%s' AND number > 1", ben);
    change(world, "UPDATE registration SET from_on = now()::date - 1, to_on = NULL WHERE patient = '%s'", ben);
    change(world, "UPDATE patient SET practice = 'gp-a1', registered_from = now()::date - 1 WHERE id = '%s'", ben);
    assert_int_equal(run_job(world), 1);
    assert_string_equal(registered(world, ben), "gp-a1 -1 -2, gp-a2 -1 -");
    // What goes in a circle leads nowhere, and does not run for ever.
    close_into(world, "gp-a2", "now()::date - 2", "gp-a1");
    assert_int_equal(run_job(world), 0);
}

static void without_one_successor_everybody_stays(void **state)
{
    world_t *world = *state;
    static const char *const successors[] = {"", "gp-a2,gp-b1", "provider-a", "gp-nowhere"};
    for (size_t i = 0; i < sizeof successors / sizeof *successors; i++) {
        close_into(world, "gp-a1", "now()::date - 1", successors[i]);
        assert_int_equal(run_job(world), 0);
    }
    // Whoever registers the number has the patient, as by any other transfer.
    world->organisation = "gp-b1";
    assert_call(world, "CreatePatient",
                "{\"patient\":{\"nhsNumber\":\"" NUMBER_ADA "\",\"name\":\"Ada Example\",\"birthDate\":\"1956-03-14\"}}");
    assert_string_equal(registered(world, booking.ada), "gp-a1 … -1, gp-b1 0 -");
}

static void the_dead_stay_and_the_sensitive_go(void **state)
{
    world_t *world = *state;
    world->scopes[1] = "patients.sensitive";
    assert_call(world, "SetSensitive", "{\"id\":\"%s\",\"sensitive\":true}", booking.ada);
    assert_call(world, "RecordDeath", "{\"id\":\"%s\",\"on\":\"%s\"}", ben, world->today);
    close_into(world, "gp-a1", "now()::date", "gp-a2");
    assert_int_equal(run_job(world), 1);
    assert_string_equal(told(world, "SELECT practice || ' ' || sensitive FROM patient WHERE id = '%s'", booking.ada), "gp-a2 true");
    assert_string_equal(told(world, "SELECT practice FROM patient WHERE id = '%s'", ben), "gp-a1");
}

// A record that moves on between the job's look and its save is decided anew.
static void who_leaves_meanwhile_does_not_go_along(void **state)
{
    world_t *world = *state;
    char request[80], meanwhile[400];
    close_into(world, "gp-a1", "now()::date", "gp-a2");
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", booking.ada);
    (void)snprintf(meanwhile, sizeof meanwhile,
                   "UPDATE patient SET practice = NULL, registered_from = NULL, version = version + 1 WHERE id = '%s'", booking.ada);
    world->own = true;
    world->organisation = NULL;
    assert_int_equal(world_race(world, meanwhile, "FollowSuccessor", request), STATUS_OK);
    assert_string_equal(told(world, "SELECT count(*) FROM registration WHERE patient = '%s'", booking.ada), "1");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type = 'pcn.referral.patient.transferred'"), "0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(patients_go_along_with_a_merger),
        TEST(nobody_goes_before_the_day_or_after_it_was_taken_back),
        TEST(a_merger_that_is_recorded_later_counts_from_its_day),
        TEST(mergers_follow_each_other),
        TEST(without_one_successor_everybody_stays),
        TEST(the_dead_stay_and_the_sensitive_go),
        TEST(who_leaves_meanwhile_does_not_go_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
