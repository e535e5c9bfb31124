// The waiting list: who is offered what, in which order, until when, and what settles an entry.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/booking.h"

static char ben[40], cyd[40], first[40], second[40], third[40];

static int setup(void **state)
{
    if (booking_setup(state) != 0)
        return -1;
    world_t *world = *state;
    assert_registered(world, "gp-a1", NUMBER_BEN, "Ben Example", ben);
    assert_registered(world, "gp-a1", NUMBER_CYD, "Cyd Example", cyd);
    return 0;
}

static void wait_for(world_t *world, const char *patient, const char *rest, char id[40])
{
    assert_call(world, "CreateWaitingEntry", "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\"%s}}", patient, booking.service,
                rest);
    keep_id(world, id);
}

static void all_wait(world_t *world)
{
    wait_for(world, booking.ada, "", first);
    wait_for(world, ben, "", second);
    wait_for(world, cyd, "", third);
}

// A slot that was booked and becomes free.
static void become_free(world_t *world, const char *slot)
{
    char id[40];
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slot, booking.ada);
    keep_id(world, id);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", id);
}

static const char *one(world_t *world, const char *format, const char *id)
{
    char sql[500];
    (void)snprintf(sql, sizeof sql, format, id);
    return world_query(world, sql);
}

static void assert_status(world_t *world, const char *id, const char *status)
{
    assert_string_equal(one(world, "SELECT status FROM waiting_entry WHERE id = '%s'", id), status);
}

// What the jobs do, once each; how many slots were offered.
static int run_jobs(world_t *world)
{
    const char *before = world->organisation;
    int offered = 0;
    world->own = true;
    for (;;) {
        const char *id = world_query(world, "SELECT o FROM waiting_to_settle(now(), now()::date) o LIMIT 1");
        if (*id == '\0')
            break;
        assert_call(world, "SettleWaitingEntry", "{\"id\":\"%s\"}", id);
    }
    for (;;) {
        const char *id = world_query(world, "SELECT o FROM slots_to_offer(now()) o LIMIT 1");
        if (*id == '\0')
            break;
        assert_call(world, "OfferSlot", "{\"id\":\"%s\"}", id);
        assert_non_null(world->verdict);
        offered++;
    }
    world->own = false;
    world->organisation = before;
    return offered;
}

static void time_passes(world_t *world)
{
    free(test_database_query(world->database,
                             "UPDATE waiting_entry SET offered_until = now() - interval '1 second' WHERE status = 'offered'; "
                             "UPDATE hold SET expires_at = now() - interval '1 second' WHERE status = 'held'; "
                             "UPDATE slot SET held_until = now() - interval '1 second' WHERE held_until IS NOT NULL"));
}

static void assert_held_for(world_t *world, const char *slot, const char *id)
{
    assert_string_equal(slot_state(world, slot), "held");
    assert_status(world, id, "offered");
    assert_string_equal(one(world,
                            "SELECT count(*) FROM waiting_entry w JOIN slot s ON s.id = w.slot AND s.hold = w.hold AND s.held_until = "
                            "w.offered_until JOIN hold h ON h.id = w.hold AND h.holder = w.recorded_from AND h.slots = ARRAY[w.slot] "
                            "WHERE w.id = '%s'",
                            id),
                        "1");
}

