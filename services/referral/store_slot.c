#include "services/referral/store_slot.h"

#include "services/referral/store_slot_parts.h"

// Of a slot s, its template t and its service v.
#define SLOT_COLUMNS                                                                                                                       \
    "s.id, t.service, s.template AS schedule, s.organisation, s.start_at AS start, s.start_at + s.minutes * interval '1 minute' AS "       \
    "\"end\", s.minutes, t.kind, t.channel, slot_status(s, " NOW ") AS status, "                                                           \
    "CASE WHEN s.reclaimed_at IS NULL THEN restrictions_json(t) END AS restrictions, s.block_reason, s.version, "                          \
    "s.reclaimed_at IS NOT NULL AS reclaimed"
// Whether the caller may see a slot as far as its plan goes, and that of the plan alone.
#define SEEN_BY                                                                                                                            \
    SLOT_TYPE_ALLOWED " AS type_allowed, " SLOT_ORGANISATION_ALLOWED                                                                       \
                      " AS organisation_allowed, v.status = 'active' AS service_active, " CHANNEL_WITHDRAWN                                \
                      " AS channel_withdrawn, v.closes_at"

// The rule of rules_visibility.h by sets: what restricts a template's slots is decided once a template, and what hides them by time is a
// range that the index of free slots is asked with, which has all that is told of one. So a search costs what it finds, however many slots
// there are. Plans are looked up by organisation, since alternatives (an OR over columns) would read all that a country has.
#define PAGE_SIZE "coalesce(:request.page_size::int, 50) + 1"
#define ASKED_PLANS                                                                                                                        \
    "t.organisation = ANY (ARRAY(SELECT :request.organisation::text UNION ALL SELECT r.organisation FROM reach r "                         \
    "        WHERE r.above = :request.network::text UNION ALL SELECT y.provider FROM service y WHERE y.id = :request.service::uuid)) "     \
    "    AND (:request.service::uuid IS NULL OR t.service = :request.service::uuid) "                                                      \
    "    AND (:request.kind::text IS NULL OR t.kind = :request.kind::text) "                                                               \
    "    AND (:request.channel::text IS NULL OR t.channel = :request.channel::text)"
#define RULES                                                                                                                              \
    "CASE WHEN t.organisation_types IS NOT NULL OR t.organisations IS NOT NULL OR t.window_days IS NOT NULL OR t.embargo_until IS NOT "    \
    "NULL OR t.notice_minutes > 0 THEN restrictions_json(t) END"
#define AFTER_PAGE                                                                                                                         \
    "(:prepared.after_start::timestamptz IS NULL OR (s.start_at, s.id) > (:prepared.after_start::timestamptz, :prepared.after_id::uuid))"
#define SLOT_END(slot) slot ".start_at + " slot ".minutes * interval '1 minute'"
// No slot lasts longer than eight hours: only of the last ones of a range is asked when they end.
#define LONGEST "interval '8 hours'"

// Where a page's rows and a plan's visible ones may begin, and what both end before. What begins now has begun.
#define FIRST_START(notice)                                                                                                                \
    "greatest(:prepared.from::timestamptz, :prepared.after_start::timestamptz, " NOW " + greatest(" notice "interval '1 microsecond'))"
#define OFFERED_PLANS                                                                                                                      \
    "plan AS MATERIALIZED (SELECT t.id, t.organisation, t.service, t.kind, t.channel, " RULES " AS rules, "                                \
    "        t.organisation = ANY (" ORGANISATIONS ") AS own, " TYPE_ALLOWED("t") " AND " ORGANISATION_ALLOWED("t") " AS shown, "          \
    "        " FIRST_START("t.notice_minutes * interval '1 minute', ") " AS seen_from, "                                                   \
    "        CASE WHEN t.window_days IS NULL AND t.embargo_until IS NULL THEN v.ends ELSE least(v.ends, seen_before(t, " NOW ")) END "     \
    "            AS seen_before, v.ends, "                                                                                                 \
    "        :prepared.to::timestamptz - " LONGEST " AS surely_to "                                                                        \
    "    FROM schedule_template t CROSS JOIN LATERAL (SELECT least(:prepared.to::timestamptz, v.closes_at) AS ends FROM service v "        \
    "        WHERE v.id = t.service AND v.status = 'active' AND NOT " CHANNEL_WITHDRAWN " OFFSET 0) v WHERE " ASKED_PLANS ")"
