// PATCHes of the days on which an organisation is open, by chance, held against every day of a small calendar.
#include "services/registry/rules_life.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/registry/support.h"

typedef Pcn__Registry__V1__UpdateOrganisationRequest request_t;

#define NOW "2026-06-05T08:00:00.000000Z"
#define TODAY "2026-06-05"
#define FIRST_DAY 1
#define LAST_DAY 10
#define ROUNDS 6000

typedef struct chance {
    arena_t *arena;
    unsigned seed;
} chance_t;

static unsigned below(chance_t *chance, unsigned limit)
{
    chance->seed = chance->seed * 1103515245u + 12345u;
    return (chance->seed >> 16) % limit;
}

static char *day_of(arena_t *arena, unsigned number)
{
    return arena_printf(arena, "2026-06-%02u", number);
}

// ---- an organisation ----

static organisation_t *facts(arena_t *arena, int status, char *opened_on, char *closed_on)
{
    organisation_t *organisation = make_organisation(arena, "pcn-a", KIND(NETWORK), "ccg-a");
    organisation->has_status = 1;
    organisation->status = (Pcn__Registry__V1__OrganisationStatus)status;
    organisation->opened_on = opened_on;
    organisation->closed_on = closed_on;
    return organisation;
}

static void add_past(arena_t *arena, aggregate_t *row, char *to, organisation_t *organisation)
{
    history_entry_t *entry = pb_new(&pcn__registry__v1__history_entry__type, arena);
    assert_non_null(entry);
    entry->to = to;
    entry->recorded_at = text(arena, NOW);
    entry->organisation = organisation;
    row->past = appended(arena, row->past, &row->n_past, entry);
}

static void add_coming(arena_t *arena, aggregate_t *row, char *from, char *changes)
{
    coming_change_t *change = pb_new(&pcn__registry__v1__coming_change__type, arena);
    assert_non_null(change);
    change->from = from;
    change->changes = changes;
    change->recorded_at = text(arena, NOW);
    row->coming = appended(arena, row->coming, &row->n_coming, change);
}

// Open since ever or a day, closed before or on a day to come, or proposed with an opening to come.
static aggregate_t *make_row(chance_t *chance)
{
    arena_t *arena = chance->arena;
    aggregate_t *row = make_network(arena, "pcn-a");
    char *opened = below(chance, 2) == 0 ? NULL : day_of(arena, 1 + below(chance, 3));
    row->created_at = text(arena, NOW);
    row->opened_on = opened;
    switch (below(chance, 4)) {
    case 0:
        row->status = STATUS_OF(CLOSED);
        row->closed_on = row->facts_from = day_of(arena, 4 + below(chance, 2));
        add_past(arena, row, day_of(arena, (unsigned)atoi(row->closed_on + 8) - 1), facts(arena, STATUS_OF(ACTIVE), opened, NULL));
        break;
    case 1: {
        char *closes = day_of(arena, 7 + below(chance, 3));
        add_coming(arena, row, closes, arena_printf(arena, "{\"status\":\"closed\",\"closedOn\":\"%s\"}", closes));
        break;
    }
    case 2:
        row->status = STATUS_OF(PROPOSED);
        row->opened_on = day_of(arena, 7 + below(chance, 2));
        add_coming(arena, row, row->opened_on, text(arena, "{\"status\":\"active\"}"));
        break;
    default:
        break;
    }
    return row;
}

static dated_fact_t *add_dated(arena_t *arena, aggregate_t *row, const char *kind, char *from, char *to)
{
    dated_fact_t *fact = pb_new(&pcn__registry__store__v1__dated_fact__type, arena);
    assert_non_null(fact);
    fact->kind = text(arena, kind);
    fact->who = arena_printf(arena, "who-%zu", row->n_dated);
    fact->from = from;
    fact->to = to;
    row->dated = appended(arena, row->dated, &row->n_dated, fact);
    return fact;
}

static void add_facts(chance_t *chance, aggregate_t *row)
{
    static const char *const kinds[] = {"member", "membership", "director", "waiver", "system", "alignment", "provider", "below"};
    for (unsigned i = below(chance, 3); i > 0; i--) {
        const unsigned from = FIRST_DAY + below(chance, LAST_DAY);
        char *to = below(chance, 2) == 0 ? NULL : day_of(chance->arena, from + below(chance, LAST_DAY + 1 - from));
        const char *kind = kinds[below(chance, 8)];
        add_dated(chance->arena, row, kind, below(chance, 5) == 0 ? NULL : day_of(chance->arena, from), to);
    }
    if (below(chance, 5) == 0)
        add_dated(chance->arena, row, "successor", day_of(chance->arena, 5), NULL);
}

// ---- a request ----