static void offers_go_by_time_of_entry(void **state)
{
    world_t *world = *state;
    all_wait(world);
    assert_call(world, "GetWaitingEntry", "{\"id\":\"%s\"}", third);
    assert_reply_has(world, "\"status\":\"waiting\",\"place\":3");
    // What was free all the time is no news.
    assert_int_equal(run_jobs(world), 0);
    become_free(world, booking.slots[1]);
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[1], first);
    assert_status(world, second, "waiting");
    assert_call(world, "GetWaitingEntry", "{\"id\":\"%s\"}", first);
    assert_reply_has(world, "\"status\":\"offered\",\"place\":1,\"offer\":{\"hold\":\"");
    assert_reply_has(world, booking.slots[1]);
    assert_reply_has(world, "\"offers\":1");
    // The next that becomes free goes to the next.
    become_free(world, booking.slots[2]);
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[2], second);
    assert_int_equal(run_jobs(world), 0);
    assert_string_equal(world_query(world, "SELECT string_agg(type, ' ' ORDER BY position) FROM event_queue WHERE type ~ "
                                           "'offered|hold.created'"),
                        "pcn.referral.waiting-entry.offered pcn.referral.hold.created pcn.referral.waiting-entry.offered "
                        "pcn.referral.hold.created");
    assert_call(world, "ListWaitingEntries", "{\"service\":\"%s\",\"pageSize\":2}", booking.service);
    assert_true(strstr(world->reply, first) < strstr(world->reply, second));
    assert_reply_lacks(world, third);
    const char *next = strstr(world->reply, "\"nextPageToken\":\"");
    assert_non_null(next);
    char token[300];
    (void)snprintf(token, sizeof token, "%.*s", (int)strcspn(next + 17, "\""), next + 17);
    assert_call(world, "ListWaitingEntries", "{\"service\":\"%s\",\"pageSize\":2,\"pageToken\":\"%s\"}", booking.service, token);
    assert_reply_has(world, third);
    assert_reply_lacks(world, "nextPageToken");
}

static void what_runs_out_goes_to_the_next(void **state)
{
    world_t *world = *state;
    all_wait(world);
    become_free(world, booking.slots[0]);
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[0], first);
    time_passes(world);
    assert_int_equal(run_jobs(world), 1);
    assert_status(world, first, "waiting");
    assert_held_for(world, booking.slots[0], second);
    // It keeps its place, and is the first for another slot.
    become_free(world, booking.slots[3]);
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[3], first);
    time_passes(world);
    assert_int_equal(run_jobs(world), 2);
    assert_held_for(world, booking.slots[0], third);
    assert_held_for(world, booking.slots[3], second);
    assert_status(world, first, "waiting");
    time_passes(world);
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[3], third);
    // Everybody had it: it is free for all.
    time_passes(world);
    assert_int_equal(run_jobs(world), 0);
    assert_string_equal(slot_state(world, booking.slots[0]), "free");
    assert_string_equal(slot_state(world, booking.slots[3]), "free");
    // Somebody who comes later is offered it all the same.
    assert_call(world, "WithdrawWaitingEntry", "{\"id\":\"%s\"}", third);
    wait_for(world, cyd, "", third);
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[0], third);
}

static void what_is_declined_or_withdrawn_goes_to_the_next(void **state)
{
    world_t *world = *state;
    all_wait(world);
    assert_refusal(world, STATUS_ABORTED, "", "DeclineOffer", "{\"id\":\"%s\"}", first);
    become_free(world, booking.slots[0]);
    assert_int_equal(run_jobs(world), 1);
    assert_call(world, "DeclineOffer", "{\"id\":\"%s\"}", first);
    assert_reply_has(world, "\"status\":\"waiting\",\"place\":1");
    assert_reply_lacks(world, "\"offer\":");
    assert_string_equal(slot_state(world, booking.slots[0]), "held");
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[0], second);
    world->expected_version = 1;
    assert_refusal(world, STATUS_ABORTED, "", "WithdrawWaitingEntry", "{\"id\":\"%s\"}", second);
    world->expected_version = 0;
    assert_call(world, "WithdrawWaitingEntry", "{\"id\":\"%s\"}", second);
    assert_reply_has(world, "\"status\":\"withdrawn\"");
    assert_reply_lacks(world, "\"place\"");
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[0], third);
    assert_refusal(world, STATUS_ABORTED, "", "WithdrawWaitingEntry", "{\"id\":\"%s\"}", second);
    // Who releases the hold itself declined as well.
    const char *hold = one(world, "SELECT hold FROM waiting_entry WHERE id = '%s'", third);
    assert_call(world, "ReleaseHold", "{\"id\":\"%s\"}", hold);
    assert_int_equal(run_jobs(world), 0);
    assert_status(world, third, "waiting");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type = 'pcn.referral.hold.released'"), "3");
    assert_string_equal(world_query(world, "SELECT string_agg(substr(type, 28), ' ' ORDER BY position) FROM event_queue WHERE subject = "
                                           "(SELECT 'waiting-entries/' || id FROM waiting_entry ORDER BY created_at, id LIMIT 1)"),
                        "created offered offer-declined");
}

