#include "services/registry/rules_revoke.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_close_beside.h"
#include "services/registry/rules_facts.h"
#include "services/registry/rules_settle.h"
#include "services/registry/rules_term.h"

typedef Pcn__Registry__Store__V1__MembershipRow membership_row_t;
typedef Pcn__Registry__Store__V1__DirectorRow director_row_t;
typedef Pcn__Registry__Store__V1__UndoneMember undone_member_t;
typedef Pcn__Registry__Store__V1__UndoneDirector undone_director_t;
typedef Pcn__Registry__Store__V1__UndoneFact undone_fact_t;

static status_t no_memory(changes_t *changes)
{
    return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static status_t changed_since(changes_t *changes, const char *what)
{
    return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "on", "%s since it was announced: that has to be taken back first",
                       what != NULL ? what : "Something of it was changed");
}

// One that was changed by the verb is loaded with it.
static changed_t *find(changes_t *changes, const char *code, status_t *status)
{
    changed_t *changed = changes_find(changes, code);
    if (changed == NULL)
        *status = problem_set(changes->problem, STATUS_INTERNAL, NULL, "%s of an announcement was not loaded", code != NULL ? code : "One");
    return changed;
}

static status_t revoke_member(changes_t *changes, const undone_member_t *undone)
{
    const membership_row_t *row = undone->after != NULL ? undone->after : undone->before;
    status_t status = STATUS_OK;
    changed_t *network = find(changes, row->network, &status);
    if (network == NULL)
        return status;
    const member_t *member = changed_member(network, row->practice, row->from);
    const bool as_left = undone->after == NULL ? member == NULL : member != NULL && same_text(member->to, undone->after->to);
    if (!as_left)
        return changed_since(changes, arena_printf(changes->arena, "The membership of %s in %s from %s on was changed", row->practice,
                                                   row->network, row->from));
    if (undone->before == NULL)
        return changes_end_member(changes, network, member, NULL);
    if (undone->after != NULL)
        return changes_resume_member(changes, network, member, undone->before->to);
    member_t *again = pb_new(MEMBER_TYPE, changes->arena);
    const changed_t *practice = changes_find(changes, row->practice);
    if (again == NULL)
        return no_memory(changes);
    pb_merge(MEMBER_TYPE, again, &pcn__registry__store__v1__membership_row__type, row);
    again->name = practice != NULL ? practice->before->name : row->practice;
    return changes_add_member(changes, network, again);
}

static status_t revoke_director(changes_t *changes, const undone_director_t *undone)
{
    const director_row_t *row = undone->before;
    status_t status = STATUS_OK;
    changed_t *network = find(changes, row->network, &status);
    if (network == NULL)
        return status;
    const director_t *director = changed_director(network, row->name, row->from);
    const bool as_left = undone->after == NULL ? director == NULL : director != NULL && same_text(director->to, undone->after->to);
    if (!as_left)
        return changed_since(changes, arena_printf(changes->arena, "The term of %s from %s on was changed", row->name, row->from));
    if (undone->after != NULL)
        return changes_resume_director(changes, network, director, row->to);
    director_t *again = pb_new(DIRECTOR_TYPE, changes->arena);
    if (again == NULL)
        return no_memory(changes);
    pb_merge(DIRECTOR_TYPE, again, &pcn__registry__store__v1__director_row__type, row);
    return changes_add_director(changes, network, again);
}

// Whether the announcement itself says what becomes of that membership.
static bool is_undone(const announcement_t *announcement, const char *practice, const char *network, const char *from)
{
    for (size_t i = 0; i < announcement->n_members; i++) {
        const undone_member_t *undone = announcement->members[i];
        const membership_row_t *row = undone->after != NULL ? undone->after : undone->before;
        if (row != NULL && same_text(row->practice, practice) && same_text(row->network, network) && same_text(row->from, from))
            return true;
    }
    return false;
}

// A practice that has joined another network meanwhile cannot go on in its old one.
static status_t check_overlap(changes_t *changes, const announcement_t *announcement, const membership_row_t *row)
{
    const changed_t *practice = changes_find(changes, row->practice);
    for (size_t i = 0; practice != NULL && practice->before != NULL && i < practice->before->n_practice_memberships; i++) {
        const Pcn__Registry__Store__V1__Membership *other = practice->before->practice_memberships[i];
        if (!is_undone(announcement, row->practice, other->network, other->from) &&
            term_overlaps(row->from, row->to, other->from, other->to))
            return changed_since(
                changes, arena_printf(changes->arena, "%s became a member of %s from %s on", row->practice, other->network, other->from));
    }
    return STATUS_OK;
}

