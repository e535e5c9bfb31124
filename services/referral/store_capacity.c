#include "services/referral/store_capacity.h"

#include "services/referral/rules_schedule.h"

#define NOW ":call.now::timestamptz"
#define FROM ":request.from::date"
#define TO ":request.to::date"
#define LONDON "'Europe/London'"
// The instant at which a local day begins.
#define MIDNIGHT(day) "((" day ")::timestamp AT TIME ZONE " LONDON ")"
#define MINUTE(time) "(extract(epoch FROM " time ") / 60)"

// The organisations of the page. Neither statement touches slots of others, whatever lies below the one that is asked about.
#define PAGE                                                                                                                               \
    "page AS MATERIALIZED (SELECT o.code, o.name, o.kind, row_number() OVER (ORDER BY o.code) AS place "                                   \
    "    FROM reach r JOIN organisation o ON o.code = r.organisation "                                                                     \
    "    WHERE r.above = :request.organisation::text AND o.kind IN ('practice', 'network') AND o.status = 'active' "                       \
    "      AND (:prepared.parts::text[] IS NULL OR o.code > (:prepared.parts::text[])[1] COLLATE \"C\") "                                  \
    "    ORDER BY o.code LIMIT coalesce(:request.page_size::int, 50) + 1)"
#define HOLIDAYS "(SELECT array_agg(b.day::text ORDER BY b.day) FROM bank_holiday b WHERE b.day BETWEEN " FROM " AND " TO ")"
#define WORKING(day) "(extract(isodow FROM " day ") < 6 AND NOT EXISTS (SELECT FROM bank_holiday b WHERE b.day = " day "))"

// A week's slots are those of its seven days, also where these go on after the last day that is asked for.
#define FIRST_INSTANT MIDNIGHT(FROM)
#define LAST_INSTANT MIDNIGHT(TO " + 7")
#define SLOT_MINUTE MINUTE("(x.start_at AT TIME ZONE " LONDON ")::time")
#define SLOTS                                                                                                                              \
    "plan AS MATERIALIZED (SELECT DISTINCT t.id, t.organisation, t.kind FROM owner w JOIN schedule_template t "                            \
    "        ON t.organisation = w.organisation WHERE t.kind = ANY (ARRAY(SELECT unnest(r.kinds) FROM rule r))), "                         \
    "offered AS MATERIALIZED (SELECT p.organisation, p.kind, s.day, s.minute, s.minutes, s.booked, s.start_at, s.reclaimed_at, "           \
    "        sum(s.minutes) OVER (PARTITION BY p.id, s.lane, s.block) AS block "                                                           \
    "    FROM plan p CROSS JOIN LATERAL (SELECT (x.start_at AT TIME ZONE " LONDON ")::date AS day, " SLOT_MINUTE " AS minute, "            \
    "            x.minutes, x.lane, x.status = 'booked' AS booked, x.start_at, x.reclaimed_at, "                                           \
    "            x.start_at - (sum(x.minutes) OVER (PARTITION BY x.lane ORDER BY x.start_at) - x.minutes) * interval '1 minute' AS block " \
    "        FROM slot x WHERE x.template = p.id AND x.start_at >= " FIRST_INSTANT " AND x.start_at < " LAST_INSTANT " "                   \
    "          AND x.status <> 'blocked' AND slot_status(x, " NOW ") <> 'withdrawn') s)"

// What a practice took back before its time was not offered to the end.
#define AMOUNT(condition) "coalesce(sum(CASE r.unit WHEN 'slots' THEN 1 ELSE s.minutes END) FILTER (WHERE " condition "), 0)"
#define EARLY "s.reclaimed_at < s.start_at - coalesce(r.reclaim_minutes, 0) * interval '1 minute'"
#define PUBLISHED AMOUNT("(" EARLY ") IS NOT TRUE")
#define USED AMOUNT("s.booked AND s.reclaimed_at IS NULL")
#define RECLAIMED AMOUNT("s.reclaimed_at IS NOT NULL")
#define IN_WINDOW "(r.from_time IS NULL OR (s.minute >= " MINUTE("r.from_time") " AND s.minute + s.minutes <= " MINUTE("r.to_time") "))"
#define WORKED WORKING("s.day")
#define COUNTED                                                                                                                            \
    "counted AS MATERIALIZED (SELECT w.code, r.obligation, d.day, " PUBLISHED " AS published, " USED " AS used, " RECLAIMED                \
    "        AS reclaimed "                                                                                                                \
    "    FROM owner w JOIN offered s ON s.organisation = w.organisation "                                                                  \
    "    JOIN rule r ON s.kind = ANY (r.kinds) AND w.kind = ANY (r.levels) "                                                               \
    "    CROSS JOIN LATERAL (SELECT CASE r.period WHEN 'week' THEN date_trunc('week', s.day)::date ELSE s.day END AS day) d "              \
    "    WHERE d.day BETWEEN greatest(" FROM ", r.effective_from) AND least(" TO ", r.effective_to) AND s.block >= r.block_minutes "       \
    "      AND " IN_WINDOW " AND (NOT r.working_days OR " WORKED ") GROUP BY w.code, r.obligation, d.day)"

