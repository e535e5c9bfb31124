// Changes and corrections by example: what one does to what is on record, former names, what is to come, what is refused.
#include "tests/unit/registry/timeline_store.h"

typedef struct bench {
    arena_t *arena;
    aggregate_t *row;
    timeline_t *timeline;
    timeline_record_t *record;
    problem_t problem;
} bench_t;

#define TODAY "2026-11-25"
#define NOW "2026-11-25T09:00:00.000000Z"

static aggregate_t *make_row(arena_t *arena, const char *name, const char *opened_on)
{
    aggregate_t *row = pb_new(AGGREGATE_TYPE, arena);
    row->code = text(arena, "gp-a");
    row->has_kind = row->has_version = row->has_status = row->has_level = 1;
    row->kind = KIND(PRACTICE);
    row->level = LEVEL(PRACTICE);
    row->status = STATUS_OF(ACTIVE);
    row->version = 3;
    row->name = text(arena, name);
    row->opened_on = text(arena, opened_on);
    row->created_at = text(arena, "2020-01-01T00:00:00.000000Z");
    return row;
}

static status_t change(bench_t *bench, const char *day, const char *name, const char *notes, bool correction)
{
    organisation_t *patch = pb_new(ORGANISATION_TYPE, bench->arena);
    patch->name = text(bench->arena, name);
    patch->notes = text(bench->arena, notes);
    return timeline_change(bench->timeline, text(bench->arena, day), patch, NULL, 0, correction, &bench->problem);
}

static bench_t begin(arena_t *arena, aggregate_t *row)
{
    bench_t bench = {.arena = arena, .row = row};
    assert_int_equal(timeline_new(row, TODAY, NOW, arena, &bench.timeline, &bench.problem), STATUS_OK);
    return bench;
}

static void record(bench_t *bench)
{
    bench->record = timeline_record(bench->timeline);
    assert_non_null(bench->record);
}

// What one save leaves, loaded again.
static void again(bench_t *bench)
{
    record(bench);
    store_t store = {.arena = bench->arena};
    store.past[0] = (row_t){0};
    for (size_t i = 0; i < bench->row->n_past; i++) {
        const history_entry_t *entry = bench->row->past[i];
        store.past[store.count++] = (row_t){.from = day_number(entry->from),
                                            .to = day_number(entry->to),
                                            .recorded_at = entry->recorded_at,
                                            .facts = facts_of(entry->organisation, bench->arena)};
    }
    store_apply(&store, bench->record);
    bench->row = store_load(&store);
    assert_int_equal(timeline_new(bench->row, TODAY, NOW, bench->arena, &bench->timeline, &bench->problem), STATUS_OK);
}

