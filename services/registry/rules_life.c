#include "services/registry/rules_life.h"

#include <stdio.h>
#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_facts.h"
#include "services/registry/rules_opening.h"
#include "services/registry/rules_term.h"

typedef Pcn__Registry__V1__UpdateOrganisationRequest request_t;

// Before all days that can be written.
#define FIRST_OF_ALL "0000-00-00"
// What is named of what is in the way.
#define NAMED_MAX 3

static const struct {
    const char *kind, *sentence;
} kinds[] = {
    {"member", "%s is a member"},          {"membership", "it is a member of %s"}, {"director", "%s is its director"},
    {"waiver", "its size is waived (%s)"}, {"system", "it works on %s"},           {"alignment", "%s works for it"},
    {"provider", "it provides %s"},        {"predecessor", "it goes on after %s"}, {"below", "%s lies below it"},
};

static status_t no_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool life_touched(const request_t *request)
{
    static const char *const fields[] = {"status", "opened_on", "closed_on"};
    bool touched =
        request->organisation->has_status || request->organisation->opened_on != NULL || request->organisation->closed_on != NULL;
    for (size_t i = 0; i < request->n_clear && !touched; i++) {
        for (size_t j = 0; j < sizeof fields / sizeof *fields; j++)
            touched = touched || strcmp(request->clear[i], fields[j]) == 0;
    }
    return touched;
}

// ---- what a day brings along ----

static status_t set_status(timeline_t *timeline, const char *day, Pcn__Registry__V1__OrganisationStatus status, const char *closed_on,
                           arena_t *arena, problem_t *problem)
{
    char *clear[] = {(char *)(uintptr_t) "closed_on"};
    organisation_t *patch = pb_new(ORGANISATION_TYPE, arena);
    if (patch == NULL)
        return no_memory(problem);
    patch->has_status = 1;
    patch->status = status;
    patch->closed_on = (char *)(uintptr_t)closed_on;
    return timeline_change(timeline, day, patch, clear, closed_on == NULL ? 1 : 0, false, problem);
}

// The first day from which it is closed without a break until `day`; NULL where that is since ever.
static const char *closed_since(const timeline_t *timeline, const char *day)
{
    const char *since = NULL;
    bool closed = timeline_on(timeline, FIRST_OF_ALL)->status == STATUS_OF(CLOSED);
    for (const char *next = timeline_next(timeline, FIRST_OF_ALL); next != NULL && strcmp(next, day) <= 0;
         next = timeline_next(timeline, next)) {
        const bool is = timeline_on(timeline, next)->status == STATUS_OF(CLOSED);
        if (is && !closed)
            since = next;
        else if (!is)
            since = NULL;
        closed = is;
    }
    return since;
}

// The day on which it is to open by what is on record: it is proposed until the day before. NULL for none.
static const char *opens_on(const timeline_t *timeline, const char *today)
{
    if (timeline_on(timeline, today)->status != STATUS_OF(PROPOSED))
        return NULL;
    for (const char *day = timeline_next(timeline, today); day != NULL; day = timeline_next(timeline, day)) {
        if (timeline_on(timeline, day)->status != STATUS_OF(PROPOSED))
            return timeline_on(timeline, day)->status == STATUS_OF(ACTIVE) ? day : NULL;
    }
    return NULL;
}

static status_t move_opening(timeline_t *timeline, const char *opened_on, const char *today, arena_t *arena, problem_t *problem)
{
    const char *opens = opens_on(timeline, today);
    if (opens == NULL || strcmp(opens, opened_on) == 0)
        return STATUS_OK;
    const char *day = strcmp(opened_on, today) > 0 ? opened_on : today;
    status_t status = STATUS_OK;
    if (strcmp(day, opens) > 0)
        status = set_status(timeline, opens, STATUS_OF(PROPOSED), NULL, arena, problem);
    return status == STATUS_OK ? set_status(timeline, day, STATUS_OF(ACTIVE), NULL, arena, problem) : status;
}

