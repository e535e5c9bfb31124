#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/registry/handlers.h"
#include "services/registry/messages.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_network.h"
#include "services/registry/rules_organisation.h"

status_t refuse_memory(service_call_t *call)
{
    return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

status_t emit(service_call_t *call, const char *type, const char *code, int64_t version, const pb_type_t *data_type, const void *data)
{
    const char *subject = arena_printf(call->arena, "organisations/%s", code);
    if (subject == NULL)
        return refuse_memory(call);
    return service_event(call, type, subject, version, data_type, data) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

status_t decide_get_organisation(service_call_t *call)
{
    const Pcn__Registry__V1__GetOrganisationRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    organisation_t *organisation = call->rows[0];
    call->reply = organisation;
    call->version = organisation->version;
    return STATUS_OK;
}

// The event's data: for a network, the network, which is the same aggregate. `facts` says what hangs on it, NULL for a new one.
static status_t emit_organisation(service_call_t *call, const char *type, const organisation_t *organisation, const aggregate_t *facts)
{
    if (organisation->kind != KIND(NETWORK))
        return emit(call, type, organisation->code, organisation->version, ORGANISATION_TYPE, organisation);
    aggregate_t *after = aggregate_of_organisation(organisation, call->arena);
    if (after == NULL)
        return refuse_memory(call);
    // Its parent was checked to be a commissioner.
    after->commissioner = organisation->parent;
    if (facts != NULL) {
        after->all_members = facts->all_members;
        after->n_all_members = facts->n_all_members;
        after->all_directors = facts->all_directors;
        after->n_all_directors = facts->n_all_directors;
        after->all_sizes = facts->all_sizes;
        after->n_all_sizes = facts->n_all_sizes;
        after->all_sub_groups = facts->all_sub_groups;
        after->n_all_sub_groups = facts->n_all_sub_groups;
    }
    char today[DATE_SIZE];
    date_format(call->today, today);
    const network_t *network = network_for_event(after, today, NULL, call->arena);
    return network != NULL ? emit(call, type, organisation->code, organisation->version, NETWORK_TYPE, network) : refuse_memory(call);
}

static size_t list_length(const char *const *list)
{
    size_t length = 0;
    while (list != NULL && list[length] != NULL)
        length++;
    return length;
}

// The conditions are part of the save, so the usual creation is one statement; only a refused one loads the reasons.
status_t decide_create_organisation(service_call_t *call)
{
    const Pcn__Registry__V1__CreateOrganisationRequest *request = call->request;
    organisation_t *organisation = pb_new(ORGANISATION_TYPE, call->arena);
    Pcn__Registry__Store__V1__Creation *after = pb_new(&pcn__registry__store__v1__creation__type, call->arena);
    if (organisation == NULL || after == NULL)
        return refuse_memory(call);
    pb_merge(ORGANISATION_TYPE, organisation, ORGANISATION_TYPE, request->organisation);
    organisation_complete(organisation);
    organisation->has_version = 1;
    organisation->version = 1;
    organisation->created_at = organisation->updated_at = (char *)call->now;
    const bool unlimited = service_may(call, SCOPE_ANY);
    status_t status = organisation_check(organisation, call->problem);
    if (status != STATUS_OK)
        return status;
    // Before anything was loaded only what the request itself shows can be said.
    if (call->row_count == 0 && organisation->parent == NULL && !unlimited)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "parent",
                           "It needs a parent; only a system manager may leave it out");
    if (call->row_count > 0) {
        status = organisation_check_references(NULL, organisation, call->rows[0], unlimited, call->problem);
        if (status != STATUS_OK)
            return status;
    }
    const char *const *parents = organisation_parent_kinds(organisation->kind);
    after->organisation = organisation;
    after->parent_kinds = (char **)parents;
    after->n_parent_kinds = list_length(parents);
    after->place_kinds = (char **)organisation_place_kinds();
    after->n_place_kinds = list_length(organisation_place_kinds());
    after->has_unlimited = 1;
    after->unlimited = unlimited;
    call->after = after;
    call->reply = organisation;
    call->version = 1;
    call->key = organisation->code;
    return emit_organisation(call, EVENT_CREATED, organisation, NULL);
}

status_t decide_update_organisation(service_call_t *call)
{
    const Pcn__Registry__V1__UpdateOrganisationRequest *request = call->request;
    const aggregate_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    const bool unlimited = service_may(call, SCOPE_ANY);
    if (row == NULL || (!unlimited && !row->within_reach))
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "%s is at version %lld now", request->code, (long long)row->version);
    organisation_t *before = organisation_of_aggregate(row, call->arena);
    if (before == NULL)
        return refuse_memory(call);
    organisation_t *after;
    status_t status =
        organisation_patch(before, request->organisation, request->clear, request->n_clear, call->arena, &after, call->problem);
    if (status == STATUS_OK)
        status = organisation_check(after, call->problem);
    if (status == STATUS_OK)
        status = organisation_check_membership(row, after, call->problem);
    if (status == STATUS_OK)
        status = organisation_check_references(before, after, row->references, unlimited, call->problem);
    if (status != STATUS_OK)
        return status;
    call->key = after->code;
    call->reply = call->after = after;
    call->version = before->version;
    if (organisation_same(before, after, call->arena)) {
        call->unchanged = true;
        return STATUS_OK;
    }
    after->version = call->version = before->version + 1;
    after->updated_at = (char *)call->now;
    return emit_organisation(call, EVENT_UPDATED, after, row);
}
