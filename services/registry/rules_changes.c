#include "services/registry/rules_changes.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_difference.h"
#include "services/registry/rules_facts.h"
#include "services/registry/rules_organisation.h"
#include "services/registry/rules_term.h"

static status_t no_memory(changes_t *changes)
{
    return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

// ---- the aggregates ----

static status_t add(changes_t *changes, const aggregate_t *row)
{
    changed_t *changed = &changes->all[changes->count];
    *changed = (changed_t){.before = row, .after = arena_alloc(changes->arena, sizeof *row)};
    if (changed->after == NULL)
        return no_memory(changes);
    *changed->after = *row;
    changes->count++;
    return timeline_new(row, changes->today, changes->now, changes->arena, &changed->timeline, changes->problem);
}

status_t changes_new(void *const *rows, size_t row_count, size_t more, const char *today, const char *now, arena_t *arena, changes_t **out,
                     problem_t *problem)
{
    changes_t *changes = arena_zero(arena, sizeof *changes);
    if (changes == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
    *changes = (changes_t){.today = today, .now = now, .arena = arena, .problem = problem};
    changes->all = arena_alloc(arena, (row_count + more + 1) * sizeof *changes->all);
    changes->record = pb_new(&pcn__registry__store__v1__changes__type, arena);
    if (changes->all == NULL || changes->record == NULL)
        return no_memory(changes);
    status_t status = STATUS_OK;
    for (size_t i = 0; i < row_count && status == STATUS_OK; i++)
        status = add(changes, rows[i]);
    *out = changes;
    return status;
}

changed_t *changes_find(const changes_t *changes, const char *code)
{
    for (size_t i = 0; code != NULL && i < changes->count; i++) {
        if (strcmp(changes->all[i].after->code, code) == 0)
            return &changes->all[i];
    }
    return NULL;
}

const organisation_t *changed_on(const changed_t *changed, const char *day)
{
    return timeline_on(changed->timeline, day);
}

const char *reference_of(const organisation_t *organisation, const char *field)
{
    if (strcmp(field, "payee") == 0)
        return organisation->payee;
    return strcmp(field, "parent") == 0 ? organisation->parent : organisation->place;
}

// The list with room for one more, which is doubled in time. NULL without memory.
static void *roomier(changes_t *changes, void *list, size_t count)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return list;
    void **longer = arena_alloc(changes->arena, (count > 0 ? 2 * count : 1) * sizeof *longer);
    if (longer != NULL && count > 0)
        memcpy(longer, list, count * sizeof *longer);
    return longer;
}

// A copy of the list without an item, or with another in its place. NULL without memory.
static void *replaced(changes_t *changes, void *const *list, size_t *count, const void *item, void *with)
{
    void **copy = arena_alloc(changes->arena, (*count + 1) * sizeof *copy);
    if (copy == NULL)
        return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        void *one = list[i] == item ? with : list[i];
        if (one != NULL)
            copy[kept++] = one;
    }
    *count = kept;
    return copy;
}

// ---- members and directors ----

const member_t *changed_member(const changed_t *network, const char *practice, const char *from)
{
    for (size_t i = 0; network->before != NULL && i < network->before->n_all_members; i++) {
        const member_t *member = network->before->all_members[i];
        if (strcmp(member->practice, practice) == 0 && strcmp(member->from, from) == 0)
            return member;
    }
    return NULL;
}

const director_t *changed_director(const changed_t *network, const char *name, const char *from)
{
    for (size_t i = 0; network->before != NULL && i < network->before->n_all_directors; i++) {
        const director_t *director = network->before->all_directors[i];
        if (strcmp(director->name, name) == 0 && strcmp(director->from, from) == 0)
            return director;
    }
    return NULL;
}

Pcn__Registry__Store__V1__MembershipRow *changes_membership_row(changes_t *changes, const changed_t *network, const member_t *member)
{
    Pcn__Registry__Store__V1__MembershipRow *row = pb_new(&pcn__registry__store__v1__membership_row__type, changes->arena);
    if (row == NULL)
        return NULL;
    row->network = network->after->code;
    row->practice = member->practice;
    row->from = member->from;
    row->to = member->to;
    row->sub_group = member->sub_group;
    row->source = member->source;
    row->has_from_assumed = member->has_from_assumed;
    row->from_assumed = member->from_assumed;
    return row;
}

