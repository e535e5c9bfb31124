// Who may end in favour of whom, and what of it is shared out; days against a model are in test_rules_move.c.
#include <stdio.h>

#include "services/registry/rules_succession.h"
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

static changes_t *begin(arena_t *arena, void *const *rows, size_t count, problem_t *problem)
{
    changes_t *changes = NULL;
    assert_int_equal(changes_new(rows, count, 8, TODAY, NOW, arena, &changes, problem), STATUS_OK);
    return changes;
}

static status_t merge(changes_t *changes, const char *code, const char *into, const char *on)
{
    merge_request_t *request = pb_new(&pcn__registry__v1__merge_organisation_request__type, changes->arena);
    assert_non_null(request);
    request->code = text(changes->arena, code);
    request->into = text(changes->arena, into);
    request->on = text(changes->arena, on);
    return succession_merge(changes, request);
}

static void kinds_merge_with_their_own(void **state)
{
    for (int ending = KIND(ICS); ending <= KIND(SUPPLIER); ending++) {
        for (int into = KIND(ICS); into <= KIND(SUPPLIER); into++) {
            problem_t problem = {0};
            void *rows[] = {make(*state, "a", (organisation_kind_t)ending, NULL, NULL),
                            make(*state, "b", (organisation_kind_t)into, NULL, NULL)};
            const bool allowed = ending == into || (ending == KIND(CCG) && into == KIND(SUB_ICB));
            const status_t status = merge(begin(*state, rows, 2, &problem), "a", "b", "2020-01-01");
            if (allowed)
                assert_int_equal(status, STATUS_OK);
            else
                assert_refused(status, STATUS_FAILED_PRECONDITION, problem, "into");
            arena_reset(*state);
        }
    }
}

static coming_change_t *closing(arena_t *arena, const char *from)
{
    coming_change_t *coming = pb_new(&pcn__registry__v1__coming_change__type, arena);
    assert_non_null(coming);
    coming->from = text(arena, from);
    coming->changes = arena_printf(arena, "{\"status\":\"closed\",\"closedOn\":\"%s\"}", from);
    coming->recorded_at = text(arena, NOW);
    return coming;
}

// What each of both may be when it comes to a merger on 1 April 2020.
typedef enum state { OPEN, OPENS_BEFORE, OPENS_THEN, OPENS_AFTER, CLOSED_BEFORE, CLOSES_AFTER, STATES } state_t;

static aggregate_t *in_state(arena_t *arena, const char *code, state_t state)
{
    aggregate_t *aggregate = make(arena, code, KIND(NETWORK), "ccg", NULL);
    static const char *const opened[STATES] = {[OPENS_BEFORE] = "2020-03-31", [OPENS_THEN] = "2020-04-01", [OPENS_AFTER] = "2020-04-02"};
    aggregate->opened_on = text(arena, opened[state]);
    if (state == CLOSED_BEFORE) {
        aggregate->status = STATUS_OF(CLOSED);
        aggregate->closed_on = text(arena, "2020-03-31");
    }
    if (state == CLOSES_AFTER)
        aggregate->coming = appended(arena, aggregate->coming, &aggregate->n_coming, closing(arena, "2021-01-01"));
    return aggregate;
}

static void both_are_open(void **unused)
{
    for (int a = OPEN; a < STATES; a++) {
        for (int b = OPEN; b < STATES; b++) {
            problem_t problem = {0};
            void *rows[] = {in_state(*unused, "a", (state_t)a), in_state(*unused, "b", (state_t)b)};
            const status_t status = merge(begin(*unused, rows, 2, &problem), "a", "b", "2020-04-01");
            if (a == CLOSED_BEFORE || a == CLOSES_AFTER)
                assert_refused(status, STATUS_ALREADY_EXISTS, problem, "code");
            else if (a == OPENS_THEN || a == OPENS_AFTER)
                assert_refused(status, STATUS_FAILED_PRECONDITION, problem, "on");
            else if (b == CLOSED_BEFORE || b == CLOSES_AFTER || b == OPENS_AFTER)
                assert_refused(status, STATUS_FAILED_PRECONDITION, problem, "into");
            else
                assert_int_equal(status, STATUS_OK);
            arena_reset(*unused);
        }
    }
}

