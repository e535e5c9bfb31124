#include "common/service/follower_sql.h"

#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "pcn/platform/v1/follower.meta.h"

#define SQL_CAP (64u * 1024u)

#define OF_SOURCE "source = :step.source::text"
#define AS_KNOWN OF_SOURCE " AND version = :step.version::bigint"
#define GIVEN                                                                                                                              \
    "moved CROSS JOIN LATERAL unnest(:step.subjects::text[], :step.types::text[], :step.data::text[]) "                                    \
    "WITH ORDINALITY AS g (subject, type, data, place)"

static const char load[] =
    "WITH made AS (INSERT INTO follower (source) VALUES (:step.source::text) ON CONFLICT (source) DO NOTHING RETURNING *) "
    "SELECT f.state, f.sequence, f.epoch, f.generation, f.version, f.moved_at, d.id AS letter, d.sequence AS letter_sequence, "
    "    coalesce(d.time, d.at) AS letter_time FROM (SELECT * FROM made UNION ALL SELECT * FROM follower WHERE " OF_SOURCE ") f "
    "LEFT JOIN dead_letter d ON d.id = f.dead_letter";

static const char begin[] = "UPDATE follower SET state = 'snapshot', generation = generation + 1, version = version + 1 WHERE " AS_KNOWN
                            " RETURNING state, sequence, epoch, generation, version, moved_at, 1 AS moved";

// The texts become jsonb only where the row is the follower's: a step that comes twice does nothing at all. Once: a subquery that is not
// materialized is written out wherever it is looked into.
static const char apply_head[] =
    "WITH moved AS (UPDATE follower SET sequence = :step.sequence::bigint, version = version + 1, moved_at = now() WHERE " AS_KNOWN
    " RETURNING version), "
    "given AS MATERIALIZED (SELECT g.* FROM " GIVEN "), "
    "batch AS MATERIALIZED (SELECT subject, type, data::jsonb AS data, place FROM given), ";

// What an operator left out stays out, as long as it is the same: an event that was skipped comes again as a resource of the snapshot.
static const char page_head[] =
    "WITH moved AS (UPDATE follower SET version = version + 1 WHERE " AS_KNOWN " RETURNING version), "
    "given AS MATERIALIZED (SELECT g.*, EXISTS (SELECT FROM dead_letter d WHERE d." OF_SOURCE " AND d.subject = g.subject "
    "    AND d.state = 'skipped' AND d.data = g.data) AS left_out FROM " GIVEN "), "
    "named AS (UPDATE follower_subject s SET generation = :step.generation::bigint FROM given g "
    "    WHERE g.left_out AND s." OF_SOURCE " AND s.subject = g.subject), "
    "batch AS MATERIALIZED (SELECT subject, type, data::jsonb AS data, place FROM given WHERE NOT left_out), ";

// The newest of each resource, and whether the copy lacks it. Without a version it counts as news, which follower_subject then refuses.
static const char newest[] =
    "newest AS (SELECT DISTINCT ON (subject) subject, type, (data ->> 'version')::bigint AS version, data FROM batch "
    "    ORDER BY subject, (data ->> 'version')::bigint DESC, place DESC), "
    "fresh AS MATERIALIZED (SELECT n.*, s.version AS known, "
    "    s.version IS NULL OR s.epoch <> :step.epoch::text OR coalesce(n.version > s.version, true) AS is_news "
    "    FROM newest n LEFT JOIN LATERAL (SELECT version, epoch FROM follower_subject WHERE " OF_SOURCE
    "        AND subject = n.subject OFFSET 0) s ON true), "
    "news AS (SELECT subject, type, version, data FROM fresh WHERE is_news), "
    "noted AS (INSERT INTO follower_subject AS t (source, subject, type, version, epoch, generation) "
    "    SELECT :step.source::text, subject, type, CASE WHEN is_news THEN version ELSE known END, :step.epoch::text, "
    "        :step.generation::bigint FROM fresh ";

// Events that are no news leave their resource as it is; a snapshot says of each that it is still there.
static const char apply_noted[] = "WHERE is_news ";
static const char noted_tail[] = "    ON CONFLICT (source, subject) DO UPDATE SET type = excluded.type, version = excluded.version, "
                                 "epoch = excluded.epoch, generation = excluded.generation), ";

static const char sums[] = " SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM news) AS applied";

static const char sweep_head[] =
    "WITH vanished AS MATERIALIZED (SELECT subject, type, version FROM follower_subject WHERE " OF_SOURCE
    "    AND generation < :step.generation::bigint ORDER BY generation, subject LIMIT :step.limit::bigint), "
    "left_over AS (SELECT count(*) = :step.limit::bigint AS more FROM vanished), "
    "moved AS (UPDATE follower f SET version = f.version + 1, state = CASE WHEN l.more THEN f.state ELSE 'following' END, "
    "    sequence = CASE WHEN l.more THEN f.sequence ELSE :step.sequence::bigint END, "
    "    epoch = CASE WHEN l.more THEN f.epoch ELSE :step.epoch::text END, "
    "    moved_at = CASE WHEN l.more THEN f.moved_at ELSE now() END FROM left_over l WHERE f.source = :step.source::text "
    "    AND f.version = :step.version::bigint RETURNING f.state, f.sequence, f.epoch), "
    "forgotten AS (DELETE FROM follower_subject s USING vanished v, moved WHERE s." OF_SOURCE " AND s.subject = v.subject), "
    "news AS (SELECT v.subject, v.type, v.version, NULL::jsonb AS data FROM vanished v, moved), ";
