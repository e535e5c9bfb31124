#include "common/rpc/audience.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"

void rpc_audience_init(rpc_audience_t *audience, metrics_t *metrics)
{
    *audience = (rpc_audience_t){.refused = metrics_counter(metrics, "pcn_rpc_subscriptions_refused_total", NULL,
                                                            "What subscribers said beyond what they may; their connections end.")};
}

void rpc_audience_deinit(rpc_audience_t *audience)
{
    free(audience->listeners);
    audience->listeners = NULL;
    audience->count = 0;
    audience->room = 0;
}

void rpc_audience_clear(rpc_audience_t *audience)
{
    audience->count = 0;
}

void rpc_audience_forget(rpc_audience_t *audience, int descriptor)
{
    for (size_t i = 0; i < audience->count; i++) {
        if (audience->listeners[i].descriptor == descriptor) {
            audience->listeners[i] = audience->listeners[--audience->count];
            return;
        }
    }
}

static rpc_listener_t *listener_add(rpc_audience_t *audience, int descriptor, const char *key)
{
    if (audience->count == audience->room) {
        size_t room = audience->room > 0 ? 2 * audience->room : 16;
        rpc_listener_t *listeners = realloc(audience->listeners, room * sizeof *listeners);
        if (listeners == NULL) {
            return NULL;
        }
        audience->listeners = listeners;
        audience->room = room;
    }
    rpc_listener_t *listener = &audience->listeners[audience->count++];
    *listener = (rpc_listener_t){.descriptor = descriptor};
    (void)snprintf(listener->key, sizeof listener->key, "%s", key);
    return listener;
}

static rpc_listener_t *listener_of(rpc_audience_t *audience, int descriptor, const char *key)
{
    for (size_t i = 0; i < audience->count; i++) {
        rpc_listener_t *listener = &audience->listeners[i];
        if (listener->descriptor == descriptor && strcmp(listener->key, key) == 0) {
            return listener;
        }
    }
    rpc_audience_forget(audience, descriptor); // somebody else's, whose end was not told
    return listener_add(audience, descriptor, key);
}

// Counts only connections that are there: the end of one that went with its listener is not told.
static unsigned said_by_key(const rpc_audience_t *audience, const rpc_binding_t *binding, const char *key)
{
    unsigned said = 0;
    for (size_t i = 0; i < audience->count; i++) {
        const rpc_listener_t *listener = &audience->listeners[i];
        if (!listener->cut && strcmp(listener->key, key) == 0 && rpc_binding_holds(binding, listener->descriptor)) {
            said += listener->said;
        }
    }
    return said;
}

static bool is_too_much(const rpc_audience_t *audience, const rpc_binding_t *binding, const rpc_listener_t *listener, size_t size)
{
    unsigned others = (unsigned)audience->count * RPC_TOPICS_A_CONNECTION_MAX; // at most; the exact number costs more
    return size > 1 + RPC_TOPIC_MAX || listener->said > RPC_TOPICS_A_CONNECTION_MAX ||
           (others > RPC_TOPICS_A_KEY_MAX && said_by_key(audience, binding, listener->key) > RPC_TOPICS_A_KEY_MAX);
}

// A subscriber that tries again and again must not fill the log.
static bool is_seldom(uint64_t number)
{
    return (number & (number - 1)) == 0;
}

void rpc_audience_hear(rpc_audience_t *audience, const rpc_binding_t *binding, zmq_msg_t *message)
{
    const char *key = zmq_msg_gets(message, "User-Id");
    int descriptor = zmq_msg_get(message, ZMQ_SRCFD);
    if (key == NULL || descriptor < 0) {
        return; // libzmq's own news: topics that went with their connection
    }
    rpc_listener_t *listener = listener_of(audience, descriptor, key);
    if (listener != NULL) {
        listener->said++;
        if (!listener->cut && !is_too_much(audience, binding, listener, zmq_msg_size(message))) {
            return;
        }
    }
    audience->refused->value++;
    if (listener != NULL && listener->cut) {
        return; // what was under way
    }
    if (listener != NULL) {
        listener->cut = true;
    }
    if (is_seldom(audience->refused->value)) {
        log_warning("a subscriber said more than it may: its connection ends", LOG_TEXT("peer", key),
                    LOG_NUMBER("refused", (int64_t)audience->refused->value));
    }
    rpc_binding_cut(binding, descriptor);
}
