#include "services/registry/rules_succession.h"

#include <stdio.h>
#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_close_beside.h"
#include "services/registry/rules_organisation.h"
#include "services/registry/rules_settle.h"
#include "services/registry/rules_term.h"

// Who goes on: everything goes to the one, or to the one that names it.
typedef struct heirs {
    changes_t *changes;
    changed_t *ending;
    changed_t **heirs;
    size_t count;
    const split_request_t *split; // NULL for a merger
    const char *on, *last;        // first day without it, last day of it
    char *source;
} heirs_t;

static status_t no_memory(changes_t *changes)
{
    return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static bool names(const Pcn__Registry__V1__SplitPart *part, const char *code)
{
    for (size_t i = 0; i < part->n_members; i++) {
        if (strcmp(part->members[i], code) == 0)
            return true;
    }
    return false;
}

// Never NULL once the members were checked.
static changed_t *heir_of(const heirs_t *heirs, const char *code)
{
    for (size_t i = 0; heirs->split != NULL && i < heirs->count; i++) {
        if (names(heirs->split->into[i], code))
            return heirs->heirs[i];
    }
    return heirs->split == NULL ? heirs->heirs[0] : NULL;
}

static bool goes_on(const member_t *member, const char *on)
{
    return member->to == NULL || strcmp(member->to, on) >= 0;
}

static bool is_member(const aggregate_t *network, const char *practice, const char *on)
{
    for (size_t i = 0; i < network->n_all_members; i++) {
        if (strcmp(network->all_members[i]->practice, practice) == 0 && goes_on(network->all_members[i], on))
            return true;
    }
    return false;
}

// The membership from the day on, in another network: what was to come stays as it is.
static member_t *carried(const heirs_t *heirs, const member_t *member)
{
    member_t *copy = pb_new(MEMBER_TYPE, heirs->changes->arena);
    if (copy == NULL)
        return NULL;
    pb_merge(MEMBER_TYPE, copy, MEMBER_TYPE, member);
    copy->sub_group = NULL;
    copy->source = heirs->source != NULL ? heirs->source : member->source;
    if (strcmp(member->from, heirs->on) >= 0)
        return copy;
    copy->from = (char *)(uintptr_t)heirs->on;
    copy->has_from_assumed = 0;
    copy->from_assumed = 0;
    return copy;
}

static status_t end_member(const heirs_t *heirs, changed_t *network, const member_t *member)
{
    return changes_end_member(heirs->changes, network, member, heirs->last);
}

// A network's members.
static status_t hand_over_members(const heirs_t *heirs)
{
    const aggregate_t *network = heirs->ending->before;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < network->n_all_members && status == STATUS_OK; i++) {
        const member_t *member = network->all_members[i];
        if (!goes_on(member, heirs->on))
            continue;
        changed_t *heir = heir_of(heirs, member->practice);
        member_t *copy = carried(heirs, member);
        if (copy == NULL)
            return no_memory(heirs->changes);
        status = end_member(heirs, heirs->ending, member);
        if (status == STATUS_OK)
            status = changes_add_member(heirs->changes, heir, copy);
    }
    return status;
}

static status_t end_directors(const heirs_t *heirs)
{
    const aggregate_t *network = heirs->ending->before;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < network->n_all_directors && status == STATUS_OK; i++) {
        const director_t *director = network->all_directors[i];
        if (director->to == NULL || strcmp(director->to, heirs->on) >= 0)
            status = changes_end_director(heirs->changes, heirs->ending, director, heirs->last);
    }
    return status;
}

// A practice's own memberships end; those that a split makes of it go on in its network.
static status_t leave_networks(const heirs_t *heirs)
{
    const char *practice = heirs->ending->before->code;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < heirs->changes->count && status == STATUS_OK; i++) {
        changed_t *network = &heirs->changes->all[i];
        const aggregate_t *before = network->before;
        for (size_t j = 0; before != NULL && j < before->n_all_members && status == STATUS_OK; j++) {
            const member_t *member = before->all_members[j];
            if (strcmp(member->practice, practice) != 0 || !goes_on(member, heirs->on))
                continue;
            status = end_member(heirs, network, member);
            for (size_t k = 0; heirs->split != NULL && k < heirs->count && status == STATUS_OK; k++) {
                member_t *copy = carried(heirs, member);
                if (copy == NULL)
                    return no_memory(heirs->changes);
                copy->practice = heirs->heirs[k]->after->code;
                copy->name = heirs->heirs[k]->after->name;
                status = changes_add_member(heirs->changes, network, copy);
            }
        }
    }
    return status;
}

