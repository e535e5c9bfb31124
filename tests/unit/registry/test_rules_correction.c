// What was wrong on record of a membership or a term. Days against a model are in test_rules_move.c.
#include "services/registry/rules_correction.h"
#include "services/registry/rules_term.h"
#include "tests/unit/registry/support.h"

#define TODAY "2020-06-15"
#define NOW "2020-06-15T12:00:00Z"

// A network with gp-a from 2020-01-01 to 2020-03-31, and gp-b since 2020-01-01; gp-a was in another network until the end of 2019.
typedef struct scene {
    arena_t *arena;
    aggregate_t *network, *other, *practice;
    changes_t *changes;
    problem_t problem;
} scene_t;

static aggregate_t *make_practice(arena_t *arena, const char *code, const char *parent)
{
    aggregate_t *practice = pb_new(AGGREGATE_TYPE, arena);
    assert_non_null(practice);
    pb_merge(AGGREGATE_TYPE, practice, ORGANISATION_TYPE, make_organisation(arena, code, KIND(PRACTICE), parent));
    practice->has_status = practice->has_version = practice->has_level = 1;
    practice->status = STATUS_OF(ACTIVE);
    practice->level = LEVEL(PRACTICE);
    practice->version = 3;
    return practice;
}

static void belongs(scene_t *scene, aggregate_t *network, const char *from, const char *to)
{
    Pcn__Registry__Store__V1__Membership *membership = pb_new(&pcn__registry__store__v1__membership__type, scene->arena);
    assert_non_null(membership);
    membership->network = network->code;
    membership->from = text(scene->arena, from);
    membership->to = text(scene->arena, to);
    aggregate_t *practice = scene->practice;
    practice->practice_memberships = appended(scene->arena, practice->practice_memberships, &practice->n_practice_memberships, membership);
    member_t *member = add_member(scene->arena, network, "gp-a", from, to, "g-1");
    member->source = text(scene->arena, "a list");
    member->has_from_assumed = member->from_assumed = 1;
}

static void begin(scene_t *scene)
{
    void *rows[] = {scene->network, scene->other, scene->practice};
    scene->problem = (problem_t){0};
    assert_int_equal(changes_new(rows, 3, 0, TODAY, NOW, scene->arena, &scene->changes, &scene->problem), STATUS_OK);
}

static void set_scene(scene_t *scene, arena_t *arena)
{
    *scene = (scene_t){.arena = arena};
    scene->network = make_network(arena, "pcn-a");
    scene->other = make_network(arena, "pcn-b");
    scene->practice = make_practice(arena, "gp-a", "ccg-elr");
    scene->practice->facts_from = text(arena, "2020-04-01");
    history_entry_t *before = pb_new(&pcn__registry__v1__history_entry__type, arena);
    assert_non_null(before);
    before->to = text(arena, "2020-03-31");
    before->recorded_at = text(arena, "2020-01-01T12:00:00Z");
    before->organisation = make_organisation(arena, "gp-a", KIND(PRACTICE), "pcn-a");
    before->organisation->has_status = before->organisation->has_level = 1;
    before->organisation->status = STATUS_OF(ACTIVE);
    before->organisation->level = LEVEL(PRACTICE);
    scene->practice->past = appended(arena, scene->practice->past, &scene->practice->n_past, before);
    belongs(scene, scene->other, "2019-01-01", "2019-12-31");
    belongs(scene, scene->network, "2020-01-01", "2020-03-31");
    (void)add_member(arena, scene->network, "gp-b", "2020-01-01", NULL, NULL);
    begin(scene);
}

// Fields of the request; NULL where they are not given.
typedef struct wish {
    const char *from, *new_from, *new_to, *source;
    bool ongoing, never;
} wish_t;

