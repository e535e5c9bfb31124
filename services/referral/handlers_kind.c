#include "common/pb/message.h"
#include "common/service/patch.h"
#include "services/referral/handlers.h"
#include "services/referral/rules_directory.h"

status_t decide_list_service_kinds(service_call_t *call)
{
    Pcn__Referral__V1__ListServiceKindsReply *reply = pb_new(&pcn__referral__v1__list_service_kinds_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    reply->service_kinds = (service_kind_t **)call->rows;
    reply->n_service_kinds = call->row_count;
    call->reply = reply;
    return STATUS_OK;
}

status_t decide_create_service_kind(service_call_t *call)
{
    const Pcn__Referral__V1__CreateServiceKindRequest *request = call->request;
    status_t status = directory_check_criteria(request->service_kind->criteria, call->problem);
    if (status != STATUS_OK)
        return status;
    if (call->row_count > 0)
        return problem_set(call->problem, STATUS_ALREADY_EXISTS, "code", "There is a kind %s already", request->service_kind->code);
    service_kind_t *kind = pb_new(SERVICE_KIND_TYPE, call->arena);
    if (kind == NULL)
        return refuse_memory(call);
    pb_merge(SERVICE_KIND_TYPE, kind, SERVICE_KIND_TYPE, request->service_kind);
    kind->has_version = 1;
    kind->version = 1;
    kind->created_at = kind->updated_at = (char *)(uintptr_t)call->now;
    return emit(call, "pcn.referral.service-kind.created", "service-kinds", kind->code, kind->version, SERVICE_KIND_TYPE, kind);
}

status_t decide_update_service_kind(service_call_t *call)
{
    const Pcn__Referral__V1__UpdateServiceKindRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no kind %s", request->code);
    const service_kind_t *row = call->rows[0];
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "%s is at version %lld now", request->code, (long long)row->version);
    void *patched;
    status_t status = message_patch(SERVICE_KIND_TYPE, row, request->service_kind, request->clear, request->n_clear, call->arena, &patched,
                                    call->problem);
    if (status != STATUS_OK)
        return status;
    service_kind_t *kind = patched;
    status = directory_check_criteria(kind->criteria, call->problem);
    if (status != STATUS_OK)
        return status;
    kind->version = row->version + 1;
    kind->updated_at = (char *)(uintptr_t)call->now;
    return emit(call, "pcn.referral.service-kind.updated", "service-kinds", kind->code, kind->version, SERVICE_KIND_TYPE, kind);
}
