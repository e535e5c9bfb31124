#include "services/registry/rules_close.h"

#include <stdio.h>
#include <string.h>

#include "services/registry/rules_close_beside.h"
#include "services/registry/rules_settle.h"
#include "services/registry/rules_term.h"

typedef struct closing {
    changes_t *changes;
    changed_t *ending;
    const char *on, *last; // the first day without it, the last with it
} closing_t;

static status_t refuse(const closing_t *closing, const char *field, const char *sentence, const char *code, const char *day)
{
    return problem_set(closing->changes->problem, STATUS_FAILED_PRECONDITION, field, sentence, code, day);
}

static status_t check_end(closing_t *closing)
{
    const char *code = closing->ending->before->code;
    const char *closed = timeline_closed_from(closing->ending->timeline);
    if (closed != NULL)
        return problem_set(closing->changes->problem, STATUS_ALREADY_EXISTS, "code", "%s is closed from %s on", code, closed);
    const char *opened = changed_on(closing->ending, closing->on)->opened_on;
    if (opened != NULL && strcmp(closing->on, opened) <= 0)
        return refuse(closing, "on", "%s opened on %s", code, opened);
    closing->last = day_before(closing->on, closing->changes->arena);
    return closing->last != NULL ? STATUS_OK : refuse(closing, "on", "%s cannot close on %s", code, closing->on);
}

static status_t check_successor(const closing_t *closing, const close_request_t *request, size_t index)
{
    char field[48];
    const char *code = request->successors[index];
    (void)snprintf(field, sizeof field, "successors[%zu]", index);
    for (size_t i = 0; i < index; i++) {
        if (strcmp(request->successors[i], code) == 0)
            return problem_set(closing->changes->problem, STATUS_INVALID_ARGUMENT, field, "%s is named twice", code);
    }
    const changed_t *successor = changes_find(closing->changes, code);
    if (successor == NULL)
        return problem_set(closing->changes->problem, STATUS_FAILED_PRECONDITION, field, "There is no organisation %s", code);
    if (successor == closing->ending)
        return problem_set(closing->changes->problem, STATUS_FAILED_PRECONDITION, field, "%s cannot go on after itself", code);
    const char *closed = timeline_closed_from(successor->timeline);
    if (closed != NULL)
        return refuse(closing, field, "%s is closed from %s on", code, closed);
    const char *opened = changed_on(successor, closing->on)->opened_on;
    return opened != NULL && strcmp(closing->on, opened) < 0 ? refuse(closing, field, "%s opened on %s", code, opened) : STATUS_OK;
}

static bool goes_on(const closing_t *closing, const member_t *member)
{
    return member->to == NULL || strcmp(member->to, closing->on) >= 0;
}

// A network's members from the day on, or, where `practice` is the one that closes, its own memberships.
static status_t end_memberships(const closing_t *closing, changed_t *network, const char *practice)
{
    const aggregate_t *before = network->before;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < before->n_all_members && status == STATUS_OK; i++) {
        const member_t *member = before->all_members[i];
        if (!goes_on(closing, member) || (practice != NULL && strcmp(member->practice, practice) != 0))
            continue;
        if (strcmp(member->from, closing->on) >= 0)
            return refuse(closing, "code", "%s is to become a member on %s: that has to be taken back first", member->practice,
                          member->from);
        status = changes_end_member(closing->changes, network, member, closing->last);
    }
    return status;
}

static status_t end_directors(const closing_t *closing)
{
    const aggregate_t *network = closing->ending->before;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < network->n_all_directors && status == STATUS_OK; i++) {
        const director_t *director = network->all_directors[i];
        if (director->to != NULL && strcmp(director->to, closing->on) < 0)
            continue;
        if (strcmp(director->from, closing->on) >= 0)
            return refuse(closing, "code", "%s is to become a director on %s: that has to be taken back first", director->name,
                          director->from);
        status = changes_end_director(closing->changes, closing->ending, director, closing->last);
    }
    return status;
}

// Practices below a closing network fall to the commissioner, members or not; everything else that lies below and is open is in the way.
static status_t check_below(const closing_t *closing)
{
    const aggregate_t *ending = closing->ending->before;
    char list[200] = "";
    for (size_t i = 0; i < closing->changes->count; i++) {
        const changed_t *below = &closing->changes->all[i];
        const bool parent = changed_refers(below, "parent", closing->on, ending->code);
        const bool place = changed_refers(below, "place", closing->on, ending->code);
        if (below == closing->ending || (!parent && !place))
            continue;
        if (ending->kind == KIND(NETWORK) && below->before->kind == KIND(PRACTICE) && !place)
            continue;
        const size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "", below->before->code);
    }
    if (list[0] == '\0')
        return STATUS_OK;
    return problem_set(closing->changes->problem, STATUS_FAILED_PRECONDITION, "code", "Open organisations lie below it: %s", list);
}

status_t close_organisation(changes_t *changes, const close_request_t *request)
{
    closing_t closing = {.changes = changes, .ending = changes_find(changes, request->code), .on = request->on};
    const aggregate_t *ending = closing.ending->before;
    status_t status = check_end(&closing);
    for (size_t i = 0; i < request->n_successors && status == STATUS_OK; i++)
        status = check_successor(&closing, request, i);
    if (status == STATUS_OK)
        status = check_below(&closing);
    if (status == STATUS_OK && ending->kind == KIND(NETWORK))
        status = end_memberships(&closing, closing.ending, NULL);
    if (status == STATUS_OK && ending->kind == KIND(NETWORK))
        status = end_directors(&closing);
    for (size_t i = 0; ending->kind == KIND(PRACTICE) && i < changes->count && status == STATUS_OK; i++) {
        if (changes->all[i].before->kind == KIND(NETWORK))
            status = end_memberships(&closing, &changes->all[i], ending->code);
    }
    if (status == STATUS_OK)
        status = changes_settle(changes, request->on, ending->kind == KIND(NETWORK) ? ending->code : NULL);
    if (status == STATUS_OK && request->n_successors == 1)
        status = changes_redirect_payees(changes, closing.ending, request->on, request->successors[0]);
    for (size_t i = 0; i < request->n_successors && status == STATUS_OK; i++)
        status =
            changes_succeed(changes, closing.ending, changes_find(changes, request->successors[i]), request->on, "close", request->source);
    if (status == STATUS_OK)
        status = close_beside(changes, closing.ending, request->on, request->n_successors == 1 ? request->successors[0] : NULL, true);
    return status == STATUS_OK ? changes_close(changes, closing.ending, request->on) : status;
}
