#include "services/registry/handlers_reads.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/registry/handlers.h"
#include "services/registry/messages.h"
#include "services/registry/rules_coverage.h"
#include "common/service/cursor.h"
#include "services/registry/rules_paging.h"
#include "services/registry/rules_survey.h"
#include "services/registry/rules_tree.h"
#include "services/registry/store_reads.h"

#define LIST_SIZE_PARTS 4

// The day in question, in the arena. NULL without memory.
static char *day_of(const service_call_t *call, const char *as_of)
{
    char today[DATE_SIZE];
    date_format(call->today, today);
    return arena_string(call->arena, as_of != NULL ? as_of : today);
}

status_t decide_get_tree(service_call_t *call)
{
    const Pcn__Registry__V1__GetTreeRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s on that day", request->code);
    Pcn__Registry__V1__TreeNode *tree;
    status_t status = tree_build((Pcn__Registry__Store__V1__TreeRow *const *)call->rows, call->row_count, TREE_NODES_MAX, call->arena,
                                 &tree, call->problem);
    if (status == STATUS_OK)
        call->reply = tree;
    return status;
}

status_t decide_get_coverage(service_call_t *call)
{
    const Pcn__Registry__V1__GetCoverageRequest *request = call->request;
    if (request->level != LEVEL(NEIGHBOURHOOD) && request->level != LEVEL(PLACE) && request->level != LEVEL(SYSTEM))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "level", "Coverage is by neighbourhood, place or system");
    if (call->row_count > COVERAGE_ROWS_MAX)
        return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, "level", "There are more areas than an answer may have");
    Pcn__Registry__V1__GetCoverageReply *reply = pb_new(&pcn__registry__v1__get_coverage_reply__type, call->arena);
    if (reply == NULL || (reply->as_of = day_of(call, request->as_of)) == NULL)
        return refuse_memory(call);
    reply->rows = (Pcn__Registry__V1__CoverageRow **)call->rows;
    reply->n_rows = call->row_count;
    for (size_t i = 0; i < reply->n_rows; i++) {
        if (!coverage_complete(reply->rows[i], call->arena))
            return refuse_memory(call);
    }
    call->reply = reply;
    return STATUS_OK;
}

// ---- list sizes ----

typedef Pcn__Registry__V1__ListListSizesRequest sizes_request_t;
typedef Pcn__Registry__Store__V1__ListedListSize listed_size_t;

static const char *size_kind_name(Pcn__Registry__V1__ListSizeKind kind)
{
    return kind == SIZE_KIND(REGISTERED) ? "registered" : kind == SIZE_KIND(WEIGHTED) ? "weighted" : "adjusted";
}

// The list with its filters, which a token belongs to.
#define LIST_OF(request)                                                                                                                   \
    {                                                                                                                                      \
        "list-sizes", (request)->code, (request)->has_kind ? size_kind_name((request)->kind) : NULL, (request)->from, (request)->to        \
    }
#define LIST_LENGTH 5

status_t prepare_list_list_sizes(service_call_t *call)
{
    const sizes_request_t *request = call->request;
    if (request->page_token == NULL)
        return STATUS_OK;
    Pcn__Registry__Store__V1__After *after = pb_new(&pcn__registry__store__v1__after__type, call->arena);
    char **parts = arena_alloc(call->arena, LIST_SIZE_PARTS * sizeof *parts);
    if (after == NULL || parts == NULL)
        return refuse_memory(call);
    const char *const list[LIST_LENGTH] = LIST_OF(request);
    status_t status = cursor_read(request->page_token, list, LIST_LENGTH, parts, LIST_SIZE_PARTS, call->arena, call->problem);
    if (status != STATUS_OK)
        return status;
    int32_t day;
    if (!date_parse(parts[0], &day) || (strcmp(parts[3], "t") != 0 && strcmp(parts[3], "f") != 0))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "pageToken", "This is no page token of ours");
    after->parts = parts;
    after->n_parts = LIST_SIZE_PARTS;
    call->prepared = after;
    return STATUS_OK;
}

// Puts rows into the reply up to `size`, or fewer where the frame is full, but one at least.
static status_t fill_sizes(service_call_t *call, Pcn__Registry__V1__ListListSizesReply *reply, size_t size)
{
    size_t bytes = 0;
    for (size_t i = 0; i < call->row_count && i < size; i++) {
        list_size_t *row = pb_new(LIST_SIZE_TYPE, call->arena);
        if (row == NULL)
            return refuse_memory(call);
        pb_merge(LIST_SIZE_TYPE, row, &pcn__registry__store__v1__listed_list_size__type, call->rows[i]);
        bytes += 4 + pcn__registry__v1__list_size__get_packed_size(row);
        if (i > 0 && bytes > PAGE_BYTES_MAX)
            break;
        reply->list_sizes[reply->n_list_sizes++] = row;
    }
    return STATUS_OK;
}

status_t decide_list_list_sizes(service_call_t *call)
{
    const sizes_request_t *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    Pcn__Registry__V1__ListListSizesReply *reply = pb_new(&pcn__registry__v1__list_list_sizes_reply__type, call->arena);
    if (reply == NULL || (reply->list_sizes = arena_alloc(call->arena, call->row_count * sizeof *reply->list_sizes)) == NULL)
        return refuse_memory(call);
    call->reply = reply;
    if (((const listed_size_t *)call->rows[0])->as_of == NULL)
        return STATUS_OK;
    status_t status = fill_sizes(call, reply, request->has_page_size ? request->page_size : PAGE_SIZE_DEFAULT);
    if (status != STATUS_OK || reply->n_list_sizes == call->row_count)
        return status;
    const list_size_t *last = reply->list_sizes[reply->n_list_sizes - 1];
    const char *const list[LIST_LENGTH] = LIST_OF(request);
    const char *const parts[LIST_SIZE_PARTS] = {last->as_of, size_kind_name(last->kind), last->sub_group != NULL ? last->sub_group : "",
                                                last->synthetic ? "t" : "f"};
    reply->next_page_token = cursor_make(list, LIST_LENGTH, parts, LIST_SIZE_PARTS, call->arena);
    return reply->next_page_token != NULL ? STATUS_OK : refuse_memory(call);
}

// ---- checks ----

status_t decide_get_checks(service_call_t *call)
{
    Pcn__Registry__V1__GetChecksReply *reply = pb_new(&pcn__registry__v1__get_checks_reply__type, call->arena);
    size_t total;
    if (reply == NULL ||
        !survey_judge((surveyed_t *const *)call->rows, call->row_count, call->arena, &reply->findings, &reply->n_findings, &total))
        return refuse_memory(call);
    reply->has_total_size = 1;
    reply->total_size = (int64_t)total;
    call->reply = reply;
    return STATUS_OK;
}
