#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/registry/handlers.h"
#include "services/registry/handlers_beside.h"
#include "services/registry/handlers_page.h"
#include "services/registry/rules_beside.h"
#include "services/registry/rules_coverage.h"
#include "common/service/cursor.h"
#include "services/registry/rules_paging.h"

#define SHARE_PLACES 4

// ---- stated facts ----

#define FACTS_LIST(request)                                                                                                                \
    {                                                                                                                                      \
        "facts", (request)->code, (request)->fact                                                                                          \
    }
#define FACTS_LIST_LENGTH 3
#define FACT_PARTS 2

typedef Pcn__Registry__Store__V1__ListedFact listed_fact_t;

static size_t fact_size(const void *row)
{
    return pcn__registry__store__v1__listed_fact__get_packed_size(row);
}

status_t prepare_list_facts(service_call_t *call)
{
    const Pcn__Registry__V1__ListFactsRequest *request = call->request;
    const char *const list[FACTS_LIST_LENGTH] = FACTS_LIST(request);
    return page_prepare(call, request->page_token, list, FACTS_LIST_LENGTH, FACT_PARTS);
}

status_t decide_list_facts(service_call_t *call)
{
    const Pcn__Registry__V1__ListFactsRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    Pcn__Registry__V1__ListFactsReply *reply = pb_new(&pcn__registry__v1__list_facts_reply__type, call->arena);
    if (reply == NULL || (reply->facts = arena_alloc(call->arena, call->row_count * sizeof *reply->facts)) == NULL)
        return refuse_memory(call);
    call->reply = reply;
    if (((const listed_fact_t *)call->rows[0])->fact == NULL)
        return STATUS_OK;
    const size_t length = page_length(call, request->has_page_size ? request->page_size : PAGE_SIZE_DEFAULT, fact_size);
    for (size_t i = 0; i < length; i++) {
        stated_fact_t *fact = pb_new(&pcn__registry__v1__stated_fact__type, call->arena);
        if (fact == NULL)
            return refuse_memory(call);
        pb_merge(&pcn__registry__v1__stated_fact__type, fact, &pcn__registry__store__v1__listed_fact__type, call->rows[i]);
        reply->facts[reply->n_facts++] = fact;
    }
    if (length == call->row_count)
        return STATUS_OK;
    const listed_fact_t *last = call->rows[length - 1];
    const char *const list[FACTS_LIST_LENGTH] = FACTS_LIST(request);
    const char *const parts[FACT_PARTS] = {last->fact, last->key};
    reply->next_page_token = cursor_make(list, FACTS_LIST_LENGTH, parts, FACT_PARTS, call->arena);
    return reply->next_page_token != NULL ? STATUS_OK : refuse_memory(call);
}

// ---- clinical systems ----

status_t decide_list_systems(service_call_t *call)
{
    const Pcn__Registry__V1__ListSystemsRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    Pcn__Registry__V1__ListSystemsReply *reply = pb_new(&pcn__registry__v1__list_systems_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    reply->systems = (system_profile_t **)call->rows;
    reply->n_systems = ((const system_profile_t *)call->rows[0])->system != NULL ? call->row_count : 0;
    call->reply = reply;
    return STATUS_OK;
}

status_t decide_get_system_coverage(service_call_t *call)
{
    const Pcn__Registry__V1__GetSystemCoverageRequest *request = call->request;
    char today[DATE_SIZE];
    date_format(call->today, today);
    Pcn__Registry__V1__GetSystemCoverageReply *reply = pb_new(&pcn__registry__v1__get_system_coverage_reply__type, call->arena);
    if (reply == NULL || (reply->as_of = arena_string(call->arena, request->as_of != NULL ? request->as_of : today)) == NULL ||
        (reply->rows = arena_alloc(call->arena, (call->row_count + 1) * sizeof *reply->rows)) == NULL)
        return refuse_memory(call);
    for (size_t i = 0; i < call->row_count; i++) {
        const Pcn__Registry__Store__V1__SystemShare *share = call->rows[i];
        reply->stated = share->stated;
        reply->n_stated = share->n_stated;
        if (!share->has_practices)
            continue;
        Pcn__Registry__V1__SystemCoverageRow *row = pb_new(&pcn__registry__v1__system_coverage_row__type, call->arena);
        if (row == NULL)
            return refuse_memory(call);
        pb_merge(&pcn__registry__v1__system_coverage_row__type, row, &pcn__registry__store__v1__system_share__type, share);
        if (share->total > 0 && (row->share = share_text(share->population, share->total, SHARE_PLACES, call->arena)) == NULL)
            return refuse_memory(call);
        reply->rows[reply->n_rows++] = row;
    }
    call->reply = reply;
    return STATUS_OK;
}

// ---- alignments ----

#define ALIGNMENTS_LIST(request)                                                                                                           \
    {                                                                                                                                      \
        "alignments", (request)->service, (request)->as_of                                                                                 \
    }
#define ALIGNMENTS_LIST_LENGTH 3
#define ALIGNMENT_PARTS 3

static size_t alignment_size(const void *row)
{
    return pcn__registry__v1__alignment__get_packed_size(row);
}

status_t decide_list_organisation_alignments(service_call_t *call)
{
    const Pcn__Registry__V1__ListOrganisationAlignmentsRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    Pcn__Registry__V1__ListAlignmentsReply *reply = pb_new(&pcn__registry__v1__list_alignments_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    reply->alignments = (alignment_t **)call->rows;
    reply->n_alignments = ((const alignment_t *)call->rows[0])->service != NULL ? page_length(call, call->row_count, alignment_size) : 0;
    call->reply = reply;
    return STATUS_OK;
}

status_t prepare_list_alignments(service_call_t *call)
{
    const Pcn__Registry__V1__ListAlignmentsRequest *request = call->request;
    const char *const list[ALIGNMENTS_LIST_LENGTH] = ALIGNMENTS_LIST(request);
    status_t status = page_prepare(call, request->page_token, list, ALIGNMENTS_LIST_LENGTH, ALIGNMENT_PARTS);
    const Pcn__Registry__Store__V1__After *after = call->prepared;
    int32_t day;
    if (status == STATUS_OK && after != NULL && !date_parse(after->parts[ALIGNMENT_PARTS - 1], &day))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "pageToken", "This is no page token of ours");
    return status;
}

status_t decide_list_alignments(service_call_t *call)
{
    const Pcn__Registry__V1__ListAlignmentsRequest *request = call->request;
    Pcn__Registry__V1__ListAlignmentsReply *reply = pb_new(&pcn__registry__v1__list_alignments_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    reply->alignments = (alignment_t **)call->rows;
    reply->n_alignments = page_length(call, request->has_page_size ? request->page_size : PAGE_SIZE_DEFAULT, alignment_size);
    if (reply->n_alignments == call->row_count)
        return STATUS_OK;
    const alignment_t *last = reply->alignments[reply->n_alignments - 1];
    const char *const list[ALIGNMENTS_LIST_LENGTH] = ALIGNMENTS_LIST(request);
    const char *const parts[ALIGNMENT_PARTS] = {last->service, last->organisation, last->from};
    reply->next_page_token = cursor_make(list, ALIGNMENTS_LIST_LENGTH, parts, ALIGNMENT_PARTS, call->arena);
    return reply->next_page_token != NULL ? STATUS_OK : refuse_memory(call);
}
