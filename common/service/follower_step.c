#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/utf8.h"
#include "common/service/follower_internal.h"
#include "pcn/platform/v1/follower.meta.h"

typedef Pcn__Platform__V1__FollowerStep step_t;
typedef Pcn__Platform__V1__FollowerRow row_t;

// How many events or resources the step is about.
static size_t step_events(const follower_t *follower)
{
    if (follower->which == FOLLOWER_SWEEP)
        return (size_t)follower->sweep_limit;
    if (follower->which != FOLLOWER_APPLY && follower->which != FOLLOWER_PAGE)
        return 0;
    return follower->apart && follower->sending->count > 0 ? 1 : follower->sending->count;
}

// ---- sending ----

static void add_events(follower_t *follower, size_t from, size_t count)
{
    follower_batch_t *batch = follower->sending;
    follower->step.subjects = batch->subjects + from;
    follower->step.types = batch->types + from;
    follower->step.data = batch->data + from;
    follower->step.n_subjects = follower->step.n_types = follower->step.n_data = count;
}

static void add_place(follower_t *follower, int64_t sequence)
{
    follower->step.has_sequence = 1;
    follower->step.sequence = sequence;
}

// The last of them moves the place also behind what was passed over.
static int64_t place_behind(const follower_t *follower)
{
    const follower_batch_t *batch = follower->sending;
    return follower->apart && follower->at + 1 < batch->count ? batch->sequences[follower->at] : batch->last;
}

static void add_letter(follower_t *follower)
{
    step_t *step = &follower->step;
    step->letter = follower->letter;
    step->problem = follower->problem;
    if (follower->sending == NULL)
        return; // of a sweep: the statement finds it
    add_events(follower, follower->at, 1);
    int64_t decided_us;
    if (instant_parse(follower->sending->times[follower->at], &decided_us))
        step->letter_time = follower->sending->times[follower->at];
    step->has_letter_sequence = follower->cursor.state == FOLLOWER_STATE(FOLLOWING);
    step->letter_sequence = follower->sending->sequences[follower->at];
}

static void fill(follower_t *follower)
{
    step_t *step = &follower->step;
    const bool of_snapshot = follower->cursor.state == FOLLOWER_STATE(SNAPSHOT);
    pcn__platform__v1__follower_step__init(step);
    step->source = (char *)(uintptr_t)follower->declared->source;
    step->has_version = step->has_generation = 1;
    step->version = follower->cursor.version;
    step->generation = follower->cursor.generation;
    step->epoch = of_snapshot ? follower->snapshot_place.epoch : follower->cursor.place.epoch;
    switch (follower->which) {
    case FOLLOWER_APPLY:
        add_place(follower, place_behind(follower));
        add_events(follower, follower->at, step_events(follower));
        break;
    case FOLLOWER_PAGE:
        add_events(follower, follower->at, step_events(follower));
        break;
    case FOLLOWER_SWEEP:
        add_place(follower, follower->snapshot_place.sequence);
        step->has_limit = 1;
        step->limit = follower->sweep_limit;
        break;
    case FOLLOWER_LETTER:
        add_letter(follower);
        break;
    default:
        break;
    }
}

static void step_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem);

void step_start(follower_t *follower, follower_statement_t which)
{
    follower->busy = true;
    follower->which = which;
    arena_reset(follower->arena);
    fill(follower);
    follower->query = (db_query_t){.statement = follower->statements[which],
                                   .roots = {&follower->step},
                                   .arena = follower->arena,
                                   .key = "follower",
                                   .done = step_done,
                                   .data = follower};
    db_write(follower->db, &follower->query);
}

// ---- what became of it ----

static void adopt(follower_t *follower, const row_t *row)
{
    follower_cursor_t *cursor = &follower->cursor;
    if (cursor->version == row->version)
        return; // it stands still, and nobody has decided
    if (cursor->version > 0)
        log_info("an operator has decided, the follower goes on", LOG_TEXT("source", follower->declared->source));
    follower_restart(follower);
    *cursor = (follower_cursor_t){.version = row->version,
                                  .state = row->state,
                                  .place = {.sequence = row->sequence},
                                  .generation = row->generation,
                                  .in_log = row->has_letter_sequence};
    if (row->epoch != NULL)
        memcpy(cursor->place.epoch, row->epoch, strnlen(row->epoch, sizeof cursor->place.epoch - 1));
    if (row->moved_at == NULL || !instant_parse(row->moved_at, &follower->meter.moved_us))
        follower->meter.moved_us = clock_wall_us();
    if (row->letter_time == NULL || !instant_parse(row->letter_time, &follower->meter.waiting_us))
        follower->meter.waiting_us = 0;
    if (follower->meter.known < row->letter_sequence)
        follower->meter.known = row->letter_sequence;
    if (cursor->state == FOLLOWER_STATE(STOPPED))
        log_error("the follower is stopped before what it could not apply", LOG_TEXT("source", follower->declared->source),
                  LOG_NUMBER("sequence", row->letter_sequence), LOG_TEXT("dead_letter", row->letter));
    source_connect(follower);
}

static void batch_done(follower_t *follower, const row_t *row)
{
    follower->cursor.version++;
    follower->meter.applied->value += (uint64_t)row->applied;
    if (follower->apart && ++follower->at < follower->sending->count)
        return;
    follower->sending = NULL;
    follower->apart = false;
    follower->at = 0;
}

