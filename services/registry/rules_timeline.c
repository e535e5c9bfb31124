#include "services/registry/rules_timeline.h"

#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_organisation.h"
#include "services/registry/rules_term.h"
#include "services/registry/rules_timeline_internal.h"

// As many as the contract lets a request name; beyond it the oldest goes.
#define FORMER_NAMES_MAX 32

static status_t no_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

// ---- loading ----

static status_t add_original(timeline_t *timeline, const char *from, const char *recorded_at, const organisation_t *facts,
                             problem_t *problem)
{
    span_t *span = &timeline->spans[timeline->count];
    *span = (span_t){.from = from, .facts = facts_of(facts, timeline->arena), .origin = timeline->count};
    const organisation_t *kept = facts_of(facts, timeline->arena);
    if (span->facts == NULL || kept == NULL)
        return no_memory(problem);
    timeline->originals[timeline->count++] = (original_t){.from = from, .recorded_at = recorded_at, .facts = kept};
    timeline->original_count = timeline->count;
    return STATUS_OK;
}

static status_t add_coming(timeline_t *timeline, const coming_change_t *change, problem_t *problem)
{
    organisation_t *facts = facts_of(timeline->spans[timeline->count - 1].facts, timeline->arena);
    if (facts == NULL)
        return no_memory(problem);
    status_t status = facts_apply(facts, change->changes, timeline->arena, problem);
    return status == STATUS_OK ? add_original(timeline, change->from, change->recorded_at, facts, problem) : status;
}

status_t timeline_new(const aggregate_t *row, const char *today, const char *now, arena_t *arena, timeline_t **out, problem_t *problem)
{
    timeline_t *timeline = arena_zero(arena, sizeof *timeline);
    const size_t count = row->n_past + 1 + row->n_coming;
    const organisation_t *head = organisation_of_aggregate(row, arena);
    if (timeline == NULL || head == NULL)
        return no_memory(problem);
    *timeline = (timeline_t){.row = row, .today = today, .now = now, .arena = arena, .room = count + 1};
    timeline->originals = arena_alloc(arena, count * sizeof *timeline->originals);
    timeline->spans = arena_alloc(arena, timeline->room * sizeof *timeline->spans);
    if (timeline->originals == NULL || timeline->spans == NULL)
        return no_memory(problem);
    status_t status = STATUS_OK;
    for (size_t i = 0; i < row->n_past && status == STATUS_OK; i++) {
        organisation_t *facts = row->past[i]->organisation;
        if (facts == NULL)
            return problem_set(problem, STATUS_INTERNAL, NULL, "A span of %s has no facts", row->code);
        facts->code = row->code;
        facts->has_kind = row->has_kind;
        facts->kind = row->kind;
        status = add_original(timeline, row->past[i]->from, row->past[i]->recorded_at, facts, problem);
        if (status == STATUS_OK)
            timeline->originals[i].end_recorded_at = row->past[i]->end_recorded_at;
    }
    timeline->original_head = timeline->count;
    if (status == STATUS_OK)
        status = add_original(timeline, row->facts_from, row->facts_recorded_at != NULL ? row->facts_recorded_at : row->created_at, head,
                              problem);
    for (size_t i = 0; i < row->n_coming && status == STATUS_OK; i++)
        status = add_coming(timeline, row->coming[i], problem);
    *out = timeline;
    return status;
}

// ---- spans ----

size_t timeline_at(const timeline_t *timeline, const char *day)
{
    size_t at = 0;
    while (at + 1 < timeline->count && strcmp(timeline->spans[at + 1].from, day) <= 0)
        at++;
    return at;
}

// The span that begins on the day, made from the one that holds on it where need be. False without memory.
static bool split(timeline_t *timeline, const char *day, size_t *at)
{
    const size_t within = timeline_at(timeline, day);
    *at = within;
    if (timeline->spans[within].from != NULL && strcmp(timeline->spans[within].from, day) == 0)
        return true;
    organisation_t *facts = facts_of(timeline->spans[within].facts, timeline->arena);
    if (facts == NULL)
        return false;
    if (timeline->count == timeline->room) {
        span_t *wider = arena_alloc(timeline->arena, 2 * timeline->room * sizeof *wider);
        if (wider == NULL)
            return false;
        memcpy(wider, timeline->spans, timeline->count * sizeof *wider);
        timeline->spans = wider;
        timeline->room *= 2;
    }
    memmove(&timeline->spans[within + 2], &timeline->spans[within + 1], (timeline->count - within - 1) * sizeof *timeline->spans);
    timeline->spans[within + 1] = timeline->spans[within];
    timeline->spans[within + 1].from = day;
    timeline->spans[within + 1].facts = facts;
    timeline->count++;
    *at = within + 1;
    return true;
}