static void an_offer_is_booked(void **state)
{
    world_t *world = *state;
    all_wait(world);
    become_free(world, booking.slots[0]);
    become_free(world, booking.slots[1]);
    assert_int_equal(run_jobs(world), 2);
    // By its hold alone; not for somebody else.
    const char *slot = one(world, "SELECT slot FROM waiting_entry WHERE id = '%s'", first);
    char kept[40], hold[40], appointment[40];
    (void)snprintf(kept, sizeof kept, "%s", slot);
    (void)snprintf(hold, sizeof hold, "%s", one(world, "SELECT hold FROM waiting_entry WHERE id = '%s'", first));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "hold", "CreateAppointment", "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, cyd);
    assert_call(world, "CreateAppointment", "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, booking.ada);
    keep_id(world, appointment);
    assert_status(world, first, "booked");
    assert_string_equal(slot_state(world, kept), "booked");
    assert_call(world, "GetWaitingEntry", "{\"id\":\"%s\"}", first);
    assert_reply_has(world, appointment);
    assert_refusal(world, STATUS_ABORTED, "", "WithdrawWaitingEntry", "{\"id\":\"%s\"}", first);
    // By the entry, which stands for its hold.
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "waitingEntry", "CreateAppointment", "{\"waitingEntry\":\"%s\",\"patient\":\"%s\"}",
                   second, cyd);
    assert_refusal(world, STATUS_ABORTED, "waitingEntry", "CreateAppointment",
                   "{\"waitingEntry\":\"%s\",\"patient\":\"%s\",\"slots\":[\"%s\"]}", second, ben, booking.slots[4]);
    assert_call(world, "CreateAppointment", "{\"waitingEntry\":\"%s\",\"patient\":\"%s\"}", second, ben);
    assert_status(world, second, "booked");
    // Without an offer, by slots of one's choice.
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "slots", "CreateAppointment", "{\"waitingEntry\":\"%s\",\"patient\":\"%s\"}", third,
                   cyd);
    assert_call(world, "CreateAppointment", "{\"waitingEntry\":\"%s\",\"patient\":\"%s\",\"slots\":[\"%s\"]}", third, cyd,
                booking.slots[4]);
    assert_status(world, third, "booked");
    assert_refusal(world, STATUS_ABORTED, "", "CreateAppointment", "{\"waitingEntry\":\"%s\",\"patient\":\"%s\",\"slots\":[\"%s\"]}", third,
                   cyd, booking.slots[5]);
    assert_refusal(world, STATUS_NOT_FOUND, "waitingEntry", "CreateAppointment",
                   "{\"waitingEntry\":\"%s\",\"patient\":\"%s\",\"slots\":[\"%s\"]}", cyd, cyd, booking.slots[5]);
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type = 'pcn.referral.waiting-entry.booked'"), "3");
    assert_int_equal(run_jobs(world), 0);
}

// An appointment that is moved onto what is offered uses the offer up.
static void an_offer_is_moved_onto(void **state)
{
    world_t *world = *state;
    char appointment[40], hold[40];
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[5], booking.ada);
    keep_id(world, appointment);
    all_wait(world);
    become_free(world, booking.slots[0]);
    assert_int_equal(run_jobs(world), 1);
    (void)snprintf(hold, sizeof hold, "%s", one(world, "SELECT hold FROM waiting_entry WHERE id = '%s'", first));
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"hold\":\"%s\"}", appointment, hold);
    assert_refusal(world, STATUS_ABORTED, "", "DeclineOffer", "{\"id\":\"%s\"}", first);
    // What it left became free: the second is offered that.
    assert_int_equal(run_jobs(world), 1);
    assert_status(world, first, "booked");
    assert_held_for(world, booking.slots[5], second);
}