static void assert_former(const bench_t *bench, const char *day, const char *const *expected)
{
    const organisation_t *facts = timeline_on(bench->timeline, day);
    size_t count = 0;
    while (expected[count] != NULL)
        count++;
    assert_int_equal(facts->n_former_names, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(facts->former_names[i], expected[i]);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_NAMES ((const char *const[]){NULL})

static void a_change_of_today_is_one_more_row(void **state)
{
    bench_t bench = begin(*state, make_row(*state, "Latham House", "2001-04-01"));
    assert_false(timeline_changed(bench.timeline));
    assert_int_equal(change(&bench, TODAY, "Latham House", NULL, false), STATUS_OK);
    assert_false(timeline_changed(bench.timeline));
    assert_int_equal(change(&bench, TODAY, "Latham Surgery", NULL, false), STATUS_OK);
    assert_true(timeline_changed(bench.timeline));
    assert_false(timeline_only_coming(bench.timeline));
    record(&bench);
    assert_string_equal(bench.record->head->name, "Latham Surgery");
    assert_string_equal(bench.record->head->facts_from, TODAY);
    assert_string_equal(bench.record->recorded_at, NOW);
    assert_string_equal(bench.record->head->updated_at, NOW);
    assert_int_equal(bench.record->n_ended, 0);
    assert_int_equal(bench.record->n_added, 1);
    assert_null(bench.record->added[0]->from);
    assert_string_equal(bench.record->added[0]->to, "2026-11-24");
    assert_string_equal(bench.record->added[0]->recorded_at, "2020-01-01T00:00:00.000000Z");
    assert_null(bench.record->added[0]->superseded_at);
    assert_string_equal(bench.record->added[0]->organisation->name, "Latham House");
}

static void changes_of_one_day_are_one(void **state)
{
    bench_t bench = begin(*state, make_row(*state, "One", NULL));
    assert_int_equal(change(&bench, TODAY, "Two", NULL, false), STATUS_OK);
    again(&bench);
    assert_int_equal(change(&bench, TODAY, NULL, "noted", false), STATUS_OK);
    record(&bench);
    assert_int_equal(bench.record->n_added + bench.record->n_ended, 0);
    assert_string_equal(bench.record->head->facts_from, TODAY);
}

static void a_correction_leaves_what_was_wrong(void **state)
{
    bench_t bench = begin(*state, make_row(*state, "Lathem House", NULL));
    assert_int_equal(change(&bench, TODAY, "Latham House", NULL, true), STATUS_OK);
    record(&bench);
    assert_null(bench.record->head->facts_from);
    assert_int_equal(bench.record->head->n_former_names, 0);
    assert_int_equal(bench.record->n_added, 1);
    assert_string_equal(bench.record->added[0]->superseded_at, NOW);
    assert_string_equal(bench.record->added[0]->organisation->name, "Lathem House");
    assert_null(bench.record->added[0]->from);
    assert_null(bench.record->added[0]->to);
}

static void what_is_to_come_is_announced(void **state)
{
    bench_t bench = begin(*state, make_row(*state, "One", NULL));
    assert_int_equal(change(&bench, "2027-04-01", "Two", NULL, false), STATUS_OK);
    assert_true(timeline_only_coming(bench.timeline));
    again(&bench);
    assert_int_equal(bench.row->n_coming, 1);
    assert_string_equal(bench.row->coming[0]->from, "2027-04-01");
    assert_string_equal(bench.row->coming[0]->changes, "{\"name\":\"Two\",\"formerNames\":[\"One\"]}");
    assert_string_equal(bench.record->head->facts_to, "2027-03-31");
    assert_string_equal(bench.record->head->name, "One");
    assert_int_equal(bench.record->n_added, 0);
    // Said again it is nothing new; taken back it is gone.
    assert_int_equal(change(&bench, "2027-04-01", "Two", NULL, false), STATUS_OK);
    assert_false(timeline_changed(bench.timeline));
    assert_int_equal(change(&bench, "2027-04-01", "One", NULL, false), STATUS_OK);
    again(&bench);
    assert_int_equal(bench.row->n_coming, 0);
    assert_null(bench.record->head->facts_to);
}

static void former_names_follow_from_day_to_day(void **state)
{
    bench_t bench = begin(*state, make_row(*state, "A", NULL));
    assert_int_equal(change(&bench, "2026-06-01", "C", NULL, false), STATUS_OK);
    again(&bench);
    assert_former(&bench, "2026-05-31", NO_NAMES);
    assert_former(&bench, TODAY, NAMES("A"));
    // One that held in between, learnt of late.
    assert_int_equal(change(&bench, "2026-03-01", "B", NULL, false), STATUS_OK);
    assert_string_equal(timeline_on(bench.timeline, "2026-05-31")->name, "B");
    assert_string_equal(timeline_on(bench.timeline, TODAY)->name, "C");
    assert_former(&bench, "2026-03-01", NAMES("A"));
    assert_former(&bench, TODAY, NAMES("A", "B"));
    again(&bench);
    // It was spelt wrongly.
    assert_int_equal(change(&bench, "2026-04-01", "Bee", NULL, true), STATUS_OK);
    assert_former(&bench, TODAY, NAMES("A", "Bee"));
    assert_former(&bench, "2026-04-01", NAMES("A"));
    // The first name again.
    assert_int_equal(change(&bench, TODAY, "A", NULL, false), STATUS_OK);
    assert_former(&bench, TODAY, NAMES("Bee", "C"));
}

static void a_change_that_says_the_former_names_is_believed(void **state)
{
    bench_t bench = begin(*state, make_row(*state, "A", NULL));
    organisation_t *patch = pb_new(ORGANISATION_TYPE, *state);
    char *former[] = {text(*state, "Aleph")};
    patch->name = text(*state, "B");
    patch->former_names = former;
    patch->n_former_names = 1;
    assert_int_equal(timeline_change(bench.timeline, TODAY, patch, NULL, 0, false, &bench.problem), STATUS_OK);
    assert_former(&bench, TODAY, NAMES("Aleph"));
}

static void a_day_before_it_opened_is_refused(void **state)
{
    bench_t bench = begin(*state, make_row(*state, "A", "2019-07-01"));
    assert_refused(change(&bench, "2019-06-30", "B", NULL, false), STATUS_FAILED_PRECONDITION, bench.problem, "effectiveFrom");
    bench = begin(*state, make_row(*state, "A", "2019-07-01"));
    assert_int_equal(change(&bench, "2019-07-01", "B", NULL, false), STATUS_OK);
    bench = begin(*state, make_row(*state, "A", "2019-07-01"));
    assert_int_equal(change(&bench, "2019-06-30", "B", NULL, true), STATUS_OK);
    // What held before the first day that can be written cannot be said.
    bench = begin(*state, make_row(*state, "A", NULL));
    assert_refused(change(&bench, "1000-01-01", "B", NULL, false), STATUS_INVALID_ARGUMENT, bench.problem, "effectiveFrom");
    bench = begin(*state, make_row(*state, "A", NULL));
    assert_int_equal(change(&bench, "1000-01-02", "B", NULL, false), STATUS_OK);
    record(&bench);
    assert_string_equal(bench.record->added[0]->to, "1000-01-01");
    bench = begin(*state, make_row(*state, "A", NULL));
    assert_int_equal(change(&bench, "9999-12-31", "B", NULL, false), STATUS_OK);
    record(&bench);
}

static void rules_hold_on_every_changed_day(void **state)
{
    bench_t bench = begin(*state, make_row(*state, "A", "2019-07-01"));
    organisation_t *patch = pb_new(ORGANISATION_TYPE, *state);
    patch->has_status = 1;
    patch->status = STATUS_OF(CLOSED);
    assert_refused(timeline_change(bench.timeline, "2027-01-01", patch, NULL, 0, false, &bench.problem), STATUS_INVALID_ARGUMENT,
                   bench.problem, "closedOn");
    bench = begin(*state, make_row(*state, "A", "2019-07-01"));
    patch->closed_on = text(*state, "2027-01-01");
    assert_int_equal(timeline_change(bench.timeline, "2027-01-01", patch, NULL, 0, false, &bench.problem), STATUS_OK);
    assert_string_equal(timeline_closed_from(bench.timeline), "2027-01-01");
    assert_int_equal(timeline_on(bench.timeline, "2026-12-31")->status, STATUS_OF(ACTIVE));
    // An opening that would follow the closing that is to come.
    organisation_t *opening = pb_new(ORGANISATION_TYPE, *state);
    opening->opened_on = text(*state, "2027-02-01");
    assert_refused(timeline_change(bench.timeline, TODAY, opening, NULL, 0, true, &bench.problem), STATUS_INVALID_ARGUMENT, bench.problem,
                   "closedOn");
}

static void what_came_while_nobody_looked_is_in_force(void **state)
{
    aggregate_t *row = make_row(*state, "A", NULL);
    static const char *const froms[] = {"2026-11-01", "2026-11-20", "2026-12-01"};
    static const char *const changes[] = {"{\"notes\":\"one\"}", "{\"notes\":null,\"statedPopulation\":7}", "{\"statedPopulation\":null}"};
    for (size_t i = 0; i < 3; i++) {
        coming_change_t *coming = pb_new(&pcn__registry__v1__coming_change__type, *state);
        coming->from = text(*state, froms[i]);
        coming->changes = text(*state, changes[i]);
        coming->recorded_at = text(*state, NOW_BEFORE);
        row->coming = appended(*state, row->coming, &row->n_coming, coming);
    }
    bench_t bench = begin(*state, row);
    assert_true(timeline_changed(bench.timeline));
    assert_false(timeline_only_coming(bench.timeline));
    record(&bench);
    assert_int_equal(bench.record->n_added, 2);
    assert_string_equal(bench.record->added[0]->to, "2026-10-31");
    assert_string_equal(bench.record->added[1]->from, "2026-11-01");
    assert_string_equal(bench.record->added[1]->to, "2026-11-19");
    assert_string_equal(bench.record->added[1]->organisation->notes, "one");
    assert_string_equal(bench.record->added[1]->recorded_at, NOW_BEFORE);
    assert_string_equal(bench.record->head->facts_from, "2026-11-20");
    assert_string_equal(bench.record->recorded_at, NOW_BEFORE);
    assert_null(bench.record->head->notes);
    assert_int_equal(bench.record->head->stated_population, 7);
    assert_int_equal(bench.record->head->n_coming, 1);
    assert_string_equal(bench.record->head->coming[0]->recorded_at, NOW_BEFORE);
}

static void what_cannot_be_read_is_our_defect(void **state)
{
    aggregate_t *row = make_row(*state, "A", NULL);
    coming_change_t *coming = pb_new(&pcn__registry__v1__coming_change__type, *state);
    coming->from = text(*state, "2027-01-01");
    coming->changes = text(*state, "{\"colour\":\"red\"}");
    row->coming = appended(*state, row->coming, &row->n_coming, coming);
    timeline_t *timeline;
    problem_t problem = {0};
    assert_int_equal(timeline_new(row, TODAY, NOW, *state, &timeline, &problem), STATUS_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_of_today_is_one_more_row),         TEST(changes_of_one_day_are_one),
        TEST(a_correction_leaves_what_was_wrong),        TEST(what_is_to_come_is_announced),
        TEST(former_names_follow_from_day_to_day),       TEST(a_change_that_says_the_former_names_is_believed),
        TEST(a_day_before_it_opened_is_refused),         TEST(rules_hold_on_every_changed_day),
        TEST(what_came_while_nobody_looked_is_in_force), TEST(what_cannot_be_read_is_our_defect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