static request_t *make_request(chance_t *chance)
{
    arena_t *arena = chance->arena;
    request_t *request = pb_new(&pcn__registry__v1__update_organisation_request__type, arena);
    assert_non_null(request);
    organisation_t *asked = pb_new(ORGANISATION_TYPE, arena);
    assert_non_null(asked);
    request->organisation = asked;
    request->has_correction = 1;
    request->correction = below(chance, 2) != 0;
    request->clear = arena_alloc(arena, 2 * sizeof *request->clear);
    if (below(chance, 2) == 0) {
        static const int statuses[] = {STATUS_OF(ACTIVE), STATUS_OF(PROPOSED), STATUS_OF(CLOSED)};
        asked->has_status = 1;
        asked->status = (Pcn__Registry__V1__OrganisationStatus)statuses[below(chance, 3)];
    }
    switch (below(chance, 3)) {
    case 0:
        asked->closed_on = day_of(arena, FIRST_DAY + below(chance, LAST_DAY));
        break;
    case 1:
        request->clear[request->n_clear++] = text(arena, "closed_on");
        break;
    default:
        break;
    }
    if (below(chance, 3) == 0)
        asked->opened_on = day_of(arena, FIRST_DAY + below(chance, LAST_DAY));
    return request;
}

// ---- the model ----

static bool open_on(const timeline_t *timeline, const char *day)
{
    const organisation_t *of_day = timeline_on(timeline, day);
    if (of_day->opened_on != NULL && strcmp(of_day->opened_on, day) > 0)
        return false;
    return of_day->status == STATUS_OF(ACTIVE) ||
           (of_day->status == STATUS_OF(CLOSED) && of_day->closed_on != NULL && strcmp(of_day->closed_on, day) > 0);
}

static bool stands_on(const dated_fact_t *fact, const char *day)
{
    return strcmp(fact->kind, "successor") != 0 && (fact->from == NULL || strcmp(fact->from, day) <= 0) &&
           (fact->to == NULL || strcmp(fact->to, day) >= 0);
}

// Something stands on a day on which it was open and is no more.
static bool leaves_facts(const aggregate_t *row, const timeline_t *stood, const timeline_t *timeline, arena_t *arena)
{
    for (unsigned number = FIRST_DAY; number <= LAST_DAY; number++) {
        const char *day = day_of(arena, number);
        for (size_t i = 0; i < row->n_dated; i++) {
            if (stands_on(row->dated[i], day) && open_on(stood, day) && !open_on(timeline, day))
                return true;
        }
    }
    return false;
}

static bool reopens(const timeline_t *stood, const timeline_t *timeline, arena_t *arena)
{
    for (unsigned number = FIRST_DAY; number <= LAST_DAY; number++) {
        const char *day = day_of(arena, number);
        if (timeline_on(stood, day)->status == STATUS_OF(CLOSED) && timeline_on(timeline, day)->status != STATUS_OF(CLOSED))
            return true;
    }
    return false;
}

static bool has_kind(const aggregate_t *row, const char *kind)
{
    for (size_t i = 0; i < row->n_dated; i++) {
        if (strcmp(row->dated[i]->kind, kind) == 0)
            return true;
    }
    return false;
}

// A day of closing where it is closed alone, and then the first such day, where that is known.
static bool days_disagree(const timeline_t *timeline, arena_t *arena)
{
    const char *since = NULL;
    for (unsigned number = FIRST_DAY; number <= LAST_DAY; number++) {
        const char *day = day_of(arena, number);
        const organisation_t *of_day = timeline_on(timeline, day);
        if (of_day->status != STATUS_OF(CLOSED)) {
            since = NULL;
            if (of_day->closed_on != NULL)
                return true;
            continue;
        }
        if (since == NULL)
            since = day;
        // Of the first day of all nobody says how long it has been closed.
        if (strcmp(since, day_of(arena, FIRST_DAY)) != 0 && strcmp(of_day->closed_on, since) != 0)
            return true;
    }
    return false;
}

static void show(const char *what, const timeline_t *timeline, arena_t *arena)
{
    for (unsigned number = FIRST_DAY; number <= LAST_DAY; number++) {
        const organisation_t *of_day = timeline_on(timeline, day_of(arena, number));
        print_message("%s on %u: status %d, opened %s, closed %s\n", what, number, (int)of_day->status,
                      of_day->opened_on != NULL ? of_day->opened_on : "-", of_day->closed_on != NULL ? of_day->closed_on : "-");
    }
}