// Nobody comes in between: what becomes free is kept from the moment on, until the job offers it.
static void what_becomes_free_is_kept_at_once(void **state)
{
    world_t *world = *state;
    char appointment[40], hold[40];
    // Where nobody waits it is free for all.
    become_free(world, booking.slots[0]);
    assert_string_equal(slot_state(world, booking.slots[0]), "free");
    wait_for(world, booking.ada, "", first);
    become_free(world, booking.slots[1]);
    assert_string_equal(slot_state(world, booking.slots[1]), "held");
    world->organisation = "gp-a2";
    assert_refusal(world, STATUS_ALREADY_EXISTS, "id", "HoldSlot", "{\"id\":\"%s\"}", booking.slots[1]);
    world->organisation = "gp-a1";
    assert_refusal(world, STATUS_ALREADY_EXISTS, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[1], ben);
    // What was free all the time is no news, and not kept when a hold of it is given up.
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", booking.slots[2]);
    keep_id(world, hold);
    assert_call(world, "ReleaseHold", "{\"id\":\"%s\"}", hold);
    assert_string_equal(slot_state(world, booking.slots[2]), "free");
    // The one that became free before anybody waited is offered as well, and the other.
    wait_for(world, ben, "", second);
    assert_int_equal(run_jobs(world), 2);
    assert_held_for(world, booking.slots[0], first);
    assert_held_for(world, booking.slots[1], second);
    // A move leaves its slot to who waits; so does whoever declines.
    wait_for(world, cyd, "", third);
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[3], booking.ada);
    keep_id(world, appointment);
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", appointment, booking.slots[4]);
    assert_string_equal(slot_state(world, booking.slots[3]), "held");
    assert_string_equal(one(world, "SELECT hold = waiting_mark() FROM slot WHERE id = '%s'", booking.slots[3]), "t");
    assert_call(world, "DeclineOffer", "{\"id\":\"%s\"}", first);
    assert_string_equal(one(world, "SELECT hold = waiting_mark() FROM slot WHERE id = '%s'", booking.slots[0]), "t");
    // Nobody is told of it as of a hold, and it runs out by itself.
    assert_string_equal(world_query(world, "SELECT count(*) FROM hold WHERE id = waiting_mark()"), "0");
    free(test_database_query(world->database, "UPDATE slot SET held_until = now() - interval '1 second' WHERE hold = waiting_mark()"));
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[3], ben);
    // For whom it does not fit, or who sees the patient no more, it is not kept.
    assert_call(world, "WithdrawWaitingEntry", "{\"id\":\"%s\"}", third);
    assert_call(world, "WithdrawWaitingEntry", "{\"id\":\"%s\"}", first);
    wait_for(world, cyd, ",\"channel\":\"telephone\"", third);
    become_free(world, booking.slots[5]);
    assert_string_equal(slot_state(world, booking.slots[5]), "free");
}

static void what_does_not_fit_is_passed_over(void **state)
{
    world_t *world = *state;
    char day[40], rest[200], fourth[40];
    (void)snprintf(day, sizeof day, "%s",
                   one(world, "SELECT (start_at AT TIME ZONE 'Europe/London')::date FROM slot WHERE id = '%s'", booking.slots[0]));
    wait_for(world, booking.ada, ",\"kind\":\"urgent\"", first);
    wait_for(world, booking.ada, ",\"channel\":\"telephone\"", second);
    (void)snprintf(rest, sizeof rest, ",\"to\":\"%s\"", one(world, "SELECT '%s'::date - 1", day));
    wait_for(world, ben, rest, third);
    become_free(world, booking.slots[0]);
    assert_int_equal(run_jobs(world), 0);
    (void)snprintf(rest, sizeof rest, ",\"kind\":\"core\",\"channel\":\"in-person\",\"from\":\"%s\",\"to\":\"%s\"", day, day);
    wait_for(world, cyd, rest, fourth);
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[0], fourth);
    // A slot that is kept for others is not offered to who waits for somebody else's.
    time_passes(world);
    assert_int_equal(run_jobs(world), 0);
    assert_call(world, "WithdrawWaitingEntry", "{\"id\":\"%s\"}", third);
    free(test_database_query(world->database, "UPDATE schedule_template SET organisations = ARRAY['pcn-b']"));
    wait_for(world, ben, "", fourth);
    assert_int_equal(run_jobs(world), 0);
    free(test_database_query(world->database,
                             "UPDATE schedule_template SET organisations = ARRAY['pcn-a'], organisation_types = ARRAY['trust']"));
    assert_int_equal(run_jobs(world), 0);
    free(test_database_query(world->database, "UPDATE schedule_template SET organisation_types = ARRAY['practice']"));
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[0], fourth);
}

