#include "services/registry/rules_membership.h"

#include <string.h>

#include "services/registry/rules_term.h"

#define SHARE_WHOLE 1000

static status_t check_span(const aggregate_t *network, const char *from, const char *to, problem_t *problem)
{
    if (!term_ordered(from, to))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "It cannot end before it begins, on %s", from);
    if (network->opened_on != NULL && strcmp(from, network->opened_on) < 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "from", "The network opened on %s", network->opened_on);
    if (network->closed_on == NULL)
        return STATUS_OK;
    if (strcmp(from, network->closed_on) >= 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "from", "The network closes on %s", network->closed_on);
    if (to == NULL || strcmp(to, network->closed_on) >= 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "to", "It must end before %s, when the network closes", network->closed_on);
    return STATUS_OK;
}

status_t member_check(const aggregate_t *network, const member_t *member, problem_t *problem)
{
    status_t status = check_span(network, member->from, member->to, problem);
    if (status != STATUS_OK)
        return status;
    if (network->practice == NULL)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "practice", "There is no organisation %s", member->practice);
    if (network->practice->kind != KIND(PRACTICE))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "practice", "%s is no practice", member->practice);
    for (size_t i = 0; i < network->n_practice_memberships; i++) {
        const Pcn__Registry__Store__V1__Membership *other = network->practice_memberships[i];
        if (!term_overlaps(member->from, member->to, other->from, other->to))
            continue;
        return problem_set(problem, STATUS_ALREADY_EXISTS, "practice",
                           "%s is a member of %s from %s%s%s; a practice has one core network at a time", member->practice, other->network,
                           other->from, other->to != NULL ? " to " : " on", other->to != NULL ? other->to : "");
    }
    return STATUS_OK;
}

// Thousandths of "0.5"; the contract's pattern has been checked.
static int share_milli(const char *share)
{
    if (share == NULL)
        return 0;
    int value = share[0] == '1' ? SHARE_WHOLE : 0;
    int unit = SHARE_WHOLE / 10;
    for (const char *c = share[1] == '.' ? share + 2 : ""; *c != '\0'; c++, unit /= 10)
        value += (*c - '0') * unit;
    return value;
}

// What is known of the shares on a day, the new term's included.
static int share_on(const aggregate_t *network, const director_t *director, const char *day)
{
    int sum = share_milli(director->share);
    for (size_t i = 0; i < network->n_all_directors; i++) {
        const director_t *other = network->all_directors[i];
        if (term_holds(other->from, other->to, day))
            sum += share_milli(other->share);
    }
    return sum;
}

status_t director_check(const aggregate_t *network, const director_t *director, problem_t *problem)
{
    status_t status = check_span(network, director->from, director->to, problem);
    if (status != STATUS_OK)
        return status;
    if (director->share != NULL && share_milli(director->share) == 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "share", "A share is more than nothing");
    for (size_t i = 0; i < network->n_all_directors; i++) {
        const director_t *other = network->all_directors[i];
        if (strcmp(other->name, director->name) == 0 && term_overlaps(director->from, director->to, other->from, other->to))
            return problem_set(problem, STATUS_ALREADY_EXISTS, "name", "That director has a term from %s%s%s", other->from,
                               other->to != NULL ? " to " : " on", other->to != NULL ? other->to : "");
    }
    if (director->share == NULL)
        return STATUS_OK;
    // The sum only grows where a term begins: looking at those days is enough.
    bool passes = share_on(network, director, director->from) > SHARE_WHOLE;
    for (size_t i = 0; i < network->n_all_directors && !passes; i++) {
        const char *begins = network->all_directors[i]->from;
        passes = term_holds(director->from, director->to, begins) && share_on(network, director, begins) > SHARE_WHOLE;
    }
    if (passes)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "share", "The shares of the post would pass 1");
    return STATUS_OK;
}

status_t list_size_check(const aggregate_t *organisation, const list_size_t *size, bool correction, const char *today, problem_t *problem)
{
    if (strcmp(size->as_of, today) > 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "asOf", "A list cannot be counted in the future");
    if (size->sub_group != NULL && organisation->kind != KIND(NETWORK))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "subGroup", "Only a network has sub-groups");
    if (correction && organisation->list_size_taken == NULL)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "asOf", "That list was not counted for %s: there is nothing to correct",
                           size->as_of);
    if (!correction && organisation->list_size_taken != NULL)
        return problem_set(problem, STATUS_ALREADY_EXISTS, "asOf", "That list was counted for %s already", size->as_of);
    return STATUS_OK;
}
