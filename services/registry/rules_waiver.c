#include "services/registry/rules_waiver.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_span.h"
#include "services/registry/rules_term.h"

static status_t no_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static bool is_above(const aggregate_t *network, const char *code)
{
    for (size_t i = 0; i < network->n_above; i++) {
        if (strcmp(network->above[i], code) == 0)
            return true;
    }
    return false;
}

status_t waiver_check(const aggregate_t *network, const waiver_t *waiver, problem_t *problem)
{
    if (!term_ordered(waiver->from, waiver->to))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "to", "It cannot end before it begins, on %s", waiver->from);
    if (network->opened_on != NULL && strcmp(waiver->from, network->opened_on) < 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "from", "The network opened on %s", network->opened_on);
    if (network->closed_on != NULL && strcmp(waiver->from, network->closed_on) >= 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "from", "The network closes on %s", network->closed_on);
    if (waiver->granted_by == NULL && network->commissioner == NULL)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "grantedBy", "The network has no commissioner");
    if (waiver->granted_by != NULL && !is_above(network, waiver->granted_by))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "grantedBy", "%s is no commissioner above %s", waiver->granted_by,
                           network->code);
    for (size_t i = 0; i < network->n_all_waivers; i++) {
        const waiver_t *other = network->all_waivers[i];
        if (term_overlaps(waiver->from, waiver->to, other->from, other->to))
            return problem_set(problem, STATUS_ALREADY_EXISTS, "from", "A waiver holds from %s%s%s", other->from,
                               other->to != NULL ? " to " : " on", other->to != NULL ? other->to : "");
    }
    return STATUS_OK;
}

aggregate_t *aggregate_with_waiver(const aggregate_t *network, waiver_t *waiver, arena_t *arena)
{
    aggregate_t *after = arena_alloc(arena, sizeof *after);
    waiver_t **waivers = arena_alloc(arena, (network->n_all_waivers + 1) * sizeof *waivers);
    if (after == NULL || waivers == NULL)
        return NULL;
    *after = *network;
    for (size_t i = 0; i < network->n_all_waivers; i++)
        waivers[i] = network->all_waivers[i];
    waivers[after->n_all_waivers++] = waiver;
    after->all_waivers = waivers;
    if (waiver->granted_by == NULL)
        waiver->granted_by = network->commissioner;
    return after;
}

// ---- what changes ----

static changed_waiver_t *change_of(waiver_t *wrong, waiver_t *after, arena_t *arena)
{
    changed_waiver_t *change = pb_new(&pcn__registry__store__v1__changed_waiver__type, arena);
    if (change == NULL)
        return NULL;
    change->wrong = wrong;
    change->after = after;
    return change;
}

static waiver_t *copy_of(const waiver_t *waiver, arena_t *arena)
{
    waiver_t *copy = pb_new(WAIVER_TYPE, arena);
    if (copy != NULL)
        pb_merge(WAIVER_TYPE, copy, WAIVER_TYPE, waiver);
    return copy;
}

status_t waiver_end(const aggregate_t *network, const end_waiver_request_t *request, arena_t *arena, changed_waiver_t **changed,
                    problem_t *problem)
{
    waiver_t *waiver = NULL, *shorter = NULL;
    *changed = NULL;
    for (size_t i = 0; i < network->n_all_waivers && waiver == NULL; i++) {
        if (term_holds(network->all_waivers[i]->from, network->all_waivers[i]->to, request->on))
            waiver = network->all_waivers[i];
    }
    if (waiver == NULL)
        return problem_set(problem, STATUS_ALREADY_EXISTS, "on", "No waiver of %s holds on %s", network->code, request->on);
    char *last;
    if (!span_last(waiver->from, request->on, arena, &last))
        return no_memory(problem);
    if (last != NULL) {
        shorter = copy_of(waiver, arena);
        if (shorter == NULL)
            return no_memory(problem);
        shorter->to = last;
    }
    *changed = change_of(last == NULL ? waiver : NULL, shorter, arena);
    return *changed != NULL ? STATUS_OK : no_memory(problem);
}

