#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/about.h"
#include "services/referral/prescriptions.h"

typedef Pcn__Referral__V1__ListSocialPrescriptionsRequest list_request_t;
typedef Pcn__Referral__V1__ListSocialPrescriptionsReply list_t;
typedef Pcn__Referral__Store__V1__PrescriptionReferences references_t;
typedef Pcn__Referral__Store__V1__LoadedCount loaded_count_t;

#define STEP_TYPE (&pcn__referral__v1__prescription_step__type)
#define COUNT_TYPE (&pcn__referral__v1__prescription_count__type)

status_t decide_get_social_prescribing(service_call_t *call)
{
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "What prescriptions are decided by is missing");
    call->reply = call->rows[0];
    return STATUS_OK;
}

// ---- what both files share ----

char *prescription_snomed(prescription_status_t state)
{
    return (char *)(uintptr_t)(state == PRESCRIPTION_STATUS(DECLINED) ? SNOMED_DECLINED : SNOMED_REFERRED);
}

prescription_t *prescription_of(service_call_t *call, const loaded_prescription_t *row)
{
    prescription_t *prescription = pb_new(PRESCRIPTION_TYPE, call->arena);
    if (prescription == NULL)
        return NULL;
    pb_merge(PRESCRIPTION_TYPE, prescription, LOADED_PRESCRIPTION_TYPE, row);
    prescription->snomed = prescription_snomed(prescription->state);
    return prescription;
}

bool prescription_add_step(service_call_t *call, prescription_t *prescription, prescription_status_t from, char *reason)
{
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    Pcn__Referral__V1__PrescriptionStep *step = pb_new(STEP_TYPE, call->arena);
    Pcn__Referral__V1__PrescriptionStep **history = arena_alloc(call->arena, (prescription->n_history + 1) * sizeof(void *));
    if (step == NULL || history == NULL)
        return false;
    for (size_t i = 0; i < prescription->n_history; i++)
        history[i] = prescription->history[i];
    step->has_from = from != PRESCRIPTION_STATUS(UNSPECIFIED);
    step->from = from;
    step->has_to = 1;
    step->to = prescription->state;
    step->at = (char *)(uintptr_t)call->now;
    step->subject = principal != NULL ? principal->subject : NULL;
    step->organisation = principal != NULL && principal->n_organisations > 0 ? principal->organisations[0] : NULL;
    step->reason = reason;
    history[prescription->n_history++] = step;
    prescription->history = history;
    return true;
}

static prescription_state_t *state_of(service_call_t *call, const pb_type_t *type, const void *from)
{
    prescription_state_t *state = pb_new(PRESCRIPTION_STATE_TYPE, call->arena);
    if (state == NULL)
        return NULL;
    pb_merge(PRESCRIPTION_STATE_TYPE, state, type, from);
    state->snomed = prescription_snomed(state->state);
    return state;
}

status_t prescription_emit(service_call_t *call, const char *type, prescription_change_t *change)
{
    prescription_t *prescription = change->prescription;
    prescription->snomed = prescription_snomed(prescription->state);
    prescription_state_t *state = state_of(call, PRESCRIPTION_TYPE, prescription);
    if (state == NULL)
        return refuse_memory(call);
    status_t status = emit(call, type, "social-prescriptions", prescription->id, prescription->version, PRESCRIPTION_STATE_TYPE, state);
    call->reply = prescription;
    call->after = change;
    return status;
}

status_t prescription_refuse(service_call_t *call, const char *id)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no social prescription %s", id);
}

// ---- creation ----

static status_t check_taker(service_call_t *call, const references_t *row, const prescription_t *asked)
{
    if (row->organisation == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "organisation",
                           "No link worker is aligned to the practice's network: name who takes it");
    if (row->organisation_status == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "organisation", "There is no organisation %s", asked->organisation);
    if (strcmp(row->organisation_status, "closed") == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "organisation", "The organisation is closed");
    return STATUS_OK;
}

// Referrer and taker, each once. False without memory.
static bool set_agencies(service_call_t *call, prescription_change_t *change)
{
    const prescription_t *prescription = change->prescription;
    change->agencies = arena_alloc(call->arena, 2 * sizeof *change->agencies);
    if (change->agencies == NULL)
        return false;
    change->agencies[change->n_agencies++] = prescription->referrer;
    if (strcmp(prescription->referrer, prescription->organisation) != 0)
        change->agencies[change->n_agencies++] = prescription->organisation;
    return true;
}

static prescription_t *new_prescription(service_call_t *call, const references_t *row, const prescription_t *asked)
{
    prescription_t *prescription = pb_new(PRESCRIPTION_TYPE, call->arena);
    if (prescription == NULL || (prescription->id = new_id(call)) == NULL)
        return NULL;
    prescription->patient = row->patient;
    prescription->needs = asked->needs;
    prescription->n_needs = asked->n_needs;
    prescription->reason = asked->reason;
    prescription->referrer = call->header->principal->organisations[0];
    prescription->referred_by = call->header->principal->subject;
    prescription->network = row->network;
    prescription->organisation = row->organisation;
    prescription->link_worker = row->link_worker;
    prescription->has_state = 1;
    prescription->state = PRESCRIPTION_STATUS(OFFERED);
    prescription->has_synthetic = prescription->synthetic = row->synthetic;
    prescription->has_version = 1;
    prescription->version = 1;
    prescription->offered_at = prescription->created_at = prescription->updated_at = (char *)(uintptr_t)call->now;
    return prescription_add_step(call, prescription, PRESCRIPTION_STATUS(UNSPECIFIED), NULL) ? prescription : NULL;
}

