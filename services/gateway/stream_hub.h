// All streams of the gateway: their number's limit, the feeds they share, and the look at each of them several times a second.
//
// One loop, one thread; belongs to the gateway.
#ifndef PCN_GATEWAY_STREAM_HUB_H
#define PCN_GATEWAY_STREAM_HUB_H

#include "services/gateway/stream.h"

// NULL without memory.
stream_hub_t *stream_hub_new(gateway_t *gateway);
// Every stream says bye and ends, those that are being opened and new ones end without an answer, the feeds stop. The loop must run on
// until a handle is closed.
void stream_hub_stop(stream_hub_t *hub);
// After HTTP was destroyed.
void stream_hub_destroy(stream_hub_t **hub);
// Streams whose request has not ended.
size_t stream_hub_count(const stream_hub_t *hub);
// Of the streams' route.
route_metrics_t *stream_hub_metrics(stream_hub_t *hub);

// Whether the target is the streams' own path.
bool stream_hub_serves(const target_t *target);
// Answers the request of a caller who may have a stream: reads the parameters and opens it, or refuses. Without an answer
// (request->response is NULL and it does not wait) the connection is to be closed.
void stream_hub_open(stream_hub_t *hub, request_t *request);

// For streams.
void stream_hub_remove(stream_hub_t *hub, stream_t *stream);
void stream_hub_count_event(stream_hub_t *hub);
void stream_hub_count_page(stream_hub_t *hub);

#endif
