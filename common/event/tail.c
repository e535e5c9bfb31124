#include "common/event/tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event/tail_state.h"
#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"

enum {
    TAIL_SILENCE_MS = 1500, // longer than a heartbeat's second
    TAIL_GIVEN_A_TURN = 1000,
};

// ---- out

// The next of the published events. What was published is believed while the log's numbers and its epoch were seen to be the known ones
// since the connection was made.
static const Pcn__Events__V1__Event *next_arrival(event_tail_t *tail)
{
    event_arrivals_pass(&tail->arrivals, tail->place.sequence);
    event_arrival_t *first = tail->arrivals.first;
    if (tail->confirmed != tail->doubt || first == NULL || first->sequence != tail->place.sequence + 1) {
        return NULL;
    }
    void *event = NULL;
    problem_t problem;
    arena_reset(tail->arena);
    if (pb_unpack(&pcn__events__v1__event__type, first->bytes, first->size, tail->arena, &event, &problem) != STATUS_OK) {
        event_arrivals_remove(&tail->arrivals, first); // it was whole when it came: no memory now, so the log has to tell
        return NULL;
    }
    return event;
}

// True where there may be more to give.
static bool give(event_tail_t *tail)
{
    for (unsigned given = 0; given < TAIL_GIVEN_A_TURN; given++) {
        const Pcn__Events__V1__Event *event = tail->held ? NULL : event_pages_next(&tail->pages, tail->place.sequence);
        if (event == NULL && !tail->held) {
            event = next_arrival(tail);
        }
        if (event == NULL) {
            return false;
        }
        int64_t sequence = event->sequence;
        tail->held = true; // so that a resume from inside counts
        if (tail->event(tail->data, event)) {
            if (tail->stopped) {
                return false; // destroyed from inside
            }
            tail->held = false;
            tail->place.sequence = sequence;
            tail->progressed = true;
        } else if (tail->stopped) {
            return false;
        }
    }
    return true;
}

static void tail_turn(void *data)
{
    event_tail_t *tail = data;
    event_tail_read(tail); // first, so that the service works while events are given
    if (!tail->stopped && give(tail)) {
        rpc_turn_ask(&tail->turn);
    }
    if (tail->stopped) {
        return;
    }
    tail->sequence_gauge->value = tail->place.sequence;
    tail->latest_gauge->value = tail->latest;
    if (tail->is_gone) {
        tail->stopped = true;
        tail->gone(tail->data, &tail->gone_problem);
        return;
    }
    if (tail->progressed && tail->place.sequence >= 0) {
        tail->progressed = false;
        if (tail->progress != NULL) {
            tail->progress(tail->data, &tail->place, tail->latest);
        }
    }
    if (!tail->stopped) {
        event_tail_read(tail);
    }
}

// ---- in

// Something came, or did not, that makes published events doubtful until the log was read once more.
static void doubt(event_tail_t *tail)
{
    tail->doubt++;
    rpc_turn_ask(&tail->turn);
}

static void heartbeat(event_tail_t *tail, const uint8_t *bytes, size_t size)
{
    void *message = NULL;
    problem_t problem;
    status_t status = pb_unpack(&pcn__events__v1__heartbeat__type, bytes, size, tail->arena, &message, &problem);
    const Pcn__Events__V1__Heartbeat *beat = message;
    if (status != STATUS_OK || beat->source == NULL || strcmp(beat->source, tail->source) != 0 || !beat->has_latest || beat->latest < 0 ||
        beat->latest > EVENT_SEQUENCE_MAX) {
        tail->bad_events->value++;
        return;
    }
    bool other_epoch = beat->epoch != NULL && tail->place.epoch[0] != '\0' && strcmp(beat->epoch, tail->place.epoch) != 0;
    if (other_epoch || beat->latest < tail->latest) {
        doubt(tail); // the log itself tells
    } else {
        tail->latest = beat->latest;
    }
    tail->progressed = true;
    rpc_turn_ask(&tail->turn);
}

static void published(event_tail_t *tail, const uint8_t *bytes, size_t size)
{
    void *message = NULL;
    problem_t problem;
    status_t status = pb_unpack(&pcn__events__v1__event__type, bytes, size, tail->arena, &message, &problem);
    const Pcn__Events__V1__Event *event = message;
    if (status != STATUS_OK || !event_is_whole(event, tail->source)) {
        tail->bad_events->value++;
        return;
    }
    if (event->sequence <= tail->published) {
        doubt(tail); // numbers only grow, unless the log was rebuilt
    }
    tail->published = event->sequence;
    if (tail->latest >= 0 && event->sequence > tail->latest + 1) {
        tail->gaps->value++;
    }
    tail->latest = event->sequence > tail->latest ? event->sequence : tail->latest;
    if (event->sequence > tail->place.sequence) {
        (void)event_arrivals_add(&tail->arrivals, event->sequence, bytes, size);
    }
    rpc_turn_ask(&tail->turn);
}

static void tail_message(void *data, const char *topic, size_t topic_size, const uint8_t *bytes, size_t size)
{
    event_tail_t *tail = data;
    if (tail->stopped) {
        return;
    }
    tail->heard_ms = uv_now(rpc_context_loop(tail->context));
    arena_reset(tail->arena);
    if (topic_size == strlen(tail->beat_topic) && memcmp(topic, tail->beat_topic, topic_size) == 0) {
        heartbeat(tail, bytes, size);
    } else {
        published(tail, bytes, size);
    }
}

static void tail_connected(void *data)
{
    event_tail_t *tail = data;
    (void)uv_timer_stop(&tail->retry); // what failed before may be answered now
    doubt(tail);
}

