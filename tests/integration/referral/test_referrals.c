// Referrals: from a draft over triage to an end, every pair of state and verb, the queue, clocks, and what leaves the service.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "services/referral/rules_referral.h"
#include "tests/integration/referral/booking.h"

#define DRAFT "{\"referral\":{\"patient\":\"%s\",\"specialty\":\"%s\",\"priority\":\"%s\",\"reason\":\"A mole that changes\"}}"

#define PATHWAY                                                                                                                            \
    "{\"pathway\":{\"code\":\"moles\",\"version\":%d,\"title\":\"Moles\",\"specialty\":\"dermatology\",\"effectiveFrom\":\"%s\","          \
    "\"consultantLed\":%s,\"questions\":[{\"code\":\"size\",\"text\":\"How "                                                               \
    "wide?\",\"kind\":\"number\",\"required\":true}],\"prioritiesAllowed\":[\"routine\"],\"source\":\"A "                                  \
    "test\",\"confidence\":\"unconfirmed\"}}"

static char clinic[40], elsewhere[40], id[40];
static const char *today;

static void change(world_t *world, const char *sql)
{
    free(test_database_query(world->database, sql));
}

// The booking's world with two services of provider-a: one that consultants lead, and one that they do not.
static int setup(void **state)
{
    if (booking_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->unlimited = true;
    world->scopes[0] = "services.clinical";
    world->scopes[1] = "referrals.triage";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Skin clinic\",\"kind\":\"specialist-clinic\",\"specialty\":\"dermatology\","
                "\"provider\":\"provider-a\",\"channels\":[\"in-person\"]}}");
    keep_id(world, clinic);
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Physiotherapy\",\"kind\":\"specialist-clinic\",\"specialty\":\"physiotherapy\","
                "\"provider\":\"provider-a\",\"channels\":[\"in-person\"]}}");
    keep_id(world, elsewhere);
    world->unlimited = false;
    world->organisation = "gp-a1";
    today = world->today;
    return 0;
}

static void refer(world_t *world)
{
    assert_call(world, "CreateReferral", DRAFT, booking.ada, "dermatology", "routine");
    keep_id(world, id);
}

// The same world as at its beginning.
static int afresh(void **state)
{
    world_t *world = *state;
    change(world,
           "TRUNCATE referral, referral_step, referral_message, referral_clock, pathway, audit_queue; DELETE FROM contact_rule WHERE "
           "specialty <> '*'; UPDATE patient SET sensitive = false");
    world->own = world->noon = false;
    world->today = today;
    if (booking_afresh(state) != 0)
        return -1;
    change(world, "DELETE FROM patient WHERE nhs_number <> '" NUMBER_ADA "'");
    world->scopes[1] = "referrals.triage";
    return 0;
}

// As the caller of an organisation, whoever it was before.
static void as(world_t *world, const char *organisation)
{
    world->organisation = organisation;
}

static void submit(world_t *world)
{
    as(world, "gp-a1");
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
}

static void one_goes_from_a_draft_to_its_end(void **state)
{
    world_t *world = *state;
    refer(world);
    assert_reply_has(world, "\"state\":\"draft\",\"ersState\":\"NOT_BOOKED\"");
    assert_reply_has(world, "\"referrer\":\"gp-a1\"");
    assert_reply_has(world, "\"missing\":[],\"duplicates\":[]");
    assert_reply_has(world, "\"history\":[{\"to\":\"draft\",\"at\":\"");
    assert_reply_has(world, "\"by\":{\"subject\":\"tester\",\"organisation\":\"gp-a1\"}}]");
    assert_reply_has(world, "\"thread\":[]");
    assert_reply_has(world, "\"synthetic\":true");
    assert_reply_lacks(world, "clock");
    assert_reply_lacks(world, "contactBy");
    assert_int_equal(world->version, 1);
    const char *reference = strstr(world->reply, "\"reference\":\"");
    assert_non_null(reference);
    char kept[REFERENCE_SIZE];
    (void)snprintf(kept, sizeof kept, "%.14s", reference + 13);
    assert_true(referral_reference_holds(kept));
    submit(world);
    assert_reply_has(world, "\"state\":\"triage\",\"ersState\":\"AWAITING_TRIAGE\"");
    assert_reply_has(world, "\"overdue\":false");
    assert_reply_has(world, "\"from\":\"draft\",\"to\":\"triage\"");
    assert_reply_has(world, "\"weeks\":0");
    as(world, "ccg-a");
    assert_call(world, "AcceptReferral", "{\"id\":\"%s\",\"service\":\"%s\",\"priority\":\"urgent\"}", id, clinic);
    assert_reply_has(world, "\"state\":\"accepted\",\"ersState\":\"NOT_BOOKED\"");
    assert_reply_has(world, "\"performer\":\"provider-a\"");
    assert_reply_has(world, "\"priority\":\"urgent\"");
    as(world, "provider-a");
    assert_call(world, "DeferReferral", "{\"id\":\"%s\",\"reason\":\"No place so far\"}", id);
    assert_reply_has(world, "\"state\":\"deferred\",\"ersState\":\"DEFERRED_TO_PROVIDER\"");
    assert_call(world, "BookReferral", "{\"id\":\"%s\",\"bookedFor\":\"2030-01-07T10:00:00+01:00\"}", id);
    assert_reply_has(world, "\"state\":\"booked\",\"ersState\":\"BOOKED\"");
    assert_call(world, "CompleteReferral", "{\"id\":\"%s\",\"outcome\":\"active-monitoring\"}", id);
    assert_reply_has(world, "\"state\":\"completed\"");
    assert_reply_has(world, "\"stop\":\"active-monitoring\"");
    as(world, "gp-a1");
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, kept);
    assert_reply_has(world, "\"bookedFor\":\"2030-01-07T09:00:00");
    assert_reply_has(world, "\"outcome\":\"active-monitoring\"");
    assert_reply_has(world, "\"by\":{\"subject\":\"tester\",\"organisation\":\"ccg-a\"}");
    assert_reply_has(world, "\"to\":\"deferred\"");
    assert_reply_has(world, "\"reason\":\"No place so far\"");
    assert_int_equal(world->version, 6);
    assert_string_equal(world_query(world, "SELECT string_agg(coalesce(from_state, '') || '>' || to_state, ' ' ORDER BY number) FROM "
                                           "referral_step"),
                        ">draft draft>triage triage>accepted accepted>deferred deferred>booked booked>completed");
}

