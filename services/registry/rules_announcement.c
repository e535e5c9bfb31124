#include "services/registry/rules_announcement.h"

#include <string.h>

#include "common/base/buf.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/pb/param.h"
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

// ---- fields by day ----

// What the field becomes on the day, as JSON of an object with it alone; NULL in *text where it is what it was the day before. False
// without memory.
static bool becomes(changes_t *changes, const timeline_t *timeline, const char *day, unsigned field, char **text)
{
    const char *eve = day_before(day, changes->arena);
    *text = NULL;
    if (eve == NULL)
        return false;
    const organisation_t *before = timeline_on(timeline, eve), *after = timeline_on(timeline, day);
    if (pb_same_field(ORGANISATION_TYPE, before, after, field))
        return true;
    buf_t json;
    buf_init(&json, PB_PARAM_JSON_MAX);
    buf_printf(&json, "{\"%s\":", ORGANISATION_TYPE->fields[field].json);
    if (pb_has(ORGANISATION_TYPE, after, field))
        pb_json_write_field(ORGANISATION_TYPE, after, field, &json);
    else
        buf_add_string(&json, "null");
    buf_add_char(&json, '}');
    *text = buf_ok(&json) ? arena_copy(changes->arena, json.data, json.size) : NULL;
    buf_deinit(&json);
    return *text != NULL;
}

// ---- making ----

static membership_row_t *membership_before(changes_t *changes, const membership_row_t *row)
{
    const changed_t *network = changes_find(changes, row->network);
    const member_t *member = network != NULL ? changed_member(network, row->practice, row->from) : NULL;
    return member != NULL ? changes_membership_row(changes, network, member) : NULL;
}

static director_row_t *term_before(changes_t *changes, const director_row_t *row)
{
    const changed_t *network = changes_find(changes, row->network);
    const director_t *director = network != NULL ? changed_director(network, row->name, row->from) : NULL;
    return director != NULL ? changes_director_row(changes, network, director) : NULL;
}

static status_t make_members(changes_t *changes, announcement_t *announcement)
{
    const changes_record_t *record = changes->record;
    const size_t ended = record->n_members_ended, gone = record->n_members_gone, added = record->n_members_added;
    announcement->members = arena_alloc(changes->arena, (ended + gone + added + 1) * sizeof *announcement->members);
    for (size_t i = 0; announcement->members != NULL && i < ended + gone + added; i++) {
        undone_member_t *undone = pb_new(&pcn__registry__store__v1__undone_member__type, changes->arena);
        membership_row_t *row = i < ended          ? record->members_ended[i]
                                : i < ended + gone ? record->members_gone[i - ended]
                                                   : record->members_added[i - ended - gone];
        if (undone == NULL)
            return no_memory(changes);
        if (i < ended + gone && (undone->before = membership_before(changes, row)) == NULL)
            return no_memory(changes);
        if (i < ended || i >= ended + gone)
            undone->after = row;
        announcement->members[announcement->n_members++] = undone;
    }
    return announcement->members != NULL ? STATUS_OK : no_memory(changes);
}

static status_t make_directors(changes_t *changes, announcement_t *announcement)
{
    const changes_record_t *record = changes->record;
    const size_t ended = record->n_directors_ended, gone = record->n_directors_gone;
    announcement->directors = arena_alloc(changes->arena, (ended + gone + 1) * sizeof *announcement->directors);
    for (size_t i = 0; announcement->directors != NULL && i < ended + gone; i++) {
        undone_director_t *undone = pb_new(&pcn__registry__store__v1__undone_director__type, changes->arena);
        director_row_t *row = i < ended ? record->directors_ended[i] : record->directors_gone[i - ended];
        if (undone == NULL || (undone->before = term_before(changes, row)) == NULL)
            return no_memory(changes);
        undone->after = i < ended ? row : NULL;
        announcement->directors[announcement->n_directors++] = undone;
    }
    return announcement->directors != NULL ? STATUS_OK : no_memory(changes);
}

