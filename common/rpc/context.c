#include "common/rpc/context.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/rpc/loop.h"
#include "common/rpc/zap.h"

// ---- turns

void rpc_turn_init(rpc_turn_t *turn, rpc_context_t *context, void (*end)(void *data), void *data)
{
    *turn = (rpc_turn_t){.end = end, .data = data, .context = context, .next = context->turns};
    context->turns = turn;
}

void rpc_turn_deinit(rpc_turn_t *turn)
{
    rpc_context_t *context = turn->context;
    if (context == NULL) {
        return;
    }
    if (context->turn_cursor == turn) {
        context->turn_cursor = turn->next;
    }
    for (rpc_turn_t **at = &context->turns; *at != NULL; at = &(*at)->next) {
        if (*at == turn) {
            *at = turn->next;
            break;
        }
    }
    turn->context = NULL;
}

void rpc_turn_ask(rpc_turn_t *turn)
{
    if (!turn->asked) {
        turn->asked = true;
        rpc_context_wake(turn->context);
    }
}

// ---- the loop

static void idle_turn(uv_idle_t *idle)
{
    (void)idle; // its being active is the point: the loop polls without waiting
}

void rpc_context_wake(rpc_context_t *context)
{
    if (!uv_is_active((uv_handle_t *)&context->idle)) {
        (void)uv_idle_start(&context->idle, idle_turn);
    }
}

// Before the loop may sleep: send what was gathered, then see whether anything is left to do.
static void context_prepare(uv_prepare_t *prepare)
{
    rpc_context_t *context = prepare->data;
    for (rpc_turn_t *turn = context->turns; turn != NULL; turn = context->turn_cursor) {
        context->turn_cursor = turn->next;
        if (turn->asked) {
            turn->asked = false;
            turn->end(turn->data);
        }
    }
    context->turn_cursor = NULL;
    bool pending = false;
    for (const rpc_turn_t *turn = context->turns; turn != NULL; turn = turn->next) {
        pending = turn->asked || pending; // asked for again from inside: in the next pass
    }
    for (rpc_socket_t *socket = context->sockets; socket != NULL; socket = socket->next) {
        pending = rpc_socket_pending(socket) || pending;
    }
    if (pending) {
        rpc_context_wake(context);
    } else {
        (void)uv_idle_stop(&context->idle);
    }
}

// After the loop polled.
static void context_check(uv_check_t *check)
{
    rpc_context_t *context = check->data;
    for (rpc_socket_t *socket = context->sockets; socket != NULL; socket = context->socket_cursor) {
        context->socket_cursor = socket->next;
        rpc_socket_serve(socket);
    }
    context->socket_cursor = NULL;
}

static void context_handles(rpc_context_t *context)
{
    // uv_prepare_init and its like cannot fail; none of the three keeps the loop alive by itself, the sockets do.
    (void)uv_prepare_init(context->loop, &context->prepare);
    (void)uv_check_init(context->loop, &context->check);
    (void)uv_idle_init(context->loop, &context->idle);
    context->prepare.data = context;
    context->check.data = context;
    context->idle.data = context;
    uv_unref((uv_handle_t *)&context->prepare);
    uv_unref((uv_handle_t *)&context->check);
    uv_unref((uv_handle_t *)&context->idle);
    (void)uv_prepare_start(&context->prepare, context_prepare);
    (void)uv_check_start(&context->check, context_check);
    context->handles = 3;
}

// ---- life

status_t rpc_context_new(uv_loop_t *loop, const char *keys_dir, const char *name, metrics_t *metrics, rpc_context_t **out,
                         problem_t *problem)
{
    *out = NULL;
    rpc_context_t *context = calloc(1, sizeof *context);
    if (context == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the message context");
    }
    status_t status = rpc_keys_load(keys_dir, name, &context->keys, problem);
    if (status != STATUS_OK) {
        free(context);
        return status;
    }
    context->loop = loop;
    context->metrics = metrics;
    context->zmq = zmq_ctx_new();
    if (context->zmq == NULL) {
        rpc_keys_wipe(&context->keys);
        free(context);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No message context: %s", zmq_strerror(errno));
    }
    context_handles(context);
    status = rpc_zap_new(context, keys_dir, metrics, &context->zap, problem);
    if (status != STATUS_OK) {
        rpc_context_destroy(&context);
        return status;
    }
    *out = context;
    return STATUS_OK;
}

static void context_closed(uv_handle_t *handle)
{
    rpc_context_t *context = handle->data;
    context->handles--;
    if (context->handles == 0) {
        free(context);
    }
}

void rpc_context_destroy(rpc_context_t **context)
{
    rpc_context_t *self = *context;
    if (self == NULL) {
        return;
    }
    *context = NULL;
    rpc_zap_destroy(&self->zap);
    assert(self->sockets == NULL && self->turns == NULL && self->bindings == NULL); // whoever made them destroys them first
    // Every socket has LINGER 0, so this waits for libzmq's own threads only.
    while (zmq_ctx_term(self->zmq) != 0 && errno == EINTR) {
    }
    self->zmq = NULL;
    rpc_keys_wipe(&self->keys);
    uv_close((uv_handle_t *)&self->prepare, context_closed);
    uv_close((uv_handle_t *)&self->check, context_closed);
    uv_close((uv_handle_t *)&self->idle, context_closed);
}

void *rpc_context_zmq(const rpc_context_t *context)
{
    return context->zmq;
}

uv_loop_t *rpc_context_loop(const rpc_context_t *context)
{
    return context->loop;
}
