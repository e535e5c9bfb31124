// What the tests of a log's readers share: a fake log, a client under its own key, and a loop.
#ifndef PCN_TESTS_EVENT_READER_H
#define PCN_TESTS_EVENT_READER_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/event/snapshot.h"
#include "tests/support/fake_log.h"

typedef struct reader {
    uv_loop_t loop;
    metrics_t *metrics;
    fake_log_t log;
    rpc_context_t *context;
    rpc_client_t *client;
    uv_timer_t guard;
    bool late;

    event_tail_t *tail;
    int64_t first, last;   // places that were given; 0 for none
    unsigned wrong;        // events out of turn or not of the script
    unsigned refuse_every; // take none of so many
    unsigned offered;
    unsigned pause_at; // takes none from this place on
    unsigned progresses;
    int64_t told_latest;
    unsigned gone;
    problem_t problem;
    event_place_t place;
} reader_t;

static inline void reader_late(uv_timer_t *timer)
{
    ((reader_t *)timer->data)->late = true;
}

enum { READER_HANG_MS = 60000, READER_TRY_MS = 20 };

// Runs the loop until the condition holds; false where it never does. The limit is there for that alone: no test may need it to be short.
#define READER_UNTIL(reader, condition)                                                                                                    \
    ((reader)->late = false, (void)uv_timer_start(&(reader)->guard, reader_late, READER_HANG_MS, 0), reader_spin(reader, condition))
#define reader_spin(reader, condition)                                                                                                     \
    ({                                                                                                                                     \
        while (!(condition) && !(reader)->late) {                                                                                          \
            (void)uv_run(&(reader)->loop, UV_RUN_ONCE);                                                                                    \
        }                                                                                                                                  \
        (void)uv_timer_stop(&(reader)->guard);                                                                                             \
        (condition);                                                                                                                       \
    })

// For what is not to happen meanwhile.
static inline void reader_wait(reader_t *reader, unsigned ms)
{
    reader->late = false;
    (void)uv_timer_start(&reader->guard, reader_late, ms, 0);
    (void)reader_spin(reader, false);
}

static inline void reader_init(reader_t *reader)
{
    problem_t problem = {.status = STATUS_OK};
    memset(reader, 0, sizeof *reader);
    assert_int_equal(uv_loop_init(&reader->loop), 0);
    assert_int_equal(uv_timer_init(&reader->loop, &reader->guard), 0);
    reader->guard.data = reader;
    reader->metrics = metrics_new();
    fake_log_init(&reader->log, &reader->loop, reader->metrics);
    assert_int_equal(rpc_context_new(&reader->loop, reader->log.dir, "follower", reader->metrics, &reader->context, &problem), STATUS_OK);
    const char *endpoints[] = {reader->log.rpc, NULL};
    rpc_client_options_t options = {"registry", endpoints, reader->log.key, 0};
    assert_int_equal(rpc_client_new(reader->context, &options, reader->metrics, &reader->client, &problem), STATUS_OK);
}

static inline void reader_deinit(reader_t *reader)
{
    event_tail_destroy(&reader->tail);
    rpc_client_destroy(&reader->client);
    rpc_context_destroy(&reader->context);
    fake_log_deinit(&reader->log);
    uv_close((uv_handle_t *)&reader->guard, NULL);
    while (uv_run(&reader->loop, UV_RUN_DEFAULT) != 0) {
    }
    assert_int_equal(uv_loop_close(&reader->loop), 0); // no handle was left open
    metrics_destroy(&reader->metrics);
}

static inline bool reader_event(void *data, const Pcn__Events__V1__Event *event)
{
    reader_t *reader = data;
    reader->offered++;
    if ((reader->refuse_every > 0 && reader->offered % reader->refuse_every == 0) ||
        (reader->pause_at > 0 && event->sequence >= reader->pause_at)) {
        return false;
    }
    if (!fake_event_is(event, event->sequence) || (reader->last > 0 && event->sequence != reader->last + 1)) {
        reader->wrong++;
    }
    reader->first = reader->first == 0 ? event->sequence : reader->first;
    reader->last = event->sequence;
    return true;
}

static inline void reader_progress(void *data, const event_place_t *place, int64_t latest)
{
    reader_t *reader = data;
    reader->progresses++;
    reader->place = *place;
    reader->told_latest = latest;
}

static inline void reader_gone(void *data, const problem_t *problem)
{
    reader_t *reader = data;
    reader->gone++;
    reader->problem = *problem;
}

static inline void reader_follow(reader_t *reader, int64_t after, const char *epoch)
{
    problem_t problem = {.status = STATUS_OK};
    const char *endpoints[] = {reader->log.pub, NULL};
    event_tail_options_t options = {.service = "registry",
                                    .context = reader->context,
                                    .client = reader->client,
                                    .pub_endpoints = endpoints,
                                    .server_key = reader->log.key,
                                    .after = {.sequence = after},
                                    .event = reader_event,
                                    .progress = reader_progress,
                                    .gone = reader_gone,
                                    .data = reader};
    (void)snprintf(options.after.epoch, sizeof options.after.epoch, "%s", epoch);
    assert_int_equal(event_tail_new(&options, reader->metrics, &reader->tail, &problem), STATUS_OK);
}

static inline uint64_t reader_count(reader_t *reader, const char *name)
{
    return metrics_counter(reader->metrics, name, "source=\"registry\"", "")->value;
}

#endif