static status_t set_member_end(changes_t *changes, changed_t *network, const member_t *member, const char *to, bool gone)
{
    changes_record_t *record = changes->record;
    Pcn__Registry__Store__V1__MembershipRow *row = changes_membership_row(changes, network, member);
    member_t *shorter = arena_alloc(changes->arena, sizeof *shorter);
    if (row == NULL || shorter == NULL)
        return no_memory(changes);
    *shorter = *member;
    shorter->to = row->to = (char *)(uintptr_t)to;
    aggregate_t *after = network->after;
    after->all_members = replaced(changes, (void *const *)after->all_members, &after->n_all_members, member, gone ? NULL : shorter);
    Pcn__Registry__Store__V1__MembershipRow ***list = gone ? &record->members_gone : &record->members_ended;
    size_t *count = gone ? &record->n_members_gone : &record->n_members_ended;
    *list = roomier(changes, *list, *count);
    if (after->all_members == NULL || *list == NULL)
        return no_memory(changes);
    (*list)[(*count)++] = row;
    network->touched = true;
    return STATUS_OK;
}

status_t changes_end_member(changes_t *changes, changed_t *network, const member_t *member, const char *to)
{
    return set_member_end(changes, network, member, to, to == NULL || strcmp(to, member->from) < 0);
}

status_t changes_resume_member(changes_t *changes, changed_t *network, const member_t *member, const char *to)
{
    return set_member_end(changes, network, member, to, false);
}

status_t changes_add_member(changes_t *changes, changed_t *network, member_t *member)
{
    changes_record_t *record = changes->record;
    Pcn__Registry__Store__V1__MembershipRow *row = changes_membership_row(changes, network, member);
    aggregate_t *after = aggregate_with_member(network->after, member, changes->arena);
    record->members_added = roomier(changes, record->members_added, record->n_members_added);
    if (row == NULL || after == NULL || record->members_added == NULL)
        return no_memory(changes);
    record->members_added[record->n_members_added++] = row;
    network->after = after;
    network->touched = true;
    return STATUS_OK;
}

Pcn__Registry__Store__V1__DirectorRow *changes_director_row(changes_t *changes, const changed_t *network, const director_t *director)
{
    Pcn__Registry__Store__V1__DirectorRow *row = pb_new(&pcn__registry__store__v1__director_row__type, changes->arena);
    if (row == NULL)
        return NULL;
    row->network = network->after->code;
    row->name = director->name;
    row->from = director->from;
    row->to = director->to;
    row->share = director->share;
    row->source = director->source;
    row->has_from_assumed = director->has_from_assumed;
    row->from_assumed = director->from_assumed;
    return row;
}

static status_t set_director_end(changes_t *changes, changed_t *network, const director_t *director, const char *to, bool gone)
{
    changes_record_t *record = changes->record;
    Pcn__Registry__Store__V1__DirectorRow *row = changes_director_row(changes, network, director);
    director_t *shorter = arena_alloc(changes->arena, sizeof *shorter);
    if (row == NULL || shorter == NULL)
        return no_memory(changes);
    *shorter = *director;
    shorter->to = row->to = (char *)(uintptr_t)to;
    aggregate_t *after = network->after;
    after->all_directors = replaced(changes, (void *const *)after->all_directors, &after->n_all_directors, director, gone ? NULL : shorter);
    Pcn__Registry__Store__V1__DirectorRow ***list = gone ? &record->directors_gone : &record->directors_ended;
    size_t *count = gone ? &record->n_directors_gone : &record->n_directors_ended;
    *list = roomier(changes, *list, *count);
    if (after->all_directors == NULL || *list == NULL)
        return no_memory(changes);
    (*list)[(*count)++] = row;
    network->touched = true;
    return STATUS_OK;
}

