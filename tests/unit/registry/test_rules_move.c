// Moves, leaves, corrections and mergers of networks against a model that knows nothing but days: for every pair of memberships that a
// practice may have had in twelve days, and every day on which something happens to it.
#include <stdio.h>

#include "services/registry/rules_changes.h"
#include "services/registry/rules_correction.h"
#include "services/registry/rules_move.h"
#include "services/registry/rules_succession.h"
#include "services/registry/rules_term.h"
#include "tests/unit/registry/support.h"

#define DAYS 12
#define TODAY 8
#define NOBODY 'c'

// Day 1 is 1 January 2020; text for the day after DAYS too.
static const char *const days[] = {"2019-12-31", "2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04", "2020-01-05", "2020-01-06",
                                   "2020-01-07", "2020-01-08", "2020-01-09", "2020-01-10", "2020-01-11", "2020-01-12", "2020-01-13"};

// First and last day; no last day is DAYS + 1.
typedef struct span {
    char network; // 'a' or 'b'
    int from, to;
} span_t;

typedef struct scene {
    arena_t *arena;
    span_t spans[3];
    int count;
    char owner[DAYS + 2]; // the network of the day, or NOBODY
    aggregate_t *a, *b, *practice;
    changes_t *changes;
    problem_t problem;
} scene_t;

static char *day_text(scene_t *scene, int day)
{
    return day > DAYS ? NULL : text(scene->arena, days[day]);
}

static const char *parent_code(char owner)
{
    return owner == 'a' ? "pcn-a" : owner == 'b' ? "pcn-b" : "ccg-elr";
}

static void own(const scene_t *scene, char *owner)
{
    memset(owner, NOBODY, DAYS + 2);
    for (int i = 0; i < scene->count; i++) {
        for (int day = scene->spans[i].from; day <= scene->spans[i].to && day <= DAYS + 1; day++)
            owner[day] = scene->spans[i].network;
    }
}

static organisation_t *practice_below(scene_t *scene, char owner)
{
    organisation_t *facts = make_organisation(scene->arena, "gp", KIND(PRACTICE), parent_code(owner));
    facts->has_status = facts->has_level = 1;
    facts->status = STATUS_OF(ACTIVE);
    facts->level = LEVEL(PRACTICE);
    return facts;
}

// The practice with the parent of each day.
static void make_practice(scene_t *scene)
{
    aggregate_t *practice = pb_new(AGGREGATE_TYPE, scene->arena);
    assert_non_null(practice);
    pb_merge(AGGREGATE_TYPE, practice, ORGANISATION_TYPE, practice_below(scene, scene->owner[TODAY]));
    practice->has_version = 1;
    practice->version = 3;
    char *from = NULL;
    for (int day = 1; day <= TODAY; day++) {
        const char before = scene->owner[day - 1];
        if (before == scene->owner[day])
            continue;
        history_entry_t *entry = pb_new(&pcn__registry__v1__history_entry__type, scene->arena);
        assert_non_null(entry);
        entry->from = from;
        entry->to = text(scene->arena, days[day - 1]);
        entry->recorded_at = text(scene->arena, "2019-01-01T00:00:00Z");
        entry->organisation = practice_below(scene, before);
        practice->past = appended(scene->arena, practice->past, &practice->n_past, entry);
        from = text(scene->arena, days[day]);
    }
    practice->facts_from = from;
    for (int day = TODAY + 1; day <= DAYS + 1; day++) {
        if (scene->owner[day - 1] == scene->owner[day])
            continue;
        coming_change_t *coming = pb_new(&pcn__registry__v1__coming_change__type, scene->arena);
        assert_non_null(coming);
        coming->from = text(scene->arena, days[day]);
        coming->changes = arena_printf(scene->arena, "{\"parent\":\"%s\"}", parent_code(scene->owner[day]));
        coming->recorded_at = text(scene->arena, "2019-01-01T00:00:00Z");
        practice->coming = appended(scene->arena, practice->coming, &practice->n_coming, coming);
    }
    for (int i = 0; i < scene->count; i++) {
        Pcn__Registry__Store__V1__Membership *membership = pb_new(&pcn__registry__store__v1__membership__type, scene->arena);
        assert_non_null(membership);
        membership->network = text(scene->arena, parent_code(scene->spans[i].network));
        membership->from = text(scene->arena, days[scene->spans[i].from]);
        membership->to = day_text(scene, scene->spans[i].to);
        practice->practice_memberships =
            appended(scene->arena, practice->practice_memberships, &practice->n_practice_memberships, membership);
    }
    scene->practice = practice;
}

