#include "common/rpc/publisher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct rpc_publisher {
    rpc_socket_t *socket;
};

status_t rpc_publisher_new(rpc_context_t *context, const char *const *endpoints, rpc_publisher_t **out, problem_t *problem)
{
    *out = NULL;
    rpc_publisher_t *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the publisher");
    }
    status_t status = rpc_socket_new(context, ZMQ_PUB, RPC_ROLE_SERVER, NULL, NULL, NULL, &publisher->socket, problem);
    for (size_t i = 0; status == STATUS_OK && endpoints[i] != NULL; i++) {
        if (zmq_bind(rpc_socket_zmq(publisher->socket), endpoints[i]) != 0) {
            status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "Cannot publish on %s: %s", endpoints[i], zmq_strerror(errno));
        }
    }
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
    rpc_socket_destroy(&self->socket);
    free(self);
}

void rpc_publish(rpc_publisher_t *publisher, const char *topic, const void *bytes, size_t size)
{
    void *socket = rpc_socket_zmq(publisher->socket);
    // PUB never blocks and never fails for a subscriber's sake; without memory the event is found in the log. The second frame
    // always follows, so that a topic never stands alone.
    while (zmq_send(socket, topic, strlen(topic), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 && errno == EINTR) {
    }
    while (zmq_send(socket, size > 0 ? bytes : "", size, ZMQ_DONTWAIT) < 0 && errno == EINTR) {
    }
    rpc_socket_touch(publisher->socket);
}
