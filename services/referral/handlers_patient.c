#include "services/referral/handlers_patient.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/patch.h"
#include "services/referral/rules_patient.h"

typedef Pcn__Referral__V1__Registration registration_t;
typedef Pcn__Referral__Store__V1__PatientChange patient_change_t;

status_t refuse_patient(service_call_t *call, const char *field)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, field, "There is no such patient");
}

const char *patient_state(const patient_t *patient)
{
    if (patient->merged_into != NULL)
        return "merged";
    if (patient->died_on != NULL)
        return "deceased";
    return patient->practice != NULL ? "registered" : "unregistered";
}

status_t emit_patient(service_call_t *call, const char *type, patient_t *patient)
{
    Pcn__Referral__V1__PatientState *state = pb_new(PATIENT_STATE_TYPE, call->arena);
    if (state == NULL || !about_patient(call, patient->id))
        return refuse_memory(call);
    pb_merge(PATIENT_STATE_TYPE, state, PATIENT_TYPE, patient);
    state->state = (char *)(uintptr_t)patient_state(patient);
    status_t status = emit(call, type, "patients", patient->id, patient->version, PATIENT_STATE_TYPE, state);
    call->after = call->reply = patient;
    return status;
}

patient_t *patient_of(service_call_t *call, const loaded_patient_t *row)
{
    patient_t *patient = pb_new(PATIENT_TYPE, call->arena);
    if (patient != NULL)
        pb_merge(PATIENT_TYPE, patient, LOADED_PATIENT_TYPE, row);
    return patient;
}

// One of the caller's organisations, or one below them, had the patient before.
static bool former_practice(const loaded_patient_t *row)
{
    for (size_t i = 0; i < row->n_registrations; i++) {
        if (row->practice == NULL || strcmp(row->registrations[i]->practice, row->practice) != 0)
            return true;
    }
    return false;
}

// The patient as the caller is told of them.
static patient_t *told_patient(service_call_t *call, const loaded_patient_t *row)
{
    patient_t *patient = patient_of(call, row);
    if (patient != NULL && !patient_practice_told(row->reach, former_practice(row)))
        patient->practice = patient->registered_from = NULL;
    return patient;
}

status_t decide_get_patient(service_call_t *call)
{
    const loaded_patient_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || !patient_shown(row->reach))
        return refuse_patient(call, "id");
    patient_t *patient = told_patient(call, row);
    if (patient == NULL)
        return refuse_memory(call);
    call->reply = patient;
    call->version = patient->version;
    return STATUS_OK;
}

status_t decide_find_patients(service_call_t *call)
{
    const Pcn__Referral__V1__FindPatientsRequest *request = call->request;
    status_t status = patient_check_number(request->nhs_number, call->problem);
    if (status != STATUS_OK)
        return status;
    const loaded_patient_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    Pcn__Referral__V1__FindPatientsReply *reply = pb_new(&pcn__referral__v1__find_patients_reply__type, call->arena);
    if (reply == NULL || (row != NULL && !about_patient(call, row->about)))
        return refuse_memory(call);
    call->reply = reply;
    if (row == NULL || row->id == NULL || !patient_shown(row->reach)) {
        call->withheld = row != NULL && row->about != NULL;
        return STATUS_OK;
    }
    reply->patients = arena_alloc(call->arena, sizeof *reply->patients);
    if (reply->patients == NULL || (reply->patients[0] = told_patient(call, row)) == NULL)
        return refuse_memory(call);
    reply->n_patients = 1;
    return STATUS_OK;
}

// ---- registration ----

// The number's record under its new practice, or a new one.
static patient_t *registered(service_call_t *call, const registration_references_t *met, const patient_t *asked)
{
    char from[DATE_SIZE];
    date_format(call->today, from);
    patient_t *patient = pb_new(PATIENT_TYPE, call->arena);
    registration_t *registration = pb_new(&pcn__referral__v1__registration__type, call->arena);
    if (patient == NULL || registration == NULL ||
        (patient->registrations = arena_alloc(call->arena, (met->n_registrations + 1) * sizeof *patient->registrations)) == NULL)
        return NULL;
    registration_t **registrations = patient->registrations;
    pb_merge(PATIENT_TYPE, patient, PATIENT_TYPE, asked);
    if (patient->practice == NULL)
        patient->practice = call->header->principal->organisations[0];
    if (patient->registered_from == NULL)
        patient->registered_from = arena_string(call->arena, from);
    patient->id = met->id != NULL ? met->id : new_id(call);
    if (patient->registered_from == NULL || patient->id == NULL)
        return NULL;
    patient->has_synthetic = patient->synthetic = met->synthetic || asked->synthetic || patient_number_synthetic(asked->nhs_number);
    patient->has_version = 1;
    patient->version = met->version + 1;
    patient->created_at = met->id != NULL ? met->created_at : (char *)(uintptr_t)call->now;
    patient->updated_at = (char *)(uintptr_t)call->now;
    if (met->sensitive) {
        patient->flags = arena_alloc(call->arena, sizeof *patient->flags);
        if (patient->flags == NULL)
            return NULL;
        patient->flags[patient->n_flags++] = (char *)(uintptr_t) "sensitive";
    }
    if (met->n_registrations > 0)
        memcpy(registrations, met->registrations, met->n_registrations * sizeof *registrations);
    registration->practice = patient->practice;
    registration->from = patient->registered_from;
    registrations[met->n_registrations] = registration;
    patient->registrations = registrations;
    patient->n_registrations = met->n_registrations + 1;
    return patient;
}

