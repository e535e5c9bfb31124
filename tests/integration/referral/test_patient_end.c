// What ends with a patient's death, and what is left of two records' waiting once they are one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/booking.h"

#define CONSULTATION                                                                                                                       \
    "{\"onlineConsultation\":{\"patient\":\"%s\",\"service\":\"%s\",\"answers\":[{\"question\":\"What\",\"answer\":\"Pain\"}]}}"

static char online[40];

static int setup(void **state)
{
    if (booking_setup(state) != 0)
        return -1;
    world_t *world = *state;
    assert_call(
        world, "CreateService",
        "{\"service\":{\"name\":\"Online\",\"kind\":\"general-practice\",\"provider\":\"gp-a1\",\"channels\":[\"online-message\"]}}");
    keep_id(world, online);
    return 0;
}

static const char *one(world_t *world, const char *format, const char *id)
{
    char sql[600];
    (void)snprintf(sql, sizeof sql, format, id);
    return world_query(world, sql);
}

static void book(world_t *world, const char *patient, const char *slot, char id[40])
{
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slot, patient);
    keep_id(world, id);
}

static void wait_for(world_t *world, const char *patient, const char *rest, char id[40])
{
    assert_call(world, "CreateWaitingEntry", "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\"%s}}", patient, booking.service,
                rest);
    keep_id(world, id);
}

// Offers the slot to the first who waits, as the job does.
static void offer(world_t *world, const char *slot)
{
    char id[40];
    book(world, booking.ada, slot, id);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", id);
    const char *before = world->organisation;
    world->own = true;
    assert_call(world, "OfferSlot", "{\"id\":\"%s\"}", slot);
    world->own = false;
    world->organisation = before;
    assert_string_equal(slot_state(world, slot), "held");
}

static const char *events_since(world_t *world, const char *position)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "SELECT string_agg(substr(type, 14) || ' ' || version, ', ' ORDER BY position) FROM event_queue WHERE position > %s",
                   position);
    return world_query(world, sql);
}

static char *position(world_t *world)
{
    return strdup(world_query(world, "SELECT max(position) FROM event_queue"));
}

static void refer(world_t *world, const char *patient, char id[40])
{
    assert_call(world, "CreateReferral",
                "{\"referral\":{\"patient\":\"%s\",\"specialty\":\"dermatology\",\"priority\":\"routine\",\"reason\":\"A mole\"}}",
                patient);
    keep_id(world, id);
}

