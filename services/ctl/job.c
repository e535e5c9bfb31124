#include "services/ctl/job.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/id.h"
#include "pcn/registry/v1/registry.meta.h"

enum { POLL_FIRST_US = 20 * 1000, POLL_LAST_US = 500 * 1000, PATH_SIZE = 64 };

static bool has_ended(const Pcn__Registry__V1__Job *job)
{
    return job->state == PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_SUCCEEDED ||
           job->state == PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_FAILED || job->state == PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_CANCELLED;
}

static void show(progress_t *progress, const Pcn__Registry__V1__Job *job)
{
    const char *step = "waiting for its turn";
    if (job->phase == PCN__REGISTRY__V1__IMPORT_PHASE__IMPORT_PHASE_CHECKING)
        step = "checking";
    else if (job->phase == PCN__REGISTRY__V1__IMPORT_PHASE__IMPORT_PHASE_APPLYING)
        step = "applying";
    const bool working = job->state == PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_RUNNING;
    progress_show(progress, step, job->done, working && job->has_total ? job->total : 0, false);
}

status_t job_follow(http_t *http, int64_t patience_us, progress_t *progress, arena_t *arena, Pcn__Registry__V1__Job **job,
                    problem_t *problem)
{
    char path[PATH_SIZE];
    // It becomes a path: a server that sends something else is none of ours.
    if ((*job)->id == NULL || !id_valid((*job)->id))
        return problem_set(problem, STATUS_INTERNAL, NULL, "the server's answer names no job");
    snprintf(path, sizeof path, "/v1/jobs/%s", (*job)->id);
    for (int64_t wait_us = POLL_FIRST_US; !has_ended(*job); wait_us = wait_us * 3 / 2 < POLL_LAST_US ? wait_us * 3 / 2 : POLL_LAST_US) {
        show(progress, *job);
        status_t status = ask_wait(http, wait_us, problem);
        void *message = NULL;
        arena_reset(arena);
        if (status == STATUS_OK)
            status =
                ask_for(http, &(http_request_t){.path = path}, NULL, patience_us, &pcn__registry__v1__job__type, arena, &message, problem);
        if (status != STATUS_OK)
            return status;
        *job = message;
    }
    return STATUS_OK;
}

// What came from elsewhere must not steer the terminal.
static void put_plain(const char *text, FILE *out)
{
    for (const unsigned char *c = (const unsigned char *)(text != NULL ? text : ""); *c != '\0'; c++)
        putc(*c < 0x20 || *c == 0x7f ? ' ' : *c, out);
}

static void put_problem(const Pcn__Registry__V1__JobProblem *problem, const char *folder, FILE *err)
{
    fputs(folder, err);
    if (problem->file != NULL && problem->file[0] != '\0') {
        putc('/', err);
        put_plain(problem->file, err);
    }
    if (problem->has_line && problem->line > 0)
        fprintf(err, ":%" PRIu32, problem->line);
    fputs(": ", err);
    if (problem->field != NULL && problem->field[0] != '\0') {
        put_plain(problem->field, err);
        fputs(": ", err);
    }
    put_plain(problem->detail, err);
    putc('\n', err);
}

static bool say_success(const Pcn__Registry__V1__ImportResult *result, const char *folder, FILE *out)
{
    static const Pcn__Registry__V1__ImportResult none = PCN__REGISTRY__V1__IMPORT_RESULT__INIT;
    if (result == NULL)
        result = &none;
    const bool dry = result->has_dry_run && result->dry_run;
    fprintf(out, "%s: %s%" PRId64 " created, %" PRId64 " changed, %" PRId64 " of %" PRId64 " rows unchanged%s\n", folder,
            dry ? "would be: " : "", result->created, result->changed, result->unchanged_rows, result->rows,
            dry ? "; nothing was imported" : "");
    return true;
}

bool job_say_import(const Pcn__Registry__V1__Job *job, const char *folder, FILE *out, FILE *err)
{
    if (job->state == PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_SUCCEEDED)
        return say_success(job->result, folder, out);
    for (size_t i = 0; i < job->n_problems; i++)
        put_problem(job->problems[i], folder, err);
    const int64_t count =
        job->has_problem_count && job->problem_count > (int64_t)job->n_problems ? job->problem_count : (int64_t)job->n_problems;
    fprintf(err, "%s: nothing was imported: %s", folder,
            job->state == PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_CANCELLED ? "the import was cancelled" : "");
    if (job->state != PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_CANCELLED)
        fprintf(err, "%" PRId64 " %s", count, count == 1 ? "problem" : "problems");
    if (count > (int64_t)job->n_problems)
        fprintf(err, ", %" PRId64 " of them left out here", count - (int64_t)job->n_problems);
    putc('\n', err);
    return false;
}
