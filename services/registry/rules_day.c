#include "services/registry/rules_day.h"

#include <string.h>

#include "services/registry/rules_term.h"

typedef Pcn__Registry__Store__V1__Membership membership_t;

static const membership_t *membership_today(const aggregate_t *practice, const char *today)
{
    for (size_t i = 0; i < practice->n_practice_memberships; i++) {
        const membership_t *membership = practice->practice_memberships[i];
        if (term_holds(membership->from, membership->to, today))
            return membership;
    }
    return NULL;
}

// The latest one that is over.
static const membership_t *membership_before(const aggregate_t *practice, const char *today)
{
    const membership_t *latest = NULL;
    for (size_t i = 0; i < practice->n_practice_memberships; i++) {
        const membership_t *membership = practice->practice_memberships[i];
        if (membership->to != NULL && strcmp(membership->to, today) < 0 && (latest == NULL || strcmp(latest->to, membership->to) < 0))
            latest = membership;
    }
    return latest;
}

static bool lies_below(const changed_t *changed, const char *day, const char *network)
{
    const char *parent = changed_on(changed, day)->parent;
    return parent != NULL && strcmp(parent, network) == 0;
}

// From the day after the last to the day before the next membership, or until further notice.
static status_t leave(changes_t *changes, changed_t *changed, const membership_t *left, const membership_t *next)
{
    const aggregate_t *practice = changed->before;
    const char *from = day_after(left->to, changes->arena);
    const char *to = next != NULL ? day_before(next->from, changes->arena) : NULL;
    if (from == NULL || (next != NULL && to == NULL))
        return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
    if (!term_ordered(from, to) || !lies_below(changed, from, left->network))
        return STATUS_OK;
    return changes_follow(changes, practice->code, from, to, practice->falls_to);
}

status_t day_come(changes_t *changes, changed_t *changed)
{
    const aggregate_t *practice = changed->before;
    if (practice->kind != KIND(PRACTICE))
        return STATUS_OK;
    const membership_t *current = membership_today(practice, changes->today);
    const membership_t *left = membership_before(practice, changes->today);
    if (current != NULL && lies_below(changed, changes->today, current->network))
        return STATUS_OK;
    const bool open = changed_on(changed, changes->today)->status != STATUS_OF(CLOSED);
    status_t status = left != NULL && open ? leave(changes, changed, left, current) : STATUS_OK;
    if (status == STATUS_OK && current != NULL)
        status = changes_follow(changes, practice->code, current->from, current->to, current->network);
    return status;
}
