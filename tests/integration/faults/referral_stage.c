#include "tests/integration/faults/referral_stage.h"

#include <inttypes.h>

#include "common/base/clock.h"

enum { PRACTICES = 12, PEOPLE = 20, CHECKED = 300, BOOKED_IN_DAYS = 14 };

#define EVENTS(resource, of) "event e WHERE e.subject = '" resource "/' || " of ".id"
#define LAST(resource, of)                                                                                                                 \
    "LEFT JOIN event_latest l ON l.subject = '" resource "/' || " of ".id LEFT JOIN event e ON e.sequence = l.sequence"
#define CONSULTANTS "coalesce((SELECT s.consultant_led FROM specialty_rule s WHERE s.specialty = r.specialty), true)"
// Texts of a row as an event has them.
#define OF_EVENT(member) "e.data::jsonb ->> '" member "'"

// Each counts what must not be.
static const stage_wrong_t wrongs[] = {
    {"referrals that are not what their last event says",
     "SELECT count(*) FROM referral r " LAST("referrals", "r") " WHERE (" OF_EVENT("state") ", " OF_EVENT("version") ", " OF_EVENT(
         "contactBy") ", " OF_EVENT("outcome") ", (" OF_EVENT("bookedFor") ")::timestamptz, " OF_EVENT("patient") ") IS DISTINCT FROM "
                                                                                                                  "(r.state, "
                                                                                                                  "r.version::text, "
                                                                                                                  "r.contact_by::text, "
                                                                                                                  "r.outcome, "
                                                                                                                  "r.booked_for, "
                                                                                                                  "r.patient::text)"},
    {"requests for advice that are not what their last event says",
     "SELECT count(*) FROM advice a " LAST("advice-requests", "a") " WHERE (" OF_EVENT("state") ", " OF_EVENT("version") ", " OF_EVENT(
         "end") ", " OF_EVENT("referral") ") IS DISTINCT FROM (a.state, a.version::text, a.ended, a.referral::text)"},
    {"events of referrals or advice that are not there",
     "SELECT count(*) FROM event_latest l WHERE (l.subject LIKE 'referrals/%' AND NOT EXISTS (SELECT FROM referral r WHERE 'referrals/' || "
     "r.id = l.subject)) OR (l.subject LIKE 'advice-requests/%' AND NOT EXISTS (SELECT FROM advice a WHERE 'advice-requests/' || a.id = "
     "l.subject))"},
    {"referrals or requests for advice with another number of events than of changes",
     "SELECT (SELECT count(*) FROM referral r WHERE r.version <> (SELECT count(*) FROM " EVENTS(
         "referrals", "r") ")) + "
                           "(SELECT count(*) FROM advice a WHERE a.version <> (SELECT count(*) FROM " EVENTS("advice-requests", "a") "))"},
    // What was converted was a draft nowhere but in its history.
    {"referrals whose history is not that of their events",
     "SELECT count(*) FROM referral r WHERE (SELECT string_agg(s.to_state, ' ' ORDER BY s.number) FROM referral_step s WHERE s.referral = "
     "r.id) IS DISTINCT FROM (SELECT CASE WHEN min(t.n) FILTER (WHERE t.state = 'draft') IS NULL THEN 'draft ' ELSE '' END || "
     "string_agg(t.state, ' ' ORDER BY t.n) FILTER (WHERE t.state IS DISTINCT FROM t.before) FROM (SELECT e.sequence AS n, " OF_EVENT(
         "state") " AS state, lag(" OF_EVENT("state") ") OVER (ORDER BY e.sequence) AS before FROM " EVENTS("referrals", "r") ") t)"},
    {"referrals with a history that has gaps, or leads elsewhere",
     "SELECT count(*) FROM referral r WHERE EXISTS (SELECT FROM (SELECT s.from_state, s.number, lag(s.to_state) OVER w AS before, "
     "row_number() OVER w AS place FROM referral_step s WHERE s.referral = r.id WINDOW w AS (ORDER BY s.number)) t WHERE t.from_state IS "
     "DISTINCT FROM t.before OR t.number <> t.place) OR r.state IS DISTINCT FROM (SELECT s.to_state FROM referral_step s WHERE s.referral "
     "= "
     "r.id ORDER BY s.number DESC LIMIT 1)"},
    {"referrals whose clock was not started once each time they came into triage",
     "SELECT count(*) FROM referral r WHERE (SELECT count(*) FROM referral_clock c WHERE c.referral = r.id) <> CASE WHEN " CONSULTANTS
     " THEN (SELECT count(*) FROM referral_step s WHERE s.referral = r.id AND s.to_state = 'triage') ELSE 0 END"},
    {"referrals whose clock runs though they are over, or stands though they are open",
     "SELECT count(*) FROM referral r WHERE " CONSULTANTS " AND (r.state IN ('triage', 'accepted', 'deferred', 'booked')) <> EXISTS ("
     "SELECT FROM referral_clock c WHERE c.referral = r.id AND c.stopped_on IS NULL)"},
    {"referrals with a message too many or too few",
     "SELECT count(*) FROM referral r WHERE NOT EXISTS (SELECT FROM advice a WHERE a.referral = r.id) AND (SELECT count(*) FROM "
     "referral_message m WHERE m.referral = r.id) <> (SELECT count(*) FROM referral_step s WHERE s.referral = r.id AND (s.to_state = "
     "'returned' OR (s.from_state = 'returned' AND s.to_state = 'triage')))"},
    {"requests for advice with a message too many or too few",
     "SELECT count(*) FROM advice a WHERE a.version - 1 <> (SELECT count(*) FROM advice_message m WHERE m.advice = a.id)"},
    {"requests for advice that were converted to nothing, or referrals that came of two or of none",
     "SELECT (SELECT count(*) FROM advice a WHERE a.referral IS NOT NULL AND NOT EXISTS (SELECT FROM referral r WHERE r.id = a.referral)) "
     "+ "
     "(SELECT count(*) FROM referral r WHERE (SELECT count(*) FROM advice a WHERE a.referral = r.id) <> CASE WHEN EXISTS (SELECT FROM "
     "event e WHERE e.subject = 'referrals/' || r.id AND e.version = 1 AND " OF_EVENT("state") " = 'triage') THEN 1 ELSE 0 END)"},
    {"references that two referrals have", "SELECT count(*) - count(DISTINCT reference) FROM referral"},
    {"events that tell what was written", "SELECT count(*) FROM event e WHERE e.data::text ILIKE '%" MIX_REFERRAL_WORD "%'"},
    {"referrals of somebody of whom no entry tells that anybody looked",
     "SELECT count(*) FROM referral r WHERE NOT EXISTS (SELECT FROM audit u WHERE u.resource = 'patients/' || r.patient)"},
};

