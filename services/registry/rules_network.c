#include "services/registry/rules_network.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_findings.h"
#include "services/registry/rules_list_size.h"
#include "services/registry/rules_term.h"

#define ASSUMPTIONS_MAX 4
#define MISSING_MAX 6

static bool pick_members(network_t *network, const aggregate_t *facts, const char *day, arena_t *arena)
{
    network->members = arena_alloc(arena, (facts->n_all_members + 1) * sizeof *network->members);
    if (network->members == NULL)
        return false;
    for (size_t i = 0; i < facts->n_all_members; i++) {
        if (term_holds(facts->all_members[i]->from, facts->all_members[i]->to, day))
            network->members[network->n_members++] = facts->all_members[i];
    }
    return true;
}

static bool pick_directors(network_t *network, const aggregate_t *facts, const char *day, arena_t *arena)
{
    network->directors = arena_alloc(arena, (facts->n_all_directors + 1) * sizeof *network->directors);
    if (network->directors == NULL)
        return false;
    for (size_t i = 0; i < facts->n_all_directors; i++) {
        if (term_holds(facts->all_directors[i]->from, facts->all_directors[i]->to, day))
            network->directors[network->n_directors++] = facts->all_directors[i];
    }
    return true;
}

static bool pick_waivers(network_t *network, const aggregate_t *facts, const char *day, arena_t *arena)
{
    network->waivers = arena_alloc(arena, (facts->n_all_waivers + 1) * sizeof *network->waivers);
    if (network->waivers == NULL)
        return false;
    for (size_t i = 0; i < facts->n_all_waivers; i++) {
        if (term_holds(facts->all_waivers[i]->from, facts->all_waivers[i]->to, day))
            network->waivers[network->n_waivers++] = facts->all_waivers[i];
    }
    return true;
}

static sub_group_t *sub_group_on(const network_t *network, const aggregate_t *facts, const sub_group_t *recorded, const char *day,
                                 arena_t *arena)
{
    sub_group_t *group = pb_new(SUB_GROUP_TYPE, arena);
    char **practices = arena_alloc(arena, (network->n_members + 1) * sizeof *practices);
    if (group == NULL || practices == NULL)
        return NULL;
    group->code = recorded->code;
    group->source = recorded->source;
    group->practices = practices;
    for (size_t i = 0; i < network->n_members; i++) {
        if (network->members[i]->sub_group != NULL && strcmp(network->members[i]->sub_group, group->code) == 0)
            group->practices[group->n_practices++] = network->members[i]->practice;
    }
    const list_size_t *size = list_size_on(facts, facts->code, group->code, day);
    if (size != NULL) {
        group->has_stated_list_size = 1;
        group->stated_list_size = size->count;
        if (group->source == NULL)
            group->source = size->source;
    }
    return group;
}

static bool pick_sub_groups(network_t *network, const aggregate_t *facts, const char *day, arena_t *arena)
{
    network->sub_groups = arena_alloc(arena, (facts->n_all_sub_groups + 1) * sizeof *network->sub_groups);
    if (network->sub_groups == NULL)
        return false;
    for (size_t i = 0; i < facts->n_all_sub_groups; i++) {
        sub_group_t *group = sub_group_on(network, facts, facts->all_sub_groups[i], day, arena);
        if (group == NULL)
            return false;
        network->sub_groups[network->n_sub_groups++] = group;
    }
    return true;
}

static bool register_network(network_t *network, const char *day, arena_t *arena)
{
    Pcn__Registry__V1__Registration *registration = pb_new(&pcn__registry__v1__registration__type, arena);
    char **missing = arena_alloc(arena, MISSING_MAX * sizeof *missing);
    if (registration == NULL || missing == NULL)
        return false;
    size_t count = 0;
    if (network->n_members == 0)
        missing[count++] = (char *)"members";
    if (!network->list_size->has_stated && !network->list_size->has_computed)
        missing[count++] = (char *)"list-size";
    if (network->mapped_area == NULL)
        missing[count++] = (char *)"mapped-area";
    if (network->n_directors == 0)
        missing[count++] = (char *)"clinical-director";
    if (network->payee == NULL)
        missing[count++] = (char *)"payee";
    if (network->agreement_on == NULL || strcmp(network->agreement_on, day) > 0)
        missing[count++] = (char *)"network-agreement";
    registration->missing = missing;
    registration->n_missing = count;
    registration->has_complete = 1;
    registration->complete = count == 0;
    network->registration = registration;
    return true;
}

