#include "services/gateway/stream.h"

#include <assert.h>
#include <poll.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "services/gateway/http.h"
#include "services/gateway/reply.h"
#include "services/gateway/stream_hub.h"

#define REFUSED_RETRY_MS 1000

// ---- opening

static void resume_request(stream_t *stream)
{
    request_t *request = stream->request;
    if (request->stage != REQUEST_WAITING)
        return;
    MHD_resume_connection(request->connection);
    http_wake(request->gateway->http);
}

static void refuse(stream_t *stream, problem_t *problem)
{
    if (problem->status == STATUS_INTERNAL) {
        log_error("a stream could not be opened", LOG_TEXT("detail", problem->detail), LOG_TEXT("requestId", stream->request->id));
        problem_set(problem, STATUS_INTERNAL, NULL, "Something went wrong inside; the request's id finds it in the log");
    }
    if (problem->status == STATUS_UNAVAILABLE && problem->retry_after_ms == 0)
        problem->retry_after_ms = REFUSED_RETRY_MS;
    stream->phase = STREAM_ENDING;
    stream->reason = "refused";
    reply_refuse(stream->request, 0, problem);
    resume_request(stream);
}

static void refuse_away(stream_t *stream, const char *detail)
{
    problem_t problem = {0};
    problem_set(&problem, STATUS_UNAVAILABLE, NULL, "%s", detail);
    refuse(stream, &problem);
}

void stream_gone_problem(const char *service, const char *field, const problem_t *given, problem_t *problem)
{
    // The service's own words, where they name the way on.
    if (given != NULL && strstr(given->detail, "/snapshot") != NULL)
        problem_set(problem, STATUS_OUT_OF_RANGE, field, "%s", given->detail);
    else
        problem_set(problem, STATUS_OUT_OF_RANGE, field,
                    "The place is no longer in the log of %s, or never was: take GET /v1/events/%s/snapshot and follow from its place",
                    service, service);
}

// Whether the page read at a place shows that the place is good. False with the problem.
static bool judge_page(stream_t *stream, stream_source_t *source, problem_t *problem)
{
    const stream_page_t *page = source->page;
    const Pcn__Events__V1__ReadReply *reply = page->reply;
    uint32_t epoch = reply != NULL && reply->epoch != NULL ? stream_epoch(reply->epoch) : 0;
    if (page->problem.status == STATUS_OUT_OF_RANGE ||
        (page->problem.status == STATUS_OK && source->epoch_given && epoch != source->epoch)) {
        stream_gone_problem(source->feed->service, stream->place_field, &page->problem, problem);
        return false;
    }
    if (page->problem.status != STATUS_OK) {
        *problem = page->problem;
        return false;
    }
    source->epoch = epoch;
    source->placed = true;
    return true;
}

// Looks for the source's place, as far as can be told now. False with the problem where it cannot be had.
static bool look_up(stream_t *stream, stream_source_t *source, problem_t *problem)
{
    const stream_feed_t *feed = source->feed;
    if (source->placed)
        return true;
    if (source->page != NULL)
        return !source->page->answered || judge_page(stream, source, problem);
    if (!source->resumed) {
        if (feed->known) {
            source->epoch = feed->epoch;
            source->place = feed->ring.place;
            source->placed = true;
        }
        return true;
    }
    if (feed->known && (!source->epoch_given || feed->epoch == source->epoch) && source->place >= stream_ring_after(&feed->ring) &&
        source->place <= feed->ring.place) {
        source->epoch = feed->epoch;
        source->placed = true;
    } else if (clock_steady_us() >= source->retry_us) {
        (void)stream_read_page(stream, source);
    }
    return true;
}

// Answers an opening stream once all is known, or nothing helps.
static void settle(stream_t *stream)
{
    bool placed = true;
    for (size_t i = 0; i < stream->source_count; i++) {
        problem_t problem = {0};
        if (!look_up(stream, &stream->sources[i], &problem)) {
            refuse(stream, &problem);
            return;
        }
        placed = placed && stream->sources[i].placed;
    }
    if (!placed)
        return;
    request_t *request = stream->request;
    stream->phase = STREAM_LIVE;
    stream->spoke_us = request->answered_us = clock_steady_us();
    reply_stream(request, stream_content, stream);
    resume_request(stream);
}

void stream_start(stream_t *stream)
{
    settle(stream);
    if (stream->phase == STREAM_OPENING) {
        MHD_suspend_connection(stream->request->connection);
        stream->request->stage = REQUEST_WAITING;
    }
}

// ---- what happens to it

void stream_wake(stream_t *stream)
{
    if (!stream->asleep)
        return;
    stream->asleep = false;
    MHD_resume_connection(stream->request->connection);
    http_wake(stream->request->gateway->http);
}

void stream_page_done(void *data)
{
    stream_t *stream = data;
    if (stream->phase == STREAM_OPENING)
        settle(stream);
    else
        stream_wake(stream);
}

