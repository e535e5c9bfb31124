#include "services/registry/handlers_announcement.h"
#include "services/registry/rules_close.h"

status_t decide_close_organisation(service_call_t *call)
{
    const close_request_t *request = call->request;
    changes_t *changes;
    status_t status = changes_begin(call, 0, &changes);
    if (status == STATUS_OK)
        status = changes_reach(call, changes, "code", request->code, false);
    if (status == STATUS_OK)
        status = close_organisation(changes, request);
    if (status == STATUS_OK)
        status = changes_end_announced(call, changes, request->code, NULL, request->on, "close");
    return status == STATUS_OK ? changes_reply_organisation(call, changes, request->code) : status;
}
