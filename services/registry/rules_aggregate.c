#include "services/registry/rules_aggregate.h"

#include <string.h>

#include "common/pb/message.h"

// The facts again, sharing all that hangs on them. NULL without memory.
static aggregate_t *copy(const aggregate_t *facts, arena_t *arena)
{
    aggregate_t *after = arena_alloc(arena, sizeof *after);
    if (after != NULL)
        *after = *facts;
    return after;
}

// A list of pointers with one more. NULL without memory.
static void *longer(void *const *list, size_t count, void *item, arena_t *arena)
{
    void **after = arena_alloc(arena, (count + 1) * sizeof *after);
    if (after == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        after[i] = list[i];
    after[count] = item;
    return after;
}

// False without memory. A code that is there already changes nothing.
static bool add_sub_group(aggregate_t *after, char *code, char *source, arena_t *arena)
{
    for (size_t i = 0; code != NULL && i < after->n_all_sub_groups; i++) {
        if (strcmp(after->all_sub_groups[i]->code, code) == 0)
            return true;
    }
    if (code == NULL)
        return true;
    sub_group_t *group = pb_new(SUB_GROUP_TYPE, arena);
    if (group == NULL)
        return false;
    group->code = code;
    group->source = source;
    after->all_sub_groups = longer((void *const *)after->all_sub_groups, after->n_all_sub_groups, group, arena);
    after->n_all_sub_groups++;
    return after->all_sub_groups != NULL;
}

aggregate_t *aggregate_with_member(const aggregate_t *facts, member_t *member, arena_t *arena)
{
    aggregate_t *after = copy(facts, arena);
    if (after == NULL)
        return NULL;
    after->all_members = longer((void *const *)facts->all_members, facts->n_all_members, member, arena);
    after->n_all_members++;
    return after->all_members != NULL && add_sub_group(after, member->sub_group, member->source, arena) ? after : NULL;
}

aggregate_t *aggregate_with_director(const aggregate_t *facts, director_t *director, arena_t *arena)
{
    aggregate_t *after = copy(facts, arena);
    if (after == NULL)
        return NULL;
    after->all_directors = longer((void *const *)facts->all_directors, facts->n_all_directors, director, arena);
    after->n_all_directors++;
    return after->all_directors != NULL ? after : NULL;
}

static bool same_list(const list_size_t *a, const list_size_t *b)
{
    const bool same_part =
        a->sub_group == NULL ? b->sub_group == NULL : b->sub_group != NULL && strcmp(a->sub_group, b->sub_group) == 0;
    return same_part && strcmp(a->organisation, b->organisation) == 0 && strcmp(a->as_of, b->as_of) == 0;
}

aggregate_t *aggregate_with_list_size(const aggregate_t *facts, list_size_t *size, arena_t *arena)
{
    aggregate_t *after = copy(facts, arena);
    if (after == NULL || !add_sub_group(after, size->sub_group, size->source, arena))
        return NULL;
    if (size->kind != SIZE_KIND(REGISTERED) || size->synthetic)
        return after;
    after->all_sizes = arena_alloc(arena, (facts->n_all_sizes + 1) * sizeof *after->all_sizes);
    if (after->all_sizes == NULL)
        return NULL;
    after->n_all_sizes = 0;
    for (size_t i = 0; i < facts->n_all_sizes; i++) {
        if (!same_list(facts->all_sizes[i], size))
            after->all_sizes[after->n_all_sizes++] = facts->all_sizes[i];
    }
    after->all_sizes[after->n_all_sizes++] = size;
    return after;
}

aggregate_t *aggregate_of_organisation(const organisation_t *organisation, arena_t *arena)
{
    aggregate_t *aggregate = pb_new(AGGREGATE_TYPE, arena);
    if (aggregate != NULL)
        pb_merge(AGGREGATE_TYPE, aggregate, ORGANISATION_TYPE, organisation);
    return aggregate;
}

organisation_t *organisation_of_aggregate(const aggregate_t *aggregate, arena_t *arena)
{
    organisation_t *organisation = pb_new(ORGANISATION_TYPE, arena);
    if (organisation != NULL)
        pb_merge(ORGANISATION_TYPE, organisation, AGGREGATE_TYPE, aggregate);
    return organisation;
}
