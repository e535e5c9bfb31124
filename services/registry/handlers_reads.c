#include "services/registry/handlers_reads.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/registry/handlers.h"
#include "services/registry/messages.h"
#include "services/registry/rules_coverage.h"
#include "services/registry/rules_survey.h"
#include "services/registry/rules_tree.h"
#include "services/registry/store_reads.h"

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

typedef Pcn__Registry__Store__V1__ListedListSize listed_size_t;

static const char *size_kind_name(Pcn__Registry__V1__ListSizeKind kind)
{
    return kind == SIZE_KIND(REGISTERED) ? "registered" : kind == SIZE_KIND(WEIGHTED) ? "weighted" : "adjusted";
}

// Day, kind, sub-group, whether it is synthetic.
static const page_part_t parts_of_size[] = {PAGE_DATE, PAGE_TEXT, PAGE_TEXT, PAGE_FLAG};
#define LIST_SIZE_PARTS (sizeof parts_of_size / sizeof *parts_of_size)

status_t prepare_list_list_sizes(service_call_t *call)
{
    return page_prepare(call, parts_of_size, LIST_SIZE_PARTS);
}

status_t decide_list_list_sizes(service_call_t *call)
{
    const Pcn__Registry__V1__ListListSizesRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    Pcn__Registry__V1__ListListSizesReply *reply = pb_new(&pcn__registry__v1__list_list_sizes_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    if (((const listed_size_t *)call->rows[0])->as_of == NULL)
        return STATUS_OK;
    reply->list_sizes = page_merge(call, LIST_SIZE_TYPE, &pcn__registry__store__v1__listed_list_size__type, &reply->n_list_sizes);
    if (reply->list_sizes == NULL)
        return refuse_memory(call);
    if (reply->n_list_sizes == call->row_count)
        return STATUS_OK;
    const list_size_t *last = reply->list_sizes[reply->n_list_sizes - 1];
    const char *const parts[LIST_SIZE_PARTS] = {last->as_of, size_kind_name(last->kind), last->sub_group != NULL ? last->sub_group : "",
                                                PAGE_FLAG_TEXT(last->synthetic)};
    return page_end(call, parts, LIST_SIZE_PARTS, &reply->next_page_token);
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
