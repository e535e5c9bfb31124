#include "services/gateway/stream_feed.h"

#include "common/base/log.h"
#include "services/gateway/stream_id.h"

#define RING_EVENTS 1024
#define RING_BYTES (2u * 1024u * 1024u)

bool stream_feed_init(stream_feed_t *feed, gateway_t *gateway, const char *service, const stream_feed_sink_t *sink)
{
    *feed = (stream_feed_t){.gateway = gateway, .service = service, .sink = *sink};
    return stream_ring_init(&feed->ring, RING_EVENTS, RING_BYTES);
}

void stream_feed_deinit(stream_feed_t *feed)
{
    stream_feed_stop(feed);
    stream_ring_deinit(&feed->ring);
}

// Never refuses: who does not keep up reads pages.
static bool on_event(void *data, const Pcn__Events__V1__Event *event)
{
    stream_feed_t *feed = data;
    stream_entry_t *entry = stream_entry_new(event, &feed->gateway->scratch);
    if (entry != NULL) {
        // Until the log's end is known the ring has no place that means anything.
        if (!feed->known && feed->ring.count == 0)
            stream_ring_reset(&feed->ring, event->sequence - 1);
        stream_ring_push(&feed->ring, entry);
    } else {
        log_error("no memory for an event; streams read it from the log", LOG_TEXT("service", feed->service));
        stream_ring_reset(&feed->ring, event->sequence);
    }
    feed->sink.event(feed->sink.data, feed, stream_ring_at(&feed->ring, event->sequence));
    return true;
}

static void on_progress(void *data, const event_place_t *place, int64_t latest)
{
    stream_feed_t *feed = data;
    (void)latest;
    if (feed->known || feed->lost || place->epoch[0] == '\0' || place->sequence < 0)
        return;
    if (feed->ring.count == 0)
        stream_ring_reset(&feed->ring, place->sequence);
    feed->epoch = stream_epoch(place->epoch);
    feed->known = true;
    feed->sink.known(feed->sink.data, feed);
}

static void on_gone(void *data, const problem_t *problem)
{
    stream_feed_t *feed = data;
    log_warning("the place in a service's log is gone", LOG_TEXT("service", feed->service), LOG_TEXT("detail", problem->detail));
    feed->known = false;
    feed->lost = true;
    feed->sink.gone(feed->sink.data, feed);
}

void stream_feed_run(stream_feed_t *feed)
{
    upstream_t *upstream = &feed->gateway->upstream;
    if (feed->lost)
        stream_feed_stop(feed);
    if (feed->tail != NULL)
        return;
    event_tail_options_t options = {.service = feed->service,
                                    .after = {.sequence = EVENT_PLACE_END},
                                    .event = on_event,
                                    .progress = on_progress,
                                    .gone = on_gone,
                                    .data = feed};
    if (upstream->follow == NULL || !upstream->follow(upstream->data, &options, &feed->tail))
        feed->tail = NULL;
}

void stream_feed_stop(stream_feed_t *feed)
{
    if (feed->tail != NULL)
        feed->gateway->upstream.unfollow(feed->gateway->upstream.data, &feed->tail);
    stream_ring_reset(&feed->ring, 0);
    feed->tail = NULL;
    feed->known = feed->lost = false;
}