static void set_scene(scene_t *scene, arena_t *arena, const span_t *spans, int count)
{
    *scene = (scene_t){.arena = arena, .count = count};
    for (int i = 0; i < count; i++)
        scene->spans[i] = spans[i];
    own(scene, scene->owner);
    scene->a = make_network(arena, "pcn-a");
    scene->b = make_network(arena, "pcn-b");
    for (int i = 0; i < count; i++)
        (void)add_member(arena, spans[i].network == 'a' ? scene->a : scene->b, "gp", days[spans[i].from], day_text(scene, spans[i].to),
                         NULL);
    make_practice(scene);
    void *rows[] = {scene->a, scene->b, scene->practice};
    assert_int_equal(changes_new(rows, 3, 2, days[TODAY], "2020-01-08T12:00:00Z", arena, &scene->changes, &scene->problem), STATUS_OK);
}

// The owner of each day by the memberships on record after the change.
static void owner_after(const scene_t *scene, char *owner)
{
    memset(owner, NOBODY, DAYS + 2);
    for (char network = 'a'; network <= 'b'; network++) {
        const aggregate_t *after = changes_find(scene->changes, parent_code(network))->after;
        for (size_t i = 0; i < after->n_all_members; i++) {
            const member_t *member = after->all_members[i];
            assert_true(term_ordered(member->from, member->to));
            for (int day = 1; day <= DAYS + 1; day++) {
                if (!term_holds(member->from, member->to, days[day]))
                    continue;
                assert_int_equal(owner[day], NOBODY); // one network at a time
                owner[day] = network;
            }
        }
    }
}

static void assert_days(const scene_t *scene, const char *expected, const char *what, int on)
{
    char owner[DAYS + 2];
    owner_after(scene, owner);
    const timeline_t *timeline = changes_find(scene->changes, "gp")->timeline;
    for (int day = 1; day <= DAYS + 1; day++) {
        if (owner[day] != expected[day])
            fail_msg("%s on %d: day %d belongs to %c instead of %c", what, on, day, owner[day], expected[day]);
        if (strcmp(timeline_on(timeline, days[day])->parent, parent_code(expected[day])) != 0)
            fail_msg("%s on %d: the parent of day %d is %s instead of %s", what, on, day, timeline_on(timeline, days[day])->parent,
                     parent_code(expected[day]));
    }
}

// The rows that the save touches make of those that were there what is on record after.
static void assert_rows(const scene_t *scene)
{
    const changes_record_t *record = scene->changes->record;
    size_t after = 0;
    for (char network = 'a'; network <= 'b'; network++)
        after += changes_find(scene->changes, parent_code(network))->after->n_all_members;
    assert_int_equal(after, (size_t)scene->count - record->n_members_gone + record->n_members_added);
    for (size_t i = 0; i < record->n_members_ended; i++)
        assert_true(record->members_ended[i]->to != NULL && term_ordered(record->members_ended[i]->from, record->members_ended[i]->to));
    for (size_t i = 0; i < record->n_members_added; i++)
        assert_true(term_ordered(record->members_added[i]->from, record->members_added[i]->to));
}

static const span_t *holding(const scene_t *scene, char network, int on)
{
    for (int i = 0; i < scene->count; i++) {
        if (scene->spans[i].network == network && scene->spans[i].from <= on && on <= scene->spans[i].to)
            return &scene->spans[i];
    }
    return NULL;
}

