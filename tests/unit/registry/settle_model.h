// The model of test_rules_settle.c, which has nothing but a letter for each day, and what is loaded and read for it.
#ifndef PCN_TESTS_REGISTRY_SETTLE_MODEL_H
#define PCN_TESTS_REGISTRY_SETTLE_MODEL_H

#include <stdio.h>

#include "services/registry/rules_changes.h"
#include "tests/unit/registry/timeline_store.h"

#define DAYS 12
#define END (DAYS + 1) // the last day of what has none
#define TODAY 6
#define NEVER (END + 1)
#define NOBODY '-'

// A letter for each organisation: networks a and b, e that a split makes of a, commissioners p, q and r, and c and d, below which a
// practice lies by itself.
typedef char course_t[END + 1];

typedef struct span {
    char network;
    int from, to;
} span_t;

// What is on record before.
typedef struct world {
    span_t spans[2];
    int count;
    int handover; // from this day on p is q, which network a lies below
    int patched;  // from this day on the practice lies below d instead of c, where nothing else is known
    course_t owner, parent;
} world_t;

typedef struct scene {
    arena_t *arena;
    const world_t *world;
    store_t store; // the practice's rows
    changes_t *changes;
    problem_t problem;
} scene_t;

static inline char *date(arena_t *arena, int day)
{
    return day >= END ? NULL : day_text(arena, day);
}

static inline const char *code_of(char letter)
{
    static const char *const codes[] = {['a'] = "pcn-a", ['b'] = "pcn-b", ['c'] = "ccg-c", ['d'] = "ccg-d",
                                        ['p'] = "ccg-p", ['q'] = "sub-q", ['r'] = "ccg-r", ['e'] = "pcn-e"};
    return letter == NOBODY ? NULL : codes[(int)letter];
}

// ---- the model ----

static inline char above(const world_t *world, char network, int day)
{
    return network == 'b' ? 'r' : day < world->handover ? 'p' : 'q';
}

static inline char last_before(const course_t owner, int day)
{
    for (int before = day - 1; before >= 0; before--) {
        if (owner[before] != NOBODY)
            return owner[before];
    }
    return NOBODY;
}

static inline char unfallen(const world_t *world, const course_t owner, const course_t parent, int day)
{
    const char left = last_before(owner, day);
    return owner[day] == NOBODY && left != NOBODY && parent[day] == above(world, left, day) ? left : parent[day];
}

static inline void model(const world_t *world, const course_t owner, const course_t parent, const course_t after, int from,
                         course_t expected)
{
    char would_be = unfallen(world, owner, parent, from - 1);
    memcpy(expected, parent, sizeof(course_t));
    for (int day = from; day <= END; day++) {
        const char is = unfallen(world, owner, parent, day);
        if (after[day] != NOBODY)
            would_be = after[day];
        else if (is != unfallen(world, owner, parent, day - 1))
            would_be = is;
        const bool network = would_be == 'a' || would_be == 'b' || would_be == 'e';
        expected[day] = network && after[day] == NOBODY ? above(world, would_be, day) : would_be;
    }
}

static inline void own(const span_t *spans, int count, course_t owner)
{
    memset(owner, NOBODY, sizeof(course_t));
    for (int i = 0; i < count; i++)
        memset(owner + spans[i].from, spans[i].network, (size_t)(spans[i].to - spans[i].from + 1));
}

static inline void complete(world_t *world)
{
    course_t none, own_parent;
    own(world->spans, world->count, world->owner);
    own(NULL, 0, none);
    for (int day = 0; day <= END; day++)
        own_parent[day] = day < world->patched ? 'c' : 'd';
    model(world, none, own_parent, world->owner, 1, world->parent);
}

// ---- what is loaded ----

static inline organisation_t *facts_below(arena_t *arena, const char *code, organisation_kind_t kind, const char *parent)
{
    organisation_t *facts = make_organisation(arena, code, kind, parent);
    facts->has_status = facts->has_level = facts->has_version = 1;
    facts->status = STATUS_OF(ACTIVE);
    facts->level = kind == KIND(PRACTICE) ? LEVEL(PRACTICE) : LEVEL(NEIGHBOURHOOD);
    facts->version = 3;
    return facts;
}

// The rows of an organisation whose parent is another day by day.
static inline void store_course(store_t *store, arena_t *arena, const char *code, organisation_kind_t kind, const course_t parent)
{
    *store = (store_t){.arena = arena, .head = facts_below(arena, code, kind, code_of(parent[TODAY])), .recorded_at = NOW_BEFORE};
    int from = -1;
    for (int day = 1; day <= TODAY; day++) {
        if (parent[day] == parent[day - 1])
            continue;
        store->past[store->count++] = (row_t){
            .from = from, .to = day - 1, .recorded_at = NOW_BEFORE, .facts = facts_below(arena, code, kind, code_of(parent[day - 1]))};
        from = day;
    }
    store->head->facts_from = from < 0 ? NULL : day_text(arena, from);
    for (int day = TODAY + 1; day < END; day++) {
        if (parent[day] == parent[day - 1])
            continue;
        coming_change_t *coming = pb_new(&pcn__registry__v1__coming_change__type, arena);
        coming->from = day_text(arena, day);
        coming->changes = arena_printf(arena, "{\"parent\":\"%s\"}", code_of(parent[day]));
        coming->recorded_at = text(arena, NOW_BEFORE);
        store->head->coming = appended(arena, store->head->coming, &store->head->n_coming, coming);
    }
}

