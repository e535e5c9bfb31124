// The directory's answer to what a patient of urgent care needs: the same rules as of a search, and every reason of what they leave out.
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/rules_taking.h"
#include "services/referral/urgent.h"

typedef Pcn__Referral__V1__HiddenService hidden_t;

#define HIDDEN_TYPE (&pcn__referral__v1__hidden_service__type)

typedef struct answer {
    directory_service_t **services;
    size_t n_services;
    hidden_t **hidden;
    size_t n_hidden;
    bool more;
} answer_t;

// Now, with room, for this patient, from who asks.
static search_t search_of(const service_call_t *call, const loaded_urgent_case_t *row, const char *need)
{
    search_t search = PCN__REFERRAL__V1__LIST_SERVICES_REQUEST__INIT;
    search.has_open_now = search.open_now = 1;
    search.has_with_capacity = search.with_capacity = 1;
    search.has_age = row->birth_date != NULL;
    search.age = search.has_age ? taking_age(row->birth_date, call->today) : 0;
    search.has_sex = row->has_sex;
    search.sex = row->sex;
    search.practice = row->practice;
    search.need = (char *)(uintptr_t)need;
    return search;
}

static status_t check_place(service_call_t *call, char *latitude, char *longitude)
{
    search_t search = PCN__REFERRAL__V1__LIST_SERVICES_REQUEST__INIT;
    search.latitude = latitude;
    search.longitude = longitude;
    return directory_check_search(&search, call->problem);
}

static directory_service_t *shown(service_call_t *call, const loaded_service_t *row)
{
    directory_service_t *service = pb_new(SERVICE_TYPE, call->arena);
    if (service == NULL)
        return NULL;
    pb_merge(SERVICE_TYPE, service, LOADED_SERVICE_TYPE, row);
    service->has_open = service->open = 1;
    return service;
}

static hidden_t *hidden_of(service_call_t *call, const loaded_service_t *row, reason_t *const *reasons, size_t count)
{
    hidden_t *hidden = pb_new(HIDDEN_TYPE, call->arena);
    reason_t **list = arena_alloc(call->arena, (count + 1) * sizeof *list);
    if (hidden == NULL || list == NULL)
        return NULL;
    memcpy(list, reasons, count * sizeof *list);
    hidden->service = row->id;
    hidden->name = row->name;
    hidden->reasons = list;
    hidden->n_reasons = count;
    return hidden;
}

// Judges each service that was found. As many as fit an answer are told, shown or hidden.
static status_t judge(service_call_t *call, const loaded_urgent_case_t *row, const char *need, answer_t *answer)
{
    const search_t search = search_of(call, row, need);
    local_moment_t moment = {.bank_holiday = row->n_services > 0 && row->services[0]->bank_holiday};
    local_of_instant(call->now_us, &moment.day, &moment.minute);
    answer->services = arena_alloc(call->arena, (row->n_services + 1) * sizeof(void *));
    answer->hidden = arena_alloc(call->arena, (row->n_services + 1) * sizeof(void *));
    if (answer->services == NULL || answer->hidden == NULL)
        return refuse_memory(call);
    page_t page = {.size = URGENT_SERVICES_MAX};
    answer->more = row->n_services > URGENT_SERVICES_MAX;
    for (size_t i = 0; i < row->n_services && i < URGENT_SERVICES_MAX; i++) {
        reason_t *reasons[DIRECTORY_REASONS_MAX];
        size_t count = 0;
        status_t status = directory_reasons(&search, row->services[i], &moment, call->arena, reasons, &count, call->problem);
        if (status != STATUS_OK)
            return status;
        hidden_t *hidden = count > 0 ? hidden_of(call, row->services[i], reasons, count) : NULL;
        directory_service_t *service = count == 0 ? shown(call, row->services[i]) : NULL;
        if (hidden == NULL && service == NULL)
            return refuse_memory(call);
        if (hidden != NULL ? !page_take(&page, HIDDEN_TYPE, hidden) : !page_take(&page, SERVICE_TYPE, service)) {
            answer->more = true;
            break;
        }
        if (hidden != NULL)
            answer->hidden[answer->n_hidden++] = hidden;
        else
            answer->services[answer->n_services++] = service;
    }
    return STATUS_OK;
}

status_t prepare_dispose_urgent_case(service_call_t *call)
{
    const Pcn__Referral__V1__DisposeUrgentCaseRequest *request = call->request;
    return check_place(call, request->latitude, request->longitude);
}

status_t decide_dispose_urgent_case(service_call_t *call)
{
    const Pcn__Referral__V1__DisposeUrgentCaseRequest *request = call->request;
    status_t status = STATUS_OK;
    urgent_change_t *change = urgent_begin(call, request->id, URGENT_DISPOSE, &status);
    if (change == NULL)
        return status;
    const loaded_urgent_case_t *row = call->rows[0];
    urgent_case_t *opened = change->urgent_case;
    if (row->disposition_code == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "disposition", "There is no disposition %s", request->disposition);
    if (request->need != NULL)
        opened->need = request->need;
    change->assignment = NULL;
    Pcn__Referral__V1__DisposeUrgentCaseReply *reply = pb_new(&pcn__referral__v1__dispose_urgent_case_reply__type, call->arena);
    answer_t answer = {0};
    if (reply == NULL || !urgent_dispose(call, opened, row->disposition_code, row->disposition_urgency, row->disposition_minutes) ||
        !urgent_add_step(call, opened, row->state, call->now))
        return refuse_memory(call);
    status = judge(call, row, opened->need, &answer);
    if (status == STATUS_OK)
        status = urgent_emit(call, "pcn.referral.urgent-case.disposed", change);
    reply->urgent_case = opened;
    reply->services = answer.services;
    reply->n_services = answer.n_services;
    reply->hidden = answer.hidden;
    reply->n_hidden = answer.n_hidden;
    reply->has_more = reply->more = answer.more;
    call->reply = reply;
    return status;
}

status_t prepare_find_urgent_case_services(service_call_t *call)
{
    const Pcn__Referral__V1__FindUrgentCaseServicesRequest *request = call->request;
    return check_place(call, request->latitude, request->longitude);
}

status_t decide_find_urgent_case_services(service_call_t *call)
{
    const Pcn__Referral__V1__FindUrgentCaseServicesRequest *request = call->request;
    const loaded_urgent_case_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row != NULL && !about_patient(call, row->about))
        return refuse_memory(call);
    if (row == NULL || row->id == NULL)
        return urgent_refuse(call, request->id);
    if (row->disposition == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "The case has no disposition yet");
    Pcn__Referral__V1__FindUrgentCaseServicesReply *reply = pb_new(&pcn__referral__v1__find_urgent_case_services_reply__type, call->arena);
    answer_t answer = {0};
    if (reply == NULL)
        return refuse_memory(call);
    status_t status = judge(call, row, row->need, &answer);
    reply->services = answer.services;
    reply->n_services = answer.n_services;
    reply->hidden = answer.hidden;
    reply->n_hidden = answer.n_hidden;
    reply->has_more = reply->more = answer.more;
    call->reply = reply;
    return status;
}