static void try_move(arena_t *arena, const span_t *spans, int count, int on)
{
    scene_t scene;
    set_scene(&scene, arena, spans, count);
    const span_t *span = holding(&scene, 'a', on);
    move_request_t request;
    pcn__registry__v1__move_member_request__init(&request);
    request.code = text(arena, "pcn-a");
    request.practice = text(arena, "gp");
    request.network = text(arena, "pcn-b");
    request.on = text(arena, days[on]);
    const status_t status = member_move(scene.changes, &request);
    if (span == NULL) {
        assert_refused(status, STATUS_ALREADY_EXISTS, scene.problem, "practice");
        return;
    }
    if (status != STATUS_OK)
        fail_msg("on %d: %s: %s", on, scene.problem.field, scene.problem.detail);
    char expected[DAYS + 2];
    memcpy(expected, scene.owner, sizeof expected);
    for (int day = on; day <= span->to && day <= DAYS + 1; day++)
        expected[day] = 'b';
    assert_days(&scene, expected, "a move", on);
    assert_rows(&scene);
}

static void try_leave(arena_t *arena, const span_t *spans, int count, int on)
{
    scene_t scene;
    set_scene(&scene, arena, spans, count);
    const span_t *span = holding(&scene, 'a', on);
    leave_request_t request;
    pcn__registry__v1__leave_member_request__init(&request);
    request.code = text(arena, "pcn-a");
    request.practice = text(arena, "gp");
    request.on = text(arena, days[on]);
    const status_t status = member_leave(scene.changes, &request);
    if (span == NULL) {
        assert_refused(status, STATUS_ALREADY_EXISTS, scene.problem, "practice");
        return;
    }
    if (status != STATUS_OK)
        fail_msg("on %d: %s: %s", on, scene.problem.field, scene.problem.detail);
    char expected[DAYS + 2];
    memcpy(expected, scene.owner, sizeof expected);
    for (int day = on; day <= span->to && day <= DAYS + 1; day++)
        expected[day] = NOBODY;
    assert_days(&scene, expected, "a leave", on);
    assert_rows(&scene);
    assert_int_equal(changes_record(scene.changes), STATUS_OK);
    assert_null(changes_find(scene.changes, "pcn-b")->head); // not touched
}

static void try_merge(arena_t *arena, const span_t *spans, int count, int on)
{
    scene_t scene;
    set_scene(&scene, arena, spans, count);
    merge_request_t request;
    pcn__registry__v1__merge_organisation_request__init(&request);
    request.code = text(arena, "pcn-a");
    request.into = text(arena, "pcn-b");
    request.on = text(arena, days[on]);
    if (succession_merge(scene.changes, &request) != STATUS_OK)
        fail_msg("on %d: %s: %s", on, scene.problem.field, scene.problem.detail);
    char expected[DAYS + 2];
    memcpy(expected, scene.owner, sizeof expected);
    for (int day = on; day <= DAYS + 1; day++)
        expected[day] = expected[day] == 'a' ? 'b' : expected[day];
    assert_days(&scene, expected, "a merger", on);
    assert_rows(&scene);
    assert_string_equal(timeline_closed_from(changes_find(scene.changes, "pcn-a")->timeline), days[on]);
    assert_int_equal(changes_record(scene.changes), STATUS_OK);
    assert_int_equal(changes_find(scene.changes, "pcn-a")->announced, on > TODAY);
    assert_int_equal(changes_find(scene.changes, "pcn-b")->announced, on > TODAY);
    assert_string_equal(changes_find(scene.changes, "pcn-b")->head->predecessors[0], "pcn-a");
}