static void begin_done(follower_t *follower, const row_t *row)
{
    follower->cursor.version = row->version;
    follower->cursor.generation = row->generation;
    follower->sending = NULL;
    follower->apart = false;
    follower->at = 0;
    follower->sweep_limit = FOLLOWER_SWEEP_RESOURCES;
    follower->begun = true;
    follower->meter.snapshots->value++;
    log_info("a snapshot is taken", LOG_TEXT("source", follower->declared->source),
             LOG_NUMBER("sequence", follower->snapshot_place.sequence));
}

static void sweep_done(follower_t *follower, const row_t *row)
{
    follower->cursor.version++;
    follower->meter.applied->value += (uint64_t)row->applied;
    if (row->state != FOLLOWER_STATE(FOLLOWING))
        return;
    follower->cursor.state = FOLLOWER_STATE(FOLLOWING);
    follower->cursor.place = follower->snapshot_place;
    follower->snapshot_place = (event_place_t){0};
    follower->meter.moved_us = clock_wall_us();
    source_close(follower);
    log_info("the snapshot is applied", LOG_TEXT("source", follower->declared->source),
             LOG_NUMBER("sequence", follower->cursor.place.sequence));
}

static void letter_done(follower_t *follower, const row_t *row)
{
    follower->cursor.version++;
    follower->cursor.in_log = follower->step.has_letter_sequence;
    follower->cursor.state = FOLLOWER_STATE(STOPPED);
    if (follower->step.letter_time == NULL || !instant_parse(follower->step.letter_time, &follower->meter.waiting_us))
        follower->meter.waiting_us = clock_wall_us();
    log_error("an event could not be applied, the follower is stopped", LOG_TEXT("source", follower->declared->source),
              LOG_NUMBER("sequence", follower->step.letter_sequence), LOG_TEXT("subject", row->subject),
              LOG_TEXT("dead_letter", follower->letter));
    follower->problem[0] = '\0';
    follower->sending = NULL;
    follower->apart = false;
    follower->at = 0;
    follower_batch_clear(follower->filling);
    // The log is listened to, for how far behind the copy is; of a snapshot nothing is left to hear.
    if (!follower->cursor.in_log)
        source_close(follower);
}

static void succeed(follower_t *follower, const row_t *row)
{
    switch (follower->which) {
    case FOLLOWER_LOAD:
        adopt(follower, row);
        break;
    case FOLLOWER_BEGIN:
        begin_done(follower, row);
        break;
    case FOLLOWER_APPLY:
        follower->cursor.place.sequence = follower->step.sequence;
        follower->meter.moved_us = clock_wall_us();
        batch_done(follower, row);
        break;
    case FOLLOWER_PAGE:
        batch_done(follower, row);
        break;
    case FOLLOWER_SWEEP:
        sweep_done(follower, row);
        break;
    default:
        letter_done(follower, row);
        break;
    }
}

// ---- failure ----

step_fate_t step_judge(status_t status, size_t events)
{
    switch (status) {
    case STATUS_UNAVAILABLE:
    case STATUS_ABORTED:
    case STATUS_RESOURCE_EXHAUSTED:
        return STEP_AGAIN;
    case STATUS_DEADLINE_EXCEEDED:
        return events > 1 ? STEP_APART : STEP_AGAIN; // less may be in time
    default:
        return events > 1 ? STEP_APART : events == 1 ? STEP_LETTER : STEP_AGAIN;
    }
}

// The database's own words: an operator decides by them. They may quote the data, so they go into the dead letter and nowhere else.
static void write_letter(follower_t *follower, const PGresult *result, const problem_t *problem)
{
    const char *words = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *sqlstate = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    char kept[FOLLOWER_PROBLEM_SIZE - 32];
    utf8_copy(kept, sizeof kept, words != NULL ? words : problem->detail);
    snprintf(follower->problem, sizeof follower->problem, "%s (%.24s)", kept, sqlstate != NULL ? sqlstate : status_name(problem->status));
    id_make(clock_wall_us(), follower->letter);
}

static void fail(follower_t *follower, const db_rows_t *rows, const problem_t *problem)
{
    const step_fate_t fate = step_judge(problem->status, step_events(follower));
    if (fate == STEP_AGAIN) {
        log_warning("a step of the follower failed, will try again", LOG_TEXT("source", follower->declared->source),
                    LOG_TEXT("statement", db_statement_name(follower->statements[follower->which])), LOG_TEXT("detail", problem->detail));
        follower_rest(follower);
        return;
    }
    if (fate == STEP_LETTER)
        write_letter(follower, rows->result, problem);
    else if (follower->which == FOLLOWER_SWEEP)
        follower->sweep_limit = 1;
    else
        follower->apart = true;
    follower_wake(follower);
}

static void step_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    follower_t *follower = query->data;
    follower->busy = false;
    if (follower->closing)
        return;
    if (follower->stale) {
        follower->stale = false;
        follower_restart(follower);
        return;
    }
    problem_t defect = *problem;
    void *row = NULL;
    if (defect.status == STATUS_OK && rows->count > 0)
        defect.status = db_row_message(rows, 0, &pcn__platform__v1__follower_row__type, follower->arena, &row, &defect);
    if (defect.status != STATUS_OK) {
        fail(follower, rows, &defect);
        return;
    }
    follower->failures = 0;
    if (row == NULL || (follower->which != FOLLOWER_LOAD && ((row_t *)row)->moved == 0)) {
        // Sent twice after a lost connection, or another replica had its turn meanwhile.
        log_info("the follower's row has moved, it is read again", LOG_TEXT("source", follower->declared->source));
        follower_restart(follower);
        return;
    }
    succeed(follower, row);
    meter_update(follower);
    follower_wake(follower);
}
