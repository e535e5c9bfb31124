// How verbs change facts: closing, and references that follow day by day.
#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_changes.h"
#include "services/registry/rules_term.h"

static status_t no_memory(changes_t *changes)
{
    return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

// A verb's day has another name than a change's.
static status_t apply(changes_t *changes, changed_t *changed, const char *day, const organisation_t *patch, char *const *clear,
                      size_t clear_count)
{
    status_t status = timeline_change(changed->timeline, day, patch, clear, clear_count, false, changes->problem);
    if (status != STATUS_OK && strcmp(changes->problem->field, "effectiveFrom") == 0)
        (void)strcpy(changes->problem->field, "on");
    return status;
}

status_t changes_close(changes_t *changes, changed_t *changed, const char *on)
{
    organisation_t *patch = pb_new(ORGANISATION_TYPE, changes->arena);
    if (patch == NULL)
        return no_memory(changes);
    patch->has_status = 1;
    patch->status = STATUS_OF(CLOSED);
    patch->closed_on = (char *)(uintptr_t)on;
    return apply(changes, changed, on, patch, NULL, 0);
}

static status_t set_reference(changes_t *changes, changed_t *changed, const char *day, const char *field, const char *value)
{
    char *clear[1] = {(char *)(uintptr_t)field};
    organisation_t *patch = pb_new(ORGANISATION_TYPE, changes->arena);
    if (patch == NULL)
        return no_memory(changes);
    if (strcmp(field, "parent") == 0)
        patch->parent = (char *)(uintptr_t)value;
    else
        patch->place = (char *)(uintptr_t)value;
    return apply(changes, changed, day, patch, clear, value == NULL ? 1 : 0);
}

static void take_next(const char *after, const char *candidate, const char **next)
{
    if (candidate != NULL && strcmp(candidate, after) > 0 && (*next == NULL || strcmp(candidate, *next) < 0))
        *next = candidate;
}

// The next day after this one on which facts changed, as it was loaded; NULL for none.
static const char *next_day(const changed_t *changed, const char *after)
{
    const char *next = NULL;
    const aggregate_t *row = changed->before;
    for (size_t i = 0; i < row->n_past; i++)
        take_next(after, row->past[i]->from, &next);
    take_next(after, row->facts_from, &next);
    for (size_t i = 0; i < row->n_coming; i++)
        take_next(after, row->coming[i]->from, &next);
    return next;
}

// Nothing is said of days before it opened.
static const char *first_day(const changed_t *changed, const char *from)
{
    const char *opened_on = changed_on(changed, from)->opened_on;
    return opened_on != NULL && strcmp(opened_on, from) > 0 ? opened_on : from;
}

status_t changes_refer(changes_t *changes, changed_t *changed, const char *field, const char *from, const char *to, const char *value)
{
    const char *after = NULL, *kept = NULL;
    from = first_day(changed, from);
    if (!term_ordered(from, to))
        return STATUS_OK;
    if (to != NULL && strcmp(to, changes->today) < 0) {
        after = day_after(to, changes->arena);
        if (after == NULL)
            return no_memory(changes);
        kept = reference_of(changed_on(changed, after), field);
    }
    status_t status = STATUS_OK;
    for (const char *day = from; day != NULL && term_ordered(day, to) && status == STATUS_OK; day = next_day(changed, day)) {
        if (!same_text(reference_of(changed_on(changed, day), field), value))
            status = set_reference(changes, changed, day, field, value);
    }
    if (status == STATUS_OK && after != NULL && !same_text(reference_of(changed_on(changed, after), field), kept))
        status = set_reference(changes, changed, after, field, kept);
    return status;
}

status_t changes_redirect(changes_t *changes, changed_t *changed, const char *field, const char *from, const char *before,
                          const char *value)
{
    status_t status = STATUS_OK;
    for (const char *day = first_day(changed, from); day != NULL && status == STATUS_OK; day = next_day(changed, day)) {
        const organisation_t *facts = changed_on(changed, day);
        if (facts->status != STATUS_OF(CLOSED) && same_text(reference_of(facts, field), before))
            status = set_reference(changes, changed, day, field, value);
    }
    return status;
}

bool changed_refers(const changed_t *changed, const char *field, const char *from, const char *value)
{
    for (const char *day = first_day(changed, from); day != NULL; day = next_day(changed, day)) {
        const organisation_t *facts = changed_on(changed, day);
        if (facts->status != STATUS_OF(CLOSED) && same_text(reference_of(facts, field), value))
            return true;
    }
    return false;
}

status_t changes_follow(changes_t *changes, const char *practice, const char *from, const char *to, const char *parent)
{
    changed_t *changed = changes_find(changes, practice);
    if (changed == NULL || changed->timeline == NULL || strcmp(from, changes->today) > 0)
        return STATUS_OK;
    return changes_refer(changes, changed, "parent", from, to, parent);
}