// Takes back a split after which nothing differs.
static void join(timeline_t *timeline, size_t at)
{
    memmove(&timeline->spans[at], &timeline->spans[at + 1], (timeline->count - at - 1) * sizeof *timeline->spans);
    timeline->count--;
}

// Spans around `at` on which the field says what it says there: those of a change begin with `at`.
typedef struct run {
    size_t first, last;
} run_t;

static run_t run_of(const timeline_t *timeline, size_t at, unsigned field, bool correction)
{
    const span_t *spans = timeline->spans;
    run_t run = {at, at};
    while (correction && run.first > 0 && pb_same_field(ORGANISATION_TYPE, spans[run.first - 1].facts, spans[at].facts, field))
        run.first--;
    while (run.last + 1 < timeline->count && pb_same_field(ORGANISATION_TYPE, spans[run.last + 1].facts, spans[at].facts, field))
        run.last++;
    return run;
}

static void mark(span_t *span, bool correction)
{
    span->changed = true;
    span->corrected = span->corrected || correction;
}

// ---- former names ----

static size_t name_find(char *const *names, size_t count, const char *name)
{
    size_t at = 0;
    while (at < count && strcmp(names[at], name) != 0)
        at++;
    return at;
}

// `gone` (or NULL) leaves the span's former names, `joins` (or NULL) takes its place or goes to the end. False without memory.
static bool rename_former(timeline_t *timeline, span_t *span, const char *gone, const char *joins, bool correction)
{
    organisation_t *facts = span->facts;
    const bool names_itself = joins != NULL && strcmp(joins, facts->name) == 0;
    const bool adds =
        joins != NULL && !names_itself && name_find(facts->former_names, facts->n_former_names, joins) == facts->n_former_names;
    const bool removes = gone != NULL && name_find(facts->former_names, facts->n_former_names, gone) < facts->n_former_names;
    if (!adds && !removes)
        return true;
    char **names = arena_alloc(timeline->arena, (facts->n_former_names + 1) * sizeof *names);
    if (names == NULL)
        return false;
    size_t count = 0;
    bool placed = !adds;
    for (size_t i = 0; i < facts->n_former_names; i++) {
        if (removes && strcmp(facts->former_names[i], gone) == 0) {
            if (!placed)
                names[count++] = (char *)(uintptr_t)joins;
            placed = true;
        } else {
            names[count++] = facts->former_names[i];
        }
    }
    if (!placed)
        names[count++] = (char *)(uintptr_t)joins;
    const size_t dropped = count > FORMER_NAMES_MAX ? count - FORMER_NAMES_MAX : 0;
    facts->n_former_names = count - dropped;
    facts->former_names = facts->n_former_names > 0 ? names + dropped : NULL;
    mark(span, correction);
    return true;
}

static bool held_before(const timeline_t *timeline, size_t at, const char *name)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(timeline->spans[i].facts->name, name) == 0)
            return true;
    }
    return false;
}

static bool is_former(const span_t *span, const char *name)
{
    return name_find(span->facts->former_names, span->facts->n_former_names, name) < span->facts->n_former_names;
}

// After a change of the name to another for the run: what the name was the day before joins from there on, the new one from where yet
// another begins. One that would have begun on that very day does not hold now, so it is no former name either.
static bool remember_name(timeline_t *timeline, run_t run, const char *replaced)
{
    const char *name = timeline->spans[run.first].facts->name;
    const char *before = run.first > 0 ? timeline->spans[run.first - 1].facts->name : NULL;
    const char *gone = held_before(timeline, run.first, replaced) ? NULL : replaced;
    bool good = true;
    for (size_t i = run.first; i < timeline->count && good; i++) {
        span_t *span = &timeline->spans[i];
        good = rename_former(timeline, span, span->facts->name, NULL, false) && rename_former(timeline, span, NULL, before, false);
        if (good && i > run.last)
            good = rename_former(timeline, span, gone, name, false);
    }
    return good;
}

// After a correction: the name that never was does not count as a former one.
static bool forget_name(timeline_t *timeline, run_t run, const char *wrong)
{
    const char *name = timeline->spans[run.first].facts->name;
    if (held_before(timeline, run.first, wrong))
        return true;
    bool good = true;
    for (size_t i = run.first; i < timeline->count && good; i++) {
        span_t *span = &timeline->spans[i];
        if (i > run.last && is_former(span, wrong))
            good = rename_former(timeline, span, wrong, name, true);
        else if (i <= run.last)
            good = rename_former(timeline, span, name, NULL, true);
    }
    return good;
}

// ---- changing ----

typedef struct patch {
    const organisation_t *values;
    uint64_t fields; // a bit each, by index
    bool correction;
} patch_t;

static bool touches(const patch_t *patch, unsigned field)
{
    return (patch->fields >> field & 1) != 0;
}

