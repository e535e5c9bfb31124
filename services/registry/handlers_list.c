#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/registry/handlers.h"
#include "services/registry/messages.h"
#include "services/registry/rules_paging.h"

typedef Pcn__Registry__V1__ListOrganisationsRequest request_t;
typedef Pcn__Registry__V1__ListOrganisationsReply reply_t;
typedef Pcn__Registry__Store__V1__ListedOrganisation listed_t;

// Puts the rows into the reply that fit the page.
static status_t fill(service_call_t *call, reply_t *reply)
{
    page_t page = page_begin(call);
    for (size_t i = 0; i < call->row_count; i++) {
        organisation_t *organisation = pb_new(ORGANISATION_TYPE, call->arena);
        if (organisation == NULL)
            return refuse_memory(call);
        pb_merge(ORGANISATION_TYPE, organisation, &pcn__registry__store__v1__listed_organisation__type, call->rows[i]);
        organisation_end_facts(organisation, call->arena);
        if (!page_take(&page, ORGANISATION_TYPE, organisation))
            break;
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
    status = fill(call, reply);
    if (status != STATUS_OK || reply->n_organisations == call->row_count)
        return status;
    const listed_t *last = call->rows[reply->n_organisations - 1];
    reply->next_page_token = page_token_make(request, last->code, last->distance, call->arena);
    return reply->next_page_token != NULL ? STATUS_OK : refuse_memory(call);
}