static inline aggregate_t *network_row(scene_t *scene, char letter)
{
    store_t store;
    course_t parent;
    for (int day = 0; day <= END; day++)
        parent[day] = above(scene->world, letter, day);
    store_course(&store, scene->arena, code_of(letter), KIND(NETWORK), parent);
    aggregate_t *network = store_load(&store);
    for (int i = 0; i < scene->world->count; i++) {
        const span_t *span = &scene->world->spans[i];
        if (span->network == letter)
            (void)add_member(scene->arena, network, "gp", day_text(scene->arena, span->from), date(scene->arena, span->to), NULL);
    }
    return network;
}

static inline void begin(scene_t *scene, arena_t *arena, const world_t *world)
{
    *scene = (scene_t){.arena = arena, .world = world};
    store_course(&scene->store, arena, "gp", KIND(PRACTICE), world->parent);
    aggregate_t *practice = store_load(&scene->store);
    for (int i = 0; i < world->count; i++) {
        Pcn__Registry__Store__V1__Membership *stay = pb_new(&pcn__registry__store__v1__membership__type, arena);
        stay->network = text(arena, code_of(world->spans[i].network));
        stay->from = day_text(arena, world->spans[i].from);
        stay->to = date(arena, world->spans[i].to);
        practice->practice_memberships = appended(arena, practice->practice_memberships, &practice->n_practice_memberships, stay);
    }
    course_t elsewhere;
    memset(elsewhere, 'c', sizeof elsewhere);
    store_t other;
    store_course(&other, arena, "gp-other", KIND(PRACTICE), elsewhere);
    void *rows[] = {network_row(scene, 'a'), network_row(scene, 'b'), practice, store_load(&other)};
    assert_int_equal(changes_new(rows, 4, 2, day_text(arena, TODAY), NOW_BEFORE, arena, &scene->changes, &scene->problem), STATUS_OK);
}

// ---- what is compared ----

static inline void owner_after(const scene_t *scene, course_t owner)
{
    own(NULL, 0, owner);
    for (const char *letter = "abe"; *letter != '\0'; letter++) {
        const changed_t *changed = changes_find(scene->changes, code_of(*letter));
        for (size_t i = 0; changed != NULL && i < changed->after->n_all_members; i++) {
            const member_t *member = changed->after->all_members[i];
            if (strcmp(member->practice, "gp") != 0)
                continue;
            for (int day = day_number(member->from); day <= (member->to != NULL ? day_number(member->to) : END); day++) {
                assert_int_equal(owner[day], NOBODY);
                owner[day] = *letter;
            }
        }
    }
}

static inline const char *described(const scene_t *scene)
{
    char *line = arena_printf(scene->arena, "today %d, handover %d, patched %d, was %.14s below %.14s", TODAY, scene->world->handover,
                              scene->world->patched, scene->world->owner, scene->world->parent);
    return line != NULL ? line : "";
}

static inline void assert_settled(scene_t *scene, const course_t owner, int from, const char *what, int on)
{
    course_t got, expected;
    owner_after(scene, got);
    for (int day = 0; day <= END; day++) {
        if (got[day] != owner[day])
            fail_msg("%s on %d: day %d belongs to %c instead of %c; %s", what, on, day, got[day], owner[day], described(scene));
    }
    model(scene->world, scene->world->owner, scene->world->parent, owner, from, expected);
    assert_int_equal(changes_record(scene->changes), STATUS_OK);
    const changes_record_t *record = scene->changes->record;
    for (size_t i = 0; i < record->n_timelines; i++) {
        if (strcmp(record->timelines[i]->head->code, "gp") == 0)
            store_apply(&scene->store, record->timelines[i]);
    }
    for (int day = 0; day <= END; day++) {
        const char *parent = store_on(&scene->store, day)->parent, *right = code_of(expected[day]);
        if (strcmp(parent, right) != 0)
            fail_msg("%s on %d: on day %d it lies below %s instead of %s; %s", what, on, day, parent, right, described(scene));
    }
    assert_null(changes_find(scene->changes, "gp-other")->head != NULL && strcmp(what, "a merger of practices") != 0 ? "changed" : NULL);
    // Said in advance where nothing but days to come is another.
    const changed_t *practice = changes_find(scene->changes, "gp");
    bool until_today = false, differs = false;
    for (int day = 0; day <= END; day++) {
        const bool other = expected[day] != scene->world->parent[day];
        differs = differs || other;
        until_today = until_today || (other && day <= TODAY);
    }
    if (strstr(what, "of the practice") != NULL || strcmp(what, "a merger of practices") == 0)
        return;
    if (differs != (practice->head != NULL))
        fail_msg("%s on %d: the practice %s; %s", what, on, differs ? "is as it was" : "has changed", described(scene));
    if (differs && practice->announced == until_today)
        fail_msg("%s on %d: the practice's change is %s; %s", what, on, until_today ? "announced" : "not announced", described(scene));
}

#endif
