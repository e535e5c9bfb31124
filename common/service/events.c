#include "common/service/events.h"

#include <string.h>

#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/platform/v1/call.meta.h"

#define PAGE_DEFAULT 100
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define PAGE_DEFAULT_SQL TEXT(PAGE_DEFAULT)
#define PAGE_BYTES_SQL TEXT(EVENTS_PAGE_BYTES)

// One row with the log's end, then the events; all is read in one snapshot, so a page that is not full has reached the end. How many fit
// is found over numbers alone: with the events in them, the window and a sort would copy each of them several times. So nothing sorts
// the whole; the parts of a UNION ALL come as they stand.
static const db_stmt_t read_events = {
    "read_events",
    "(SELECT head AS max, epoch, pruned, NULL::bigint AS sequence, NULL::uuid AS id, NULL::text AS type, NULL::text AS subject, "
    "    NULL::timestamptz AS time, NULL::text AS traceparent, NULL::text AS data FROM log_state) "
    "UNION ALL (SELECT NULL, NULL, NULL, sequence, id, type, subject, time, traceparent, data FROM event "
    "    WHERE sequence > coalesce(:request.after::bigint, 0) "
    "    AND (:request.type::text IS NULL OR starts_with(type, :request.type::text)) ORDER BY sequence LIMIT "
    "    (SELECT count(*) FROM (SELECT sum(l.bytes) OVER (ORDER BY l.sequence ROWS UNBOUNDED PRECEDING) - l.bytes AS before FROM "
    "        (SELECT sequence, octet_length(data) AS bytes FROM event WHERE sequence > coalesce(:request.after::bigint, 0) "
    "         AND (:request.type::text IS NULL OR starts_with(type, :request.type::text)) "
    "         ORDER BY sequence LIMIT coalesce(:request.limit::int, " PAGE_DEFAULT_SQL ")) l) w WHERE w.before < " PAGE_BYTES_SQL "))"};

status_t events_gone(service_call_t *call, const char *field, const char *service, const char *why)
{
    return problem_set(call->problem, STATUS_OUT_OF_RANGE, field, "%s: take GET /v1/events/%s/snapshot and follow from its place", why,
                       service);
}

// By hand: a page has a thousand of them.
static void event_fill(Pcn__Events__V1__Event *event, char *source, const Pcn__Platform__V1__LoggedEvent *row)
{
    pcn__events__v1__event__init(event);
    event->specversion = (char *)"1.0";
    event->id = row->id;
    event->source = source;
    event->type = row->type;
    event->subject = row->subject;
    event->time = row->time;
    event->has_sequence = 1;
    event->sequence = row->sequence;
    event->traceparent = row->traceparent;
    event->datacontenttype = (char *)"application/json";
    event->data = row->data;
}

status_t events_of_rows(service_call_t *call, const char *service, Pcn__Events__V1__Event ***out, size_t *count)
{
    char *source = arena_printf(call->arena, "/pcn/%s", service);
    Pcn__Events__V1__Event **events = arena_alloc(call->arena, call->row_count * sizeof *events);
    Pcn__Events__V1__Event *all = arena_alloc(call->arena, call->row_count * sizeof *all);
    size_t found = 0;
    if (source == NULL || events == NULL || all == NULL)
        return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The page is too large; ask for fewer events");
    for (size_t i = 0; i < call->row_count; i++) {
        const Pcn__Platform__V1__LoggedEvent *row = call->rows[i];
        if (!row->has_sequence)
            continue;
        event_fill(&all[found], source, row);
        events[found] = &all[found];
        found++;
    }
    *out = events;
    *count = found;
    return STATUS_OK;
}

static status_t fill(service_call_t *call, Pcn__Events__V1__ReadReply *reply, const Pcn__Events__V1__ReadRequest *request)
{
    const Pcn__Platform__V1__LoggedEvent *first = call->rows[0];
    reply->epoch = first->epoch;
    reply->has_max = reply->has_next = reply->has_pruned = 1;
    reply->max = reply->next = first->max;
    reply->pruned = first->pruned;
    status_t status = events_of_rows(call, request->service, &reply->events, &reply->n_events);
    if (status != STATUS_OK || reply->n_events == 0)
        return status;
    size_t bytes = 0;
    for (size_t i = 0; i < reply->n_events; i++) {
        if (i > 0 && reply->events[i]->sequence <= reply->events[i - 1]->sequence)
            return problem_set(call->problem, STATUS_INTERNAL, NULL, "The page came out of order");
        bytes += reply->events[i]->data != NULL ? strlen(reply->events[i]->data) : 0;
    }
    // A full page may have more behind it; a shorter one has seen all up to the end, also what the type leaves out.
    if (reply->n_events == (request->has_limit ? request->limit : PAGE_DEFAULT) || bytes >= EVENTS_PAGE_BYTES)
        reply->next = reply->events[reply->n_events - 1]->sequence;
    return STATUS_OK;
}

static status_t decide_read(service_call_t *call)
{
    const Pcn__Events__V1__ReadRequest *request = call->request;
    char why[96];
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "The log's end is missing");
    const Pcn__Platform__V1__LoggedEvent *first = call->rows[0];
    const int64_t after = request->has_after ? request->after : 0;
    if (request->epoch != NULL && first->epoch != NULL && strcmp(request->epoch, first->epoch) != 0)
        return events_gone(call, "epoch", request->service, "The log was rebuilt");
    if (after > first->max) {
        (void)snprintf(why, sizeof why, "The log ends at %lld", (long long)first->max);
        return events_gone(call, "after", request->service, why);
    }
    if (after < first->pruned) {
        (void)snprintf(why, sizeof why, "Events up to %lld are no longer kept", (long long)first->pruned);
        return events_gone(call, "after", request->service, why);
    }
    Pcn__Events__V1__ReadReply *reply = pb_new(&pcn__events__v1__read_reply__type, call->arena);
    if (reply == NULL)
        return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    call->reply = reply;
    return fill(call, reply, request);
}

const service_handler_t events_handlers[] = {
    {.method = "Read", .load = &read_events, .row = &pcn__platform__v1__logged_event__type, .decide = decide_read},
    {.method = "Snapshot",
     .load = &snapshot_load,
     .row = &pcn__platform__v1__logged_event__type,
     .prepare = snapshot_prepare,
     .prepared = &pcn__platform__v1__snapshot_place__type,
     .decide = snapshot_decide},
    {.method = NULL},
};