// What was kept for others and went unused is the practice's own: whoever waits there has it, whatever its plan restricts.
static void what_is_taken_back_is_offered_by_its_practice(void **state)
{
    world_t *world = *state;
    char sql[200];
    wait_for(world, booking.ada, "", first);
    world->organisation = "pcn-a";
    wait_for(world, ben, "", second);
    world->organisation = "gp-a1";
    free(test_database_query(world->database,
                             "UPDATE schedule_template SET organisation_types = ARRAY['urgent-care'], notice_minutes = 43200; "
                             "UPDATE waiting_entry SET created_at = created_at - interval '1 hour' WHERE recorded_from = 'pcn-a'"));
    (void)snprintf(sql, sizeof sql, "UPDATE slot SET reclaimed_at = now(), start_at = now() + interval '2 hours' WHERE id = '%s'",
                   booking.slots[0]);
    free(test_database_query(world->database, sql));
    free(test_database_query(world->database, "UPDATE vacancy SET start_at = now() + interval '2 hours'"));
    assert_int_equal(run_jobs(world), 1);
    assert_held_for(world, booking.slots[0], first);
    assert_status(world, second, "waiting");
    assert_string_equal(
        world_query(world, "SELECT offered_until > now() + interval '110 minutes' FROM waiting_entry WHERE status = 'offered'"), "t");
    assert_call(world, "CreateAppointment", "{\"waitingEntry\":\"%s\",\"patient\":\"%s\"}", first, booking.ada);
    assert_status(world, first, "booked");
}

static void the_dead_wait_no_more_and_days_pass(void **state)
{
    world_t *world = *state;
    all_wait(world);
    free(test_database_query(world->database,
                             "UPDATE waiting_entry SET to_on = now()::date - 1, from_on = NULL WHERE patient <> (SELECT id FROM patient "
                             "WHERE nhs_number = '" NUMBER_ADA "')"));
    assert_int_equal(run_jobs(world), 0);
    assert_status(world, first, "waiting");
    assert_status(world, second, "lapsed");
    assert_status(world, third, "lapsed");
    become_free(world, booking.slots[0]);
    free(test_database_query(world->database, "UPDATE patient SET died_on = now()::date WHERE nhs_number = '" NUMBER_ADA "'"));
    assert_int_equal(run_jobs(world), 0);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "patient", "CreateWaitingEntry",
                   "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\",\"kind\":\"core\"}}", booking.ada, booking.service);
}

// Who sees somebody at an appointment sees no entry of theirs; who treats them reads it, and ends nothing.
static void a_mere_look_at_the_record_ends_nothing(void **state)
{
    world_t *world = *state;
    static const char request[] = "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\"}}";
    static const char *const manners[] = {"appointment", "break-glass"};
    wait_for(world, booking.ada, "", first);
    for (size_t i = 0; i < 2; i++) {
        char sql[300];
        (void)snprintf(sql, sizeof sql,
                       "DELETE FROM patient_grant; INSERT INTO patient_grant VALUES ('%s', gen_random_uuid(), 'gp-x', NULL, '%s', now() - "
                       "interval '1 minute', now() + interval '1 hour')",
                       booking.ada, manners[i]);
        free(test_database_query(world->database, sql));
        world->organisation = "gp-x";
        assert_call(world, "GetPatient", "{\"id\":\"%s\"}", booking.ada);
        assert_int_equal(world_call(world, "GetWaitingEntry", "{\"id\":\"%s\"}", first), i > 0 ? STATUS_OK : STATUS_NOT_FOUND);
        assert_int_equal(world_call(world, "WithdrawWaitingEntry", "{\"id\":\"%s\"}", first),
                         i > 0 ? STATUS_PERMISSION_DENIED : STATUS_NOT_FOUND);
        assert_int_equal(world_call(world, "DeclineOffer", "{\"id\":\"%s\"}", first), i > 0 ? STATUS_PERMISSION_DENIED : STATUS_NOT_FOUND);
        if (i == 0)
            assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateWaitingEntry", request, booking.ada, booking.service);
    }
    assert_status(world, first, "waiting");
    world->organisation = "pcn-a";
    assert_call(world, "WithdrawWaitingEntry", "{\"id\":\"%s\"}", first);
}

