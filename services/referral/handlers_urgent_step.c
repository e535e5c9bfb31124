// What is done with an urgent case, step by step.
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/rules_taking.h"
#include "services/referral/urgent.h"

urgent_change_t *urgent_begin(service_call_t *call, const char *id, urgent_step_t step, status_t *status)
{
    const loaded_urgent_case_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || row->id == NULL) {
        *status = row != NULL && !about_patient(call, row->about) ? refuse_memory(call) : urgent_refuse(call, id);
        return NULL;
    }
    urgent_change_t *change = pb_new(URGENT_CHANGE_TYPE, call->arena);
    if (change == NULL || !about_patient(call, row->about) || (change->urgent_case = urgent_case_of(call, row)) == NULL) {
        *status = refuse_memory(call);
        return NULL;
    }
    urgent_status_t to;
    if (!urgent_may(step, row->keeps, row->provides))
        *status =
            problem_set(call->problem, STATUS_PERMISSION_DENIED, NULL,
                        row->provides ? "This is for who opened the case" : "The case is changed by who opened it and by its service");
    else if (call->header->has_expected_version && call->header->expected_version != row->version)
        *status = problem_set(call->problem, STATUS_ABORTED, NULL, "It is at version %lld now", (long long)row->version);
    else if ((*status = urgent_go(row->state, step, &to, call->problem)) == STATUS_OK && row->n_history >= URGENT_STEPS_MAX &&
             step != URGENT_CLOSE)
        *status = problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "The case has too many steps: close it and open another");
    if (*status != STATUS_OK)
        return NULL;
    change->urgent_case->state = to;
    change->urgent_case->version++;
    change->urgent_case->updated_at = (char *)(uintptr_t)call->now;
    change->assignment = row->assignment;
    return change;
}

// The change with its step at the end of the history.
static status_t done(service_call_t *call, const char *type, urgent_change_t *change)
{
    const loaded_urgent_case_t *row = call->rows[0];
    urgent_read_clock(call, change->urgent_case, row->appeared_at);
    if (!urgent_add_step(call, change->urgent_case, row->state, call->now))
        return refuse_memory(call);
    return urgent_emit(call, type, change);
}

// The person as the directory's rules ask for them.
static search_t search_of(const service_call_t *call, const loaded_urgent_case_t *row)
{
    search_t search = PCN__REFERRAL__V1__LIST_SERVICES_REQUEST__INIT;
    search.has_age = row->birth_date != NULL;
    search.age = search.has_age ? taking_age(row->birth_date, call->today) : 0;
    search.has_sex = row->has_sex;
    search.sex = row->sex;
    search.practice = row->practice;
    search.need = row->need;
    return search;
}

status_t decide_assign_urgent_case(service_call_t *call)
{
    const Pcn__Referral__V1__AssignUrgentCaseRequest *request = call->request;
    status_t status = STATUS_OK;
    urgent_change_t *change = urgent_begin(call, request->id, URGENT_ASSIGN, &status);
    if (change == NULL)
        return status;
    const loaded_urgent_case_t *row = call->rows[0];
    if (row->n_services == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "service", "There is no service %s", request->service);
    const loaded_service_t *service = row->services[0];
    const search_t search = search_of(call, row);
    status = urgent_check_service(&search, service, row->disposition_kinds, row->n_disposition_kinds, call->arena, call->problem);
    if (status != STATUS_OK)
        return status;
    urgent_case_t *opened = change->urgent_case;
    opened->service = service->id;
    opened->provider = service->provider;
    opened->assigned_at = (char *)(uintptr_t)call->now;
    opened->accepted_at = opened->appointment = opened->booked_for = NULL;
    if ((change->assignment = new_id(call)) == NULL ||
        !urgent_set_due(call, opened, urgent_target(row->disposition_minutes, row->service_minutes)))
        return refuse_memory(call);
    return done(call, "pcn.referral.urgent-case.assigned", change);
}

status_t decide_accept_urgent_case(service_call_t *call)
{
    const Pcn__Referral__V1__AcceptUrgentCaseRequest *request = call->request;
    status_t status = STATUS_OK;
    urgent_change_t *change = urgent_begin(call, request->id, URGENT_ACCEPT, &status);
    if (change == NULL)
        return status;
    change->urgent_case->accepted_at = (char *)(uintptr_t)call->now;
    return done(call, "pcn.referral.urgent-case.accepted", change);
}

