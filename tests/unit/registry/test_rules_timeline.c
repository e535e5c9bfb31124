// Timelines against a naive model that has a value for every day, over random sequences of changes and corrections at days gone by, today
// and to come, each written to a record of rows as the database keeps it and read back, while days go by.
#include <stdio.h>

#include "tests/unit/registry/timeline_store.h"

enum { DAYS = 24, FIELDS = 4, VALUES = 3, STEPS = 7, SEQUENCES = 3000 };

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

static void step(store_t *store, model_t *model, int today, const char *now, int sequence)
{
    arena_t *arena = store->arena;
    problem_t problem = {0};
    timeline_t *timeline;
    const bool due = store->head->n_coming > 0 && day_number(store->head->coming[0]->from) <= today;
    const aggregate_t *loaded = store_load(store);
    assert_int_equal(timeline_new(loaded, day_text(arena, today), now, arena, &timeline, &problem), STATUS_OK);
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
    for (size_t i = known; i < store->count && changes == 1; i++)
        assert_int_equal(store->past[i].corrected, store->past[i].superseded && corrects);
}

// What the record was on a day, and what of it was known then.
typedef struct moment {
    int today;
    const char *now;
    model_t model;
} moment_t;

// Every state that the record ever had of days that were over can be told from what is on record at the end: nothing is rewritten.
static void assert_nothing_is_forgotten(const store_t *store, const moment_t *moments, int count, int sequence)
{
    for (int i = 0; i < count; i++) {
        for (int day = 0; day < moments[i].today && day < DAYS; day++) {
            const organisation_t *facts = store_known(store, moments[i].now, day);
            assert_non_null(facts);
            for (int field = 0; field < FIELDS; field++) {
                if (get(facts, field) != moments[i].model.value[field][day])
                    fail_msg("sequence %d: on %s %s on day %d was %d, not %d", sequence, moments[i].now, names[field], day,
                             moments[i].model.value[field][day], get(facts, field));
            }
        }
    }
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
        moment_t moments[STEPS];
        for (int i = 0; i < STEPS; i++) {
            const char *now = arena_printf(arena, "2026-01-02T00:00:00.%06dZ", i);
            step(&store, &model, today, now, sequence);
            moments[i] = (moment_t){.today = today, .now = now, .model = model};
            today += pick(3);
        }
        assert_nothing_is_forgotten(&store, moments, STEPS, sequence);
        arena_destroy(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_what_a_naive_model_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
