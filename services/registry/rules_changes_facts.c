// How verbs change facts: closing, and references that follow day by day.
#include <stdio.h>
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
        (void)snprintf(changes->problem->field, sizeof changes->problem->field, "on");
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

status_t changes_set_reference(changes_t *changes, changed_t *changed, const char *day, const char *field, const char *value)
{
    char *clear[1] = {(char *)(uintptr_t)field};
    organisation_t *patch = pb_new(ORGANISATION_TYPE, changes->arena);
    if (patch == NULL)
        return no_memory(changes);
    if (strcmp(field, "payee") == 0)
        patch->payee = (char *)(uintptr_t)value;
    else if (strcmp(field, "parent") == 0)
        patch->parent = (char *)(uintptr_t)value;
    else
        patch->place = (char *)(uintptr_t)value;
    return apply(changes, changed, day, patch, clear, value == NULL ? 1 : 0);
}

const char *changed_first_day(const changed_t *changed, const char *from)
{
    const char *opened_on = changed_on(changed, from)->opened_on;
    if (opened_on == NULL || strcmp(opened_on, from) <= 0)
        return from;
    // What is only proposed lies below something all the same, from today on.
    const char *today = changed->timeline != NULL ? timeline_today(changed->timeline) : opened_on;
    if (strcmp(opened_on, today) <= 0)
        return opened_on;
    return strcmp(from, today) > 0 ? from : today;
}

status_t changes_redirect(changes_t *changes, changed_t *changed, const char *field, const char *from, const char *before,
                          const char *value)
{
    status_t status = STATUS_OK;
    for (const char *day = changed_first_day(changed, from); day != NULL && status == STATUS_OK;
         day = timeline_next(changed->timeline, day)) {
        const organisation_t *facts = changed_on(changed, day);
        if (facts->status != STATUS_OF(CLOSED) && same_text(reference_of(facts, field), before))
            status = changes_set_reference(changes, changed, day, field, value);
    }
    return status;
}

status_t changes_redirect_payees(changes_t *changes, const changed_t *ending, const char *from, const char *value)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < changes->count && status == STATUS_OK; i++) {
        changed_t *network = &changes->all[i];
        if (network != ending && network->before != NULL && network->before->kind == KIND(NETWORK))
            status = changes_redirect(changes, network, "payee", from, ending->before->code, value);
    }
    return status;
}

bool changed_refers(const changed_t *changed, const char *field, const char *from, const char *value)
{
    for (const char *day = changed_first_day(changed, from); day != NULL; day = timeline_next(changed->timeline, day)) {
        const organisation_t *facts = changed_on(changed, day);
        if (facts->status != STATUS_OF(CLOSED) && same_text(reference_of(facts, field), value))
            return true;
    }
    return false;
}
