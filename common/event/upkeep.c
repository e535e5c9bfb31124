#include "common/event/upkeep.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/pb/message.h"
#include "pcn/platform/v1/call.meta.h"

#define EVERY_US (INT64_C(60) * 1000000)
// So many places before the end of the room it is time to look: one of the relay's transactions.
#define NEAR 1000
#define ARENA_CAP (64u * 1024u)

static const db_stmt_t keep_partitions = {
    "keep_partitions", "SELECT covered, pruned, more FROM event_upkeep(:upkeep.partition::bigint, :upkeep.days::integer)"};

static const db_stmt_t prune_answers = {
    "prune_answers",
    "DELETE FROM idempotency WHERE (organisation, subject, method, key) IN "
    "(SELECT organisation, subject, method, key FROM idempotency WHERE created_at < now() - interval '24 hours' LIMIT 10000)"};

status_t event_upkeep_statements(db_statement_t **partitions, db_statement_t **answers, problem_t *problem)
{
    const db_root_t root = {"upkeep", &pcn__platform__v1__upkeep__type};
    status_t status = db_statement_new(keep_partitions.name, keep_partitions.sql, &root, 1, NULL, partitions, problem);
    if (status == STATUS_OK)
        status = db_statement_new(prune_answers.name, prune_answers.sql, NULL, 0, NULL, answers, problem);
    return status;
}

bool event_upkeep_init(event_upkeep_t *upkeep, int64_t partition, int64_t days, metrics_t *metrics)
{
    *upkeep = (event_upkeep_t){.asked = PCN__PLATFORM__V1__UPKEEP__INIT};
    upkeep->asked.has_partition = upkeep->asked.has_days = 1;
    upkeep->asked.partition = partition;
    upkeep->asked.days = days;
    upkeep->arena = arena_new(ARENA_CAP);
    upkeep->pruned = metrics_gauge(metrics, "pcn_event_pruned", NULL, "Events up to this place are no longer kept.");
    return upkeep->arena != NULL;
}

void event_upkeep_deinit(event_upkeep_t *upkeep)
{
    arena_destroy(&upkeep->arena);
}

static void keep_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    event_upkeep_t *upkeep = query->data;
    void *row = NULL;
    problem_t defect = *problem;
    upkeep->keeping = false;
    upkeep->looked = true;
    if (defect.status == STATUS_OK && rows->count > 0)
        defect.status = db_row_message(rows, 0, &pcn__platform__v1__upkeep__type, upkeep->arena, &row, &defect);
    if (defect.status != STATUS_OK || row == NULL) {
        // Somebody reads what was to be dropped, most often; nothing was done.
        if (!upkeep->closing)
            log_warning("no upkeep of the log, will try again", LOG_TEXT("detail", defect.detail));
        return;
    }
    const Pcn__Platform__V1__Upkeep *kept = row;
    if (kept->pruned > (int64_t)upkeep->pruned->value && !kept->more)
        log_info("old events forgotten", LOG_NUMBER("pruned", kept->pruned));
    upkeep->covered = kept->covered;
    upkeep->pruned->value = kept->pruned;
    if (kept->more)
        upkeep->partitions_at_us = 0;
}

static void answers_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    event_upkeep_t *upkeep = query->data;
    (void)rows;
    upkeep->pruning = false;
    if (problem->status != STATUS_OK && !upkeep->closing)
        log_warning("old answers not pruned", LOG_TEXT("detail", problem->detail));
}

void event_upkeep_tick(event_upkeep_t *upkeep)
{
    const int64_t now_us = clock_steady_us();
    if (!upkeep->keeping && now_us >= upkeep->partitions_at_us) {
        upkeep->keeping = true;
        upkeep->partitions_at_us = now_us + EVERY_US;
        arena_reset(upkeep->arena);
        upkeep->partitions_query = (db_query_t){.statement = upkeep->partitions,
                                                .roots = {&upkeep->asked},
                                                .arena = upkeep->arena,
                                                .key = "upkeep",
                                                .done = keep_done,
                                                .data = upkeep};
        db_write(upkeep->db, &upkeep->partitions_query);
    }
    if (!upkeep->pruning && now_us >= upkeep->answers_at_us) {
        upkeep->pruning = true;
        upkeep->answers_at_us = now_us + EVERY_US;
        upkeep->answers_query =
            (db_query_t){.statement = upkeep->answers, .arena = upkeep->arena, .key = "prune", .done = answers_done, .data = upkeep};
        db_write(upkeep->db, &upkeep->answers_query);
    }
}

void event_upkeep_wanted(event_upkeep_t *upkeep)
{
    upkeep->partitions_at_us = 0;
    if (!upkeep->keeping && !upkeep->closing)
        event_upkeep_tick(upkeep);
}

void event_upkeep_reached(event_upkeep_t *upkeep, int64_t place)
{
    // An answer that was asked for before the log came here may not cover it: the one after it does.
    if (upkeep->covered > 0 && place + NEAR >= upkeep->covered && !upkeep->keeping)
        event_upkeep_wanted(upkeep);
}
