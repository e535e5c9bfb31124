#include "services/registry/rules_term.h"

#include <stddef.h>
#include <string.h>

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
