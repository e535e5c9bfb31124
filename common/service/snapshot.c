// Events/Snapshot: each resource as it was at one place of the log, in pages by subject. Nothing is held between pages: the token says of
// which place the snapshot is and where the next page begins, and the log says the rest.
#include <string.h>

#include "common/base/base64url.h"
#include "common/pb/message.h"
#include "common/service/events.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/platform/v1/call.meta.h"

#define PAGE_DEFAULT 500
#define TOKEN_BYTES_MAX 512
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define PAGE_DEFAULT_SQL TEXT(PAGE_DEFAULT)
#define PAGE_BYTES_SQL TEXT(EVENTS_PAGE_BYTES)

// From each subject's latest place back to the one that held at the snapshot's place, which is one step for nearly all of them. Where that
// lies in what is forgotten, its event is kept by subject. OFFSET 0 keeps the plan to lookups by key.
const db_stmt_t snapshot_load = {
    "snapshot_events",
    "WITH RECURSIVE "
    "state AS MATERIALIZED (SELECT head, epoch, pruned, coalesce(:prepared.sequence::bigint, head) AS place, "
    "    coalesce(:request.page_size::int, " PAGE_DEFAULT_SQL ") AS size FROM log_state), "
    "page AS MATERIALIZED (SELECT subject, sequence FROM event_latest WHERE subject > coalesce(:prepared.subject::text, '') "
    "    ORDER BY subject LIMIT coalesce(:request.page_size::int, " PAGE_DEFAULT_SQL ")), "
    "walk AS (SELECT subject, sequence FROM page UNION ALL "
    "    SELECT w.subject, e.previous FROM walk w CROSS JOIN LATERAL "
    "        (SELECT previous FROM event WHERE sequence = w.sequence OFFSET 0) e "
    "    WHERE w.sequence > (SELECT place FROM state) AND e.previous IS NOT NULL), "
    "held AS (SELECT subject, sequence FROM walk WHERE sequence <= (SELECT place FROM state)), "
    "found AS (SELECT h.subject, e.* FROM held h CROSS JOIN LATERAL "
    "        (SELECT sequence, id, type, time, traceparent, data FROM event WHERE sequence = h.sequence OFFSET 0) e "
    "    WHERE h.sequence > (SELECT pruned FROM state) "
    "    UNION ALL SELECT h.subject, k.* FROM held h CROSS JOIN LATERAL "
    "        (SELECT sequence, id, type, time, traceparent, data FROM event_kept WHERE subject = h.subject OFFSET 0) k "
    "    WHERE h.sequence <= (SELECT pruned FROM state)) "
    "SELECT s.head AS max, s.epoch, s.pruned, s.place, (SELECT max(subject) FROM page) AS scanned, "
    "    (SELECT count(*) FROM page) = s.size AS more, f.* FROM state s LEFT JOIN "
    "    (SELECT l.*, sum(octet_length(l.data)) OVER (ORDER BY l.subject) - octet_length(l.data) AS before FROM found l "
    "     WHERE :request.type::text IS NULL OR starts_with(l.type, :request.type::text)) f ON f.before < " PAGE_BYTES_SQL
    " ORDER BY f.subject"};

static status_t foreign_token(service_call_t *call)
{
    return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "pageToken", "This is no page token of ours");
}

static char *token_write(arena_t *arena, const Pcn__Platform__V1__SnapshotPlace *place)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    char *token = NULL;
    if (pb_pack(place, arena, &bytes, &size) && size <= TOKEN_BYTES_MAX)
        token = arena_alloc(arena, BASE64URL_SIZE(size));
    if (token != NULL)
        base64url_encode(bytes, size, token);
    return token;
}

// Only what token_write would write is a token.
status_t snapshot_prepare(service_call_t *call)
{
    const Pcn__Events__V1__SnapshotRequest *request = call->request;
    unsigned char bytes[TOKEN_BYTES_MAX];
    size_t size = 0;
    void *place = NULL;
    if (request->page_token == NULL)
        return STATUS_OK;
    if (!base64url_decode(request->page_token, strlen(request->page_token), bytes, sizeof bytes, &size))
        return foreign_token(call);
    status_t status = pb_unpack(&pcn__platform__v1__snapshot_place__type, bytes, size, call->arena, &place, NULL);
    if (status == STATUS_RESOURCE_EXHAUSTED)
        return problem_set(call->problem, status, NULL, "No memory");
    if (status != STATUS_OK || pb_validate(&pcn__platform__v1__snapshot_place__type, place, false, NULL) != STATUS_OK)
        return foreign_token(call);
    // What is unknown would be written again as it came.
    const char *again = token_write(call->arena, place);
    if (((const ProtobufCMessage *)place)->n_unknown_fields > 0 || again == NULL || strcmp(again, request->page_token) != 0)
        return foreign_token(call);
    call->prepared = place;
    return STATUS_OK;
}

static status_t no_memory(service_call_t *call)
{
    return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The page is too large; ask for fewer resources");
}

// A page that its size ended goes on behind its last event, another behind the last subject that was looked at.
static status_t add_token(service_call_t *call, Pcn__Events__V1__SnapshotReply *reply)
{
    const Pcn__Platform__V1__LoggedEvent *first = call->rows[0];
    size_t bytes = 0;
    for (size_t i = 0; i < reply->n_events; i++)
        bytes += strlen(reply->events[i]->data);
    const bool cut = bytes >= EVENTS_PAGE_BYTES;
    if (!cut && !first->more)
        return STATUS_OK;
    Pcn__Platform__V1__SnapshotPlace place = PCN__PLATFORM__V1__SNAPSHOT_PLACE__INIT;
    place.has_sequence = 1;
    place.sequence = first->place;
    place.epoch = first->epoch;
    place.subject = cut ? reply->events[reply->n_events - 1]->subject : first->scanned;
    reply->next_page_token = token_write(call->arena, &place);
    return reply->next_page_token != NULL ? STATUS_OK : no_memory(call);
}

status_t snapshot_decide(service_call_t *call)
{
    const Pcn__Events__V1__SnapshotRequest *request = call->request;
    const Pcn__Platform__V1__SnapshotPlace *asked = call->prepared;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "The log's end is missing");
    const Pcn__Platform__V1__LoggedEvent *first = call->rows[0];
    const bool gone = asked != NULL && (asked->sequence < first->pruned || asked->sequence > first->max);
    if (asked != NULL && (gone || strcmp(asked->epoch, first->epoch) != 0))
        return problem_set(call->problem, STATUS_OUT_OF_RANGE, "pageToken",
                           "%s: begin anew with GET /v1/events/%s/snapshot without a token",
                           gone ? "The snapshot's place is no longer kept" : "The log was rebuilt", request->service);
    Pcn__Events__V1__SnapshotReply *reply = pb_new(&pcn__events__v1__snapshot_reply__type, call->arena);
    if (reply == NULL)
        return no_memory(call);
    call->reply = reply;
    reply->has_sequence = 1;
    reply->sequence = first->place;
    reply->epoch = first->epoch;
    status_t status = events_of_rows(call, request->service, &reply->events, &reply->n_events);
    return status == STATUS_OK ? add_token(call, reply) : status;
}