status_t decide_book_urgent_case(service_call_t *call)
{
    const Pcn__Referral__V1__BookUrgentCaseRequest *request = call->request;
    status_t status = STATUS_OK;
    urgent_change_t *change = urgent_begin(call, request->id, URGENT_BOOK, &status);
    if (change == NULL)
        return status;
    const loaded_urgent_case_t *row = call->rows[0];
    if (row->appointment_patient == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "appointment", "There is no appointment %s", request->appointment);
    if (strcmp(row->appointment_patient, row->patient) != 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "appointment", "It is another patient's");
    if (!row->appointment_live)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "appointment", "The appointment is not ahead");
    change->urgent_case->appointment = request->appointment;
    change->urgent_case->booked_for = row->appointment_start;
    return done(call, "pcn.referral.urgent-case.booked", change);
}

// The clock stops at an instant: the patient was seen.
static status_t stop_clock(service_call_t *call, urgent_change_t *change, const char *at, const char *response)
{
    const loaded_urgent_case_t *row = call->rows[0];
    urgent_case_t *opened = change->urgent_case;
    int64_t from_us = 0, at_us = 0;
    opened->responded_at = (char *)(uintptr_t)at;
    opened->response = (char *)(uintptr_t)response;
    urgent_read_clock(call, opened, NULL);
    if (!urgent_add_step(call, opened, row->state, at))
        return refuse_memory(call);
    if (instant_parse(opened->disposed_at, &from_us) && instant_parse(at, &at_us))
        call->observed = (service_observation_t){
            .name = "pcn_urgent_case_response_seconds", .label = opened->disposition, .duration_us = at_us - from_us};
    return urgent_emit(call, "pcn.referral.urgent-case.responded", change);
}

static status_t see_patient(service_call_t *call, const char *id, const char *response)
{
    status_t status = STATUS_OK;
    urgent_change_t *change = urgent_begin(call, id, URGENT_RESPOND, &status);
    if (change == NULL)
        return status;
    const loaded_urgent_case_t *row = call->rows[0];
    return row->appeared_at != NULL ? stop_clock(call, change, row->appeared_at, "arrived") : stop_clock(call, change, call->now, response);
}

status_t decide_arrive_urgent_case(service_call_t *call)
{
    return see_patient(call, ((const Pcn__Referral__V1__ArriveUrgentCaseRequest *)call->request)->id, "arrived");
}

status_t decide_respond_urgent_case(service_call_t *call)
{
    return see_patient(call, ((const Pcn__Referral__V1__RespondUrgentCaseRequest *)call->request)->id, "attended");
}

status_t decide_close_urgent_case(service_call_t *call)
{
    const Pcn__Referral__V1__CloseUrgentCaseRequest *request = call->request;
    status_t status = STATUS_OK;
    urgent_change_t *change = urgent_begin(call, request->id, URGENT_CLOSE, &status);
    if (change == NULL)
        return status;
    urgent_case_t *opened = change->urgent_case;
    const loaded_urgent_case_t *row = call->rows[0];
    // Who came to the appointment was seen, also where the job has not told so yet.
    if (opened->responded_at == NULL && row->appeared_at != NULL) {
        opened->responded_at = row->appeared_at;
        opened->response = (char *)(uintptr_t) "arrived";
    }
    opened->outcome = request->outcome;
    opened->reason = request->reason;
    opened->closed_at = (char *)(uintptr_t)call->now;
    return done(call, "pcn.referral.urgent-case.closed", change);
}

// ---- the clocks ----

static status_t tell_breach(service_call_t *call, urgent_change_t *change)
{
    const loaded_urgent_case_t *row = call->rows[0];
    change->urgent_case->breached_at = (char *)(uintptr_t)call->now;
    if (!urgent_add_step(call, change->urgent_case, row->state, call->now))
        return refuse_memory(call);
    return urgent_emit(call, "pcn.referral.urgent-case.breached", change);
}

status_t decide_settle_urgent_case(service_call_t *call)
{
    const Pcn__Referral__V1__SettleUrgentCaseRequest *request = call->request;
    const loaded_urgent_case_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || row->id == NULL)
        return urgent_refuse(call, request->id);
    urgent_change_t *change = pb_new(URGENT_CHANGE_TYPE, call->arena);
    if (change == NULL || (change->urgent_case = urgent_case_of(call, row)) == NULL)
        return refuse_memory(call);
    urgent_case_t *opened = change->urgent_case;
    change->assignment = row->assignment;
    problem_t none = {0};
    urgent_status_t to;
    if (row->state == URGENT_STATUS(BOOKED) && row->appeared_at != NULL && urgent_go(row->state, URGENT_RESPOND, &to, &none) == STATUS_OK) {
        opened->state = to;
        opened->version++;
        opened->updated_at = (char *)(uintptr_t)call->now;
        return stop_clock(call, change, row->appeared_at, "arrived");
    }
    // Only where the clock runs.
    if (row->breached_at != NULL || !opened->breached || !opened->has_minutes_left) {
        call->reply = opened;
        call->unchanged = true;
        return STATUS_OK;
    }
    opened->version++;
    opened->updated_at = (char *)(uintptr_t)call->now;
    return tell_breach(call, change);
}