status_t decide_create_social_prescription(service_call_t *call)
{
    const Pcn__Referral__V1__CreateSocialPrescriptionRequest *request = call->request;
    const prescription_t *asked = request->social_prescription;
    const references_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (!about_patient(call, asked->patient))
        return refuse_memory(call);
    if (call->header->principal == NULL || call->header->principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "Who refers does so for an organisation: the token names none");
    if (row == NULL || row->patient == NULL)
        return refuse_patient(call, "patient");
    if (row->gone)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "patient",
                           "The patient has died, or the record was merged into another");
    status_t status = check_taker(call, row, asked);
    if (status != STATUS_OK)
        return status;
    prescription_change_t *change = pb_new(PRESCRIPTION_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->prescription = new_prescription(call, row, asked)) == NULL || !set_agencies(call, change))
        return refuse_memory(call);
    return prescription_emit(call, "pcn.referral.social-prescription.offered", change);
}

// ---- reads ----

status_t decide_get_social_prescription(service_call_t *call)
{
    const Pcn__Referral__V1__GetSocialPrescriptionRequest *request = call->request;
    const loaded_prescription_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row != NULL && !about_patient(call, row->about))
        return refuse_memory(call);
    if (row == NULL || row->id == NULL)
        return prescription_refuse(call, request->id);
    prescription_t *prescription = prescription_of(call, row);
    if (prescription == NULL)
        return refuse_memory(call);
    call->reply = prescription;
    call->version = prescription->version;
    return STATUS_OK;
}

static const page_part_t parts_of_list[] = {PAGE_FLAG, PAGE_INSTANT, PAGE_ID};

#define PARTS (sizeof parts_of_list / sizeof *parts_of_list)

status_t prepare_list_social_prescriptions(service_call_t *call)
{
    const list_request_t *request = call->request;
    if ((request->organisation != NULL) == (request->patient != NULL))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, request->patient != NULL ? "patient" : "organisation",
                           "Those of an organisation or those of a patient are asked for");
    return page_prepare(call, parts_of_list, PARTS);
}

status_t decide_list_social_prescriptions(service_call_t *call)
{
    list_t *list = pb_new(&pcn__referral__v1__list_social_prescriptions_reply__type, call->arena);
    if (list == NULL || (list->social_prescriptions = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    page_t page = page_begin(call);
    for (size_t i = 0; i < call->row_count; i++) {
        prescription_state_t *state = state_of(call, LOADED_PRESCRIPTION_TYPE, call->rows[i]);
        if (state == NULL)
            return refuse_memory(call);
        if (!page_take(&page, PRESCRIPTION_STATE_TYPE, state))
            break;
        list->social_prescriptions[list->n_social_prescriptions++] = state;
    }
    if (!about_listed(call, PRESCRIPTION_STATE_TYPE, list->social_prescriptions, list->n_social_prescriptions,
                      ((const list_request_t *)call->request)->patient))
        return refuse_memory(call);
    call->reply = list;
    if (list->n_social_prescriptions == call->row_count)
        return STATUS_OK;
    const loaded_prescription_t *last = call->rows[list->n_social_prescriptions - 1];
    return page_end(call, (const char *const[]){PAGE_FLAG_TEXT(last->ended), last->offered_at, last->id}, PARTS, &list->next_page_token);
}

status_t decide_count_social_prescriptions(service_call_t *call)
{
    const Pcn__Referral__V1__CountSocialPrescriptionsRequest *request = call->request;
    const loaded_count_t *first = call->row_count > 0 ? call->rows[0] : NULL;
    if (strcmp(request->to, request->from) < 0)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "The last day is before the first");
    if (first == NULL || !first->within_reach)
        return problem_set(call->problem, STATUS_NOT_FOUND, "organisation", "There is no organisation %s", request->organisation);
    Pcn__Referral__V1__CountSocialPrescriptionsReply *reply =
        pb_new(&pcn__referral__v1__count_social_prescriptions_reply__type, call->arena);
    if (reply == NULL || (reply->networks = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    for (size_t i = 0; first->network != NULL && i < call->row_count; i++) {
        Pcn__Referral__V1__PrescriptionCount *count = pb_new(COUNT_TYPE, call->arena);
        if (count == NULL)
            return refuse_memory(call);
        pb_merge(COUNT_TYPE, count, &pcn__referral__store__v1__loaded_count__type, call->rows[i]);
        reply->networks[reply->n_networks++] = count;
    }
    call->reply = reply;
    return STATUS_OK;
}
