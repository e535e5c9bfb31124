// Patients of a practice that another goes on for.
#include "common/pb/message.h"
#include "services/referral/handlers_patient.h"

typedef Pcn__Referral__Store__V1__LoadedSuccession loaded_succession_t;
typedef Pcn__Referral__Store__V1__SuccessionChange succession_change_t;

status_t decide_follow_successor(service_call_t *call)
{
    const loaded_succession_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    succession_change_t *change = pb_new(&pcn__referral__store__v1__succession_change__type, call->arena);
    Pcn__Referral__V1__PatientState *state = pb_new(PATIENT_STATE_TYPE, call->arena);
    if (change == NULL || state == NULL)
        return refuse_memory(call);
    call->reply = state;
    if (row == NULL || row->successor == NULL) {
        call->unchanged = true;
        return STATUS_OK;
    }
    change->notice = new_id(call);
    if (change->notice == NULL || !about_patient(call, row->id))
        return refuse_memory(call);
    pb_merge(PATIENT_STATE_TYPE, state, &pcn__referral__store__v1__loaded_succession__type, row);
    state->version++;
    state->state = (char *)(uintptr_t) "registered";
    status_t status = emit(call, "pcn.referral.patient.transferred", "patients", state->id, state->version, PATIENT_STATE_TYPE, state);
    call->after = change;
    return status;
}
