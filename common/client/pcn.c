#include "common/client/pcn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/client/subscription.h"

#define TURNS_MAX 100 // of a loop that always has something to do, before a call without time gives up

static int fail(pcn_subscription *subscription, status_t status)
{
    const problem_t *problem = &subscription->problem;
    (void)snprintf(subscription->error, sizeof subscription->error, "%s%s%s", problem->field, problem->field[0] != '\0' ? ": " : "",
                   problem->detail);
    subscription->broken = status == STATUS_INVALID_ARGUMENT ? PCN_INVALID : PCN_FAILED;
    return subscription->broken;
}

int pcn_subscribe(const pcn_options *options, pcn_subscription **out)
{
    pcn_subscription *subscription = calloc(1, sizeof *subscription);
    *out = subscription;
    if (subscription == NULL) {
        return PCN_FAILED;
    }
    subscription->latest = -1;
    atomic_init(&subscription->interrupted, false);
    client_note_into(subscription->note);
    status_t status = client_connect(subscription, options, &subscription->problem);
    if (status == STATUS_OK) {
        status = client_feed_start(subscription, &subscription->problem);
    }
    client_note_into(NULL);
    return status == STATUS_OK ? PCN_OK : fail(subscription, status);
}

// Waits until the loop has something to do. uv_run would wait through a signal.
static bool wait_turn(pcn_subscription *subscription, int64_t left_ms)
{
    int timeout_ms = uv_backend_timeout(&subscription->loop);
    if (left_ms >= 0 && (timeout_ms < 0 || left_ms < timeout_ms)) {
        timeout_ms = (int)left_ms;
    }
    struct pollfd loop = {.fd = uv_backend_fd(&subscription->loop), .events = POLLIN};
    return timeout_ms == 0 || poll(&loop, 1, timeout_ms) >= 0 || errno != EINTR;
}

// An event, or why there is none. `turns` counts those of the loop.
static int look(pcn_subscription *subscription, const pcn_event **event)
{
    *event = client_feed_take(subscription);
    if (*event != NULL) {
        return PCN_OK;
    }
    int code = client_feed_advance(subscription);
    if (code == PCN_OK) {
        (void)uv_run(&subscription->loop, UV_RUN_NOWAIT);
        *event = client_feed_take(subscription);
    }
    return code;
}

static int next_event(pcn_subscription *subscription, int timeout_ms, const pcn_event **event)
{
    int64_t until_us = clock_steady_us() + (int64_t)timeout_ms * 1000;
    for (unsigned turn = 0;; turn++) {
        if (atomic_exchange(&subscription->interrupted, false)) {
            return PCN_INTERRUPTED;
        }
        int code = look(subscription, event);
        if (code != PCN_OK || *event != NULL) {
            return code;
        }
        int64_t left_ms = timeout_ms < 0 ? -1 : (until_us - clock_steady_us() + 999) / 1000;
        bool idle = uv_backend_timeout(&subscription->loop) != 0;
        if (timeout_ms >= 0 && left_ms <= 0 && (idle || turn >= TURNS_MAX)) {
            return PCN_TIMEOUT;
        }
        if (idle && !wait_turn(subscription, left_ms < -1 ? 0 : left_ms)) {
            atomic_store(&subscription->interrupted, false);
            return PCN_INTERRUPTED;
        }
    }
}

int pcn_next(pcn_subscription *subscription, int timeout_ms, const pcn_event **event)
{
    *event = NULL;
    if (subscription->broken != PCN_OK) {
        return subscription->broken;
    }
    client_note_into(subscription->note);
    int code = next_event(subscription, timeout_ms, event);
    client_note_into(NULL);
    if (code == PCN_OK) {
        subscription->note[0] = '\0'; // whatever it was about, it goes on
    }
    (void)snprintf(subscription->error, sizeof subscription->error, "%s",
                   code == PCN_GONE || code == PCN_FAILED ? subscription->problem.detail : subscription->note);
    return code;
}

const char *pcn_token(const pcn_subscription *subscription)
{
    // The text's room belongs to the subscription, which is the caller's alone.
    pcn_subscription *own = (pcn_subscription *)(uintptr_t)subscription;
    client_token_t token = {.phase = subscription->phase, .place = subscription->place};
    bool whole = subscription->snapshot != NULL && subscription->snapshot_done && client_batch_left(&subscription->batch) == 0;
    token.phase = whole ? CLIENT_PHASE_LOG : token.phase;
    memcpy(token.service, subscription->service, sizeof token.service);
    client_token_write(&token, own->standing);
    return own->standing;
}

int64_t pcn_latest(const pcn_subscription *subscription)
{
    return subscription->latest;
}

void pcn_interrupt(pcn_subscription *subscription)
{
    atomic_store(&subscription->interrupted, true);
    if (subscription->wake.data != NULL) {
        (void)uv_async_send(&subscription->wake);
    }
}

const char *pcn_error(const pcn_subscription *subscription)
{
    return subscription != NULL ? subscription->error : "No memory";
}

void pcn_close(pcn_subscription *subscription)
{
    if (subscription == NULL) {
        return;
    }
    client_feed_stop(subscription);
    client_disconnect(subscription);
    free(subscription);
}
