#include "services/registry/handlers_import.h"

#include <string.h>

#include "common/base/id.h"
#include "common/pb/message.h"
#include "services/registry/handlers.h"
#include "services/registry/messages.h"
#include "services/registry/rules_import.h"

// The day on which the documents' networks began.
#define START "2019-07-01"
// Imports that may be on their way at a time: each holds up to its 64 MiB in the database.
#define UNFINISHED_MAX 16
#define ABANDONED_AFTER_US (INT64_C(3600) * 1000000)
#define FORGOTTEN_AFTER_US (30 * INT64_C(24) * 3600 * 1000000)
#define DONE_OF 100
// Of an answer that tells problems, which must fit a frame.
#define PROBLEMS_BYTES_MAX (768u * 1024u)

#define PHASE(name) PCN__REGISTRY__V1__IMPORT_PHASE__IMPORT_PHASE_##name
#define JOB(name) PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_##name

typedef Pcn__Registry__Store__V1__LoadedImport loaded_t;
typedef Pcn__Registry__V1__Job job_t;

static Pcn__Registry__V1__JobState state_of(Pcn__Registry__V1__ImportPhase phase)
{
    switch (phase) {
    case PHASE(CHECKING):
    case PHASE(APPLYING):
        return JOB(RUNNING);
    case PHASE(SUCCEEDED):
        return JOB(SUCCEEDED);
    case PHASE(FAILED):
        return JOB(FAILED);
    default:
        return JOB(QUEUED);
    }
}

static size_t problems_that_fit(const loaded_t *import)
{
    size_t bytes = 0;
    for (size_t i = 0; i < import->n_problems; i++) {
        bytes += pcn__registry__v1__job_problem__get_packed_size(import->problems[i]);
        if (bytes > PROBLEMS_BYTES_MAX)
            return i;
    }
    return import->n_problems;
}

static Pcn__Registry__V1__ImportResult *result_of(const loaded_t *import, arena_t *arena)
{
    Pcn__Registry__V1__ImportResult *result = pb_new(&pcn__registry__v1__import_result__type, arena);
    if (result == NULL)
        return NULL;
    pb_merge(&pcn__registry__v1__import_result__type, result, &pcn__registry__store__v1__loaded_import__type, import);
    return result;
}

job_t *job_of_import(const loaded_t *import, arena_t *arena)
{
    job_t *job = pb_new(&pcn__registry__v1__job__type, arena);
    if (job == NULL || (job->result = result_of(import, arena)) == NULL)
        return NULL;
    job->id = import->id;
    job->kind = (char *)"import";
    job->has_state = job->has_phase = job->has_done = job->has_total = job->has_problem_count = 1;
    job->state = state_of(import->state);
    job->phase = import->state;
    job->done = import->state == PHASE(SUCCEEDED) ? DONE_OF : import->progress;
    job->total = DONE_OF;
    job->problems = import->problems;
    job->n_problems = problems_that_fit(import);
    job->problem_count = import->problem_count;
    job->created_at = import->created_at;
    job->started_at = import->started_at;
    job->finished_at = import->finished_at;
    return job;
}

static status_t answer(service_call_t *call, const loaded_t *import)
{
    call->reply = job_of_import(import, call->arena);
    return call->reply != NULL ? STATUS_OK : refuse_memory(call);
}

static status_t refuse_absent(service_call_t *call, const char *id)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no job %s", id);
}

status_t decide_begin_import(service_call_t *call)
{
    const Pcn__Registry__V1__BeginImportRequest *request = call->request;
    const loaded_t *others = call->row_count > 0 ? call->rows[0] : NULL;
    if (others != NULL && others->unfinished >= UNFINISHED_MAX)
        return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "%lld imports are on their way; wait for one of them to end",
                           (long long)others->unfinished);
    loaded_t *import = pb_new(&pcn__registry__store__v1__loaded_import__type, call->arena);
    char id[ID_SIZE];
    // Not the request's: whoever sends a piece must know it, and so may nobody choose it.
    id_make(call->now_us, id);
    if (import == NULL || (import->id = arena_string(call->arena, id)) == NULL)
        return refuse_memory(call);
    import->has_state = import->has_dry_run = import->has_rows = 1;
    import->state = PHASE(RECEIVING);
    import->dry_run = request->has_dry_run && request->dry_run;
    import->start = request->start != NULL ? request->start : (char *)START;
    import->created_at = import->received_at = (char *)(uintptr_t)call->now;
    call->after = import;
    call->key = import->id;
    return answer(call, import);
}

// ---- pieces ----

// Whether the piece is the one that comes next. OK with *repeated for one that is there already.
static status_t check_piece(const service_call_t *call, const loaded_t *import, bool *repeated)
{
    const Pcn__Registry__V1__PutImportPartRequest *request = call->request;
    *repeated = request->number <= import->pieces;
    if (*repeated)
        return STATUS_OK;
    if (import->state != PHASE(RECEIVING))
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "The import is not being received any more");
    if (request->number != import->pieces + 1)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "number", "Piece %u is missing before this one", import->pieces + 1);
    if (request->data.len > IMPORT_PIECE_MAX)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "data", "A piece has at most %u bytes", IMPORT_PIECE_MAX);
    if (request->file == NULL && (request->data.len > 0 || !request->last))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "file", "The piece does not say of which file it is");
    return STATUS_OK;
}

