#include "services/registry/rules_opening.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_facts.h"
#include "services/registry/rules_organisation.h"
#include "services/registry/rules_term.h"

// An opening and a close.
#define COMING_MAX 2

typedef Pcn__Registry__V1__ComingChange coming_change_t;
typedef Pcn__Registry__V1__HistoryEntry history_entry_t;

static status_t no_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static bool add_coming(organisation_t *organisation, char *from, const char *changes, const char *now, arena_t *arena)
{
    coming_change_t *change = pb_new(&pcn__registry__v1__coming_change__type, arena);
    if (organisation->coming == NULL)
        organisation->coming = arena_alloc(arena, COMING_MAX * sizeof *organisation->coming);
    if (change == NULL || changes == NULL || organisation->coming == NULL)
        return false;
    change->from = from;
    change->changes = (char *)(uintptr_t)changes;
    change->recorded_at = (char *)(uintptr_t)now;
    organisation->coming[organisation->n_coming++] = change;
    return true;
}

// It closed before: until the day before it was open, since ever or since it opened. False without memory.
static bool add_past(organisation_t *organisation, const char *now, arena_t *arena, creation_t *creation)
{
    const char *last = day_before(organisation->closed_on, arena);
    history_entry_t *entry = pb_new(&pcn__registry__v1__history_entry__type, arena);
    creation->past = arena_alloc(arena, sizeof *creation->past);
    if (last == NULL || entry == NULL || creation->past == NULL || (entry->organisation = facts_of(organisation, arena)) == NULL)
        return false;
    entry->organisation->status = STATUS_OF(ACTIVE);
    entry->organisation->closed_on = NULL;
    entry->to = (char *)(uintptr_t)last;
    entry->recorded_at = (char *)(uintptr_t)now;
    creation->past[creation->n_past++] = entry;
    organisation->facts_from = organisation->closed_on;
    return true;
}

static bool is_to_come(const char *day, const char *today)
{
    return day != NULL && strcmp(day, today) > 0;
}

status_t organisation_begin(organisation_t *organisation, const char *today, const char *now, arena_t *arena, creation_t *creation,
                            problem_t *problem)
{
    const bool said = organisation->has_status;
    organisation_complete(organisation);
    status_t status = organisation_check(organisation, problem);
    if (status != STATUS_OK)
        return status;
    const bool expressly_proposed = organisation->status == STATUS_OF(PROPOSED);
    char *const closes = is_to_come(organisation->closed_on, today) ? organisation->closed_on : NULL;
    creation->organisation = organisation;
    creation->open_until = organisation->closed_on;
    if (organisation->closed_on != NULL && closes == NULL) {
        if (said && organisation->status != STATUS_OF(CLOSED))
            return problem_set(problem, STATUS_INVALID_ARGUMENT, "status", "It closed on %s", organisation->closed_on);
        organisation->status = STATUS_OF(CLOSED);
        // One that closed on the day on which it opened never was open.
        const bool was_open = organisation->opened_on == NULL || strcmp(organisation->opened_on, organisation->closed_on) < 0;
        return !was_open || add_past(organisation, now, arena, creation) ? STATUS_OK : no_memory(problem);
    }
    bool good = true;
    organisation->status = expressly_proposed ? STATUS_OF(PROPOSED) : STATUS_OF(ACTIVE);
    if (is_to_come(organisation->opened_on, today)) {
        organisation->status = STATUS_OF(PROPOSED);
        const bool opens = !expressly_proposed && (closes == NULL || strcmp(organisation->opened_on, closes) < 0);
        good = !opens || add_coming(organisation, organisation->opened_on, "{\"status\":\"active\"}", now, arena);
    }
    if (closes != NULL) {
        organisation->closed_on = NULL;
        good = good &&
               add_coming(organisation, closes, arena_printf(arena, "{\"status\":\"closed\",\"closedOn\":\"%s\"}", closes), now, arena);
    }
    if (organisation->status == STATUS_OF(PROPOSED))
        organisation->facts_from = (char *)(uintptr_t)today;
    return good ? STATUS_OK : no_memory(problem);
}

status_t opening_check(const organisation_t *facts, const char *from, const char *today, problem_t *problem)
{
    if (facts->status != STATUS_OF(CLOSED) && facts->closed_on != NULL)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "closedOn",
                           "Only what is closed has a day on which it closed: POST /v1/organisations/%s:close closes it", facts->code);
    if (facts->status == STATUS_OF(CLOSED) && from != NULL && strcmp(facts->closed_on, from) > 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "closedOn", "It is closed from %s on already", from);
    if (facts->status == STATUS_OF(ACTIVE) && is_to_come(facts->opened_on, today) && (from == NULL || strcmp(facts->opened_on, from) > 0))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "openedOn", "By its status it is open before %s: until then it is proposed",
                           facts->opened_on);
    return STATUS_OK;
}
