// What a log's reader gets from a peer: published events, pages of the log, pages of a snapshot, heartbeats, in any bytes. What is taken is
// whole, in order and without a gap; published ones are kept in order, each once, within their room.
#include <stdlib.h>
#include <string.h>

#include "common/event/arrivals.h"
#include "common/event/pages.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"
#include "tests/fuzz/choice.h"

#define SOURCE "/pcn/registry"
#define ARRIVALS_ROOM 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void write_json(const pb_type_t *type, const void *message)
{
    buf_t out;
    buf_init(&out, 64 * 1024 * 1024);
    pb_json_write(type, message, &out);
    must(buf_ok(&out));
    buf_deinit(&out);
}

// As one that is published, again and again at places around its own.
static void check_event(const Pcn__Events__V1__Event *event, const uint8_t *bytes, size_t size)
{
    event_arrivals_t arrivals = {.bytes_max = ARRIVALS_ROOM};
    if (!event_is_whole(event, SOURCE))
        return;
    must(event->sequence > 0 && event->data != NULL && event->subject[0] != '\0');
    const int64_t base = event->sequence < INT64_MAX - 256 ? event->sequence : INT64_MAX - 256;
    for (size_t i = 0; i < size; i++)
        (void)event_arrivals_add(&arrivals, base + bytes[i], bytes, size);
    size_t held = 0;
    for (const event_arrival_t *at = arrivals.first; at != NULL; at = at->next) {
        must(at->next == NULL || at->next->sequence > at->sequence);
        must(at->previous == NULL ? at == arrivals.first : at->previous->next == at);
        held += sizeof *at + at->size;
    }
    must(held == arrivals.bytes && held <= ARRIVALS_ROOM);
    (void)event_arrivals_disown(&arrivals, base + 200, arrivals.number / 2);
    event_arrivals_pass(&arrivals, base + 100);
    must(arrivals.first == NULL || arrivals.first->sequence > base + 100);
    event_arrivals_clear(&arrivals);
    must(arrivals.first == NULL && arrivals.last == NULL && arrivals.bytes == 0);
}

static void check_page(Pcn__Events__V1__ReadReply *reply)
{
    event_pages_t pages = {.count = 0};
    const int64_t first = reply->n_events > 0 && reply->events[0]->has_sequence ? reply->events[0]->sequence : 1;
    const int64_t after = first > 0 && first < INT64_MAX - 2000 ? first - 1 : 0;
    event_page_t *page = event_pages_add(&pages, after, after + 1000);
    const size_t left = event_pages_arrive(page, reply->events, reply->n_events, SOURCE);
    const int64_t until = page->until;
    must(page->count + left == reply->n_events && page->count <= 1000 && until == after + (int64_t)page->count);
    for (int64_t place = after; place < until; place++) {
        const Pcn__Events__V1__Event *event = event_pages_next(&pages, place);
        must(event != NULL && event->sequence == place + 1 && event_is_whole(event, SOURCE));
    }
    must(event_pages_next(&pages, until) == NULL);
    event_pages_clear(&pages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const pb_type_t *type = choose_type(&data, &size);
    if (strncmp(type->name, "pcn.events.v1.", 14) != 0)
        type = &pcn__events__v1__event__type;
    // As a reply, which may have more fields, where it is one.
    const bool reply = type == &pcn__events__v1__read_reply__type || type == &pcn__events__v1__snapshot_reply__type;
    arena_t *arena = arena_new(4 * 1024 * 1024);
    must(arena != NULL);
    void *message = NULL;
    problem_t problem = {0};
    const status_t status =
        reply ? pb_unpack_reply(type, data, size, arena, &message, &problem) : pb_unpack(type, data, size, arena, &message, &problem);
    must((status == STATUS_OK) == (message != NULL));
    if (status == STATUS_OK) {
        write_json(type, message);
        if (type == &pcn__events__v1__event__type)
            check_event(message, data, size);
        if (type == &pcn__events__v1__read_reply__type)
            check_page(message);
        if (type == &pcn__events__v1__snapshot_reply__type) {
            const Pcn__Events__V1__SnapshotReply *page = message;
            for (size_t i = 0; i < page->n_events; i++)
                (void)event_is_whole(page->events[i], SOURCE);
        }
    }
    arena_destroy(&arena);
    return 0;
}
