#include "common/rpc/publisher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/rpc/audience.h"
#include "common/rpc/frame.h"
#include "common/rpc/loop.h"

enum { PUBLISHER_MESSAGES_A_CALL = 32 };

struct rpc_publisher {
    rpc_binding_t *binding;
    rpc_audience_t audience;
};

// ---- those who hear

static void publisher_readable(void *data, void *socket)
{
    rpc_publisher_t *publisher = data;
    for (int count = 0; count < PUBLISHER_MESSAGES_A_CALL; count++) {
        zmq_msg_t message;
        bool taken = rpc_frame_receive(socket, &message);
        if (taken) {
            rpc_audience_hear(&publisher->audience, publisher->binding, &message);
        } else {
            rpc_socket_drained(rpc_binding_socket(publisher->binding));
        }
        (void)zmq_msg_close(&message);
        if (!taken) {
            return;
        }
    }
}

static void publisher_changed(void *data, int descriptor)
{
    rpc_audience_forget(&((rpc_publisher_t *)data)->audience, descriptor);
}

static void publisher_closed(void *data)
{
    rpc_audience_clear(&((rpc_publisher_t *)data)->audience);
}

// ---- life

status_t rpc_publisher_new(rpc_context_t *context, const char *const *endpoints, rpc_publisher_t **out, problem_t *problem)
{
    *out = NULL;
    rpc_publisher_t *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the publisher");
    }
    rpc_audience_init(&publisher->audience, context->metrics);
    const rpc_binding_options_t options = {.zmq_type = ZMQ_XPUB,
                                           .label = "events",
                                           .endpoints = endpoints,
                                           .readable = publisher_readable,
                                           .closed = publisher_closed,
                                           .changed = publisher_changed,
                                           .data = publisher};
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
    rpc_audience_deinit(&self->audience);
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
