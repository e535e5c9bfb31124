#include "common/pb/message.h"
#include "services/registry/handlers.h"
#include "services/registry/handlers_page.h"
#include "common/service/cursor.h"
#include "services/registry/rules_paging.h"

typedef Pcn__Registry__V1__GetHistoryRequest request_t;
typedef Pcn__Registry__Store__V1__HistoryRow history_row_t;

#define LIST_OF(request)                                                                                                                   \
    {                                                                                                                                      \
        "history", (request)->code                                                                                                         \
    }
#define LIST_LENGTH 2
// First day, instant of recording, key.
#define PARTS 3

static size_t row_size(const void *row)
{
    return pcn__registry__store__v1__history_row__get_packed_size(row);
}

status_t prepare_get_history(service_call_t *call)
{
    const request_t *request = call->request;
    const char *const list[LIST_LENGTH] = LIST_OF(request);
    return page_prepare(call, request->page_token, list, LIST_LENGTH, PARTS);
}

status_t decide_get_history(service_call_t *call)
{
    const request_t *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    Pcn__Registry__V1__GetHistoryReply *reply = pb_new(&pcn__registry__v1__get_history_reply__type, call->arena);
    if (reply == NULL || (reply->entries = arena_alloc(call->arena, call->row_count * sizeof *reply->entries)) == NULL)
        return refuse_memory(call);
    call->reply = reply;
    call->version = ((const history_row_t *)call->rows[0])->version;
    if (((const history_row_t *)call->rows[0])->key == NULL)
        return STATUS_OK;
    const size_t length = page_length(call, request->has_page_size ? request->page_size : PAGE_SIZE_DEFAULT, row_size);
    for (size_t i = 0; i < length; i++) {
        history_entry_t *entry = pb_new(&pcn__registry__v1__history_entry__type, call->arena);
        if (entry == NULL)
            return refuse_memory(call);
        pb_merge(&pcn__registry__v1__history_entry__type, entry, &pcn__registry__store__v1__history_row__type, call->rows[i]);
        reply->entries[reply->n_entries++] = entry;
    }
    if (length == call->row_count)
        return STATUS_OK;
    const history_row_t *last = call->rows[length - 1];
    const char *const list[LIST_LENGTH] = LIST_OF(request);
    const char *const parts[PARTS] = {last->from != NULL ? last->from : "", last->recorded_at != NULL ? last->recorded_at : "", last->key};
    reply->next_page_token = cursor_make(list, LIST_LENGTH, parts, PARTS, call->arena);
    return reply->next_page_token != NULL ? STATUS_OK : refuse_memory(call);
}
