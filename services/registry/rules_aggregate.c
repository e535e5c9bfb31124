#include "services/registry/rules_aggregate.h"

#include <string.h>

#include "common/pb/field.h"
#include "common/pb/message.h"

// The facts again, sharing all that hangs on them. NULL without memory.
static aggregate_t *copy(const aggregate_t *facts, arena_t *arena)
{
    aggregate_t *after = arena_alloc(arena, sizeof *after);
    if (after != NULL)
        *after = *facts;
    return after;
}

// A list of pointers with one more, in the order in which they are loaded, so that an event and a read of the same version say the same.
// NULL without memory.
static void *longer(void *const *list, size_t count, void *item, int (*compare)(const void *, const void *), arena_t *arena)
{
    void **after = arena_alloc(arena, (count + 1) * sizeof *after);
    size_t at = 0;
    if (after == NULL)
        return NULL;
    for (; at < count && compare(list[at], item) <= 0; at++)
        after[at] = list[at];
    after[at] = item;
    for (; at < count; at++)
        after[at + 1] = list[at];
    return after;
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int compare_sub_groups(const void *a, const void *b)
{
    return compare_text(((const sub_group_t *)a)->code, ((const sub_group_t *)b)->code);
}

static int compare_members(const void *a, const void *b)
{
    const member_t *left = a, *right = b;
    const int order = compare_text(left->practice, right->practice);
    return order != 0 ? order : compare_text(left->from, right->from);
}

static int compare_directors(const void *a, const void *b)
{
    const director_t *left = a, *right = b;
    const int order = compare_text(left->from, right->from);
    return order != 0 ? order : compare_text(left->name, right->name);
}

static int compare_sizes(const void *a, const void *b)
{
    const list_size_t *left = a, *right = b;
    int order = compare_text(left->organisation, right->organisation);
    if (order == 0)
        order = compare_text(left->sub_group, right->sub_group);
    return order != 0 ? order : compare_text(left->as_of, right->as_of);
}

// As RECORDED_SIZES has them: by day, then kind and sub-group.
static int compare_recorded(const void *a, const void *b)
{
    const list_size_t *left = a, *right = b;
    const pb_enum_t *kinds = LIST_SIZE_TYPE->fields[pb_field_by_name(LIST_SIZE_TYPE, "kind")].enumeration;
    int order = compare_text(left->as_of, right->as_of);
    if (order == 0)
        order = compare_text(pb_enum_json(kinds, (int)left->kind), pb_enum_json(kinds, (int)right->kind));
    if (order == 0)
        order = compare_text(left->sub_group, right->sub_group);
    return order != 0 ? order : (left->synthetic ? 1 : 0) - (right->synthetic ? 1 : 0);
}

// The list with the size in it, in the place of the one that `compare` tells no difference to. NULL without memory.
static list_size_t **with_size(list_size_t **sizes, size_t *count, list_size_t *size, int (*compare)(const void *, const void *),
                               arena_t *arena)
{
    for (size_t i = 0; i < *count; i++) {
        if (compare(sizes[i], size) != 0)
            continue;
        list_size_t **after = arena_alloc(arena, *count * sizeof *after);
        if (after == NULL)
            return NULL;
        memcpy(after, sizes, *count * sizeof *after);
        after[i] = size;
        return after;
    }
    return longer((void *const *)sizes, (*count)++, size, compare, arena);
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
    after->all_sub_groups = longer((void *const *)after->all_sub_groups, after->n_all_sub_groups, group, compare_sub_groups, arena);
    after->n_all_sub_groups++;
    return after->all_sub_groups != NULL;
}

aggregate_t *aggregate_with_member(const aggregate_t *facts, member_t *member, arena_t *arena)
{
    aggregate_t *after = copy(facts, arena);
    if (after == NULL)
        return NULL;
    after->all_members = longer((void *const *)facts->all_members, facts->n_all_members, member, compare_members, arena);
    after->n_all_members++;
    return after->all_members != NULL && add_sub_group(after, member->sub_group, member->source, arena) ? after : NULL;
}

aggregate_t *aggregate_with_director(const aggregate_t *facts, director_t *director, arena_t *arena)
{
    aggregate_t *after = copy(facts, arena);
    if (after == NULL)
        return NULL;
    after->all_directors = longer((void *const *)facts->all_directors, facts->n_all_directors, director, compare_directors, arena);
    after->n_all_directors++;
    return after->all_directors != NULL ? after : NULL;
}

aggregate_t *aggregate_with_list_size(const aggregate_t *facts, list_size_t *size, arena_t *arena)
{
    aggregate_t *after = copy(facts, arena);
    if (after == NULL || !add_sub_group(after, size->sub_group, size->source, arena))
        return NULL;
    after->recorded_sizes = with_size(facts->recorded_sizes, &after->n_recorded_sizes, size, compare_recorded, arena);
    if (after->recorded_sizes == NULL)
        return NULL;
    if (size->kind != SIZE_KIND(REGISTERED) || size->synthetic)
        return after;
    after->all_sizes = with_size(facts->all_sizes, &after->n_all_sizes, size, compare_sizes, arena);
    return after->all_sizes != NULL ? after : NULL;
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

organisation_t *organisation_for_event(const aggregate_t *aggregate, arena_t *arena)
{
    organisation_t *organisation = organisation_of_aggregate(aggregate, arena);
    if (organisation != NULL) {
        organisation->list_sizes = aggregate->recorded_sizes;
        organisation->n_list_sizes = aggregate->n_recorded_sizes;
    }
    return organisation;
}
