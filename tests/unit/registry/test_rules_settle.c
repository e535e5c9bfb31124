// Parents of practices after everything that may become of their memberships, against a model that has nothing but a letter for each day:
// every verb on every day before, on and after today, for practices with all kinds of memberships and with parents of their own, in
// networks whose commissioner changes. What is compared are the rows that the save leaves, as a read of the day finds them.
#include "services/registry/rules_close.h"
#include "services/registry/rules_correction.h"
#include "services/registry/rules_move.h"
#include "services/registry/rules_settle.h"
#include "services/registry/rules_succession.h"
#include "services/registry/rules_term.h"
#include "tests/unit/registry/settle_model.h"

// ---- the verbs ----

static const span_t *holding(const world_t *world, char network, int on)
{
    for (int i = 0; i < world->count; i++) {
        if (world->spans[i].network == network && world->spans[i].from <= on && on <= world->spans[i].to)
            return &world->spans[i];
    }
    return NULL;
}

static bool begins_later(const world_t *world, char network, int on)
{
    for (int i = 0; i < world->count; i++) {
        if ((network == NOBODY || world->spans[i].network == network) && world->spans[i].from >= on)
            return true;
    }
    return false;
}

static void assert_done(const scene_t *scene, status_t status, const char *what, int on)
{
    if (status != STATUS_OK)
        fail_msg("%s on %d: %s: %s; %s", what, on, scene->problem.field, scene->problem.detail, described(scene));
}

static void join(scene_t *scene, char network, int from, int to)
{
    member_t *member = pb_new(MEMBER_TYPE, scene->arena);
    member->practice = text(scene->arena, "gp");
    member->from = day_text(scene->arena, from);
    member->to = date(scene->arena, to);
    assert_done(scene, member_add(scene->changes, code_of(network), member), "a joining", from);
}

static void try_join(arena_t *arena, const world_t *world, int on)
{
    for (int to = on; to <= END; to += 3) {
        for (char network = 'a'; network <= 'b'; network++) {
            course_t owner;
            bool free = true;
            memcpy(owner, world->owner, sizeof owner);
            for (int day = on; day <= to; day++) {
                free = free && owner[day] == NOBODY;
                owner[day] = network;
            }
            if (!free)
                continue;
            scene_t scene;
            begin(&scene, arena, world);
            join(&scene, network, on, to);
            assert_settled(&scene, owner, on, "a joining", on);
            arena_reset(arena);
        }
    }
}

static void leave(scene_t *scene, int on)
{
    leave_request_t *request = pb_new(&pcn__registry__v1__leave_member_request__type, scene->arena);
    request->code = text(scene->arena, "pcn-a");
    request->practice = text(scene->arena, "gp");
    request->on = day_text(scene->arena, on);
    assert_done(scene, member_leave(scene->changes, request), "a leave", on);
}

static void try_leave(arena_t *arena, const world_t *world, int on)
{
    const span_t *span = holding(world, 'a', on);
    if (span == NULL)
        return;
    scene_t scene;
    course_t owner;
    memcpy(owner, world->owner, sizeof owner);
    memset(owner + on, NOBODY, (size_t)(span->to - on + 1));
    begin(&scene, arena, world);
    leave(&scene, on);
    assert_settled(&scene, owner, on, "a leave", on);
}

static void try_move(arena_t *arena, const world_t *world, int on)
{
    const span_t *span = holding(world, 'a', on);
    if (span == NULL)
        return;
    scene_t scene;
    course_t owner;
    memcpy(owner, world->owner, sizeof owner);
    memset(owner + on, 'b', (size_t)(span->to - on + 1));
    begin(&scene, arena, world);
    move_request_t *request = pb_new(&pcn__registry__v1__move_member_request__type, arena);
    request->code = text(arena, "pcn-a");
    request->practice = text(arena, "gp");
    request->network = text(arena, "pcn-b");
    request->on = day_text(arena, on);
    assert_done(&scene, member_move(scene.changes, request), "a move", on);
    assert_settled(&scene, owner, on, "a move", on);
}

