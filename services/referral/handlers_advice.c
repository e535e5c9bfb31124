#include "services/referral/handlers_advice.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/about.h"
#include "services/referral/rules_taking.h"
#include "services/referral/rules_wait.h"

typedef Pcn__Referral__V1__AdviceStanding standing_t;
typedef Pcn__Referral__V1__ListAdviceRequest list_request_t;
typedef Pcn__Referral__V1__ListAdviceReply list_t;
typedef Pcn__Referral__Store__V1__AdviceReferences references_t;

#define STANDING_TYPE (&pcn__referral__v1__advice_standing__type)
#define LIST_TYPE (&pcn__referral__v1__list_advice_reply__type)

// ---- what the files share ----

status_t refuse_advice(service_call_t *call, const char *id)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no request for advice %s", id);
}

static bool overdue(const service_call_t *call, advice_state_t state, const char *due)
{
    int32_t day;
    return date_parse(due, &day) && advice_overdue(state, day, call->today);
}

advice_t *advice_of(service_call_t *call, const loaded_advice_t *row)
{
    advice_t *advice = pb_new(ADVICE_TYPE, call->arena);
    if (advice == NULL)
        return NULL;
    pb_merge(ADVICE_TYPE, advice, LOADED_ADVICE_TYPE, row);
    advice->has_overdue = 1;
    advice->overdue = overdue(call, advice->state, advice->response_due);
    return advice;
}

char *advice_due(service_call_t *call, uint32_t working_days, char *const *holidays, size_t count)
{
    char due[DATE_SIZE];
    int32_t *days = arena_alloc(call->arena, (count + 1) * sizeof *days);
    if (days == NULL)
        return NULL;
    holidays_t list = {.days = days};
    for (size_t i = 0; i < count; i++)
        list.count += date_parse(holidays[i], &days[list.count]) ? 1 : 0;
    date_format(wait_working_day_after(call->today, (int32_t)working_days, &list), due);
    return arena_string(call->arena, due);
}

static standing_t *standing_of(service_call_t *call, const pb_type_t *type, const void *from)
{
    standing_t *standing = pb_new(STANDING_TYPE, call->arena);
    if (standing != NULL)
        pb_merge(STANDING_TYPE, standing, type, from);
    return standing;
}

status_t emit_advice(service_call_t *call, const char *type, advice_change_t *change)
{
    advice_t *advice = change->advice;
    standing_t *standing = standing_of(call, ADVICE_TYPE, advice);
    if (standing == NULL)
        return refuse_memory(call);
    // Whether it is overdue is true today alone.
    standing->has_overdue = 0;
    status_t status = emit(call, type, "advice-requests", advice->id, advice->version, STANDING_TYPE, standing);
    call->reply = advice;
    call->after = change;
    return status;
}

// ---- creation ----

static advice_t *new_advice(service_call_t *call, const references_t *row, const advice_t *asked)
{
    advice_t *advice = pb_new(ADVICE_TYPE, call->arena);
    if (advice == NULL)
        return NULL;
    pb_merge(ADVICE_TYPE, advice, ADVICE_TYPE, asked);
    advice->id = new_id(call);
    advice->provider = row->meets->provider;
    if (advice->referrer == NULL)
        advice->referrer = call->header->principal->organisations[0];
    if (!advice->has_priority) {
        advice->has_priority = 1;
        advice->priority = PCN__REFERRAL__V1__REFERRAL_PRIORITY__REFERRAL_PRIORITY_ROUTINE;
    }
    // Not said is no.
    advice->has_may_convert = 1;
    advice->has_state = 1;
    advice->state = ADVICE_STATE(PROVIDER_RESPONSE_REQUIRED);
    advice->response_due = advice_due(call, row->working_days, row->holidays, row->n_holidays);
    advice->has_overdue = 1;
    advice->recorded_by = call->header->principal->subject;
    advice->recorded_from = call->header->principal->organisations[0];
    advice->has_synthetic = advice->synthetic = row->meets->patient_synthetic;
    advice->has_version = 1;
    advice->version = 1;
    advice->created_at = advice->updated_at = (char *)(uintptr_t)call->now;
    return advice->id != NULL && advice->response_due != NULL ? advice : NULL;
}

status_t decide_create_advice(service_call_t *call)
{
    const Pcn__Referral__V1__CreateAdviceRequest *request = call->request;
    const advice_t *asked = request->advice;
    const references_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (!about_patient(call, asked->patient))
        return refuse_memory(call);
    if (call->header->principal == NULL || call->header->principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                           "Who asks for advice does so for an organisation: the token names none");
    if (row == NULL || row->meets == NULL || row->meets->patient == NULL)
        return refuse_patient(call, "patient");
    if (!row->referrer_reached)
        return problem_set(call->problem, STATUS_NOT_FOUND, "referrer", "There is no organisation %s",
                           asked->referrer != NULL ? asked->referrer : call->header->principal->organisations[0]);
    status_t status = taking_check(row->meets, asked->service, "service", call->today, call->problem);
    if (status != STATUS_OK)
        return status;
    advice_change_t *change = pb_new(ADVICE_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->advice = new_advice(call, row, asked)) == NULL)
        return refuse_memory(call);
    return emit_advice(call, "pcn.referral.advice-request.asked", change);
}

// ---- reads ----

status_t decide_get_advice(service_call_t *call)
{
    const Pcn__Referral__V1__GetAdviceRequest *request = call->request;
    const loaded_advice_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row != NULL && !about_patient(call, row->about))
        return refuse_memory(call);
    if (row == NULL || row->id == NULL)
        return refuse_advice(call, request->id);
    advice_t *advice = advice_of(call, row);
    if (advice == NULL)
        return refuse_memory(call);
    call->reply = advice;
    call->version = advice->version;
    return STATUS_OK;
}

static const page_part_t parts_of_list[] = {PAGE_DATE, PAGE_ID};

#define PARTS (sizeof parts_of_list / sizeof *parts_of_list)

status_t prepare_list_advice(service_call_t *call)
{
    const list_request_t *request = call->request;
    if ((request->organisation != NULL) == (request->patient != NULL))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, request->patient != NULL ? "patient" : "organisation",
                           "Those of an organisation or those about a patient are asked for");
    return page_prepare(call, parts_of_list, PARTS);
}

status_t decide_list_advice(service_call_t *call)
{
    list_t *list = pb_new(LIST_TYPE, call->arena);
    if (list == NULL || (list->advice_requests = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    page_t page = page_begin(call);
    for (size_t i = 0; i < call->row_count; i++) {
        const loaded_advice_t *row = call->rows[i];
        standing_t *standing = standing_of(call, LOADED_ADVICE_TYPE, row);
        if (standing == NULL)
            return refuse_memory(call);
        standing->has_overdue = 1;
        standing->overdue = overdue(call, row->state, row->response_due);
        if (!page_take(&page, STANDING_TYPE, standing))
            break;
        list->advice_requests[list->n_advice_requests++] = standing;
    }
    if (!about_listed(call, STANDING_TYPE, list->advice_requests, list->n_advice_requests,
                      ((const list_request_t *)call->request)->patient))
        return refuse_memory(call);
    call->reply = list;
    if (list->n_advice_requests == call->row_count)
        return STATUS_OK;
    const loaded_advice_t *last = call->rows[list->n_advice_requests - 1];
    return page_end(call, (const char *const[PARTS]){last->due, last->id}, PARTS, &list->next_page_token);
}