static status_t check_terms(changes_t *changes, const announcement_t *announcement, const director_row_t *row)
{
    const changed_t *network = changes_find(changes, row->network);
    for (size_t i = 0; network != NULL && i < network->before->n_all_directors; i++) {
        const director_t *other = network->before->all_directors[i];
        bool undone = false;
        for (size_t j = 0; j < announcement->n_directors; j++)
            undone = undone || (same_text(announcement->directors[j]->before->name, other->name) &&
                                same_text(announcement->directors[j]->before->from, other->from));
        if (!undone && same_text(row->name, other->name) && term_overlaps(row->from, row->to, other->from, other->to))
            return changed_since(changes, arena_printf(changes->arena, "%s became a director from %s on", row->name, other->from));
    }
    return STATUS_OK;
}

static status_t revoke_succession(changes_t *changes, Pcn__Registry__Store__V1__Succession *row)
{
    status_t status = STATUS_OK;
    changed_t *predecessor = find(changes, row->predecessor, &status), *successor = find(changes, row->successor, &status);
    return predecessor != NULL && successor != NULL ? changes_part(changes, predecessor, successor, row) : status;
}

// ---- facts ----

static status_t check_facts(changes_t *changes, const announcement_t *announcement)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < announcement->n_facts && status == STATUS_OK; i++) {
        const undone_fact_t *fact = announcement->facts[i];
        const changed_t *changed = find(changes, fact->code, &status);
        const int field = pb_field_by_json(ORGANISATION_TYPE, fact->field, strlen(fact->field));
        char *now;
        if (changed == NULL)
            return status;
        if (field < 0 || !announcement_becomes(changes, changed->timeline, fact->on, (unsigned)field, &now))
            return no_memory(changes);
        if (!same_text(now, fact->after))
            status = changed_since(changes, arena_printf(changes->arena, "%s of %s on %s was changed", fact->field, fact->code, fact->on));
    }
    return status;
}

// The fields that one organisation gets back on one day: those of announcement->facts from `first` on, until another day or organisation.
static status_t revoke_facts(changes_t *changes, const announcement_t *announcement, size_t first, size_t *next)
{
    const char *code = announcement->facts[first]->code, *day = announcement->facts[first]->on;
    changed_t *changed = changes_find(changes, code);
    const char *eve = day_before(day, changes->arena);
    organisation_t *patch = pb_new(ORGANISATION_TYPE, changes->arena);
    char **clear = arena_alloc(changes->arena, ORGANISATION_TYPE->descriptor->n_fields * sizeof *clear);
    size_t cleared = 0, i = first;
    if (eve == NULL || patch == NULL || clear == NULL)
        return no_memory(changes);
    const organisation_t *before = timeline_on(changed->timeline, eve);
    for (; i < announcement->n_facts; i++) {
        const undone_fact_t *fact = announcement->facts[i];
        if (strcmp(fact->code, code) != 0 || strcmp(fact->on, day) != 0)
            break;
        const unsigned field = (unsigned)pb_field_by_json(ORGANISATION_TYPE, fact->field, strlen(fact->field));
        organisation_t *value = facts_of(before, changes->arena);
        if (value == NULL)
            return no_memory(changes);
        status_t status = fact->before != NULL ? facts_apply(value, fact->before, changes->arena, changes->problem) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
        if (pb_has(ORGANISATION_TYPE, value, field))
            pb_copy_field(ORGANISATION_TYPE, patch, value, field);
        else
            clear[cleared++] = (char *)(uintptr_t)ORGANISATION_TYPE->descriptor->fields[field].name;
    }
    *next = i;
    return timeline_change(changed->timeline, day, patch, clear, cleared, false, changes->problem);
}

// ---- those that were to be made ----

static bool belongs(const announcement_t *announcement, const char *code, const Pcn__Registry__Store__V1__DatedFact *fact)
{
    if (strcmp(fact->kind, "member") == 0)
        return is_undone(announcement, fact->who, code, fact->from);
    if (strcmp(fact->kind, "membership") == 0)
        return is_undone(announcement, code, fact->who, fact->from);
    if (strcmp(fact->kind, "predecessor") == 0)
        return same_text(fact->who, announcement->code);
    for (size_t i = 0; strcmp(fact->kind, "below") == 0 && i < announcement->n_facts; i++) {
        if (same_text(announcement->facts[i]->code, fact->who))
            return true;
    }
    return false;
}

