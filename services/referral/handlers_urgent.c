#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/about.h"
#include "services/referral/rules_patient.h"
#include "services/referral/urgent.h"

typedef Pcn__Referral__V1__ListUrgentCasesRequest list_request_t;
typedef Pcn__Referral__V1__ListUrgentCasesReply list_t;
typedef Pcn__Referral__Store__V1__CaseReferences case_references_t;

#define STEP_TYPE (&pcn__referral__v1__urgent_case_step__type)
// How long a patient stays open to who opened the case.
#define CASE_HOURS 12

status_t decide_list_dispositions(service_call_t *call)
{
    Pcn__Referral__V1__ListDispositionsReply *reply = pb_new(&pcn__referral__v1__list_dispositions_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    reply->dispositions = (Pcn__Referral__V1__Disposition **)(uintptr_t)call->rows;
    reply->n_dispositions = call->row_count;
    call->reply = reply;
    return STATUS_OK;
}

// ---- what the files share ----

// An instant of a row; 0 for none.
static int64_t instant_of(const char *text)
{
    int64_t at_us = 0;
    return text != NULL && instant_parse(text, &at_us) ? at_us : 0;
}

void urgent_read_clock(const service_call_t *call, urgent_case_t *opened, const char *appeared_at)
{
    int64_t stopped_us = instant_of(opened->responded_at);
    if (stopped_us == 0)
        stopped_us = instant_of(appeared_at);
    if (stopped_us == 0)
        stopped_us = instant_of(opened->closed_at);
    const int64_t due_us = instant_of(opened->due_at);
    opened->has_breached = opened->due_at != NULL;
    opened->breached = opened->due_at != NULL && urgent_breached(due_us, stopped_us, call->now_us);
    opened->has_minutes_left = opened->due_at != NULL && stopped_us == 0;
    opened->minutes_left = opened->has_minutes_left ? urgent_minutes_left(due_us, call->now_us) : 0;
}

urgent_case_t *urgent_case_of(service_call_t *call, const loaded_urgent_case_t *row)
{
    urgent_case_t *opened = pb_new(URGENT_CASE_TYPE, call->arena);
    if (opened == NULL)
        return NULL;
    pb_merge(URGENT_CASE_TYPE, opened, LOADED_URGENT_CASE_TYPE, row);
    urgent_read_clock(call, opened, row->appeared_at);
    return opened;
}

bool urgent_add_step(service_call_t *call, urgent_case_t *opened, urgent_status_t from, const char *at)
{
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    urgent_case_step_t *step = pb_new(STEP_TYPE, call->arena);
    urgent_case_step_t **history = arena_alloc(call->arena, (opened->n_history + 1) * sizeof(void *));
    if (step == NULL || history == NULL)
        return false;
    for (size_t i = 0; i < opened->n_history; i++)
        history[i] = opened->history[i];
    step->has_from = from != URGENT_STATUS(UNSPECIFIED);
    step->from = from;
    step->has_to = 1;
    step->to = opened->state;
    step->at = (char *)(uintptr_t)at;
    step->subject = principal != NULL ? principal->subject : NULL;
    step->organisation = principal != NULL && principal->n_organisations > 0 ? principal->organisations[0] : NULL;
    step->disposition = opened->disposition;
    step->due_at = opened->due_at;
    step->service = opened->service;
    step->appointment = opened->appointment;
    step->has_breached = step->breached = opened->breached;
    history[opened->n_history++] = step;
    opened->history = history;
    return true;
}

static urgent_state_t *state_of(service_call_t *call, const urgent_case_t *opened)
{
    urgent_state_t *state = pb_new(URGENT_STATE_TYPE, call->arena);
    if (state != NULL)
        pb_merge(URGENT_STATE_TYPE, state, URGENT_CASE_TYPE, opened);
    return state;
}

status_t urgent_emit(service_call_t *call, const char *type, urgent_change_t *change)
{
    urgent_case_t *opened = change->urgent_case;
    urgent_state_t *state = state_of(call, opened);
    if (state == NULL)
        return refuse_memory(call);
    state->has_minutes_left = 0;
    status_t status = emit(call, type, "urgent-cases", opened->id, opened->version, URGENT_STATE_TYPE, state);
    call->reply = opened;
    call->after = change;
    return status;
}

status_t urgent_refuse(service_call_t *call, const char *id)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no urgent case %s", id);
}

bool urgent_set_due(service_call_t *call, urgent_case_t *opened, uint32_t minutes)
{
    char due[INSTANT_SIZE];
    opened->has_target_minutes = minutes > 0;
    opened->target_minutes = minutes;
    opened->due_at = NULL;
    if (minutes > 0) {
        instant_format(urgent_due(instant_of(opened->disposed_at), minutes), due);
        if ((opened->due_at = arena_string(call->arena, due)) == NULL)
            return false;
    }
    // What is due later than was told is told anew.
    urgent_read_clock(call, opened, NULL);
    if (!opened->breached)
        opened->breached_at = NULL;
    return true;
}

