// What a stream says: the content reader of its response.
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "services/gateway/reply.h"
#include "services/gateway/stream_hub.h"

#define RETRY_US 500000

// ---- the lines of a stream

static void add_id(stream_t *stream)
{
    stream_place_t places[STREAM_SERVICES_MAX];
    char text[STREAM_ID_SIZE];
    for (size_t i = 0; i < stream->source_count; i++) {
        const stream_source_t *source = &stream->sources[i];
        places[i] = (stream_place_t){.epoch = source->epoch, .sequence = source->place};
        memcpy(places[i].service, source->feed->service, strlen(source->feed->service) + 1);
    }
    stream_id_write(places, stream->source_count, text);
    buf_printf(&stream->head, "id: %s\n", text);
}

static void begin_head(stream_t *stream)
{
    buf_clear(&stream->head);
    stream->head_at = 0;
}

// A block without data is no event, but its id is remembered: so a client can go on even where nothing came.
static void say_hello(stream_t *stream)
{
    buf_printf(&stream->head, "retry: %d\n", STREAM_RETRY_MS);
    add_id(stream);
    buf_add_char(&stream->head, '\n');
}

static void say_heartbeat(stream_t *stream)
{
    begin_head(stream);
    buf_add_string(&stream->head, "event: heartbeat\n");
    add_id(stream);
    buf_add_string(&stream->head, "data: {");
    for (size_t i = 0; i < stream->source_count; i++)
        buf_printf(&stream->head, "%s\"%s\":{\"sequence\":%lld}", i > 0 ? "," : "", stream->sources[i].feed->service,
                   (long long)stream->sources[i].place);
    buf_add_string(&stream->head, "}\n\n");
}

static void say_farewell(stream_t *stream)
{
    begin_head(stream);
    if (stream->gone != NULL) {
        buf_add_string(&stream->head, "event: gone\ndata: ");
        reply_problem_write(status_http(stream->gone->status), stream->gone, stream->request->id, &stream->head);
    } else {
        buf_add_string(&stream->head, "event: bye\n");
        add_id(stream);
        buf_printf(&stream->head, "data: {\"reason\":\"%s\"}", stream->reason);
    }
    buf_add_string(&stream->head, "\n\n");
}

static void say_entry(stream_t *stream, stream_entry_t *entry)
{
    begin_head(stream);
    add_id(stream);
    stream->entry = entry;
    stream->entry_at = 0;
    stream->events++;
    stream->beat = false;
    stream_hub_count_event(stream->hub);
}

// ---- where events come from

static bool in_ring(const stream_source_t *source)
{
    return source->feed->known && source->feed->epoch == source->epoch && source->place >= stream_ring_after(&source->feed->ring);
}

static stream_entry_t *ring_next(const stream_t *stream, stream_source_t *source)
{
    stream_entry_t *entry;
    while ((entry = stream_ring_at(&source->feed->ring, source->place + 1)) != NULL) {
        source->place++;
        if (stream_entry_matches(entry, stream->type))
            return stream_entry_take(entry);
    }
    return NULL;
}

// A page that was not had, or is of another log.
static void page_failed(stream_t *stream, stream_source_t *source)
{
    problem_t problem = source->page->problem;
    stream_page_release(&source->page);
    if (problem.status == STATUS_OUT_OF_RANGE) {
        stream_end_gone(stream, source, &problem);
        return;
    }
    if (problem.status == STATUS_OK) {
        stream_end_gone(stream, source, NULL);
        return;
    }
    // A service that is away is told of elsewhere, not once a stream.
    if (problem.status != STATUS_UNAVAILABLE && problem.status != STATUS_DEADLINE_EXCEEDED)
        log_warning("a stream cannot read the log, will try again", LOG_TEXT("service", source->feed->service),
                    LOG_TEXT("status", status_name(problem.status)), LOG_TEXT("detail", problem.detail),
                    LOG_TEXT("requestId", stream->request->id));
    source->more = true;
    source->retry_us = clock_steady_us() + RETRY_US;
}