// Free slots of the plan p, as the two partial indexes have them, of each plan no more than a page has.
#define FREE_OF_PLAN(which, first, last)                                                                                          \
    "(SELECT s.id, s.start_at, s.minutes, s.version FROM slot s WHERE s.template = p.id AND s.status = 'free' AND " which       \
    "    AND (s.held_until IS NULL OR s.held_until <= " NOW ") AND s.start_at >= " first " AND s.start_at < " last                         \
    "    AND (s.start_at <= p.surely_to OR " SLOT_END("s") " <= :prepared.to::timestamptz) AND " AFTER_PAGE                                \
    "    ORDER BY s.start_at, s.id LIMIT " PAGE_SIZE ")"
#define PLAN_COLUMNS "p.service, p.id AS schedule, p.organisation, p.kind, p.channel"

// What was taken back is its own organisation's, without what the plan restricts.
const db_stmt_t list_slots = {
    "list_slots",
    "WITH " CALLER ", " OFFERED_PLANS " SELECT f.id, f.service, f.schedule, f.organisation, f.start_at AS start, " SLOT_END(
        "f") " AS \"end\", f.minutes, f.kind, f.channel, CASE WHEN f.reclaimed THEN 'reclaimed' ELSE 'free' END AS status, "
             "    f.rules AS restrictions, f.version, true AS type_allowed, true AS organisation_allowed, true AS service_active "
             "FROM (SELECT f.*, " PLAN_COLUMNS ", p.rules, false AS reclaimed FROM plan p CROSS JOIN LATERAL " FREE_OF_PLAN(
                 "NOT s.off_plan AND s.reclaimed_at IS NULL", "p.seen_from", "p.seen_before") " f WHERE p.shown "
    "    UNION ALL SELECT f.*, " PLAN_COLUMNS ", NULL, true FROM plan p CROSS JOIN LATERAL " FREE_OF_PLAN(
        "NOT s.off_plan AND s.reclaimed_at IS NOT NULL", FIRST_START(""), "p.ends") " f WHERE p.own "
    "    ORDER BY start_at, id LIMIT " PAGE_SIZE ") f ORDER BY f.start_at, f.id"};

// All that lies in the range, with what decides whether it is seen. Who keeps a plan matters where slots that are not free are shown.
const db_stmt_t explain_slots = {
    "explain_slots",
    "WITH " CALLER ", plan AS MATERIALIZED (SELECT t.id, t.service, t.kind, t.channel, " RULES " AS rules, "
    "        within_reach(t.organisation, " ORGANISATIONS ") AS within_reach, " TYPE_ALLOWED("t") " AS type_allowed, "
    "        " ORGANISATION_ALLOWED("t") " AS organisation_allowed, v.status = 'active' AS service_active, "
    "        " CHANNEL_WITHDRAWN " AS channel_withdrawn, v.closes_at "
    "    FROM schedule_template t JOIN service v ON v.id = t.service WHERE " ASKED_PLANS "), "
    "found AS (SELECT p.service, p.kind, p.channel, p.rules, p.within_reach, p.type_allowed, p.organisation_allowed, p.service_active, "
    "        p.channel_withdrawn, p.closes_at, f.* "
    "    FROM plan p CROSS JOIN LATERAL (SELECT s.id, s.template, s.organisation, s.start_at, s.minutes, s.block_reason, s.version, "
    "            s.reclaimed_at, slot_status(s, " NOW ") AS status FROM slot s WHERE s.template = p.id "
    "            AND slot_status(s, " NOW ") <> 'withdrawn' AND s.start_at >= :prepared.from::timestamptz - " LONGEST " "
    "            AND s.start_at < :prepared.to::timestamptz AND " SLOT_END("s") " > :prepared.from::timestamptz AND " AFTER_PAGE " "
    "        ORDER BY s.start_at, s.id LIMIT " PAGE_SIZE ") f ORDER BY f.start_at, f.id LIMIT " PAGE_SIZE ") "
    "SELECT f.id, f.service, f.template AS schedule, f.organisation, f.start_at AS start, " SLOT_END("f") " AS \"end\", f.minutes, f.kind, "
    "f.channel, f.status, CASE WHEN f.reclaimed_at IS NULL THEN f.rules END AS restrictions, f.block_reason, f.version, "
    "f.reclaimed_at IS NOT NULL AS reclaimed, f.within_reach, f.reclaimed_at IS NOT NULL OR f.type_allowed AS type_allowed, "
    "CASE WHEN f.reclaimed_at IS NULL THEN f.organisation_allowed ELSE f.organisation = ANY (" ORGANISATIONS ") END AS "
    "organisation_allowed, f.service_active, f.channel_withdrawn, f.closes_at FROM found f ORDER BY f.start_at, f.id"};

