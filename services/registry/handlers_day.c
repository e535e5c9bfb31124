#include "common/base/clock.h"
#include "services/registry/handlers_changes.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_day.h"

status_t decide_come_into_force(service_call_t *call)
{
    const Pcn__Registry__V1__ComeIntoForceRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    char date[DATE_SIZE];
    date_format(call->today, date);
    const char *today = arena_string(call->arena, date);
    const char *now = today != NULL ? day_instant(today, call->now, call->arena) : NULL;
    if (now == NULL)
        return refuse_memory(call);
    changes_t *changes;
    status_t status = changes_new(call->rows, call->row_count, 0, today, now, call->arena, &changes, call->problem);
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