// Nobody could book what is offered to who recorded it for somebody whom they do not see any more.
static void who_moved_away_is_offered_nothing(void **state)
{
    world_t *world = *state;
    char network[40], moved[40];
    wait_for(world, ben, "", first);
    world->organisation = "pcn-a";
    wait_for(world, cyd, "", second);
    world->organisation = "gp-a1";
    wait_for(world, booking.ada, "", third);
    // Cyd goes to another practice of the network that waits for them; Ben leaves all of them.
    assert_registered(world, "gp-a2", NUMBER_CYD, "Cyd Example", network);
    assert_registered(world, "gp-b1", NUMBER_BEN, "Ben Example", moved);
    become_free(world, booking.slots[0]);
    become_free(world, booking.slots[1]);
    assert_int_equal(run_jobs(world), 2);
    assert_status(world, first, "lapsed");
    assert_status(world, second, "offered");
    assert_status(world, third, "offered");
    assert_string_equal(
        one(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%%.lapsed' AND subject = 'waiting-entries/%s'", first), "1");
}

// Who sees a patient for a while may record an entry: it is passed over as soon as they do not, and goes on where they do again.
static void who_sees_no_patient_any_more_is_passed_over(void **state)
{
    world_t *world = *state;
    wait_for(world, ben, "", first);
    wait_for(world, cyd, "", second);
    free(test_database_query(world->database, "UPDATE waiting_entry SET recorded_from = 'provider-a' WHERE created_at = "
                                              "(SELECT min(created_at) FROM waiting_entry)"));
    become_free(world, booking.slots[0]);
    assert_int_equal(run_jobs(world), 1);
    assert_status(world, first, "waiting");
    assert_status(world, second, "offered");
    free(test_database_query(
        world->database, "INSERT INTO patient_grant (patient, id, organisation, manner, from_at, until) SELECT patient, id, recorded_from, "
                         "'appointment', now() - interval '1 hour', now() + interval '1 hour' FROM waiting_entry "
                         "WHERE recorded_from = 'provider-a'"));
    become_free(world, booking.slots[1]);
    assert_int_equal(run_jobs(world), 1);
    assert_status(world, first, "offered");
}

static void an_entry_is_checked(void **state)
{
    world_t *world = *state;
    static const char request[] = "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\"%s}}";
    wait_for(world, booking.ada, "", first);
    assert_refusal(world, STATUS_ALREADY_EXISTS, "", "CreateWaitingEntry", request, booking.ada, booking.service, "");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "to", "CreateWaitingEntry", request, ben, booking.service, ",\"to\":\"2020-01-01\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "channel", "CreateWaitingEntry", request, ben, booking.service,
                   ",\"channel\":\"online-message\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateWaitingEntry", request, ben, ben, "");
    world->organisation = "gp-b1";
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateWaitingEntry", request, ben, booking.service, "");
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetWaitingEntry", "{\"id\":\"%s\"}", first);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "WithdrawWaitingEntry", "{\"id\":\"%s\"}", first);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "DeclineOffer", "{\"id\":\"%s\"}", first);
    assert_call(world, "ListWaitingEntries", "{\"service\":\"%s\"}", booking.service);
    assert_string_equal(world->reply, "{\"waitingEntries\":[]}");
    assert_call(world, "ListWaitingEntries", "{\"patient\":\"%s\"}", booking.ada);
    assert_string_equal(world->reply, "{\"waitingEntries\":[]}");
    assert_string_equal(asked_untold(world, "SELECT count(*) FROM waiting_entry"), "0");
    world->organisation = "pcn-a";
    assert_call(world, "ListWaitingEntries", "{\"service\":\"%s\"}", booking.service);
    assert_reply_has(world, first);
    free(test_database_query(world->database, "UPDATE patient SET sensitive = true"));
    assert_refusal(world, STATUS_NOT_FOUND, "id", "GetWaitingEntry", "{\"id\":\"%s\"}", first);
    world->organisation = "gp-a1";
    assert_call(world, "ListWaitingEntries", "{\"patient\":\"%s\",\"status\":\"waiting\"}", booking.ada);
    assert_reply_has(world, first);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "service", "ListWaitingEntries", "{}");
}

