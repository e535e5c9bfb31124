#include "services/ctl/load.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

enum { RETRY_FIRST_US = 100000, RETRY_LAST_US = 2000000, TURN_MS = 1000 };

typedef struct loader loader_t;

typedef struct task {
    loader_t *loader;
    const plan_call_t *call;
    http_request_t request;
    struct task *next;      // in the queue of ready or of waiting tasks
    struct task *lane_next; // the next one for the same aggregate
    bool looking;           // at what is there, after "already exists"
    char *refusal;          // detail of that answer, while looking
    bool contended;         // that answer was a lost race
    unsigned attempts;
    int64_t waited_us; // in all
    int64_t due_us;    // steady clock
} task_t;

struct loader {
    http_t *http;
    const load_options_t *options;
    report_t *report;
    problem_t *problem;
    status_t status;
    task_t *tasks;
    task_t *ready, **ready_end;
    task_t *waiting;
    size_t done, left, total; // `left` of the stage
    unsigned in_flight;
};

static void push_ready(loader_t *loader, task_t *task)
{
    task->next = NULL;
    *loader->ready_end = task;
    loader->ready_end = &task->next;
}

static task_t *pop_ready(loader_t *loader)
{
    task_t *task = loader->ready;
    loader->ready = task->next;
    if (loader->ready == NULL)
        loader->ready_end = &loader->ready;
    return task;
}

static void finish(task_t *task)
{
    loader_t *loader = task->loader;
    free(task->refusal);
    task->refusal = NULL;
    loader->left--;
    loader->done++;
    report_progress(loader->report, loader->done, loader->total);
    if (task->lane_next != NULL)
        push_ready(loader, task->lane_next);
}

// What the answer says of itself; borrowed from `reply`.
static const char *member_of(const json_t *reply, const char *name)
{
    const char *text = json_string_value(json_object_get(reply, name));
    return text != NULL ? text : "";
}

static void refuse(task_t *task, const json_t *reply)
{
    const char *detail = member_of(reply, "detail");
    report_problem(task->call->file, task->call->line, member_of(reply, "field"), "%s (%s of %s: HTTP %ld)",
                   detail[0] != '\0' ? detail : "the server gives no reason", task->looking ? "reading" : "creation", task->call->code,
                   task->request.code);
    finish(task);
}

// False where patience is at its end.
static bool wait_again(task_t *task)
{
    loader_t *loader = task->loader;
    int64_t delay_us = RETRY_FIRST_US << (task->attempts < 5 ? task->attempts : 5);
    if (delay_us > RETRY_LAST_US)
        delay_us = RETRY_LAST_US;
    if (task->request.retry_after_s >= 0)
        delay_us = task->request.retry_after_s > 0 ? task->request.retry_after_s * INT64_C(1000000) : RETRY_FIRST_US;
    if (task->waited_us + delay_us > loader->options->patience_us)
        return false;
    task->attempts++;
    task->waited_us += delay_us;
    task->due_us = clock_steady_us() + delay_us;
    task->next = loader->waiting;
    loader->waiting = task;
    return true;
}

// The token is the same for all calls, so one refusal speaks for all.
static void refuse_token(loader_t *loader, const json_t *reply, long code)
{
    if (loader->status != STATUS_OK)
        return;
    const char *detail = member_of(reply, "detail");
    loader->status = problem_set(loader->problem, code == 401 ? STATUS_UNAUTHENTICATED : STATUS_PERMISSION_DENIED, "--token",
                                 "the server refuses the token (HTTP %ld): %s", code, detail[0] != '\0' ? detail : "no reason given");
}

// Nor does the next call find a server that this one has waited for in vain.
static void give_up(const task_t *task, const json_t *reply)
{
    loader_t *loader = task->loader;
    if (loader->status != STATUS_OK)
        return;
    const http_request_t *request = &task->request;
    const char *detail = request->code != 0 ? member_of(reply, "detail") : request->error;
    loader->status =
        problem_set(loader->problem, STATUS_UNAVAILABLE, NULL, "the server cannot be had (HTTP %ld): %s; the import can be repeated",
                    request->code, detail[0] != '\0' ? detail : "no reason given");
}

static void compare(task_t *task, const json_t *reply)
{
    const plan_call_t *call = task->call;
    const char *field = NULL;
    load_match_t match = task->request.code == 404 ? LOAD_ABSENT : load_compare(call, reply, &field);
    if (match == LOAD_SAME) {
        call->file->there++;
        finish(task);
        return;
    }
    if (match == LOAD_DIFFERENT) {
        report_problem(call->file, call->line, field, "%s is there already with another value; it was left as it is", call->code);
        finish(task);
        return;
    }
    task->looking = false;
    task->request.retry_after_s = -1;
    if (task->contended && wait_again(task))
        return;
    report_problem(call->file, call->line, NULL, "%s (creation in %s: HTTP 409)", task->refusal, call->code);
    finish(task);
}

