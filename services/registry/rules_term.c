#include "services/registry/rules_term.h"

#include <stddef.h>
#include <string.h>

#include "common/base/clock.h"

bool term_holds(const char *from, const char *to, const char *day)
{
    return strcmp(from, day) <= 0 && (to == NULL || strcmp(day, to) <= 0);
}

bool term_overlaps(const char *from, const char *to, const char *other_from, const char *other_to)
{
    return (other_to == NULL || strcmp(from, other_to) <= 0) && (to == NULL || strcmp(other_from, to) <= 0);
}

bool term_ordered(const char *from, const char *to)
{
    return to == NULL || strcmp(from, to) <= 0;
}

// Days that cannot be written come out as the nearest that can.
static char *shifted(const char *day, int32_t by, arena_t *arena)
{
    int32_t days;
    char text[DATE_SIZE];
    if (!date_parse(day, &days))
        return NULL;
    date_format(days + by, text);
    return strcmp(text, day) != 0 ? arena_string(arena, text) : NULL;
}

char *day_before(const char *day, arena_t *arena)
{
    return shifted(day, -1, arena);
}

char *day_after(const char *day, arena_t *arena)
{
    return shifted(day, 1, arena);
}
