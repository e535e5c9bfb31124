#include "services/noticeboard/handlers_notice.h"

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/noticeboard/rules_notice.h"

#define NOTICE_TYPE (&pcn__noticeboard__v1__notice__type)
#define LOADED_TYPE (&pcn__noticeboard__store__v1__loaded_notice__type)
#define EVENT_CREATED "pcn.noticeboard.notice.created"
#define EVENT_UPDATED "pcn.noticeboard.notice.updated"

static status_t refuse_memory(service_call_t *call)
{
    return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static const char *today_of(const service_call_t *call)
{
    char *today = arena_alloc(call->arena, DATE_SIZE);
    if (today != NULL)
        date_format(call->today, today);
    return today;
}

static bool is_callers(const service_call_t *call, const char *organisation)
{
    const Pcn__Common__V1__Principal *caller = call->header->principal;
    return caller != NULL && notice_is_of(organisation, caller->organisations, caller->n_organisations);
}

// The notice that was loaded; NULL at the cap.
static notice_t *notice_of(service_call_t *call, const loaded_t *row)
{
    notice_t *notice = pb_new(NOTICE_TYPE, call->arena);
    if (notice != NULL)
        pb_merge(NOTICE_TYPE, notice, LOADED_TYPE, row);
    return notice;
}

// The notice as it is after the change is the reply, what the save writes, and what the event tells.
static status_t change(service_call_t *call, const char *type, notice_t *notice)
{
    call->after = call->reply = notice;
    call->key = notice->code;
    call->version = notice->version;
    const char *subject = arena_printf(call->arena, "notices/%s", notice->code);
    if (subject == NULL)
        return refuse_memory(call);
    return service_event(call, type, subject, notice->version, NOTICE_TYPE, notice) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

status_t decide_get_notice(service_call_t *call)
{
    const Pcn__Noticeboard__V1__GetNoticeRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no notice %s", request->code);
    notice_t *notice = notice_of(call, call->rows[0]);
    if (notice == NULL)
        return refuse_memory(call);
    call->reply = notice;
    call->version = notice->version;
    return STATUS_OK;
}

status_t decide_put_up_notice(service_call_t *call)
{
    const Pcn__Noticeboard__V1__PutUpNoticeRequest *request = call->request;
    if (!is_callers(call, request->notice->organisation))
        return problem_set(call->problem, STATUS_NOT_FOUND, "organisation", "There is no organisation %s", request->notice->organisation);
    const char *today = today_of(call);
    if (today == NULL)
        return refuse_memory(call);
    status_t status = notice_put_up_check(request->notice, call->rows[0], today, call->problem);
    if (status != STATUS_OK)
        return status;
    notice_t *notice = pb_new(NOTICE_TYPE, call->arena);
    if (notice == NULL)
        return refuse_memory(call);
    pb_merge(NOTICE_TYPE, notice, NOTICE_TYPE, request->notice);
    notice->has_version = 1;
    notice->version = 1;
    notice->created_at = (char *)call->now;
    return change(call, EVENT_CREATED, notice);
}

static status_t take_down(service_call_t *call, const loaded_t *row)
{
    const char *today = today_of(call);
    notice_t *notice = notice_of(call, row);
    if (today == NULL || notice == NULL)
        return refuse_memory(call);
    notice->taken_down_on = (char *)today;
    notice->version++;
    return change(call, EVENT_UPDATED, notice);
}

status_t decide_take_down_notice(service_call_t *call)
{
    const Pcn__Noticeboard__V1__TakeDownNoticeRequest *request = call->request;
    const loaded_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || !is_callers(call, row->organisation))
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no notice %s", request->code);
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "%s is at version %lld now", request->code, (long long)row->version);
    status_t status = notice_take_down_check(row, call->problem);
    return status == STATUS_OK ? take_down(call, row) : status;
}

status_t decide_expire_notice(service_call_t *call)
{
    const char *today = today_of(call);
    if (today == NULL)
        return refuse_memory(call);
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no such notice");
    if (notice_is_over(call->rows[0], today))
        return take_down(call, call->rows[0]);
    call->unchanged = true;
    call->reply = notice_of(call, call->rows[0]);
    return call->reply != NULL ? STATUS_OK : refuse_memory(call);
}
