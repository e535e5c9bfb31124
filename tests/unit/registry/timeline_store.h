// What a timeline's records leave in rows as the database keeps them, for the tests of timelines.
#ifndef PCN_TESTS_REGISTRY_TIMELINE_STORE_H
#define PCN_TESTS_REGISTRY_TIMELINE_STORE_H

#include <stdlib.h>

#include "common/base/clock.h"
#include "services/registry/rules_facts.h"
#include "services/registry/rules_timeline.h"
#include "tests/unit/registry/support.h"

enum { ROWS = 256 };

#define FIRST_DAY "2000-01-01"
#define FOR_EVER 1000000
#define NOW_BEFORE "2026-01-01T00:00:00.000000Z"

static inline char *day_text(arena_t *arena, int day)
{
    int32_t first;
    char date[DATE_SIZE];
    assert_true(date_parse(FIRST_DAY, &first));
    date_format(first + day, date);
    return text(arena, date);
}

// -1 for none.
static inline int day_number(const char *date)
{
    int32_t first, days = 0;
    if (date == NULL)
        return -1;
    assert_true(date_parse(FIRST_DAY, &first) && date_parse(date, &days));
    return days - first;
}

typedef struct row {
    int from, to;               // from -1: since ever
    bool superseded, corrected; // corrected: superseded as wrong
    const char *recorded_at, *end_recorded_at, *superseded_at;
    organisation_t *facts;
} row_t;

typedef struct store {
    arena_t *arena;
    organisation_t *head;
    const char *recorded_at;
    row_t past[ROWS];
    size_t count;
} store_t;

// Why it is superseded is said where it is.
static inline bool is_corrected(const char *superseded_at, protobuf_c_boolean has_by, Pcn__Registry__V1__SupersededBy by)
{
    assert_int_equal(superseded_at != NULL, has_by);
    return has_by && by == PCN__REGISTRY__V1__SUPERSEDED_BY__SUPERSEDED_BY_CORRECTION;
}

static inline void store_apply(store_t *store, const timeline_record_t *record)
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
        found->superseded_at = end->superseded_at;
        found->end_recorded_at = end->end_recorded_at;
        found->corrected = is_corrected(end->superseded_at, end->has_superseded_by, end->superseded_by);
    }
    for (size_t i = 0; i < record->n_added; i++) {
        const history_entry_t *entry = record->added[i];
        assert_true(store->count < ROWS);
        assert_non_null(entry->recorded_at);
        row_t *row = &store->past[store->count++];
        *row = (row_t){.from = day_number(entry->from),
                       .to = entry->to != NULL ? day_number(entry->to) : FOR_EVER,
                       .superseded = entry->superseded_at != NULL,
                       .corrected = is_corrected(entry->superseded_at, entry->has_superseded_by, entry->superseded_by),
                       .recorded_at = entry->recorded_at,
                       .end_recorded_at = entry->end_recorded_at,
                       .superseded_at = entry->superseded_at,
                       .facts = facts_of(entry->organisation, store->arena)};
        assert_true(row->to >= row->from);
        assert_true(row->end_recorded_at == NULL || (row->to < FOR_EVER && strcmp(row->end_recorded_at, row->recorded_at) > 0));
    }
    store->head = record->head;
    store->recorded_at = record->recorded_at;
}

static inline int by_from(const void *a, const void *b)
{
    return ((const row_t *)a)->from - ((const row_t *)b)->from;
}

static inline aggregate_t *store_load(store_t *store)
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
        entry->end_recorded_at = (char *)(uintptr_t)store->past[i].end_recorded_at;
        entry->organisation = facts_of(store->past[i].facts, arena);
        row->past = appended(arena, row->past, &row->n_past, entry);
    }
    return row;
}

// The facts of a day by the rows alone, as organisations_on() finds them.
static inline organisation_t *store_on(const store_t *store, int day)
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

// What was known at an instant about a day that was over by then, by what is on record later: entries recorded by then and not superseded,
// each until its last day, or on where that was recorded only later; the latest of these. NULL for none.
static inline const organisation_t *store_known(const store_t *store, const char *instant, int day)
{
    const organisation_t *found = NULL;
    int from = -2;
    for (size_t i = 0; i < store->count; i++) {
        const row_t *row = &store->past[i];
        const bool gone = row->superseded_at != NULL && strcmp(row->superseded_at, instant) <= 0;
        const bool goes_on = row->end_recorded_at != NULL && strcmp(row->end_recorded_at, instant) > 0;
        if (gone || strcmp(row->recorded_at, instant) > 0 || row->from > day || (row->to < day && !goes_on) || row->from <= from)
            continue;
        found = row->facts;
        from = row->from;
    }
    const int head_from = day_number(store->head->facts_from);
    const char *recorded_at = store->recorded_at != NULL ? store->recorded_at : store->head->created_at;
    return strcmp(recorded_at, instant) <= 0 && head_from <= day && head_from > from ? store->head : found;
}

#endif