static bool same_waiver(const waiver_t *a, const waiver_t *b)
{
    return span_same_text(a->from, b->from) && span_same_text(a->to, b->to) && span_same_text(a->reason, b->reason) &&
           span_same_text(a->granted_by, b->granted_by) && span_same_text(a->source, b->source);
}

static waiver_t *right_waiver(const waiver_t *wrong, const correct_waiver_request_t *request, const span_request_t *span, arena_t *arena)
{
    waiver_t *right = copy_of(wrong, arena);
    if (right == NULL)
        return NULL;
    right->to = span_right_to(span, wrong->to);
    if (request->new_from != NULL)
        right->from = request->new_from;
    if (request->new_reason != NULL)
        right->reason = request->new_reason;
    if (request->new_granted_by != NULL)
        right->granted_by = request->new_granted_by;
    if (request->source != NULL)
        right->source = request->source;
    return right;
}

// Beside all others; the commissioner only where it is another than was thought.
static status_t check_right(const aggregate_t *network, const waiver_t *wrong, const waiver_t *right, arena_t *arena, problem_t *problem)
{
    const changed_waiver_t gone = {.wrong = (waiver_t *)(uintptr_t)wrong};
    aggregate_t *beside = aggregate_with_changed_waiver(network, &gone, arena);
    waiver_t looked_at = *right;
    if (beside == NULL)
        return no_memory(problem);
    if (span_same_text(wrong->granted_by, right->granted_by)) {
        looked_at.granted_by = NULL;
        if (beside->commissioner == NULL)
            beside->commissioner = wrong->granted_by;
    }
    return span_refusal(waiver_check(beside, &looked_at, problem), problem);
}

status_t waiver_correct(const aggregate_t *network, const correct_waiver_request_t *request, arena_t *arena, changed_waiver_t **changed,
                        problem_t *problem)
{
    const span_request_t span = {request->new_from, request->new_to, request->ongoing, request->never,
                                 request->new_reason != NULL || request->new_granted_by != NULL || request->source != NULL};
    waiver_t *wrong = NULL, *right = NULL;
    *changed = NULL;
    status_t status = span_request_check(&span, problem);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < network->n_all_waivers && wrong == NULL; i++) {
        if (strcmp(network->all_waivers[i]->from, request->from) == 0)
            wrong = network->all_waivers[i];
    }
    if (wrong == NULL)
        return problem_set(problem, STATUS_NOT_FOUND, "from", "No waiver of %s begins on %s", network->code, request->from);
    if (!span.never) {
        right = right_waiver(wrong, request, &span, arena);
        if (right == NULL)
            return no_memory(problem);
        if (same_waiver(wrong, right))
            return STATUS_OK;
        status = check_right(network, wrong, right, arena, problem);
        if (status != STATUS_OK)
            return status;
    }
    *changed = change_of(wrong, right, arena);
    return *changed != NULL ? STATUS_OK : no_memory(problem);
}

aggregate_t *aggregate_with_changed_waiver(const aggregate_t *network, const changed_waiver_t *changed, arena_t *arena)
{
    aggregate_t *after = arena_alloc(arena, sizeof *after);
    waiver_t **waivers = arena_alloc(arena, (network->n_all_waivers + 1) * sizeof *waivers);
    if (after == NULL || waivers == NULL)
        return NULL;
    *after = *network;
    after->all_waivers = waivers;
    after->n_all_waivers = 0;
    // What replaces one has its first day; a right one comes where its own is.
    const char *gone = changed->wrong != NULL ? changed->wrong->from : changed->after->from;
    bool placed = changed->after == NULL;
    for (size_t i = 0; i < network->n_all_waivers; i++) {
        waiver_t *waiver = network->all_waivers[i];
        if (strcmp(waiver->from, gone) == 0)
            continue;
        if (!placed && strcmp(changed->after->from, waiver->from) < 0) {
            waivers[after->n_all_waivers++] = changed->after;
            placed = true;
        }
        waivers[after->n_all_waivers++] = waiver;
    }
    if (!placed)
        waivers[after->n_all_waivers++] = changed->after;
    return after;
}