static void what_is_to_come_ends_with_a_death(void **state)
{
    world_t *world = *state;
    char dora[40], ben[40], booked[40], moved[40], beside[40], past[40], entry[40], asked[40], others[40], draft[40], sent[40], ended[40];
    assert_registered(world, "gp-a1", "9996000060", "Dora", dora);
    assert_registered(world, "gp-a1", NUMBER_BEN, "Ben", ben);
    book(world, dora, booking.slots[0], booked);
    book(world, dora, booking.slots[1], moved);
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", moved, booking.slots[2]);
    // Beside somebody else's, whose booking stays.
    book(world, ben, booking.slots[3], others);
    world->scopes[1] = "appointments.overbook";
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\",\"overbookReason\":\"Between\"}", booking.slots[3],
                dora);
    keep_id(world, beside);
    // One that was yesterday, whatever came of it.
    book(world, dora, booking.slots[4], past);
    free(test_database_query(world->database, one(world,
                                                  "SELECT 'UPDATE appointment SET start_at = now() - interval ''1 day'', end_at = now() - "
                                                  "interval ''23 hours'' WHERE id = ''%s'''",
                                                  past)));
    wait_for(world, dora, "", entry);
    offer(world, booking.slots[5]);
    assert_call(world, "CreateOnlineConsultation", CONSULTATION, dora, online);
    keep_id(world, asked);
    refer(world, dora, draft);
    refer(world, dora, sent);
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", sent);
    refer(world, dora, ended);
    assert_call(world, "CancelReferral", "{\"id\":\"%s\",\"reason\":\"Better\"}", ended);
    char *from = position(world);
    assert_call(world, "RecordDeath", "{\"id\":\"%s\",\"on\":\"%s\"}", dora, world->today);
    assert_string_equal(events_since(world, from),
                        "patient.died 2, appointment.cancelled 2, appointment.cancelled 3, appointment.cancelled 2, "
                        "waiting-entry.withdrawn 3, hold.released 2, online-consultation.closed 2, referral.cancelled 2, "
                        "referral.cancelled 3");
    free(from);
    assert_string_equal(
        one(world, "SELECT string_agg(state || ' ' || version, ', ' ORDER BY created_at) FROM referral WHERE patient = '%s'", dora),
        "cancelled 2, cancelled 3, cancelled 2");
    assert_string_equal(one(world, "SELECT string_agg(stop, ', ') FROM referral_clock WHERE patient = '%s'", dora), "died");
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", sent);
    assert_reply_has(world, "\"from\":\"triage\",\"to\":\"cancelled\"");
    assert_reply_has(world, "\"reason\":\"patient-died\"}]");
    assert_reply_has(world, "\"stop\":\"died\"");
    assert_string_equal(world_query(world,
                                    "SELECT count(*) FROM event_queue WHERE type LIKE '%referral.cancelled' AND data::jsonb ->> 'state' = "
                                    "'cancelled' AND data::jsonb ->> 'ersState' = 'CANCELLED_REFERRAL'"),
                        "3");
    assert_string_equal(
        one(world, "SELECT string_agg(status || ' ' || version, ', ' ORDER BY start_at) FROM appointment WHERE patient = '%s'", dora),
        "booked 1, cancelled 2, cancelled 3, cancelled 2");
    assert_call(world, "GetAppointment", "{\"id\":\"%s\"}", moved);
    assert_reply_has(world, "\"status\":\"cancelled\"");
    assert_reply_has(world, "\"cancelledBy\":\"provider\",\"cancelReason\":\"The patient died\"");
    assert_reply_has(world, "\"cancelCode\":\"patient-died\"");
    // Of each the event says that nobody chose to cancel it, and the database has what it says.
    assert_string_equal(world_query(world,
                                    "SELECT count(*) FROM event_queue q JOIN appointment a ON q.subject = 'appointments/' || a.id AND "
                                    "q.version = a.version WHERE q.data::jsonb ->> 'cancelCode' = 'patient-died' AND "
                                    "q.data::jsonb ->> 'status' = 'cancelled' AND q.data::jsonb ->> 'cancelledBy' = 'provider'"),
                        "3");
    static const char *const states[BOOKING_SLOTS] = {"free", "free", "free", "booked", "booked", "free"};
    for (int i = 0; i < BOOKING_SLOTS; i++)
        assert_string_equal(slot_state(world, booking.slots[i]), states[i]);
    assert_string_equal(one(world, "SELECT status || ' ' || version FROM waiting_entry WHERE id = '%s'", entry), "withdrawn 3");
    assert_string_equal(world_query(world, "SELECT string_agg(status || ' ' || version, ',') FROM hold"), "released 2");
    assert_string_equal(
        one(world, "SELECT status || ' ' || version || ' ' || close_reason FROM online_consultation WHERE id = '%s'", asked),
        "closed 2 The patient died");
    // Who sees them at what is cancelled sees the record no longer.
    assert_string_equal(one(world,
                            "SELECT bool_and(until <= now()) FROM patient_grant g JOIN appointment a ON a.id = g.id AND a.status = "
                            "'cancelled' AND a.patient = '%s'",
                            dora),
                        "t");
    // Taking the death back brings none of it back.
    assert_call(world, "WithdrawDeath", "{\"id\":\"%s\"}", dora);
    assert_string_equal(
        one(world, "SELECT count(*) FROM appointment WHERE patient = '%s' AND status = 'booked' AND start_at > now()", dora), "0");
    assert_string_equal(one(world, "SELECT status FROM waiting_entry WHERE id = '%s'", entry), "withdrawn");
    book(world, dora, booking.slots[0], booked);
    // A day that is corrected ends what was recorded meanwhile, and nothing twice.
    from = position(world);
    assert_call(world, "RecordDeath", "{\"id\":\"%s\",\"on\":\"%s\"}", dora, world->today);
    assert_string_equal(events_since(world, from), "patient.died 4, appointment.cancelled 2");
    free(from);
    from = position(world);
    assert_call(world, "RecordDeath", "{\"id\":\"%s\",\"on\":\"%s\"}", dora, world->today);
    assert_string_equal(events_since(world, from), "patient.died 5");
    free(from);
}