// ---- every pair ----

typedef struct verb {
    const char *method, *rest;
    referral_verb_t verb;
} verb_t;

static const verb_t verbs[] = {
    {"UpdateReferral", ",\"referral\":{\"reason\":\"Another\"}", REFERRAL_AMEND},
    {"SubmitReferral", "", REFERRAL_SUBMIT},
    {"ResubmitReferral", ",\"reason\":\"Done\"", REFERRAL_RESUBMIT},
    {"AcceptReferral", "", REFERRAL_ACCEPT},
    {"ReturnReferral", ",\"reason\":\"Try first\"", REFERRAL_RETURN},
    {"RejectReferral", ",\"reason\":\"Not for us\"", REFERRAL_REJECT},
    {"RedirectReferral", ",\"reason\":\"Not for us\"", REFERRAL_REDIRECT},
    {"DeferReferral", ",\"reason\":\"No place\"", REFERRAL_DEFER},
    {"BookReferral", "", REFERRAL_BOOK},
    {"CompleteReferral", "", REFERRAL_COMPLETE},
    {"CancelReferral", ",\"reason\":\"Better\"", REFERRAL_CANCEL},
};

static const char *const states[REFERRAL_STATES] = {NULL,        "draft",    "triage",   "accepted",   "deferred", "booked",
                                                    "completed", "returned", "rejected", "redirected", "cancelled"};

// Puts the referral into a state, as it were after all that leads there.
static void put(world_t *world, const char *to)
{
    char sql[700];
    (void)snprintf(
        sql, sizeof sql,
        "UPDATE referral SET state = '%1$s', "
        "submitted_at = CASE WHEN '%1$s' <> 'draft' THEN now() END, contact_by = CASE WHEN '%1$s' <> 'draft' THEN current_date END, "
        "outcome = CASE WHEN '%1$s' = 'completed' THEN 'treated' END, "
        "closed_on = CASE WHEN '%1$s' IN ('completed', 'rejected', 'redirected', 'cancelled') THEN current_date END "
        "WHERE id = '%2$s'; DELETE FROM referral_clock WHERE referral = '%2$s'",
        to, id);
    change(world, sql);
}

static void every_pair_of_state_and_verb(void **state)
{
    world_t *world = *state;
    refer(world);
    // Above who refers: on either side.
    as(world, "ccg-a");
    unsigned went = 0;
    for (unsigned from = 1; from < REFERRAL_STATES; from++) {
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
            char expected[40];
            referral_state_t to;
            put(world, states[from]);
            const status_t rule = referral_go((referral_state_t)from, verbs[i].verb, &to, NULL);
            const status_t got = world_call(world, verbs[i].method, "{\"id\":\"%s\"%s}", id, verbs[i].rest);
            if (got != rule)
                fail_msg("%s from %s: %s %s", verbs[i].method, states[from], status_name(got), world->problem.detail);
            if (rule == STATUS_OK) {
                (void)snprintf(expected, sizeof expected, "\"state\":\"%s\"", states[to]);
                assert_reply_has(world, expected);
                went++;
            }
        }
    }
    assert_int_equal(went, 19);
}

// ---- sending back, and clocks ----