static status_t correct(scene_t *scene, const wish_t *wish)
{
    correct_member_request_t *request = pb_new(&pcn__registry__v1__correct_member_request__type, scene->arena);
    assert_non_null(request);
    request->code = text(scene->arena, "pcn-a");
    request->practice = text(scene->arena, "gp-a");
    request->from = text(scene->arena, wish->from != NULL ? wish->from : "2020-01-01");
    request->new_from = text(scene->arena, wish->new_from);
    request->new_to = text(scene->arena, wish->new_to);
    request->source = text(scene->arena, wish->source);
    request->has_ongoing = request->ongoing = wish->ongoing;
    request->has_never = request->never = wish->never;
    return member_correct(scene->changes, request);
}

static void a_request_says_what_is_right_or_that_it_never_held(void **state)
{
    static const struct {
        wish_t wish;
        const char *field;
    } cases[] = {
        {{.from = NULL}, "never"},
        {{.never = true, .new_from = "2020-02-01"}, "never"},
        {{.never = true, .new_to = "2020-02-01"}, "never"},
        {{.never = true, .ongoing = true}, "never"},
        {{.never = true, .source = "s"}, "never"},
        {{.ongoing = true, .new_to = "2020-02-01"}, "newTo"},
        {{.new_to = "2019-12-31"}, "newTo"},
        {{.new_from = "2020-04-01"}, "newTo"}, // after the last day, which was right
        {{.new_from = "2020-03-02", .new_to = "2020-03-01"}, "newTo"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        set_scene(&scene, *state);
        assert_refused(correct(&scene, &cases[i].wish), STATUS_INVALID_ARGUMENT, scene.problem, cases[i].field);
        assert_int_equal(scene.changes->record->n_members_gone, 0);
        arena_reset(*state);
    }
}

static void only_what_is_on_record_is_corrected(void **state)
{
    scene_t scene;
    set_scene(&scene, *state);
    static const char *const days[] = {"2019-12-31", "2020-01-02", "2019-01-01"};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        assert_refused(correct(&scene, &(wish_t){.from = days[i], .never = true}), STATUS_NOT_FOUND, scene.problem, "from");
}

static void its_days_are_nobody_elses(void **state)
{
    static const struct {
        const char *new_from;
        status_t status;
    } cases[] = {{"2019-12-30", STATUS_ALREADY_EXISTS}, {"2019-12-31", STATUS_ALREADY_EXISTS}, {"2020-01-02", STATUS_OK}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        set_scene(&scene, *state);
        const status_t status = correct(&scene, &(wish_t){.new_from = cases[i].new_from});
        if (cases[i].status == STATUS_OK)
            assert_int_equal(status, STATUS_OK);
        else
            assert_refused(status, cases[i].status, scene.problem, "practice");
        arena_reset(*state);
    }
}

static void its_days_are_within_the_networks_life(void **state)
{
    static const struct {
        const char *opened, *closed;
        wish_t wish;
        const char *field; // NULL: allowed
    } cases[] = {
        {"2020-01-01", NULL, {.new_to = "2020-04-01"}, NULL},
        {"2020-01-02", NULL, {.new_to = "2020-04-01"}, "newFrom"},
        {"2020-02-01", NULL, {.new_from = "2020-02-01"}, NULL},
        {NULL, "2020-04-01", {.source = "s"}, NULL},
        {NULL, "2020-04-01", {.new_to = "2020-04-01"}, "newTo"},
        {NULL, "2020-04-01", {.ongoing = true}, "newTo"},
        {NULL, "2020-04-01", {.new_from = "2020-04-01", .new_to = "2020-05-01"}, "newFrom"},
        {NULL, "2020-04-01", {.never = true}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        set_scene(&scene, *state);
        scene.network->opened_on = text(*state, cases[i].opened);
        scene.network->closed_on = text(*state, cases[i].closed);
        if (cases[i].closed != NULL)
            scene.network->status = STATUS_OF(CLOSED);
        begin(&scene);
        const status_t status = correct(&scene, &cases[i].wish);
        if (cases[i].field != NULL)
            assert_refused(status, STATUS_FAILED_PRECONDITION, scene.problem, cases[i].field);
        else if (status != STATUS_OK)
            fail_msg("%zu: %s %s", i, scene.problem.field, scene.problem.detail);
        arena_reset(*state);
    }
}

static void its_days_are_within_the_practices_life(void **state)
{
    static const struct {
        const char *opened, *closed;
        wish_t wish;
        const char *field; // NULL: allowed
    } cases[] = {
        {"2020-01-01", NULL, {.new_to = "2020-04-01"}, NULL},
        {"2020-01-02", NULL, {.new_to = "2020-04-01"}, "newFrom"},
        {"2020-01-02", NULL, {.new_from = "2020-01-02"}, NULL},
        {NULL, "2020-04-01", {.source = "s"}, NULL},
        {NULL, "2020-04-01", {.new_to = "2020-04-01"}, "newTo"},
        {NULL, "2020-04-01", {.ongoing = true}, "newTo"},
        {NULL, "2020-04-01", {.new_from = "2020-04-01", .new_to = "2020-05-01"}, "newFrom"},
        {NULL, "2020-04-01", {.never = true}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        set_scene(&scene, *state);
        scene.practice->opened_on = scene.practice->past[0]->organisation->opened_on = text(*state, cases[i].opened);
        scene.practice->closed_on = text(*state, cases[i].closed);
        if (cases[i].closed != NULL)
            scene.practice->status = STATUS_OF(CLOSED);
        begin(&scene);
        const status_t status = correct(&scene, &cases[i].wish);
        if (cases[i].field != NULL)
            assert_refused(status, STATUS_FAILED_PRECONDITION, scene.problem, cases[i].field);
        else if (status != STATUS_OK)
            fail_msg("%zu: %s %s", i, scene.problem.field, scene.problem.detail);
        arena_reset(*state);
    }
}

static void what_is_right_already_changes_nothing(void **state)
{
    scene_t scene;
    set_scene(&scene, *state);
    assert_int_equal(correct(&scene, &(wish_t){.new_to = "2020-03-31"}), STATUS_OK);
    assert_int_equal(correct(&scene, &(wish_t){.source = "a list"}), STATUS_OK);
    assert_int_equal(changes_record(scene.changes), STATUS_OK);
    assert_int_equal(changes_count(scene.changes), 0);
    // The same first day, if it is given, is no assumption any more.
    assert_int_equal(correct(&scene, &(wish_t){.new_from = "2020-01-01"}), STATUS_OK);
    assert_int_equal(changes_record(scene.changes), STATUS_OK);
    assert_int_equal(changes_count(scene.changes), 1);
    assert_false(scene.changes->record->members_added[0]->has_from_assumed);
}

// The wrong row goes as it was, the right one comes; sub-group and what was right stay.
static void the_wrong_one_gives_way(void **state)
{
    scene_t scene;
    set_scene(&scene, *state);
    assert_int_equal(correct(&scene, &(wish_t){.new_from = "2020-02-01", .ongoing = true, .source = "a letter"}), STATUS_OK);
    const changes_record_t *record = scene.changes->record;
    assert_int_equal(record->n_members_gone, 1);
    assert_string_equal(record->members_gone[0]->from, "2020-01-01");
    assert_string_equal(record->members_gone[0]->source, "a list");
    assert_int_equal(record->n_members_added, 1);
    assert_string_equal(record->members_added[0]->from, "2020-02-01");
    assert_null(record->members_added[0]->to);
    assert_string_equal(record->members_added[0]->source, "a letter");
    assert_string_equal(record->members_added[0]->sub_group, "g-1");
    assert_int_equal(record->n_members_ended, 0);
    const aggregate_t *after = changes_find(scene.changes, "pcn-a")->after;
    assert_int_equal(after->n_all_members, 2);
    assert_string_equal(after->all_members[0]->from, "2020-02-01");
    assert_string_equal(after->all_members[1]->practice, "gp-b");
    assert_int_equal(scene.network->n_all_members, 2); // what was loaded stays
    assert_string_equal(scene.network->all_members[0]->from, "2020-01-01");
}

// The practice's parent, before, on and after each end of what was thought and of what is right. Its own record says pcn-a since ever,
// until the end.
static void its_parent_follows(void **state)
{
    static const struct {
        wish_t wish;
        const char *day, *parent;
    } cases[] = {
        {{.never = true}, "2019-12-31", "pcn-a"},
        {{.never = true}, "2020-01-01", "ccg-elr"},
        {{.never = true}, "2020-03-31", "ccg-elr"},
        {{.new_from = "2020-02-01"}, "2020-01-01", "ccg-elr"},
        {{.new_from = "2020-02-01"}, "2020-01-31", "ccg-elr"},
        {{.new_from = "2020-02-01"}, "2020-02-01", "pcn-a"},
        {{.new_to = "2020-02-29"}, "2020-02-29", "pcn-a"},
        {{.new_to = "2020-02-29"}, "2020-03-01", "ccg-elr"},
        {{.new_to = "2020-02-29"}, "2020-03-31", "ccg-elr"},
        {{.ongoing = true}, "2020-04-01", "pcn-a"},
        {{.ongoing = true}, TODAY, "pcn-a"},
        // Days that they do not share at all.
        {{.new_from = "2020-05-01", .new_to = "2020-05-31"}, "2020-03-31", "ccg-elr"},
        {{.new_from = "2020-05-01", .new_to = "2020-05-31"}, "2020-05-01", "pcn-a"},
        {{.new_from = "2020-05-01", .new_to = "2020-05-31"}, "2020-05-31", "pcn-a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        set_scene(&scene, *state);
        assert_int_equal(correct(&scene, &cases[i].wish), STATUS_OK);
        const char *parent = changed_on(changes_find(scene.changes, "gp-a"), cases[i].day)->parent;
        if (strcmp(parent, cases[i].parent) != 0)
            fail_msg("%zu: %s on %s", i, parent, cases[i].day);
        assert_int_equal(changes_record(scene.changes), STATUS_OK);
        assert_null(changes_find(scene.changes, "pcn-b")->head);
        assert_false(changes_find(scene.changes, "pcn-a")->announced);
        arena_reset(*state);
    }
}

// ---- directors ----

typedef struct term_wish {
    const char *name, *from, *new_from, *new_to, *new_name, *new_share, *source;
    bool ongoing, never;
} term_wish_t;

// Dr A from 2020-01-01 to 2020-03-31 with half of the post, Dr B from then on with six tenths.
static void set_led(scene_t *scene, arena_t *arena)
{
    set_scene(scene, arena);
    director_t *a = add_director(arena, scene->network, "Dr A", "2020-01-01", "2020-03-31", "0.5");
    a->source = text(arena, "a list");
    a->has_from_assumed = a->from_assumed = 1;
    (void)add_director(arena, scene->network, "Dr B", "2020-04-01", NULL, "0.6");
    (void)add_director(arena, scene->network, "Dr A", "2021-01-01", NULL, "0.1");
    begin(scene);
}

static status_t correct_term(scene_t *scene, const term_wish_t *wish)
{
    correct_director_request_t *request = pb_new(&pcn__registry__v1__correct_director_request__type, scene->arena);
    assert_non_null(request);
    request->code = text(scene->arena, "pcn-a");
    request->name = text(scene->arena, wish->name != NULL ? wish->name : "Dr A");
    request->from = text(scene->arena, wish->from != NULL ? wish->from : "2020-01-01");
    request->new_from = text(scene->arena, wish->new_from);
    request->new_to = text(scene->arena, wish->new_to);
    request->new_name = text(scene->arena, wish->new_name);
    request->new_share = text(scene->arena, wish->new_share);
    request->source = text(scene->arena, wish->source);
    request->has_ongoing = request->ongoing = wish->ongoing;
    request->has_never = request->never = wish->never;
    return director_correct(scene->changes, request);
}

static void terms_are_refused_as_new_ones(void **state)
{
    static const struct {
        term_wish_t wish;
        status_t status;
        const char *field;
    } cases[] = {
        {{.name = NULL}, STATUS_INVALID_ARGUMENT, "never"},
        {{.never = true, .new_name = "Dr C"}, STATUS_INVALID_ARGUMENT, "never"},
        {{.never = true, .new_share = "0.1"}, STATUS_INVALID_ARGUMENT, "never"},
        {{.ongoing = true, .new_to = "2020-05-01"}, STATUS_INVALID_ARGUMENT, "newTo"},
        {{.new_to = "2019-12-31"}, STATUS_INVALID_ARGUMENT, "newTo"},
        {{.new_share = "0.0"}, STATUS_INVALID_ARGUMENT, "newShare"},
        {{.name = "Dr C", .never = true}, STATUS_NOT_FOUND, "from"},
        {{.from = "2020-01-02", .never = true}, STATUS_NOT_FOUND, "from"},
        {{.name = "Dr B", .never = true}, STATUS_NOT_FOUND, "from"},
        // Half and six tenths on 1 April.
        {{.new_to = "2020-04-01"}, STATUS_FAILED_PRECONDITION, "newShare"},
        {{.new_to = "2020-04-01", .new_share = "0.4"}, STATUS_OK, ""},
        // The same person twice.
        {{.ongoing = true, .new_share = "0.1"}, STATUS_ALREADY_EXISTS, "newName"},
        {{.new_to = "2021-01-01", .new_share = "0.1"}, STATUS_ALREADY_EXISTS, "newName"},
        {{.new_to = "2020-12-31", .new_share = "0.1"}, STATUS_OK, ""},
        {{.new_to = "2020-04-01", .new_name = "Dr B", .new_share = "0.1"}, STATUS_ALREADY_EXISTS, "newName"},
        {{.new_name = "Dr B"}, STATUS_OK, ""},
        {{.new_share = "1"}, STATUS_OK, ""},
        {{.new_share = "1.000", .new_to = "2020-03-31"}, STATUS_OK, ""},
        {{.never = true}, STATUS_OK, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scene_t scene;
        set_led(&scene, *state);
        const status_t status = correct_term(&scene, &cases[i].wish);
        if (status != cases[i].status || strcmp(scene.problem.field, cases[i].field) != 0)
            fail_msg("%zu: %s %s: %s", i, status_name(status), scene.problem.field, scene.problem.detail);
        arena_reset(*state);
    }
}

static void terms_are_within_the_networks_life(void **state)
{
    scene_t scene;
    set_led(&scene, *state);
    scene.network->opened_on = text(*state, "2020-01-01");
    begin(&scene);
    assert_refused(correct_term(&scene, &(term_wish_t){.new_from = "2019-12-31"}), STATUS_FAILED_PRECONDITION, scene.problem, "newFrom");
    set_led(&scene, *state);
    coming_change_t *closes = pb_new(&pcn__registry__v1__coming_change__type, *state);
    closes->from = text(*state, "2022-01-01");
    closes->changes = text(*state, "{\"status\":\"closed\",\"closedOn\":\"2022-01-01\"}");
    closes->recorded_at = text(*state, NOW);
    scene.network->coming = appended(*state, scene.network->coming, &scene.network->n_coming, closes);
    begin(&scene);
    const term_wish_t beyond = {.from = "2021-01-01", .new_to = "2022-01-01"}, until = {.from = "2021-01-01", .new_to = "2021-12-31"};
    assert_refused(correct_term(&scene, &beyond), STATUS_FAILED_PRECONDITION, scene.problem, "newTo");
    begin(&scene);
    assert_int_equal(correct_term(&scene, &until), STATUS_OK);
}

static void a_wrong_term_gives_way(void **state)
{
    scene_t scene;
    set_led(&scene, *state);
    assert_int_equal(correct_term(&scene, &(term_wish_t){.new_from = "2020-02-01", .new_name = "Dr Ada", .new_share = "0.25"}), STATUS_OK);
    const changes_record_t *record = scene.changes->record;
    assert_int_equal(record->n_directors_gone, 1);
    assert_string_equal(record->directors_gone[0]->name, "Dr A");
    assert_string_equal(record->directors_gone[0]->share, "0.5");
    assert_int_equal(record->n_directors_added, 1);
    assert_string_equal(record->directors_added[0]->name, "Dr Ada");
    assert_string_equal(record->directors_added[0]->from, "2020-02-01");
    assert_string_equal(record->directors_added[0]->to, "2020-03-31");
    assert_string_equal(record->directors_added[0]->share, "0.25");
    assert_string_equal(record->directors_added[0]->source, "a list");
    assert_false(record->directors_added[0]->has_from_assumed);
    assert_int_equal(changes_find(scene.changes, "pcn-a")->after->n_all_directors, 3);
    assert_int_equal(scene.network->n_all_directors, 3);
    assert_int_equal(changes_record(scene.changes), STATUS_OK);
    assert_int_equal(changes_count(scene.changes), 1);
}

static void a_right_term_changes_nothing(void **state)
{
    scene_t scene;
    set_led(&scene, *state);
    const term_wish_t same = {.new_to = "2020-03-31", .new_name = "Dr A", .new_share = "0.5", .source = "a list"};
    assert_int_equal(correct_term(&scene, &same), STATUS_OK);
    assert_int_equal(changes_record(scene.changes), STATUS_OK);
    assert_int_equal(changes_count(scene.changes), 0);
    assert_int_equal(correct_term(&scene, &(term_wish_t){.never = true}), STATUS_OK);
    assert_int_equal(scene.changes->record->n_directors_gone, 1);
    assert_int_equal(scene.changes->record->n_directors_added, 0);
    assert_int_equal(changes_find(scene.changes, "pcn-a")->after->n_all_directors, 2);
}

// Every allocation may fail: then it is refused, and nothing else happens.
static void memory_ends(void **state)
{
    (void)state;
    size_t refusals = 0, tries = 0;
    for (size_t cap = 2048; cap <= 96 * 1024; cap += 512, tries++) {
        arena_t *base = arena_new(ARENA_CAP), *arena = arena_new(cap);
        assert_true(base != NULL && arena != NULL);
        scene_t scene;
        set_led(&scene, base);
        void *rows[] = {scene.network, scene.other, scene.practice};
        status_t status = changes_new(rows, 3, 0, TODAY, NOW, arena, &scene.changes, &scene.problem);
        if (status == STATUS_OK)
            status = correct(&scene, &(wish_t){.new_from = "2020-02-01"});
        if (status == STATUS_OK)
            status = correct_term(&scene, &(term_wish_t){.new_share = "0.4"});
        if (status == STATUS_OK)
            status = changes_record(scene.changes);
        assert_true(status == STATUS_OK || status == STATUS_RESOURCE_EXHAUSTED);
        refusals += status != STATUS_OK;
        arena_destroy(&arena);
        arena_destroy(&base);
    }
    assert_true(refusals > 0 && refusals < tries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_says_what_is_right_or_that_it_never_held),
        TEST(only_what_is_on_record_is_corrected),
        TEST(its_days_are_nobody_elses),
        TEST(its_days_are_within_the_networks_life),
        TEST(its_days_are_within_the_practices_life),
        TEST(what_is_right_already_changes_nothing),
        TEST(the_wrong_one_gives_way),
        TEST(its_parent_follows),
        TEST(terms_are_refused_as_new_ones),
        TEST(terms_are_within_the_networks_life),
        TEST(a_wrong_term_gives_way),
        TEST(a_right_term_changes_nothing),
        TEST(memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