// The next event of an answered page; where there is none the page is given back.
static stream_entry_t *page_next(stream_t *stream, stream_source_t *source)
{
    stream_page_t *page = source->page;
    const Pcn__Events__V1__ReadReply *reply = page->reply;
    if (page->problem.status != STATUS_OK || reply->epoch == NULL || stream_epoch(reply->epoch) != source->epoch) {
        page_failed(stream, source);
        return NULL;
    }
    source->page_taken = true;
    while (page->at < reply->n_events) {
        const Pcn__Events__V1__Event *event = reply->events[page->at++];
        if (event->sequence <= source->place)
            continue;
        stream_entry_t *entry = stream_entry_new(event, &stream->request->gateway->scratch);
        stream->broken = stream->broken || entry == NULL;
        source->place = event->sequence;
        return entry;
    }
    if (reply->next > source->place)
        source->place = reply->next;
    else if (reply->n_events == 0 && !in_ring(source))
        source->retry_us = clock_steady_us() + RETRY_US; // it says that it has nothing
    source->more = reply->max > source->place;
    stream_page_release(&source->page);
    return NULL;
}

// NULL where nothing is there now.
static stream_entry_t *source_next(stream_t *stream, stream_source_t *source)
{
    while (source->page != NULL) {
        if (!source->page->answered)
            return NULL;
        stream_entry_t *entry = page_next(stream, source);
        if (entry != NULL || stream->broken || stream->phase != STREAM_LIVE)
            return entry;
    }
    if (in_ring(source))
        return ring_next(stream, source);
    bool behind = source->feed->known && source->feed->epoch == source->epoch;
    if ((behind || source->more) && clock_steady_us() >= source->retry_us)
        (void)stream_read_page(stream, source);
    return NULL;
}

bool stream_read_page(stream_t *stream, stream_source_t *source)
{
    request_t *request = stream->request;
    source->page = stream_page_read(request->gateway, &(stream_page_options_t){.service = source->feed->service,
                                                                               .after = source->place,
                                                                               .type = stream->type,
                                                                               .principal = request->principal,
                                                                               .request_id = request->id,
                                                                               .done = stream_page_done,
                                                                               .data = stream});
    if (source->page == NULL) {
        source->more = true;
        source->retry_us = clock_steady_us() + RETRY_US;
        return false;
    }
    source->page_taken = true;
    if (stream->phase == STREAM_LIVE)
        stream_hub_count_page(stream->hub);
    return true;
}

// ---- the reader

// What is said next, into head and entry. False where there is nothing.
static bool next_words(stream_t *stream)
{
    for (size_t i = 0; stream->phase == STREAM_LIVE && i < stream->source_count; i++) {
        stream_source_t *source = &stream->sources[(stream->turn + i) % stream->source_count];
        stream_entry_t *entry = source_next(stream, source);
        if (stream->broken) {
            stream_entry_release(&entry);
            return false;
        }
        if (entry != NULL) {
            stream->turn = (stream->turn + i + 1) % stream->source_count;
            say_entry(stream, entry);
            return true;
        }
    }
    if (stream->phase == STREAM_ENDING && stream->farewell) {
        stream->farewell = false;
        say_farewell(stream);
        return true;
    }
    if (stream->phase == STREAM_LIVE && stream->beat) {
        stream->beat = false;
        say_heartbeat(stream);
        return true;
    }
    return false;
}

static size_t copy(const char *from, size_t size, size_t *at, char *out, size_t room)
{
    size_t part = size - *at < room ? size - *at : room;
    if (part > 0)
        memcpy(out, from + *at, part);
    *at += part;
    return part;
}

ssize_t stream_content(void *data, uint64_t position, char *out, size_t room)
{
    stream_t *stream = data;
    size_t size = 0;
    if (position == 0)
        say_hello(stream);
    while (size < room && !stream->broken) {
        size += copy(stream->head.data, stream->head.size, &stream->head_at, out + size, room - size);
        if (stream->entry != NULL) {
            size += copy(stream->entry->bytes, stream->entry->size, &stream->entry_at, out + size, room - size);
            if (stream->entry_at < stream->entry->size)
                break;
            stream_entry_release(&stream->entry);
        }
        if (stream->head_at == stream->head.size && !next_words(stream))
            break;
    }
    if (!buf_ok(&stream->head))
        stream->broken = true;
    if (stream->broken)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (size > 0) {
        stream->spoke_us = clock_steady_us();
        return (ssize_t)size;
    }
    if (stream->phase == STREAM_ENDING)
        return MHD_CONTENT_READER_END_OF_STREAM;
    stream->asleep = true;
    MHD_suspend_connection(stream->request->connection);
    return 0;
}