static void what_is_returned_may_be_sent_again(void **state)
{
    world_t *world = *state;
    refer(world);
    submit(world);
    as(world, "ccg-a");
    assert_call(world, "ReturnReferral", "{\"id\":\"%s\",\"reason\":\"A photograph first\"}", id);
    assert_reply_has(world, "\"state\":\"returned\",\"ersState\":\"TRIAGE_RESPONSE\"");
    assert_reply_has(world, "\"from\":\"triage\",\"text\":\"A photograph first\",\"subject\":\"tester\",\"organisation\":\"ccg-a\"");
    assert_reply_has(world, "\"stop\":\"returned-to-primary-care\"");
    as(world, "gp-a1");
    world->expected_version = world->version;
    assert_call(world, "UpdateReferral", "{\"id\":\"%s\",\"referral\":{\"reason\":\"A mole, photographed\"}}", id);
    world->expected_version = 0;
    assert_call(world, "ResubmitReferral",
                "{\"id\":\"%s\",\"reason\":\"It is enclosed\",\"answers\":[{\"question\":\"size\",\"answer\":\"7\"}]}", id);
    assert_reply_has(world, "\"state\":\"triage\"");
    assert_reply_has(world, "\"from\":\"referrer\",\"text\":\"It is enclosed\"");
    assert_reply_has(world, "\"question\":\"size\",\"answer\":\"7\"");
    assert_reply_has(world, "\"reason\":\"A mole, photographed\"");
    assert_reply_lacks(world, "stoppedOn");
    assert_string_equal(world_query(world, "SELECT string_agg(number || ' ' || coalesce(stop, 'runs'), ', ' ORDER BY number) FROM "
                                           "referral_clock WHERE referral = (SELECT id FROM referral ORDER BY created_at DESC LIMIT 1)"),
                        "1 returned-to-primary-care, 2 runs");
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"text\":\"A photograph first\"");
    assert_reply_has(world, "\"text\":\"It is enclosed\"");
}

static void who_goes_round_in_circles_is_stopped(void **state)
{
    world_t *world = *state;
    refer(world);
    submit(world);
    as(world, "ccg-a");
    status_t status = STATUS_OK;
    int rounds = 0;
    for (; rounds < 40 && status == STATUS_OK; rounds++) {
        assert_call(world, "ReturnReferral", "{\"id\":\"%s\",\"reason\":\"No\"}", id);
        status = world_call(world, "ResubmitReferral", "{\"id\":\"%s\",\"reason\":\"Yes\"}", id);
    }
    assert_int_equal(status, STATUS_FAILED_PRECONDITION);
    assert_int_equal(rounds, 15);
    assert_call(world, "CancelReferral", "{\"id\":\"%s\",\"reason\":\"Enough\"}", id);
}

static void clocks_start_and_stop(void **state)
{
    world_t *world = *state;
    // Over Christmas: 126 days are within, and holidays change none of them; ten working days end on 8 January.
    world->noon = true;
    world->today = "2026-12-22";
    refer(world);
    submit(world);
    assert_reply_has(world, "\"clock\":{\"startedOn\":\"2026-12-22\",\"weeks\":0,\"breachOn\":\"2027-04-28\"}");
    assert_reply_has(world, "\"contactBy\":\"2027-01-08\"");
    world->today = "2027-04-27";
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"weeks\":18");
    assert_reply_has(world, "\"overdue\":true");
    as(world, "ccg-a");
    assert_call(world, "RedirectReferral", "{\"id\":\"%s\",\"reason\":\"Therapy\",\"service\":\"%s\"}", id, elsewhere);
    assert_reply_has(world, "\"stoppedOn\":\"2027-04-27\",\"stop\":\"redirected\"");
    assert_reply_has(world, "\"redirectedProvider\":\"provider-a\"");
    // A therapy starts none, and by Easter: one working day after Thursday is the Tuesday.
    as(world, "gp-a1");
    world->today = "2027-03-25";
    assert_call(world, "CreateReferral", DRAFT, booking.ada, "physiotherapy", "two-week-wait");
    keep_id(world, id);
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
    assert_reply_lacks(world, "\"clock\"");
    assert_reply_has(world, "\"contactBy\":\"2027-03-30\"");
    // A specialty may have a rule of its own.
    change(world, "INSERT INTO contact_rule VALUES ('podiatry', 'routine', 0, 'A test', 'unconfirmed')");
    assert_call(world, "CreateReferral", DRAFT, booking.ada, "podiatry", "routine");
    keep_id(world, id);
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"contactBy\":\"2027-03-25\"");
}

static void assert_incomplete(world_t *world, const char *day, int expected)
{
    char text[64];
    as(world, "ccg-a");
    assert_call(world, "GetWaits", "{\"organisation\":\"ccg-a\",\"synthetic\":true,\"day\":\"%s\"}", day);
    (void)snprintf(text, sizeof text, "\"total\":{\"incomplete\":%d,", expected);
    assert_reply_has(world, text);
    as(world, "gp-a1");
}