const db_stmt_t get_slot = {"get_slot", "WITH " CALLER " SELECT " SLOT_COLUMNS ", " SEEN_BY ", within_reach(s.organisation, " ORGANISATIONS
                                        ") AS within_reach FROM " SLOTS " WHERE s.id = :request.id::uuid "
                                        "AND slot_status(s, " NOW ") <> 'withdrawn'"};

#define KEPT_SLOT                                                                                                                          \
    "WITH " CALLER " SELECT " SLOT_COLUMNS ", " SEEN_BY ", within_reach(s.organisation, " ORGANISATIONS                                    \
    ") AS within_reach, s.off_plan FROM " SLOTS " WHERE s.id = :request.id::uuid AND slot_status(s, " NOW ") <> 'withdrawn'"
#define SLOT_SAVE(state, reason)                                                                                                           \
    "changed AS (UPDATE slot s SET status = " state ", block_reason = " reason ", hold = NULL, held_until = NULL, "                        \
    "        version = :after.version::int "                                                                                               \
    "    FROM input i WHERE s.id = :request.id::uuid AND s.version = :row.version::int "                                                   \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING s.id::text AS key)"

const db_stmt_t block_slot_load = {"block_slot_load", KEPT_SLOT};
const db_stmt_t block_slot_save = {"block_slot_save", SLOT_SAVE("'blocked'", ":request.reason::text")};
const db_stmt_t unblock_slot_load = {"unblock_slot_load", KEPT_SLOT};
const db_stmt_t unblock_slot_save = {"unblock_slot_save", SLOT_SAVE("'free'", "NULL")};

// How long before it begins an unused slot of the plan's kind goes back, by the rule of its day; NULL: never.
#define RECLAIM_MINUTES                                                                                                                    \
    "(SELECT r.reclaim_minutes FROM obligation_rule r WHERE t.kind = ANY (r.kinds) AND r.rate_set = 'actual' "                             \
    "    AND daterange(r.effective_from, r.effective_to, '[]') @> (s.start_at AT TIME ZONE 'Europe/London')::date LIMIT 1)"
#define RECLAIM_LOAD(reach)                                                                                                                \
    "WITH " CALLER " SELECT " SLOT_COLUMNS ", " SEEN_BY ", " reach " AS within_reach, " RECLAIM_MINUTES " AS reclaim_minutes FROM " SLOTS  \
    " WHERE s.id = :request.id::uuid AND slot_status(s, " NOW ") <> 'withdrawn'"
// Whoever holds or books it meanwhile changes its version.
#define RECLAIM_SAVE                                                                                                                       \
    "changed AS (UPDATE slot s SET reclaimed_at = " NOW ", hold = NULL, held_until = NULL, version = :after.version::int "                 \
    "    FROM input i WHERE s.id = :request.id::uuid AND s.version = :row.version::int AND s.status = 'free' "                             \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING s.id::text AS key)"

const db_stmt_t reclaim_slot_load = {"reclaim_slot_load", RECLAIM_LOAD("within_reach(s.organisation, " ORGANISATIONS ")")};
const db_stmt_t reclaim_slot_save = {"reclaim_slot_save", RECLAIM_SAVE};
const db_stmt_t reclaim_unused_slot_load = {"reclaim_unused_slot_load", RECLAIM_LOAD("true")};
const db_stmt_t reclaim_unused_slot_save = {"reclaim_unused_slot_save", RECLAIM_SAVE};

