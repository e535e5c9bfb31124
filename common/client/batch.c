#include "common/client/batch.h"

#include <string.h>

#include "common/client/resource.h"

// A snapshot's page of 1 MiB, each text by itself.
#define BATCH_ARENA_CAP (8u * 1024u * 1024u)

bool client_batch_init(client_batch_t *batch)
{
    memset(batch, 0, sizeof *batch);
    batch->arena = arena_new(BATCH_ARENA_CAP);
    batch->spare = arena_new(BATCH_ARENA_CAP);
    return batch->arena != NULL && batch->spare != NULL;
}

void client_batch_deinit(client_batch_t *batch)
{
    arena_destroy(&batch->arena);
    arena_destroy(&batch->spare);
}

size_t client_batch_left(const client_batch_t *batch)
{
    return batch->count - batch->next;
}

bool client_batch_full(const client_batch_t *batch)
{
    return batch->count >= CLIENT_BATCH_EVENTS || arena_used(batch->arena) >= CLIENT_BATCH_BYTES;
}

// False without memory. An absent text is an empty one but for the trace, as pcn.h has it.
static bool copy_text(arena_t *arena, const char **text)
{
    *text = arena_string(arena, *text != NULL ? *text : "");
    return *text != NULL;
}

static bool copy_event(arena_t *arena, pcn_event *event)
{
    return copy_text(arena, &event->id) && copy_text(arena, &event->source) && copy_text(arena, &event->type) &&
           copy_text(arena, &event->subject) && copy_text(arena, &event->time) &&
           (event->traceparent == NULL || copy_text(arena, &event->traceparent)) && copy_text(arena, &event->data);
}

bool client_batch_renew(client_batch_t *batch)
{
    pcn_event left = {0};
    bool kept = client_batch_left(batch) == 1;
    if (kept) {
        left = batch->events[batch->next];
        if (!copy_event(batch->spare, &left)) {
            arena_reset(batch->spare);
            return false;
        }
    }
    arena_t *arena = batch->arena;
    batch->arena = batch->spare;
    batch->spare = arena;
    arena_reset(batch->spare);
    batch->events[0] = left;
    batch->count = kept ? 1 : 0;
    batch->next = 0;
    return true;
}

bool client_batch_add(client_batch_t *batch, const Pcn__Events__V1__Event *event, bool from_snapshot)
{
    pcn_event copy = {.id = event->id,
                      .source = event->source,
                      .type = event->type,
                      .subject = event->subject,
                      .time = event->time,
                      .sequence = event->sequence,
                      .version = client_resource_version(event->data),
                      .traceparent = event->traceparent,
                      .data = event->data,
                      .data_size = strlen(event->data),
                      .from_snapshot = from_snapshot ? 1 : 0};
    if (batch->count == sizeof batch->events / sizeof *batch->events || !copy_event(batch->arena, &copy)) {
        return false;
    }
    batch->events[batch->count++] = copy;
    return true;
}

void client_batch_cut(client_batch_t *batch, size_t count)
{
    batch->count -= count;
}

pcn_event *client_batch_take(client_batch_t *batch)
{
    return batch->next < batch->count ? &batch->events[batch->next++] : NULL;
}