#define CONTINUED                                                                                                                          \
    "{\"referral\":{\"patient\":\"%s\",\"specialty\":\"%s\",\"priority\":\"routine\",\"reason\":\"As they "                                \
    "said\",\"redirectedFrom\":\"%s\"}}"

// A patient who is sent elsewhere waits since the first referral, and is counted once on each day.
static void what_was_redirected_waits_on_where_it_goes(void **state)
{
    world_t *world = *state;
    char former[40];
    world->noon = true;
    world->today = "2026-12-01";
    refer(world);
    submit(world);
    memcpy(former, id, sizeof former);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "redirectedFrom", "CreateReferral", CONTINUED, booking.ada, "dermatology", former);
    world->today = "2026-12-15";
    as(world, "ccg-a");
    assert_call(world, "RedirectReferral", "{\"id\":\"%s\",\"reason\":\"Skin\",\"service\":\"%s\"}", former, clinic);
    assert_reply_has(world, "\"stoppedOn\":\"2026-12-15\",\"stop\":\"redirected\"");
    assert_incomplete(world, "2026-12-15", 0);
    // Another's, or of nobody, is none of this patient.
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "redirectedFrom", "CreateReferral", CONTINUED, booking.ada, "dermatology",
                   booking.ada);
    // What no consultant leads has no clock, whatever it comes from; cancelled, it leaves the place to another.
    assert_call(world, "CreateReferral", CONTINUED, booking.ada, "physiotherapy", former);
    keep_id(world, id);
    submit(world);
    assert_reply_lacks(world, "\"clock\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "redirectedFrom", "CreateReferral", CONTINUED, booking.ada, "dermatology", former);
    assert_call(world, "CancelReferral", "{\"id\":\"%s\",\"reason\":\"Not that\"}", id);
    world->today = "2026-12-20";
    assert_call(world, "CreateReferral", CONTINUED, booking.ada, "dermatology", former);
    assert_reply_has(world, "\"redirectedFrom\":\"");
    keep_id(world, id);
    submit(world);
    assert_reply_has(world, "\"clock\":{\"startedOn\":\"2026-12-01\",\"weeks\":2,");
    assert_incomplete(world, "2026-12-20", 1);
    assert_incomplete(world, "2026-12-15", 0);
    assert_incomplete(world, "2026-12-10", 1);
    // One that is returned and sent again begins anew.
    as(world, "ccg-a");
    assert_call(world, "ReturnReferral", "{\"id\":\"%s\",\"reason\":\"A photograph is missing\"}", id);
    as(world, "gp-a1");
    assert_call(world, "ResubmitReferral", "{\"id\":\"%s\",\"reason\":\"It is there\"}", id);
    assert_reply_has(world, "\"clock\":{\"startedOn\":\"2026-12-20\",\"weeks\":0,");
    assert_incomplete(world, "2026-12-20", 1);
}

// Whatever ends a referral stops its clock with it: the database holds nothing else.
static void what_is_over_leaves_no_clock_running(void **state)
{
    world_t *world = *state;
    char sql[400];
    refer(world);
    submit(world);
    (void)snprintf(sql, sizeof sql,
                   "DO $$ BEGIN UPDATE referral SET state = 'rejected', closed_on = '2027-01-01' WHERE id = '%s'; RAISE 'let through'; "
                   "EXCEPTION WHEN check_violation THEN NULL; END $$",
                   id);
    change(world, sql);
    (void)snprintf(sql, sizeof sql,
                   "WITH stopped AS (UPDATE referral_clock SET stopped_on = started_on, stop = 'died' WHERE referral = '%s') "
                   "UPDATE referral SET state = 'rejected', closed_on = '2027-01-01' WHERE id = '%s' RETURNING state",
                   id, id);
    assert_string_equal(world_query(world, sql), "rejected");
}

// ---- appointments ----

static void one_is_booked_with_an_appointment(void **state)
{
    world_t *world = *state;
    char appointment[40], other[40];
    refer(world);
    submit(world);
    as(world, "ccg-a");
    assert_call(world, "AcceptReferral", "{\"id\":\"%s\"}", id);
    as(world, "gp-a1");
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    keep_id(world, appointment);
    assert_registered(world, "gp-a1", NUMBER_BEN, "Ben Example", other);
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[1], other);
    keep_id(world, other);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "BookReferral", "{\"id\":\"%s\",\"appointment\":\"%s\"}", id, id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "BookReferral", "{\"id\":\"%s\",\"appointment\":\"%s\"}", id, other);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "bookedFor", "BookReferral",
                   "{\"id\":\"%s\",\"appointment\":\"%s\",\"bookedFor\":\"2030-01-07T09:00:00Z\"}", id, appointment);
    assert_call(world, "BookReferral", "{\"id\":\"%s\",\"appointment\":\"%s\"}", id, appointment);
    assert_reply_has(world, "\"state\":\"booked\",\"ersState\":\"BOOKED\"");
    assert_reply_has(world, "\"performer\":\"gp-a1\"");
    assert_reply_has(world, "\"bookedFor\":\"");
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"by\":\"patient\",\"reason\":\"Better\"}", appointment);
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"state\":\"booked\",\"ersState\":\"APPT_CANCELLED_BY_PATIENT\"");
    change(world, "UPDATE appointment SET status = 'did-not-attend', cancelled_by = NULL, cancel_reason = NULL WHERE status = 'cancelled'");
    as(world, "ccg-a");
    assert_call(world, "ListReferrals", "{\"organisation\":\"gp-a1\"}");
    assert_reply_has(world, "\"ersState\":\"DID_NOT_ATTEND\"");
}