// The first membership becomes one from the day on, or none.
static void try_correct(arena_t *arena, const world_t *world, int on)
{
    for (int to = on - 1; to <= END && world->count > 0; to += 2) {
        const bool never = to < on;
        course_t owner;
        bool free = true;
        own(world->spans + 1, world->count - 1, owner);
        for (int day = on; day <= to; day++) {
            free = free && owner[day] == NOBODY;
            owner[day] = world->spans[0].network;
        }
        if (!free)
            continue;
        scene_t scene;
        begin(&scene, arena, world);
        correct_member_request_t *request = pb_new(&pcn__registry__v1__correct_member_request__type, arena);
        request->code = text(arena, code_of(world->spans[0].network));
        request->practice = text(arena, "gp");
        request->from = day_text(arena, world->spans[0].from);
        request->has_never = request->never = never;
        if (!never) {
            request->new_from = day_text(arena, on);
            request->new_to = date(arena, to);
            request->has_ongoing = request->ongoing = to >= END;
        }
        assert_done(&scene, member_correct(scene.changes, request), "a correction", on);
        assert_settled(&scene, owner,
                       world->spans[0].from < on ? world->spans[0].from
                       : never                   ? world->spans[0].from
                                                 : on,
                       "a correction", on);
        arena_reset(arena);
    }
}

static status_t close_on(scene_t *scene, const char *code, int on)
{
    close_request_t *request = pb_new(&pcn__registry__v1__close_organisation_request__type, scene->arena);
    request->code = text(scene->arena, code);
    request->on = day_text(scene->arena, on);
    return close_organisation(scene->changes, request);
}

static void try_close(arena_t *arena, const world_t *world, int on)
{
    for (int i = 0; i < 2; i++) {
        const bool network = i == 0;
        const char *const what = network ? "a closing of the network" : "a closing of the practice";
        if (begins_later(world, network ? 'a' : NOBODY, on))
            continue;
        scene_t scene;
        course_t owner;
        memcpy(owner, world->owner, sizeof owner);
        for (int day = on; day <= END; day++)
            owner[day] = !network || owner[day] == 'a' ? NOBODY : owner[day];
        begin(&scene, arena, world);
        assert_done(&scene, close_on(&scene, network ? "pcn-a" : "gp", on), what, on);
        assert_settled(&scene, owner, on, what, on);
        arena_reset(arena);
    }
}

static void try_merge(arena_t *arena, const world_t *world, int on)
{
    for (int i = 0; i < 2; i++) {
        const bool network = i == 0;
        const char *const what = network ? "a merger of networks" : "a merger of practices";
        scene_t scene;
        course_t owner;
        memcpy(owner, world->owner, sizeof owner);
        for (int day = on; day <= END; day++)
            owner[day] = !network ? NOBODY : owner[day] == 'a' ? 'b' : owner[day];
        begin(&scene, arena, world);
        merge_request_t *request = pb_new(&pcn__registry__v1__merge_organisation_request__type, arena);
        request->code = text(arena, network ? "pcn-a" : "gp");
        request->into = text(arena, network ? "pcn-b" : "gp-other");
        request->on = day_text(arena, on);
        assert_done(&scene, succession_merge(scene.changes, request), what, on);
        assert_settled(&scene, owner, on, what, on);
        arena_reset(arena);
    }
}

static split_request_t *splitting(scene_t *scene, const char *code, int on)
{
    split_request_t *request = pb_new(&pcn__registry__v1__split_organisation_request__type, scene->arena);
    request->code = text(scene->arena, code);
    request->on = day_text(scene->arena, on);
    return request;
}

static Pcn__Registry__V1__SplitPart *add_part(scene_t *scene, split_request_t *request, const char *code)
{
    Pcn__Registry__V1__SplitPart *part = pb_new(&pcn__registry__v1__split_part__type, scene->arena);
    part->code = part->name = text(scene->arena, code);
    request->into = appended(scene->arena, request->into, &request->n_into, part);
    return part;
}

// The rows of what was made, as they are read.
static void assert_made(scene_t *scene, const char *code, const course_t expected, int from, const char *what, int on)
{
    const changed_t *part = changes_find(scene->changes, code);
    store_t store = {.arena = scene->arena, .head = (organisation_t *)(uintptr_t)part->head, .recorded_at = NOW_BEFORE};
    const changes_record_t *record = scene->changes->record;
    timeline_record_t past = {.n_added = 0};
    past.added = arena_alloc(scene->arena, (record->n_created_past + 1) * sizeof *past.added);
    for (size_t i = 0; i < record->n_created_past; i++) {
        if (strcmp(record->created_past[i]->organisation->code, code) == 0)
            past.added[past.n_added++] = record->created_past[i];
    }
    past.head = store.head;
    past.recorded_at = (char *)(uintptr_t)NOW_BEFORE;
    store_apply(&store, &past);
    assert_int_equal(store.head->version, 1);
    for (int day = from; day <= END; day++) {
        const char *parent = store_on(&store, day)->parent, *right = code_of(expected[day]);
        if (strcmp(parent, right) != 0)
            fail_msg("%s on %d: on day %d %s lies below %s instead of %s; %s", what, on, day, code, parent, right, described(scene));
    }
}

