#include "services/registry/rules_correction.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_membership.h"
#include "services/registry/rules_move.h"
#include "services/registry/rules_settle.h"
#include "services/registry/rules_span.h"
#include "services/registry/rules_term.h"

static status_t no_memory(changes_t *changes)
{
    return problem_set(changes->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

// ---- members ----

static const member_t *member_at(const aggregate_t *network, const char *practice, const char *from)
{
    for (size_t i = 0; i < network->n_all_members; i++) {
        const member_t *member = network->all_members[i];
        if (strcmp(member->practice, practice) == 0 && strcmp(member->from, from) == 0)
            return member;
    }
    return NULL;
}

static member_t *right_member(changes_t *changes, const member_t *wrong, const correct_member_request_t *request,
                              const span_request_t *span)
{
    member_t *right = pb_new(MEMBER_TYPE, changes->arena);
    if (right == NULL)
        return NULL;
    pb_merge(MEMBER_TYPE, right, MEMBER_TYPE, wrong);
    right->to = span_right_to(span, wrong->to);
    if (request->source != NULL)
        right->source = request->source;
    if (request->new_from == NULL)
        return right;
    right->from = request->new_from;
    right->has_from_assumed = 0;
    right->from_assumed = 0;
    return right;
}

// As where it joins: a practice is a member only while it is there.
static status_t check_there(changes_t *changes, const changed_t *practice, const member_t *right)
{
    const char *code = practice->before->code, *opened = changed_on(practice, right->from)->opened_on;
    const char *closed = timeline_closed_from(practice->timeline);
    if (opened != NULL && strcmp(right->from, opened) < 0)
        return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, "newFrom", "%s opened on %s", code, opened);
    if (closed == NULL || !term_ordered(closed, right->to))
        return STATUS_OK;
    const bool late = strcmp(right->from, closed) >= 0;
    return problem_set(changes->problem, STATUS_FAILED_PRECONDITION, late ? "newFrom" : "newTo", "%s is closed from %s on", code, closed);
}

status_t member_correct(changes_t *changes, const correct_member_request_t *request)
{
    const span_request_t span = {request->new_from, request->new_to, request->ongoing, request->never, request->source != NULL};
    changed_t *network = changes_find(changes, request->code);
    const changed_t *practice = changes_find(changes, request->practice);
    status_t status = span_request_check(&span, changes->problem);
    if (status != STATUS_OK)
        return status;
    const member_t *wrong = member_at(network->before, request->practice, request->from);
    if (wrong == NULL)
        return problem_set(changes->problem, STATUS_NOT_FOUND, "from", "No membership of %s in %s begins on %s", request->practice,
                           request->code, request->from);
    member_t *right = NULL;
    if (!span.never) {
        right = right_member(changes, wrong, request, &span);
        if (right == NULL)
            return no_memory(changes);
        if (span_same_text(right->from, wrong->from) && span_same_text(right->to, wrong->to) &&
            span_same_text(right->source, wrong->source) && right->from_assumed == wrong->from_assumed)
            return STATUS_OK;
        status = span_refusal(member_check_beside(changes, network->before, practice->before, wrong->from, right), changes->problem);
        if (status == STATUS_OK)
            status = check_there(changes, practice, right);
    }
    if (status == STATUS_OK)
        status = changes_end_member(changes, network, wrong, NULL);
    if (status == STATUS_OK && right != NULL)
        status = changes_add_member(changes, network, right);
    const char *from = right != NULL && strcmp(right->from, wrong->from) < 0 ? right->from : wrong->from;
    return status == STATUS_OK ? changes_settle(changes, from, NULL) : status;
}

// ---- directors ----

static const director_t *director_at(const aggregate_t *network, const char *name, const char *from)
{
    for (size_t i = 0; i < network->n_all_directors; i++) {
        const director_t *director = network->all_directors[i];
        if (strcmp(director->name, name) == 0 && strcmp(director->from, from) == 0)
            return director;
    }
    return NULL;
}

static director_t *right_director(changes_t *changes, const director_t *wrong, const correct_director_request_t *request,
                                  const span_request_t *span)
{
    director_t *right = pb_new(DIRECTOR_TYPE, changes->arena);
    if (right == NULL)
        return NULL;
    pb_merge(DIRECTOR_TYPE, right, DIRECTOR_TYPE, wrong);
    right->to = span_right_to(span, wrong->to);
    if (request->new_name != NULL)
        right->name = request->new_name;
    if (request->new_share != NULL)
        right->share = request->new_share;
    if (request->source != NULL)
        right->source = request->source;
    if (request->new_from == NULL)
        return right;
    right->from = request->new_from;
    right->has_from_assumed = 0;
    right->from_assumed = 0;
    return right;
}

static bool same_director(const director_t *a, const director_t *b)
{
    return span_same_text(a->name, b->name) && span_same_text(a->from, b->from) && span_same_text(a->to, b->to) &&
           span_same_text(a->share, b->share) && span_same_text(a->source, b->source) && a->from_assumed == b->from_assumed;
}

status_t director_correct(changes_t *changes, const correct_director_request_t *request)
{
    const span_request_t span = {request->new_from, request->new_to, request->ongoing, request->never,
                                 request->new_name != NULL || request->new_share != NULL || request->source != NULL};
    changed_t *network = changes_find(changes, request->code);
    status_t status = span_request_check(&span, changes->problem);
    if (status != STATUS_OK)
        return status;
    const director_t *wrong = director_at(network->before, request->name, request->from);
    if (wrong == NULL)
        return problem_set(changes->problem, STATUS_NOT_FOUND, "from", "No term of that director in %s begins on %s", request->code,
                           request->from);
    director_t *right = NULL;
    if (!span.never) {
        right = right_director(changes, wrong, request, &span);
        if (right == NULL)
            return no_memory(changes);
        if (same_director(right, wrong))
            return STATUS_OK;
    }
    status = changes_end_director(changes, network, wrong, NULL);
    if (status != STATUS_OK || right == NULL)
        return status;
    aggregate_t facts = *network->after;
    facts.opened_on = changed_on(network, right->from)->opened_on;
    facts.closed_on = (char *)(uintptr_t)timeline_closed_from(network->timeline);
    status = span_refusal(director_check(&facts, right, changes->problem), changes->problem);
    return status == STATUS_OK ? changes_add_director(changes, network, right) : status;
}
