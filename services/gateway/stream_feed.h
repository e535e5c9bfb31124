// One service's events on their way to the streams: a tail of its log that fills the ring all of them share. The tail runs while there are
// streams. A log that was rebuilt or that left the tail behind ends the streams; the feed begins anew at its end.
//
// One loop, one thread; owned by the hub.
#ifndef PCN_GATEWAY_STREAM_FEED_H
#define PCN_GATEWAY_STREAM_FEED_H

#include "services/gateway/gateway.h"
#include "services/gateway/stream_ring.h"

typedef struct stream_feed stream_feed_t;

// The hub's side; called from the tail.
typedef struct stream_feed_sink {
    // An event was put into the ring; NULL where one could not be kept.
    void (*event)(void *data, stream_feed_t *feed, const stream_entry_t *entry);
    // The log's end and epoch are known now.
    void (*known)(void *data, stream_feed_t *feed);
    // The places of this log mean nothing any more, or are pruned.
    void (*gone)(void *data, stream_feed_t *feed);
    void *data;
} stream_feed_sink_t;

struct stream_feed {
    gateway_t *gateway;
    const char *service;
    stream_feed_sink_t sink;
    stream_ring_t ring;
    void *tail;     // NULL while nobody streams, or the service is not there
    bool known;     // ring and epoch are the log's
    bool lost;      // the tail has told that its place is gone
    uint32_t epoch; // in short
};

// False without memory.
bool stream_feed_init(stream_feed_t *feed, gateway_t *gateway, const char *service, const stream_feed_sink_t *sink);
void stream_feed_deinit(stream_feed_t *feed);
// Runs the tail, also anew where the place was lost; asked again and again while there are streams. Not from inside the tail.
void stream_feed_run(stream_feed_t *feed);
void stream_feed_stop(stream_feed_t *feed);

#endif
