#include "common/base/arena.h"
#include "common/pb/message.h"
#include "common/pb/wire.h"

// protobuf-c answers NULL both for a broken message and for no memory; only its allocator can tell them apart.
typedef struct source {
    arena_t *arena;
    bool exhausted;
} source_t;

static void *source_alloc(void *data, size_t size)
{
    source_t *source = data;
    void *out = arena_alloc(source->arena, size);
    source->exhausted |= out == NULL;
    return out;
}

static void source_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

static status_t unpack(const pb_type_t *type, const void *bytes, size_t size, unsigned fields_max, arena_t *arena, void **message,
                       problem_t *problem)
{
    *message = NULL;
    status_t status = pb_wire_check(type, bytes, size, fields_max, problem);
    if (status != STATUS_OK)
        return status;
    source_t source = {.arena = arena};
    ProtobufCAllocator allocator = {.alloc = source_alloc, .free = source_free, .allocator_data = &source};
    *message = protobuf_c_message_unpack(type->descriptor, &allocator, size, bytes);
    if (*message != NULL)
        return STATUS_OK;
    if (source.exhausted)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The message needs more memory than a request may use");
    return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "The message is not one of the contract");
}

status_t pb_unpack(const pb_type_t *type, const void *bytes, size_t size, arena_t *arena, void **message, problem_t *problem)
{
    return unpack(type, bytes, size, PB_FIELDS_MAX, arena, message, problem);
}

status_t pb_unpack_reply(const pb_type_t *type, const void *bytes, size_t size, arena_t *arena, void **message, problem_t *problem)
{
    return unpack(type, bytes, size, PB_REPLY_FIELDS_MAX, arena, message, problem);
}