// The fields one by one; false without memory.
static bool set_fields(timeline_t *timeline, size_t at, const patch_t *patch, bool *any)
{
    const unsigned name_field = fact_index("name");
    for (unsigned i = 0; i < ORGANISATION_TYPE->descriptor->n_fields; i++) {
        if (!touches(patch, i) || pb_same_field(ORGANISATION_TYPE, timeline->spans[at].facts, patch->values, i))
            continue;
        const run_t run = run_of(timeline, at, i, patch->correction);
        const char *name = timeline->spans[at].facts->name;
        *any = true;
        for (size_t j = run.first; j <= run.last; j++) {
            pb_copy_field(ORGANISATION_TYPE, timeline->spans[j].facts, patch->values, i);
            mark(&timeline->spans[j], patch->correction);
        }
        if (i != name_field || touches(patch, fact_index("former_names")))
            continue;
        if (patch->correction ? !forget_name(timeline, run, name) : !remember_name(timeline, run, name))
            return false;
    }
    return true;
}

static status_t check(const timeline_t *timeline, problem_t *problem)
{
    status_t status = STATUS_OK;
    for (size_t i = 0; i < timeline->count && status == STATUS_OK; i++) {
        if (timeline->spans[i].changed)
            status = organisation_check(timeline->spans[i].facts, problem);
    }
    return status;
}

status_t timeline_change(timeline_t *timeline, const char *day, const organisation_t *given, char *const *clear, size_t clear_count,
                         bool correction, problem_t *problem)
{
    const char *first = timeline->spans[0].from;
    if (first != NULL && strcmp(day, first) < 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "effectiveFrom", "Nothing is on record of it before %s", first);
    if (!correction && day_before(day, timeline->arena) == NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "effectiveFrom", "There is no day before it");
    organisation_t *values = NULL;
    status_t status = organisation_patch(timeline_on(timeline, day), given, clear, clear_count, timeline->arena, &values, problem);
    if (status != STATUS_OK)
        return status;
    patch_t patch = {.values = values, .correction = correction};
    for (unsigned i = 0; i < ORGANISATION_TYPE->descriptor->n_fields; i++) {
        if (fact_is(i) && pb_has(ORGANISATION_TYPE, given, i))
            patch.fields |= UINT64_C(1) << i;
    }
    for (size_t i = 0; i < clear_count; i++)
        patch.fields |= UINT64_C(1) << fact_index(clear[i]);
    size_t at = timeline_at(timeline, day);
    const size_t spans = timeline->count;
    bool any = false;
    if ((!correction && !split(timeline, day, &at)) || !set_fields(timeline, at, &patch, &any))
        return no_memory(problem);
    if (!any) {
        if (timeline->count > spans)
            join(timeline, at);
        return STATUS_OK;
    }
    const char *opened_on = timeline->spans[at].facts->opened_on;
    if (!correction && opened_on != NULL && strcmp(day, opened_on) < 0 && strcmp(day, timeline->today) < 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "effectiveFrom", "It opened on %s", opened_on);
    return check(timeline, problem);
}

// ---- asking ----

const organisation_t *timeline_on(const timeline_t *timeline, const char *day)
{
    return timeline->spans[timeline_at(timeline, day)].facts;
}

const char *timeline_today(const timeline_t *timeline)
{
    return timeline->today;
}

const char *timeline_next(const timeline_t *timeline, const char *day)
{
    const size_t next = timeline_at(timeline, day) + 1;
    // The first span may begin later than the day.
    if (next == 1 && timeline->spans[0].from != NULL && strcmp(timeline->spans[0].from, day) > 0)
        return timeline->spans[0].from;
    return next < timeline->count ? timeline->spans[next].from : NULL;
}

const char *timeline_closed_from(const timeline_t *timeline)
{
    size_t at = timeline->count;
    while (at > 0 && timeline->spans[at - 1].facts->status == STATUS_OF(CLOSED))
        at--;
    if (at == timeline->count)
        return NULL;
    const span_t *span = &timeline->spans[at];
    return span->from != NULL ? span->from : span->facts->closed_on;
}

// Whether today and what was before are as they were loaded.
static bool until_today_as_loaded(const timeline_t *timeline)
{
    const size_t head = timeline_at(timeline, timeline->today);
    if (head != timeline->original_head || timeline->spans[head].origin != head)
        return false;
    for (size_t i = 0; i <= head; i++) {
        if (timeline->spans[i].changed)
            return false;
    }
    return true;
}

bool timeline_changed(const timeline_t *timeline)
{
    if (!until_today_as_loaded(timeline))
        return true;
    for (size_t i = 0; i < timeline->count; i++) {
        if (timeline->spans[i].changed)
            return true;
    }
    return false;
}

bool timeline_only_coming(const timeline_t *timeline)
{
    return until_today_as_loaded(timeline) && timeline_changed(timeline);
}