static void an_appointment_is_with_who_performs_it(void **state)
{
    world_t *world = *state;
    char appointment[40];
    refer(world);
    submit(world);
    as(world, "ccg-a");
    assert_call(world, "AcceptReferral", "{\"id\":\"%s\",\"service\":\"%s\"}", id, clinic);
    as(world, "gp-a1");
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    keep_id(world, appointment);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "BookReferral", "{\"id\":\"%s\",\"appointment\":\"%s\"}", id,
                   appointment);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Wrong\"}", appointment);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "appointment", "BookReferral", "{\"id\":\"%s\",\"appointment\":\"%s\"}", id,
                   appointment);
    assert_call(world, "BookReferral", "{\"id\":\"%s\"}", id);
}

// ---- what may be the same ----

static void what_may_be_the_same_is_pointed_out(void **state)
{
    world_t *world = *state;
    char first[40];
    refer(world);
    memcpy(first, id, sizeof first);
    refer(world);
    assert_reply_has(world, first);
    assert_reply_has(world, "\"duplicates\":[{\"id\":\"");
    // Another specialty is another matter.
    assert_call(world, "CreateReferral", DRAFT, booking.ada, "cardiology", "routine");
    assert_reply_has(world, "\"duplicates\":[]");
    // Not so one by the same pathway.
    assert_call(world, "CreatePathway", PATHWAY, 1, "2026-01-01", "true");
    change(world, "UPDATE referral SET pathway = 'moles' WHERE specialty = 'dermatology'");
    assert_call(world, "CreateReferral",
                "{\"referral\":{\"patient\":\"%s\",\"specialty\":\"surgery\",\"pathway\":\"moles\",\"priority\":\"routine\",\"reason\":\"A "
                "mole\"}}",
                booking.ada);
    assert_reply_has(world, first);
    assert_call(world, "CancelReferral", "{\"id\":\"%s\",\"reason\":\"Better\"}", first);
    assert_reply_has(world, "\"duplicates\":[]");
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, first);
    change(world, "UPDATE referral SET closed_on = closed_on - 91 WHERE state = 'cancelled'");
    assert_call(world, "GetReferral", "{\"id\":\"%s\"}", id);
    assert_reply_lacks(world, first);
    // A draft of others is none of one's own business: who refers from elsewhere is not told.
    change(world,
           "INSERT INTO patient_grant SELECT id, gen_random_uuid(), 'gp-x', NULL, 'appointment', now() - interval '1 minute', now() + "
           "interval '1 hour' FROM patient");
    as(world, "gp-x");
    assert_call(world, "CreateReferral", DRAFT, booking.ada, "dermatology", "routine");
    assert_reply_has(world, "\"duplicates\":[]");
}

// ---- drafts ----