static status_t move_close(timeline_t *timeline, const char *day, const char *closed_on, arena_t *arena, problem_t *problem)
{
    const char *since = closed_since(timeline, day);
    if (since == NULL || strcmp(since, closed_on) == 0)
        return STATUS_OK;
    status_t status = STATUS_OK;
    if (strcmp(closed_on, since) > 0)
        status = set_status(timeline, since, STATUS_OF(ACTIVE), NULL, arena, problem);
    return status == STATUS_OK ? set_status(timeline, closed_on, STATUS_OF(CLOSED), closed_on, arena, problem) : status;
}

// That something has been closed holds from the day on which it closed, whatever it was before.
static status_t close_from(timeline_t *timeline, const request_t *request, const char *day, const char *today, arena_t *arena,
                           problem_t *problem)
{
    organisation_t *rest = pb_new(ORGANISATION_TYPE, arena);
    const char *closed_on = request->organisation->closed_on;
    if (rest == NULL)
        return no_memory(problem);
    if (strcmp(closed_on, today) > 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "status", "A close to come is announced by POST /v1/organisations/%s:close",
                           timeline_on(timeline, day)->code);
    pb_merge(ORGANISATION_TYPE, rest, ORGANISATION_TYPE, request->organisation);
    rest->has_status = 0;
    rest->closed_on = NULL;
    status_t status = timeline_change(timeline, day, rest, request->clear, request->n_clear, true, problem);
    if (status == STATUS_OK)
        status = set_status(timeline, closed_on, STATUS_OF(CLOSED), closed_on, arena, problem);
    // Nor does it close again later.
    for (const char *next = timeline_next(timeline, closed_on); next != NULL && status == STATUS_OK; next = timeline_next(timeline, next)) {
        const organisation_t *facts = timeline_on(timeline, next);
        if (facts->status != STATUS_OF(CLOSED))
            break;
        if (strcmp(facts->closed_on, closed_on) != 0)
            status = set_status(timeline, next, STATUS_OF(CLOSED), closed_on, arena, problem);
    }
    return status;
}

status_t life_change(timeline_t *timeline, const request_t *request, const char *day, const organisation_t *before, const char *today,
                     arena_t *arena, problem_t *problem)
{
    const organisation_t *asked = request->organisation;
    const bool was_closed = before->status == STATUS_OF(CLOSED), correction = request->correction;
    if (correction && !was_closed && asked->has_status && asked->status == STATUS_OF(CLOSED) && asked->closed_on != NULL)
        return close_from(timeline, request, day, today, arena, problem);
    status_t status = timeline_change(timeline, day, asked, request->clear, request->n_clear, correction, problem);
    if (status == STATUS_OK && asked->opened_on != NULL && !asked->has_status)
        status = move_opening(timeline, asked->opened_on, today, arena, problem);
    if (status == STATUS_OK && asked->closed_on != NULL && correction && was_closed)
        status = move_close(timeline, day, asked->closed_on, arena, problem);
    return status;
}

// ---- what may not be ----

// Also where its status speaks of the end alone: it closed later than on that day.
static bool is_open(const timeline_t *timeline, const char *day)
{
    const organisation_t *facts = timeline_on(timeline, day);
    const bool closes_later = facts->status == STATUS_OF(CLOSED) && facts->closed_on != NULL && strcmp(facts->closed_on, day) > 0;
    return (facts->status == STATUS_OF(ACTIVE) || closes_later) && (facts->opened_on == NULL || strcmp(facts->opened_on, day) <= 0);
}

static bool is_closed(const timeline_t *timeline, const char *day)
{
    return timeline_on(timeline, day)->status == STATUS_OF(CLOSED);
}

// On each of these days something may begin to be otherwise.
typedef struct days {
    const char **days;
    size_t count;
} days_t;

static void add_day(days_t *days, const char *day)
{
    if (day != NULL)
        days->days[days->count++] = day;
}

static void add_days_of(days_t *days, const timeline_t *timeline)
{
    for (const char *day = FIRST_OF_ALL; day != NULL; day = timeline_next(timeline, day)) {
        add_day(days, day);
        add_day(days, timeline_on(timeline, day)->opened_on);
        add_day(days, timeline_on(timeline, day)->closed_on);
    }
}

