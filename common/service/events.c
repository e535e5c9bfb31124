#include "common/service/events.h"

#include <string.h>

#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/platform/v1/call.meta.h"

#define PAGE_DEFAULT 100
// A page fits a frame: it ends with the event that fills this many bytes of data.
#define PAGE_BYTES 500000
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define PAGE_DEFAULT_SQL TEXT(PAGE_DEFAULT)
#define PAGE_BYTES_SQL TEXT(PAGE_BYTES)

// One row more than events there are where the page is empty: the log's end and epoch stand in each. The end is read first, in the same
// snapshot, so a page that is not full has reached it.
static const db_stmt_t read_events = {
    "read_events",
    "SELECT m.max, (SELECT epoch FROM log_epoch) AS epoch, p.* FROM (SELECT coalesce(max(sequence), 0) AS max FROM event_sequence) m "
    "LEFT JOIN (SELECT l.*, sum(octet_length(l.data)) OVER (ORDER BY l.sequence) - octet_length(l.data) AS before FROM "
    "    (SELECT s.sequence, e.* FROM event_sequence s CROSS JOIN LATERAL "
    "         (SELECT id, type, subject, time, traceparent, data FROM event WHERE id = s.event OFFSET 0) e "
    "     WHERE s.sequence > coalesce(:request.after::bigint, 0) "
    "     AND (:request.type::text IS NULL OR starts_with(e.type, :request.type::text)) "
    "     ORDER BY s.sequence LIMIT coalesce(:request.limit::int, " PAGE_DEFAULT_SQL ")) l) p ON p.before < " PAGE_BYTES_SQL
    " ORDER BY p.sequence"};

static status_t fill(service_call_t *call, Pcn__Events__V1__ReadReply *reply, const Pcn__Events__V1__ReadRequest *request)
{
    const Pcn__Platform__V1__LoggedEvent *first = call->rows[0];
    reply->epoch = first->epoch;
    reply->has_max = reply->has_next = 1;
    reply->max = reply->next = first->max;
    if (!first->has_sequence)
        return STATUS_OK;
    char *source = arena_printf(call->arena, "/pcn/%s", request->service);
    reply->events = arena_alloc(call->arena, call->row_count * sizeof *reply->events);
    if (source == NULL || reply->events == NULL)
        return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The page is too large; ask for fewer events");
    size_t bytes = 0;
    for (size_t i = 0; i < call->row_count; i++) {
        Pcn__Events__V1__Event *event = pb_new(&pcn__events__v1__event__type, call->arena);
        if (event == NULL)
            return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The page is too large; ask for fewer events");
        pb_merge(&pcn__events__v1__event__type, event, &pcn__platform__v1__logged_event__type, call->rows[i]);
        bytes += event->data != NULL ? strlen(event->data) : 0;
        event->specversion = (char *)"1.0";
        event->source = source;
        event->datacontenttype = (char *)"application/json";
        reply->events[reply->n_events++] = event;
    }
    // A full page may have more behind it; a shorter one has seen all up to the end, also what the type leaves out.
    if (call->row_count == (request->has_limit ? request->limit : PAGE_DEFAULT) || bytes >= PAGE_BYTES)
        reply->next = reply->events[reply->n_events - 1]->sequence;
    return STATUS_OK;
}

static status_t decide_read(service_call_t *call)
{
    const Pcn__Events__V1__ReadRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "The log's end is missing");
    const Pcn__Platform__V1__LoggedEvent *first = call->rows[0];
    if (request->epoch != NULL && first->epoch != NULL && strcmp(request->epoch, first->epoch) != 0)
        return problem_set(call->problem, STATUS_OUT_OF_RANGE, "epoch", "The log was rebuilt: take a snapshot and follow from its place");
    if (request->has_after && request->after > first->max)
        return problem_set(call->problem, STATUS_OUT_OF_RANGE, "after", "The log ends at %lld: take a snapshot and follow from its place",
                           (long long)first->max);
    Pcn__Events__V1__ReadReply *reply = pb_new(&pcn__events__v1__read_reply__type, call->arena);
    if (reply == NULL)
        return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    call->reply = reply;
    return fill(call, reply, request);
}

const service_handler_t events_handlers[] = {
    {.method = "Read", .load = &read_events, .row = &pcn__platform__v1__logged_event__type, .decide = decide_read},
    {.method = NULL},
};
