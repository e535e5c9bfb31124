#include "services/registry/store_import.h"

// An import that is not being sent any more, and one that nobody will ask about.
#define ABANDONED "m.state = 'receiving' AND m.received_at < :call.now::timestamptz - interval '15 minutes'"
#define OLD "m.finished_at < :call.now::timestamptz - interval '30 days'"
#define FINISHED "m.state IN ('succeeded', 'failed', 'cancelled')"
#define HAS_ROWS "EXISTS (SELECT FROM import_row r WHERE r.import = m.id)"
// Rows that one cleaning takes away: what a statement may take its time for.
#define ROWS_AT_ONCE "20000"

#define COLUMNS                                                                                                                            \
    "m.id, m.state, m.dry_run, m.start, m.pieces, m.files, m.rows, m.problem_count, m.progress, m.created, m.changed, "                    \
    "m.added_rows, m.unchanged_rows, m.created_at, m.received_at, m.started_at, m.finished_at"
// The first thousand, each short enough for all of them to fit an answer.
#define PROBLEMS                                                                                                                           \
    "(SELECT json_agg(json_strip_nulls(json_build_object("                                                                                 \
    "    'file', CASE WHEN p.file > 0 THEN left(m.files -> (p.file - 1) ->> 'name', 100) END, 'line', p.line, "                            \
    "    'field', left(p.field, 100), 'detail', left(p.reason, 400))) ORDER BY p.file, p.line, p.place) "                                  \
    " FROM (SELECT q.*, row_number() OVER () AS place FROM import_problem q WHERE q.import = m.id ORDER BY q.file, q.line LIMIT 1000) p)"
#define THIS " FROM import m WHERE m.id = :request.id::uuid"
#define NOT_SEEN "NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)"

const db_stmt_t begin_import_load = {"begin_import_load",
                                     "SELECT count(*) AS unfinished FROM import m WHERE m.state NOT IN ('succeeded', 'failed', "
                                     "'cancelled')"};

const db_stmt_t begin_import_save = {
    "begin_import_save",
    "changed AS (INSERT INTO import (id, state, dry_run, start, created_at, received_at) "
    "    SELECT :after.id::uuid, 'receiving', coalesce(:after.dry_run::boolean, false), :after.start::date, :call.now::timestamptz, "
    "        :call.now::timestamptz FROM input i WHERE " NOT_SEEN " RETURNING id::text AS key)"};

const db_stmt_t put_import_part_load = {
    "put_import_part_load", "SELECT " COLUMNS ", m.reading, CASE WHEN :request.last::boolean THEN " PROBLEMS " END AS problems" THIS};

const db_stmt_t put_import_part_save = {
    "put_import_part_save",
    "changed AS (UPDATE import m SET pieces = CASE WHEN :request.cancel::boolean THEN m.pieces ELSE :request.number::int END, "
    "        reading = :after.reading::bytea, "
    "        files = coalesce(:after.files::jsonb, '[]'), rows = :after.rows::bigint, problem_count = :after.problem_count::bigint, "
    "        state = :after.state::text, received_at = :call.now::timestamptz, finished_at = :after.finished_at::timestamptz "
    "    FROM input i WHERE m.id = :request.id::uuid AND m.state = 'receiving' AND m.pieces = :row.pieces::int AND " NOT_SEEN
    "    RETURNING m.id::text AS key), "
    "staged AS (INSERT INTO import_row (import, file, line, kind, data, place, path) "
    "    SELECT c.key::uuid, r.file, r.line, r.kind, r.data::jsonb, r.place, nullif(r.path, '') "
    "    FROM changed c CROSS JOIN LATERAL ROWS FROM (unnest(:after.staged_files::int[]), unnest(:after.staged_lines::int[]), "
    "        unnest(:after.staged_kinds::text[]), string_to_table(:after.staged::text, E'\\x1e'), unnest(:after.staged_places::int[]), "
    "        unnest(:after.staged_paths::text[])) AS r (file, line, kind, data, place, path)), "
    "noted AS (INSERT INTO import_problem (import, file, line, field, reason) "
    "    SELECT c.key::uuid, r.file, r.line, r.field, r.reason FROM changed c "
    "    CROSS JOIN LATERAL jsonb_to_recordset(:after.problems::jsonb) AS r (file int, line int, field text, reason text))"};

const db_stmt_t get_job = {"get_job", "SELECT " COLUMNS ", " PROBLEMS " AS problems" THIS};

// The same under a name of its own: connections prepare statements by name.
const db_stmt_t cancel_job_load = {"cancel_job_load", "SELECT " COLUMNS ", " PROBLEMS " AS problems" THIS};

// What is decided on is asked again: its turn may have begun.
const db_stmt_t cancel_job_save = {
    "cancel_job_save",
    "changed AS (UPDATE import m SET state = 'cancelled', reading = NULL, finished_at = :after.finished_at::timestamptz "
    "    FROM input i WHERE m.id = :request.id::uuid AND m.state = :row.state::text AND " NOT_SEEN "    RETURNING m.id::text AS key)"};

const db_stmt_t due_imports = {"due_imports", "SELECT m.id FROM import m WHERE (" ABANDONED ") OR (" OLD ") OR (" FINISHED " AND " HAS_ROWS
                                              ") ORDER BY m.created_at LIMIT 64"};

const db_stmt_t clean_import_load = {"clean_import_load", "SELECT " COLUMNS ", " HAS_ROWS " AS staged" THIS};

// What is decided on is asked again: a piece may have come, and whoever else cleans was faster.
const db_stmt_t clean_import_save = {
    "clean_import_save",
    "due AS MATERIALIZED (SELECT m.id FROM import m CROSS JOIN input i WHERE m.id = :request.id::uuid AND m.state = :row.state::text "
    "    AND m.received_at = :row.received_at::timestamptz AND " NOT_SEEN " FOR UPDATE OF m), "
    "given_up AS (UPDATE import m SET state = 'failed', finished_at = :call.now::timestamptz, reading = NULL, "
    "        problem_count = m.problem_count + 1 FROM due d WHERE m.id = d.id AND :after.given_up::boolean RETURNING m.id), "
    "noted AS (INSERT INTO import_problem (import, file, line, reason) "
    "    SELECT g.id, 0, 0, 'It was not sent to its end: no piece came for 15 minutes' FROM given_up g), "
    "gone AS (DELETE FROM import_row r WHERE EXISTS (SELECT FROM due) AND r.ctid = ANY (ARRAY(SELECT s.ctid FROM import_row s "
    "    WHERE s.import = :request.id::uuid LIMIT " ROWS_AT_ONCE "))), "
    "forgotten AS (DELETE FROM import m USING due d WHERE m.id = d.id AND :after.forgotten::boolean), "
    "changed AS (SELECT d.id::text AS key FROM due d)"};