static void a_draft_is_checked_and_changed(void **state)
{
    world_t *world = *state;
    char gone[40];
    assert_refusal(world, STATUS_NOT_FOUND, "patient", "CreateReferral", DRAFT, clinic, "dermatology", "routine");
    assert_refusal(
        world, STATUS_NOT_FOUND, "referrer", "CreateReferral",
        "{\"referral\":{\"patient\":\"%s\",\"referrer\":\"gp-b1\",\"specialty\":\"dermatology\",\"priority\":\"routine\",\"reason\":"
        "\"So\"}}",
        booking.ada);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateReferral",
                   "{\"referral\":{\"patient\":\"%s\",\"service\":\"%s\",\"specialty\":\"dermatology\",\"priority\":\"routine\",\"reason\":"
                   "\"So\"}}",
                   booking.ada, booking.ada);
    as(world, NULL);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "", "CreateReferral", DRAFT, booking.ada, "dermatology", "routine");
    as(world, "gp-a1");
    refer(world);
    world->expected_version = 7;
    assert_refusal(world, STATUS_ABORTED, "", "UpdateReferral", "{\"id\":\"%s\",\"referral\":{\"reason\":\"So\"}}", id);
    world->expected_version = 1;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "pathway", "UpdateReferral", "{\"id\":\"%s\",\"referral\":{\"pathway\":\"moles\"}}",
                   id);
    assert_call(world, "CreatePathway", PATHWAY, 1, "2026-01-01", "true");
    assert_call(
        world, "UpdateReferral",
        "{\"id\":\"%s\",\"referral\":{\"specialty\":\"cardiology\",\"priority\":\"urgent\",\"service\":\"%s\",\"pathway\":\"moles\","
        "\"answers\":[{\"question\":\"size\",\"answer\":\"7\"}]}}",
        id, clinic);
    assert_reply_has(world, "\"performer\":\"provider-a\"");
    assert_reply_has(world, "\"specialty\":\"cardiology\",\"priority\":\"urgent\",\"reason\":\"A mole that changes\"");
    world->expected_version = 2;
    assert_call(world, "UpdateReferral", "{\"id\":\"%s\",\"referral\":{},\"clear\":[\"service\",\"pathway\"]}", id);
    assert_reply_lacks(world, "performer");
    assert_reply_lacks(world, "pathway");
    world->expected_version = 0;
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral_step"), "1");
    // Nobody is referred who has died, nor a draft of theirs submitted.
    assert_registered(world, "gp-a1", NUMBER_CYD, "Cyd Example", gone);
    assert_call(world, "CreateReferral", DRAFT, gone, "dermatology", "routine");
    keep_id(world, id);
    change(world, "UPDATE patient SET died_on = current_date WHERE name = 'Cyd Example'");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "patient", "SubmitReferral", "{\"id\":\"%s\"}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "patient", "CreateReferral", DRAFT, gone, "dermatology", "routine");
}

// The same key gives the first answer again, and nothing twice.
static void an_answer_under_the_same_key_is_given_again(void **state)
{
    world_t *world = *state;
    world->key = "referral-1";
    refer(world);
    assert_string_equal(world->verdict, "done");
    assert_call(world, "CreateReferral", DRAFT, booking.ada, "dermatology", "routine");
    assert_string_equal(world->verdict, "replayed");
    assert_call(world, "CreateReferral", DRAFT, booking.ada, "cardiology", "routine");
    assert_string_equal(world->verdict, "mismatch");
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral"), "1");
    // As one that did not see what the first did, and comes to its save.
    world->key = "referral-2";
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
    change(world, "UPDATE referral SET state = 'draft', submitted_at = NULL, contact_by = NULL");
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
    assert_string_equal(world->verdict, "replayed");
    world->key = NULL;
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral_step"), "2");
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral_clock"), "1");
}

// ---- pathways ----

static void a_pathway_says_what_is_missing(void **state)
{
    world_t *world = *state;
    static const char request[] = "{\"referral\":{\"patient\":\"%s\",\"specialty\":\"dermatology\",\"pathway\":\"moles\",\"priority\":"
                                  "\"routine\",\"reason\":\"A mole\"}}";
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "pathway", "CreateReferral", request, booking.ada);
    assert_call(world, "CreatePathway", PATHWAY, 1, "2026-01-01", "true");
    assert_call(world, "CreateReferral", request, booking.ada);
    keep_id(world, id);
    assert_reply_has(world, "\"missing\":[{\"field\":\"answers\",\"question\":\"size\"");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "answers", "SubmitReferral", "{\"id\":\"%s\"}", id);
    assert_non_null(world->problem.members);
    assert_non_null(strstr(world->problem.members, "\"missing\":[{\"field\":\"answers\",\"question\":\"size\""));
    world->expected_version = 1;
    assert_call(world, "UpdateReferral", "{\"id\":\"%s\",\"referral\":{\"answers\":[{\"question\":\"size\",\"answer\":\"7\"}]}}", id);
    assert_reply_has(world, "\"missing\":[]");
    world->expected_version = 0;
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"pathwayVersion\":1");
    assert_reply_has(world, "\"clock\":{");
    // Sent again it is checked by the version of that day, which may say that no consultant leads it.
    as(world, "ccg-a");
    assert_call(world, "ReturnReferral", "{\"id\":\"%s\",\"reason\":\"Later\"}", id);
    assert_call(world, "CreatePathway", PATHWAY, 2, today, "false");
    as(world, "gp-a1");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "answers", "ResubmitReferral",
                   "{\"id\":\"%s\",\"reason\":\"Now\",\"answers\":[{\"question\":\"size\",\"answer\":\"wide\"}]}", id);
    assert_call(world, "ResubmitReferral", "{\"id\":\"%s\",\"reason\":\"Now\"}", id);
    assert_reply_has(world, "\"pathwayVersion\":2");
    assert_reply_has(world, "\"stop\":\"returned-to-primary-care\"");
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral_clock"), "1");
}

// ---- the queue ----

// A referral that has to be contacted by a day.
static void queue(world_t *world, const char *patient, const char *specialty, const char *priority, const char *contact_by, char kept[40])
{
    char sql[200];
    assert_call(world, "CreateReferral", DRAFT, patient, specialty, priority);
    keep_id(world, kept);
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", kept);
    (void)snprintf(sql, sizeof sql, "UPDATE referral SET contact_by = '%s' WHERE id = '%s'", contact_by, kept);
    change(world, sql);
}

