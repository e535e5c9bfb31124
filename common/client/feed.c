#include <string.h>

#include "common/client/subscription.h"

// ---- the log

static bool log_event(void *data, const Pcn__Events__V1__Event *event)
{
    pcn_subscription *subscription = data;
    client_batch_t *batch = &subscription->batch;
    if (client_batch_full(batch)) {
        return false;
    }
    if (subscription->place.sequence == EVENT_PLACE_END) {
        subscription->place.sequence = event->sequence - 1; // where the end was
    }
    bool added = client_batch_add(batch, event, false);
    subscription->no_memory = !added && client_batch_left(batch) == 0;
    return added;
}

static void log_progress(void *data, const event_place_t *place, int64_t latest)
{
    pcn_subscription *subscription = data;
    subscription->latest = latest;
    memcpy(subscription->place.epoch, place->epoch, sizeof place->epoch);
    if (subscription->place.sequence == EVENT_PLACE_END) {
        subscription->place.sequence = place->sequence;
    }
}

static void log_gone(void *data, const problem_t *problem)
{
    pcn_subscription *subscription = data;
    subscription->problem = *problem;
    subscription->gone = true;
}

static status_t log_start(pcn_subscription *subscription, problem_t *problem)
{
    event_tail_options_t options = {.service = subscription->service,
                                    .context = subscription->context,
                                    .client = subscription->client,
                                    .pub_endpoints = subscription->pub.list,
                                    .server_key = subscription->server_key,
                                    .after = subscription->place,
                                    .event = log_event,
                                    .progress = log_progress,
                                    .gone = log_gone,
                                    .data = subscription};
    return event_tail_new(&options, subscription->metrics, &subscription->tail, problem);
}

// ---- the snapshot

static void snapshot_begin(void *data, const event_place_t *place)
{
    pcn_subscription *subscription = data;
    subscription->place = *place;
    subscription->latest = place->sequence > subscription->latest ? place->sequence : subscription->latest;
}

// The last event is held back until it is known whether another one follows: with the last one of all the snapshot is whole, and its token
// goes on with the log.
static bool snapshot_page(void *data, Pcn__Events__V1__Event *const *events, size_t count)
{
    pcn_subscription *subscription = data;
    client_batch_t *batch = &subscription->batch;
    if (client_batch_left(batch) > 1 || count > CLIENT_BATCH_EVENTS) {
        return false;
    }
    bool added = client_batch_renew(batch);
    for (size_t i = 0; added && i < count; i++) {
        added = client_batch_add(batch, events[i], true);
        if (!added) {
            client_batch_cut(batch, i);
        }
    }
    subscription->no_memory = !added;
    return added;
}

static void snapshot_done(void *data, const event_place_t *place)
{
    pcn_subscription *subscription = data;
    subscription->place = *place;
    subscription->snapshot_done = true;
}

static status_t snapshot_start(pcn_subscription *subscription, problem_t *problem)
{
    event_snapshot_options_t options = {.service = subscription->service,
                                        .client = subscription->client,
                                        .begin = snapshot_begin,
                                        .page = snapshot_page,
                                        .done = snapshot_done,
                                        .data = subscription};
    subscription->snapshot_done = false;
    return event_snapshot_new(&subscription->loop, &options, &subscription->snapshot, problem);
}

// ---- from one to the other

status_t client_feed_start(pcn_subscription *subscription, problem_t *problem)
{
    return subscription->phase == CLIENT_PHASE_SNAPSHOT ? snapshot_start(subscription, problem) : log_start(subscription, problem);
}

void client_feed_stop(pcn_subscription *subscription)
{
    event_tail_destroy(&subscription->tail);
    event_snapshot_destroy(&subscription->snapshot);
}

// The snapshot's last event was given, or it has none.
static status_t snapshot_leave(pcn_subscription *subscription, problem_t *problem)
{
    event_snapshot_destroy(&subscription->snapshot);
    subscription->phase = CLIENT_PHASE_LOG;
    return log_start(subscription, problem);
}

static status_t log_leave(pcn_subscription *subscription, problem_t *problem)
{
    event_tail_destroy(&subscription->tail);
    subscription->gone = false;
    subscription->phase = CLIENT_PHASE_SNAPSHOT;
    return snapshot_start(subscription, problem);
}

int client_feed_advance(pcn_subscription *subscription)
{
    size_t left = client_batch_left(&subscription->batch);
    status_t status = STATUS_OK;
    if (subscription->no_memory) {
        subscription->no_memory = false;
        status = problem_set(&subscription->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for an event");
    } else if (subscription->snapshot != NULL && subscription->snapshot_done && left == 0) {
        status = snapshot_leave(subscription, &subscription->problem);
    } else if (subscription->snapshot != NULL && !subscription->snapshot_done && left <= 1) {
        event_snapshot_resume(subscription->snapshot);
    } else if (subscription->gone && left == 0) {
        if (!subscription->snapshot_where_gone) {
            return PCN_GONE;
        }
        status = log_leave(subscription, &subscription->problem);
    } else if (subscription->tail != NULL && !subscription->gone && left == 0 && subscription->batch.count > 0 &&
               client_batch_renew(&subscription->batch)) {
        event_tail_resume(subscription->tail);
    }
    return status == STATUS_OK ? PCN_OK : PCN_FAILED;
}

const pcn_event *client_feed_take(pcn_subscription *subscription)
{
    client_batch_t *batch = &subscription->batch;
    bool within = subscription->snapshot != NULL && !subscription->snapshot_done;
    if (within && client_batch_left(batch) <= 1) {
        return NULL;
    }
    pcn_event *event = client_batch_take(batch);
    if (event == NULL) {
        return NULL;
    }
    bool last = subscription->snapshot != NULL && subscription->snapshot_done && client_batch_left(batch) == 0;
    client_token_t token = {.phase = subscription->phase, .place = subscription->place};
    memcpy(token.service, subscription->service, sizeof token.service);
    if (last) {
        token.phase = CLIENT_PHASE_LOG;
    } else if (subscription->snapshot == NULL) {
        subscription->place.sequence = event->sequence;
        token.place.sequence = event->sequence;
    }
    client_token_write(&token, subscription->text);
    event->token = subscription->text;
    return event;
}
