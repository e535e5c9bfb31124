#include "services/registry/handlers_announcement.h"
#include "services/registry/rules_succession.h"

status_t decide_merge_organisation(service_call_t *call)
{
    const merge_request_t *request = call->request;
    changes_t *changes;
    status_t status = changes_begin(call, 0, &changes);
    if (status == STATUS_OK)
        status = changes_reach(call, changes, "code", request->code, false);
    if (status == STATUS_OK)
        status = changes_reach(call, changes, "into", request->into, false);
    if (status == STATUS_OK)
        status = succession_merge(changes, request);
    if (status == STATUS_OK)
        status = changes_end_announced(call, changes, request->code, NULL, request->on, "merge");
    return status == STATUS_OK ? changes_reply_organisation(call, changes, request->code) : status;
}

status_t decide_split_organisation(service_call_t *call)
{
    const split_request_t *request = call->request;
    changes_t *changes;
    status_t status = changes_begin(call, request->n_into, &changes);
    if (status == STATUS_OK)
        status = changes_reach(call, changes, "code", request->code, false);
    if (status != STATUS_OK)
        return status;
    // New ones stand beside the one that ends, so what is above it must be within reach, as where one is created.
    const references_t *references = changes_find(changes, request->code)->before->references;
    if (!service_may(call, SCOPE_ANY) && (references == NULL || !references->parent_within_reach))
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "What is above %s is not within your reach", request->code);
    status = succession_split(changes, request);
    if (status == STATUS_OK)
        status = changes_end_announced(call, changes, request->code, NULL, request->on, "split");
    return status == STATUS_OK ? changes_reply_organisation(call, changes, request->code) : status;
}
