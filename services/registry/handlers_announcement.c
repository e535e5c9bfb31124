#include "services/registry/handlers_announcement.h"

#include "services/registry/rules_revoke.h"

status_t changes_end_announced(service_call_t *call, changes_t *changes, const char *code, const char *about, const char *on,
                               const char *verb)
{
    status_t status = announcement_make(changes, code, about, on, verb);
    return status == STATUS_OK ? changes_end(call, changes, code) : status;
}

static status_t take_back(service_call_t *call, const char *code, const char *about, const char *on, bool network, changes_t **changes)
{
    status_t status = changes_begin(call, 0, changes);
    if (status == STATUS_OK)
        status = changes_reach(call, *changes, "code", code, network);
    if (status == STATUS_OK)
        status = announcement_revoke(*changes, code, about, on, changes_find(*changes, code)->before->announcement);
    return status == STATUS_OK ? changes_end(call, *changes, code) : status;
}

status_t decide_revoke_organisation(service_call_t *call)
{
    const Pcn__Registry__V1__RevokeOrganisationRequest *request = call->request;
    changes_t *changes;
    status_t status = take_back(call, request->code, NULL, request->on, false, &changes);
    return status == STATUS_OK ? changes_reply_organisation(call, changes, request->code) : status;
}

status_t decide_revoke_member(service_call_t *call)
{
    const Pcn__Registry__V1__RevokeMemberRequest *request = call->request;
    changes_t *changes;
    status_t status = take_back(call, request->code, request->practice, request->on, true, &changes);
    return status == STATUS_OK ? changes_reply_network(call, changes, request->code, changes->today) : status;
}