// The first membership becomes another span, or none where it ends before it begins.
static void try_correct(arena_t *arena, const span_t *spans, int count, int from, int to)
{
    scene_t scene;
    set_scene(&scene, arena, spans, count);
    const bool never = from > to;
    correct_member_request_t request;
    pcn__registry__v1__correct_member_request__init(&request);
    request.code = text(arena, parent_code(spans[0].network));
    request.practice = text(arena, "gp");
    request.from = text(arena, days[spans[0].from]);
    request.has_never = request.never = never;
    if (!never) {
        request.new_from = text(arena, days[from]);
        request.new_to = day_text(&scene, to);
        request.has_ongoing = request.ongoing = to > DAYS;
    }
    char expected[DAYS + 2];
    scene_t others = scene;
    others.count = count - 1;
    if (count > 1)
        others.spans[0] = scene.spans[1];
    own(&others, expected);
    bool overlaps = false;
    for (int day = from; !never && day <= to && day <= DAYS + 1; day++) {
        overlaps = overlaps || expected[day] != NOBODY;
        expected[day] = spans[0].network;
    }
    const status_t status = member_correct(scene.changes, &request);
    if (overlaps) {
        assert_refused(status, STATUS_ALREADY_EXISTS, scene.problem, "practice");
        return;
    }
    assert_int_equal(status, STATUS_OK);
    assert_days(&scene, expected, "a correction", from);
    assert_rows(&scene);
}

typedef void (*try_fn)(arena_t *arena, const span_t *spans, int count, int on);

// Every membership of A, and beside it every one of either network before or after it.
static void for_all(arena_t *arena, try_fn try)
{
    for (int from = 1; from <= DAYS; from++) {
        for (int to = from; to <= DAYS + 1; to++) {
            for (int on = 1; on <= DAYS; on++) {
                const span_t one[] = {{'a', from, to}};
                try(arena, one, 1, on);
                arena_reset(arena);
                for (int next = to + 1; next <= DAYS; next += 2) {
                    const span_t after[] = {{'a', from, to}, {(next & 2) != 0 ? 'a' : 'b', next, next + 3 > DAYS ? DAYS + 1 : next + 3}};
                    try(arena, after, 2, on);
                    arena_reset(arena);
                    const span_t before[] = {after[1], after[0]};
                    try(arena, before, 2, on);
                    arena_reset(arena);
                }
            }
        }
    }
}

static void moves_are_as_the_model_says(void **state)
{
    for_all(*state, try_move);
}

static void leaves_are_as_the_model_says(void **state)
{
    for_all(*state, try_leave);
}

static void mergers_are_as_the_model_says(void **state)
{
    for_all(*state, try_merge);
}

static void corrections_are_as_the_model_says(void **state)
{
    arena_t *arena = *state;
    for (int from = 1; from <= DAYS; from += 2) {
        for (int to = from; to <= DAYS + 1; to += 3) {
            for (int right = 1; right <= DAYS; right++) {
                for (int until = right - 1; until <= DAYS + 1; until++) {
                    const span_t one[] = {{'a', from, to}};
                    try_correct(arena, one, 1, right, until);
                    arena_reset(arena);
                    if (to + 2 > DAYS)
                        continue;
                    const span_t two[] = {{'a', from, to}, {'b', to + 2, DAYS + 1}};
                    try_correct(arena, two, 2, right, until);
                    arena_reset(arena);
                    const span_t swapped[] = {two[1], two[0]};
                    try_correct(arena, swapped, 2, right, until);
                    arena_reset(arena);
                }
            }
        }
    }
}

static void a_move_is_refused_by_what_is_closed(void **state)
{
    arena_t *arena = *state;
    static const struct {
        const char *opened, *closed; // of the target
        const char *field;           // NULL: it is allowed
    } cases[] = {
        {NULL, NULL, NULL},
        {"2020-01-05", NULL, NULL},
        {"2020-01-06", NULL, "network"},
        {NULL, "2020-01-05", "network"},
        {NULL, "2020-01-13", "network"}, // the membership goes on
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        const span_t one[] = {{'a', 1, DAYS + 1}};
        set_scene(&scene, arena, one, 1);
        aggregate_t *target = make_network(arena, "pcn-x");
        target->opened_on = text(arena, cases[i].opened);
        target->closed_on = text(arena, cases[i].closed);
        if (cases[i].closed != NULL)
            target->status = STATUS_OF(CLOSED);
        void *rows[] = {scene.a, target, scene.practice};
        assert_int_equal(changes_new(rows, 3, 0, days[TODAY], "2020-01-08T12:00:00Z", arena, &scene.changes, &scene.problem), STATUS_OK);
        move_request_t request;
        pcn__registry__v1__move_member_request__init(&request);
        request.code = text(arena, "pcn-a");
        request.practice = text(arena, "gp");
        request.network = text(arena, "pcn-x");
        request.on = text(arena, "2020-01-05");
        const status_t status = member_move(scene.changes, &request);
        if (cases[i].field == NULL)
            assert_int_equal(status, STATUS_OK);
        else
            assert_refused(status, STATUS_FAILED_PRECONDITION, scene.problem, cases[i].field);
        arena_reset(arena);
    }
}