status_t changes_end_director(changes_t *changes, changed_t *network, const director_t *director, const char *to)
{
    return set_director_end(changes, network, director, to, to == NULL || strcmp(to, director->from) < 0);
}

status_t changes_resume_director(changes_t *changes, changed_t *network, const director_t *director, const char *to)
{
    return set_director_end(changes, network, director, to, false);
}

status_t changes_add_director(changes_t *changes, changed_t *network, director_t *director)
{
    changes_record_t *record = changes->record;
    Pcn__Registry__Store__V1__DirectorRow *row = changes_director_row(changes, network, director);
    aggregate_t *after = aggregate_with_director(network->after, director, changes->arena);
    record->directors_added = roomier(changes, record->directors_added, record->n_directors_added);
    if (row == NULL || after == NULL || record->directors_added == NULL)
        return no_memory(changes);
    record->directors_added[record->n_directors_added++] = row;
    network->after = after;
    network->touched = true;
    return STATUS_OK;
}

// ---- successions and new ones ----

status_t changes_succeed(changes_t *changes, changed_t *predecessor, changed_t *successor, const char *on, const char *manner, char *source)
{
    changes_record_t *record = changes->record;
    Pcn__Registry__Store__V1__Succession *row = pb_new(&pcn__registry__store__v1__succession__type, changes->arena);
    aggregate_t *before = predecessor->after, *after = successor->after;
    record->successions = roomier(changes, record->successions, record->n_successions);
    char **successors = arena_alloc(changes->arena, (before->n_successors + 1) * sizeof *successors);
    char **predecessors = arena_alloc(changes->arena, (after->n_predecessors + 1) * sizeof *predecessors);
    if (row == NULL || record->successions == NULL || successors == NULL || predecessors == NULL)
        return no_memory(changes);
    row->predecessor = before->code;
    row->successor = after->code;
    row->on = (char *)(uintptr_t)on;
    row->manner = (char *)(uintptr_t)manner;
    row->source = source;
    record->successions[record->n_successions++] = row;
    for (size_t i = 0; i < before->n_successors; i++)
        successors[i] = before->successors[i];
    for (size_t i = 0; i < after->n_predecessors; i++)
        predecessors[i] = after->predecessors[i];
    successors[before->n_successors++] = after->code;
    predecessors[after->n_predecessors++] = before->code;
    before->successors = successors;
    after->predecessors = predecessors;
    changed_touch(predecessor, on);
    changed_touch(successor, on);
    return STATUS_OK;
}

// Codes without one of them. False without memory.
static bool without(changes_t *changes, char ***codes, size_t *count, const char *code)
{
    char **kept = arena_alloc(changes->arena, (*count + 1) * sizeof *kept);
    size_t n = 0;
    for (size_t i = 0; kept != NULL && i < *count; i++) {
        if (strcmp((*codes)[i], code) != 0)
            kept[n++] = (*codes)[i];
    }
    *codes = kept;
    *count = n;
    return kept != NULL;
}

status_t changes_part(changes_t *changes, changed_t *predecessor, changed_t *successor, Pcn__Registry__Store__V1__Succession *gone)
{
    changes_record_t *record = changes->record;
    aggregate_t *before = predecessor->after, *after = successor->after;
    record->successions_gone = roomier(changes, record->successions_gone, record->n_successions_gone);
    if (record->successions_gone == NULL || !without(changes, &before->successors, &before->n_successors, after->code) ||
        !without(changes, &after->predecessors, &after->n_predecessors, before->code))
        return no_memory(changes);
    record->successions_gone[record->n_successions_gone++] = gone;
    changed_touch(predecessor, gone->on);
    changed_touch(successor, gone->on);
    return STATUS_OK;
}

status_t changes_create(changes_t *changes, organisation_t *organisation, changed_t **out)
{
    changes_record_t *record = changes->record;
    organisation->has_version = 1;
    organisation->version = 1;
    organisation->created_at = organisation->updated_at = (char *)(uintptr_t)changes->now;
    record->created = roomier(changes, record->created, record->n_created);
    changed_t *changed = &changes->all[changes->count];
    *changed = (changed_t){.after = aggregate_of_organisation(organisation, changes->arena), .touched = true, .head = organisation};
    if (record->created == NULL || changed->after == NULL)
        return no_memory(changes);
    record->created[record->n_created++] = organisation;
    changes->count++;
    *out = changed;
    return timeline_new(changed->after, changes->today, changes->now, changes->arena, &changed->timeline, changes->problem);
}

