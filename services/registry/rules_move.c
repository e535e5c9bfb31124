#include "services/registry/rules_move.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_membership.h"
#include "services/registry/rules_settle.h"
#include "services/registry/rules_term.h"

static status_t no_memory(changes_t *changes)
{
    return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

status_t member_check_beside(changes_t *changes, const aggregate_t *network, const aggregate_t *practice, const char *except,
                             const member_t *member)
{
    aggregate_t *beside = arena_alloc(changes->arena, sizeof *beside);
    const size_t count = practice != NULL ? practice->n_practice_memberships : 0;
    Pcn__Registry__Store__V1__Membership **others = arena_alloc(changes->arena, (count + 1) * sizeof *others);
    if (beside == NULL || others == NULL)
        return no_memory(changes);
    *beside = *network;
    const changed_t *joined = changes_find(changes, network->code);
    beside->opened_on = changed_on(joined, member->from)->opened_on;
    beside->closed_on = (char *)(uintptr_t)timeline_closed_from(joined->timeline);
    beside->practice = NULL;
    if (practice != NULL && (beside->practice = organisation_of_aggregate(practice, changes->arena)) == NULL)
        return no_memory(changes);
    beside->practice_memberships = others;
    beside->n_practice_memberships = 0;
    for (size_t i = 0; i < count; i++) {
        Pcn__Registry__Store__V1__Membership *other = practice->practice_memberships[i];
        if (except == NULL || strcmp(other->network, network->code) != 0 || strcmp(other->from, except) != 0)
            others[beside->n_practice_memberships++] = other;
    }
    return member_check(beside, member, changes->problem);
}

// A practice is a member only while it is there: from its opening to the day before it closes, be that to come.
static status_t check_practice_open(changes_t *changes, const changed_t *practice, const member_t *member)
{
    const char *code = practice->before->code, *opened = changed_on(practice, member->from)->opened_on;
    const char *closed = timeline_closed_from(practice->timeline);
    if (opened != NULL && strcmp(member->from, opened) < 0)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "practice", "%s opened on %s", code, opened);
    if (closed != NULL && (member->to == NULL || strcmp(closed, member->to) <= 0))
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "practice", "%s is closed from %s on", code, closed);
    return STATUS_OK;
}

status_t member_add(changes_t *changes, const char *network, const member_t *member)
{
    changed_t *joined = changes_find(changes, network);
    const changed_t *practice = changes_find(changes, member->practice);
    status_t status = member_check_beside(changes, joined->before, practice != NULL ? practice->before : NULL, NULL, member);
    // Who is not there was refused.
    if (status != STATUS_OK || practice == NULL)
        return status;
    status = check_practice_open(changes, practice, member);
    if (status != STATUS_OK)
        return status;
    member_t *copy = pb_new(MEMBER_TYPE, changes->arena);
    if (copy == NULL)
        return no_memory(changes);
    pb_merge(MEMBER_TYPE, copy, MEMBER_TYPE, member);
    copy->name = practice->before->name;
    status = changes_add_member(changes, joined, copy);
    return status == STATUS_OK ? changes_settle(changes, copy->from, NULL) : status;
}

// The membership that holds on the day; NULL with the refusal in *status.
static const member_t *membership_on(changes_t *changes, const changed_t *network, const char *practice, const char *on, status_t *status)
{
    const aggregate_t *facts = network->before;
    for (size_t i = 0; i < facts->n_all_members; i++) {
        const member_t *member = facts->all_members[i];
        if (strcmp(member->practice, practice) == 0 && term_holds(member->from, member->to, on))
            return member;
    }
    *status = problem_set(changes->problem, STATUS_ALREADY_EXISTS, "practice", "%s is no member of %s on %s", practice, facts->code, on);
    return NULL;
}

static status_t check_target(changes_t *changes, const changed_t *target, const member_t *member, const char *on)
{
    const char *code = target->before->code, *opened = changed_on(target, on)->opened_on, *closed = timeline_closed_from(target->timeline);
    if (opened != NULL && strcmp(on, opened) < 0)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "network", "%s opened on %s", code, opened);
    if (closed != NULL && (member->to == NULL || strcmp(closed, member->to) <= 0))
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "network", "%s is closed from %s on", code, closed);
    return STATUS_OK;
}

static status_t check_move(changes_t *changes, const move_request_t *request, const member_t *member)
{
    const changed_t *target = changes_find(changes, request->network), *practice = changes_find(changes, request->practice);
    const char *closed = timeline_closed_from(practice->timeline);
    if (closed != NULL && strcmp(closed, request->on) <= 0)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "practice", "%s is closed from %s on", request->practice, closed);
    if (strcmp(request->network, request->code) != 0)
        return check_target(changes, target, member, request->on);
    const bool same_group = request->sub_group == NULL ? member->sub_group == NULL
                                                       : member->sub_group != NULL && strcmp(request->sub_group, member->sub_group) == 0;
    if (same_group)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "network", "%s is in %s already", request->practice,
                           request->network);
    return STATUS_OK;
}

// The membership in the other network.
static member_t *moved(changes_t *changes, const move_request_t *request, const member_t *member)
{
    member_t *copy = pb_new(MEMBER_TYPE, changes->arena);
    if (copy == NULL)
        return NULL;
    copy->practice = member->practice;
    copy->name = member->name;
    copy->sub_group = request->sub_group;
    copy->from = request->on;
    copy->to = member->to;
    copy->source = request->source;
    return copy;
}

status_t member_move(changes_t *changes, const move_request_t *request)
{
    status_t status = STATUS_OK;
    changed_t *network = changes_find(changes, request->code), *target = changes_find(changes, request->network);
    const member_t *member = membership_on(changes, network, request->practice, request->on, &status);
    if (member == NULL)
        return status;
    status = check_move(changes, request, member);
    if (status != STATUS_OK)
        return status;
    member_t *copy = moved(changes, request, member);
    const char *last = day_before(request->on, changes->arena);
    if (copy == NULL || last == NULL)
        return no_memory(changes);
    status = changes_end_member(changes, network, member, last);
    if (status == STATUS_OK)
        status = changes_add_member(changes, target, copy);
    return status == STATUS_OK ? changes_settle(changes, request->on, NULL) : status;
}

status_t member_leave(changes_t *changes, const leave_request_t *request)
{
    status_t status = STATUS_OK;
    changed_t *network = changes_find(changes, request->code);
    const member_t *member = membership_on(changes, network, request->practice, request->on, &status);
    if (member == NULL)
        return status;
    const char *last = day_before(request->on, changes->arena);
    if (last == NULL)
        return no_memory(changes);
    status = changes_end_member(changes, network, member, last);
    return status == STATUS_OK ? changes_settle(changes, request->on, NULL) : status;
}
