#include "common/service/audit.h"

#include "common/pb/message.h"
#include "pcn/audit/v1/audit.meta.h"
#include "pcn/platform/v1/call.meta.h"

#define PAGE_DEFAULT 100
// A page fits a frame: it ends with the entry that fills this many bytes.
#define PAGE_BYTES 500000
// What an entry has besides its texts of any length.
#define ENTRY_BYTES 400
// Places that one answer looks at: a filter without a match must not read a trail of years at once.
#define PLACES 20000
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define PAGE_DEFAULT_SQL TEXT(PAGE_DEFAULT)
#define PAGE_BYTES_SQL TEXT(PAGE_BYTES)
#define ENTRY_BYTES_SQL TEXT(ENTRY_BYTES)
#define PLACES_SQL TEXT(PLACES)

// The head stands in each row, and alone where the page is empty; it is read in the same snapshot.
static const db_stmt_t read_audit = {
    "read_audit",
    "SELECT h.place AS max, encode(h.hash, 'hex') AS head, p.found, p.place, p.request_id, p.subject, p.organisation, p.origin, p.peer, "
    "    p.method, p.resource, p.verdict, to_char(p.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at, "
    "    encode(p.hash, 'hex') AS hash "
    "FROM audit_head h LEFT JOIN (SELECT l.*, count(*) OVER () AS found, sum(l.bytes) OVER (ORDER BY l.place) - l.bytes AS before FROM "
    "    (SELECT a.*, " ENTRY_BYTES_SQL " + octet_length(a.subject) + octet_length(a.organisation) + octet_length(a.resource) AS bytes "
    "     FROM audit a WHERE a.place > coalesce(:request.after::bigint, 0) "
    "     AND a.place <= coalesce(:request.after::bigint, 0) + " PLACES_SQL
    "     AND (:request.subject::text IS NULL OR a.subject = :request.subject::text) "
    "     AND (:request.resource::text IS NULL OR a.resource = :request.resource::text "
    "         OR starts_with(a.resource, :request.resource::text || '/')) "
    "     AND (:request.request_id::uuid IS NULL OR a.request_id = :request.request_id::uuid) "
    "     ORDER BY a.place LIMIT coalesce(:request.limit::int, " PAGE_DEFAULT_SQL ")) l) p ON p.before < " PAGE_BYTES_SQL
    " ORDER BY p.place"};

// A page that its limit or its size ended goes on after its last entry; any other has seen all of its places.
static int64_t next_place(const service_call_t *call, const Pcn__Audit__V1__ReadRequest *request, int64_t max)
{
    const Pcn__Platform__V1__AuditedEntry *first = call->rows[0], *last = call->rows[call->row_count - 1];
    const int64_t limit = request->has_limit ? (int64_t)request->limit : PAGE_DEFAULT;
    if (first->has_place && (first->found == limit || first->found > (int64_t)call->row_count))
        return last->place;
    if (request->after >= max)
        return request->after;
    return request->after < max - PLACES ? request->after + PLACES : max;
}

static status_t decide_read(service_call_t *call)
{
    const Pcn__Audit__V1__ReadRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "The trail's head is missing");
    const Pcn__Platform__V1__AuditedEntry *first = call->rows[0];
    Pcn__Audit__V1__ReadReply *reply = pb_new(&pcn__audit__v1__read_reply__type, call->arena);
    if (reply != NULL)
        reply->entries = arena_alloc(call->arena, call->row_count * sizeof *reply->entries);
    if (reply == NULL || reply->entries == NULL)
        return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The page is too large; ask for fewer entries");
    for (size_t i = 0; first->has_place && i < call->row_count; i++) {
        Pcn__Audit__V1__Entry *entry = pb_new(&pcn__audit__v1__entry__type, call->arena);
        if (entry == NULL)
            return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The page is too large; ask for fewer entries");
        pb_merge(&pcn__audit__v1__entry__type, entry, &pcn__platform__v1__audited_entry__type, call->rows[i]);
        reply->entries[reply->n_entries++] = entry;
    }
    reply->has_max = reply->has_next = 1;
    reply->max = first->max;
    reply->hash = first->head;
    reply->next = next_place(call, request, first->max);
    call->reply = reply;
    return STATUS_OK;
}

const service_handler_t audit_handlers[] = {
    {.method = "Read", .load = &read_audit, .row = &pcn__platform__v1__audited_entry__type, .decide = decide_read},
    {.method = NULL},
};