// ---- what is written ----

void changed_touch(changed_t *changed, const char *day)
{
    changed->touched = true;
    changed->since = earlier_day(changed->since, day);
}

// What is touched without a day is so at once.
static bool is_announced(const changes_t *changes, const changed_t *changed)
{
    if (timeline_changed(changed->timeline) && !timeline_only_coming(changed->timeline))
        return false;
    const char *first = earlier_day(changed->since, aggregate_difference(changed->before, changed->after, changes->arena));
    return first != NULL ? strcmp(first, changes->today) > 0 : !changed->touched;
}

static status_t record_one(changes_t *changes, changed_t *changed)
{
    changes_record_t *record = changes->record;
    timeline_record_t *written = timeline_record(changed->timeline);
    record->timelines = roomier(changes, record->timelines, record->n_timelines);
    if (written == NULL || record->timelines == NULL)
        return no_memory(changes);
    record->timelines[record->n_timelines++] = written;
    changed->head = written->head;
    changed->announced = is_announced(changes, changed);
    return STATUS_OK;
}

// A new one is as its days have become since it was made.
static status_t record_created(changes_t *changes, organisation_t *organisation)
{
    changes_record_t *record = changes->record;
    const timeline_record_t *written = timeline_record(changes_find(changes, organisation->code)->timeline);
    if (written == NULL)
        return no_memory(changes);
    for (unsigned i = 0; i < ORGANISATION_TYPE->descriptor->n_fields; i++) {
        if (fact_is(i))
            pb_copy_field(ORGANISATION_TYPE, organisation, written->head, i);
    }
    organisation->facts_from = written->head->facts_from;
    organisation->coming = written->head->coming;
    organisation->n_coming = written->head->n_coming;
    for (size_t i = 0; i < written->n_added; i++) {
        if (written->added[i]->superseded_at != NULL)
            continue; // nobody ever read it
        record->created_past = roomier(changes, record->created_past, record->n_created_past);
        if (record->created_past == NULL)
            return no_memory(changes);
        record->created_past[record->n_created_past++] = written->added[i];
    }
    return STATUS_OK;
}

status_t changes_record(changes_t *changes)
{
    for (size_t i = 0; i < changes->record->n_created; i++) {
        status_t status = record_created(changes, changes->record->created[i]);
        if (status != STATUS_OK)
            return status;
    }
    for (size_t i = 0; i < changes->count; i++) {
        changed_t *changed = &changes->all[i];
        if (changed->before != NULL && (changed->touched || timeline_changed(changed->timeline))) {
            status_t status = record_one(changes, changed);
            if (status != STATUS_OK)
                return status;
        }
        if (changed->head == NULL)
            continue;
        organisation_t *head = arena_alloc(changes->arena, sizeof *head);
        if (head == NULL)
            return no_memory(changes);
        // Beside the record, which holds facts alone.
        *head = *changed->head;
        head->predecessors = changed->after->predecessors;
        head->n_predecessors = changed->after->n_predecessors;
        head->successors = changed->after->successors;
        head->n_successors = changed->after->n_successors;
        changed->head = head;
    }
    changes->record->has_superseded_by = 1;
    changes->record->superseded_by = changes->corrects ? PCN__REGISTRY__V1__SUPERSEDED_BY__SUPERSEDED_BY_CORRECTION
                                                       : PCN__REGISTRY__V1__SUPERSEDED_BY__SUPERSEDED_BY_CHANGE;
    return STATUS_OK;
}

size_t changes_count(const changes_t *changes)
{
    size_t count = 0;
    for (size_t i = 0; i < changes->count; i++)
        count += changes->all[i].head != NULL ? 1 : 0;
    return count;
}
