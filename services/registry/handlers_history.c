#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/registry/handlers.h"

typedef Pcn__Registry__V1__GetHistoryRequest request_t;
typedef Pcn__Registry__Store__V1__HistoryRow history_row_t;

// First day, instant of recording, key: texts, as the statement compares them.
static const page_part_t parts_of_entry[] = {PAGE_TEXT, PAGE_TEXT, PAGE_TEXT};
#define PARTS (sizeof parts_of_entry / sizeof *parts_of_entry)

status_t prepare_get_history(service_call_t *call)
{
    return page_prepare(call, parts_of_entry, PARTS);
}

status_t decide_get_history(service_call_t *call)
{
    const request_t *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    Pcn__Registry__V1__GetHistoryReply *reply = pb_new(&pcn__registry__v1__get_history_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    call->version = ((const history_row_t *)call->rows[0])->version;
    if (((const history_row_t *)call->rows[0])->key == NULL)
        return STATUS_OK;
    reply->entries =
        page_merge(call, &pcn__registry__v1__history_entry__type, &pcn__registry__store__v1__history_row__type, &reply->n_entries);
    if (reply->entries == NULL)
        return refuse_memory(call);
    if (reply->n_entries == call->row_count)
        return STATUS_OK;
    const history_row_t *last = call->rows[reply->n_entries - 1];
    const char *const parts[PARTS] = {last->from != NULL ? last->from : "", last->recorded_at != NULL ? last->recorded_at : "", last->key};
    return page_end(call, parts, PARTS, &reply->next_page_token);
}
