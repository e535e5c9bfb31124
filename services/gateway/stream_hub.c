#include "services/gateway/stream_hub.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "services/gateway/reply.h"
#include "services/gateway/stream_parameters.h"

#define SWEEP_MS 500
#define HEAD_MAX (2 * STREAM_ID_SIZE + 8192)
#define REFUSED_RETRY_MS 5000

struct stream_hub {
    gateway_t *gateway;
    stream_feed_t feeds[STREAM_SERVICES_MAX];
    size_t feed_count;
    stream_t *first;
    size_t count;
    bool stopped;
    uv_timer_t *timer; // runs while there are streams; frees itself
    gauge_t *streams;
    counter_t *events, *pages;
    route_metrics_t metrics;
};

stream_hub_t *stream_hub_new(gateway_t *gateway)
{
    stream_hub_t *hub = calloc(1, sizeof(*hub));
    if (hub == NULL)
        return NULL;
    hub->gateway = gateway;
    hub->streams = metrics_gauge(gateway->metrics, "pcn_gateway_streams", NULL, "Streams of change events that are open.");
    hub->events = metrics_counter(gateway->metrics, "pcn_gateway_stream_events_total", NULL, "Events written to streams.");
    hub->pages = metrics_counter(gateway->metrics, "pcn_gateway_stream_catch_up_pages_total", NULL,
                                 "Pages read from logs for streams that were behind.");
    route_metrics_init(&hub->metrics, gateway->metrics, "/v1/events/stream");
    return hub;
}

size_t stream_hub_count(const stream_hub_t *hub)
{
    return hub->count;
}

void stream_hub_count_event(stream_hub_t *hub)
{
    hub->events->value++;
}

void stream_hub_count_page(stream_hub_t *hub)
{
    hub->pages->value++;
}

// ---- feeds

static void on_event(void *data, stream_feed_t *feed, const stream_entry_t *entry)
{
    const stream_hub_t *hub = data;
    if (!feed->known)
        return;
    for (stream_t *stream = hub->first; stream != NULL; stream = stream->next)
        stream_notice(stream, feed, entry);
}

static void on_known(void *data, stream_feed_t *feed)
{
    const stream_hub_t *hub = data;
    for (stream_t *stream = hub->first; stream != NULL; stream = stream->next)
        stream_know(stream, feed);
}

static void on_gone(void *data, stream_feed_t *feed)
{
    const stream_hub_t *hub = data;
    for (stream_t *stream = hub->first; stream != NULL; stream = stream->next)
        stream_lose(stream, feed);
}

static stream_feed_t *find_feed(stream_hub_t *hub, const char *service)
{
    for (size_t i = 0; i < hub->feed_count; i++) {
        if (strcmp(hub->feeds[i].service, service) == 0)
            return &hub->feeds[i];
    }
    stream_feed_t *feed = &hub->feeds[hub->feed_count];
    const stream_feed_sink_t sink = {.event = on_event, .known = on_known, .gone = on_gone, .data = hub};
    if (hub->feed_count == STREAM_SERVICES_MAX || !stream_feed_init(feed, hub->gateway, service, &sink))
        return NULL;
    hub->feed_count++;
    return feed;
}

static bool is_streamed(const stream_hub_t *hub, const stream_feed_t *feed)
{
    for (const stream_t *stream = hub->first; stream != NULL; stream = stream->next) {
        for (size_t i = 0; i < stream->source_count; i++) {
            if (stream->sources[i].feed == feed)
                return true;
        }
    }
    return false;
}

// ---- the look at all of them

