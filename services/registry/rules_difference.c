#include "services/registry/rules_difference.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_term.h"
#include "services/registry/rules_waiver.h"

const char *earlier_day(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    return strcmp(a, b) <= 0 ? a : b;
}

const char *dated_field(const pb_type_t *type, const void *message, const char *name)
{
    const int field = pb_field_by_name(type, name);
    return field >= 0 ? *(char *const *)((const char *)message + type->descriptor->fields[field].offset) : NULL;
}

// Whether both say the same, or at least but for the last day.
static bool same(const pb_type_t *type, const void *a, const void *b, bool but_for_the_end)
{
    if (a == b)
        return true;
    const int end = but_for_the_end ? pb_field_by_name(type, "to") : -1;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        if ((int)i != end && !pb_same_field(type, a, b, i))
            return false;
    }
    return true;
}

static const char *first_day(const pb_type_t *type, const void *message)
{
    const char *from = message != NULL ? dated_field(type, message, "from") : NULL;
    return message != NULL && from == NULL ? "" : from;
}

const char *dated_difference(const pb_type_t *type, const void *before, const void *after, arena_t *arena)
{
    if (before == NULL || after == NULL)
        return first_day(type, before != NULL ? before : after);
    if (same(type, before, after, false))
        return NULL;
    if (!same(type, before, after, true))
        return earlier_day(first_day(type, before), first_day(type, after));
    const char *last = earlier_day(dated_field(type, before, "to"), dated_field(type, after, "to"));
    const char *next = day_after(last, arena);
    // Beyond the last day that can be written, and without memory, it is taken to differ on the day itself.
    return next != NULL ? next : last;
}

// What of the list a comes to in the other: the same, one that only ends on another day, or nothing.
static const void *counterpart(const pb_type_t *type, const void *one, void *const *others, size_t count)
{
    const void *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (same(type, one, others[i], false))
            return others[i];
        if (same(type, one, others[i], true))
            found = others[i];
    }
    return found;
}

// Each is looked at from both sides, so that neither what went nor what came is missed.
static const char *lists_difference(const pb_type_t *type, void *const *before, size_t before_count, void *const *after, size_t after_count,
                                    arena_t *arena)
{
    const char *first = NULL;
    if (before == after && before_count == after_count)
        return NULL;
    for (size_t i = 0; i < before_count; i++)
        first = earlier_day(first, dated_difference(type, before[i], counterpart(type, before[i], after, after_count), arena));
    for (size_t i = 0; i < after_count; i++)
        first = earlier_day(first, dated_difference(type, after[i], counterpart(type, after[i], before, before_count), arena));
    return first;
}

#define LISTS(list) (void *const *)before->list, before->n_##list, (void *const *)after->list, after->n_##list

const char *aggregate_difference(const aggregate_t *before, const aggregate_t *after, arena_t *arena)
{
    const char *first = lists_difference(MEMBER_TYPE, LISTS(all_members), arena);
    first = earlier_day(first, lists_difference(DIRECTOR_TYPE, LISTS(all_directors), arena));
    return earlier_day(first, lists_difference(WAIVER_TYPE, LISTS(all_waivers), arena));
}
