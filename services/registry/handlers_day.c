#include "services/registry/handlers_changes.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_day.h"

status_t decide_come_into_force(service_call_t *call)
{
    const Pcn__Registry__V1__ComeIntoForceRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    changes_t *changes;
    status_t status = changes_begin(call, 0, &changes);
    if (status == STATUS_OK)
        status = day_come(changes, changes_find(changes, request->code));
    if (status == STATUS_OK)
        status = changes_end(call, changes, request->code);
    if (status != STATUS_OK)
        return status;
    if (!call->unchanged)
        return changes_reply_organisation(call, changes, request->code);
    call->reply = organisation_of_aggregate(call->rows[0], call->arena);
    return call->reply != NULL ? STATUS_OK : refuse_memory(call);
}
