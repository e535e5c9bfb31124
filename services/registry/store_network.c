#include "services/registry/store_network.h"

#include "services/registry/store_organisation.h"

const db_stmt_t get_network = {
    "get_network",
    "SELECT " ORGANISATION_COLUMNS_ON(":request.as_of::date") ", " NETWORK_RECORD
                                                              " FROM organisations_on(:request.as_of::date) o" NETWORK_FACTS_JOIN
                                                              "WHERE o.code = :request.code::text AND o.kind = 'network'"};

// clang-format off
#define OF_NETWORK "FROM organisation o" NETWORK_FACTS_JOIN "WHERE o.code = :request.code::text AND o.kind = 'network'"

const db_stmt_t add_director_load = {
    "add_director_load",
    "SELECT " ORGANISATION_COLUMNS ", " NETWORK_FACTS ", " WITHIN_REACH ", "
    TIMELINE_FACTS(":request.director.from::date < o.facts_from") " " OF_NETWORK};
// clang-format on

const db_stmt_t add_director_save = {
    "add_director_save",
    LOCKED "term AS (INSERT INTO director_term (network, name, from_on, to_on, share, source, from_assumed, recorded_at) "
           "    SELECT locked.code, :after.name::text, :after.from::date, :after.to::date, :after.share::numeric, :after.source::text, "
           "        coalesce(:after.from_assumed::boolean, false), :call.now::timestamptz FROM locked ON CONFLICT DO NOTHING RETURNING "
           "network), " CHANGED_BY("term")};

// A waiver is the commissioner's: whom the caller reaches is asked of it, not of the network.
// clang-format off
#define WAIVER_LOAD(from)                                                                                                                  \
    "SELECT " ORGANISATION_COLUMNS ", " NETWORK_FACTS ", " TIMELINE_FACTS(from " < o.facts_from") ", "                                     \
    "within_reach(f.commissioner, :header.principal.organisations::text[], :call.today::date) AS within_reach, "                           \
    "(SELECT array_agg(a.code ORDER BY a.distance) FROM above(o.code) a WHERE a.kind IN ('ccg', 'sub-icb', 'ics')) AS above " OF_NETWORK
// clang-format on

const db_stmt_t add_waiver_load = {"add_waiver_load", WAIVER_LOAD(":request.waiver.from::date")};

const db_stmt_t add_waiver_save = {
    "add_waiver_save",
    LOCKED "waived AS (INSERT INTO waiver (network, from_on, to_on, reason, granted_by, source, recorded_at) "
           "    SELECT locked.code, :after.from::date, :after.to::date, :after.reason::text, :after.granted_by::text, :after.source::text, "
           "        :call.now::timestamptz FROM locked ON CONFLICT DO NOTHING RETURNING network), " CHANGED_BY("waived")};

#define WAIVER_CHANGE_SAVE(by)                                                                                                             \
    LOCKED "gone AS (DELETE FROM waiver w USING locked WHERE w.network = locked.code AND w.from_on = :after.wrong.from::date "             \
           "    RETURNING w.*), "                                                                                                          \
           "thought AS (INSERT INTO superseded_fact (code, kind, fact, recorded_at, superseded_at, superseded_by) "                        \
           "    SELECT network, 'waiver', to_jsonb(gone), recorded_at, :call.now::timestamptz, '" by "' FROM gone), "                      \
           "ended AS (UPDATE waiver w SET to_on = :after.after.to::date, end_recorded_at = :call.now::timestamptz FROM locked "            \
           "    WHERE :after.wrong.from::date IS NULL AND w.network = locked.code AND w.from_on = :after.after.from::date "                \
           "    RETURNING w.network), "                                                                                                    \
           "added AS (INSERT INTO waiver (network, from_on, to_on, reason, granted_by, source, recorded_at) "                              \
           "    SELECT gone.network, :after.after.from::date, :after.after.to::date, :after.after.reason::text, "                          \
           "        :after.after.granted_by::text, :after.after.source::text, :call.now::timestamptz "                                     \
           "    FROM gone WHERE :after.after.from::date IS NOT NULL), "                                                                    \
           "done AS (SELECT network FROM gone UNION ALL SELECT network FROM ended), " CHANGED_BY("done")

const db_stmt_t end_waiver_load = {"end_waiver_load", WAIVER_LOAD("NULL::date")};
const db_stmt_t end_waiver_save = {"end_waiver_save", WAIVER_CHANGE_SAVE("change")};
const db_stmt_t correct_waiver_load = {"correct_waiver_load", WAIVER_LOAD("coalesce(:request.new_from::date, :request.from::date)")};
const db_stmt_t correct_waiver_save = {"correct_waiver_save", WAIVER_CHANGE_SAVE("correction")};

#define REQUESTED_SIZE                                                                                                                     \
    "s.kind = :request.list_size.kind::text AND s.sub_group = coalesce(:request.list_size.sub_group::text, '') "                           \
    "AND s.as_of = :request.list_size.as_of::date AND s.synthetic = coalesce(:request.list_size.synthetic::boolean, false)"

const db_stmt_t add_list_size_load = {
    "add_list_size_load",
    "SELECT " ORGANISATION_COLUMNS ", " NETWORK_FACTS ", " WITHIN_REACH ", "
    "(SELECT json_build_object('organisation', s.organisation, 'kind', s.kind, 'count', s.count, 'asOf', s.as_of, 'source', s.source) "
    "    FROM list_size s WHERE s.organisation = o.code AND " REQUESTED_SIZE ") AS list_size_taken "
    "FROM organisation o" NETWORK_FACTS_JOIN "WHERE o.code = :request.code::text"};

// A correction leaves the row as it was among superseded facts.
const db_stmt_t add_list_size_save = {
    "add_list_size_save",
    LOCKED "wrong AS MATERIALIZED (SELECT s.* FROM list_size s JOIN locked ON locked.code = s.organisation "
           "    WHERE :request.correction::boolean AND " REQUESTED_SIZE "), "
           "thought AS (INSERT INTO superseded_fact (code, kind, fact, recorded_at, superseded_at, superseded_by) "
           "    SELECT organisation, 'list-size', to_jsonb(wrong), recorded_at, :call.now::timestamptz, 'correction' FROM wrong), "
           "righted AS (UPDATE list_size s SET count = :after.count::bigint, source = :after.source::text, "
           "        recorded_at = :call.now::timestamptz FROM wrong WHERE s.organisation = wrong.organisation AND " REQUESTED_SIZE
           "    RETURNING s.organisation), "
           "added AS (INSERT INTO list_size (organisation, kind, sub_group, as_of, synthetic, count, source, recorded_at) "
           "    SELECT locked.code, :after.kind::text, coalesce(:after.sub_group::text, ''), :after.as_of::date, "
           "        coalesce(:after.synthetic::boolean, false), :after.count::bigint, :after.source::text, :call.now::timestamptz "
           "    FROM locked WHERE NOT coalesce(:request.correction::boolean, false) ON CONFLICT DO NOTHING RETURNING organisation), "
           "size AS (SELECT organisation FROM added UNION ALL SELECT organisation FROM righted), "
           "grouped AS (INSERT INTO sub_group (network, code, source) SELECT size.organisation, :after.sub_group::text, "
           "        :after.source::text FROM size WHERE :after.sub_group::text IS NOT NULL ON CONFLICT DO NOTHING), " CHANGED_BY("size")};
