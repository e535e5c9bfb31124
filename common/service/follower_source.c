#include <string.h>

#include "common/base/log.h"
#include "common/service/follower_internal.h"

// ---- the log ----

static bool take_event(void *data, const Pcn__Events__V1__Event *event)
{
    follower_t *follower = data;
    if (event->sequence > follower->meter.known)
        follower->meter.known = event->sequence;
    // Also one that stands still listens: how far behind it is must be known.
    if (follower->cursor.state != FOLLOWER_STATE(FOLLOWING) || !follower_batch_add(follower->filling, event, follower->declared->type)) {
        follower->refused = true;
        return false;
    }
    follower_wake(follower);
    return true;
}

static void take_progress(void *data, const event_place_t *place, int64_t latest)
{
    (void)place;
    follower_t *follower = data;
    if (latest > follower->meter.known)
        follower->meter.known = latest;
    meter_update(follower);
}

static void lose_place(void *data, const problem_t *problem)
{
    follower_t *follower = data;
    if (follower->cursor.state == FOLLOWER_STATE(FOLLOWING))
        log_warning("the place in the followed log is gone, a snapshot is taken", LOG_TEXT("source", follower->declared->source),
                    LOG_NUMBER("sequence", follower->cursor.place.sequence), LOG_TEXT("detail", problem->detail));
    follower->place_gone = true;
    follower_wake(follower);
}

static void open_tail(follower_t *follower)
{
    problem_t problem = {0};
    const event_tail_options_t options = {.service = follower->declared->source,
                                          .context = follower->context,
                                          .client = follower->client,
                                          .pub_endpoints = follower->pub_endpoints,
                                          .server_key = follower->server_key,
                                          .after = follower->cursor.place,
                                          .event = take_event,
                                          .progress = take_progress,
                                          .gone = lose_place,
                                          .data = follower};
    if (event_tail_new(&options, follower->metrics, &follower->tail, &problem) != STATUS_OK)
        log_error("a log cannot be followed, will try again", LOG_TEXT("source", follower->declared->source),
                  LOG_TEXT("detail", problem.detail));
}

// ---- a snapshot ----

static void take_begin(void *data, const event_place_t *place)
{
    follower_t *follower = data;
    follower->snapshot_place = *place;
    follower->begun = follower->given = false;
    follower->page_at = 0;
    follower_batch_clear(follower->filling);
    follower_wake(follower);
}

// A page may be more than a batch: what was taken of it is remembered until it is given again.
static bool take_page(void *data, Pcn__Events__V1__Event *const *events, size_t count)
{
    follower_t *follower = data;
    for (; follower->page_at < count; follower->page_at++) {
        if (!follower_batch_add(follower->filling, events[follower->page_at], follower->declared->type)) {
            follower->refused = true;
            follower_wake(follower);
            return false;
        }
    }
    follower->page_at = 0;
    follower_wake(follower);
    return true;
}

static void take_done(void *data, const event_place_t *place)
{
    follower_t *follower = data;
    follower->snapshot_place = *place;
    follower->given = true;
    follower_wake(follower);
}

static void open_snapshot(follower_t *follower)
{
    problem_t problem = {0};
    const event_snapshot_options_t options = {.service = follower->declared->source,
                                              .client = follower->client,
                                              .begin = take_begin,
                                              .page = take_page,
                                              .done = take_done,
                                              .data = follower};
    if (event_snapshot_new(follower->loop, &options, &follower->snapshot, &problem) != STATUS_OK)
        log_error("a snapshot cannot be taken, will try again", LOG_TEXT("source", follower->declared->source),
                  LOG_TEXT("detail", problem.detail));
}

// ---- both ----

void source_open(follower_t *follower)
{
    if (follower->client == NULL)
        return;
    if (follower->cursor.state == FOLLOWER_STATE(SNAPSHOT)) {
        if (follower->snapshot == NULL)
            open_snapshot(follower);
    } else if (follower->tail == NULL && !follower->place_gone &&
               (follower->cursor.state == FOLLOWER_STATE(FOLLOWING) || follower->cursor.in_log)) {
        open_tail(follower);
    }
}

void source_close(follower_t *follower)
{
    if (follower->tail != NULL)
        event_tail_destroy(&follower->tail);
    if (follower->snapshot != NULL)
        event_snapshot_destroy(&follower->snapshot);
    follower->refused = follower->place_gone = follower->begun = follower->given = false;
    follower->page_at = 0;
    follower_batch_clear(follower->filling);
}

void source_resume(follower_t *follower)
{
    if (!follower->refused || follower->cursor.state == FOLLOWER_STATE(STOPPED))
        return;
    follower->refused = false;
    if (follower->tail != NULL)
        event_tail_resume(follower->tail);
    else if (follower->snapshot != NULL)
        event_snapshot_resume(follower->snapshot);
}

void source_connect(follower_t *follower)
{
    problem_t problem = {0};
    char key[RPC_KEY_SIZE];
    if (follower->client != NULL && rpc_client_ready(follower->client))
        return;
    if (rpc_keys_load_public(follower->keys_dir, follower->declared->source, key, &problem) != STATUS_OK)
        return;
    if (follower->client != NULL) {
        if (strcmp(key, follower->server_key) == 0)
            return;
        // A step that is under way ends by itself; what comes after it is heard anew.
        follower_restart(follower);
        rpc_client_destroy(&follower->client);
    }
    memcpy(follower->server_key, key, sizeof key);
    const rpc_client_options_t options = {
        .service = follower->declared->source, .endpoints = follower->rpc_endpoints, .server_key = follower->server_key};
    if (rpc_client_new(follower->context, &options, follower->metrics, &follower->client, &problem) != STATUS_OK)
        log_error("a followed service cannot be connected, will try again", LOG_TEXT("source", follower->declared->source),
                  LOG_TEXT("detail", problem.detail));
    follower_wake(follower);
}
