#include "services/referral/store_schedule.h"

#include "services/referral/rules_schedule.h"

#define ORGANISATIONS ":header.principal.organisations::text[]"
#define HORIZON "(:call.today::date + " SCHEDULE_LAST_DAY ")"

#define TEMPLATE_COLUMNS                                                                                                                   \
    "t.id, t.service, t.organisation, t.name, t.kind, t.channel, t.sessions, nullif(t.exceptions, '[]') AS exceptions, "                   \
    "nullif(t.bank_holidays, false) AS bank_holidays, t.valid_from, t.valid_to, restrictions_json(t) AS restrictions, t.generated_to, "    \
    "nullif(t.synthetic, false) AS synthetic, t.version, t.created_at, t.updated_at"

#define BANK_HOLIDAYS                                                                                                                      \
    "(SELECT array_agg(b.day::text ORDER BY b.day) FROM bank_holiday b WHERE b.day BETWEEN :call.today::date AND " HORIZON                 \
    ") AS bank_holidays_on"

// The first organisation that the plan is to be restricted to and that the registry does not have.
#define MISSING_ORGANISATION                                                                                                               \
    "(SELECT a.code FROM unnest(:request.schedule_template.restrictions.organisations::text[]) WITH ORDINALITY a (code, n) "               \
    "    WHERE NOT EXISTS (SELECT FROM organisation o WHERE o.code = a.code) ORDER BY a.n LIMIT 1) AS missing_organisation"

#define SLOTS_ADDED                                                                                                                        \
    "added AS (INSERT INTO slot (organisation, id, template, start_at, minutes, lane, status) "                                            \
    "    SELECT c.organisation, a.id, c.key::uuid, a.start_at, a.minutes, a.lane, 'free' FROM changed c CROSS JOIN unnest("                \
    "        :after.slot_ids::uuid[], :after.slot_starts::timestamptz[], :after.slot_minutes::smallint[], :after.slot_lanes::smallint[]) " \
    "        AS a (id, start_at, minutes, lane) ON CONFLICT ON CONSTRAINT slot_once DO NOTHING)"

const db_stmt_t create_schedule_template_load = {
    "create_schedule_template_load",
    "SELECT s.provider, within_reach(s.provider, " ORGANISATIONS ") AS provider_within_reach, s.channels, " BANK_HOLIDAYS ", " MISSING_ORGANISATION
    " FROM service s WHERE s.id = :request.schedule_template.service::uuid AND s.status <> 'closed'"};

const db_stmt_t create_schedule_template_save = {
    "create_schedule_template_save",
    "changed AS (INSERT INTO schedule_template (organisation, id, service, name, kind, channel, sessions, exceptions, bank_holidays, "
    "        valid_from, valid_to, organisation_types, organisations, window_days, embargo_until, embargo_days, notice_minutes, "
    "        generated_to, synthetic, version, created_at, updated_at) "
    "    SELECT :after.template.organisation::text, :after.template.id::uuid, :after.template.service::uuid, :after.template.name::text, "
    "        :after.template.kind::text, :after.template.channel::text, :after.template.sessions::jsonb, "
    "        coalesce(:after.template.exceptions::jsonb, '[]'), coalesce(:after.template.bank_holidays::boolean, false), "
    "        :after.template.valid_from::date, :after.template.valid_to::date, "
    "        nullif(:after.template.restrictions.organisation_types::text[], '{}'), "
    "        nullif(:after.template.restrictions.organisations::text[], '{}'), :after.template.restrictions.window_days::int, "
    "        :after.template.restrictions.embargo_until::time, :after.template.restrictions.embargo_days::int, "
    "        coalesce(:after.template.restrictions.notice_minutes::int, 0), :after.template.generated_to::date, "
    "        coalesce(:after.template.synthetic::boolean, false), :after.template.version::bigint, "
    "        :after.template.created_at::timestamptz, :after.template.updated_at::timestamptz "
    "    FROM input i WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING id::text AS key, organisation), " SLOTS_ADDED};

const db_stmt_t get_schedule_template = {"get_schedule_template",
                                         "SELECT " TEMPLATE_COLUMNS ", within_reach(t.organisation, " ORGANISATIONS
                                         ") AS within_reach FROM schedule_template t WHERE t.id = :request.id::uuid"};

const db_stmt_t list_schedule_templates = {"list_schedule_templates",
                                           "SELECT " TEMPLATE_COLUMNS ", within_reach(t.organisation, " ORGANISATIONS
                                           ") AS within_reach FROM schedule_template t "
                                           "WHERE (:request.service::uuid IS NULL OR t.service = :request.service::uuid) "
                                           "AND (:request.organisation::text IS NULL OR t.organisation = :request.organisation::text) "
                                           "AND (:prepared.parts::text[] IS NULL OR t.id > (:prepared.parts::text[])[1]::uuid) "
                                           "ORDER BY t.id LIMIT coalesce(:request.page_size::int, 50) + 1"};

