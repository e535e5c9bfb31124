// Timelines against a naive model that has a value for every day, over random sequences of changes and corrections at days gone by, today
// and to come, each written to a record of rows as the database keeps it and read back, while days go by.
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "services/registry/rules_facts.h"
#include "services/registry/rules_timeline.h"
#include "tests/unit/registry/support.h"

enum { DAYS = 24, FIELDS = 4, VALUES = 3, STEPS = 7, SEQUENCES = 3000, ROWS = 256 };

#define FIRST_DAY "2000-01-01"
#define FOR_EVER 1000000
#define NOW_BEFORE "2026-01-01T00:00:00.000000Z"

static char *day_text(arena_t *arena, int day)
{
    int32_t first;
    char date[DATE_SIZE];
    assert_true(date_parse(FIRST_DAY, &first));
    date_format(first + day, date);
    return text(arena, date);
}

// -1 for none.
static int day_number(const char *date)
{
    int32_t first, days = 0;
    if (date == NULL)
        return -1;
    assert_true(date_parse(FIRST_DAY, &first) && date_parse(date, &days));
    return days - first;
}

// ---- facts as small numbers: 0 is absent ----

static void put(organisation_t *organisation, arena_t *arena, int field, int value)
{
    char *word = value > 0 ? arena_printf(arena, "v%d", value) : NULL;
    if (field == 0)
        organisation->notes = word;
    else if (field == 1)
        organisation->parent = word;
    else if (field == 2)
        organisation->source = word;
    organisation->has_stated_population = field == 3 ? value > 0 : organisation->has_stated_population;
    organisation->stated_population = field == 3 ? value : organisation->stated_population;
}

static int get(const organisation_t *organisation, int field)
{
    const char *words[] = {organisation->notes, organisation->parent, organisation->source};
    if (field == 3)
        return organisation->has_stated_population ? (int)organisation->stated_population : 0;
    return words[field] != NULL ? atoi(words[field] + 1) : 0;
}

static const char *const names[FIELDS] = {"notes", "parent", "source", "stated_population"};

// ---- rows as the database keeps them ----

typedef struct row {
    int from, to; // from -1: since ever
    bool superseded;
    const char *recorded_at;
    organisation_t *facts;
} row_t;

typedef struct store {
    arena_t *arena;
    organisation_t *head;
    const char *recorded_at;
    row_t past[ROWS];
    size_t count;
} store_t;

static void store_apply(store_t *store, const timeline_record_t *record)
{
    for (size_t i = 0; i < record->n_ended; i++) {
        const past_end_t *end = record->ended[i];
        row_t *found = NULL;
        for (size_t j = 0; j < store->count; j++) {
            if (!store->past[j].superseded && store->past[j].from == day_number(end->from))
                found = &store->past[j];
        }
        assert_non_null(found);
        assert_true(day_number(end->to) <= found->to);
        found->to = day_number(end->to);
        found->superseded = end->superseded_at != NULL;
    }
    for (size_t i = 0; i < record->n_added; i++) {
        const history_entry_t *entry = record->added[i];
        assert_true(store->count < ROWS);
        assert_non_null(entry->recorded_at);
        row_t *row = &store->past[store->count++];
        *row = (row_t){.from = day_number(entry->from),
                       .to = entry->to != NULL ? day_number(entry->to) : FOR_EVER,
                       .superseded = entry->superseded_at != NULL,
                       .recorded_at = entry->recorded_at,
                       .facts = facts_of(entry->organisation, store->arena)};
        assert_true(row->to >= row->from);
    }
    store->head = record->head;
    store->recorded_at = record->recorded_at;
}

static int by_from(const void *a, const void *b)
{
    return ((const row_t *)a)->from - ((const row_t *)b)->from;
}

