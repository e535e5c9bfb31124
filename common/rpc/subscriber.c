#include "common/rpc/subscriber.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/rpc/connection.h"
#include "common/rpc/frame.h"
#include "common/rpc/loop.h"

enum {
    SUBSCRIBER_MESSAGES_A_CALL = 32,
    SUBSCRIBER_ENDPOINTS_MAX = 64,
};

// One endpoint.
typedef struct subscriber_source {
    rpc_connection_t connection;
    rpc_subscriber_t *subscriber;
} subscriber_source_t;

struct rpc_subscriber {
    subscriber_source_t *sources;
    unsigned source_count;
    void (*message)(void *data, const char *topic, size_t topic_size, const uint8_t *bytes, size_t size);
    void (*connected)(void *data);
    void *data;
    counter_t *messages;
    counter_t *bad_frames;
};

// ---- in

// One message; false where there is none. Frames of a message come together, so the second one is there if the first one is.
static bool take_message(rpc_subscriber_t *subscriber, void *socket)
{
    zmq_msg_t topic;
    if (!rpc_frame_receive(socket, &topic)) {
        (void)zmq_msg_close(&topic);
        return false;
    }
    zmq_msg_t bytes;
    bool pair = zmq_msg_more(&topic) != 0;
    if (pair) {
        pair = rpc_frame_receive(socket, &bytes);
        if (pair && zmq_msg_more(&bytes) != 0) {
            pair = false;
            rpc_frames_skip(socket);
        }
    } else {
        (void)zmq_msg_init(&bytes);
    }
    if (pair) {
        subscriber->messages->value++;
        subscriber->message(subscriber->data, zmq_msg_data(&topic), zmq_msg_size(&topic), zmq_msg_data(&bytes), zmq_msg_size(&bytes));
    } else {
        subscriber->bad_frames->value++;
    }
    (void)zmq_msg_close(&topic);
    (void)zmq_msg_close(&bytes);
    return true;
}

static void source_readable(void *data, void *socket)
{
    subscriber_source_t *source = data;
    for (int message = 0; message < SUBSCRIBER_MESSAGES_A_CALL; message++) {
        if (!take_message(source->subscriber, socket)) {
            rpc_socket_drained(source->connection.socket);
            return;
        }
    }
}

static void source_changed(void *data, rpc_connection_t *connection)
{
    subscriber_source_t *source = data;
    if (connection->connected && source->subscriber->connected != NULL) {
        source->subscriber->connected(source->subscriber->data);
    }
}

// ---- life

static status_t source_init(subscriber_source_t *source, rpc_context_t *context, const rpc_subscriber_options_t *options, unsigned index,
                            problem_t *problem)
{
    rpc_connection_options_t connection = {.zmq_type = ZMQ_SUB,
                                           .endpoint = options->endpoints[index],
                                           .server_key = options->server_key,
                                           .index = index,
                                           .readable = source_readable,
                                           .changed = source_changed,
                                           .data = source};
    status_t status = rpc_connection_init(&source->connection, context, &connection, problem);
    for (size_t i = 0; status == STATUS_OK && options->topics[i] != NULL; i++) {
        const char *topic = options->topics[i];
        if (zmq_setsockopt(rpc_socket_zmq(source->connection.socket), ZMQ_SUBSCRIBE, topic, strlen(topic)) != 0) {
            status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "A subscription cannot be made: %s", zmq_strerror(zmq_errno()));
        }
    }
    return status == STATUS_OK ? rpc_connection_start(&source->connection, problem) : status;
}

status_t rpc_subscriber_new(rpc_context_t *context, const rpc_subscriber_options_t *options, metrics_t *metrics, rpc_subscriber_t **out,
                            problem_t *problem)
{
    *out = NULL;
    unsigned count = 0;
    while (options->endpoints[count] != NULL) {
        count++;
    }
    if (count == 0 || count > SUBSCRIBER_ENDPOINTS_MAX) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "A subscription needs 1 to %d endpoints", SUBSCRIBER_ENDPOINTS_MAX);
    }
    rpc_subscriber_t *subscriber = calloc(1, sizeof *subscriber);
    if (subscriber != NULL) {
        subscriber->sources = calloc(count, sizeof *subscriber->sources);
    }
    if (subscriber == NULL || subscriber->sources == NULL) {
        free(subscriber);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for a subscription");
    }
    subscriber->source_count = count;
    subscriber->message = options->message;
    subscriber->connected = options->connected;
    subscriber->data = options->data;
    subscriber->messages = metrics_counter(metrics, "pcn_rpc_subscriber_messages_total", NULL, "Messages heard.");
    subscriber->bad_frames = metrics_counter(metrics, "pcn_rpc_subscriber_bad_frames_total", NULL, "Messages that are not two frames.");
    status_t status = STATUS_OK;
    for (unsigned i = 0; i < count && status == STATUS_OK; i++) {
        subscriber->sources[i].subscriber = subscriber;
        status = source_init(&subscriber->sources[i], context, options, i, problem);
    }
    if (status != STATUS_OK) {
        rpc_subscriber_destroy(&subscriber);
        return status;
    }
    *out = subscriber;
    return STATUS_OK;
}

void rpc_subscriber_destroy(rpc_subscriber_t **subscriber)
{
    rpc_subscriber_t *self = *subscriber;
    if (self == NULL) {
        return;
    }
    *subscriber = NULL;
    for (unsigned i = 0; i < self->source_count; i++) {
        rpc_connection_deinit(&self->sources[i].connection);
    }
    free(self->sources);
    free(self);
}

bool rpc_subscriber_connected(const rpc_subscriber_t *subscriber)
{
    for (unsigned i = 0; i < subscriber->source_count; i++) {
        if (subscriber->sources[i].connection.connected) {
            return true;
        }
    }
    return false;
}
