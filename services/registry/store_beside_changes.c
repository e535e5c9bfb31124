// What stands beside organisations ends, or was wrong: one row each. The wrong one goes to superseded_fact as the row it was.
#include "services/registry/store_beside.h"
#include "services/registry/store_organisation.h"

#define LOAD(extra)                                                                                                                        \
    "SELECT " ORGANISATION_COLUMNS ", " NETWORK_FACTS ", " WITHIN_REACH ", " extra " FROM organisation o" NETWORK_FACTS_JOIN               \
    "WHERE o.code = :request.code::text"
#define THOUGHT(owner, kind, by)                                                                                                           \
    "thought AS (INSERT INTO superseded_fact (code, kind, fact, recorded_at, superseded_at, superseded_by) "                               \
    "    SELECT " owner ", '" kind "', to_jsonb(gone), recorded_at, :call.now::timestamptz, '" by "' FROM gone), "

// ---- stated facts ----

#define FACT_IS(name)                                                                                                                      \
    "s.organisation = :request.code::text AND s.fact = :request.fact::text AND s.qualifier = :" name ".qualifier::text "                   \
    "AND s.period = coalesce(:" name ".period::text, '') AND s.source = :" name ".source::text"

const db_stmt_t correct_fact_load = {
    "correct_fact_load",
    LOAD("(SELECT json_strip_nulls(json_build_object('organisation', s.organisation, 'fact', s.fact, 'qualifier', s.qualifier, "
         "    'value', s.value, 'unit', s.unit, 'period', nullif(s.period, ''), 'notes', s.notes, 'source', s.source)) "
         "    FROM stated_fact s WHERE " FACT_IS(
             "request") ") AS stated, "
                        "EXISTS (SELECT FROM stated_fact s WHERE s.organisation = :request.code::text AND s.fact = :request.fact::text "
                        "    AND s.qualifier = coalesce(:request.new_qualifier::text, :request.qualifier::text) "
                        "    AND s.period = coalesce(:request.new_period::text, :request.period::text, '') "
                        "    AND s.source = coalesce(:request.new_source::text, :request.source::text)) AS taken")};

const db_stmt_t correct_fact_save = {
    "correct_fact_save",
    LOCKED "gone AS (DELETE FROM stated_fact s USING locked WHERE " FACT_IS("after.wrong") " RETURNING s.*), " THOUGHT(
        "organisation", "fact",
        "correction") "added AS (INSERT INTO stated_fact (organisation, fact, qualifier, value, unit, period, notes, source, recorded_at) "
                      "    SELECT gone.organisation, gone.fact, :after.after.qualifier::text, :after.after.value::text, "
                      ":after.after.unit::text, "
                      "        coalesce(:after.after.period::text, ''), :after.after.notes::text, :after.after.source::text, "
                      ":call.now::timestamptz "
                      "    FROM gone WHERE :after.after.value::text IS NOT NULL), " CHANGED_BY("gone")};

// ---- clinical systems ----

#define ALL_SYSTEMS SYSTEMS_WHERE("")
#define SYSTEM_SAVE(by)                                                                                                                    \
    LOCKED "gone AS (DELETE FROM system_profile s USING locked WHERE s.practice = locked.code "                                            \
           "    AND s.from_on = :after.wrong.from::date RETURNING s.*), " THOUGHT(                                                         \
               "practice", "system", by) "ended AS (UPDATE system_profile s SET to_on = :after.after.to::date, end_recorded_at = "         \
                                         ":call.now::timestamptz FROM locked "                                                             \
                                         "    WHERE :after.wrong.from::date IS NULL AND s.practice = locked.code AND s.from_on = "         \
                                         ":after.after.from::date RETURNING s.practice), "                                                 \
                                         "added AS (INSERT INTO system_profile (practice, system, from_on, to_on, source, recorded_at) "   \
                                         "    SELECT gone.practice, :after.after.system::text, :after.after.from::date, "                  \
                                         ":after.after.to::date, :after.after.source::text, "                                              \
                                         "        :call.now::timestamptz FROM gone WHERE :after.after.from::date IS NOT NULL), "           \
                                         "done AS (SELECT practice FROM gone UNION ALL SELECT practice FROM ended), " CHANGED_BY("done")

const db_stmt_t end_system_load = {"end_system_load", LOAD(ALL_SYSTEMS)};
const db_stmt_t end_system_save = {"end_system_save", SYSTEM_SAVE("change")};
const db_stmt_t correct_system_load = {"correct_system_load", LOAD(ALL_SYSTEMS)};
const db_stmt_t correct_system_save = {"correct_system_save", SYSTEM_SAVE("correction")};

// ---- alignments ----

// Those of the service.
#define ALL_ALIGNMENTS ALIGNMENTS_WHERE(" AND a.service = :request.service::text")
#define ALIGNMENT_SAVE(by)                                                                                                                 \
    LOCKED "gone AS (DELETE FROM alignment a USING locked WHERE a.service = :request.service::text AND a.organisation = locked.code "      \
           "    AND a.from_on = :after.wrong.from::date RETURNING a.*), " THOUGHT(                                                         \
               "organisation", "alignment",                                                                                                \
               by) "ended AS (UPDATE alignment a SET to_on = :after.after.to::date, end_recorded_at = :call.now::timestamptz "             \
                   "FROM locked "                                                                                                          \
                   "    WHERE :after.wrong.from::date IS NULL AND a.service = :request.service::text AND a.organisation = "                \
                   "locked.code "                                                                                                          \
                   "      AND a.from_on = :after.after.from::date RETURNING a.organisation), "                                             \
                   "added AS (INSERT INTO alignment (service, organisation, name, kind, provider, from_on, to_on, source, "                \
                   "recorded_at) "                                                                                                         \
                   "    SELECT gone.service, gone.organisation, :after.after.name::text, :after.after.kind::text, "                        \
                   ":after.after.provider::text, "                                                                                         \
                   "        :after.after.from::date, :after.after.to::date, :after.after.source::text, :call.now::timestamptz "            \
                   "    FROM gone WHERE :after.after.from::date IS NOT NULL), "                                                            \
                   "done AS (SELECT organisation FROM gone UNION ALL SELECT organisation FROM ended), " CHANGED_BY("done")

const db_stmt_t end_alignment_load = {"end_alignment_load", LOAD(ALL_ALIGNMENTS)};
const db_stmt_t end_alignment_save = {"end_alignment_save", ALIGNMENT_SAVE("change")};
const db_stmt_t correct_alignment_load = {
    "correct_alignment_load",
    LOAD(ALL_ALIGNMENTS ", (SELECT p.kind FROM organisation p WHERE p.code = :request.new_provider::text) AS named_kind")};
const db_stmt_t correct_alignment_save = {"correct_alignment_save", ALIGNMENT_SAVE("correction")};