// The list with room for one more, which is doubled in time. NULL without memory.
static void *roomier(arena_t *arena, void *list, size_t count)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return list;
    void **longer = arena_alloc(arena, (count > 0 ? 2 * count : 1) * sizeof *longer);
    if (longer != NULL && count > 0)
        memcpy(longer, list, count * sizeof *longer);
    return longer;
}

static status_t make_fact(changes_t *changes, const changed_t *changed, const timeline_t *stood, const char *day, unsigned field,
                          announcement_t *announcement)
{
    char *before, *after;
    if (!becomes(changes, stood, day, field, &before) || !becomes(changes, changed->timeline, day, field, &after))
        return no_memory(changes);
    if (same_text(before, after))
        return STATUS_OK;
    undone_fact_t *undone = pb_new(&pcn__registry__store__v1__undone_fact__type, changes->arena);
    announcement->facts = roomier(changes->arena, announcement->facts, announcement->n_facts);
    if (undone == NULL || announcement->facts == NULL)
        return no_memory(changes);
    undone->code = changed->after->code;
    undone->on = (char *)(uintptr_t)day;
    undone->field = (char *)(uintptr_t)ORGANISATION_TYPE->fields[field].json;
    undone->before = before;
    undone->after = after;
    announcement->facts[announcement->n_facts++] = undone;
    return STATUS_OK;
}

// Day by day, so that what is made of earlier days is there for later ones.
static status_t make_facts(changes_t *changes, const changed_t *changed, announcement_t *announcement)
{
    timeline_t *stood;
    status_t status = timeline_new(changed->before, changes->today, changes->now, changes->arena, &stood, changes->problem);
    for (const char *day = changes->today; day != NULL && status == STATUS_OK;) {
        const char *next = timeline_next(stood, day), *other = timeline_next(changed->timeline, day);
        day = next == NULL || (other != NULL && strcmp(other, next) < 0) ? other : next;
        for (unsigned i = 0; day != NULL && i < ORGANISATION_TYPE->descriptor->n_fields && status == STATUS_OK; i++) {
            if (fact_is(i))
                status = make_fact(changes, changed, stood, day, i, announcement);
        }
    }
    return status;
}

status_t announcement_make(changes_t *changes, const char *code, const char *about, const char *on, const char *verb)
{
    if (strcmp(on, changes->today) <= 0)
        return STATUS_OK;
    announcement_t *announcement = pb_new(&pcn__registry__store__v1__announcement__type, changes->arena);
    if (announcement == NULL)
        return no_memory(changes);
    announcement->code = (char *)(uintptr_t)code;
    announcement->on = (char *)(uintptr_t)on;
    announcement->about = (char *)(uintptr_t)about;
    announcement->verb = (char *)(uintptr_t)verb;
    announcement->codes = arena_alloc(changes->arena, (changes->count + 1) * sizeof *announcement->codes);
    announcement->created = arena_alloc(changes->arena, (changes->count + 1) * sizeof *announcement->created);
    if (announcement->codes == NULL || announcement->created == NULL)
        return no_memory(changes);
    announcement->successions = changes->record->successions;
    announcement->n_successions = changes->record->n_successions;
    announcement->systems = changes->record->systems;
    announcement->n_systems = changes->record->n_systems;
    announcement->alignments = changes->record->alignments;
    announcement->n_alignments = changes->record->n_alignments;
    announcement->waivers = changes->record->waivers;
    announcement->n_waivers = changes->record->n_waivers;
    status_t status = make_members(changes, announcement);
    if (status == STATUS_OK)
        status = make_directors(changes, announcement);
    for (size_t i = 0; i < changes->count && status == STATUS_OK; i++) {
        const changed_t *changed = &changes->all[i];
        if (changed->before == NULL)
            announcement->created[announcement->n_created++] = changed->after->code;
        else if (timeline_changed(changed->timeline))
            status = make_facts(changes, changed, announcement);
        else if (!changed->touched)
            continue;
        announcement->codes[announcement->n_codes++] = changed->after->code;
    }
    changes->record->announced = announcement;
    return status;
}

// ---- taking back ----

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
        if (field < 0 || !becomes(changes, changed->timeline, fact->on, (unsigned)field, &now))
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
