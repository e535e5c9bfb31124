#include "services/registry/handlers_page.h"

#include "common/pb/message.h"
#include "services/registry/handlers.h"
#include "common/service/cursor.h"
#include "services/registry/rules_paging.h"

// A row's key and length within the reply.
#define ROW_HEAD_MAX 4

status_t page_prepare(service_call_t *call, const char *token, const char *const *list, size_t list_count, size_t part_count)
{
    if (token == NULL)
        return STATUS_OK;
    Pcn__Registry__Store__V1__After *after = pb_new(&pcn__registry__store__v1__after__type, call->arena);
    char **parts = arena_alloc(call->arena, part_count * sizeof *parts);
    if (after == NULL || parts == NULL)
        return refuse_memory(call);
    status_t status = cursor_read(token, list, list_count, parts, part_count, call->arena, call->problem);
    after->parts = parts;
    after->n_parts = part_count;
    call->prepared = after;
    return status;
}

size_t page_length(const service_call_t *call, size_t size, size_t (*size_of)(const void *row))
{
    size_t bytes = 0, count = 0;
    while (count < call->row_count && count < size) {
        bytes += ROW_HEAD_MAX + size_of(call->rows[count]);
        if (count > 0 && bytes > PAGE_BYTES_MAX)
            break;
        count++;
    }
    return count;
}