static void on_sweep(uv_timer_t *timer)
{
    stream_hub_t *hub = timer->data;
    int64_t now_us = clock_steady_us();
    for (size_t i = 0; i < hub->feed_count; i++) {
        if (is_streamed(hub, &hub->feeds[i]))
            stream_feed_run(&hub->feeds[i]);
    }
    for (stream_t *stream = hub->first; stream != NULL; stream = stream->next)
        stream_tend(stream, now_us);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static bool run_timer(stream_hub_t *hub)
{
    int64_t every_ms = hub->gateway->config->stream_heartbeat_ms / 4;
    if (hub->timer == NULL) {
        hub->timer = malloc(sizeof(*hub->timer));
        if (hub->timer == NULL || uv_timer_init(hub->gateway->loop, hub->timer) != 0)
            return false;
        hub->timer->data = hub;
    }
    if (every_ms > SWEEP_MS)
        every_ms = SWEEP_MS;
    if (!uv_is_active((const uv_handle_t *)hub->timer))
        uv_timer_start(hub->timer, on_sweep, (uint64_t)every_ms, (uint64_t)every_ms);
    return true;
}

void stream_hub_stop(stream_hub_t *hub)
{
    if (hub->stopped)
        return;
    hub->stopped = true;
    for (stream_t *stream = hub->first; stream != NULL; stream = stream->next)
        stream_bye(stream, "shutting down");
    for (size_t i = 0; i < hub->feed_count; i++)
        stream_feed_stop(&hub->feeds[i]);
    if (hub->timer != NULL)
        uv_close((uv_handle_t *)hub->timer, on_closed);
    hub->timer = NULL;
}

void stream_hub_destroy(stream_hub_t **out)
{
    stream_hub_t *hub = *out;
    *out = NULL;
    if (hub == NULL)
        return;
    for (size_t i = 0; i < hub->feed_count; i++)
        stream_feed_deinit(&hub->feeds[i]);
    free(hub);
}

// ---- streams come and go

static bool add_stream(stream_hub_t *hub, stream_t *stream)
{
    if (!run_timer(hub))
        return false;
    stream->next = hub->first;
    if (hub->first != NULL)
        hub->first->previous = stream;
    hub->first = stream;
    hub->streams->value = (int64_t)++hub->count;
    stream->request->stream = stream;
    return true;
}

void stream_hub_remove(stream_hub_t *hub, stream_t *stream)
{
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        hub->first = stream->next;
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
    hub->streams->value = (int64_t)--hub->count;
    for (size_t i = 0; i < stream->source_count; i++) {
        if (!is_streamed(hub, stream->sources[i].feed))
            stream_feed_stop(stream->sources[i].feed);
    }
    if (hub->count == 0 && hub->timer != NULL)
        uv_timer_stop(hub->timer);
}

static stream_t *make_stream(stream_hub_t *hub, request_t *request, const stream_parameters_t *parameters)
{
    stream_t *stream = arena_zero(request->arena, sizeof(*stream) + parameters->service_count * sizeof(stream->sources[0]));
    if (stream == NULL)
        return NULL;
    stream->hub = hub;
    stream->request = request;
    stream->type = parameters->type;
    stream->place_field = parameters->place_field;
    stream->opened_us = clock_steady_us();
    stream->source_count = parameters->service_count;
    buf_init(&stream->head, HEAD_MAX);
    for (size_t i = 0; i < parameters->service_count; i++) {
        const stream_place_t *place = stream_parameters_place(parameters, parameters->services[i]);
        stream_source_t *source = &stream->sources[i];
        source->feed = find_feed(hub, parameters->services[i]);
        if (source->feed == NULL)
            return NULL;
        source->resumed = place != NULL;
        source->epoch_given = place != NULL && parameters->epoch_given;
        source->epoch = place != NULL ? place->epoch : 0;
        source->place = place != NULL ? place->sequence : 0;
    }
    return stream;
}

void stream_hub_open(stream_hub_t *hub, request_t *request)
{
    stream_parameters_t parameters;
    problem_t problem = {0};
    if (stream_parameters_read(request, &parameters, &problem) != STATUS_OK) {
        reply_refuse(request, 0, &problem);
        return;
    }
    if (hub->stopped)
        return; // without an answer, as those that are being opened
    if ((int64_t)hub->count >= hub->gateway->config->streams_max) {
        problem_set(&problem, STATUS_UNAVAILABLE, NULL, "There are as many streams as there may be");
        problem.retry_after_ms = REFUSED_RETRY_MS;
        reply_refuse(request, 0, &problem);
        return;
    }
    stream_t *stream = make_stream(hub, request, &parameters);
    if (stream == NULL || !add_stream(hub, stream)) {
        reply_refuse_with(request, 0, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for a stream");
        return;
    }
    for (size_t i = 0; i < stream->source_count; i++)
        stream_feed_run(stream->sources[i].feed);
    stream_start(stream);
}

bool stream_hub_serves(const target_t *target)
{
    static const char *const path[] = {"v1", "events", "stream"};
    for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
        if (target->segment_count != sizeof(path) / sizeof(path[0]) || strcmp(target->segments[i].text, path[i]) != 0)
            return false;
    }
    return true;
}

route_metrics_t *stream_hub_metrics(stream_hub_t *hub)
{
    return &hub->metrics;
}