static void it_does_not_merge_into_itself_or_below(void **state)
{
    problem_t problem = {0};
    void *rows[] = {make(*state, "a", KIND(FEDERATION), NULL, NULL), make(*state, "b", KIND(FEDERATION), "a", NULL)};
    assert_refused(merge(begin(*state, rows, 2, &problem), "a", "a", "2020-01-01"), STATUS_FAILED_PRECONDITION, problem, "into");
    ((aggregate_t *)rows[1])->below = 1;
    assert_refused(merge(begin(*state, rows, 2, &problem), "a", "b", "2020-01-01"), STATUS_FAILED_PRECONDITION, problem, "into");
}

static void children_go_along_in_both_trees(void **state)
{
    problem_t problem = {0};
    aggregate_t *closed = make(*state, "closed", KIND(NETWORK), "a", NULL);
    closed->status = STATUS_OF(CLOSED);
    closed->closed_on = text(*state, "2019-01-01");
    void *rows[] = {make(*state, "a", KIND(LOCAL_SYSTEM), NULL, NULL),   make(*state, "b", KIND(LOCAL_SYSTEM), NULL, NULL),
                    make(*state, "by-parent", KIND(PROVIDER), "a", "x"), make(*state, "by-place", KIND(PROVIDER), "y", "a"),
                    make(*state, "neither", KIND(PROVIDER), "y", "x"),   closed};
    changes_t *changes = begin(*state, rows, 6, &problem);
    assert_int_equal(merge(changes, "a", "b", "2020-04-01"), STATUS_OK);
    assert_string_equal(changed_on(changes_find(changes, "by-parent"), "2020-03-31")->parent, "a");
    assert_string_equal(changed_on(changes_find(changes, "by-parent"), "2020-04-01")->parent, "b");
    assert_string_equal(changed_on(changes_find(changes, "by-parent"), "2020-04-01")->place, "x");
    assert_string_equal(changed_on(changes_find(changes, "by-place"), "2020-04-01")->place, "b");
    assert_int_equal(changes_record(changes), STATUS_OK);
    assert_int_equal(changes_count(changes), 4);
    assert_null(changes_find(changes, "neither")->head);
    assert_null(changes_find(changes, "closed")->head);
    assert_int_equal(changes->record->n_successions, 1);
    assert_string_equal(changes->record->successions[0]->manner, "merge");
}

// One that leaves before the day stays behind; so does one that left long ago.
static void those_who_leave_before_do_not_go_along(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = make(*state, "a", KIND(NETWORK), "ccg", NULL);
    (void)add_member(*state, network, "leaves", "2019-07-01", "2020-06-30", NULL);
    (void)add_member(*state, network, "left", "2019-07-01", "2020-01-31", NULL);
    coming_change_t *falls = pb_new(&pcn__registry__v1__coming_change__type, *state);
    falls->from = text(*state, "2020-07-01");
    falls->changes = text(*state, "{\"parent\":\"ccg\"}");
    falls->recorded_at = text(*state, NOW);
    aggregate_t *leaves = make(*state, "leaves", KIND(PRACTICE), "a", NULL);
    leaves->coming = appended(*state, leaves->coming, &leaves->n_coming, falls);
    void *rows[] = {network, make(*state, "b", KIND(NETWORK), "ccg", NULL), leaves, make(*state, "left", KIND(PRACTICE), "ccg", NULL)};
    changes_t *changes = begin(*state, rows, 4, &problem);
    assert_int_equal(merge(changes, "a", "b", "2020-08-01"), STATUS_OK);
    assert_int_equal(changes_record(changes), STATUS_OK);
    assert_null(changes_find(changes, "leaves")->head);
    assert_null(changes_find(changes, "left")->head);
    assert_int_equal(changes->record->n_members_added, 0);
}