mix_referral_t *referral_stage_mix(booking_stage_t *booking)
{
    const mix_referral_options_t options = {.scene = &booking->scene,
                                            .practices = PRACTICES,
                                            .first_person = booking->first_person,
                                            .people = PEOPLE,
                                            .booked_for_us = clock_wall_us() + BOOKED_IN_DAYS * INT64_C(86400000000)};
    mix_referral_t *mix = mix_referral_new(&options);
    assert_non_null(mix);
    booking_stage_add_people(booking, PEOPLE);
    table_add(&booking->stage.names, MIX_REFERRAL_WORD, NULL);
    return mix;
}

void referral_stage_check(booking_stage_t *booking, load_t **load, mix_referral_t **mix, bool whole, const char *what)
{
    char finding[SCENE_PROBLEM_SIZE / 2];
    const load_counts_t counts = load_stop(load, STAGE_READY_MS);
    printf("%s: %zu requests in %zu attempts, %zu of them repeats: %zu changes acknowledged, %zu of them steps, %zu refused, %zu "
           "unanswered, %zu wrong %s\n",
           what, counts.requests, counts.attempts, counts.repeats, counts.acknowledged, mix_referral_steps(*mix), counts.refused,
           counts.unanswered, counts.stale, mix_referral_first_wrong(*mix));
    assert_int_equal(counts.unanswered, 0);
    assert_int_equal(counts.stale, 0);
    assert_true(mix_referral_steps(*mix) > 0);
    if (whole && mix_referral_untried(*mix) != NULL)
        fail_msg("\"%s\" was never acknowledged", mix_referral_untried(*mix));
    stage_check(&booking->stage, what);
    stage_check_tables(&booking->stage, wrongs, sizeof wrongs / sizeof wrongs[0]);
    if (mix_referral_check(*mix, CHECKED, booking->stage.seed, finding, sizeof finding) > 0)
        fail_msg("%s (seed %" PRIu64 ")", finding, booking->stage.seed);
    mix_referral_destroy(mix);
}