// Whether it lies below the one that ends on some day from then on.
static bool is_child(const heirs_t *heirs, const changed_t *changed, const char *field)
{
    return changed != heirs->ending && changed->before != NULL && changed_refers(changed, field, heirs->on, heirs->ending->before->code);
}

static status_t redirect_children(const heirs_t *heirs)
{
    static const char *const fields[] = {"parent", "place"};
    status_t status = STATUS_OK;
    for (size_t i = 0; i < heirs->changes->count && status == STATUS_OK; i++) {
        changed_t *changed = &heirs->changes->all[i];
        for (size_t j = 0; j < sizeof fields / sizeof *fields && status == STATUS_OK; j++) {
            if (!is_child(heirs, changed, fields[j]))
                continue;
            const changed_t *heir = heir_of(heirs, changed->before->code);
            status = changes_redirect(heirs->changes, changed, fields[j], heirs->on, heirs->ending->before->code, heir->after->code);
        }
    }
    return status;
}

static status_t hand_over(const heirs_t *heirs, const char *manner)
{
    const organisation_kind_t kind = heirs->ending->before->kind;
    status_t status = STATUS_OK;
    if (kind == KIND(NETWORK)) {
        status = hand_over_members(heirs);
        if (status == STATUS_OK)
            status = end_directors(heirs);
    }
    if (status == STATUS_OK && kind == KIND(PRACTICE))
        status = leave_networks(heirs);
    if (status == STATUS_OK)
        status = changes_settle(heirs->changes, heirs->on, NULL);
    if (status == STATUS_OK)
        status = redirect_children(heirs);
    // Which of several is paid for another network is nothing that follows from a split.
    if (status == STATUS_OK && heirs->split == NULL)
        status = changes_redirect_payees(heirs->changes, heirs->ending, heirs->on, heirs->heirs[0]->after->code);
    if (status == STATUS_OK)
        status = close_beside(heirs->changes, heirs->ending, heirs->on, heirs->split == NULL ? heirs->heirs[0]->after->code : NULL, false);
    for (size_t i = 0; i < heirs->count && status == STATUS_OK; i++)
        status = changes_succeed(heirs->changes, heirs->ending, heirs->heirs[i], heirs->on, manner, heirs->source);
    return status == STATUS_OK ? changes_close(heirs->changes, heirs->ending, heirs->on) : status;
}

// Whether it may end on the day.
static status_t check_end(changes_t *changes, const changed_t *ending, const char *on)
{
    const char *closed = timeline_closed_from(ending->timeline);
    if (closed != NULL)
        return problem_set(changes->problem, STATUS_ALREADY_EXISTS, "code", "%s is closed from %s on", ending->before->code, closed);
    const char *opened = changed_on(ending, on)->opened_on;
    if (opened != NULL && strcmp(on, opened) <= 0)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "on", "%s opened on %s", ending->before->code, opened);
    return STATUS_OK;
}

static status_t set_last_day(heirs_t *heirs)
{
    heirs->last = day_before(heirs->on, heirs->changes->arena);
    return heirs->last != NULL ? STATUS_OK : no_memory(heirs->changes);
}

// ---- merging ----

// A sub-icb took the place of ccgs.
static bool may_merge(organisation_kind_t ending, organisation_kind_t into)
{
    return ending == into || (ending == KIND(CCG) && into == KIND(SUB_ICB));
}