static void directors_terms_end(void **state)
{
    problem_t problem = {0};
    aggregate_t *a = make(*state, "a", KIND(NETWORK), "ccg", NULL);
    (void)add_director(*state, a, "Dr Before", "2019-01-01", "2020-03-31", NULL);
    (void)add_director(*state, a, "Dr Now", "2019-01-01", NULL, "0.5");
    (void)add_director(*state, a, "Dr Later", "2020-04-01", NULL, NULL);
    void *rows[] = {a, make(*state, "b", KIND(NETWORK), "ccg", NULL)};
    changes_t *changes = begin(*state, rows, 2, &problem);
    assert_int_equal(merge(changes, "a", "b", "2020-04-01"), STATUS_OK);
    const aggregate_t *after = changes_find(changes, "a")->after;
    assert_int_equal(after->n_all_directors, 2);
    assert_string_equal(after->all_directors[0]->to, "2020-03-31");
    assert_string_equal(after->all_directors[1]->to, "2020-03-31");
    assert_null(a->all_directors[1]->to); // what was loaded stays
    assert_int_equal(changes->record->n_directors_ended, 1);
    assert_int_equal(changes->record->n_directors_gone, 1);
    assert_string_equal(changes->record->directors_gone[0]->name, "Dr Later");
    assert_int_equal(changes_find(changes, "b")->after->n_all_directors, 0);
}

// ---- splitting ----

static split_request_t *splitting(arena_t *arena, const char *code, const char *on)
{
    split_request_t *request = pb_new(&pcn__registry__v1__split_organisation_request__type, arena);
    assert_non_null(request);
    request->code = text(arena, code);
    request->on = text(arena, on);
    return request;
}

// `members` are separated by spaces.
static void add_part(arena_t *arena, split_request_t *request, const char *code, const char *members)
{
    Pcn__Registry__V1__SplitPart *part = pb_new(&pcn__registry__v1__split_part__type, arena);
    assert_non_null(part);
    part->code = part->name = text(arena, code);
    char *rest = text(arena, members);
    for (char *member = strtok(rest, " "); member != NULL; member = strtok(NULL, " "))
        part->members = appended(arena, part->members, &part->n_members, member);
    request->into = appended(arena, request->into, &request->n_into, part);
}

// A network with members m1 and m2, one that left, one that comes, and a practice that lies below it without being a member.
static changes_t *large(arena_t *arena, problem_t *problem)
{
    aggregate_t *network = make(arena, "pcn", KIND(NETWORK), "ccg", "la");
    (void)add_member(arena, network, "m1", "2019-07-01", NULL, "team");
    (void)add_member(arena, network, "m2", "2019-07-01", NULL, NULL);
    (void)add_member(arena, network, "left", "2019-07-01", "2020-03-31", NULL);
    (void)add_member(arena, network, "comes", "2020-09-01", NULL, NULL);
    void *rows[] = {network,
                    make(arena, "m1", KIND(PRACTICE), "pcn", NULL),
                    make(arena, "m2", KIND(PRACTICE), "pcn", NULL),
                    make(arena, "comes", KIND(PRACTICE), "ccg", NULL),
                    make(arena, "child", KIND(PRACTICE), "pcn", NULL),
                    make(arena, "taken", KIND(NETWORK), "ccg", NULL)};
    return begin(arena, rows, 6, problem);
}

