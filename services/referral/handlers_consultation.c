#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/about.h"
#include "services/referral/consultations.h"
#include "services/referral/rules_taking.h"
#include "services/referral/settings.h"

typedef Pcn__Referral__V1__ListOnlineConsultationsRequest list_request_t;
typedef Pcn__Referral__V1__ListOnlineConsultationsReply list_t;

#define LIST_TYPE (&pcn__referral__v1__list_online_consultations_reply__type)

// ---- what both files share ----

// An instant of a row; 0 for none.
static int64_t instant_of(const char *text)
{
    int64_t at_us = 0;
    return text != NULL && instant_parse(text, &at_us) ? at_us : 0;
}

static bool late(const service_call_t *call, const char *due, const char *triaged, const char *closed)
{
    return due != NULL && consultation_late(instant_of(due), instant_of(triaged), instant_of(closed), call->now_us);
}

consultation_t *consultation_of(service_call_t *call, const loaded_consultation_t *row)
{
    consultation_t *consultation = pb_new(CONSULTATION_TYPE, call->arena);
    if (consultation == NULL)
        return NULL;
    pb_merge(CONSULTATION_TYPE, consultation, LOADED_CONSULTATION_TYPE, row);
    consultation->join_url = referral_join_url(call->settings, row->video_token, call->arena);
    consultation->has_triage_late = row->triage_due != NULL;
    consultation->triage_late = late(call, row->triage_due, row->triaged_at, row->closed_at);
    return consultation;
}

static consultation_state_t *state_of(service_call_t *call, const pb_type_t *type, const void *from)
{
    consultation_state_t *state = pb_new(CONSULTATION_STATE_TYPE, call->arena);
    if (state != NULL)
        pb_merge(CONSULTATION_STATE_TYPE, state, type, from);
    return state;
}

status_t consultation_event(service_call_t *call, const char *type, const consultation_t *consultation)
{
    consultation_state_t *state = state_of(call, CONSULTATION_TYPE, consultation);
    const char *subject = arena_printf(call->arena, "online-consultations/%s", consultation->id);
    if (state == NULL || subject == NULL)
        return refuse_memory(call);
    return service_event(call, type, subject, consultation->version, CONSULTATION_STATE_TYPE, state) ? STATUS_OK
                                                                                                     : STATUS_RESOURCE_EXHAUSTED;
}

status_t emit_consultation(service_call_t *call, const char *type, consultation_change_t *change)
{
    consultation_t *consultation = change->consultation;
    consultation_state_t *state = state_of(call, CONSULTATION_TYPE, consultation);
    if (state == NULL)
        return refuse_memory(call);
    status_t status = emit(call, type, "online-consultations", consultation->id, consultation->version, CONSULTATION_STATE_TYPE, state);
    call->reply = consultation;
    call->after = change;
    return status;
}

status_t refuse_consultation(service_call_t *call, const char *id)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no online consultation %s", id);
}

// ---- creation ----

static consultation_t *new_consultation(service_call_t *call, const taking_references_t *row, const consultation_t *asked)
{
    consultation_t *consultation = pb_new(CONSULTATION_TYPE, call->arena);
    if (consultation == NULL || (consultation->id = new_id(call)) == NULL)
        return NULL;
    consultation->patient = asked->patient;
    consultation->service = asked->service;
    consultation->organisation = row->provider;
    consultation->answers = asked->answers;
    consultation->n_answers = asked->n_answers;
    consultation->has_status = 1;
    consultation->status = CONSULTATION_STATUS(REQUESTED);
    if (row->has_target_minutes) {
        char due[INSTANT_SIZE];
        instant_format(consultation_due(call->now_us, row->target_minutes), due);
        consultation->triage_due = arena_string(call->arena, due);
        consultation->has_triage_late = 1;
        if (consultation->triage_due == NULL)
            return NULL;
    }
    consultation->recorded_by = call->header->principal->subject;
    consultation->recorded_from = call->header->principal->organisations[0];
    consultation->has_synthetic = consultation->synthetic = row->patient_synthetic;
    consultation->has_version = 1;
    consultation->version = 1;
    consultation->created_at = consultation->updated_at = (char *)(uintptr_t)call->now;
    return consultation;
}

status_t decide_create_online_consultation(service_call_t *call)
{
    const Pcn__Referral__V1__CreateOnlineConsultationRequest *request = call->request;
    const consultation_t *asked = request->online_consultation;
    const taking_references_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (!about_patient(call, asked->patient))
        return refuse_memory(call);
    if (call->header->principal == NULL || call->header->principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                           "Who records a consultation does so for an organisation: the token names none");
    if (row == NULL || row->patient == NULL)
        return refuse_patient(call, "patient");
    status_t status = taking_check(row, asked->service, "service", call->today, call->problem);
    if (status != STATUS_OK)
        return status;
    consultation_change_t *change = pb_new(CONSULTATION_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->consultation = new_consultation(call, row, asked)) == NULL)
        return refuse_memory(call);
    return emit_consultation(call, "pcn.referral.online-consultation.requested", change);
}

// ---- reads ----

status_t decide_get_online_consultation(service_call_t *call)
{
    const Pcn__Referral__V1__GetOnlineConsultationRequest *request = call->request;
    const loaded_consultation_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row != NULL && !about_patient(call, row->about))
        return refuse_memory(call);
    if (row == NULL || row->id == NULL)
        return refuse_consultation(call, request->id);
    consultation_t *consultation = consultation_of(call, row);
    if (consultation == NULL)
        return refuse_memory(call);
    call->reply = consultation;
    call->version = consultation->version;
    return STATUS_OK;
}

static const page_part_t parts_of_list[] = {PAGE_INSTANT, PAGE_NUMBER, PAGE_ID};

#define PARTS (sizeof parts_of_list / sizeof *parts_of_list)

status_t prepare_list_online_consultations(service_call_t *call)
{
    const list_request_t *request = call->request;
    if ((request->organisation != NULL) == (request->patient != NULL))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, request->patient != NULL ? "patient" : "organisation",
                           "Those of an organisation or those of a patient are asked for");
    return page_prepare(call, parts_of_list, PARTS);
}

status_t decide_list_online_consultations(service_call_t *call)
{
    list_t *list = pb_new(LIST_TYPE, call->arena);
    if (list == NULL || (list->online_consultations = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    page_t page = page_begin(call);
    for (size_t i = 0; i < call->row_count; i++) {
        const loaded_consultation_t *row = call->rows[i];
        consultation_state_t *state = state_of(call, LOADED_CONSULTATION_TYPE, row);
        if (state == NULL)
            return refuse_memory(call);
        state->has_triage_late = row->triage_due != NULL;
        state->triage_late = late(call, row->triage_due, row->triaged_at, row->closed_at);
        if (!page_take(&page, CONSULTATION_STATE_TYPE, state))
            break;
        list->online_consultations[list->n_online_consultations++] = state;
    }
    if (!about_listed(call, CONSULTATION_STATE_TYPE, list->online_consultations, list->n_online_consultations,
                      ((const list_request_t *)call->request)->patient))
        return refuse_memory(call);
    call->reply = list;
    if (list->n_online_consultations == call->row_count)
        return STATUS_OK;
    const loaded_consultation_t *last = call->rows[list->n_online_consultations - 1];
    const char *const parts[] = {last->due, arena_printf(call->arena, "%u", last->rank), last->id};
    return parts[1] != NULL ? page_end(call, parts, PARTS, &list->next_page_token) : refuse_memory(call);
}
