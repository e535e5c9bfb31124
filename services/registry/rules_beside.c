#include "services/registry/rules_beside.h"

#include "services/registry/rules_term.h"

status_t fact_check(const aggregate_t *organisation, const stated_fact_t *fact, problem_t *problem)
{
    if (organisation->taken)
        return problem_set(problem, STATUS_ALREADY_EXISTS, "fact", "That source states %s of %s already", fact->fact, organisation->code);
    return STATUS_OK;
}

static status_t check_days(const char *from, const char *to, problem_t *problem)
{
    return term_ordered(from, to) ? STATUS_OK : problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "The last day is before the first");
}

status_t system_check(const aggregate_t *organisation, const system_profile_t *system, problem_t *problem)
{
    status_t status = check_days(system->from, system->to, problem);
    if (status != STATUS_OK)
        return status;
    if (organisation->kind != KIND(PRACTICE))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "code", "%s is no practice", organisation->code);
    if (organisation->taken)
        return problem_set(problem, STATUS_ALREADY_EXISTS, "from", "%s has a clinical system in those days", organisation->code);
    return STATUS_OK;
}

status_t alignment_check(const aggregate_t *organisation, const alignment_t *alignment, problem_t *problem)
{
    status_t status = check_days(alignment->from, alignment->to, problem);
    if (status != STATUS_OK)
        return status;
    if (organisation->kind != KIND(PRACTICE) && organisation->kind != KIND(NETWORK))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "code", "%s is neither a network nor a practice", organisation->code);
    if (alignment->provider != NULL && !organisation->has_named_kind)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "provider", "There is no organisation %s", alignment->provider);
    if (organisation->taken)
        return problem_set(problem, STATUS_ALREADY_EXISTS, "service", "%s serves %s in those days already", alignment->service,
                           organisation->code);
    return STATUS_OK;
}