bool urgent_dispose(service_call_t *call, urgent_case_t *opened, char *disposition, Pcn__Referral__V1__Urgency urgency, uint32_t minutes)
{
    opened->disposition = disposition;
    opened->has_urgency = 1;
    opened->urgency = urgency;
    opened->disposed_at = (char *)(uintptr_t)call->now;
    opened->service = opened->provider = opened->assigned_at = opened->accepted_at = NULL;
    opened->appointment = opened->booked_for = NULL;
    return urgent_set_due(call, opened, urgent_target(minutes, 0));
}

// ---- creation ----

static urgent_case_t *new_case(service_call_t *call, const case_references_t *row, char *organisation)
{
    const Pcn__Referral__V1__CreateUrgentCaseRequest *request = call->request;
    urgent_case_t *opened = pb_new(URGENT_CASE_TYPE, call->arena);
    if (opened == NULL || (opened->id = new_id(call)) == NULL || (opened->until = hours_on(call, CASE_HOURS)) == NULL)
        return NULL;
    opened->patient = row->patient;
    opened->organisation = organisation;
    opened->need = request->need;
    opened->opened_at = opened->updated_at = (char *)(uintptr_t)call->now;
    opened->has_state = 1;
    opened->state = URGENT_STATUS(OPENED);
    opened->has_synthetic = opened->synthetic = row->synthetic;
    opened->has_version = 1;
    opened->version = 1;
    if (!urgent_add_step(call, opened, URGENT_STATUS(UNSPECIFIED), call->now))
        return NULL;
    if (row->disposition == NULL)
        return opened;
    opened->state = URGENT_STATUS(DISPOSED);
    return urgent_dispose(call, opened, row->disposition, row->disposition_urgency, row->disposition_minutes) &&
                   urgent_add_step(call, opened, URGENT_STATUS(OPENED), call->now)
               ? opened
               : NULL;
}

status_t decide_create_urgent_case(service_call_t *call)
{
    const Pcn__Referral__V1__CreateUrgentCaseRequest *request = call->request;
    const case_references_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    status_t status = patient_check_number(request->nhs_number, call->problem);
    if (status != STATUS_OK)
        return status;
    if (row != NULL && !about_patient(call, row->about))
        return refuse_memory(call);
    char *organisation = opening_organisation(call, &status);
    if (organisation == NULL)
        return status;
    if (row == NULL || row->patient == NULL)
        return refuse_unfit_number(call);
    if (request->disposition != NULL && row->disposition == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "disposition", "There is no disposition %s", request->disposition);
    urgent_change_t *change = pb_new(URGENT_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->urgent_case = new_case(call, row, organisation)) == NULL)
        return refuse_memory(call);
    return urgent_emit(call, "pcn.referral.urgent-case.opened", change);
}

// ---- reads ----

status_t decide_get_urgent_case(service_call_t *call)
{
    const Pcn__Referral__V1__GetUrgentCaseRequest *request = call->request;
    const loaded_urgent_case_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row != NULL && !about_patient(call, row->about))
        return refuse_memory(call);
    if (row == NULL || row->id == NULL)
        return urgent_refuse(call, request->id);
    urgent_case_t *opened = urgent_case_of(call, row);
    if (opened == NULL)
        return refuse_memory(call);
    call->reply = opened;
    call->version = opened->version;
    return STATUS_OK;
}

static const page_part_t parts_of_board[] = {PAGE_INSTANT, PAGE_ID};

#define PARTS (sizeof parts_of_board / sizeof *parts_of_board)

status_t prepare_list_urgent_cases(service_call_t *call)
{
    return page_prepare(call, parts_of_board, PARTS);
}

status_t decide_list_urgent_cases(service_call_t *call)
{
    list_t *list = pb_new(&pcn__referral__v1__list_urgent_cases_reply__type, call->arena);
    if (list == NULL || (list->urgent_cases = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    page_t page = page_begin(call);
    for (size_t i = 0; i < call->row_count; i++) {
        const urgent_case_t *opened = urgent_case_of(call, call->rows[i]);
        urgent_state_t *state = opened != NULL ? state_of(call, opened) : NULL;
        if (state == NULL)
            return refuse_memory(call);
        if (!page_take(&page, URGENT_STATE_TYPE, state))
            break;
        list->urgent_cases[list->n_urgent_cases++] = state;
    }
    if (!about_listed(call, URGENT_STATE_TYPE, list->urgent_cases, list->n_urgent_cases, NULL))
        return refuse_memory(call);
    call->reply = list;
    if (list->n_urgent_cases == call->row_count)
        return STATUS_OK;
    const loaded_urgent_case_t *last = call->rows[list->n_urgent_cases - 1];
    return page_end(call, (const char *const[]){last->board_at, last->id}, PARTS, &list->next_page_token);
}
