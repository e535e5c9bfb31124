#include "common/rpc/zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/rpc/loop.h"
#include "common/rpc/peers.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_KEY_BYTES 32
#define ZAP_TELL_US (INT64_C(10) * 1000000)

// Frames of a request; what follows the credentials of CURVE is not ours to read.
typedef enum zap_frame {
    ZAP_VERSION,
    ZAP_REQUEST_ID,
    ZAP_FRAME_DOMAIN,
    ZAP_ADDRESS,
    ZAP_IDENTITY,
    ZAP_MECHANISM,
    ZAP_CREDENTIALS,
    ZAP_FRAMES,
} zap_frame_t;

struct rpc_zap {
    rpc_peers_t *peers;
    rpc_socket_t *socket;
    counter_t *accepted;
    counter_t *refused;
    log_pause_t pause;
};

static bool frame_is(zmq_msg_t *frame, const char *text)
{
    return zmq_msg_size(frame) == strlen(text) && memcmp(zmq_msg_data(frame), text, strlen(text)) == 0;
}

// The peer's name, or false for one who is not let in. Everything here may be a stranger's bytes.
static bool zap_admit(const rpc_zap_t *zap, zmq_msg_t frames[ZAP_FRAMES], size_t count, char name[RPC_NAME_SIZE])
{
    char key[RPC_KEY_SIZE];
    return count == ZAP_FRAMES && frame_is(&frames[ZAP_VERSION], "1.0") && frame_is(&frames[ZAP_FRAME_DOMAIN], RPC_ZAP_DOMAIN) &&
           frame_is(&frames[ZAP_MECHANISM], "CURVE") && zmq_msg_size(&frames[ZAP_CREDENTIALS]) == ZAP_KEY_BYTES &&
           zmq_z85_encode(key, zmq_msg_data(&frames[ZAP_CREDENTIALS]), ZAP_KEY_BYTES) != NULL && rpc_peers_admit(zap->peers, key, name);
}

// Reads a whole request; the count of its frames, those beyond the last known one included.
static size_t zap_read(void *socket, zmq_msg_t frames[ZAP_FRAMES])
{
    size_t count = 0;
    bool more = true;
    while (more) {
        zmq_msg_t frame;
        (void)zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&frame);
            if (errno == EINTR) {
                continue;
            }
            break;
        }
        more = zmq_msg_more(&frame) != 0;
        if (count < ZAP_FRAMES) {
            (void)zmq_msg_move(&frames[count], &frame);
        }
        (void)zmq_msg_close(&frame);
        count++;
    }
    return count;
}

static void zap_send(void *socket, const void *bytes, size_t size, bool more)
{
    while (zmq_send(socket, bytes, size, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0 && errno == EINTR) {
    }
}

static void zap_answer(void *socket, zmq_msg_t *request_id, bool admitted, const char *name)
{
    zap_send(socket, "1.0", 3, true);
    zap_send(socket, zmq_msg_data(request_id), zmq_msg_size(request_id), true);
    zap_send(socket, admitted ? "200" : "400", 3, true);
    zap_send(socket, admitted ? "OK" : "No", 2, true);
    zap_send(socket, name, admitted ? strlen(name) : 0, true);
    zap_send(socket, "", 0, false);
}

// A subscriber whose key was revoked comes back for ever: its attempts are counted, and told now and then.
static void tell_refused(rpc_zap_t *zap, zmq_msg_t *address)
{
    if (!log_pause_over(&zap->pause, clock_steady_us(), ZAP_TELL_US)) {
        return;
    }
    char from[64] = ""; // made by libzmq out of the connection; of ipc it is empty
    size_t size = zmq_msg_size(address) < sizeof from ? zmq_msg_size(address) : sizeof from - 1;
    memcpy(from, zmq_msg_data(address), size);
    log_warning("a key that is not on the allow list was refused", LOG_TEXT("from", from), LOG_NUMBER("moreBefore", zap->pause.held));
    zap->pause.held = 0;
}

static void zap_readable(void *data, void *socket)
{
    rpc_zap_t *zap = data;
    zmq_msg_t frames[ZAP_FRAMES];
    for (size_t i = 0; i < ZAP_FRAMES; i++) {
        (void)zmq_msg_init(&frames[i]);
    }
    size_t count = zap_read(socket, frames);
    if (count > 0) {
        char name[RPC_NAME_SIZE] = "";
        bool admitted = zap_admit(zap, frames, count, name);
        (admitted ? zap->accepted : zap->refused)->value++;
        if (!admitted) {
            tell_refused(zap, &frames[ZAP_ADDRESS]);
        }
        zap_answer(socket, &frames[ZAP_REQUEST_ID], admitted, name);
    }
    for (size_t i = 0; i < ZAP_FRAMES; i++) {
        (void)zmq_msg_close(&frames[i]);
    }
}

status_t rpc_zap_new(rpc_context_t *context, const char *keys_dir, metrics_t *metrics, rpc_zap_t **out, problem_t *problem)
{
    *out = NULL;
    rpc_zap_t *zap = calloc(1, sizeof *zap);
    if (zap == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the handler that checks keys");
    }
    status_t status = rpc_peers_new(context, keys_dir, metrics, &zap->peers, problem);
    if (status != STATUS_OK) {
        free(zap);
        return status;
    }
    void *socket = zmq_socket(rpc_context_zmq(context), ZMQ_REP);
    int linger = 0;
    if (socket == NULL || zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger) != 0 || zmq_bind(socket, ZAP_ENDPOINT) != 0) {
        status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "The handler that checks keys cannot start: %s", zmq_strerror(errno));
        if (socket != NULL) {
            (void)zmq_close(socket);
        }
        rpc_zap_destroy(&zap);
        return status;
    }
    zap->accepted = metrics_counter(metrics, "pcn_zap_accepted_total", NULL, "Connections whose key is on the allow list.");
    zap->refused = metrics_counter(metrics, "pcn_zap_refused_total", NULL, "Connections whose key is not on the allow list.");
    status = rpc_socket_adopt(context, socket, zap_readable, zap, &zap->socket, problem);
    if (status != STATUS_OK) {
        rpc_zap_destroy(&zap);
        return status;
    }
    // It lives as long as the context and is no reason for the loop to go on.
    uv_unref((uv_handle_t *)&zap->socket->poll);
    *out = zap;
    return STATUS_OK;
}

void *rpc_zap_socket(const rpc_zap_t *zap)
{
    return zap != NULL ? rpc_socket_zmq(zap->socket) : NULL;
}

void rpc_zap_destroy(rpc_zap_t **zap)
{
    rpc_zap_t *self = *zap;
    if (self == NULL) {
        return;
    }
    *zap = NULL;
    rpc_socket_destroy(&self->socket);
    rpc_peers_destroy(&self->peers);
    free(self);
}
