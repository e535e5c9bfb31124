#include "services/referral/rules_signposting.h"

status_t signposting_settle(outcome_t before, outcome_t after, bool avoided, problem_t *problem)
{
    if (before != OUTCOME(SUGGESTED))
        return problem_set(problem, STATUS_ABORTED, NULL, "It was settled before: it was %s",
                           before == OUTCOME(TAKEN) ? "taken" : "declined");
    if (avoided && after != OUTCOME(TAKEN))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "avoidedAppointment", "Only what is taken avoids an appointment");
    return STATUS_OK;
}