// A member is there on each day of its membership, also by what is on record for days to come.
static void only_who_is_there_becomes_a_member(void **state)
{
    arena_t *arena = *state;
    static const struct {
        const char *opened, *closed; // of the practice
        const char *from, *to;
        const char *field; // NULL: it is allowed
    } cases[] = {
        {NULL, NULL, "2020-01-05", NULL, NULL},
        {"2020-01-05", NULL, "2020-01-05", NULL, NULL},
        {"2020-01-06", NULL, "2020-01-05", NULL, "practice"},
        {NULL, "2020-01-05", "2020-01-05", NULL, "practice"},
        {NULL, "2020-01-05", "2020-01-02", NULL, "practice"},
        {NULL, "2020-01-05", "2020-01-02", "2020-01-05", "practice"},
        {NULL, "2020-01-05", "2020-01-02", "2020-01-04", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        set_scene(&scene, arena, NULL, 0);
        scene.practice->opened_on = text(arena, cases[i].opened);
        scene.practice->closed_on = text(arena, cases[i].closed);
        if (cases[i].closed != NULL)
            scene.practice->status = STATUS_OF(CLOSED);
        void *rows[] = {scene.a, scene.practice};
        assert_int_equal(changes_new(rows, 2, 0, days[TODAY], "2020-01-08T12:00:00Z", arena, &scene.changes, &scene.problem), STATUS_OK);
        member_t member;
        pcn__registry__v1__member__init(&member);
        member.practice = text(arena, "gp");
        member.from = text(arena, cases[i].from);
        member.to = text(arena, cases[i].to);
        const status_t status = member_add(scene.changes, "pcn-a", &member);
        if (cases[i].field == NULL)
            assert_int_equal(status, STATUS_OK);
        else
            assert_refused(status, STATUS_FAILED_PRECONDITION, scene.problem, cases[i].field);
        arena_reset(arena);
    }
}

// Every allocation may fail: then it is refused, and nothing else happens.
static void memory_ends(void **state)
{
    (void)state;
    size_t refusals = 0;
    for (size_t cap = 4096; cap <= 256 * 1024; cap += 1024) {
        arena_t *base = arena_new(1024 * 1024), *arena = arena_new(cap);
        assert_true(base != NULL && arena != NULL);
        scene_t scene;
        const span_t one[] = {{'a', 2, DAYS + 1}};
        set_scene(&scene, base, one, 1);
        void *rows[] = {scene.a, scene.b, scene.practice};
        merge_request_t request;
        pcn__registry__v1__merge_organisation_request__init(&request);
        request.code = text(base, "pcn-a");
        request.into = text(base, "pcn-b");
        request.on = text(base, days[4]);
        changes_t *changes = NULL;
        status_t status = changes_new(rows, 3, 0, days[TODAY], "2020-01-08T12:00:00Z", arena, &changes, &scene.problem);
        if (status == STATUS_OK)
            status = succession_merge(changes, &request);
        if (status == STATUS_OK)
            status = changes_record(changes);
        assert_true(status == STATUS_OK || status == STATUS_RESOURCE_EXHAUSTED);
        refusals += status != STATUS_OK;
        arena_destroy(&arena);
        arena_destroy(&base);
    }
    assert_true(refusals > 0 && refusals < 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(moves_are_as_the_model_says),
        TEST(leaves_are_as_the_model_says),
        TEST(mergers_are_as_the_model_says),
        TEST(corrections_are_as_the_model_says),
        TEST(a_move_is_refused_by_what_is_closed),
        TEST(only_who_is_there_becomes_a_member),
        TEST(memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