static status_t check_into(changes_t *changes, const changed_t *ending, const changed_t *into, const char *on)
{
    const char *code = into->before->code;
    if (into == ending)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "into", "%s cannot merge into itself", code);
    if (!may_merge(ending->before->kind, into->before->kind))
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "into", "%s is of another kind than %s", code,
                           ending->before->code);
    if (into->before->below)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "into", "%s lies below %s", code, ending->before->code);
    const char *closed = timeline_closed_from(into->timeline);
    if (closed != NULL)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "into", "%s is closed from %s on", code, closed);
    const char *opened = changed_on(into, on)->opened_on;
    if (opened != NULL && strcmp(on, opened) < 0)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "into", "%s opened on %s", code, opened);
    return STATUS_OK;
}

status_t succession_merge(changes_t *changes, const merge_request_t *request)
{
    changed_t *into = changes_find(changes, request->into);
    heirs_t heirs = {.changes = changes,
                     .ending = changes_find(changes, request->code),
                     .heirs = &into,
                     .count = 1,
                     .on = request->on,
                     .source = request->source};
    status_t status = check_end(changes, heirs.ending, request->on);
    if (status == STATUS_OK)
        status = check_into(changes, heirs.ending, into, request->on);
    if (status == STATUS_OK)
        status = set_last_day(&heirs);
    return status == STATUS_OK ? hand_over(&heirs, "merge") : status;
}

// ---- splitting ----

// Whether it has to be named by a part.
static bool is_below(const heirs_t *heirs, const char *code)
{
    const changed_t *changed = changes_find(heirs->changes, code);
    if (heirs->ending->before->kind == KIND(NETWORK) && is_member(heirs->ending->before, code, heirs->on))
        return true;
    return changed != NULL && (is_child(heirs, changed, "parent") || is_child(heirs, changed, "place"));
}

static status_t check_part(const heirs_t *heirs, size_t index)
{
    const split_request_t *split = heirs->split;
    problem_t *problem = heirs->changes->problem;
    const Pcn__Registry__V1__SplitPart *part = split->into[index];
    char field[64];
    (void)snprintf(field, sizeof field, "into[%zu].code", index);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(split->into[i]->code, part->code) == 0)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "%s is named twice", part->code);
    }
    if (changes_find(heirs->changes, part->code) != NULL)
        return problem_set(problem, STATUS_ALREADY_EXISTS, field, "There is an organisation %s already", part->code);
    for (size_t i = 0; i < part->n_members; i++) {
        (void)snprintf(field, sizeof field, "into[%zu].members[%zu]", index, i);
        if (!is_below(heirs, part->members[i]))
            return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "%s is no member of %s on %s", part->members[i], split->code,
                               split->on);
        bool twice = false;
        for (size_t j = 0; j < index; j++)
            twice = twice || names(split->into[j], part->members[i]);
        for (size_t j = 0; j < i; j++)
            twice = twice || strcmp(part->members[j], part->members[i]) == 0;
        if (twice)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "%s is named twice", part->members[i]);
    }
    return STATUS_OK;
}

static void leave_out(const heirs_t *heirs, const char *code, char *list, size_t size)
{
    bool named = false;
    for (size_t i = 0; i < heirs->split->n_into; i++)
        named = named || names(heirs->split->into[i], code);
    const size_t used = strlen(list);
    if (!named)
        (void)snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", code);
}

// Nothing falls out silently.
static status_t check_all_named(const heirs_t *heirs)
{
    char list[256] = "";
    const aggregate_t *ending = heirs->ending->before;
    for (size_t i = 0; i < ending->n_all_members; i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again = again || (goes_on(ending->all_members[j], heirs->on) &&
                              strcmp(ending->all_members[j]->practice, ending->all_members[i]->practice) == 0);
        if (goes_on(ending->all_members[i], heirs->on) && !again)
            leave_out(heirs, ending->all_members[i]->practice, list, sizeof list);
    }
    for (size_t i = 0; i < heirs->changes->count; i++) {
        const changed_t *changed = &heirs->changes->all[i];
        if (!is_member(ending, changed->after->code, heirs->on) &&
            (is_child(heirs, changed, "parent") || is_child(heirs, changed, "place")))
            leave_out(heirs, changed->before->code, list, sizeof list);
    }
    if (list[0] == '\0')
        return STATUS_OK;
    return problem_set(heirs->changes->problem, STATUS_FAILED_PRECONDITION, "into", "No part names %s", list);
}