static void try_split_network(arena_t *arena, const world_t *world, int on)
{
    scene_t scene;
    course_t owner, course;
    bool any = false;
    memcpy(owner, world->owner, sizeof owner);
    for (int day = on; day <= END; day++) {
        any = any || owner[day] == 'a';
        owner[day] = owner[day] == 'a' ? 'e' : owner[day];
    }
    begin(&scene, arena, world);
    split_request_t *request = splitting(&scene, "pcn-a", on);
    Pcn__Registry__V1__SplitPart *part = add_part(&scene, request, "pcn-e");
    if (any)
        part->members = appended(arena, part->members, &part->n_members, text(arena, "gp"));
    (void)add_part(&scene, request, "pcn-f");
    assert_done(&scene, succession_split(scene.changes, request), "a split of the network", on);
    assert_settled(&scene, owner, on, "a split of the network", on);
    for (int day = 0; day <= END; day++)
        course[day] = above(world, 'a', day);
    assert_made(&scene, "pcn-e", course, on < TODAY ? on : TODAY, "a split of the network", on);
}

// Two go on like the one, in its networks; before the day they lie where it would without them.
static void try_split_practice(arena_t *arena, const world_t *world, int on)
{
    scene_t scene;
    course_t owner, part, parent, expected;
    const int from = on < TODAY ? on : TODAY;
    memcpy(owner, world->owner, sizeof owner);
    own(NULL, 0, part);
    memset(owner + on, NOBODY, (size_t)(END - on + 1));
    memcpy(part + on, world->owner + on, (size_t)(END - on + 1));
    begin(&scene, arena, world);
    split_request_t *request = splitting(&scene, "gp", on);
    (void)add_part(&scene, request, "gp-1");
    (void)add_part(&scene, request, "gp-2");
    assert_done(&scene, succession_split(scene.changes, request), "a split of the practice", on);
    assert_settled(&scene, owner, on, "a split of the practice", on);
    for (int day = 0; day <= END; day++)
        parent[day] = world->parent[day < from ? from : day];
    model(world, world->owner, parent, part, from, expected);
    if (world->count == 0 || memchr(part, 'a', sizeof part) != NULL || memchr(part, 'b', sizeof part) != NULL) {
        assert_made(&scene, "gp-1", expected, from, "a split of the practice", on);
        assert_made(&scene, "gp-2", expected, from, "a split of the practice", on);
    }
}

typedef void (*try_fn)(arena_t *arena, const world_t *world, int on);