static aggregate_t *store_load(store_t *store)
{
    arena_t *arena = store->arena;
    aggregate_t *row = pb_new(AGGREGATE_TYPE, arena);
    pb_merge(AGGREGATE_TYPE, row, ORGANISATION_TYPE, store->head);
    row->facts_recorded_at = (char *)(uintptr_t)store->recorded_at;
    qsort(store->past, store->count, sizeof *store->past, by_from);
    for (size_t i = 0; i < store->count; i++) {
        if (store->past[i].superseded)
            continue;
        history_entry_t *entry = pb_new(&pcn__registry__v1__history_entry__type, arena);
        entry->from = store->past[i].from >= 0 ? day_text(arena, store->past[i].from) : NULL;
        entry->to = day_text(arena, store->past[i].to);
        entry->recorded_at = (char *)(uintptr_t)store->past[i].recorded_at;
        entry->organisation = facts_of(store->past[i].facts, arena);
        row->past = appended(arena, row->past, &row->n_past, entry);
    }
    return row;
}

// The facts of a day by the rows alone, as organisations_on() finds them.
static organisation_t *store_on(const store_t *store, int day)
{
    const int head_from = day_number(store->head->facts_from);
    organisation_t *found = NULL;
    for (size_t i = 0; i < store->count; i++) {
        const row_t *row = &store->past[i];
        if (row->superseded || row->from > day || row->to < day)
            continue;
        assert_null(found); // one a day
        found = facts_of(row->facts, store->arena);
    }
    if (head_from > day) {
        assert_non_null(found); // without a gap
        return found;
    }
    assert_null(found);
    found = facts_of(store->head, store->arena);
    problem_t problem = {0};
    for (size_t i = 0; i < store->head->n_coming; i++) {
        if (day_number(store->head->coming[i]->from) <= day)
            assert_int_equal(facts_apply(found, store->head->coming[i]->changes, store->arena, &problem), STATUS_OK);
    }
    return found;
}

// ---- the model ----

typedef struct model {
    int value[FIELDS][DAYS];
} model_t;

static void model_set(model_t *model, int field, int day, int value, bool correction)
{
    const model_t before = *model;
    const int *old = before.value[field];
    for (int d = day; d < DAYS && (d == day || old[d] == old[d - 1]); d++)
        model->value[field][d] = value;
    for (int d = day; correction && d > 0 && old[d - 1] == old[d]; d--)
        model->value[field][d - 1] = value;
}

static bool model_same_until(const model_t *a, const model_t *b, int day)
{
    for (int field = 0; field < FIELDS; field++) {
        if (memcmp(a->value[field], b->value[field], (size_t)(day + 1) * sizeof(int)) != 0)
            return false;
    }
    return true;
}

static void assert_models(const store_t *store, const model_t *model, int sequence)
{
    for (int day = 0; day < DAYS; day++) {
        const organisation_t *facts = store_on(store, day);
        for (int field = 0; field < FIELDS; field++) {
            if (get(facts, field) != model->value[field][day])
                fail_msg("sequence %d: %s on day %d is %d, not %d", sequence, names[field], day, get(facts, field),
                         model->value[field][day]);
        }
    }
}

// What was replaced on days gone by is on record as superseded, with what it said.
static void assert_superseded(const store_t *store, size_t known, const model_t *before, const model_t *after, int today,
                              bool only_correction, bool corrects)
{
    for (int day = 0; day < DAYS; day++) {
        bool differs = false;
        for (int field = 0; field < FIELDS; field++)
            differs = differs || before->value[field][day] != after->value[field][day];
        bool told = false;
        for (size_t i = 0; i < store->count && differs; i++) {
            const row_t *row = &store->past[i];
            bool says = row->superseded && row->from <= day && day <= row->to;
            for (int field = 0; field < FIELDS && says; field++)
                says = get(row->facts, field) == before->value[field][day];
            told = told || says;
        }
        if (differs && (day < today || only_correction))
            assert_true(told);
    }
    if (corrects)
        return;
    for (size_t i = known; i < store->count; i++)
        assert_true(!store->past[i].superseded || store->past[i].from < today);
}

static int pick(int below)
{
    return rand() % below;
}