static void look(task_t *task, const json_t *reply)
{
    const char *detail = member_of(reply, "detail");
    free(task->refusal);
    task->refusal = strdup(detail[0] != '\0' ? detail : "is there already");
    task->contended = strcmp(member_of(reply, "title"), status_title(STATUS_ABORTED)) == 0;
    task->looking = true;
    push_ready(task->loader, task);
}

static void created(task_t *task)
{
    if (task->request.replayed)
        task->call->file->there++;
    else
        task->call->file->created++;
    finish(task);
}

static void answered(http_request_t *request)
{
    task_t *task = request->data;
    long code = request->code;
    task->loader->in_flight--;
    json_t *reply =
        code != 0 && request->reply.size > 0 ? json_loadb(request->reply.data, request->reply.size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (code == 0 || code == 429 || code == 502 || code == 503 || code == 504) {
        if (!wait_again(task))
            give_up(task, reply);
    } else if (code == 401 || code == 403) {
        refuse_token(task->loader, reply, code);
    } else if (task->looking && (code == 200 || code == 404)) {
        compare(task, reply);
    } else if (!task->looking && code >= 200 && code < 300) {
        created(task);
    } else if (!task->looking && code == 409) {
        look(task, reply);
    } else {
        refuse(task, reply);
    }
    json_decref(reply);
    buf_deinit(&request->reply);
}

static void start(loader_t *loader, task_t *task)
{
    const plan_call_t *call = task->call;
    task->request.path = task->looking ? call->look : call->path;
    task->request.body = task->looking ? NULL : call->body;
    task->request.key = task->looking ? NULL : call->key;
    task->request.done = answered;
    task->request.data = task;
    status_t status = http_start(loader->http, &task->request, loader->problem);
    if (status == STATUS_OK)
        loader->in_flight++;
    else
        loader->status = status;
}

// Moves what is due to the ready ones; how long the next takes otherwise.
static int wake(loader_t *loader)
{
    int64_t now_us = clock_steady_us(), next_us = TURN_MS * INT64_C(1000);
    for (task_t **link = &loader->waiting; *link != NULL;) {
        task_t *task = *link;
        if (task->due_us <= now_us) {
            *link = task->next;
            push_ready(loader, task);
            continue;
        }
        if (task->due_us - now_us < next_us)
            next_us = task->due_us - now_us;
        link = &task->next;
    }
    return (int)((next_us + 999) / 1000);
}

// The first task of each aggregate is ready, the others follow one another.
static status_t make_lanes(loader_t *loader, size_t begin, size_t end)
{
    json_t *last = json_object();
    bool ok = last != NULL;
    for (size_t i = begin; ok && i < end; i++) {
        task_t *task = &loader->tasks[i];
        json_t *before = json_object_get(last, task->call->code);
        if (before != NULL)
            loader->tasks[json_integer_value(before)].lane_next = task;
        else
            push_ready(loader, task);
        ok = json_object_set_new(last, task->call->code, json_integer((json_int_t)i)) == 0;
    }
    json_decref(last);
    return ok ? STATUS_OK : problem_set(loader->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
}

static void run_stage(loader_t *loader, size_t begin, size_t end)
{
    loader->left = end - begin;
    loader->status = make_lanes(loader, begin, end);
    while (loader->left > 0 && loader->status == STATUS_OK) {
        int wait_ms = wake(loader);
        while (loader->ready != NULL && loader->in_flight < loader->options->in_flight && loader->status == STATUS_OK)
            start(loader, pop_ready(loader));
        // An answer that comes in meanwhile may end it too.
        status_t turned = loader->status == STATUS_OK ? http_turn(loader->http, wait_ms, loader->problem) : STATUS_OK;
        if (loader->status == STATUS_OK)
            loader->status = turned;
    }
    // After a refusal the others under way are heard out, so that none is left with a buffer.
    status_t turned = STATUS_OK;
    while (loader->in_flight > 0 && turned == STATUS_OK)
        turned = http_turn(loader->http, TURN_MS, NULL);
}

status_t load_run(const plan_t *plan, http_t *http, const load_options_t *options, report_t *report, problem_t *problem)
{
    loader_t loader = {.http = http, .options = options, .report = report, .problem = problem, .total = plan_count(plan)};
    loader.ready_end = &loader.ready;
    loader.tasks = calloc(loader.total + 1, sizeof *loader.tasks);
    if (loader.tasks == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    for (size_t i = 0; i < loader.total; i++) {
        loader.tasks[i].loader = &loader;
        loader.tasks[i].call = plan_call(plan, i);
    }
    for (size_t begin = 0, end; begin < loader.total && loader.status == STATUS_OK; begin = end) {
        for (end = begin + 1; end < loader.total && plan_call(plan, end)->stage == plan_call(plan, begin)->stage;)
            end++;
        run_stage(&loader, begin, end);
    }
    for (size_t i = 0; i < loader.total; i++)
        free(loader.tasks[i].refusal);
    free(loader.tasks);
    return loader.status;
}
