#include "services/referral/handlers.h"

#include "common/base/id.h"

status_t refuse_memory(service_call_t *call)
{
    return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

char *new_id(const service_call_t *call)
{
    char id[ID_SIZE];
    id_make(call->now_us, id);
    return arena_string(call->arena, id);
}

status_t emit(service_call_t *call, const char *type, const char *collection, const char *id, int64_t version, const pb_type_t *data_type,
              void *data)
{
    call->after = call->reply = data;
    call->key = id;
    call->version = version;
    const char *subject = arena_printf(call->arena, "%s/%s", collection, id);
    if (subject == NULL)
        return refuse_memory(call);
    return service_event(call, type, subject, version, data_type, data) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}
