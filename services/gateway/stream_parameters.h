// What a request for a stream asks for: which services, what their events' types begin with, and where to go on.
#ifndef PCN_GATEWAY_STREAM_PARAMETERS_H
#define PCN_GATEWAY_STREAM_PARAMETERS_H

#include "services/gateway/request.h"
#include "services/gateway/stream_id.h"

typedef struct stream_parameters {
    const char *services[STREAM_SERVICES_MAX]; // constants of the contract
    size_t service_count;
    const char *type;        // in the request's arena; NULL for all
    const char *place_field; // what gave the places: Last-Event-ID, lastEventId, after; NULL for nothing: from now on
    stream_place_t places[STREAM_SERVICES_MAX];
    size_t place_count;
    bool epoch_given; // an id has an epoch, a number has none
} stream_parameters_t;

// INVALID_ARGUMENT with the parameter's or header's name, NOT_FOUND for a service that is not known. A header Last-Event-ID goes before
// lastEventId and after: clients that connect again by themselves send it beside the address they began with.
MUST_CHECK status_t stream_parameters_read(const request_t *request, stream_parameters_t *parameters, problem_t *problem);
// The place of a service; NULL where none is given.
const stream_place_t *stream_parameters_place(const stream_parameters_t *parameters, const char *service);

#endif