static size_t span_count(const timeline_t *timeline)
{
    size_t count = 0;
    for (const char *day = FIRST_OF_ALL; day != NULL; day = timeline_next(timeline, day))
        count++;
    return count;
}

static bool days_make(days_t *days, const aggregate_t *row, const timeline_t *stood, const timeline_t *timeline, arena_t *arena)
{
    const size_t room = 3 * (span_count(stood) + span_count(timeline)) + row->n_dated;
    *days = (days_t){.days = arena_alloc(arena, room * sizeof *days->days)};
    if (days->days == NULL)
        return false;
    add_days_of(days, stood);
    add_days_of(days, timeline);
    for (size_t i = 0; i < row->n_dated; i++)
        add_day(days, row->dated[i]->from);
    return true;
}

static bool holds(const dated_fact_t *fact, const char *day)
{
    return strcmp(fact->kind, "successor") != 0 && term_holds(fact->from != NULL ? fact->from : FIRST_OF_ALL, fact->to, day);
}

static const char *field_of(const timeline_t *timeline, const char *day, const organisation_t *asked)
{
    const organisation_t *facts = timeline_on(timeline, day);
    if (facts->status == STATUS_OF(CLOSED))
        return asked->closed_on != NULL ? "closedOn" : "status";
    return facts->opened_on != NULL && strcmp(facts->opened_on, day) > 0 ? "openedOn" : "status";
}

static void describe(const dated_fact_t *fact, char *list, size_t size)
{
    const size_t used = strlen(list);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].kind, fact->kind) != 0)
            continue;
        (void)snprintf(list + used, size - used, used > 0 ? ", " : " ");
        (void)snprintf(list + strlen(list), size - strlen(list), kinds[i].sentence, fact->who != NULL ? fact->who : "");
        return;
    }
}

// A member lies below it, too.
static bool named_before(const aggregate_t *row, size_t index, const char *day)
{
    const dated_fact_t *fact = row->dated[index];
    for (size_t i = 0; i < index; i++) {
        const dated_fact_t *other = row->dated[i];
        if (holds(other, day) && other->who != NULL && fact->who != NULL && strcmp(other->who, fact->who) == 0)
            return true;
    }
    return false;
}

// The first day on which it is no more open and something is on record.
static status_t check_facts(const aggregate_t *row, const timeline_t *stood, const timeline_t *timeline, const days_t *days,
                            const organisation_t *asked, problem_t *problem)
{
    const char *first = NULL;
    for (size_t i = 0; i < days->count; i++) {
        const char *day = days->days[i];
        if ((first != NULL && strcmp(first, day) <= 0) || !is_open(stood, day) || is_open(timeline, day))
            continue;
        for (size_t j = 0; j < row->n_dated; j++) {
            if (holds(row->dated[j], day))
                first = day;
        }
    }
    if (first == NULL)
        return STATUS_OK;
    char list[200] = "";
    size_t count = 0;
    for (size_t i = 0; i < row->n_dated; i++) {
        if (holds(row->dated[i], first) && !named_before(row, i, first) && count++ < NAMED_MAX)
            describe(row->dated[i], list, sizeof list);
    }
    if (strcmp(first, FIRST_OF_ALL) == 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field_of(timeline, first, asked), "It would not be open, but%s%s", list,
                           count > NAMED_MAX ? " and more" : "");
    return problem_set(problem, STATUS_FAILED_PRECONDITION, field_of(timeline, first, asked), "On %s it would not be open, but%s%s", first,
                       list, count > NAMED_MAX ? " and more" : "");
}

// What belonged to it ended with the day before it closed.
static const dated_fact_t *ended_with(const aggregate_t *row, const char *closed_on, arena_t *arena)
{
    const char *last = closed_on != NULL ? day_before(closed_on, arena) : NULL;
    for (size_t i = 0; last != NULL && i < row->n_dated; i++) {
        if (row->dated[i]->to != NULL && strcmp(row->dated[i]->to, last) == 0)
            return row->dated[i];
    }
    return NULL;
}