// What is asked and done for a patient by others ends in the same step: nobody rings the family, and no clock runs on.
static void what_others_do_ends_with_a_death(void **state)
{
    world_t *world = *state;
    char dora[40], clinic[40], advice[40], over[40], prescription[40], opened[40];
    assert_registered(world, "gp-a1", "9996000192", "Dora", dora);
    world->unlimited = true;
    assert_call(
        world, "CreateService",
        "{\"service\":{\"name\":\"Skin\",\"kind\":\"specialist-clinic\",\"provider\":\"provider-a\",\"channels\":[\"in-person\"]}}");
    keep_id(world, clinic);
    world->unlimited = false;
    for (int i = 0; i < 2; i++) {
        assert_call(world, "CreateAdvice",
                    "{\"advice\":{\"patient\":\"%s\",\"service\":\"%s\",\"specialty\":\"dermatology\",\"question\":\"A rash\"}}", dora,
                    clinic);
        keep_id(world, i == 0 ? over : advice);
    }
    assert_call(world, "CancelAdvice", "{\"id\":\"%s\",\"reason\":\"Better\"}", over);
    assert_call(world, "CreateSocialPrescription",
                "{\"socialPrescription\":{\"patient\":\"%s\",\"needs\":[\"loneliness\"],\"organisation\":\"vol-a\"}}", dora);
    keep_id(world, prescription);
    world->organisation = "gp-x";
    assert_call(world, "CreateUrgentCase",
                "{\"nhsNumber\":\"9996000192\",\"birthDate\":\"1956-03-14\",\"disposition\":\"crisis-response\"}");
    keep_id(world, opened);
    world->organisation = "gp-a1";
    char *from = position(world);
    assert_call(world, "RecordDeath", "{\"id\":\"%s\",\"on\":\"%s\"}", dora, world->today);
    assert_string_equal(events_since(world, from), "patient.died 2, advice-request.closed 2, social-prescription.closed 2, "
                                                   "urgent-case.closed 2");
    // The events say what is there.
    char sql[600];
    (void)snprintf(
        sql, sizeof sql,
        "SELECT count(*) FROM event_queue q WHERE q.position > %s AND (q.data::jsonb ->> 'state', q.data::jsonb ->> 'patient') IN "
        "(SELECT a.state, a.patient::text FROM advice a WHERE a.id = '%s' AND a.ended = q.data::jsonb ->> 'end' "
        "UNION ALL SELECT s.state, s.patient::text FROM social_prescription s WHERE s.id = '%s' AND s.ended "
        "UNION ALL SELECT c.state, c.patient::text FROM urgent_case c WHERE c.id = '%s' AND c.outcome = q.data::jsonb ->> 'outcome')",
        from, advice, prescription, opened);
    assert_string_equal(world_query(world, sql), "3");
    free(from);
    assert_call(world, "GetAdvice", "{\"id\":\"%s\"}", over);
    assert_reply_has(world, "\"end\":\"cancelled\"");
    assert_call(world, "GetAdvice", "{\"id\":\"%s\"}", advice);
    assert_reply_has(world, "\"state\":\"conversation-ended\",\"end\":\"closed\"");
    assert_call(world, "GetSocialPrescription", "{\"id\":\"%s\"}", prescription);
    assert_reply_has(world, "{\"from\":\"offered\",\"to\":\"closed\",\"at\":\"");
    assert_reply_has(world, "\"endReason\":\"The patient died\"");
    world->organisation = "vol-a";
    assert_int_equal(world_call(world, "AcceptPrescription", "{\"id\":\"%s\"}", prescription), STATUS_ABORTED);
    world->organisation = "gp-x";
    assert_call(world, "GetUrgentCase", "{\"id\":\"%s\"}", opened);
    assert_reply_has(world, "\"outcome\":\"died\"");
    assert_reply_has(world, "{\"from\":\"disposed\",\"to\":\"closed\",\"at\":\"");
    assert_reply_has(world, "\"breached\":false");
    assert_reply_lacks(world, "minutesLeft");
    world->organisation = "gp-a1";
}

// What is booked, moved or given up between the look and the save is met by a second look.
static void what_comes_meanwhile_ends_too(void **state)
{
    world_t *world = *state;
    char eve[40], booked[40], request[200], meanwhile[400];
    assert_registered(world, "gp-a1", "9996000079", "Eve", eve);
    book(world, eve, booking.slots[1], booked);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"on\":\"%s\"}", eve, world->today);
    (void)snprintf(meanwhile, sizeof meanwhile, "UPDATE appointment SET version = version + 1 WHERE id = '%s'", booked);
    char *from = position(world);
    assert_int_equal(world_race(world, meanwhile, "RecordDeath", request), STATUS_OK);
    assert_string_equal(events_since(world, from), "patient.died 2, appointment.cancelled 3");
    free(from);
    assert_string_equal(one(world, "SELECT status || ' ' || version FROM appointment WHERE id = '%s'", booked), "cancelled 3");
}