static const char sweep_sums[] = " SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM news) AS applied, "
                                 "(SELECT state FROM moved) AS state, (SELECT sequence FROM moved) AS sequence, "
                                 "(SELECT epoch FROM moved) AS epoch";

// The event of the step, or else what a sweep would have begun with.
static const char letter[] =
    "WITH moved AS (UPDATE follower SET state = 'stopped', dead_letter = :step.letter::uuid, version = version + 1 WHERE " AS_KNOWN
    " RETURNING version), "
    "kept AS (INSERT INTO dead_letter (id, source, sequence, type, subject, data, time, problem, at) "
    "    SELECT :step.letter::uuid, :step.source::text, :step.letter_sequence::bigint, e.type, e.subject, e.data, "
    "        :step.letter_time::timestamptz, :step.problem::text, now() FROM moved CROSS JOIN LATERAL ("
    "        SELECT u.type, u.subject, u.data FROM unnest(:step.types::text[], :step.subjects::text[], :step.data::text[]) "
    "            AS u (type, subject, data) "
    "        UNION ALL (SELECT s.type, s.subject, NULL FROM follower_subject s WHERE :step.subjects::text[] IS NULL "
    "            AND s." OF_SOURCE
    " AND s.generation < :step.generation::bigint ORDER BY s.generation, s.subject LIMIT 1)) e RETURNING subject) "
    "SELECT (SELECT count(*) FROM moved) AS moved, (SELECT subject FROM kept) AS subject";

// NULL stands for what the declaration changes.
#define PARTS_MAX 7
static const struct {
    const char *verb;
    const char *parts[PARTS_MAX];
    size_t count;
} forms[FOLLOWER_STATEMENTS] = {
    [FOLLOWER_LOAD] = {"load", {load}, 1},
    [FOLLOWER_BEGIN] = {"begin", {begin}, 1},
    [FOLLOWER_APPLY] = {"apply", {apply_head, newest, apply_noted, noted_tail, NULL, sums}, 6},
    [FOLLOWER_PAGE] = {"page", {page_head, newest, noted_tail, NULL, sums}, 5},
    [FOLLOWER_SWEEP] = {"sweep", {sweep_head, NULL, sweep_sums}, 3},
    [FOLLOWER_LETTER] = {"letter", {letter}, 1},
};

static status_t make(const service_follower_t *declared, follower_statement_t which, db_statement_t **statement, problem_t *problem)
{
    const db_root_t roots[] = {{"step", &pcn__platform__v1__follower_step__type}};
    char name[96];
    buf_t sql;
    buf_init(&sql, SQL_CAP);
    for (size_t i = 0; i < forms[which].count; i++)
        buf_add_string(&sql, forms[which].parts[i] != NULL ? forms[which].parts[i] : declared->apply->sql);
    int length = snprintf(name, sizeof name, "%s_%s", declared->apply->name, forms[which].verb);
    status_t status = buf_ok(&sql) && length > 0 && (size_t)length < sizeof name
                          ? db_statement_new(name, sql.data, roots, sizeof roots / sizeof *roots, NULL, statement, problem)
                          : problem_set(problem, STATUS_INTERNAL, declared->source, "The statement is too long");
    buf_deinit(&sql);
    return status;
}

status_t follower_sql_new(const service_follower_t *declared, db_statement_t *statements[FOLLOWER_STATEMENTS], problem_t *problem)
{
    memset(statements, 0, FOLLOWER_STATEMENTS * sizeof *statements);
    if (declared->apply == NULL || strstr(declared->apply->sql, "news") == NULL)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, declared->source, "What a follower applies is read from `news`");
    status_t status = STATUS_OK;
    for (follower_statement_t i = 0; status == STATUS_OK && i < FOLLOWER_STATEMENTS; i++)
        status = make(declared, i, &statements[i], problem);
    return status;
}

void follower_sql_destroy(db_statement_t *statements[FOLLOWER_STATEMENTS])
{
    for (size_t i = 0; i < FOLLOWER_STATEMENTS; i++)
        db_statement_destroy(&statements[i]);
}

status_t follower_statements(const service_follower_t *declared, status_t (*visit)(void *data, const db_statement_t *statement), void *data,
                             problem_t *problem)
{
    db_statement_t *statements[FOLLOWER_STATEMENTS];
    status_t status = follower_sql_new(declared, statements, problem);
    for (size_t i = 0; status == STATUS_OK && i < FOLLOWER_STATEMENTS; i++)
        status = visit(data, statements[i]);
    follower_sql_destroy(statements);
    return status;
}
