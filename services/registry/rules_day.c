#include "services/registry/rules_day.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/registry/rules_term.h"

const char *day_instant(const char *today, const char *now, arena_t *arena)
{
    int64_t us;
    char date[DATE_SIZE];
    if (!instant_parse(now, &us))
        return now;
    date_format(date_of_instant(us), date);
    // Midnight in UTC is of the same day in London all year.
    return strcmp(date, today) < 0 ? arena_printf(arena, "%sT00:00:00.000000Z", today) : now;
}

bool day_is_untold(const char *day, const char *updated_at, const char *today)
{
    int64_t us;
    char told[DATE_SIZE];
    if (day == NULL || strcmp(day, today) > 0 || updated_at == NULL || !instant_parse(updated_at, &us))
        return false;
    date_format(date_of_instant(us), told);
    return strcmp(day, told) > 0;
}

// The day after the last is there once the last one is over, and untold where the last one is not before that of the change.
static bool end_is_untold(const char *to, const char *updated_at, const char *today)
{
    int32_t days;
    char next[DATE_SIZE];
    if (to == NULL || !date_parse(to, &days))
        return false;
    date_format(days + 1, next);
    return day_is_untold(next, updated_at, today);
}

bool span_is_untold(const char *from, const char *to, const char *updated_at, const char *today)
{
    return day_is_untold(from, updated_at, today) || end_is_untold(to, updated_at, today);
}

#define UNTOLD(item) span_is_untold((item)->from, (item)->to, row->updated_at, today)

static bool has_untold(const aggregate_t *row, const char *today)
{
    bool untold = false;
    for (size_t i = 0; i < row->n_all_members && !untold; i++)
        untold = UNTOLD(row->all_members[i]);
    for (size_t i = 0; i < row->n_all_directors && !untold; i++)
        untold = UNTOLD(row->all_directors[i]);
    for (size_t i = 0; i < row->n_all_waivers && !untold; i++)
        untold = UNTOLD(row->all_waivers[i]);
    for (size_t i = 0; i < row->n_succession_days && !untold; i++)
        untold = day_is_untold(row->succession_days[i], row->updated_at, today);
    return untold;
}

status_t day_come(changes_t *changes, changed_t *changed)
{
    const aggregate_t *row = changed->before;
    const char *today = changes->today;
    organisation_t *beside = pb_new(ORGANISATION_TYPE, changes->arena);
    if (beside == NULL || (beside->systems = arena_alloc(changes->arena, (row->n_all_systems + 1) * sizeof *beside->systems)) == NULL ||
        (beside->alignments = arena_alloc(changes->arena, (row->n_all_alignments + 1) * sizeof *beside->alignments)) == NULL)
        return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
    for (size_t i = 0; i < row->n_all_systems; i++) {
        if (UNTOLD(row->all_systems[i]))
            beside->systems[beside->n_systems++] = row->all_systems[i];
    }
    for (size_t i = 0; i < row->n_all_alignments; i++) {
        if (UNTOLD(row->all_alignments[i]))
            beside->alignments[beside->n_alignments++] = row->all_alignments[i];
    }
    changed->beside = beside;
    if (has_untold(row, today) || beside->n_systems > 0 || beside->n_alignments > 0)
        changed_touch(changed, today);
    return STATUS_OK;
}
