#include <string.h>

#include "common/pb/message.h"
#include "services/referral/handlers.h"
#include "services/referral/rules_signposting.h"

typedef Pcn__Referral__Store__V1__LoadedSignposting loaded_t;

#define LOADED_TYPE (&pcn__referral__store__v1__loaded_signposting__type)

status_t decide_create_signposting(service_call_t *call)
{
    const Pcn__Referral__V1__CreateSignpostingRequest *request = call->request;
    const signposting_t *asked = request->signposting;
    const Pcn__Referral__Store__V1__SignpostingReferences *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "What the signposting refers to is missing");
    if (row->practice_kind == NULL || strcmp(row->practice_kind, "practice") != 0 ||
        (!row->practice_within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, "practice", "There is no practice %s", asked->practice);
    if (!row->has_service_status)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "service", "There is no service %s", asked->service);
    if (row->service_status != SERVICE_STATUS(ACTIVE))
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "service", "The service takes nobody at the moment");
    signposting_t *signposting = pb_new(SIGNPOSTING_TYPE, call->arena);
    if (signposting == NULL)
        return refuse_memory(call);
    pb_merge(SIGNPOSTING_TYPE, signposting, SIGNPOSTING_TYPE, asked);
    if (!signposting->has_outcome) {
        signposting->has_outcome = 1;
        signposting->outcome = OUTCOME(SUGGESTED);
    }
    if (signposting->avoided_appointment && signposting->outcome != OUTCOME(TAKEN))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "avoidedAppointment", "Only what is taken avoids an appointment");
    signposting->id = new_id(call);
    if (signposting->id == NULL)
        return refuse_memory(call);
    signposting->has_non_medical = row->non_medical;
    signposting->non_medical = row->non_medical;
    signposting->at = signposting->created_at = signposting->updated_at = (char *)(uintptr_t)call->now;
    signposting->has_version = 1;
    signposting->version = 1;
    return emit(call, "pcn.referral.signposting.suggested", "signpostings", signposting->id, 1, SIGNPOSTING_TYPE, signposting);
}

// The signposting as it is, if it is within reach; NULL with the refusal in *status.
static signposting_t *reached(service_call_t *call, const char *id, status_t *status)
{
    const loaded_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || (!row->within_reach && !service_may(call, SCOPE_ANY))) {
        *status = problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no signposting %s", id);
        return NULL;
    }
    signposting_t *signposting = pb_new(SIGNPOSTING_TYPE, call->arena);
    if (signposting == NULL) {
        *status = refuse_memory(call);
        return NULL;
    }
    pb_merge(SIGNPOSTING_TYPE, signposting, LOADED_TYPE, row);
    return signposting;
}

status_t decide_get_signposting(service_call_t *call)
{
    const Pcn__Referral__V1__GetSignpostingRequest *request = call->request;
    status_t status = STATUS_OK;
    signposting_t *signposting = reached(call, request->id, &status);
    if (signposting == NULL)
        return status;
    call->reply = signposting;
    call->version = signposting->version;
    return STATUS_OK;
}

static status_t settle(service_call_t *call, outcome_t outcome)
{
    const Pcn__Referral__V1__SettleSignpostingRequest *request = call->request;
    status_t status = STATUS_OK;
    signposting_t *signposting = reached(call, request->id, &status);
    if (signposting == NULL)
        return status;
    if (call->header->has_expected_version && call->header->expected_version != signposting->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "It is at version %lld now", (long long)signposting->version);
    status = signposting_settle(signposting->outcome, outcome, request->avoided_appointment, call->problem);
    if (status != STATUS_OK)
        return status;
    signposting->outcome = outcome;
    signposting->has_avoided_appointment = request->avoided_appointment;
    signposting->avoided_appointment = request->avoided_appointment;
    signposting->version++;
    signposting->updated_at = (char *)(uintptr_t)call->now;
    return emit(call, "pcn.referral.signposting.settled", "signpostings", signposting->id, signposting->version, SIGNPOSTING_TYPE,
                signposting);
}

status_t decide_take_signposting(service_call_t *call)
{
    return settle(call, OUTCOME(TAKEN));
}

status_t decide_decline_signposting(service_call_t *call)
{
    return settle(call, OUTCOME(DECLINED));
}

status_t decide_measure_signpostings(service_call_t *call)
{
    const Pcn__Referral__V1__SignpostingMeasureRequest *request = call->request;
    const pb_type_t *measure_type = &pcn__referral__v1__signposting_measure__type, *need_type = &pcn__referral__v1__signposting_need__type;
    const pb_type_t *row_type = &pcn__referral__store__v1__measure_row__type;
    if (strcmp(request->to, request->from) < 0)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "The last day is before the first");
    const Pcn__Referral__Store__V1__MeasureRow *whole = call->row_count > 0 ? call->rows[0] : NULL;
    if (whole == NULL || (!whole->within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, "organisation", "There is no organisation %s", request->organisation);
    Pcn__Referral__V1__SignpostingMeasure *measure = pb_new(measure_type, call->arena);
    if (measure == NULL || (measure->needs = arena_alloc(call->arena, call->row_count * sizeof *measure->needs)) == NULL)
        return refuse_memory(call);
    pb_merge(measure_type, measure, row_type, whole);
    measure->organisation = request->organisation;
    measure->from = request->from;
    measure->to = request->to;
    for (size_t i = 1; i < call->row_count; i++) {
        Pcn__Referral__V1__SignpostingNeed *need = pb_new(need_type, call->arena);
        if (need == NULL)
            return refuse_memory(call);
        pb_merge(need_type, need, row_type, call->rows[i]);
        measure->needs[measure->n_needs++] = need;
    }
    call->reply = measure;
    return STATUS_OK;
}
