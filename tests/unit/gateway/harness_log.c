#include "tests/unit/gateway/harness_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE_BYTES 500000 // as services end theirs

// The event of that number, in texts of the buffer.
static void make_event(const harness_log_t *log, int64_t sequence, char *text, Pcn__Events__V1__Event *event)
{
    pcn__events__v1__event__init(event);
    int size = sprintf(text, "{\"code\":\"code-%lld\",\"notes\":\"", (long long)sequence);
    memset(text + size, 'x', log->bytes);
    strcpy(text + size + log->bytes, "\"}");
    event->specversion = (char *)"1.0";
    event->id = (char *)"01a214dd-bd13-7a51-8831-6616f8a6af46";
    event->source = (char *)"/pcn/registry";
    event->type = (char *)(sequence % 2 != 0 ? "pcn.registry.organisation.created" : "pcn.registry.organisation.updated");
    event->subject = (char *)"organisations/somewhere";
    event->has_sequence = 1;
    event->sequence = sequence;
    event->data = text;
}

void harness_log_grow(uv_async_t *async)
{
    harness_t *harness = async->data;
    harness_log_t *log = &harness->log;
    Pcn__Events__V1__Event event;
    pthread_mutex_lock(&log->lock);
    event_place_t place = {.sequence = log->end};
    memcpy(place.epoch, log->epoch, sizeof(place.epoch));
    bool away = log->away || log->tails == 0, lost = log->lost;
    log->lost = log->lost && away;
    pthread_mutex_unlock(&log->lock);
    if (away)
        return;
    if (lost) {
        problem_t problem = {0};
        problem_set(&problem, STATUS_OUT_OF_RANGE, NULL, "the log is another");
        log->options.gone(log->options.data, &problem);
        return;
    }
    if (log->told < 0)
        log->told = place.sequence;
    char *text = malloc(log->bytes + 128);
    while (log->told < place.sequence) {
        make_event(log, ++log->told, text, &event);
        assert_true(log->options.event(log->options.data, &event));
    }
    free(text);
    log->options.progress(log->options.data, &place, place.sequence);
}

bool harness_log_follow(void *data, event_tail_options_t *options, void **tail)
{
    harness_t *harness = data;
    if (harness->absent)
        return false;
    pthread_mutex_lock(&harness->log.lock);
    assert_int_equal(harness->log.tails++, 0);
    harness->log.lost = false;
    pthread_mutex_unlock(&harness->log.lock);
    assert_string_equal(options->service, "registry");
    assert_int_equal(options->after.sequence, EVENT_PLACE_END);
    harness->log.options = *options;
    harness->log.told = -1;
    *tail = &harness->log;
    uv_async_send(&harness->grow);
    return true;
}

void harness_log_unfollow(void *data, void **tail)
{
    harness_t *harness = data;
    assert_ptr_equal(*tail, &harness->log);
    *tail = NULL;
    pthread_mutex_lock(&harness->log.lock);
    harness->log.tails--;
    pthread_mutex_unlock(&harness->log.lock);
}

void harness_log_read(harness_t *harness, rpc_request_t *call, const Pcn__Events__V1__ReadRequest *request)
{
    harness_log_t *log = &harness->log;
    Pcn__Events__V1__ReadReply reply = PCN__EVENTS__V1__READ_REPLY__INIT;
    Pcn__Events__V1__Event *events[1000];
    problem_t problem = {0};
    int64_t at = request->after;
    pthread_mutex_lock(&log->lock);
    log->pages++;
    if (log->away)
        problem_set(&problem, STATUS_UNAVAILABLE, NULL, "away");
    else if (log->epoch[0] != '\0' && (at > log->end || at < log->pruned))
        problem_set(&problem, STATUS_OUT_OF_RANGE, "after", "Not there");
    size_t most = request->has_limit ? request->limit : 100;
    if (most * log->bytes > PAGE_BYTES)
        most = PAGE_BYTES / log->bytes + 1;
    while (problem.status == STATUS_OK && at < log->end && reply.n_events < most) {
        Pcn__Events__V1__Event *event = arena_alloc(call->arena, sizeof(*event));
        char *text = arena_alloc(call->arena, log->bytes + 128);
        make_event(log, ++at, text, event);
        if (request->type == NULL || strncmp(event->type, request->type, strlen(request->type)) == 0)
            events[reply.n_events++] = event;
    }
    reply.events = events;
    reply.has_next = reply.has_max = 1;
    reply.next = at;
    reply.max = log->end;
    reply.epoch = arena_string(call->arena, log->epoch);
    pthread_mutex_unlock(&log->lock);
    if (problem.status == STATUS_OK)
        harness_reply_with(call, &reply, 0, false);
    else
        call->done(call, NULL, NULL, 0, &problem);
}

void harness_log_append(harness_t *harness, int64_t count)
{
    pthread_mutex_lock(&harness->log.lock);
    harness->log.end += count;
    pthread_mutex_unlock(&harness->log.lock);
    uv_async_send(&harness->grow);
}

void harness_log_set_away(harness_t *harness, bool away)
{
    pthread_mutex_lock(&harness->log.lock);
    harness->log.away = away;
    pthread_mutex_unlock(&harness->log.lock);
    uv_async_send(&harness->grow);
}

void harness_log_rebuild(harness_t *harness, const char *epoch, int64_t end)
{
    pthread_mutex_lock(&harness->log.lock);
    snprintf(harness->log.epoch, sizeof(harness->log.epoch), "%s", epoch);
    harness->log.end = end;
    harness->log.lost = true;
    pthread_mutex_unlock(&harness->log.lock);
    uv_async_send(&harness->grow);
}

void harness_log_prune(harness_t *harness, int64_t pruned)
{
    pthread_mutex_lock(&harness->log.lock);
    harness->log.pruned = pruned;
    pthread_mutex_unlock(&harness->log.lock);
}

unsigned harness_log_pages(harness_t *harness)
{
    pthread_mutex_lock(&harness->log.lock);
    unsigned pages = harness->log.pages;
    pthread_mutex_unlock(&harness->log.lock);
    return pages;
}

unsigned harness_log_tails(harness_t *harness)
{
    pthread_mutex_lock(&harness->log.lock);
    unsigned tails = harness->log.tails;
    pthread_mutex_unlock(&harness->log.lock);
    return tails;
}