// An earlier registration within the caller's reach that goes on ends the day before.
static bool end_before(service_call_t *call, patient_t *patient)
{
    int32_t from;
    char last[DATE_SIZE];
    if (!date_parse(patient->registered_from, &from))
        return false;
    date_format(from - 1, last);
    for (size_t i = 0; i + 1 < patient->n_registrations; i++) {
        registration_t *earlier = patient->registrations[i];
        if ((earlier->to == NULL || strcmp(earlier->to, last) > 0) && (earlier->to = arena_string(call->arena, last)) == NULL)
            return false;
    }
    return true;
}

static status_t check_practice(service_call_t *call, const registration_references_t *met, const patient_t *asked)
{
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    if (asked->practice == NULL && (principal == NULL || principal->n_organisations == 0))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "practice", "Is required where the token names no organisation");
    if (met->practice_kind == NULL || strcmp(met->practice_kind, "practice") != 0 || !met->practice_within_reach)
        return problem_set(call->problem, STATUS_NOT_FOUND, "practice", "There is no practice %s",
                           asked->practice != NULL ? asked->practice : principal->organisations[0]);
    if (strcmp(met->practice_status, "closed") == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "practice", "The practice is closed");
    return STATUS_OK;
}

status_t decide_create_patient(service_call_t *call)
{
    const Pcn__Referral__V1__CreatePatientRequest *request = call->request;
    const patient_t *asked = request->patient;
    const registration_references_t *met = call->row_count > 0 ? call->rows[0] : NULL;
    if (met == NULL)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "What the registration refers to is missing");
    status_t status = patient_check_number(asked->nhs_number, call->problem);
    if (status != STATUS_OK)
        return status;
    if (!about_patient(call, met->id))
        return refuse_memory(call);
    status = check_practice(call, met, asked);
    if (status != STATUS_OK)
        return status;
    int32_t from = call->today, born;
    if (asked->registered_from != NULL && !date_parse(asked->registered_from, &from))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "registeredFrom", "Must be a date");
    if (!date_parse(asked->birth_date, &born) || born > call->today)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "birthDate", "Nobody is born after today");
    if (from < born)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "registeredFrom", "Nobody is registered before their birth");
    status = patient_check_registration(met, from, call->today, call->problem);
    if (status != STATUS_OK)
        return status;
    patient_t *patient = registered(call, met, asked);
    patient_change_t *change = pb_new(&pcn__referral__store__v1__patient_change__type, call->arena);
    if (patient == NULL || change == NULL || !end_before(call, patient) || (change->notice = new_id(call)) == NULL)
        return refuse_memory(call);
    change->patient = patient;
    call->about_count = 0;
    status = emit_patient(call, met->registered ? "pcn.referral.patient.transferred" : "pcn.referral.patient.registered", patient);
    call->after = change;
    return status;
}

// ---- changes ----

status_t kept_patient(service_call_t *call, const loaded_patient_t *row, patient_t **patient)
{
    *patient = NULL;
    if (row == NULL || !patient_kept(row->reach))
        return refuse_patient(call, "id");
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "The record is at version %lld now", (long long)row->version);
    if (row->merged_into != NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "The record was merged into another");
    *patient = patient_of(call, row);
    if (*patient == NULL)
        return refuse_memory(call);
    (*patient)->version++;
    (*patient)->updated_at = (char *)(uintptr_t)call->now;
    return STATUS_OK;
}

status_t decide_update_patient(service_call_t *call)
{
    const Pcn__Referral__V1__UpdatePatientRequest *request = call->request;
    patient_t *patient;
    status_t status = kept_patient(call, call->row_count > 0 ? call->rows[0] : NULL, &patient);
    if (status != STATUS_OK)
        return status;
    void *patched;
    status = message_patch(PATIENT_TYPE, patient, request->patient, request->clear, request->n_clear, call->arena, &patched, call->problem);
    if (status != STATUS_OK)
        return status;
    patient = patched;
    int32_t born, died;
    if (!date_parse(patient->birth_date, &born) || born > call->today ||
        (patient->died_on != NULL && date_parse(patient->died_on, &died) && born > died))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "birthDate", "Nobody is born after today or after their death");
    return emit_patient(call, "pcn.referral.patient.updated", patient);
}
