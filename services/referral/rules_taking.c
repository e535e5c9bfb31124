#include "services/referral/rules_taking.h"

status_t taking_check(const taking_references_t *row, const char *service, const char *channel_field, problem_t *problem)
{
    const char *field = "service";
    if (row->patient_gone)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "patient", "The patient has died, or the record was merged into another");
    if (!row->has_service_status)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "There is no service %s", service);
    if (row->service_status != SERVICE_STATUS(ACTIVE))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "The service takes nobody at the moment");
    if (!row->service_offers)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, channel_field, "The service is not offered in that way");
    if (!row->accepts_caller)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "The service takes nothing from the caller's organisation");
    if (!row->serves)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "The service does not serve the patient's practice");
    return STATUS_OK;
}
