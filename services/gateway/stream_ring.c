#include "services/gateway/stream_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb/json.h"
#include "pcn/events/v1/events.meta.h"

stream_entry_t *stream_entry_new(const Pcn__Events__V1__Event *event, buf_t *scratch)
{
    static const char before[] = "data: ", after[] = "\n\n";
    const char *type = event->type != NULL ? event->type : "";
    size_t type_size = strlen(type) + 1;
    buf_clear(scratch);
    buf_add_string(scratch, before);
    pb_json_write(&pcn__events__v1__event__type, event, scratch);
    buf_add_string(scratch, after);
    stream_entry_t *entry = buf_ok(scratch) ? malloc(sizeof(*entry) + scratch->size + type_size) : NULL;
    if (entry != NULL) {
        entry->references = 1;
        entry->sequence = event->sequence;
        entry->size = scratch->size;
        memcpy(entry->bytes, scratch->data, scratch->size);
        entry->type = memcpy(entry->bytes + scratch->size, type, type_size);
        // Raw JSON may hold line ends between its tokens; one line is what the format of streams needs.
        for (size_t i = 0; i + 2 < entry->size; i++) {
            if (entry->bytes[i] == '\n' || entry->bytes[i] == '\r')
                entry->bytes[i] = ' ';
        }
    }
    buf_clear(scratch);
    return entry;
}

stream_entry_t *stream_entry_take(stream_entry_t *entry)
{
    entry->references++;
    return entry;
}

void stream_entry_release(stream_entry_t **entry)
{
    if (*entry != NULL && --(*entry)->references == 0)
        free(*entry);
    *entry = NULL;
}

bool stream_entry_matches(const stream_entry_t *entry, const char *prefix)
{
    return prefix == NULL || strncmp(entry->type, prefix, strlen(prefix)) == 0;
}

bool stream_ring_init(stream_ring_t *ring, size_t entries_max, size_t bytes_max)
{
    *ring = (stream_ring_t){.room = entries_max, .bytes_max = bytes_max};
    ring->entries = calloc(entries_max, sizeof(stream_entry_t *));
    return ring->entries != NULL;
}

static void drop_oldest(stream_ring_t *ring)
{
    assert(ring->room > 0);
    stream_entry_t **oldest = &ring->entries[ring->first];
    ring->bytes -= (*oldest)->size;
    stream_entry_release(oldest);
    ring->first = (ring->first + 1) % ring->room;
    ring->count--;
}

void stream_ring_reset(stream_ring_t *ring, int64_t place)
{
    while (ring->count > 0)
        drop_oldest(ring);
    ring->place = place;
}

void stream_ring_deinit(stream_ring_t *ring)
{
    stream_ring_reset(ring, 0);
    free(ring->entries);
    ring->entries = NULL;
}

void stream_ring_push(stream_ring_t *ring, stream_entry_t *entry)
{
    if (entry->sequence <= ring->place) {
        stream_entry_release(&entry);
        return;
    }
    if (entry->sequence != ring->place + 1)
        stream_ring_reset(ring, entry->sequence - 1);
    if (ring->count == ring->room)
        drop_oldest(ring);
    ring->entries[(ring->first + ring->count++) % ring->room] = entry;
    ring->bytes += entry->size;
    ring->place = entry->sequence;
    while (ring->bytes > ring->bytes_max)
        drop_oldest(ring);
}

int64_t stream_ring_after(const stream_ring_t *ring)
{
    return ring->place - (int64_t)ring->count;
}

stream_entry_t *stream_ring_at(const stream_ring_t *ring, int64_t sequence)
{
    int64_t after = stream_ring_after(ring);
    if (sequence <= after || sequence > ring->place)
        return NULL;
    return ring->entries[(ring->first + (size_t)(sequence - after - 1)) % ring->room];
}