// Parent and place are those of the one that ends on all days after the first, too.
static status_t go_on_like(const heirs_t *heirs, changed_t *part, const char *first)
{
    static const char *const fields[] = {"parent", "place"};
    const changed_t *ending = part->like = heirs->ending;
    status_t status = STATUS_OK;
    for (const char *day = timeline_next(ending->timeline, first); day != NULL; day = timeline_next(ending->timeline, day)) {
        for (size_t i = 0; i < sizeof fields / sizeof *fields && status == STATUS_OK; i++) {
            const char *is = reference_of(changed_on(part, day), fields[i]), *becomes = reference_of(changed_on(ending, day), fields[i]);
            if (is != becomes && (is == NULL || becomes == NULL || strcmp(is, becomes) != 0))
                status = changes_set_reference(heirs->changes, part, day, fields[i], becomes);
        }
    }
    return status;
}

// Of the same kind, parent and place as the one that ends.
static status_t create_part(heirs_t *heirs, const Pcn__Registry__V1__SplitPart *part)
{
    changes_t *changes = heirs->changes;
    const bool coming = strcmp(heirs->on, changes->today) > 0;
    const char *first = coming ? changes->today : heirs->on;
    const organisation_t *facts = changed_on(heirs->ending, first);
    organisation_t *organisation = pb_new(ORGANISATION_TYPE, changes->arena);
    if (organisation == NULL)
        return no_memory(changes);
    organisation->code = part->code;
    organisation->name = part->name;
    organisation->has_kind = 1;
    organisation->kind = heirs->ending->before->kind;
    organisation->parent = facts->parent;
    organisation->place = facts->place;
    organisation->has_level = facts->has_level;
    organisation->level = facts->level;
    organisation->opened_on = (char *)(uintptr_t)heirs->on;
    organisation->source = heirs->source;
    organisation_complete(organisation);
    if (coming) {
        coming_change_t *opening = pb_new(&pcn__registry__v1__coming_change__type, changes->arena);
        organisation->coming = arena_alloc(changes->arena, sizeof *organisation->coming);
        if (opening == NULL || organisation->coming == NULL)
            return no_memory(changes);
        opening->from = organisation->opened_on;
        opening->changes = (char *)"{\"status\":\"active\"}";
        opening->recorded_at = (char *)(uintptr_t)changes->now;
        organisation->coming[organisation->n_coming++] = opening;
        organisation->status = STATUS_OF(PROPOSED);
        organisation->facts_from = (char *)(uintptr_t)changes->today; // as any proposal, see rules_opening.h
    }
    changed_t **heir = &heirs->heirs[heirs->count++];
    status_t status = changes_create(changes, organisation, heir);
    return status == STATUS_OK ? go_on_like(heirs, *heir, first) : status;
}

status_t succession_split(changes_t *changes, const split_request_t *request)
{
    heirs_t heirs = {
        .changes = changes, .ending = changes_find(changes, request->code), .split = request, .on = request->on, .source = request->source};
    heirs.heirs = arena_alloc(changes->arena, (request->n_into + 1) * sizeof(changed_t *));
    if (heirs.heirs == NULL)
        return no_memory(changes);
    status_t status = check_end(changes, heirs.ending, request->on);
    if (status == STATUS_OK && request->n_into < 2)
        status = problem_set(changes->problem, STATUS_INVALID_ARGUMENT, "into", "A split makes two or more");
    for (size_t i = 0; i < request->n_into && status == STATUS_OK; i++)
        status = check_part(&heirs, i);
    if (status == STATUS_OK)
        status = check_all_named(&heirs);
    if (status == STATUS_OK)
        status = set_last_day(&heirs);
    for (size_t i = 0; i < request->n_into && status == STATUS_OK; i++)
        status = create_part(&heirs, request->into[i]);
    return status == STATUS_OK ? hand_over(&heirs, "split") : status;
}
