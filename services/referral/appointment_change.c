#include "services/referral/appointment_change.h"

#include "common/pb/message.h"
#include "services/referral/settings.h"

static appointment_caller_t caller_of(const loaded_appointment_t *row)
{
    return (appointment_caller_t){.performs = row->performs, .booked = row->booked, .reach = row->reach};
}

bool appointment_row_shown(const loaded_appointment_t *row)
{
    const appointment_caller_t caller = caller_of(row);
    return appointment_shown(&caller);
}

status_t appointment_seen(service_call_t *call, const char *id, const loaded_appointment_t **out)
{
    const loaded_appointment_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    *out = row;
    if (row != NULL && !about_patient(call, row->patient != NULL ? row->patient : row->concerns))
        return refuse_memory(call);
    if (row != NULL && row->id != NULL && appointment_row_shown(row))
        return STATUS_OK;
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no appointment %s", id);
}

void appointment_join(service_call_t *call, const char *token, appointment_t *appointment)
{
    const bool ahead = appointment->status == APPOINTMENT_STATUS(BOOKED) || appointment->status == APPOINTMENT_STATUS(ARRIVED);
    if (ahead && appointment->channel == CHANNEL(VIDEO))
        appointment->join_url = referral_join_url(call->settings, token, call->arena);
}

appointment_t *appointment_of(service_call_t *call, const loaded_appointment_t *row)
{
    appointment_t *appointment = pb_new(APPOINTMENT_TYPE, call->arena);
    if (appointment != NULL)
        pb_merge(APPOINTMENT_TYPE, appointment, LOADED_APPOINTMENT_TYPE, row);
    return appointment;
}

status_t appointment_change(service_call_t *call, const char *id, appointment_step_t step, const appointment_t **before, change_t **out)
{
    const loaded_appointment_t *row;
    status_t status = appointment_seen(call, id, &row);
    if (status != STATUS_OK)
        return status;
    const appointment_caller_t caller = caller_of(row);
    status = appointment_permits(&caller, step, call->problem);
    if (status != STATUS_OK)
        return status;
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "The appointment is at version %lld now", (long long)row->version);
    appointment_t *from = appointment_of(call, row), *after = appointment_of(call, row);
    change_t *change = pb_new(APPOINTMENT_CHANGE_TYPE, call->arena);
    if (from == NULL || after == NULL || change == NULL)
        return refuse_memory(call);
    status = appointment_step(from, step, call->now_us, &after->status, call->problem);
    if (status != STATUS_OK)
        return status;
    after->version = row->version + 1;
    after->updated_at = (char *)(uintptr_t)call->now;
    change->appointment = after;
    change->video_token = row->video_token;
    *before = from;
    *out = change;
    return STATUS_OK;
}

status_t appointment_tell(service_call_t *call, const char *type, change_t *change)
{
    appointment_t *appointment = change->appointment;
    Pcn__Referral__V1__AppointmentState *state = pb_new(APPOINTMENT_STATE_TYPE, call->arena);
    const char *subject = arena_printf(call->arena, "appointments/%s", appointment->id);
    if (state == NULL || subject == NULL)
        return refuse_memory(call);
    pb_merge(APPOINTMENT_STATE_TYPE, state, APPOINTMENT_TYPE, appointment);
    appointment_join(call, change->video_token, appointment);
    state->booked_by = appointment->booked_by->organisation;
    state->has_overbooked = state->overbooked = appointment->overbook_reason != NULL;
    call->after = change;
    call->reply = appointment;
    call->version = appointment->version;
    // Changes of one slot that are ready together go over one connection, in order, instead of waiting for each other.
    call->key = appointment->slots[0];
    return service_event(call, type, subject, state->version, APPOINTMENT_STATE_TYPE, state) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}