static status_t read_piece(service_call_t *call, import_t *import)
{
    const Pcn__Registry__V1__PutImportPartRequest *request = call->request;
    status_t status = STATUS_OK;
    if (request->file != NULL)
        status = import_read(import, request->file, request->data.data, request->data.len, call->problem);
    if (status == STATUS_OK && request->last)
        status = import_finish(import, call->problem);
    return status;
}

// Problems that the piece added stand behind those that were there, which it came after.
static bool tell_problems(const import_t *import, const loaded_t *before, loaded_t *now, arena_t *arena)
{
    now->problems = arena_alloc(arena, (before->n_problems + import->found + 1) * sizeof *now->problems);
    if (now->problems == NULL)
        return false;
    if (before->n_problems > 0)
        memcpy(now->problems, before->problems, before->n_problems * sizeof *now->problems);
    now->n_problems = before->n_problems;
    for (size_t i = 0; i < import->found; i++) {
        const staged_problem_t *found = import->problems[i];
        Pcn__Registry__V1__JobProblem *told = pb_new(&pcn__registry__v1__job_problem__type, arena);
        if (told == NULL)
            return false;
        told->file = found->file > 0 ? import->files[found->file - 1]->name : NULL;
        told->has_line = 1;
        told->line = found->line;
        told->field = found->field;
        told->detail = found->reason;
        now->problems[now->n_problems++] = told;
    }
    return true;
}

// Fills what the save writes, and the import as it is then.
static bool take_over(service_call_t *call, import_t *import, Pcn__Registry__Store__V1__ImportPart *part, loaded_t *now)
{
    const Pcn__Registry__V1__PutImportPartRequest *request = call->request;
    const loaded_t *before = call->rows[0];
    if (!import_close(import, part))
        return false;
    now->files = part->files;
    now->n_files = part->n_files;
    now->rows = part->rows;
    now->problem_count = part->problem_count;
    part->has_reading = !request->last;
    // Wrong rows do not end it: the others are looked at together, and all that is wrong is told at once. Only where there is nothing to
    // look at it ends here.
    part->has_state = 1;
    if (!request->last)
        part->state = PHASE(RECEIVING);
    else
        part->state = import->file_count > 0 ? PHASE(WAITING) : PHASE(FAILED);
    now->state = part->state;
    if (part->state == PHASE(FAILED))
        part->finished_at = now->finished_at = (char *)(uintptr_t)call->now;
    return !request->last || tell_problems(import, before, now, call->arena);
}

static status_t conclude(service_call_t *call, import_t *import)
{
    Pcn__Registry__Store__V1__ImportPart *part = pb_new(&pcn__registry__store__v1__import_part__type, call->arena);
    loaded_t *now = pb_new(&pcn__registry__store__v1__loaded_import__type, call->arena);
    if (part == NULL || now == NULL)
        return refuse_memory(call);
    *now = *(const loaded_t *)call->rows[0];
    if (!take_over(call, import, part, now))
        return refuse_memory(call);
    call->after = part;
    call->key = now->id;
    return answer(call, now);
}

status_t decide_put_import_part(service_call_t *call)
{
    const Pcn__Registry__V1__PutImportPartRequest *request = call->request;
    if (call->row_count == 0)
        return refuse_absent(call, request->id);
    const loaded_t *loaded = call->rows[0];
    bool repeated;
    status_t status = check_piece(call, loaded, &repeated);
    if (status != STATUS_OK)
        return status;
    if (repeated) {
        call->unchanged = true;
        return answer(call, loaded);
    }
    import_t import;
    status = import_take_up(&import, loaded, call->today, call->arena) ? read_piece(call, &import) : refuse_memory(call);
    if (status == STATUS_OK)
        status = conclude(call, &import);
    import_end(&import);
    return status;
}

// ---- looking and cleaning ----

status_t decide_get_job(service_call_t *call)
{
    const Pcn__Registry__V1__GetJobRequest *request = call->request;
    return call->row_count > 0 ? answer(call, call->rows[0]) : refuse_absent(call, request->id);
}

static bool passed(const char *instant, int64_t span_us, int64_t now_us)
{
    int64_t at;
    return instant != NULL && instant_parse(instant, &at) && at < now_us - span_us;
}

status_t decide_clean_import(service_call_t *call)
{
    const Pcn__Registry__V1__CleanImportRequest *request = call->request;
    if (call->row_count == 0)
        return refuse_absent(call, request->id);
    loaded_t *import = call->rows[0];
    Pcn__Registry__Store__V1__ImportCleaning *cleaning = pb_new(&pcn__registry__store__v1__import_cleaning__type, call->arena);
    if (cleaning == NULL)
        return refuse_memory(call);
    const bool finished = import->state == PHASE(SUCCEEDED) || import->state == PHASE(FAILED);
    cleaning->has_given_up = cleaning->has_forgotten = 1;
    cleaning->given_up = import->state == PHASE(RECEIVING) && passed(import->received_at, ABANDONED_AFTER_US, call->now_us);
    cleaning->forgotten = finished && !import->staged && passed(import->finished_at, FORGOTTEN_AFTER_US, call->now_us);
    call->unchanged = !cleaning->given_up && !cleaning->forgotten && !(finished && import->staged);
    call->after = cleaning;
    call->key = import->id;
    return answer(call, import);
}
