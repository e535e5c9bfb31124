#include "common/pb/message.h"
#include "common/pb/wire.h"
#include "services/registry/handlers.h"
#include "services/registry/messages.h"
#include "services/registry/rules_paging.h"

typedef Pcn__Registry__V1__ListOrganisationsRequest request_t;
typedef Pcn__Registry__V1__ListOrganisationsReply reply_t;
typedef Pcn__Registry__Store__V1__ListedOrganisation listed_t;

// A row's key and length within the reply.
#define ROW_HEAD_MAX 4

// Fields of the frame that an organisation takes: those of its identifiers count too.
static size_t fields_of(const organisation_t *organisation)
{
    size_t count =
        1 + organisation->n_former_names + organisation->n_predecessors + organisation->n_successors + 4 * organisation->n_coming;
    for (unsigned i = 0; i < ORGANISATION_TYPE->descriptor->n_fields; i++)
        count += pb_has(ORGANISATION_TYPE, organisation, i);
    for (size_t i = 0; i < organisation->n_identifiers; i++) {
        const Pcn__Registry__V1__Identifier *identifier = organisation->identifiers[i];
        count += 3u + (identifier->from != NULL) + (identifier->to != NULL);
    }
    return count;
}

// Puts rows into the reply up to `size`, or fewer where the frame is full, but one at least.
static status_t fill(service_call_t *call, reply_t *reply, size_t size)
{
    size_t bytes = 0, fields = 0;
    for (size_t i = 0; i < call->row_count && i < size; i++) {
        organisation_t *organisation = pb_new(ORGANISATION_TYPE, call->arena);
        if (organisation == NULL)
            return refuse_memory(call);
        pb_merge(ORGANISATION_TYPE, organisation, &pcn__registry__store__v1__listed_organisation__type, call->rows[i]);
        organisation_end_facts(organisation, call->arena);
        bytes += ROW_HEAD_MAX + pcn__registry__v1__organisation__get_packed_size(organisation);
        fields += fields_of(organisation);
        if (i > 0 && (bytes > PAGE_BYTES_MAX || fields > PB_REPLY_FIELDS_MAX - 2))
            return STATUS_OK;
        reply->organisations[reply->n_organisations++] = organisation;
    }
    return STATUS_OK;
}

status_t decide_list_organisations(service_call_t *call)
{
    const request_t *request = call->request;
    status_t status = page_token_check(request, call->arena, call->problem);
    if (status != STATUS_OK)
        return status;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "The list's length is missing");
    const listed_t *first = call->rows[0];
    reply_t *reply = pb_new(&pcn__registry__v1__list_organisations_reply__type, call->arena);
    if (reply == NULL || (reply->organisations = arena_alloc(call->arena, call->row_count * sizeof *reply->organisations)) == NULL)
        return refuse_memory(call);
    call->reply = reply;
    reply->has_total_size = 1;
    reply->total_size = first->total_size;
    if (first->code == NULL)
        return STATUS_OK;
    status = fill(call, reply, request->has_page_size ? request->page_size : PAGE_SIZE_DEFAULT);
    if (status != STATUS_OK || reply->n_organisations == call->row_count)
        return status;
    const listed_t *last = call->rows[reply->n_organisations - 1];
    reply->next_page_token = page_token_make(request, last->code, last->distance, call->arena);
    return reply->next_page_token != NULL ? STATUS_OK : refuse_memory(call);
}
