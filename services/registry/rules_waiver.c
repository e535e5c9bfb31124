#include "services/registry/rules_waiver.h"

#include <string.h>

#include "services/registry/rules_term.h"

static bool is_above(const aggregate_t *network, const char *code)
{
    for (size_t i = 0; i < network->n_above; i++) {
        if (strcmp(network->above[i], code) == 0)
            return true;
    }
    return false;
}

status_t waiver_check(const aggregate_t *network, const waiver_t *waiver, problem_t *problem)
{
    if (!term_ordered(waiver->from, waiver->to))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "It cannot end before it begins, on %s", waiver->from);
    if (network->opened_on != NULL && strcmp(waiver->from, network->opened_on) < 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "from", "The network opened on %s", network->opened_on);
    if (network->closed_on != NULL && strcmp(waiver->from, network->closed_on) >= 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "from", "The network closes on %s", network->closed_on);
    if (waiver->granted_by == NULL && network->commissioner == NULL)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "grantedBy", "The network has no commissioner");
    if (waiver->granted_by != NULL && !is_above(network, waiver->granted_by))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "grantedBy", "%s is no commissioner above %s", waiver->granted_by,
                           network->code);
    for (size_t i = 0; i < network->n_all_waivers; i++) {
        const waiver_t *other = network->all_waivers[i];
        if (term_overlaps(waiver->from, waiver->to, other->from, other->to))
            return problem_set(problem, STATUS_ALREADY_EXISTS, "from", "A waiver holds from %s%s%s", other->from,
                               other->to != NULL ? " to " : " on", other->to != NULL ? other->to : "");
    }
    return STATUS_OK;
}

aggregate_t *aggregate_with_waiver(const aggregate_t *network, waiver_t *waiver, arena_t *arena)
{
    aggregate_t *after = arena_alloc(arena, sizeof *after);
    waiver_t **waivers = arena_alloc(arena, (network->n_all_waivers + 1) * sizeof *waivers);
    if (after == NULL || waivers == NULL)
        return NULL;
    *after = *network;
    for (size_t i = 0; i < network->n_all_waivers; i++)
        waivers[i] = network->all_waivers[i];
    waivers[after->n_all_waivers++] = waiver;
    after->all_waivers = waivers;
    if (waiver->granted_by == NULL)
        waiver->granted_by = network->commissioner;
    return after;
}