static void a_split_shares_out_everything(void **state)
{
    static const struct {
        const char *first, *second; // their members
        status_t status;
        const char *field, *detail;
    } cases[] = {
        {"m1 m2 comes child", "", STATUS_OK, "", ""},
        {"m1 child", "m2 comes", STATUS_OK, "", ""},
        {"m1", "m2 comes", STATUS_FAILED_PRECONDITION, "into", "child"},
        {"m1 child", "m2", STATUS_FAILED_PRECONDITION, "into", "comes"},
        {"", "", STATUS_FAILED_PRECONDITION, "into", "m1, m2, comes, child"},
        {"m1 child left", "m2 comes", STATUS_FAILED_PRECONDITION, "into[0].members[2]", "left"},
        {"m1 child", "m2 comes taken", STATUS_FAILED_PRECONDITION, "into[1].members[2]", "taken"},
        {"m1 child m1", "m2 comes", STATUS_INVALID_ARGUMENT, "into[0].members[2]", "m1"},
        {"m1 child", "m2 comes m1", STATUS_INVALID_ARGUMENT, "into[1].members[2]", "m1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        changes_t *changes = large(*state, &problem);
        split_request_t *request = splitting(*state, "pcn", "2020-04-01");
        add_part(*state, request, "one", cases[i].first);
        add_part(*state, request, "two", cases[i].second);
        assert_int_equal(succession_split(changes, request), cases[i].status);
        assert_string_equal(problem.field, cases[i].field);
        assert_non_null(strstr(problem.detail, cases[i].detail));
        arena_reset(*state);
    }
}

static void parts_are_new_and_several(void **state)
{
    static const struct {
        const char *codes[3];
        status_t status;
        const char *field;
    } cases[] = {
        {{"one", NULL}, STATUS_INVALID_ARGUMENT, "into"},
        {{"one", "one", NULL}, STATUS_INVALID_ARGUMENT, "into[1].code"},
        {{"one", "taken", NULL}, STATUS_ALREADY_EXISTS, "into[1].code"},
        {{"pcn", "one", NULL}, STATUS_ALREADY_EXISTS, "into[0].code"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        changes_t *changes = large(*state, &problem);
        split_request_t *request = splitting(*state, "pcn", "2020-04-01");
        for (size_t j = 0; cases[i].codes[j] != NULL; j++)
            add_part(*state, request, cases[i].codes[j], j == 0 ? "m1 m2 comes child" : "");
        assert_refused(succession_split(changes, request), cases[i].status, problem, cases[i].field);
        arena_reset(*state);
    }
}

static void parts_are_as_the_one_that_ends(void **state)
{
    problem_t problem = {0};
    changes_t *changes = large(*state, &problem);
    split_request_t *request = splitting(*state, "pcn", "2020-04-01");
    add_part(*state, request, "one", "m1 child");
    add_part(*state, request, "two", "m2 comes");
    assert_int_equal(succession_split(changes, request), STATUS_OK);
    assert_int_equal(changes_record(changes), STATUS_OK);
    const changed_t *one = changes_find(changes, "one"), *two = changes_find(changes, "two");
    assert_int_equal(one->head->kind, KIND(NETWORK));
    assert_int_equal(one->head->level, LEVEL(NEIGHBOURHOOD));
    assert_int_equal(one->head->status, STATUS_OF(ACTIVE));
    assert_string_equal(one->head->parent, "ccg");
    assert_string_equal(one->head->place, "la");
    assert_string_equal(one->head->opened_on, "2020-04-01");
    assert_int_equal(one->head->version, 1);
    assert_string_equal(one->head->predecessors[0], "pcn");
    assert_int_equal(changes_find(changes, "pcn")->head->n_successors, 2);
    assert_int_equal(one->after->n_all_members, 1);
    assert_null(one->after->all_members[0]->sub_group); // not carried
    assert_int_equal(two->after->n_all_members, 2);
    assert_string_equal(two->after->all_members[0]->practice, "comes");
    assert_string_equal(two->after->all_members[0]->from, "2020-09-01");
    assert_string_equal(changed_on(changes_find(changes, "m2"), "2020-04-01")->parent, "two");
    assert_string_equal(changed_on(changes_find(changes, "child"), "2020-04-01")->parent, "one");
    assert_string_equal(changed_on(changes_find(changes, "comes"), "2020-08-31")->parent, "ccg");
    assert_string_equal(changed_on(changes_find(changes, "comes"), "2020-09-01")->parent, "two");
    assert_true(changes_find(changes, "comes")->announced);
    assert_int_equal(changes->record->n_created, 2);
    assert_int_equal(changes_count(changes), 7);
}

static void a_split_to_come_proposes(void **state)
{
    problem_t problem = {0};
    changes_t *changes = large(*state, &problem);
    split_request_t *request = splitting(*state, "pcn", "2020-07-01");
    add_part(*state, request, "one", "m1 child");
    add_part(*state, request, "two", "m2 comes");
    assert_int_equal(succession_split(changes, request), STATUS_OK);
    assert_int_equal(changes_record(changes), STATUS_OK);
    const organisation_t *one = changes_find(changes, "one")->head;
    assert_int_equal(one->status, STATUS_OF(PROPOSED));
    assert_int_equal(one->n_coming, 1);
    assert_string_equal(one->coming[0]->from, "2020-07-01");
    assert_true(changes_find(changes, "pcn")->announced);
    assert_true(changes_find(changes, "m1")->announced);
    assert_string_equal(changed_on(changes_find(changes, "m1"), "2020-06-30")->parent, "pcn");
    assert_string_equal(changed_on(changes_find(changes, "m1"), "2020-07-01")->parent, "one");
    assert_true(changes_find(changes, "child")->announced); // no membership moves it
}

static void a_practice_splits_in_its_network(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = make(*state, "pcn", KIND(NETWORK), "ccg", NULL);
    (void)add_member(*state, network, "gp", "2019-07-01", "2021-03-31", NULL);
    (void)add_member(*state, network, "other", "2019-07-01", NULL, NULL);
    void *rows[] = {network, make(*state, "gp", KIND(PRACTICE), "pcn", NULL)};
    changes_t *changes = begin(*state, rows, 2, &problem);
    split_request_t *request = splitting(*state, "gp", "2020-04-01");
    add_part(*state, request, "one", "");
    add_part(*state, request, "two", "");
    assert_int_equal(succession_split(changes, request), STATUS_OK);
    const aggregate_t *after = changes_find(changes, "pcn")->after;
    assert_int_equal(after->n_all_members, 4);
    assert_string_equal(after->all_members[0]->to, "2020-03-31");
    assert_string_equal(after->all_members[1]->practice, "one");
    assert_string_equal(after->all_members[2]->practice, "other");
    assert_string_equal(after->all_members[3]->practice, "two");
    assert_string_equal(after->all_members[3]->from, "2020-04-01");
    assert_string_equal(after->all_members[3]->to, "2021-03-31");
}

static aggregate_t *paid_through(arena_t *arena, const char *code, const char *payee)
{
    aggregate_t *network = make(arena, code, KIND(NETWORK), "ccg", NULL);
    network->payee = text(arena, payee);
    return network;
}

static const char *payee_on(changes_t *changes, const char *code, const char *day)
{
    return changed_on(changes_find(changes, code), day)->payee;
}

// As of the day before, of and after; only of networks that it paid, and not after a split.
static void payees_follow_a_merger(void **state)
{
    static const char *const days[] = {"2020-05-01", "2020-06-15", "2020-12-01"};
    for (size_t i = 0; i < 3; i++) {
        arena_t *arena = *state;
        problem_t problem = {0};
        void *rows[] = {make(arena, "a", KIND(FEDERATION), "ics", NULL), make(arena, "b", KIND(FEDERATION), "ics", NULL),
                        paid_through(arena, "n1", "a"), paid_through(arena, "n2", "b"), paid_through(arena, "n3", NULL)};
        changes_t *changes = begin(arena, rows, 5, &problem);
        assert_int_equal(merge(changes, "a", "b", days[i]), STATUS_OK);
        assert_string_equal(payee_on(changes, "n1", day_before(days[i], arena)), "a");
        assert_string_equal(payee_on(changes, "n1", days[i]), "b");
        assert_string_equal(payee_on(changes, "n1", day_after(days[i], arena)), "b");
        assert_string_equal(payee_on(changes, "n2", days[i]), "b");
        assert_null(payee_on(changes, "n3", days[i]));
        assert_int_equal(changes_record(changes), STATUS_OK);
        assert_int_equal(changes_count(changes), 3);
        assert_int_equal(changes_find(changes, "n1")->announced, i == 2);
        assert_int_equal(changes_find(changes, "n1")->head->version, 2);
        arena_reset(arena);
    }
}

// One that pays itself keeps what it said; the other takes over what it was paid through it.
static void a_network_that_ends_keeps_its_payee(void **state)
{
    problem_t problem = {0};
    void *rows[] = {paid_through(*state, "a", "a"), paid_through(*state, "b", "a")};
    changes_t *changes = begin(*state, rows, 2, &problem);
    assert_int_equal(merge(changes, "a", "b", "2020-04-01"), STATUS_OK);
    assert_string_equal(payee_on(changes, "a", "2020-04-01"), "a");
    assert_string_equal(payee_on(changes, "b", "2020-03-31"), "a");
    assert_string_equal(payee_on(changes, "b", "2020-04-01"), "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(kinds_merge_with_their_own),
                                       TEST(both_are_open),
                                       TEST(it_does_not_merge_into_itself_or_below),
                                       TEST(children_go_along_in_both_trees),
                                       TEST(those_who_leave_before_do_not_go_along),
                                       TEST(directors_terms_end),
                                       TEST(a_split_shares_out_everything),
                                       TEST(parts_are_new_and_several),
                                       TEST(parts_are_as_the_one_that_ends),
                                       TEST(a_split_to_come_proposes),
                                       TEST(a_practice_splits_in_its_network),
                                       TEST(payees_follow_a_merger),
                                       TEST(a_network_that_ends_keeps_its_payee)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
