#include "common/event/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/event/call.h"
#include "pcn/events/v1/events.meta.h"

#define SNAPSHOT_PAGE 1000
#define SNAPSHOT_TOKEN_MAX 512

struct event_snapshot {
    rpc_client_t *client;
    void (*begin)(void *data, const event_place_t *place);
    bool (*page)(void *data, Pcn__Events__V1__Event *const *events, size_t count);
    void (*done)(void *data, const event_place_t *place);
    void *data;
    char service[RPC_NAME_SIZE];
    char source[RPC_NAME_SIZE + 8];
    uv_timer_t timer; // the next step, at once or after a failure
    event_place_t place;
    bool begun;                         // a first page came
    char token[SNAPSHOT_TOKEN_MAX + 1]; // of the page that is asked for; empty for the first one
    event_call_t *asked;
    event_call_t *held;                          // the page that is given
    const Pcn__Events__V1__SnapshotReply *reply; // of it
    event_retry_t retrying;
    bool refused; // the owner took it not
    bool finished;
    bool stopped;
};

static void step(uv_timer_t *timer);

static void step_in(event_snapshot_t *snapshot, uint64_t ms)
{
    (void)uv_timer_start(&snapshot->timer, step, ms, 0);
}

// From the first page on, with another place.
static void begin_anew(event_snapshot_t *snapshot)
{
    snapshot->begun = false;
    snapshot->token[0] = '\0';
}

static void fail(event_snapshot_t *snapshot, const problem_t *problem)
{
    if (snapshot->begun && (problem->status == STATUS_OUT_OF_RANGE || problem->status == STATUS_INVALID_ARGUMENT)) {
        log_info("a snapshot's place is gone, another one is taken", LOG_TEXT("service", snapshot->service),
                 LOG_TEXT("detail", problem->detail));
        begin_anew(snapshot);
        step_in(snapshot, 0);
        return;
    }
    step_in(snapshot, event_retry_after(&snapshot->retrying, problem));
}

static bool page_is_whole(const event_snapshot_t *snapshot, const Pcn__Events__V1__SnapshotReply *reply)
{
    bool whole = reply->has_sequence && reply->sequence >= 0 && reply->epoch != NULL && *reply->epoch != '\0' &&
                 strlen(reply->epoch) < sizeof snapshot->place.epoch;
    whole = whole && (reply->next_page_token == NULL || strlen(reply->next_page_token) <= SNAPSHOT_TOKEN_MAX);
    whole =
        whole && (!snapshot->begun || (reply->sequence == snapshot->place.sequence && strcmp(reply->epoch, snapshot->place.epoch) == 0));
    for (size_t i = 0; whole && i < reply->n_events; i++) {
        whole = event_is_whole(reply->events[i], snapshot->source) && reply->events[i]->sequence <= reply->sequence;
    }
    return whole;
}

static void answered(void *data, event_call_t *call, const void *answer, const problem_t *problem)
{
    event_snapshot_t *snapshot = data;
    const Pcn__Events__V1__SnapshotReply *reply = answer;
    snapshot->asked = NULL;
    problem_t defect = *problem;
    if (reply != NULL && !page_is_whole(snapshot, reply)) {
        (void)problem_set(&defect, STATUS_INTERNAL, NULL, "A page of the snapshot cannot be read");
        begin_anew(snapshot);
    }
    if (defect.status != STATUS_OK) {
        event_call_destroy(&call);
        fail(snapshot, &defect);
        return;
    }
    event_retry_over(&snapshot->retrying);
    snapshot->held = call;
    snapshot->reply = reply;
    step_in(snapshot, 0);
}

static void ask(event_snapshot_t *snapshot)
{
    Pcn__Events__V1__SnapshotRequest request = PCN__EVENTS__V1__SNAPSHOT_REQUEST__INIT;
    request.service = snapshot->service;
    request.has_page_size = 1;
    request.page_size = SNAPSHOT_PAGE;
    request.page_token = snapshot->token[0] != '\0' ? snapshot->token : NULL;
    snapshot->asked = event_call_new(snapshot->client, "pcn.events.v1.Events/Snapshot", &request.base,
                                     &pcn__events__v1__snapshot_reply__type, answered, snapshot);
    if (snapshot->asked == NULL) {
        problem_t problem = {.status = STATUS_OK};
        (void)problem_set(&problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for a page of the snapshot");
        fail(snapshot, &problem);
    }
}

// Gives the page that is held. False where it was not taken, or nothing is to be done any more.
static bool give(event_snapshot_t *snapshot)
{
    const Pcn__Events__V1__SnapshotReply *reply = snapshot->reply;
    if (!snapshot->begun) {
        snapshot->begun = true;
        snapshot->place.sequence = reply->sequence;
        memcpy(snapshot->place.epoch, reply->epoch, strlen(reply->epoch) + 1);
        snapshot->begin(snapshot->data, &snapshot->place);
        if (snapshot->stopped) {
            return false;
        }
    }
    snapshot->refused = true; // so that a resume from inside counts
    bool taken = reply->n_events == 0 || snapshot->page(snapshot->data, reply->events, reply->n_events);
    if (snapshot->stopped || !taken) {
        if (!snapshot->stopped && !snapshot->refused) {
            step_in(snapshot, 0);
        }
        return false;
    }
    snapshot->refused = false;
    const char *token = reply->next_page_token != NULL ? reply->next_page_token : "";
    snapshot->finished = *token == '\0';
    memcpy(snapshot->token, token, strlen(token) + 1);
    snapshot->reply = NULL;
    event_call_destroy(&snapshot->held);
    return true;
}

static void step(uv_timer_t *timer)
{
    event_snapshot_t *snapshot = timer->data;
    if (snapshot->stopped || snapshot->finished || snapshot->refused || snapshot->asked != NULL) {
        return;
    }
    if (snapshot->held != NULL && !give(snapshot)) {
        return;
    }
    if (snapshot->finished) {
        snapshot->done(snapshot->data, &snapshot->place);
    } else {
        ask(snapshot);
    }
}

status_t event_snapshot_new(uv_loop_t *loop, const event_snapshot_options_t *options, event_snapshot_t **out, problem_t *problem)
{
    *out = NULL;
    if (strlen(options->service) >= RPC_NAME_SIZE) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "service", "No name of a service");
    }
    event_snapshot_t *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for a snapshot of %s", options->service);
    }
    snapshot->client = options->client;
    snapshot->begin = options->begin;
    snapshot->page = options->page;
    snapshot->done = options->done;
    snapshot->data = options->data;
    (void)snprintf(snapshot->service, sizeof snapshot->service, "%s", options->service);
    (void)snprintf(snapshot->source, sizeof snapshot->source, "/pcn/%s", options->service);
    snapshot->retrying.service = snapshot->service;
    (void)uv_timer_init(loop, &snapshot->timer);
    snapshot->timer.data = snapshot;
    step_in(snapshot, 0);
    *out = snapshot;
    return STATUS_OK;
}

static void snapshot_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void event_snapshot_destroy(event_snapshot_t **snapshot)
{
    event_snapshot_t *self = *snapshot;
    if (self == NULL) {
        return;
    }
    *snapshot = NULL;
    self->stopped = true;
    event_call_destroy(&self->asked);
    event_call_destroy(&self->held);
    uv_close((uv_handle_t *)&self->timer, snapshot_closed);
}

void event_snapshot_resume(event_snapshot_t *snapshot)
{
    if (snapshot->refused) {
        snapshot->refused = false;
        step_in(snapshot, 0);
    }
}
