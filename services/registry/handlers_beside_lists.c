#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/registry/handlers.h"
#include "services/registry/handlers_beside.h"
#include "services/registry/rules_beside.h"
#include "services/registry/rules_coverage.h"

#define SHARE_PLACES 4

// ---- stated facts ----

static const page_part_t parts_of_fact[] = {PAGE_TEXT, PAGE_TEXT};
#define FACT_PARTS (sizeof parts_of_fact / sizeof *parts_of_fact)

typedef Pcn__Registry__Store__V1__ListedFact listed_fact_t;

status_t prepare_list_facts(service_call_t *call)
{
    return page_prepare(call, parts_of_fact, FACT_PARTS);
}

status_t decide_list_facts(service_call_t *call)
{
    const Pcn__Registry__V1__ListFactsRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    Pcn__Registry__V1__ListFactsReply *reply = pb_new(&pcn__registry__v1__list_facts_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    if (((const listed_fact_t *)call->rows[0])->fact == NULL)
        return STATUS_OK;
    reply->facts = page_merge(call, &pcn__registry__v1__stated_fact__type, &pcn__registry__store__v1__listed_fact__type, &reply->n_facts);
    if (reply->facts == NULL)
        return refuse_memory(call);
    if (reply->n_facts == call->row_count)
        return STATUS_OK;
    const listed_fact_t *last = call->rows[reply->n_facts - 1];
    return page_end(call, (const char *const[FACT_PARTS]){last->fact, last->key}, FACT_PARTS, &reply->next_page_token);
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

// Service, whom it serves, first day.
static const page_part_t parts_of_alignment[] = {PAGE_TEXT, PAGE_TEXT, PAGE_DATE};
#define ALIGNMENT_PARTS (sizeof parts_of_alignment / sizeof *parts_of_alignment)

status_t decide_list_organisation_alignments(service_call_t *call)
{
    const Pcn__Registry__V1__ListOrganisationAlignmentsRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    Pcn__Registry__V1__ListAlignmentsReply *reply = pb_new(&pcn__registry__v1__list_alignments_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    reply->alignments = (alignment_t **)call->rows;
    reply->n_alignments = ((const alignment_t *)call->rows[0])->service != NULL ? call->row_count : 0;
    call->reply = reply;
    return STATUS_OK;
}

status_t prepare_list_alignments(service_call_t *call)
{
    return page_prepare(call, parts_of_alignment, ALIGNMENT_PARTS);
}

status_t decide_list_alignments(service_call_t *call)
{
    Pcn__Registry__V1__ListAlignmentsReply *reply = pb_new(&pcn__registry__v1__list_alignments_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    reply->alignments = (alignment_t **)call->rows;
    reply->n_alignments = page_length(call, &pcn__registry__v1__alignment__type);
    if (reply->n_alignments == call->row_count)
        return STATUS_OK;
    const alignment_t *last = reply->alignments[reply->n_alignments - 1];
    return page_end(call, (const char *const[ALIGNMENT_PARTS]){last->service, last->organisation, last->from}, ALIGNMENT_PARTS,
                    &reply->next_page_token);
}