static void step(store_t *store, model_t *model, int today, int sequence)
{
    arena_t *arena = store->arena;
    problem_t problem = {0};
    timeline_t *timeline;
    const bool due = store->head->n_coming > 0 && day_number(store->head->coming[0]->from) <= today;
    const aggregate_t *loaded = store_load(store);
    assert_int_equal(timeline_new(loaded, day_text(arena, today), NOW_BEFORE, arena, &timeline, &problem), STATUS_OK);
    assert_int_equal(timeline_changed(timeline), due);
    const model_t before = *model;
    const size_t known = store->count;
    const int changes = 1 + pick(2);
    bool corrects = false;
    for (int i = 0; i < changes; i++) {
        organisation_t *patch = pb_new(ORGANISATION_TYPE, arena);
        char *clear[FIELDS];
        size_t cleared = 0;
        const int day = pick(3) == 0 ? today : pick(DAYS);
        const bool correction = pick(3) == 0;
        corrects = corrects || correction;
        for (int field = 0; field < FIELDS; field++) {
            if (pick(2) == 0)
                continue;
            const int value = pick(VALUES);
            model_set(model, field, day, value, correction);
            if (value == 0)
                clear[cleared++] = text(arena, names[field]);
            else
                put(patch, arena, field, value);
        }
        assert_int_equal(timeline_change(timeline, day_text(arena, day), patch, clear, cleared, correction, &problem), STATUS_OK);
    }
    const bool differs = !model_same_until(&before, model, DAYS - 1);
    if (changes == 1 || differs)
        assert_int_equal(timeline_changed(timeline), differs || due);
    if (changes == 1)
        assert_int_equal(timeline_only_coming(timeline), differs && !due && model_same_until(&before, model, today));
    for (int day = 0; day < DAYS; day++) {
        for (int field = 0; field < FIELDS; field++)
            assert_int_equal(get(timeline_on(timeline, day_text(arena, day)), field), model->value[field][day]);
    }
    if (!timeline_changed(timeline))
        return;
    timeline_record_t *record = timeline_record(timeline);
    assert_non_null(record);
    assert_int_equal(record->expected_version, loaded->version);
    assert_int_equal(record->head->version, loaded->version + 1);
    store_apply(store, record);
    for (size_t i = 0; i < store->head->n_coming; i++)
        assert_true(day_number(store->head->coming[i]->from) > (i == 0 ? today : day_number(store->head->coming[i - 1]->from)));
    assert_models(store, model, sequence);
    qsort(store->past, known, sizeof *store->past, by_from);
    assert_superseded(store, known, &before, model, today, corrects && changes == 1, corrects);
}

static void it_is_what_a_naive_model_says(void **state)
{
    (void)state;
    for (int sequence = 0; sequence < SEQUENCES; sequence++) {
        srand((unsigned)sequence + 1);
        arena_t *arena = arena_new(64u << 20);
        store_t store = {.arena = arena, .head = make_organisation(arena, "ics-a", KIND(ICS), NULL)};
        store.head->has_version = store.head->has_level = store.head->has_status = 1;
        store.head->version = 1;
        store.head->level = LEVEL(SYSTEM);
        store.head->status = STATUS_OF(ACTIVE);
        store.head->created_at = text(arena, NOW_BEFORE);
        model_t model = {0};
        int today = pick(DAYS / 2);
        for (int i = 0; i < STEPS; i++) {
            step(&store, &model, today, sequence);
            today += pick(3);
        }
        arena_destroy(&arena);
    }
}

// ---- examples ----

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
        cmocka_unit_test(it_is_what_a_naive_model_says),
        TEST(a_change_of_today_is_one_more_row),
        TEST(changes_of_one_day_are_one),
        TEST(a_correction_leaves_what_was_wrong),
        TEST(what_is_to_come_is_announced),
        TEST(former_names_follow_from_day_to_day),
        TEST(a_change_that_says_the_former_names_is_believed),
        TEST(a_day_before_it_opened_is_refused),
        TEST(rules_hold_on_every_changed_day),
        TEST(what_came_while_nobody_looked_is_in_force),
        TEST(what_cannot_be_read_is_our_defect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