// What takes place between the look and the save: the slot is gone, the entry is, the offer is booked.
static void who_comes_second_finds_the_next(void **state)
{
    world_t *world = *state;
    char request[200], meanwhile[300], hold[40];
    all_wait(world);
    become_free(world, booking.slots[0]);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", booking.slots[0]);
    world->own = true;
    assert_int_equal(world_race(world,
                                "UPDATE waiting_entry SET status = 'withdrawn', version = version + 1 WHERE created_at = (SELECT "
                                "min(created_at) FROM waiting_entry)",
                                "OfferSlot", request),
                     STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_held_for(world, booking.slots[0], second);
    // Nobody but the service itself.
    world->own = false;
    become_free(world, booking.slots[1]);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", booking.slots[1]);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE slot SET status = 'booked' WHERE id = '%s'", booking.slots[1]);
    world->own = true;
    assert_int_equal(world_race(world, meanwhile, "OfferSlot", request), STATUS_OK);
    assert_true(world->verdict == NULL);
    assert_status(world, third, "waiting");
    world->own = false;
    // The offer is settled while somebody declines it, and while somebody books it.
    (void)snprintf(hold, sizeof hold, "%s", one(world, "SELECT hold FROM waiting_entry WHERE id = '%s'", second));
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\"}", second);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE hold SET status = 'used', version = version + 1 WHERE id = '%s'", hold);
    assert_int_equal(world_race(world, meanwhile, "DeclineOffer", request), STATUS_ABORTED);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE hold SET status = 'held' WHERE id = '%s'", hold);
    free(test_database_query(world->database, meanwhile));
    (void)snprintf(request, sizeof request, "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold, ben);
    (void)snprintf(meanwhile, sizeof meanwhile,
                   "UPDATE waiting_entry SET status = 'withdrawn', version = version + 1, hold = NULL, slot = NULL, slot_start = NULL, "
                   "slot_end = NULL, "
                   "slot_channel = NULL, offered_until = NULL WHERE id = '%s'",
                   second);
    assert_int_equal(world_race(world, meanwhile, "CreateAppointment", request), STATUS_OK);
    assert_status(world, second, "withdrawn");
}

static void an_offer_ends_with_its_time_as_data(void **state)
{
    world_t *world = *state;
    assert_call(world, "UpdateServiceKind", "{\"code\":\"general-practice\",\"serviceKind\":{\"offerMinutes\":30}}");
    assert_reply_has(world, "\"offerMinutes\":30");
    wait_for(world, ben, "", first);
    become_free(world, booking.slots[0]);
    assert_int_equal(run_jobs(world), 1);
    assert_string_equal(world_query(world,
                                    "SELECT offered_until BETWEEN now() + interval '29 minutes' AND now() + interval '30 minutes' FROM "
                                    "waiting_entry"),
                        "t");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue q WHERE q::text ~ 'Example|9996000'"), "0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(offers_go_by_time_of_entry),
        TEST(what_runs_out_goes_to_the_next),
        TEST(what_is_declined_or_withdrawn_goes_to_the_next),
        TEST(an_offer_is_booked),
        TEST(an_offer_is_moved_onto),
        TEST(what_becomes_free_is_kept_at_once),
        TEST(what_does_not_fit_is_passed_over),
        TEST(what_is_taken_back_is_offered_by_its_practice),
        TEST(the_dead_wait_no_more_and_days_pass),
        TEST(who_moved_away_is_offered_nothing),
        TEST(who_sees_no_patient_any_more_is_passed_over),
        TEST(an_entry_is_checked),
        TEST(a_mere_look_at_the_record_ends_nothing),
        TEST(who_comes_second_finds_the_next),
        TEST(an_offer_ends_with_its_time_as_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