// Adds the sentence; false where it could not be made.
static bool assume(network_t *network, char *sentence)
{
    if (sentence != NULL)
        network->assumptions[network->n_assumptions++] = sentence;
    return sentence != NULL;
}

static bool assume_all(network_t *network, arena_t *arena)
{
    network->assumptions = arena_alloc(arena, ASSUMPTIONS_MAX * sizeof *network->assumptions);
    if (network->assumptions == NULL)
        return false;
    size_t members = 0, directors = 0;
    const char *first = NULL;
    for (size_t i = 0; i < network->n_members; i++) {
        if (!network->members[i]->from_assumed)
            continue;
        members++;
        if (first == NULL || strcmp(network->members[i]->from, first) < 0)
            first = network->members[i]->from;
    }
    for (size_t i = 0; i < network->n_directors; i++)
        directors += network->directors[i]->from_assumed ? 1 : 0;
    bool good = true;
    if (members > 0)
        good = assume(network, arena_printf(arena, "No source gives the first day of %zu of the memberships: they are taken to start on %s",
                                            members, first));
    if (directors > 0)
        good =
            good && assume(network, arena_printf(arena, "No source gives the first day of %zu of the directors: it is assumed", directors));
    int64_t count;
    const char *as_of = network->list_size->as_of;
    if (list_size_effective(network->list_size, &count) && strcmp(as_of + 4, "-01-01") != 0)
        good = good && assume(network, arena_printf(arena, "The list size of %s stands for that of 1 January", as_of));
    if (network->payee == NULL)
        good = good && assume(network, (char *)"No payee is named: the network itself is taken to be the one that is paid");
    return good;
}

// Since when the payee of the day is closed on it; NULL where it is not.
static const char *payee_closed_from(const network_t *network, const aggregate_t *facts, const char *day)
{
    const Pcn__Registry__Store__V1__ClosedPayee *closed = facts->closed_payee;
    if (closed == NULL || network->payee == NULL || strcmp(closed->code, network->payee) != 0 || strcmp(closed->from, day) > 0)
        return NULL;
    return closed->from;
}

network_t *network_on(const aggregate_t *facts, const char *day, arena_t *arena)
{
    network_t *network = pb_new(NETWORK_TYPE, arena);
    if (network == NULL)
        return NULL;
    pb_merge(NETWORK_TYPE, network, AGGREGATE_TYPE, facts);
    if (network->n_coming > 0)
        network->facts_to = day_before(network->coming[0]->from, arena);
    if (!pick_members(network, facts, day, arena) || !pick_directors(network, facts, day, arena) ||
        !pick_sub_groups(network, facts, day, arena) || !pick_waivers(network, facts, day, arena))
        return NULL;
    network->list_size = list_size_of_network(facts, network->members, network->n_members, day, arena);
    if (network->list_size == NULL || !register_network(network, day, arena) ||
        !network_find(network, payee_closed_from(network, facts, day), arena) || !assume_all(network, arena))
        return NULL;
    return network;
}

network_t *network_for_event(const aggregate_t *facts, const char *day, arena_t *arena)
{
    network_t *network = network_on(facts, day, arena);
    if (network == NULL)
        return NULL;
    network->members = facts->all_members;
    network->n_members = facts->n_all_members;
    network->directors = facts->all_directors;
    network->n_directors = facts->n_all_directors;
    network->waivers = facts->all_waivers;
    network->n_waivers = facts->n_all_waivers;
    network->list_sizes = facts->recorded_sizes;
    network->n_list_sizes = facts->n_recorded_sizes;
    return network;
}
