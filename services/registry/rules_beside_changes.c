#include "services/registry/rules_beside_changes.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_span.h"
#include "services/registry/rules_term.h"

#define FACT_TYPE (&pcn__registry__v1__stated_fact__type)
#define PROFILE_TYPE (&pcn__registry__v1__system_profile__type)
#define ALIGNMENT_TYPE (&pcn__registry__v1__alignment__type)

static status_t no_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static void *copy_of(const pb_type_t *type, const void *message, arena_t *arena)
{
    void *copy = pb_new(type, arena);
    if (copy != NULL)
        pb_merge(type, copy, type, message);
    return copy;
}

// ---- stated facts ----

static bool same_fact(const stated_fact_t *a, const stated_fact_t *b)
{
    return a->qualifier == b->qualifier && span_same_text(a->value, b->value) && span_same_text(a->unit, b->unit) &&
           span_same_text(a->period, b->period) && span_same_text(a->notes, b->notes) && span_same_text(a->source, b->source);
}

static bool same_fact_key(const stated_fact_t *a, const stated_fact_t *b)
{
    return a->qualifier == b->qualifier && span_same_text(a->period, b->period) && span_same_text(a->source, b->source);
}

static stated_fact_t *right_fact(const stated_fact_t *wrong, const correct_fact_request_t *request, arena_t *arena)
{
    stated_fact_t *right = copy_of(FACT_TYPE, wrong, arena);
    if (right == NULL)
        return NULL;
    if (request->has_new_qualifier)
        right->qualifier = request->new_qualifier;
    if (request->new_value != NULL)
        right->value = request->new_value;
    if (request->new_unit != NULL)
        right->unit = request->new_unit;
    if (request->new_period != NULL)
        right->period = request->new_period;
    if (request->new_notes != NULL)
        right->notes = request->new_notes;
    if (request->new_source != NULL)
        right->source = request->new_source;
    return right;
}

status_t fact_correct(const aggregate_t *organisation, const correct_fact_request_t *request, arena_t *arena, changed_fact_t **changed,
                      problem_t *problem)
{
    const span_request_t span = {.never = request->never,
                                 .more = request->has_new_qualifier || request->new_value != NULL || request->new_unit != NULL ||
                                         request->new_period != NULL || request->new_notes != NULL || request->new_source != NULL};
    *changed = NULL;
    status_t status = span_request_check(&span, problem);
    if (status != STATUS_OK)
        return status;
    if (organisation->stated == NULL)
        return problem_set(problem, STATUS_NOT_FOUND, "fact", "That source does not state %s of %s", request->fact, organisation->code);
    changed_fact_t *change = pb_new(&pcn__registry__store__v1__changed_fact__type, arena);
    if (change == NULL)
        return no_memory(problem);
    change->wrong = organisation->stated;
    *changed = change;
    if (span.never)
        return STATUS_OK;
    change->after = right_fact(change->wrong, request, arena);
    if (change->after == NULL)
        return no_memory(problem);
    if (same_fact(change->wrong, change->after))
        *changed = NULL;
    else if (!same_fact_key(change->wrong, change->after))
        return fact_check(organisation, change->after, problem);
    return STATUS_OK;
}

// ---- clinical systems ----

static bool same_system(const system_profile_t *a, const system_profile_t *b)
{
    return span_same_text(a->system, b->system) && span_same_text(a->from, b->from) && span_same_text(a->to, b->to) &&
           span_same_text(a->source, b->source);
}

status_t system_end(const aggregate_t *practice, const end_system_request_t *request, arena_t *arena, changed_system_t **changed,
                    problem_t *problem)
{
    *changed = NULL;
    for (size_t i = 0; i < practice->n_all_systems; i++) {
        system_profile_t *system = practice->all_systems[i];
        if (!term_holds(system->from, system->to, request->on))
            continue;
        changed_system_t *change = pb_new(&pcn__registry__store__v1__changed_system__type, arena);
        char *last;
        if (change == NULL || !span_last(system->from, request->on, arena, &last))
            return no_memory(problem);
        *changed = change;
        if (last == NULL) {
            change->wrong = system;
            return STATUS_OK;
        }
        change->after = copy_of(PROFILE_TYPE, system, arena);
        if (change->after == NULL)
            return no_memory(problem);
        change->after->to = last;
        return STATUS_OK;
    }
    return problem_set(problem, STATUS_ALREADY_EXISTS, "on", "%s has no clinical system on %s", practice->code, request->on);
}

static status_t check_right_system(const aggregate_t *practice, const system_profile_t *wrong, const system_profile_t *right,
                                   problem_t *problem)
{
    aggregate_t beside = *practice;
    beside.taken = 0;
    for (size_t i = 0; i < practice->n_all_systems; i++) {
        const system_profile_t *other = practice->all_systems[i];
        beside.taken = beside.taken || (other != wrong && term_overlaps(right->from, right->to, other->from, other->to));
    }
    return span_refusal(system_check(&beside, right, problem), problem);
}