// What its future slots are: one that is held is told as such.
#define FUTURE_SLOTS                                                                                                                       \
    "(SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', s.id, 'start', instant_text(s.start_at), 'minutes', s.minutes, 'lane', " \
    "    s.lane, 'status', CASE WHEN s.status = 'free' AND s.held_until > :call.now::timestamptz THEN 'held' ELSE s.status END, "          \
    "    'offPlan', nullif(s.off_plan, false))) ORDER BY s.start_at, s.lane) FROM slot s WHERE s.template = t.id "                         \
    "    AND s.start_at > :call.now::timestamptz AND s.status IN ('free', 'booked', 'blocked')) AS slots"

const db_stmt_t update_schedule_template_load = {"update_schedule_template_load",
                                                 "SELECT " TEMPLATE_COLUMNS ", within_reach(t.organisation, " ORGANISATIONS
                                                 ") AS within_reach, " BANK_HOLIDAYS ", " MISSING_ORGANISATION ", " FUTURE_SLOTS
                                                 " FROM schedule_template t WHERE t.id = :request.id::uuid"};

// A slot that is to go must still be as it was loaded, or nothing of it takes place: somebody may have booked it meanwhile.
const db_stmt_t update_schedule_template_save = {
    "update_schedule_template_save",
    "going AS MATERIALIZED (SELECT s.organisation, s.id FROM slot s WHERE s.id = ANY (coalesce(:after.gone::uuid[], '{}') "
    "        || coalesce(:after.resized::uuid[], '{}')) AND s.status = 'free' "
    "        AND (s.held_until IS NULL OR s.held_until <= :call.now::timestamptz) ORDER BY s.id FOR UPDATE), "
    "changed AS (UPDATE schedule_template t SET name = :after.template.name::text, sessions = :after.template.sessions::jsonb, "
    "        exceptions = coalesce(:after.template.exceptions::jsonb, '[]'), "
    "        bank_holidays = coalesce(:after.template.bank_holidays::boolean, false), valid_from = :after.template.valid_from::date, "
    "        valid_to = :after.template.valid_to::date, "
    "        organisation_types = nullif(:after.template.restrictions.organisation_types::text[], '{}'), "
    "        organisations = nullif(:after.template.restrictions.organisations::text[], '{}'), "
    "        window_days = :after.template.restrictions.window_days::int, embargo_until = "
    ":after.template.restrictions.embargo_until::time, "
    "        embargo_days = :after.template.restrictions.embargo_days::int, "
    "        notice_minutes = coalesce(:after.template.restrictions.notice_minutes::int, 0), "
    "        generated_to = :after.template.generated_to::date, synthetic = coalesce(:after.template.synthetic::boolean, false), "
    "        version = :after.template.version::bigint, updated_at = :after.template.updated_at::timestamptz "
    "    FROM input i WHERE t.id = :request.id::uuid AND t.version = :row.version::bigint "
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) "
    "      AND (SELECT count(*) FROM going) = coalesce(cardinality(:after.gone::uuid[]), 0) + "
    "coalesce(cardinality(:after.resized::uuid[]), 0) "
    "    RETURNING t.id::text AS key, t.organisation), "
    "removed AS (DELETE FROM slot s USING going g, changed c WHERE s.organisation = g.organisation AND s.id = g.id "
    "    AND s.id = ANY (:after.gone::uuid[])), "
    "resized AS (UPDATE slot s SET minutes = r.minutes, off_plan = false, version = s.version + 1 "
    "    FROM unnest(:after.resized::uuid[], :after.resized_minutes::smallint[]) AS r (id, minutes), going g, changed c "
    "    WHERE g.id = r.id AND s.organisation = g.organisation AND s.id = g.id), "
    "marked AS (UPDATE slot s SET off_plan = s.id = ANY (coalesce(:after.kept::uuid[], '{}')), version = s.version + 1 FROM changed c "
    "    WHERE s.id = ANY (:after.kept::uuid[]) OR s.id = ANY (:after.regained::uuid[])), " SLOTS_ADDED};

const db_stmt_t generate_slots_load = {"generate_slots_load", "SELECT " TEMPLATE_COLUMNS ", true AS within_reach, " BANK_HOLIDAYS
                                                              " FROM schedule_template t WHERE t.id = :request.id::uuid"};

const db_stmt_t generate_slots_save = {
    "generate_slots_save",
    "changed AS (UPDATE schedule_template t SET generated_to = :after.template.generated_to::date, version = "
    ":after.template.version::bigint, "
    "        updated_at = :after.template.updated_at::timestamptz "
    "    FROM input i WHERE t.id = :request.id::uuid AND t.version = :row.version::bigint "
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING t.id::text AS key, t.organisation), " SLOTS_ADDED};

const db_stmt_t due_templates = {"due_templates",
                                 "SELECT t.id FROM schedule_template t WHERE (t.generated_to IS NULL OR t.generated_to < " HORIZON ") "
                                 "AND (t.valid_to IS NULL OR t.generated_to IS NULL OR t.generated_to < t.valid_to) "
                                 "ORDER BY t.generated_to NULLS FIRST, t.id LIMIT 256"};
