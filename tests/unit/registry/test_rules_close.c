// Who may close, what is in the way of it, and what becomes of those who were below it: as of the day before, of and after.
#include "services/registry/rules_close.h"
#include "services/registry/rules_term.h"
#include "tests/unit/registry/support.h"

#define TODAY "2020-06-15"
#define NOW "2020-06-15T12:00:00Z"

static aggregate_t *make(arena_t *arena, const char *code, organisation_kind_t kind, const char *parent, const char *place)
{
    aggregate_t *aggregate = pb_new(AGGREGATE_TYPE, arena);
    assert_non_null(aggregate);
    pb_merge(AGGREGATE_TYPE, aggregate, ORGANISATION_TYPE, make_organisation(arena, code, kind, parent));
    aggregate->place = text(arena, place);
    aggregate->has_status = aggregate->has_version = 1;
    aggregate->status = STATUS_OF(ACTIVE);
    aggregate->version = 1;
    return aggregate;
}

static void add_coming(arena_t *arena, aggregate_t *aggregate, const char *from, const char *changes)
{
    coming_change_t *coming = pb_new(&pcn__registry__v1__coming_change__type, arena);
    assert_non_null(coming);
    coming->from = text(arena, from);
    coming->changes = text(arena, changes);
    coming->recorded_at = text(arena, NOW);
    aggregate->coming = appended(arena, aggregate->coming, &aggregate->n_coming, coming);
}

static void set_closed(arena_t *arena, aggregate_t *aggregate, const char *on)
{
    aggregate->status = STATUS_OF(CLOSED);
    aggregate->closed_on = text(arena, on);
}

static changes_t *begin(arena_t *arena, void *const *rows, size_t count, problem_t *problem)
{
    changes_t *changes = NULL;
    assert_int_equal(changes_new(rows, count, 0, TODAY, NOW, arena, &changes, problem), STATUS_OK);
    return changes;
}

// `successors` are separated by spaces.
static close_request_t *closing(arena_t *arena, const char *code, const char *on, const char *successors)
{
    close_request_t *request = pb_new(&pcn__registry__v1__close_organisation_request__type, arena);
    assert_non_null(request);
    request->code = text(arena, code);
    request->on = text(arena, on);
    for (char *name = strtok(text(arena, successors), " "); name != NULL; name = strtok(NULL, " "))
        request->successors = appended(arena, request->successors, &request->n_successors, name);
    return request;
}

static status_t try_close(arena_t *arena, void *const *rows, size_t count, const char *on, const char *successors, problem_t *problem)
{
    *problem = (problem_t){0};
    return close_organisation(begin(arena, rows, count, problem), closing(arena, "a", on, successors));
}

static const organisation_t *facts_on(const changes_t *changes, const char *code, const char *day)
{
    return changed_on(changes_find(changes, code), day);
}

// ---- it ends on the day ----

static void it_is_open_until_the_day_before(void **state)
{
    static const char *const days[] = {"2000-01-01", "2020-06-14", "2020-06-15", "2020-06-16", "2030-01-01"};
    for (int kind = KIND(ICS); kind <= KIND(SUPPLIER); kind++) {
        for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
            problem_t problem = {0};
            void *rows[] = {make(*state, "a", (organisation_kind_t)kind, "up", NULL)};
            changes_t *changes = begin(*state, rows, 1, &problem);
            assert_int_equal(close_organisation(changes, closing(*state, "a", days[i], "")), STATUS_OK);
            const char *before = day_before(days[i], *state), *after = day_after(days[i], *state);
            assert_int_equal(facts_on(changes, "a", before)->status, STATUS_OF(ACTIVE));
            assert_null(facts_on(changes, "a", before)->closed_on);
            assert_int_equal(facts_on(changes, "a", days[i])->status, STATUS_OF(CLOSED));
            assert_string_equal(facts_on(changes, "a", days[i])->closed_on, days[i]);
            assert_int_equal(facts_on(changes, "a", after)->status, STATUS_OF(CLOSED));
            // It stays where it was.
            assert_string_equal(facts_on(changes, "a", after)->parent, "up");
            assert_int_equal(changes_record(changes), STATUS_OK);
            assert_int_equal(changes_count(changes), 1);
            assert_int_equal(changes_find(changes, "a")->announced, strcmp(days[i], TODAY) > 0);
            assert_int_equal(changes_find(changes, "a")->head->version, 2);
            arena_reset(*state);
        }
    }
}