// It closes today without ever having opened.
static status_t unmake(changes_t *changes, const announcement_t *announcement, const char *code)
{
    status_t status = STATUS_OK;
    const changed_t *part = find(changes, code, &status);
    if (part == NULL)
        return status;
    for (size_t i = 0; i < part->before->n_dated; i++) {
        const Pcn__Registry__Store__V1__DatedFact *fact = part->before->dated[i];
        if (!belongs(announcement, code, fact))
            return changed_since(changes, arena_printf(changes->arena, "%s got something on record (%s%s%s)", code, fact->kind,
                                                       fact->who != NULL ? " " : "", fact->who != NULL ? fact->who : ""));
    }
    char *clear[] = {(char *)(uintptr_t) "opened_on"};
    organisation_t *proposed = pb_new(ORGANISATION_TYPE, changes->arena), *closed = pb_new(ORGANISATION_TYPE, changes->arena);
    if (proposed == NULL || closed == NULL)
        return no_memory(changes);
    proposed->has_status = closed->has_status = 1;
    proposed->status = STATUS_OF(PROPOSED);
    closed->status = STATUS_OF(CLOSED);
    closed->closed_on = (char *)(uintptr_t)changes->today;
    // What was to come is taken away first, as a change holds until the field changes anyway.
    for (const char *day = timeline_next(part->timeline, changes->today); day != NULL && status == STATUS_OK;
         day = timeline_next(part->timeline, day))
        status = timeline_change(part->timeline, day, proposed, NULL, 0, false, changes->problem);
    return status == STATUS_OK ? timeline_change(part->timeline, changes->today, closed, clear, 1, false, changes->problem) : status;
}

// ---- all of it ----

static status_t check(changes_t *changes, const char *code, const char *about, const char *on, const announcement_t *announcement)
{
    if (strcmp(on, changes->today) <= 0)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "on", "Only what is still to come can be taken back");
    if (announcement == NULL)
        return problem_set(changes->problem, STATUS_NOT_FOUND, "on", "Nothing was announced of %s for %s that could be taken back",
                           about != NULL ? about : code, on);
    status_t status = check_facts(changes, announcement);
    for (size_t i = 0; i < announcement->n_members && status == STATUS_OK; i++) {
        if (announcement->members[i]->before != NULL)
            status = check_overlap(changes, announcement, announcement->members[i]->before);
    }
    for (size_t i = 0; i < announcement->n_directors && status == STATUS_OK; i++)
        status = check_terms(changes, announcement, announcement->directors[i]->before);
    return status;
}

status_t announcement_revoke(changes_t *changes, const char *code, const char *about, const char *on, const announcement_t *announcement)
{
    status_t status = check(changes, code, about, on, announcement);
    for (size_t i = 0; status == STATUS_OK && i < announcement->n_members; i++)
        status = revoke_member(changes, announcement->members[i]);
    for (size_t i = 0; status == STATUS_OK && i < announcement->n_directors; i++)
        status = revoke_director(changes, announcement->directors[i]);
    if (status == STATUS_OK)
        status = close_beside_revoke(changes, announcement);
    for (size_t i = 0; status == STATUS_OK && i < announcement->n_successions; i++)
        status = revoke_succession(changes, announcement->successions[i]);
    for (size_t i = 0; status == STATUS_OK && i < announcement->n_facts;)
        status = revoke_facts(changes, announcement, i, &i);
    // Where a practice lies on days that were recorded since follows its memberships, as always.
    if (status == STATUS_OK && announcement->n_members > 0)
        status = changes_settle(changes, on, NULL);
    for (size_t i = 0; status == STATUS_OK && i < announcement->n_created; i++)
        status = unmake(changes, announcement, announcement->created[i]);
    if (status != STATUS_OK)
        return status;
    announcement_t *revoked = pb_new(&pcn__registry__store__v1__announcement__type, changes->arena);
    if (revoked == NULL)
        return no_memory(changes);
    revoked->code = (char *)(uintptr_t)code;
    revoked->about = (char *)(uintptr_t)about;
    revoked->on = (char *)(uintptr_t)on;
    changes->record->revoked = revoked;
    return STATUS_OK;
}