static void what_is_to_be_contacted_first_comes_first(void **state)
{
    world_t *world = *state;
    char young[40], late[40], soon[40], later[40], others[40];
    assert_registered(world, "gp-a1", NUMBER_BEN, "Ben Example", young);
    change(world, "UPDATE patient SET birth_date = '2015-11-26' WHERE name = 'Ben Example'");
    queue(world, booking.ada, "dermatology", "routine", "2026-12-10", later);
    queue(world, booking.ada, "cardiology", "urgent", "2026-11-24", late);
    queue(world, young, "dermatology", "two-week-wait", "2026-11-25", soon);
    refer(world); // a draft is in no queue
    as(world, "gp-a1");
    world->noon = true;
    world->today = "2026-11-25";
    as(world, "ccg-a");
    const char *const order[] = {late, soon, later};
    char token[300] = "";
    for (size_t i = 0; i < 3; i++) {
        assert_call(world, "ListReferrals", "{\"queue\":\"ccg-a\",\"pageSize\":1%s}", token);
        assert_reply_has(world, order[i]);
        assert_reply_has(world, i == 0 ? "\"overdue\":true" : "\"overdue\":false");
        assert_reply_has(world, i == 1 ? "\"age\":10" : "\"age\":70");
        assert_reply_lacks(world, "mole");
        const char *next = strstr(world->reply, "\"nextPageToken\":\"");
        assert_true((next != NULL) == (i < 2));
        if (next != NULL)
            (void)snprintf(token, sizeof token, ",\"pageToken\":\"%.*s\"", (int)strcspn(next + 17, "\""), next + 17);
    }
    assert_call(world, "ListReferrals", "{\"queue\":\"pcn-a\",\"specialty\":\"dermatology\"}");
    assert_reply_has(world, soon);
    assert_reply_has(world, later);
    assert_reply_lacks(world, late);
    assert_call(world, "ListReferrals", "{\"queue\":\"ccg-a\",\"priority\":\"urgent\"}");
    assert_reply_has(world, late);
    assert_reply_lacks(world, soon);
    assert_call(world, "ListReferrals", "{\"queue\":\"ccg-a\",\"ageTo\":10}");
    assert_reply_has(world, soon);
    assert_reply_lacks(world, late);
    assert_call(world, "ListReferrals", "{\"queue\":\"ccg-a\",\"ageFrom\":11,\"ageTo\":70}");
    assert_reply_has(world, late);
    assert_reply_lacks(world, soon);
    // Of others' practices there is none, and what was decided is in it no more.
    assert_call(world, "ListReferrals", "{\"queue\":\"pcn-b\"}");
    assert_string_equal(world->reply, "{\"referrals\":[]}");
    assert_call(world, "AcceptReferral", "{\"id\":\"%s\"}", late);
    assert_call(world, "ListReferrals", "{\"queue\":\"ccg-a\"}");
    assert_reply_lacks(world, late);
    // Who performs it has it in their own.
    as(world, "gp-a1");
    assert_call(
        world, "CreateReferral",
        "{\"referral\":{\"patient\":\"%s\",\"service\":\"%s\",\"specialty\":\"urology\",\"priority\":\"routine\",\"reason\":\"So\"}}",
        booking.ada, clinic);
    keep_id(world, others);
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", others);
    as(world, "provider-a");
    assert_call(world, "ListReferrals", "{\"queue\":\"provider-a\"}");
    assert_reply_has(world, others);
    assert_reply_lacks(world, later);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "state", "ListReferrals", "{\"queue\":\"ccg-a\",\"state\":\"booked\"}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "ageTo", "ListReferrals", "{\"queue\":\"ccg-a\",\"ageFrom\":9,\"ageTo\":8}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "organisation", "ListReferrals", "{}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "queue", "ListReferrals", "{\"organisation\":\"gp-a1\",\"queue\":\"ccg-a\"}");
    world->scopes[1] = NULL;
    assert_refusal(world, STATUS_PERMISSION_DENIED, "queue", "ListReferrals", "{\"queue\":\"ccg-a\"}");
}

static void lists_go_from_page_to_page(void **state)
{
    world_t *world = *state;
    char all[4][40], token[300] = "";
    for (size_t i = 0; i < 4; i++) {
        refer(world);
        memcpy(all[i], id, sizeof id);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_call(world, "ListReferrals", "{\"%s\":\"%s\",\"pageSize\":1%s}", "patient", booking.ada, token);
        assert_reply_has(world, all[3 - i]);
        const char *next = strstr(world->reply, "\"nextPageToken\":\"");
        assert_true((next != NULL) == (i < 3));
        if (next != NULL)
            (void)snprintf(token, sizeof token, ",\"pageToken\":\"%.*s\"", (int)strcspn(next + 17, "\""), next + 17);
    }
    assert_call(world, "SubmitReferral", "{\"id\":\"%s\"}", all[2]);
    assert_call(world, "ListReferrals", "{\"organisation\":\"gp-a1\",\"state\":\"triage\"}");
    assert_reply_has(world, all[2]);
    assert_reply_lacks(world, all[1]);
}