static void two_records_wait_once(void **state)
{
    world_t *world = *state;
    char id[40], left[40], first[40], second[40], telephone[40], ben[40], bens[40];
    assert_registered(world, "gp-a1", "9996000087", "Mia", id);
    assert_registered(world, "gp-a1", "9996000095", "Mia", left);
    assert_registered(world, "gp-a1", NUMBER_CYD, "Cyd", ben);
    wait_for(world, id, "", first);
    wait_for(world, left, ",\"channel\":\"telephone\"", telephone);
    wait_for(world, left, "", second);
    wait_for(world, ben, "", bens);
    // The first is offered one slot, the second the other.
    offer(world, booking.slots[0]);
    offer(world, booking.slots[1]);
    assert_string_equal(one(world, "SELECT slot FROM waiting_entry WHERE id = '%s'", second), booking.slots[1]);
    char *from = position(world);
    assert_call(world, "MergePatient", "{\"id\":\"%s\",\"into\":\"%s\"}", id, left);
    assert_string_equal(events_since(world, from), "patient.merged 2, patient.updated 2, waiting-entry.withdrawn 3, hold.released 2");
    free(from);
    assert_string_equal(one(world, "SELECT status FROM waiting_entry WHERE id = '%s'", first), "offered");
    assert_string_equal(one(world, "SELECT status FROM waiting_entry WHERE id = '%s'", telephone), "waiting");
    assert_string_equal(one(world, "SELECT status || ' ' || version FROM waiting_entry WHERE id = '%s'", second), "withdrawn 3");
    assert_string_equal(one(world, "SELECT count(*) FROM waiting_entry WHERE patient = '%s'", left), "3");
    assert_string_equal(one(world,
                            "SELECT data::jsonb ->> 'patient' FROM event_queue WHERE type LIKE '%%withdrawn' AND subject = "
                            "'waiting-entries/%s'",
                            second),
                        left);
    // What the second gave up goes to the next who waits.
    assert_string_equal(slot_state(world, booking.slots[1]), "held");
    world->own = true;
    assert_call(world, "OfferSlot", "{\"id\":\"%s\"}", booking.slots[1]);
    world->own = false;
    world->organisation = "gp-a1";
    assert_string_equal(one(world, "SELECT slot FROM waiting_entry WHERE id = '%s'", bens), booking.slots[1]);
}

// The later one of them may be the double's, and what was recorded meanwhile counts.
static void the_earlier_one_stays_whosever_it_is(void **state)
{
    world_t *world = *state;
    char id[40], left[40], first[40], second[40], request[200], meanwhile[800];
    assert_registered(world, "gp-a1", "9996000109", "Noa", id);
    assert_registered(world, "gp-a1", "9996000117", "Noa", left);
    wait_for(world, left, "", first);
    (void)snprintf(
        meanwhile, sizeof meanwhile,
        "INSERT INTO waiting_entry (organisation, id, patient, service, status, recorded_by, recorded_from, version, created_at, "
        "updated_at) SELECT organisation, gen_random_uuid(), '%s', service, 'waiting', recorded_by, recorded_from, 1, now(), now() "
        "FROM waiting_entry WHERE id = '%s'",
        id, first);
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"into\":\"%s\"}", id, left);
    assert_int_equal(world_race(world, meanwhile, "MergePatient", request), STATUS_OK);
    (void)snprintf(second, sizeof second, "%s",
                   one(world, "SELECT id FROM waiting_entry WHERE patient = '%s' ORDER BY created_at DESC LIMIT 1", left));
    assert_string_not_equal(second, first);
    assert_string_equal(one(world, "SELECT status FROM waiting_entry WHERE id = '%s'", first), "waiting");
    assert_string_equal(one(world, "SELECT status || ' ' || version FROM waiting_entry WHERE id = '%s'", second), "withdrawn 2");
}

// Whoever does not keep the record is told nothing of what is to come, whatever the statement says.
static void what_is_to_come_is_for_who_keeps_the_record(void **state)
{
    world_t *world = *state;
    char flo[40], booked[40], sql[200];
    assert_registered(world, "gp-a1", "9996000125", "Flo", flo);
    book(world, flo, booking.slots[2], booked);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM pending_care(ARRAY['%s'::uuid], now())", flo);
    assert_string_equal(asked_as(world, "gp-a1", "tester", "r1", sql), "1");
    assert_string_equal(asked_as(world, "gp-x", "tester", "r1", sql), "0");
    assert_string_equal(asked_untold(world, sql), "0");
    (void)snprintf(sql, sizeof sql, "SELECT patient_die('%s', 1, '2026-11-25', now(), pending_mark(ARRAY['%s'::uuid], now())) IS NULL", flo,
                   flo);
    assert_string_equal(asked_as(world, "gp-x", "tester", "r1", sql), "t");
}

static int afresh(void **state)
{
    world_t *world = *state;
    free(test_database_query(world->database, "TRUNCATE waiting_entry, waiting_offer, online_consultation, online_consultation_message"));
    return booking_afresh(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_to_come_ends_with_a_death, afresh),
        cmocka_unit_test_setup(what_others_do_ends_with_a_death, afresh),
        cmocka_unit_test_setup(what_comes_meanwhile_ends_too, afresh),
        cmocka_unit_test_setup(two_records_wait_once, afresh),
        cmocka_unit_test_setup(the_earlier_one_stays_whosever_it_is, afresh),
        cmocka_unit_test_setup(what_is_to_come_is_for_who_keeps_the_record, afresh),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