// Those that go back now; one that is held waits for the end of its hold.
const db_stmt_t due_unused_slots = {
    "due_unused_slots",
    "SELECT f.id FROM obligation_rule r JOIN schedule_template t ON t.kind = ANY (r.kinds) CROSS JOIN LATERAL (SELECT s.id, s.start_at "
    "    FROM slot s WHERE s.template = t.id AND s.status = 'free' AND s.reclaimed_at IS NULL AND NOT s.off_plan AND s.start_at > " NOW " "
    "        AND s.start_at <= " NOW " + r.reclaim_minutes * interval '1 minute' "
    "        AND (s.held_until IS NULL OR s.held_until <= " NOW ") "
    "        AND daterange(r.effective_from, r.effective_to, '[]') @> (s.start_at AT TIME ZONE 'Europe/London')::date "
    "    ORDER BY s.start_at, s.id LIMIT 256) f "
    "WHERE r.rate_set = 'actual' AND r.reclaim_minutes IS NOT NULL ORDER BY f.start_at, f.id LIMIT 256"};

// How many slots of an organisation another holds.
#define HELD_BY(holder, organisation_)                                                                                                     \
    "(SELECT coalesce(sum(cardinality(h.slots)), 0) FROM hold h WHERE h.holder = " holder " AND h.organisation = " organisation_           \
    "    AND h.status = 'held' AND NOT h.offered AND h.expires_at > " NOW ")"
#define HOLDER "(" ORGANISATIONS ")[1]"

const db_stmt_t hold_slot_load = {
    "hold_slot_load", "WITH " CALLER " SELECT " SLOT_COLUMNS ", " SEEN_BY ", CASE WHEN slot_status(s, " NOW ") <> 'free' THEN " ALTERNATIVES
                      " END AS alternatives, " TAKING(
                          "true", "NULL", "NULL") " AS taking, CASE WHEN s.organisation <> " HOLDER " THEN " HELD_BY(HOLDER, "s.organisation") " END AS held_slots FROM " SLOTS " " KIND
                                                  " WHERE s.id = ANY (ARRAY[:request.id::uuid] || coalesce(:request.with::uuid[], '{}')) "
                                                  "AND slot_status(s, " NOW ") <> 'withdrawn' "
                                                  "ORDER BY s.start_at, s.id"};

// All of them, or none: whoever comes second finds fewer free ones than are wanted, and looks again.
const db_stmt_t hold_slot_save = {
    "hold_slot_save",
    "wanted AS MATERIALIZED (SELECT s.organisation, s.id FROM slot s WHERE s.id = ANY (:after.slots::uuid[]) AND s.status = 'free' "
    "        AND NOT s.off_plan AND (s.held_until IS NULL OR s.held_until <= " NOW
    ") AND NOT EXISTS (SELECT FROM seen) ORDER BY s.id FOR UPDATE), "
    "changed AS (INSERT INTO hold (organisation, id, slots, subject, holder, expires_at, status, version, created_at) "
    "    SELECT :after.slots_of::text, :after.id::uuid, :after.slots::uuid[], :call.subject::text, :after.organisation::text, "
    "        :after.expires_at::timestamptz, 'held', 1, " NOW " "
    "    FROM input i WHERE NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) "
    "      AND (SELECT count(*) FROM wanted) = cardinality(:after.slots::uuid[]) "
    "      AND (:after.slots_most::bigint IS NULL OR " HELD_BY(":after.organisation::text", ":after.slots_of::text")
    "          + cardinality(:after.slots::uuid[]) <= :after.slots_most::bigint) RETURNING slots[1]::text AS key), "
    "taken AS (UPDATE slot s SET hold = :after.id::uuid, held_until = :after.expires_at::timestamptz, version = s.version + 1 "
    "    FROM wanted w, changed c, input i WHERE s.organisation = w.organisation AND s.id = w.id)"};

const db_stmt_t release_hold_load = {
    "release_hold_load",
    "SELECT h.id, h.slots, h.expires_at, h.holder AS organisation, h.version, h.organisation AS slots_of, h.status, h.expires_at <= " NOW
    " AS over FROM hold h WHERE h.id = :request.id::uuid AND h.holder = ANY (" ORGANISATIONS ")"};

const db_stmt_t release_hold_save = {
    "release_hold_save", "changed AS (UPDATE hold h SET status = 'released', version = :after.version::bigint FROM input i "
                         "    WHERE h.id = :request.id::uuid AND h.version = :row.version::bigint AND h.status = 'held' "
                         "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING h.id::text AS key), "
                         "freed AS (UPDATE slot s SET hold = NULL, held_until = NULL, version = s.version + 1 FROM changed c, input i "
                         "    WHERE s.organisation = :row.slots_of::text AND s.id = ANY (:row.slots::uuid[]) AND s.hold = c.key::uuid)"};