static status_t check_reopening(const aggregate_t *row, const timeline_t *stood, const timeline_t *timeline, const days_t *days,
                                arena_t *arena, problem_t *problem)
{
    const char *closed_on = NULL;
    bool reopens = false;
    for (size_t i = 0; i < days->count; i++) {
        if (!is_closed(stood, days->days[i]) || is_closed(timeline, days->days[i]))
            continue;
        reopens = true;
        closed_on = timeline_on(stood, days->days[i])->closed_on;
    }
    for (size_t i = 0; reopens && i < row->n_dated; i++) {
        if (strcmp(row->dated[i]->kind, "successor") == 0)
            return problem_set(problem, STATUS_FAILED_PRECONDITION, "status", "%s goes on after it from %s on, so it stays closed then",
                               row->dated[i]->who, row->dated[i]->from);
    }
    const dated_fact_t *ended = reopens ? ended_with(row, closed_on, arena) : NULL;
    if (ended == NULL)
        return STATUS_OK;
    return problem_set(problem, STATUS_FAILED_PRECONDITION, "status",
                       "What belonged to it ended as it closed on %s (%s, until %s), so it stays closed then", closed_on,
                       ended->who != NULL ? ended->who : ended->kind, ended->to);
}

// Whether its status agrees with its days on all days, as far as it did.
static status_t check_days(const timeline_t *stood, const timeline_t *timeline, const char *today, problem_t *problem)
{
    status_t status = STATUS_OK;
    for (const char *day = FIRST_OF_ALL; day != NULL && status == STATUS_OK; day = timeline_next(timeline, day)) {
        const organisation_t *facts = timeline_on(timeline, day);
        const bool first = strcmp(day, FIRST_OF_ALL) == 0;
        const char *since = facts->status == STATUS_OF(CLOSED) ? closed_since(timeline, day) : NULL;
        if (facts_same(timeline_on(stood, day), facts) && (since == NULL || same_text(since, closed_since(stood, day))))
            continue;
        status = opening_check(facts, first ? NULL : day, today, problem);
        if (status == STATUS_OK && since != NULL && strcmp(since, facts->closed_on) != 0)
            status = problem_set(problem, STATUS_FAILED_PRECONDITION, "closedOn", "It is closed from %s on by what is on record", since);
    }
    return status;
}

status_t life_check(const aggregate_t *row, const timeline_t *stood, const timeline_t *timeline, const organisation_t *asked,
                    const char *today, arena_t *arena, problem_t *problem)
{
    days_t days;
    if (!days_make(&days, row, stood, timeline, arena))
        return no_memory(problem);
    status_t status = check_reopening(row, stood, timeline, &days, arena, problem);
    if (status == STATUS_OK)
        status = check_days(stood, timeline, today, problem);
    return status == STATUS_OK ? check_facts(row, stood, timeline, &days, asked, problem) : status;
}

// ---- what is above ----

static const char *above_on(const timeline_t *timeline, const char *day, const char *field)
{
    const organisation_t *facts = timeline_on(timeline, day);
    return strcmp(field, "parent") == 0 ? facts->parent : strcmp(field, "payee") == 0 ? facts->payee : facts->place;
}

static const char *later_of(const char *day, const char *other)
{
    return other != NULL && strcmp(other, day) > 0 ? other : day;
}

status_t life_check_above(const timeline_t *stood, const timeline_t *timeline, const char *field, const char *above,
                          const char *closed_from, problem_t *problem)
{
    for (const char *day = FIRST_OF_ALL, *next; day != NULL; day = next) {
        next = timeline_next(timeline, day);
        const organisation_t *facts = timeline_on(timeline, day);
        if (facts->status == STATUS_OF(CLOSED) || !same_text(above_on(timeline, day, field), above))
            continue;
        const char *first = later_of(later_of(day, facts->opened_on), closed_from);
        for (const char *at = first; at != NULL && (next == NULL || strcmp(at, next) < 0); at = timeline_next(stood, at)) {
            if (!same_text(above_on(stood, at, field), above))
                return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "%s is closed from %s on", above, closed_from);
        }
    }
    return STATUS_OK;
}
