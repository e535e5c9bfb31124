#include "common/service/follower_batch.h"

#include <string.h>

#include "common/base/clock.h"

// More than the fullest batch: the last event may pass FOLLOWER_BATCH_BYTES by its own length.
#define ARENA_CAP (4u * 1024u * 1024u)

bool follower_batch_init(follower_batch_t *batch)
{
    batch->arena = arena_new(ARENA_CAP);
    follower_batch_clear(batch);
    return batch->arena != NULL;
}

void follower_batch_deinit(follower_batch_t *batch)
{
    arena_destroy(&batch->arena);
}

void follower_batch_clear(follower_batch_t *batch)
{
    if (batch->arena != NULL)
        arena_reset(batch->arena);
    batch->count = batch->bytes = 0;
    batch->first_us = batch->last = 0;
}

static bool copy(arena_t *arena, const char *from, char **to)
{
    // What a peer left out is a text that is no resource's, and data that is not JSON.
    *to = arena_string(arena, from != NULL ? from : "");
    return *to != NULL;
}

bool follower_batch_add(follower_batch_t *batch, const Pcn__Events__V1__Event *event, const char *type)
{
    const bool matters = type == NULL || (event->type != NULL && strncmp(event->type, type, strlen(type)) == 0);
    if (matters) {
        const size_t size = event->data != NULL ? strlen(event->data) : 0, i = batch->count;
        if (i == FOLLOWER_BATCH_EVENTS || (i > 0 && batch->bytes + size > FOLLOWER_BATCH_BYTES))
            return false;
        if (!copy(batch->arena, event->subject, &batch->subjects[i]) || !copy(batch->arena, event->type, &batch->types[i]) ||
            !copy(batch->arena, event->data, &batch->data[i]) || !copy(batch->arena, event->time, &batch->times[i]))
            return false;
        batch->sequences[i] = event->sequence;
        if (i == 0 && !instant_parse(batch->times[0], &batch->first_us))
            batch->first_us = 0;
        batch->bytes += size;
        batch->count++;
    }
    batch->last = event->sequence;
    return true;
}

bool follower_batch_any(const follower_batch_t *batch)
{
    return batch->count > 0 || batch->last > 0;
}