status_t system_correct(const aggregate_t *practice, const correct_system_request_t *request, arena_t *arena, changed_system_t **changed,
                        problem_t *problem)
{
    const span_request_t span = {request->new_from, request->new_to, request->ongoing, request->never,
                                 request->new_system != NULL || request->source != NULL};
    *changed = NULL;
    status_t status = span_request_check(&span, problem);
    if (status != STATUS_OK)
        return status;
    system_profile_t *wrong = NULL;
    for (size_t i = 0; i < practice->n_all_systems && wrong == NULL; i++) {
        if (strcmp(practice->all_systems[i]->from, request->from) == 0)
            wrong = practice->all_systems[i];
    }
    if (wrong == NULL)
        return problem_set(problem, STATUS_NOT_FOUND, "from", "No clinical system of %s begins on %s", practice->code, request->from);
    changed_system_t *change = pb_new(&pcn__registry__store__v1__changed_system__type, arena);
    if (change == NULL)
        return no_memory(problem);
    change->wrong = wrong;
    *changed = change;
    if (span.never)
        return STATUS_OK;
    system_profile_t *right = change->after = copy_of(PROFILE_TYPE, wrong, arena);
    if (right == NULL)
        return no_memory(problem);
    right->from = request->new_from != NULL ? request->new_from : wrong->from;
    right->to = span_right_to(&span, wrong->to);
    right->system = request->new_system != NULL ? request->new_system : wrong->system;
    right->source = request->source != NULL ? request->source : wrong->source;
    if (same_system(wrong, right)) {
        *changed = NULL;
        return STATUS_OK;
    }
    return check_right_system(practice, wrong, right, problem);
}

// ---- alignments ----

static bool same_alignment(const alignment_t *a, const alignment_t *b)
{
    return span_same_text(a->name, b->name) && a->kind == b->kind && span_same_text(a->provider, b->provider) &&
           span_same_text(a->from, b->from) && span_same_text(a->to, b->to) && span_same_text(a->source, b->source);
}

status_t alignment_end(const aggregate_t *organisation, const end_alignment_request_t *request, arena_t *arena,
                       changed_alignment_t **changed, problem_t *problem)
{
    *changed = NULL;
    for (size_t i = 0; i < organisation->n_all_alignments; i++) {
        alignment_t *alignment = organisation->all_alignments[i];
        if (!term_holds(alignment->from, alignment->to, request->on))
            continue;
        changed_alignment_t *change = pb_new(&pcn__registry__store__v1__changed_alignment__type, arena);
        char *last;
        if (change == NULL || !span_last(alignment->from, request->on, arena, &last))
            return no_memory(problem);
        *changed = change;
        if (last == NULL) {
            change->wrong = alignment;
            return STATUS_OK;
        }
        change->after = copy_of(ALIGNMENT_TYPE, alignment, arena);
        if (change->after == NULL)
            return no_memory(problem);
        change->after->to = last;
        return STATUS_OK;
    }
    return problem_set(problem, STATUS_ALREADY_EXISTS, "service", "%s does not serve %s on %s", request->service, organisation->code,
                       request->on);
}

static alignment_t *right_alignment(const alignment_t *wrong, const correct_alignment_request_t *request, const span_request_t *span,
                                    arena_t *arena)
{
    alignment_t *right = copy_of(ALIGNMENT_TYPE, wrong, arena);
    if (right == NULL)
        return NULL;
    right->to = span_right_to(span, wrong->to);
    if (request->new_from != NULL)
        right->from = request->new_from;
    if (request->new_name != NULL)
        right->name = request->new_name;
    if (request->has_new_kind)
        right->kind = request->new_kind;
    if (request->new_provider != NULL)
        right->provider = request->new_provider;
    if (request->source != NULL)
        right->source = request->source;
    return right;
}

// A provider that was right is not looked for again.
static status_t check_right_alignment(const aggregate_t *organisation, const alignment_t *wrong, const alignment_t *right,
                                      problem_t *problem)
{
    aggregate_t beside = *organisation;
    beside.taken = 0;
    beside.has_named_kind = organisation->has_named_kind || span_same_text(wrong->provider, right->provider);
    for (size_t i = 0; i < organisation->n_all_alignments; i++) {
        const alignment_t *other = organisation->all_alignments[i];
        beside.taken = beside.taken || (other != wrong && term_overlaps(right->from, right->to, other->from, other->to));
    }
    status_t status = alignment_check(&beside, right, problem);
    if (status == STATUS_ALREADY_EXISTS)
        return problem_set(problem, status, "newFrom", "%s serves %s in those days already", right->service, organisation->code);
    return span_refusal(status, problem);
}

status_t alignment_correct(const aggregate_t *organisation, const correct_alignment_request_t *request, arena_t *arena,
                           changed_alignment_t **changed, problem_t *problem)
{
    const span_request_t span = {request->new_from, request->new_to, request->ongoing, request->never,
                                 request->new_name != NULL || request->has_new_kind || request->new_provider != NULL ||
                                     request->source != NULL};
    *changed = NULL;
    status_t status = span_request_check(&span, problem);
    if (status != STATUS_OK)
        return status;
    alignment_t *wrong = NULL;
    for (size_t i = 0; i < organisation->n_all_alignments && wrong == NULL; i++) {
        if (strcmp(organisation->all_alignments[i]->from, request->from) == 0)
            wrong = organisation->all_alignments[i];
    }
    if (wrong == NULL)
        return problem_set(problem, STATUS_NOT_FOUND, "from", "No alignment of %s with %s begins on %s", request->service,
                           organisation->code, request->from);
    changed_alignment_t *change = pb_new(&pcn__registry__store__v1__changed_alignment__type, arena);
    if (change == NULL)
        return no_memory(problem);
    change->wrong = wrong;
    *changed = change;
    if (span.never)
        return STATUS_OK;
    change->after = right_alignment(wrong, request, &span, arena);
    if (change->after == NULL)
        return no_memory(problem);
    if (same_alignment(wrong, change->after)) {
        *changed = NULL;
        return STATUS_OK;
    }
    return check_right_alignment(organisation, wrong, change->after, problem);
}
