#include "services/referral/handlers.h"

#include "common/base/buf.h"
#include "common/base/id.h"
#include "common/pb/json.h"

// Room for the slots of a refusal as JSON.
#define TOUCHED_BYTES 8192

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

status_t refuse_touched(service_call_t *call, Pcn__Referral__Store__V1__FutureSlot *const *slots, size_t count)
{
    buf_t text;
    buf_init(&text, TOUCHED_BYTES);
    buf_add_string(&text, "\"touched\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_char(&text, ',');
        pb_json_write(&pcn__referral__store__v1__future_slot__type, slots[i], &text);
    }
    buf_add_char(&text, ']');
    call->problem->members = buf_ok(&text) ? arena_copy(call->arena, text.data, text.size) : NULL;
    buf_deinit(&text);
    return call->problem->status;
}
