#include "services/registry/store_import_apply.h"

#include "services/registry/store_changes.h"

#define CODES ":call.event_subjects::text[]"
#define RECORDED(organisation) "WHERE NOT s.known AND s." organisation " = ANY (" CODES ") ORDER BY s." organisation " COLLATE \"C\", "

const db_stmt_t apply_aggregates = {"apply_aggregates", "SELECT " ORGANISATION_COLUMNS ", " CHANGES_NETWORK CHANGES_FROM
                                                        "WHERE o.code = ANY (" CODES ") ORDER BY o.code"};

const db_stmt_t apply_sizes = {
    "apply_sizes", "SELECT s.organisation, s.kind, s.count, s.as_of, s.source, nullif(s.sub_group, '') AS sub_group, "
                   "nullif(s.synthetic, false) AS synthetic FROM " SIZES_BY_AGE(
                       "l.organisation = ANY (" CODES
                       ")") " s "
                            "WHERE s.place <= " EVENT_SIZES " OR (s.organisation, s.kind, s.sub_group, s.as_of, s.synthetic) IN "
                            "    (SELECT n.organisation, n.kind, n.sub_group, n.as_of, n.synthetic FROM in_size n "
                            "     WHERE NOT n.known AND n.organisation = ANY (" CODES ")) "
                            "ORDER BY s.organisation COLLATE \"C\", s.as_of, s.kind COLLATE \"C\", s.sub_group COLLATE \"C\", s.synthetic"};

const db_stmt_t apply_facts = {
    "apply_facts", "SELECT s.organisation, s.fact, s.qualifier, s.value, s.unit, nullif(s.period, '') AS period, s.notes, s.source "
                   "FROM in_fact s " RECORDED("organisation") "s.file, s.line"};

const db_stmt_t apply_systems = {"apply_systems", "SELECT s.practice, s.system, s.from_on AS \"from\", s.to_on AS \"to\", s.source "
                                                  "FROM in_system s " RECORDED("practice") "s.from_on"};

const db_stmt_t apply_alignments = {
    "apply_alignments", "SELECT s.service, s.organisation, s.name, s.kind, s.provider, s.from_on AS \"from\", s.to_on AS \"to\", s.source "
                        "FROM in_alignment s " RECORDED("organisation") "s.service COLLATE \"C\", s.from_on"};

const db_stmt_t apply_sites = {
    "apply_sites", "SELECT s.code, s.organisation, s.name, s.kind, s.address, s.tenure, s.floor_area, s.from_on AS \"from\", "
                   "s.to_on AS \"to\", s.source, s.notes, s.version, s.created_at, s.updated_at FROM site s WHERE s.code = ANY (" CODES
                   ") ORDER BY s.code"};

// As a change's save does, see common/service/plan.c. No request of a caller is behind it.
const db_stmt_t apply_queue = {
    "apply_queue", "INSERT INTO event_queue (id, type, subject, version, time, data) "
                   "SELECT e.id, e.type, e.subject, e.version, :call.now::timestamptz, e.data FROM unnest(:call.event_ids::uuid[], "
                   ":call.event_types::text[], :call.event_subjects::text[], :call.event_versions::bigint[], :call.event_data::text[]) "
                   "WITH ORDINALITY AS e (id, type, subject, version, data, place) ORDER BY e.place"};

// One import is applied at a time, by whichever replica: the lock goes with the transaction, however that ends. What another one left in
// the middle is to be done again.
const char apply_lock[] = "SELECT FROM (SELECT pg_try_advisory_xact_lock(hashtextextended('pcn registry import', 0)) AS held) l "
                          "WHERE l.held";
const char apply_next[] =
    "SELECT id, dry_run, start, attempts, problem_count FROM import WHERE state IN ('waiting', 'checking', 'applying') "
    "ORDER BY created_at, id LIMIT 1";
const char apply_begin[] = "UPDATE import SET state = 'checking', progress = 0, attempts = attempts + 1, "
                           "started_at = coalesce(started_at, $2::timestamptz) WHERE id = $1::uuid "
                           "AND state IN ('waiting', 'checking', 'applying')";
const char apply_progress[] = "UPDATE import SET state = $2, progress = $3::integer WHERE id = $1::uuid";
const char apply_put_back[] = "UPDATE import SET state = 'waiting', progress = 0, attempts = attempts - 1 WHERE id = $1::uuid "
                              "AND state IN ('checking', 'applying')";
const char apply_stage[] = "SELECT import_stage($1::uuid, $2::date, $3::jsonb, $4::boolean)";
const char apply_rows[] = "SELECT import_check_rows($1::uuid, $2::date)";
const char apply_complete[] = "SELECT import_complete($1::date, $2::timestamptz)";
const char apply_days[] = "SELECT import_check_days($1::date)";
const char apply_spans[] = "SELECT import_check_spans($1::date)";
const char apply_tell[] = "SELECT import_tell($1::uuid)";
const char apply_hold[] = "SELECT import_hold()";
const char apply_refused[] = "INSERT INTO import_problem (import, file, line, field, reason) VALUES ($1::uuid, 0, 0, $2, $3)";
const char apply_failed[] = "UPDATE import SET state = 'failed', progress = 100, finished_at = $2::timestamptz, "
                            "problem_count = problem_count + $3::bigint WHERE id = $1::uuid";
const char apply_all[] = "SELECT created, changed FROM import_apply($1::timestamptz, $2::date)";
const char apply_count[] = "SELECT added, unchanged FROM import_count()";
const char apply_done[] = "UPDATE import SET state = 'succeeded', progress = 100, finished_at = $2::timestamptz, created = $3::bigint, "
                          "changed = $4::bigint, added_rows = $5::bigint, unchanged_rows = $6::bigint WHERE id = $1::uuid";
