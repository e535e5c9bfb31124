// What happens to a record: death, leaving, merging, being sensitive.
#include "services/referral/handlers_patient.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/rules_patient.h"

typedef Pcn__Referral__V1__Registration registration_t;
typedef Pcn__Referral__Store__V1__PatientMerger merger_t;

#define FLAGS_MAX 3

static const loaded_patient_t *row_of(const service_call_t *call)
{
    return call->row_count > 0 ? call->rows[0] : NULL;
}

static bool set_flags(service_call_t *call, patient_t *patient, bool sensitive)
{
    patient->flags = arena_alloc(call->arena, FLAGS_MAX * sizeof *patient->flags);
    patient->n_flags = 0;
    if (patient->flags == NULL)
        return false;
    if (sensitive)
        patient->flags[patient->n_flags++] = (char *)(uintptr_t) "sensitive";
    if (patient->died_on != NULL)
        patient->flags[patient->n_flags++] = (char *)(uintptr_t) "deceased";
    if (patient->merged_into != NULL)
        patient->flags[patient->n_flags++] = (char *)(uintptr_t) "merged";
    return true;
}

// The latest registration ends on a day, but for one that began later: that one has no day. NULL: it goes on.
static bool end_latest(service_call_t *call, patient_t *patient, const char *on)
{
    registration_t *latest = patient->n_registrations > 0 ? patient->registrations[patient->n_registrations - 1] : NULL;
    int32_t from, day;
    char to[DATE_SIZE];
    if (latest == NULL)
        return true;
    latest->to = NULL;
    if (on == NULL || !date_parse(latest->from, &from) || !date_parse(on, &day))
        return true;
    date_format(day < from ? from - 1 : day, to);
    latest->to = arena_string(call->arena, to);
    return latest->to != NULL;
}

status_t decide_record_death(service_call_t *call)
{
    const Pcn__Referral__V1__RecordDeathRequest *request = call->request;
    patient_t *patient;
    status_t status = kept_patient(call, row_of(call), &patient);
    if (status != STATUS_OK)
        return status;
    int32_t on, born;
    if (!date_parse(request->on, &on) || !date_parse(patient->birth_date, &born) || on < born || on > call->today)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "on", "Nobody dies before their birth or after today");
    patient->died_on = request->on;
    if (!end_latest(call, patient, request->on) || !set_flags(call, patient, row_of(call)->reach->sensitive))
        return refuse_memory(call);
    status = emit_patient(call, "pcn.referral.patient.died", patient);
    return status == STATUS_OK ? tell_ended(call, row_of(call)->pending) : status;
}

status_t decide_withdraw_death(service_call_t *call)
{
    patient_t *patient;
    status_t status = kept_patient(call, row_of(call), &patient);
    if (status != STATUS_OK)
        return status;
    if (patient->died_on == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "No death is on record");
    patient->died_on = NULL;
    if (!end_latest(call, patient, NULL) || !set_flags(call, patient, row_of(call)->reach->sensitive))
        return refuse_memory(call);
    return emit_patient(call, "pcn.referral.patient.updated", patient);
}

status_t decide_deregister_patient(service_call_t *call)
{
    const Pcn__Referral__V1__DeregisterPatientRequest *request = call->request;
    patient_t *patient;
    status_t status = kept_patient(call, row_of(call), &patient);
    if (status != STATUS_OK)
        return status;
    int32_t on = call->today, from;
    char last[DATE_SIZE];
    if (patient->died_on != NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "The registration ended with the death");
    if ((request->on != NULL && !date_parse(request->on, &on)) || !date_parse(patient->registered_from, &from) || on < from ||
        on > call->today)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "on", "A registration ends between its first day and today");
    date_format(on, last);
    patient->practice = patient->registered_from = NULL;
    if (!end_latest(call, patient, last))
        return refuse_memory(call);
    return emit_patient(call, "pcn.referral.patient.deregistered", patient);
}

status_t decide_set_sensitive(service_call_t *call)
{
    const Pcn__Referral__V1__SetSensitiveRequest *request = call->request;
    patient_t *patient;
    status_t status = kept_patient(call, row_of(call), &patient);
    if (status != STATUS_OK)
        return status;
    if (!row_of(call)->reach->own_practice)
        return refuse_patient(call, "id");
    if (request->sensitive == row_of(call)->reach->sensitive) {
        call->unchanged = true;
        call->version = --patient->version;
        patient->updated_at = row_of(call)->updated_at;
        call->reply = patient;
        return STATUS_OK;
    }
    return set_flags(call, patient, request->sensitive) ? emit_patient(call, "pcn.referral.patient.updated", patient) : refuse_memory(call);
}

// ---- merging ----

static status_t check_merger(service_call_t *call, const patient_t *patient, const loaded_patient_t *into)
{
    if (into->merged_into != NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "into", "The record was merged into another itself");
    if (strcmp(patient->birth_date, into->birth_date) != 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "into", "The birth dates differ: correct the wrong one first");
    if ((patient->died_on == NULL) != (into->died_on == NULL))
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "into", "The death is on one of both records only");
    return STATUS_OK;
}

// The record that is left changes too: what hung on the double is its own now.
static status_t emit_left(service_call_t *call, const loaded_patient_t *into)
{
    Pcn__Referral__V1__PatientState *state = pb_new(PATIENT_STATE_TYPE, call->arena);
    patient_t *left = patient_of(call, into);
    const char *subject = arena_printf(call->arena, "patients/%s", into->id);
    if (state == NULL || left == NULL || subject == NULL)
        return refuse_memory(call);
    left->version++;
    pb_merge(PATIENT_STATE_TYPE, state, PATIENT_TYPE, left);
    state->state = (char *)(uintptr_t)patient_state(left);
    return service_event(call, "pcn.referral.patient.updated", subject, left->version, PATIENT_STATE_TYPE, state)
               ? STATUS_OK
               : STATUS_RESOURCE_EXHAUSTED;
}

status_t decide_merge_patient(service_call_t *call)
{
    const Pcn__Referral__V1__MergePatientRequest *request = call->request;
    const bool double_there = call->row_count > 0 && strcmp(row_of(call)->id, request->id) == 0;
    patient_t *patient;
    status_t status = kept_patient(call, double_there ? row_of(call) : NULL, &patient);
    if (status != STATUS_OK)
        return status;
    if (strcmp(request->id, request->into) == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "into", "A record is no double of itself");
    const loaded_patient_t *into = call->row_count > 1 ? call->rows[1] : NULL;
    if (into == NULL || !patient_kept(into->reach))
        return refuse_patient(call, "into");
    status = check_merger(call, patient, into);
    if (status != STATUS_OK)
        return status;
    char today[DATE_SIZE];
    date_format(call->today, today);
    merger_t *merger = pb_new(&pcn__referral__store__v1__patient_merger__type, call->arena);
    if (merger == NULL || (patient->died_on == NULL && !end_latest(call, patient, today)))
        return refuse_memory(call);
    patient->practice = patient->registered_from = NULL;
    patient->merged_into = into->id;
    if (!set_flags(call, patient, row_of(call)->reach->sensitive))
        return refuse_memory(call);
    status = emit_patient(call, "pcn.referral.patient.merged", patient);
    if (status == STATUS_OK)
        status = emit_left(call, into);
    if (status == STATUS_OK)
        status = withdraw_doubled(call, row_of(call)->pending, into->id, merger);
    merger->patient = patient;
    merger->has_into_version = 1;
    merger->into_version = into->version;
    call->after = merger;
    return status == STATUS_OK && !about_patient(call, into->id) ? refuse_memory(call) : status;
}
