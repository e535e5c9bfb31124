#include "common/rpc/publisher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/rpc/binding.h"

struct rpc_publisher {
    rpc_binding_t *binding;
};

status_t rpc_publisher_new(rpc_context_t *context, const char *const *endpoints, rpc_publisher_t **out, problem_t *problem)
{
    *out = NULL;
    rpc_publisher_t *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the publisher");
    }
    const rpc_binding_options_t options = {.zmq_type = ZMQ_PUB, .label = "events", .endpoints = endpoints};
    status_t status = rpc_binding_new(context, &options, &publisher->binding, problem);
    if (status != STATUS_OK) {
        rpc_publisher_destroy(&publisher);
        return status;
    }
    *out = publisher;
    return STATUS_OK;
}

void rpc_publisher_destroy(rpc_publisher_t **publisher)
{
    rpc_publisher_t *self = *publisher;
    if (self == NULL) {
        return;
    }
    *publisher = NULL;
    rpc_binding_destroy(&self->binding);
    free(self);
}

void rpc_publish(rpc_publisher_t *publisher, const char *topic, const void *bytes, size_t size)
{
    rpc_socket_t *bound = rpc_binding_socket(publisher->binding);
    if (bound == NULL) {
        return; // nobody is connected
    }
    void *socket = rpc_socket_zmq(bound);
    // PUB never blocks and never fails for a subscriber's sake; without memory the event is found in the log. The second frame
    // always follows, so that a topic never stands alone.
    while (zmq_send(socket, topic, strlen(topic), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 && errno == EINTR) {
    }
    while (zmq_send(socket, size > 0 ? bytes : "", size, ZMQ_DONTWAIT) < 0 && errno == EINTR) {
    }
    rpc_socket_touch(bound);
}