// Of the lists that are in force on one of the days: the newest of the first day and all after it.
#define LISTS                                                                                                                              \
    "member AS MATERIALIZED (SELECT m.network AS code, m.practice, m.from_on, m.to_on FROM page p "                                        \
    "        JOIN membership m ON m.network = p.code "                                                                                     \
    "        WHERE p.kind = 'network' AND m.from_on <= " TO " AND (m.to_on IS NULL OR m.to_on >= " FROM ")), "                             \
    "listed AS MATERIALIZED (SELECT i.code, l.* FROM (SELECT p.code, p.code AS organisation FROM page p "                                  \
    "            UNION SELECT m.code, m.practice FROM member m) i JOIN list_size l ON l.organisation = i.organisation "                    \
    "        WHERE l.as_of <= " TO " AND (NOT l.synthetic OR :request.synthetic::boolean) AND NOT EXISTS (SELECT FROM list_size n "        \
    "            WHERE n.organisation = l.organisation AND n.synthetic = l.synthetic AND n.as_of > l.as_of AND n.as_of <= " FROM "))"

// Each is made once for all of the page.
const db_stmt_t get_capacity = {
    "get_capacity",
    "WITH " PAGE ", rule AS MATERIALIZED (SELECT r.* FROM obligation_rule r WHERE r.rate_set = 'actual' AND r.effective_from <= " TO " "
    "        AND (r.effective_to IS NULL OR r.effective_to >= " FROM ")), "
    "owner AS MATERIALIZED (SELECT p.code, p.kind, r.organisation FROM page p JOIN reach r ON r.above = p.code), " SLOTS ", " COUNTED
    ", " LISTS ", "
    "counts AS MATERIALIZED (SELECT c.code, json_agg(json_build_object('obligation', c.obligation, 'day', c.day, 'published', "
    "        c.published, 'used', c.used, 'reclaimed', c.reclaimed) ORDER BY c.obligation, c.day) AS counts "
    "    FROM counted c GROUP BY c.code), "
    "lists AS MATERIALIZED (SELECT l.code, json_agg(json_strip_nulls(json_build_object('organisation', l.organisation, 'asOf', l.as_of, "
    "        'synthetic', l.synthetic, 'count', l.count, 'source', l.source)) ORDER BY l.organisation, l.as_of) AS lists "
    "    FROM listed l GROUP BY l.code), "
    "members AS MATERIALIZED (SELECT m.code, json_agg(json_strip_nulls(json_build_object('practice', m.practice, 'from', m.from_on, 'to', "
    "        m.to_on)) ORDER BY m.practice, m.from_on) AS members FROM member m GROUP BY m.code) "
    "SELECT p.code AS organisation, p.name, p.kind, l.lists, m.members, c.counts, "
    "CASE WHEN p.place = 1 THEN (SELECT json_agg(json_strip_nulls(json_build_object('obligation', r.obligation, 'levels', r.levels, "
    "    'period', r.period, 'unit', r.unit, 'perPatients', r.per_patients, 'amount', r.amount, 'rounding', r.rounding, 'quantum', "
    "    r.quantum, 'atLeast', r.at_least, 'workingDays', r.working_days, 'effectiveFrom', r.effective_from, 'effectiveTo', "
    "    r.effective_to, 'rule', r.rule, 'source', r.source, 'confidence', r.confidence, 'assumption', r.assumption)) "
    "    ORDER BY array_position(ARRAY['reserved-111', 'extended-hours', 'extended-access', 'extended-access-evening'], r.obligation), "
    "    r.obligation, r.effective_from) FROM rule r) END AS rules, "
    "CASE WHEN p.place = 1 THEN " HOLIDAYS " END AS bank_holidays_on "
    "FROM organisation a LEFT JOIN page p ON true LEFT JOIN lists l ON l.code = p.code LEFT JOIN members m ON m.code = p.code "
    "LEFT JOIN counts c ON c.code = p.code WHERE a.code = :request.organisation::text ORDER BY p.code"};

