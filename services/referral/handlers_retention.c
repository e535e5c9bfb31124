// How long patients' records are kept.
#include "common/pb/message.h"
#include "services/referral/handlers_patient.h"

typedef Pcn__Referral__Store__V1__LoadedErasure loaded_erasure_t;

status_t decide_erase_patient(service_call_t *call)
{
    const loaded_erasure_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    Pcn__Referral__V1__PatientState *state = pb_new(PATIENT_STATE_TYPE, call->arena);
    if (state == NULL)
        return refuse_memory(call);
    call->reply = state;
    if (row == NULL || !row->over) {
        call->unchanged = true;
        return STATUS_OK;
    }
    pb_merge(PATIENT_STATE_TYPE, state, &pcn__referral__store__v1__loaded_erasure__type, row);
    state->version++;
    state->state = (char *)(uintptr_t) "erased";
    return emit(call, "pcn.referral.patient.erased", "patients", state->id, state->version, PATIENT_STATE_TYPE, state);
}

status_t decide_get_retention(service_call_t *call)
{
    Pcn__Referral__V1__RetentionReport *report = pb_new(&pcn__referral__v1__retention_report__type, call->arena);
    if (report == NULL)
        return refuse_memory(call);
    report->rules = (Pcn__Referral__V1__RetentionRule **)call->rows;
    report->n_rules = call->row_count;
    call->reply = report;
    return STATUS_OK;
}
