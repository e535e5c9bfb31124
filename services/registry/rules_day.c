#include "services/registry/rules_day.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
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

static status_t follow(changes_t *changes, changed_t *changed)
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

// ---- what is told ----

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

static status_t tell(changes_t *changes, changed_t *changed)
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

status_t day_come(changes_t *changes, changed_t *changed)
{
    status_t status = follow(changes, changed);
    return status == STATUS_OK ? tell(changes, changed) : status;
}
