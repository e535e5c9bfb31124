#include "services/registry/rules_list_size.h"

#include <string.h>

#include "common/pb/message.h"

const list_size_t *list_size_on(const aggregate_t *facts, const char *organisation, const char *sub_group, const char *day)
{
    const list_size_t *latest = NULL;
    for (size_t i = 0; i < facts->n_all_sizes; i++) {
        const list_size_t *size = facts->all_sizes[i];
        const bool same_part =
            sub_group == NULL ? size->sub_group == NULL : size->sub_group != NULL && strcmp(size->sub_group, sub_group) == 0;
        if (same_part && strcmp(size->organisation, organisation) == 0 && strcmp(size->as_of, day) <= 0 &&
            (latest == NULL || strcmp(size->as_of, latest->as_of) > 0))
            latest = size;
    }
    return latest;
}

typedef struct sum {
    bool known; // all parts are, and there is one
    int64_t count;
    const char *as_of; // of the oldest part
} sum_t;

static void sum_add(sum_t *sum, const list_size_t *size)
{
    if (size == NULL) {
        sum->known = false;
        return;
    }
    sum->count += size->count;
    if (sum->as_of == NULL || strcmp(size->as_of, sum->as_of) < 0)
        sum->as_of = size->as_of;
}

static sum_t sum_members(const aggregate_t *facts, member_t *const *members, size_t member_count, const char *day)
{
    sum_t sum = {.known = member_count > 0};
    for (size_t i = 0; i < member_count && sum.known; i++)
        sum_add(&sum, list_size_on(facts, members[i]->practice, NULL, day));
    return sum;
}

// Of the sub-groups; a member outside of them is not counted by them, so then their sum is not the network's.
static sum_t sum_sub_groups(const aggregate_t *facts, member_t *const *members, size_t member_count, const char *day)
{
    sum_t sum = {.known = facts->n_all_sub_groups > 0};
    for (size_t i = 0; i < member_count; i++)
        sum.known = sum.known && members[i]->sub_group != NULL;
    for (size_t i = 0; i < facts->n_all_sub_groups && sum.known; i++)
        sum_add(&sum, list_size_on(facts, facts->code, facts->all_sub_groups[i]->code, day));
    return sum;
}

Pcn__Registry__V1__NetworkListSize *list_size_of_network(const aggregate_t *facts, member_t *const *members, size_t member_count,
                                                         const char *day, arena_t *arena)
{
    Pcn__Registry__V1__NetworkListSize *size = pb_new(&pcn__registry__v1__network_list_size__type, arena);
    if (size == NULL)
        return NULL;
    const list_size_t *stated = list_size_on(facts, facts->code, NULL, day);
    if (stated != NULL) {
        size->has_stated = 1;
        size->stated = stated->count;
        size->as_of = stated->as_of;
        size->source = stated->source;
    }
    const sum_t by_members = sum_members(facts, members, member_count, day);
    const sum_t sum = by_members.known ? by_members : sum_sub_groups(facts, members, member_count, day);
    if (sum.known) {
        size->has_computed = 1;
        size->computed = sum.count;
        size->computed_from = (char *)(by_members.known ? "members" : "sub-groups");
        if (size->as_of == NULL)
            size->as_of = (char *)sum.as_of;
    }
    if (size->as_of == NULL && (size->as_of = arena_string(arena, day)) == NULL)
        return NULL;
    if (size->has_stated && size->has_computed) {
        size->has_difference = 1;
        size->difference = size->computed - size->stated;
    }
    return size;
}

bool list_size_effective(const Pcn__Registry__V1__NetworkListSize *size, int64_t *count)
{
    if (size == NULL || (!size->has_computed && !size->has_stated))
        return false;
    *count = size->has_computed ? size->computed : size->stated;
    return true;
}