static void what_stands_is_never_contradicted(void **state)
{
    chance_t chance = {.seed = 5};
    unsigned done = 0, refused = 0;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        chance.arena = arena_new(ARENA_CAP);
        assert_non_null(chance.arena);
        problem_t problem = {0};
        aggregate_t *row = make_row(&chance);
        add_facts(&chance, row);
        request_t *request = make_request(&chance);
        timeline_t *stood, *timeline;
        assert_int_equal(timeline_new(row, TODAY, NOW, chance.arena, &stood, &problem), STATUS_OK);
        assert_int_equal(timeline_new(row, TODAY, NOW, chance.arena, &timeline, &problem), STATUS_OK);
        const char *day = day_of(chance.arena, 4 + below(&chance, 5));
        status_t status = life_change(timeline, request, day, timeline_on(stood, day), TODAY, chance.arena, &problem);
        if (status == STATUS_OK && life_touched(request)) {
            status = life_check(row, stood, timeline, request->organisation, TODAY, chance.arena, &problem);
            const bool bad = leaves_facts(row, stood, timeline, chance.arena) ||
                             (reopens(stood, timeline, chance.arena) && has_kind(row, "successor")) ||
                             days_disagree(timeline, chance.arena);
            if (status == STATUS_OK && bad) {
                show("stood", stood, chance.arena);
                show("is", timeline, chance.arena);
                fail_msg("round %u: nothing was said; facts left %d, days disagree %d", round,
                         leaves_facts(row, stood, timeline, chance.arena), days_disagree(timeline, chance.arena));
            }
            done += status == STATUS_OK ? 1 : 0;
            refused += status == STATUS_OK ? 0 : 1;
            if (status != STATUS_OK) {
                assert_int_equal(status, STATUS_FAILED_PRECONDITION);
                assert_true(strcmp(problem.field, "status") == 0 || strcmp(problem.field, "closedOn") == 0 ||
                            strcmp(problem.field, "openedOn") == 0);
            }
        }
        arena_destroy(&chance.arena);
    }
    // Chance met both often.
    assert_true(done > ROUNDS / 10);
    assert_true(refused > ROUNDS / 10);
}

static void says_what_stands_there(void **state)
{
    problem_t problem = {0};
    aggregate_t *row = make_network(*state, "pcn-a");
    row->created_at = text(*state, NOW);
    for (size_t i = 0; i < 5; i++)
        add_dated(*state, row, i == 0 ? "director" : "member", text(*state, "2026-06-02"), NULL);
    request_t *request = pb_new(&pcn__registry__v1__update_organisation_request__type, *state);
    request->organisation = facts(*state, STATUS_OF(CLOSED), NULL, text(*state, "2026-06-03"));
    request->has_correction = 1;
    request->correction = true;
    timeline_t *stood, *timeline;
    assert_int_equal(timeline_new(row, TODAY, NOW, *state, &stood, &problem), STATUS_OK);
    assert_int_equal(timeline_new(row, TODAY, NOW, *state, &timeline, &problem), STATUS_OK);
    request->organisation->code = request->organisation->name = request->organisation->parent = NULL;
    request->organisation->has_kind = 0;
    assert_int_equal(life_change(timeline, request, TODAY, timeline_on(stood, TODAY), TODAY, *state, &problem), STATUS_OK);
    assert_refused(life_check(row, stood, timeline, request->organisation, TODAY, *state, &problem), STATUS_FAILED_PRECONDITION, problem,
                   "closedOn");
    assert_string_equal(problem.detail,
                        "On 2026-06-03 it would not be open, but who-0 is its director, who-1 is a member, who-2 is a member and more");
    // A day to come is the verb's.
    request->organisation->closed_on = text(*state, "2026-06-06");
    assert_int_equal(timeline_new(row, TODAY, NOW, *state, &timeline, &problem), STATUS_OK);
    assert_refused(life_change(timeline, request, TODAY, timeline_on(stood, TODAY), TODAY, *state, &problem), STATUS_FAILED_PRECONDITION,
                   problem, "status");
}

static void memory_runs_out_quietly(void **state)
{
    (void)state;
    bool ended = false;
    for (size_t cap = 1024; !ended; cap += 512) {
        chance_t chance = {.seed = 5, .arena = arena_new(ARENA_CAP)};
        arena_t *small = arena_new(cap);
        problem_t problem = {0};
        assert_non_null(small);
        aggregate_t *row = make_row(&chance);
        add_dated(chance.arena, row, "member", text(chance.arena, "2026-06-02"), NULL);
        request_t *request = pb_new(&pcn__registry__v1__update_organisation_request__type, chance.arena);
        request->organisation = pb_new(ORGANISATION_TYPE, chance.arena);
        request->organisation->opened_on = text(chance.arena, "2026-06-01");
        timeline_t *stood, *timeline;
        status_t status = timeline_new(row, TODAY, NOW, chance.arena, &stood, &problem);
        assert_int_equal(status, STATUS_OK);
        status = timeline_new(row, TODAY, NOW, small, &timeline, &problem);
        if (status == STATUS_OK)
            status = life_change(timeline, request, TODAY, timeline_on(stood, TODAY), TODAY, small, &problem);
        if (status == STATUS_OK)
            status = life_check(row, stood, timeline, request->organisation, TODAY, small, &problem);
        assert_true(status == STATUS_OK || status == STATUS_RESOURCE_EXHAUSTED);
        ended = status == STATUS_OK;
        arena_destroy(&small);
        arena_destroy(&chance.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_is_never_contradicted),
        TEST(says_what_stands_there),
        cmocka_unit_test(memory_runs_out_quietly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
