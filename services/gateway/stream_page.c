#include "services/gateway/stream_page.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"
#include "services/gateway/call.h"

// Few enough that a page is small, whoever holds it; many enough that reading them one after the other is quick.
#define PAGE_EVENTS 100
#define METHOD "pcn.events.v1.Events/Read"

static void page_free(stream_page_t *page)
{
    arena_t *arena = page->arena;
    gateway_t *gateway = page->gateway;
    principal_release(&page->principal);
    arena_pool_give(gateway->arenas, &arena);
}

static void on_done(rpc_request_t *call, const Pcn__Common__V1__ReplyHeader *header, const uint8_t *body, size_t size,
                    const problem_t *problem)
{
    stream_page_t *page = call->data;
    void *reply = NULL;
    (void)header;
    if (page->done == NULL) {
        page_free(page);
        return;
    }
    page->answered = true;
    if (problem != NULL && problem->status != STATUS_OK)
        page->problem = *problem;
    else if (pb_unpack_reply(&pcn__events__v1__read_reply__type, body, size, page->arena, &reply, &page->problem) == STATUS_OK)
        page->problem.status = STATUS_OK;
    else
        page->problem.status = STATUS_INTERNAL;
    page->reply = reply;
    page->done(page->data);
}

static bool prepare(stream_page_t *page, const stream_page_options_t *options)
{
    Pcn__Events__V1__ReadRequest request = PCN__EVENTS__V1__READ_REQUEST__INIT;
    Pcn__Common__V1__RequestHeader *header = &page->call.header;
    uint8_t *body;
    request.service = (char *)options->service;
    request.has_after = request.has_limit = 1;
    request.after = options->after;
    request.limit = PAGE_EVENTS;
    request.type = (char *)options->type;
    if (!pb_pack(&request, page->arena, &body, &page->call.body_size))
        return false;
    memcpy(page->request_id, options->request_id, sizeof(page->request_id));
    pcn__common__v1__request_header__init(header);
    header->request_id = page->request_id;
    header->method = (char *)METHOD;
    header->principal = &page->principal->message;
    header->has_schema_version = 1;
    header->schema_version = CALL_SCHEMA_VERSION;
    page->call.body = body;
    page->call.deadline_us = clock_steady_us() + page->gateway->config->request_timeout_ms * 1000;
    page->call.repeatable = true;
    page->call.arena = page->arena;
    page->call.done = on_done;
    page->call.data = page;
    return true;
}

stream_page_t *stream_page_read(gateway_t *gateway, const stream_page_options_t *options)
{
    arena_t *arena = arena_pool_take(gateway->arenas);
    stream_page_t *page = arena != NULL ? arena_zero(arena, sizeof(*page)) : NULL;
    if (page == NULL) {
        if (arena != NULL)
            arena_pool_give(gateway->arenas, &arena);
        return NULL;
    }
    page->gateway = gateway;
    page->arena = arena;
    page->principal = principal_take(options->principal);
    page->done = options->done;
    page->data = options->data;
    if (!prepare(page, options) || !gateway->upstream.call(gateway->upstream.data, options->service, &page->call)) {
        page_free(page);
        return NULL;
    }
    return page;
}

void stream_page_release(stream_page_t **out)
{
    stream_page_t *page = *out;
    *out = NULL;
    if (page == NULL)
        return;
    page->done = NULL;
    if (page->answered)
        page_free(page);
}