static stream_source_t *source_of(stream_t *stream, const stream_feed_t *feed)
{
    for (size_t i = 0; i < stream->source_count; i++) {
        if (stream->sources[i].feed == feed)
            return &stream->sources[i];
    }
    return NULL;
}

void stream_know(stream_t *stream, const stream_feed_t *feed)
{
    const stream_source_t *source = source_of(stream, feed);
    if (source == NULL)
        return;
    if (stream->phase == STREAM_OPENING)
        settle(stream);
    else if (stream->phase == STREAM_LIVE && source->epoch != feed->epoch)
        stream_end_gone(stream, source, NULL);
    else
        stream_wake(stream);
}

void stream_notice(stream_t *stream, const stream_feed_t *feed, const stream_entry_t *entry)
{
    stream_source_t *source = source_of(stream, feed);
    if (source == NULL || !stream->asleep || source->page != NULL)
        return;
    // What it does not want need not wake it.
    if (entry != NULL && source->place == entry->sequence - 1 && !stream_entry_matches(entry, stream->type))
        source->place = entry->sequence;
    else
        stream_wake(stream);
}

static void end_with(stream_t *stream, const char *reason)
{
    stream->phase = STREAM_ENDING;
    stream->reason = reason;
    stream->farewell = true;
    stream_wake(stream);
}

void stream_end_gone(stream_t *stream, const stream_source_t *source, const problem_t *problem)
{
    problem_t *said = arena_zero(stream->request->arena, sizeof(*said));
    if (said != NULL)
        stream_gone_problem(source->feed->service, NULL, problem, said);
    else
        stream->broken = true;
    stream->gone = said;
    end_with(stream, "gone");
}

void stream_lose(stream_t *stream, const stream_feed_t *feed)
{
    const stream_source_t *source = source_of(stream, feed);
    // One that is opening is looked up again when the feed knows the log again.
    if (source != NULL && stream->phase == STREAM_LIVE && source->epoch == feed->epoch)
        stream_end_gone(stream, source, NULL);
}

void stream_bye(stream_t *stream, const char *reason)
{
    if (stream->phase == STREAM_LIVE)
        end_with(stream, reason);
    if (stream->phase != STREAM_OPENING)
        return;
    // Without an answer: the edge asks the gateway that comes next, and clients that connect again by themselves do so after a broken
    // connection, but not after a refusal.
    stream->phase = STREAM_ENDING;
    stream->reason = reason;
    resume_request(stream);
}

// A suspended connection is not watched by libmicrohttpd. Half a close is one: that is how the edge says that its client is gone.
static bool hung_up(const stream_t *stream)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(stream->request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd look = {.fd = info != NULL ? info->connect_fd : -1, .events = POLLRDHUP};
    return poll(&look, 1, 0) > 0;
}

static void tend_sources(stream_t *stream, int64_t now_us)
{
    for (size_t i = 0; i < stream->source_count; i++) {
        stream_source_t *source = &stream->sources[i];
        if (source->page != NULL && source->page->answered && !source->page_taken) {
            // The client takes nothing: what is left of the page is read again once it does.
            stream_page_release(&source->page);
            source->more = true;
        }
        source->page_taken = false;
        if (source->page == NULL && source->retry_us != 0 && source->retry_us <= now_us) {
            source->retry_us = 0;
            stream_wake(stream);
        }
    }
}

void stream_tend(stream_t *stream, int64_t now_us)
{
    const gateway_config_t *config = stream->request->gateway->config;
    if (stream->phase == STREAM_OPENING) {
        if (now_us - stream->opened_us >= config->request_timeout_ms * 1000)
            refuse_away(stream, "A service does not answer");
        else
            settle(stream);
        return;
    }
    if (stream->phase != STREAM_LIVE)
        return;
    if (stream->asleep && hung_up(stream)) {
        stream->reason = "client gone";
        stream->broken = true;
        stream_wake(stream);
        return;
    }
    if (clock_wall_us() >= stream->request->principal->expires_us + config->token_leeway_ms * 1000) {
        stream_bye(stream, "token expired");
        return;
    }
    if (stream->asleep && now_us - stream->spoke_us >= config->stream_heartbeat_ms * 1000) {
        stream->beat = true;
        stream_wake(stream);
    }
    tend_sources(stream, now_us);
}

void stream_finish(stream_t *stream)
{
    for (size_t i = 0; i < stream->source_count; i++)
        stream_page_release(&stream->sources[i].page);
    stream_entry_release(&stream->entry);
    buf_deinit(&stream->head);
    stream_hub_remove(stream->hub, stream);
    assert(stream->request != NULL);
    log_debug("a stream ended", LOG_TEXT("requestId", stream->request->id),
              LOG_TEXT("subject", stream->request->principal->message.subject),
              LOG_TEXT("reason", stream->reason != NULL ? stream->reason : "client gone"), LOG_NUMBER("events", (int64_t)stream->events),
              LOG_NUMBER("us", clock_steady_us() - stream->opened_us));
}