static void for_all_days(arena_t *arena, world_t *world, try_fn try)
{
    static const struct {
        int handover, patched;
    } cases[] = {{4, NEVER}, {9, 3}, {9, 10}, {NEVER, 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world->handover = cases[i].handover;
        world->patched = cases[i].patched;
        complete(world);
        for (int on = 1; on <= DAYS; on++) {
            try(arena, world, on);
            arena_reset(arena);
        }
    }
}

// No membership, every one of A, and beside it one of either network before or after it.
static void for_all(arena_t *arena, try_fn try)
{
    world_t none = {.count = 0};
    for_all_days(arena, &none, try);
    for (int from = 1; from <= DAYS; from += 2) {
        for (int to = from; to <= END; to += 2) {
            world_t one = {.spans = {{'a', from, to}}, .count = 1};
            for_all_days(arena, &one, try);
            for (int next = to + 1; next <= DAYS; next += 2) {
                for (int i = 0; i < 4; i++) {
                    const span_t first = {(i & 1) != 0 ? 'a' : 'b', from, to};
                    const span_t second = {(i & 1) != 0 ? 'b' : 'a', next, next + 3 > DAYS ? END : next + 3};
                    world_t two = {.spans = {(i & 2) != 0 ? first : second, (i & 2) != 0 ? second : first}, .count = 2};
                    for_all_days(arena, &two, try);
                }
            }
        }
    }
}

static void joinings_settle(void **state)
{
    for_all(*state, try_join);
}

static void leaves_settle(void **state)
{
    for_all(*state, try_leave);
}

static void moves_settle(void **state)
{
    for_all(*state, try_move);
}

static void corrections_settle(void **state)
{
    for_all(*state, try_correct);
}

static void closings_settle(void **state)
{
    for_all(*state, try_close);
}

static void mergers_settle(void **state)
{
    for_all(*state, try_merge);
}

static void splits_settle(void **state)
{
    for_all(*state, try_split_network);
    for_all(*state, try_split_practice);
}

// Whether a membership with an end is recorded at once, or its end later: each day is the same.
static void two_steps_are_as_one(void **state)
{
    arena_t *arena = *state;
    for (int from = 1; from <= DAYS; from++) {
        for (int to = from; to <= DAYS - 1; to++) {
            world_t none = {.handover = 9, .patched = NEVER},
                    open = {.spans = {{'a', from, END}}, .count = 1, .handover = 9, .patched = NEVER};
            complete(&none);
            complete(&open);
            scene_t once, twice;
            begin(&once, arena, &none);
            begin(&twice, arena, &open);
            join(&once, 'a', from, to);
            leave(&twice, to + 1);
            for (int day = 0; day <= END; day++)
                assert_string_equal(changed_on(changes_find(once.changes, "gp"), day_text(arena, day))->parent,
                                    changed_on(changes_find(twice.changes, "gp"), day_text(arena, day))->parent);
            arena_reset(arena);
        }
    }
}

// A parent that is changed, or corrected, by itself moves no day of a membership: neither where the days before named the network, too, nor
// where the days after name what they are changed to.
static void changes_of_the_parent_stay_beside_memberships(void **state)
{
    arena_t *arena = *state;
    for (int on = 1; on <= DAYS; on++) {
        for (int i = 0; i < 8; i++) {
            const char *const before = (i & 1) != 0 ? "pcn-a" : "ccg-c", *const changed = (i & 2) != 0 ? "ccg-p" : "ccg-d";
            const bool correction = (i & 4) != 0, member = on >= 5 && on <= 8;
            if (member)
                continue;
            course_t expected;
            store_t store;
            for (int day = 0; day <= END; day++)
                expected[day] = day < 5 ? (i & 1) != 0 ? 'a' : 'c' : day <= 8 ? 'a' : 'p';
            store_course(&store, arena, "gp", KIND(PRACTICE), expected);
            aggregate_t *practice = store_load(&store);
            Pcn__Registry__Store__V1__Membership *stay = pb_new(&pcn__registry__store__v1__membership__type, arena);
            stay->network = text(arena, "pcn-a");
            stay->from = day_text(arena, 5);
            stay->to = day_text(arena, 8);
            practice->practice_memberships = appended(arena, practice->practice_memberships, &practice->n_practice_memberships, stay);
            timeline_t *timeline;
            problem_t problem = {0};
            assert_int_equal(timeline_new(practice, day_text(arena, TODAY), NOW_BEFORE, arena, &timeline, &problem), STATUS_OK);
            organisation_t *patch = pb_new(ORGANISATION_TYPE, arena);
            patch->parent = text(arena, changed);
            assert_int_equal(timeline_change(timeline, day_text(arena, on), patch, NULL, 0, correction, &problem), STATUS_OK);
            assert_int_equal(settle_memberships(timeline, practice, correction ? NULL : day_text(arena, on), arena, &problem), STATUS_OK);
            for (int day = 0; day <= END; day++) {
                const char *right = code_of(expected[day]), *parent = timeline_on(timeline, day_text(arena, day))->parent;
                const bool other = correction ? (on < 5 ? day < 5 : day > 8) : day >= on && (on < 5 ? day < 5 : day > 8);
                if (strcmp(parent, other ? changed : right) != 0)
                    fail_msg("%s on %d from %s: %s on day %d", changed, on, before, parent, day);
            }
            arena_reset(arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(joinings_settle),    TEST(leaves_settle),        TEST(moves_settle),
        TEST(corrections_settle), TEST(closings_settle),      TEST(mergers_settle),
        TEST(splits_settle),      TEST(two_steps_are_as_one), TEST(changes_of_the_parent_stay_beside_memberships),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