static void what_is_closed_does_not_close_again(void **state)
{
    problem_t problem;
    aggregate_t *closed = make(*state, "a", KIND(TRUST), NULL, NULL);
    set_closed(*state, closed, "2020-01-01");
    void *rows[] = {closed};
    assert_refused(try_close(*state, rows, 1, "2019-01-01", "", &problem), STATUS_ALREADY_EXISTS, problem, "code");
    assert_refused(try_close(*state, rows, 1, "2021-01-01", "", &problem), STATUS_ALREADY_EXISTS, problem, "code");
    aggregate_t *closes = make(*state, "a", KIND(TRUST), NULL, NULL);
    add_coming(*state, closes, "2021-01-01", "{\"status\":\"closed\",\"closedOn\":\"2021-01-01\"}");
    rows[0] = closes;
    assert_refused(try_close(*state, rows, 1, "2020-12-31", "", &problem), STATUS_ALREADY_EXISTS, problem, "code");
}

static void it_was_open_the_day_before(void **state)
{
    problem_t problem;
    static const struct {
        const char *opened, *on;
        bool allowed;
    } cases[] = {{"2020-01-01", "2019-12-31", false}, {"2020-01-01", "2020-01-01", false}, {"2020-01-01", "2020-01-02", true},
                 {"2021-01-01", "2020-12-31", false}, {"2021-01-01", "2021-01-01", false}, {NULL, "1000-01-02", true},
                 {NULL, "1000-01-01", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aggregate_t *aggregate = make(*state, "a", KIND(TRUST), NULL, NULL);
        aggregate->opened_on = text(*state, cases[i].opened);
        void *rows[] = {aggregate};
        const status_t status = try_close(*state, rows, 1, cases[i].on, "", &problem);
        if (cases[i].allowed)
            assert_int_equal(status, STATUS_OK);
        else
            assert_refused(status, STATUS_FAILED_PRECONDITION, problem, "on");
    }
}

// ---- who goes on ----

static void successors_are_there_and_open(void **state)
{
    arena_t *arena = *state;
    problem_t problem;
    aggregate_t *closed = make(arena, "closed", KIND(TRUST), NULL, NULL), *closes = make(arena, "closes", KIND(TRUST), NULL, NULL);
    aggregate_t *then = make(arena, "then", KIND(TRUST), NULL, NULL), *late = make(arena, "late", KIND(TRUST), NULL, NULL);
    set_closed(arena, closed, "2019-01-01");
    add_coming(arena, closes, "2025-01-01", "{\"status\":\"closed\",\"closedOn\":\"2025-01-01\"}");
    then->opened_on = text(arena, "2020-04-01");
    late->opened_on = text(arena, "2020-04-02");
    void *rows[] = {make(arena, "a", KIND(TRUST), NULL, NULL), make(arena, "b", KIND(PROVIDER), NULL, NULL), closed, closes, then, late};
    static const struct {
        const char *successors;
        status_t status;
        const char *field;
    } cases[] = {
        {"b", STATUS_OK, ""}, // of any kind
        {"b then", STATUS_OK, ""},
        {"none", STATUS_FAILED_PRECONDITION, "successors[0]"},
        {"b none", STATUS_FAILED_PRECONDITION, "successors[1]"},
        {"a", STATUS_FAILED_PRECONDITION, "successors[0]"},
        {"b a", STATUS_FAILED_PRECONDITION, "successors[1]"},
        {"b b", STATUS_INVALID_ARGUMENT, "successors[1]"},
        {"b then b", STATUS_INVALID_ARGUMENT, "successors[2]"},
        {"closed", STATUS_FAILED_PRECONDITION, "successors[0]"},
        {"closes", STATUS_FAILED_PRECONDITION, "successors[0]"},
        {"late", STATUS_FAILED_PRECONDITION, "successors[0]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const status_t status = try_close(arena, rows, 6, "2020-04-01", cases[i].successors, &problem);
        if (cases[i].status == STATUS_OK)
            assert_int_equal(status, STATUS_OK);
        else
            assert_refused(status, cases[i].status, problem, cases[i].field);
    }
}

static void successions_are_shown_by_both(void **state)
{
    problem_t problem = {0};
    void *rows[] = {make(*state, "a", KIND(CCG), NULL, NULL), make(*state, "b", KIND(SUB_ICB), NULL, NULL),
                    make(*state, "c", KIND(SUB_ICB), NULL, NULL), make(*state, "d", KIND(SUB_ICB), NULL, NULL)};
    changes_t *changes = begin(*state, rows, 4, &problem);
    close_request_t *request = closing(*state, "a", "2020-04-01", "c b");
    request->source = text(*state, "an order");
    assert_int_equal(close_organisation(changes, request), STATUS_OK);
    assert_int_equal(changes_record(changes), STATUS_OK);
    assert_int_equal(changes_count(changes), 3);
    const organisation_t *a = changes_find(changes, "a")->head, *b = changes_find(changes, "b")->head;
    assert_int_equal(a->n_successors, 2);
    assert_string_equal(a->successors[0], "c");
    assert_string_equal(a->successors[1], "b");
    assert_string_equal(b->predecessors[0], "a");
    assert_null(changes_find(changes, "d")->head);
    assert_int_equal(changes->record->n_successions, 2);
    assert_string_equal(changes->record->successions[0]->manner, "close");
    assert_string_equal(changes->record->successions[0]->on, "2020-04-01");
    assert_string_equal(changes->record->successions[0]->source, "an order");
}

// ---- what lies below ----

static void what_is_open_below_is_in_the_way(void **state)
{
    arena_t *arena = *state;
    problem_t problem;
    enum {
        BY_PARENT,
        BY_PLACE,
        BY_BOTH,
        ELSEWHERE,
        CLOSED_BELOW,
        CLOSES_BEFORE,
        CLOSES_THEN,
        CLOSES_AFTER,
        GOES_BEFORE,
        GOES_AFTER,
        COMES,
        CASES
    };
    static const bool in_the_way[CASES] = {
        [BY_PARENT] = true, [BY_PLACE] = true, [BY_BOTH] = true, [COMES] = true, [GOES_AFTER] = true, [CLOSES_AFTER] = true};
    for (int i = 0; i < CASES; i++) {
        const bool by_parent = i != BY_PLACE && i != ELSEWHERE && i != COMES, by_place = i == BY_PLACE || i == BY_BOTH;
        aggregate_t *below = make(arena, "below", KIND(PROVIDER), by_parent ? "a" : "b", by_place ? "a" : NULL);
        if (i == CLOSED_BELOW)
            set_closed(arena, below, "2019-01-01");
        if (i == CLOSES_BEFORE)
            add_coming(arena, below, "2020-07-01", "{\"status\":\"closed\",\"closedOn\":\"2020-07-01\"}");
        if (i == CLOSES_THEN)
            add_coming(arena, below, "2020-08-01", "{\"status\":\"closed\",\"closedOn\":\"2020-08-01\"}");
        if (i == CLOSES_AFTER)
            add_coming(arena, below, "2020-08-02", "{\"status\":\"closed\",\"closedOn\":\"2020-08-02\"}");
        if (i == GOES_BEFORE)
            add_coming(arena, below, "2020-08-01", "{\"parent\":\"b\"}");
        if (i == GOES_AFTER)
            add_coming(arena, below, "2020-08-02", "{\"parent\":\"b\"}");
        if (i == COMES)
            add_coming(arena, below, "2025-01-01", "{\"parent\":\"a\"}");
        void *rows[] = {make(arena, "a", KIND(LOCAL_SYSTEM), NULL, NULL), below};
        const status_t status = try_close(arena, rows, 2, "2020-08-01", "", &problem);
        if (!in_the_way[i]) {
            if (status != STATUS_OK)
                fail_msg("%d: %s", i, problem.detail);
        } else {
            assert_refused(status, STATUS_FAILED_PRECONDITION, problem, "code");
            assert_non_null(strstr(problem.detail, "below"));
        }
        arena_reset(arena);
    }
}

static void a_networks_practices_fall_to_its_commissioner(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = make(*state, "a", KIND(NETWORK), "ccg", "la");
    (void)add_member(*state, network, "stays", "2019-07-01", NULL, "g-1");
    (void)add_member(*state, network, "ends-later", "2019-07-01", "2020-04-30", NULL);
    (void)add_member(*state, network, "ends-then", "2019-07-01", "2020-04-01", NULL);
    (void)add_member(*state, network, "ended-before", "2019-07-01", "2020-03-31", NULL);
    void *rows[] = {network,
                    make(*state, "stays", KIND(PRACTICE), "a", NULL),
                    make(*state, "ends-later", KIND(PRACTICE), "a", NULL),
                    make(*state, "ends-then", KIND(PRACTICE), "a", NULL),
                    make(*state, "ended-before", KIND(PRACTICE), "other", NULL),
                    make(*state, "no-member", KIND(PRACTICE), "a", NULL)};
    changes_t *changes = begin(*state, rows, 6, &problem);
    assert_int_equal(close_organisation(changes, closing(*state, "a", "2020-04-01", "")), STATUS_OK);
    static const char *const fallen[] = {"stays", "ends-later", "ends-then", "no-member"};
    for (size_t i = 0; i < sizeof fallen / sizeof *fallen; i++) {
        assert_string_equal(facts_on(changes, fallen[i], "2020-03-31")->parent, "a");
        assert_string_equal(facts_on(changes, fallen[i], "2020-04-01")->parent, "ccg");
        assert_null(facts_on(changes, fallen[i], "2020-04-01")->place);
    }
    assert_string_equal(facts_on(changes, "ended-before", "2020-04-01")->parent, "other");
    const aggregate_t *after = changes_find(changes, "a")->after;
    assert_int_equal(after->n_all_members, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(after->all_members[i]->to, "2020-03-31");
    assert_int_equal(changes->record->n_members_ended, 3);
    assert_int_equal(changes->record->n_members_gone, 0);
    assert_null(network->all_members[0]->to); // what was loaded stays
}

// Practices of a closing that is to come stay where they are until the day, which is announced.
static void nobody_falls_before_the_day(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = make(*state, "a", KIND(NETWORK), "ccg", NULL);
    (void)add_member(*state, network, "gp", "2019-07-01", NULL, NULL);
    void *rows[] = {network, make(*state, "gp", KIND(PRACTICE), "a", NULL)};
    changes_t *changes = begin(*state, rows, 2, &problem);
    assert_int_equal(close_organisation(changes, closing(*state, "a", "2020-06-16", "")), STATUS_OK);
    assert_int_equal(changes_record(changes), STATUS_OK);
    assert_true(changes_find(changes, "gp")->announced);
    assert_string_equal(facts_on(changes, "gp", "2020-06-15")->parent, "a");
    assert_string_equal(facts_on(changes, "gp", "2020-06-16")->parent, "ccg");
    assert_string_equal(changes_find(changes, "a")->after->all_members[0]->to, "2020-06-15");
}

static void who_is_to_join_has_to_be_taken_back_first(void **state)
{
    problem_t problem;
    static const struct {
        const char *from, *to;
        bool allowed;
    } cases[] = {{"2020-03-31", NULL, true}, {"2020-04-01", NULL, false}, {"2020-04-02", "2020-05-01", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aggregate_t *joined = make(*state, "a", KIND(NETWORK), "ccg", NULL), *led = make(*state, "a", KIND(NETWORK), "ccg", NULL);
        (void)add_member(*state, joined, "gp", cases[i].from, cases[i].to, NULL);
        (void)add_director(*state, led, "Dr A", cases[i].from, cases[i].to, NULL);
        void *rows[][2] = {{joined, make(*state, "gp", KIND(PRACTICE), "ccg", NULL)}, {led, make(*state, "b", KIND(TRUST), NULL, NULL)}};
        for (size_t j = 0; j < 2; j++) {
            const status_t status = try_close(*state, rows[j], 2, "2020-04-01", "", &problem);
            if (cases[i].allowed)
                assert_int_equal(status, STATUS_OK);
            else
                assert_refused(status, STATUS_FAILED_PRECONDITION, problem, "code");
        }
    }
}

static void terms_end_the_day_before(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = make(*state, "a", KIND(NETWORK), "ccg", NULL);
    (void)add_director(*state, network, "Dr Before", "2019-01-01", "2020-03-31", NULL);
    (void)add_director(*state, network, "Dr Then", "2019-01-01", "2020-04-01", "0.5");
    (void)add_director(*state, network, "Dr Now", "2020-03-31", NULL, NULL);
    void *rows[] = {network};
    changes_t *changes = begin(*state, rows, 1, &problem);
    assert_int_equal(close_organisation(changes, closing(*state, "a", "2020-04-01", "")), STATUS_OK);
    const aggregate_t *after = changes_find(changes, "a")->after;
    assert_int_equal(after->n_all_directors, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(after->all_directors[i]->to, "2020-03-31");
    assert_int_equal(changes->record->n_directors_ended, 2);
}

static void something_else_below_a_network_is_in_the_way(void **state)
{
    problem_t problem;
    void *rows[] = {make(*state, "a", KIND(NETWORK), "ccg", NULL), make(*state, "b", KIND(VOLUNTARY), "a", NULL)};
    assert_refused(try_close(*state, rows, 2, "2020-04-01", "", &problem), STATUS_FAILED_PRECONDITION, problem, "code");
    void *placed[] = {make(*state, "a", KIND(NETWORK), "ccg", NULL), make(*state, "b", KIND(PRACTICE), "ccg", "a")};
    assert_refused(try_close(*state, placed, 2, "2020-04-01", "", &problem), STATUS_FAILED_PRECONDITION, problem, "code");
}

// ---- a practice ----

static void a_practice_leaves_its_networks(void **state)
{
    problem_t problem = {0};
    aggregate_t *left = make(*state, "left", KIND(NETWORK), "ccg", NULL), *now = make(*state, "now", KIND(NETWORK), "ccg", NULL);
    (void)add_member(*state, left, "a", "2019-01-01", "2019-12-31", NULL);
    (void)add_member(*state, now, "a", "2020-01-01", NULL, NULL);
    (void)add_member(*state, now, "other", "2020-01-01", NULL, NULL);
    void *rows[] = {make(*state, "a", KIND(PRACTICE), "now", NULL), left, now};
    changes_t *changes = begin(*state, rows, 3, &problem);
    assert_int_equal(close_organisation(changes, closing(*state, "a", "2020-04-01", "")), STATUS_OK);
    assert_int_equal(changes_record(changes), STATUS_OK);
    assert_string_equal(changes_find(changes, "now")->after->all_members[0]->to, "2020-03-31");
    assert_null(changes_find(changes, "now")->after->all_members[1]->to);
    assert_null(changes_find(changes, "left")->head);
    assert_string_equal(facts_on(changes, "a", "2020-03-31")->parent, "now");
    assert_string_equal(facts_on(changes, "a", "2020-04-01")->parent, "ccg");
    assert_int_equal(changes_count(changes), 2);
    (void)add_member(*state, left, "a", "2021-01-01", NULL, NULL);
    now->all_members[0]->to = text(*state, "2020-12-31");
    assert_refused(try_close(*state, rows, 3, "2020-04-01", "", &problem), STATUS_FAILED_PRECONDITION, problem, "code");
}

// ---- who was paid through it ----

static void payees_follow_one_successor(void **state)
{
    static const struct {
        const char *successors, *payee;
    } cases[] = {{"", "a"}, {"b", "b"}, {"b c", "a"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        aggregate_t *network = make(*state, "n", KIND(NETWORK), "ccg", NULL), *closed = make(*state, "o", KIND(NETWORK), "ccg", NULL);
        network->payee = closed->payee = text(*state, "a");
        set_closed(*state, closed, "2019-01-01");
        void *rows[] = {make(*state, "a", KIND(FEDERATION), NULL, NULL), make(*state, "b", KIND(FEDERATION), NULL, NULL),
                        make(*state, "c", KIND(FEDERATION), NULL, NULL), network, closed};
        changes_t *changes = begin(*state, rows, 5, &problem);
        assert_int_equal(close_organisation(changes, closing(*state, "a", "2020-04-01", cases[i].successors)), STATUS_OK);
        assert_string_equal(facts_on(changes, "n", "2020-03-31")->payee, "a");
        assert_string_equal(facts_on(changes, "n", "2020-04-01")->payee, cases[i].payee);
        assert_string_equal(facts_on(changes, "n", "2020-04-02")->payee, cases[i].payee);
        assert_string_equal(facts_on(changes, "o", "2020-04-01")->payee, "a");
        assert_int_equal(changes_record(changes), STATUS_OK);
        assert_int_equal(changes_find(changes, "n")->head != NULL, cases[i].payee[0] == 'b');
        arena_reset(*state);
    }
}

// Every allocation may fail: then it is refused, and nothing else happens.
static void memory_ends(void **state)
{
    (void)state;
    size_t refusals = 0, tries = 0;
    for (size_t cap = 2048; cap <= 128 * 1024; cap += 512, tries++) {
        arena_t *base = arena_new(ARENA_CAP), *arena = arena_new(cap);
        assert_true(base != NULL && arena != NULL);
        problem_t problem = {0};
        aggregate_t *network = make(base, "a", KIND(NETWORK), "ccg", NULL), *paid = make(base, "n", KIND(NETWORK), "ccg", NULL);
        paid->payee = text(base, "a");
        (void)add_member(base, network, "gp", "2019-07-01", NULL, NULL);
        (void)add_director(base, network, "Dr A", "2019-07-01", NULL, NULL);
        void *rows[] = {network, make(base, "gp", KIND(PRACTICE), "a", NULL), make(base, "b", KIND(NETWORK), "ccg", NULL), paid};
        changes_t *changes = NULL;
        status_t status = changes_new(rows, 4, 0, TODAY, NOW, arena, &changes, &problem);
        if (status == STATUS_OK)
            status = close_organisation(changes, closing(base, "a", "2020-04-01", "b"));
        if (status == STATUS_OK)
            status = changes_record(changes);
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
        TEST(it_is_open_until_the_day_before),
        TEST(what_is_closed_does_not_close_again),
        TEST(it_was_open_the_day_before),
        TEST(successors_are_there_and_open),
        TEST(successions_are_shown_by_both),
        TEST(what_is_open_below_is_in_the_way),
        TEST(a_networks_practices_fall_to_its_commissioner),
        TEST(nobody_falls_before_the_day),
        TEST(who_is_to_join_has_to_be_taken_back_first),
        TEST(terms_end_the_day_before),
        TEST(something_else_below_a_network_is_in_the_way),
        TEST(a_practice_leaves_its_networks),
        TEST(payees_follow_one_successor),
        TEST(memory_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