static void silence(uv_timer_t *timer)
{
    event_tail_t *tail = timer->data;
    uint64_t silent_ms = uv_now(timer->loop) - tail->heard_ms;
    if (silent_ms >= TAIL_SILENCE_MS) {
        tail->heard_ms = uv_now(timer->loop);
        tail->look = !event_pages_waited(&tail->pages);
        rpc_turn_ask(&tail->turn);
        silent_ms = 0;
    }
    (void)uv_timer_start(timer, silence, TAIL_SILENCE_MS - silent_ms, 0);
}

// ---- life

static void tail_closed(uv_handle_t *handle)
{
    event_tail_t *tail = handle->data;
    tail->handles--;
    if (tail->handles == 0) {
        free(tail);
    }
}

static void tail_timer(event_tail_t *tail, uv_timer_t *timer)
{
    (void)uv_timer_init(rpc_context_loop(tail->context), timer);
    timer->data = tail;
    uv_unref((uv_handle_t *)timer); // the sockets keep the loop going
    tail->handles++;
}

static void tail_figures(event_tail_t *tail, metrics_t *metrics)
{
    char labels[RPC_NAME_SIZE + 16];
    (void)snprintf(labels, sizeof labels, "source=\"%s\"", tail->service);
    tail->sequence_gauge = metrics_gauge(metrics, "pcn_tail_sequence", labels, "Place of the last event that was taken.");
    tail->latest_gauge = metrics_gauge(metrics, "pcn_tail_latest", labels, "Latest place of the log that is known.");
    tail->gaps = metrics_counter(metrics, "pcn_tail_gaps_total", labels, "Times that published events jumped.");
    tail->pages_read = metrics_counter(metrics, "pcn_tail_pages_total", labels, "Pages read from the log.");
    tail->bad_events = metrics_counter(metrics, "pcn_tail_bad_events_total", labels, "Events and heartbeats that are not well-formed.");
}

static status_t tail_start(event_tail_t *tail, const event_tail_options_t *options, metrics_t *metrics, problem_t *problem)
{
    char topic[RPC_NAME_SIZE + 8];
    (void)snprintf(topic, sizeof topic, "pcn.%s.", tail->service);
    const char *topics[] = {topic, NULL};
    rpc_subscriber_options_t subscription = {.endpoints = options->pub_endpoints,
                                             .server_key = options->server_key,
                                             .topics = topics,
                                             .message = tail_message,
                                             .connected = tail_connected,
                                             .data = tail};
    status_t status = rpc_subscriber_new(tail->context, &subscription, metrics, &tail->subscriber, problem);
    if (status == STATUS_OK) {
        tail->heard_ms = uv_now(rpc_context_loop(tail->context));
        (void)uv_timer_start(&tail->silence, silence, TAIL_SILENCE_MS, 0);
        rpc_turn_ask(&tail->turn);
    }
    return status;
}

status_t event_tail_new(const event_tail_options_t *options, metrics_t *metrics, event_tail_t **out, problem_t *problem)
{
    *out = NULL;
    if (strlen(options->service) >= RPC_NAME_SIZE || options->after.sequence < EVENT_PLACE_END) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "after", "No service or place of a log");
    }
    event_tail_t *tail = calloc(1, sizeof *tail);
    arena_t *arena = arena_new(TAIL_ARENA_CAP);
    if (tail == NULL || arena == NULL) {
        arena_destroy(&arena);
        free(tail);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory to follow %s", options->service);
    }
    tail->arena = arena;
    tail->context = options->context;
    tail->client = options->client;
    tail->event = options->event;
    tail->progress = options->progress;
    tail->gone = options->gone;
    tail->data = options->data;
    tail->place = options->after;
    if (tail->place.sequence > EVENT_SEQUENCE_MAX) {
        tail->place.sequence = EVENT_SEQUENCE_MAX; // which the log refuses just so
    }
    tail->latest = -1;
    tail->doubt = 1;
    tail->stride = TAIL_PAGE;
    tail->arrivals.bytes_max = TAIL_BUFFER_BYTES;
    (void)snprintf(tail->service, sizeof tail->service, "%s", options->service);
    (void)snprintf(tail->source, sizeof tail->source, "/pcn/%s", options->service);
    (void)snprintf(tail->beat_topic, sizeof tail->beat_topic, "pcn.%s.heartbeat", options->service);
    tail->retrying.service = tail->service;
    tail_figures(tail, metrics);
    tail_timer(tail, &tail->silence);
    tail_timer(tail, &tail->retry);
    rpc_turn_init(&tail->turn, tail->context, tail_turn, tail);
    status_t status = tail_start(tail, options, metrics, problem);
    if (status != STATUS_OK) {
        event_tail_destroy(&tail);
        return status;
    }
    *out = tail;
    return STATUS_OK;
}

void event_tail_destroy(event_tail_t **tail)
{
    event_tail_t *self = *tail;
    if (self == NULL) {
        return;
    }
    *tail = NULL;
    self->stopped = true;
    rpc_turn_deinit(&self->turn);
    rpc_subscriber_destroy(&self->subscriber);
    event_call_destroy(&self->locating);
    event_pages_clear(&self->pages);
    event_arrivals_clear(&self->arrivals);
    arena_destroy(&self->arena);
    uv_close((uv_handle_t *)&self->silence, tail_closed);
    uv_close((uv_handle_t *)&self->retry, tail_closed);
}

void event_tail_resume(event_tail_t *tail)
{
    if (tail->held && !tail->stopped) {
        tail->held = false;
        rpc_turn_ask(&tail->turn);
    }
}

const event_place_t *event_tail_place(const event_tail_t *tail)
{
    return &tail->place;
}