// ---- what every patient should be offered ----

// Days on which slots are not made yet are not looked at.
#define LAST_DAY "least(" TO ", :call.today::date + " SCHEDULE_LAST_DAY ")"
#define OFFERED "s.status <> 'blocked' AND slot_status(s, " NOW ") <> 'withdrawn'"
#define BEGINS(first, last)                                                                                                                \
    "s.start_at >= ((d.day + " first ") AT TIME ZONE " LONDON ") AND s.start_at < ((d.day + " last ") AT TIME ZONE " LONDON ")"
// Nothing of the offer begins between two times of the day. What any slot fulfils is looked for by organisation and time, what only some
// kinds do by their plans.
#define NOTHING(first, last)                                                                                                               \
    "CASE WHEN f.kinds IS NULL THEN NOT EXISTS (SELECT FROM slot s WHERE s.organisation = p.code AND " BEGINS(                             \
        first, last) " AND " OFFERED ") ELSE NOT EXISTS (SELECT FROM plan q JOIN slot s ON s.template = q.id WHERE q.code = p.code AND "   \
                     "q.offer = f.code AND " BEGINS(first, last) " AND " OFFERED ") END"

#define FIRST_PART NOTHING("f.from_time", "coalesce(f.middle_time, f.to_time)")
#define SECOND_PART NOTHING("f.middle_time", "f.to_time")
#define WORKED_ON WORKING("d.day")

const db_stmt_t get_access = {
    "get_access",
    // A practice's patients are also seen by its network's own services.
    "WITH " PAGE ", owner AS MATERIALIZED (SELECT p.code, p.kind, r.organisation FROM page p JOIN reach r ON r.above = p.code "
    "    UNION SELECT p.code, p.kind, n.code FROM page p JOIN reach r ON r.organisation = p.code JOIN organisation n ON n.code = r.above "
    "    WHERE p.kind = 'practice' AND n.kind = 'network'), "
    "plan AS MATERIALIZED (SELECT w.code, f.code AS offer, t.id FROM owner w JOIN access_offer f ON f.level = w.kind "
    "    JOIN schedule_template t ON t.organisation = w.organisation WHERE t.kind = ANY (f.kinds)), "
    "missing AS MATERIALIZED (SELECT p.code, f.code AS offer, d.day, e.morning, e.afternoon "
    "    FROM page p JOIN access_offer f ON f.level = p.kind "
    "    CROSS JOIN LATERAL (SELECT g.day::date AS day FROM generate_series(" FROM "::timestamp, " LAST_DAY
    "::timestamp, interval '1 day') AS g (day)) d "
    "    CROSS JOIN LATERAL (SELECT " FIRST_PART " AS morning, CASE WHEN f.middle_time IS NOT NULL THEN " SECOND_PART
    " END AS afternoon) e "
    "    WHERE (NOT f.working_days OR " WORKED_ON ") AND (e.morning OR e.afternoon)), "
    "told AS MATERIALIZED (SELECT m.code, json_agg(json_strip_nulls(json_build_object('offer', m.offer, 'day', m.day, 'morning', "
    "        m.morning, 'afternoon', m.afternoon)) ORDER BY m.offer, m.day) AS missing FROM missing m GROUP BY m.code) "
    "SELECT p.code AS organisation, p.name, p.kind, m.missing, "
    "CASE WHEN p.place = 1 THEN (SELECT json_agg(json_build_object('code', f.code, 'level', f.level, 'workingDays', f.working_days, "
    "    'rule', f.rule, 'source', f.source, 'confidence', f.confidence) ORDER BY f.level DESC, f.code) FROM access_offer f) END AS "
    "offers, "
    "CASE WHEN p.place = 1 THEN " HOLIDAYS " END AS bank_holidays_on "
    "FROM organisation a LEFT JOIN page p ON true LEFT JOIN told m ON m.code = p.code "
    "WHERE a.code = :request.organisation::text ORDER BY p.code"};
