#include "tests/integration/faults/referral_stage.h"

#include <inttypes.h>

#include "common/base/clock.h"

enum { PRACTICES = 12, PEOPLE = 20, CHECKED = 120, BOOKED_IN_DAYS = 14 };

#define LAST(resource, of)                                                                                                                 \
    "LEFT JOIN event_latest l ON l.subject = '" resource "/' || " of ".id LEFT JOIN event e ON e.sequence = l.sequence"
#define CONSULTANTS "coalesce((SELECT s.consultant_led FROM specialty_rule s WHERE s.specialty = r.specialty), true)"
// A text that an event tells.
#define TOLD(member) "e.data::jsonb ->> '" member "'"
// Answered changes about a patient by the trail, of methods with such names.
#define ENTRIES(names)                                                                                                                     \
    "(SELECT u.resource, count(*) AS entries FROM (SELECT method, resource, verdict FROM audit UNION ALL SELECT method, resource, "        \
    "verdict FROM audit_queue) u WHERE u.verdict = 'done' AND u.method NOT LIKE '%/Get%' AND (" names ") GROUP BY u.resource)"

// Each counts what must not be. The log has no index by subject: it is read as a whole.
static const stage_wrong_t wrongs[] = {
    {"referrals that are not what their last event says",
     "SELECT count(*) FROM referral r " LAST("referrals", "r")
     " WHERE (" TOLD("state") ", " TOLD("version") ", " TOLD("contactBy") ", " TOLD("outcome") ", (" TOLD("bookedFor") ")::timestamptz, "
     TOLD("patient") ") IS DISTINCT FROM (r.state, r.version::text, r.contact_by::text, r.outcome, r.booked_for, r.patient::text)"},
    {"requests for advice that are not what their last event says",
     "SELECT count(*) FROM advice a " LAST("advice-requests", "a")
     " WHERE (" TOLD("state") ", " TOLD("version") ", " TOLD("end") ", " TOLD("referral") ") IS DISTINCT FROM (a.state, a.version::text, "
     "a.ended, a.referral::text)"},
    {"events of referrals or advice that are not there",
     "SELECT count(*) FROM event_latest l WHERE (l.subject LIKE 'referrals/%' AND NOT EXISTS (SELECT FROM referral r WHERE 'referrals/' || "
     "r.id = l.subject)) OR (l.subject LIKE 'advice-requests/%' AND NOT EXISTS (SELECT FROM advice a WHERE 'advice-requests/' || a.id = "
     "l.subject))"},
    {"referrals or requests for advice with another number of events than of changes",
     "SELECT count(*) FROM (SELECT 'referrals/' || id AS subject, version FROM referral UNION ALL SELECT 'advice-requests/' || id, version "
     "FROM advice) t LEFT JOIN (SELECT subject, count(*) AS events FROM event GROUP BY subject) e USING (subject) WHERE t.version IS "
     "DISTINCT FROM e.events"},
    // What was converted was a draft nowhere but in its history.
    {"referrals whose history is not that of their events",
     "WITH told AS (SELECT subject, string_agg(state, ' ' ORDER BY sequence) FILTER (WHERE state IS DISTINCT FROM before) AS states FROM ("
     "SELECT e.subject, e.sequence, " TOLD("state") " AS state, lag(" TOLD("state") ") OVER (PARTITION BY e.subject ORDER BY e.sequence) "
     "AS before FROM event e WHERE e.subject LIKE 'referrals/%') t GROUP BY subject), went AS (SELECT referral, string_agg(to_state, ' ' "
     "ORDER BY number) AS states FROM referral_step GROUP BY referral) SELECT count(*) FROM referral r LEFT JOIN told ON told.subject = "
     "'referrals/' || r.id LEFT JOIN went ON went.referral = r.id WHERE went.states IS DISTINCT FROM CASE WHEN told.states LIKE 'draft%' "
     "THEN told.states ELSE 'draft ' || told.states END"},
    {"referrals with a history that has gaps, or leads elsewhere",
     "SELECT count(*) FROM referral r WHERE EXISTS (SELECT FROM (SELECT s.from_state, s.number, lag(s.to_state) OVER w AS before, "
     "row_number() OVER w AS place FROM referral_step s WHERE s.referral = r.id WINDOW w AS (ORDER BY s.number)) t WHERE t.from_state IS "
     "DISTINCT FROM t.before OR t.number <> t.place) OR r.state IS DISTINCT FROM (SELECT s.to_state FROM referral_step s WHERE "
     "s.referral = r.id ORDER BY s.number DESC LIMIT 1)"},
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
    {"requests for advice that were converted to nothing",
     "SELECT count(*) FROM advice a WHERE a.referral IS NOT NULL AND NOT EXISTS (SELECT FROM referral r WHERE r.id = a.referral)"},
    {"referrals that came of two requests for advice, or of none and began in triage",
     "SELECT count(*) FROM referral r LEFT JOIN (SELECT referral, count(*) AS requests FROM advice GROUP BY referral) a ON a.referral = "
     "r.id LEFT JOIN event e ON e.subject = 'referrals/' || r.id AND e.version = 1 WHERE coalesce(a.requests, 0) IS DISTINCT FROM ("
     TOLD("state") " = 'triage')::integer"},
    {"references that two referrals have", "SELECT count(*) - count(DISTINCT reference) FROM referral"},
    {"events that tell what was written", "SELECT count(*) FROM event e WHERE e.data ILIKE '%" MIX_REFERRAL_WORD "%'"},
    {"patients with more changes of referrals than entries that tell of them",
     "SELECT count(*) FROM (SELECT r.patient, sum(r.version) - count(a.id) AS changes FROM referral r LEFT JOIN advice a ON a.referral = "
     "r.id GROUP BY r.patient) p LEFT JOIN " ENTRIES("u.method LIKE '%Referral'")
     " u ON u.resource = 'patients/' || p.patient WHERE p.changes > coalesce(u.entries, 0)"},
    {"patients with more changes of requests for advice than entries that tell of them",
     "SELECT count(*) FROM (SELECT a.patient, sum(a.version) AS changes FROM advice a GROUP BY a.patient) p LEFT JOIN "
     ENTRIES("u.method LIKE '%Advice' OR u.method LIKE '%Information'")
     " u ON u.resource = 'patients/' || p.patient WHERE p.changes > coalesce(u.entries, 0)"},
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