static void what_nobody_triaged_is_told_once(void **state)
{
    world_t *world = *state;
    refer(world);
    submit(world);
    change(world, "UPDATE referral SET contact_by = '2026-11-25'");
    assert_string_equal(world_query(world, "SELECT count(*) FROM referrals_overdue('2026-11-25')"), "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM referrals_overdue('2026-11-26')"), "1");
    assert_string_equal(world_query(world, "SELECT string_agg(name || ' ' || label || ' ' || value, ', ' ORDER BY name, label) FROM "
                                           "referral_figures('2026-11-26 00:00Z')"),
                        "pcn_referrals_overdue routine 1, pcn_referrals_overdue two-week-wait 0, pcn_referrals_overdue urgent 0, "
                        "pcn_referrals_triage routine 1, pcn_referrals_triage two-week-wait 0, pcn_referrals_triage urgent 0");
    assert_string_equal(world_query(world, "SELECT value FROM referral_figures('2026-11-25 23:59Z') WHERE name LIKE '%overdue' AND label = "
                                           "'routine'"),
                        "0");
    world->own = true;
    world->today = "2026-11-25";
    assert_call(world, "TellOverdueReferral", "{\"id\":\"%s\"}", id);
    assert_null(world->verdict);
    world->today = "2026-11-26";
    assert_call(world, "TellOverdueReferral", "{\"id\":\"%s\"}", id);
    assert_int_equal(world->version, 3);
    assert_call(world, "TellOverdueReferral", "{\"id\":\"%s\"}", id);
    assert_null(world->verdict);
    assert_string_equal(world_query(world, "SELECT count(*) FROM referrals_overdue('2026-11-26')"), "0");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE '%referral.overdue'"), "1");
}

// Two who decide at once: one of them is told of it.
static void a_verb_that_came_second_looks_again(void **state)
{
    world_t *world = *state;
    char request[200];
    refer(world);
    submit(world);
    as(world, "ccg-a");
    (void)snprintf(request, sizeof request, "{\"id\":\"%s\",\"reason\":\"Not for us\"}", id);
    assert_int_equal(world_race(world, "UPDATE referral SET version = 3, state = 'accepted'", "RejectReferral", request), STATUS_ABORTED);
    assert_string_equal(world_query(world, "SELECT count(*) FROM referral_step"), "2");
    assert_int_equal(world_race(world, "UPDATE referral SET version = 4, priority = 'urgent'", "DeferReferral", request), STATUS_OK);
    assert_int_equal(world->loads, 2);
    assert_reply_has(world, "\"priority\":\"urgent\"");
}

static void no_words_leave_the_service(void **state)
{
    world_t *world = *state;
    one_goes_from_a_draft_to_its_end(state);
    as(world, "gp-a1");
    what_is_returned_may_be_sent_again(state);
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE 'pcn.referral.referral.%'"), "11");
    static const char *const tables[] = {"event_queue", "audit_queue"};
    for (size_t i = 0; i < 2; i++) {
        char sql[300];
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM %s q WHERE q::text ~ 'mole|photograph|enclosed|place so far|9996000028|Ada|\"size\"' OR "
                       "EXISTS (SELECT FROM referral r WHERE q::text LIKE '%%' || r.reference || '%%' OR q::text LIKE '%%' || "
                       "referral_text(r.reference) || '%%')",
                       tables[i]);
        assert_string_equal(world_query(world, sql), "0");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, afresh)
    const struct CMUnitTest tests[] = {
        TEST(one_goes_from_a_draft_to_its_end),
        TEST(every_pair_of_state_and_verb),
        TEST(what_is_returned_may_be_sent_again),
        TEST(who_goes_round_in_circles_is_stopped),
        TEST(clocks_start_and_stop),
        TEST(what_was_redirected_waits_on_where_it_goes),
        TEST(what_is_over_leaves_no_clock_running),
        TEST(one_is_booked_with_an_appointment),
        TEST(an_appointment_is_with_who_performs_it),
        TEST(what_may_be_the_same_is_pointed_out),
        TEST(a_draft_is_checked_and_changed),
        TEST(an_answer_under_the_same_key_is_given_again),
        TEST(a_pathway_says_what_is_missing),
        TEST(what_is_to_be_contacted_first_comes_first),
        TEST(lists_go_from_page_to_page),
        TEST(what_nobody_triaged_is_told_once),
        TEST(a_verb_that_came_second_looks_again),
        TEST(no_words_leave_the_service),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
