#include "services/registry/rules_membership.h"
#include "tests/unit/registry/support.h"

static member_t *make_member(arena_t *arena, const char *from, const char *to)
{
    member_t *member = pb_new(MEMBER_TYPE, arena);
    assert_non_null(member);
    member->practice = text(arena, "gp-a");
    member->from = text(arena, from);
    member->to = text(arena, to);
    return member;
}

static aggregate_t *with_practice(arena_t *arena)
{
    aggregate_t *network = make_network(arena, "pcn-a");
    network->practice = make_organisation(arena, "gp-a", KIND(PRACTICE), "ccg-elr");
    return network;
}

static void belong(arena_t *arena, aggregate_t *network, const char *to_network, const char *from, const char *to)
{
    Pcn__Registry__Store__V1__Membership *membership = pb_new(&pcn__registry__store__v1__membership__type, arena);
    assert_non_null(membership);
    membership->network = text(arena, to_network);
    membership->from = text(arena, from);
    membership->to = text(arena, to);
    network->practice_memberships = appended(arena, network->practice_memberships, &network->n_practice_memberships, membership);
}

static void a_member_is_a_practice(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = with_practice(*state);
    member_t *member = make_member(*state, "2019-07-01", NULL);
    assert_int_equal(member_check(network, member, &problem), STATUS_OK);
    network->practice->kind = KIND(TRUST);
    assert_refused(member_check(network, member, &problem), STATUS_FAILED_PRECONDITION, problem, "practice");
    network->practice = NULL;
    assert_refused(member_check(network, member, &problem), STATUS_FAILED_PRECONDITION, problem, "practice");
}

static void a_span_is_in_order_and_within_the_networks_life(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = with_practice(*state);
    assert_refused(member_check(network, make_member(*state, "2019-07-01", "2019-06-30"), &problem), STATUS_INVALID_ARGUMENT, problem,
                   "to");
    assert_int_equal(member_check(network, make_member(*state, "2019-07-01", "2019-07-01"), &problem), STATUS_OK);
    network->opened_on = text(*state, "2019-07-01");
    assert_int_equal(member_check(network, make_member(*state, "2019-07-01", NULL), &problem), STATUS_OK);
    assert_refused(member_check(network, make_member(*state, "2019-06-30", NULL), &problem), STATUS_FAILED_PRECONDITION, problem, "from");
    // The first day without it.
    network->closed_on = text(*state, "2020-04-01");
    assert_refused(member_check(network, make_member(*state, "2020-04-01", NULL), &problem), STATUS_FAILED_PRECONDITION, problem, "from");
    assert_refused(member_check(network, make_member(*state, "2019-07-01", NULL), &problem), STATUS_FAILED_PRECONDITION, problem, "to");
    assert_refused(member_check(network, make_member(*state, "2019-07-01", "2020-04-01"), &problem), STATUS_FAILED_PRECONDITION, problem,
                   "to");
    assert_int_equal(member_check(network, make_member(*state, "2019-07-01", "2020-03-31"), &problem), STATUS_OK);
}

static void a_practice_has_one_core_network_at_a_time(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = with_practice(*state);
    belong(*state, network, "pcn-b", "2019-07-01", "2020-03-31");
    belong(*state, network, "pcn-c", "2021-04-01", NULL);
    assert_refused(member_check(network, make_member(*state, "2020-03-31", NULL), &problem), STATUS_ALREADY_EXISTS, problem, "practice");
    assert_non_null(strstr(problem.detail, "pcn-b"));
    assert_non_null(strstr(problem.detail, "2020-03-31"));
    assert_refused(member_check(network, make_member(*state, "2020-04-01", NULL), &problem), STATUS_ALREADY_EXISTS, problem, "practice");
    assert_non_null(strstr(problem.detail, "pcn-c"));
    assert_int_equal(member_check(network, make_member(*state, "2020-04-01", "2021-03-31"), &problem), STATUS_OK);
    // Its own network is no exception.
    belong(*state, network, "pcn-a", "2020-05-01", "2020-05-31");
    assert_refused(member_check(network, make_member(*state, "2020-04-01", "2021-03-31"), &problem), STATUS_ALREADY_EXISTS, problem,
                   "practice");
}

static void a_director_has_one_term_at_a_time(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = make_network(*state, "pcn-a");
    add_director(*state, network, "Dr A", "2019-07-01", "2020-06-30", NULL);
    assert_refused(director_check(network, make_director(*state, "Dr A", "2020-06-30", NULL, NULL), &problem), STATUS_ALREADY_EXISTS,
                   problem, "name");
    assert_int_equal(director_check(network, make_director(*state, "Dr A", "2020-07-01", NULL, NULL), &problem), STATUS_OK);
    // Two share the job, as in Fosseway.
    assert_int_equal(director_check(network, make_director(*state, "Dr B", "2019-07-01", NULL, NULL), &problem), STATUS_OK);
    assert_refused(director_check(network, make_director(*state, "Dr B", "2019-07-01", "2019-06-30", NULL), &problem),
                   STATUS_INVALID_ARGUMENT, problem, "to");
}

static void shares_sum_up_to_one(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = make_network(*state, "pcn-a");
    add_director(*state, network, "Dr A", "2019-07-01", NULL, "0.5");
    add_director(*state, network, "Dr B", "2020-07-01", NULL, "0.25");
    add_director(*state, network, "Dr C", "2019-07-01", NULL, NULL);
    assert_int_equal(director_check(network, make_director(*state, "Dr D", "2019-07-01", NULL, "0.25"), &problem), STATUS_OK);
    // Too much only from the day on which another term begins.
    assert_refused(director_check(network, make_director(*state, "Dr D", "2019-07-01", NULL, "0.251"), &problem),
                   STATUS_FAILED_PRECONDITION, problem, "share");
    assert_int_equal(director_check(network, make_director(*state, "Dr D", "2019-07-01", "2020-06-30", "0.5"), &problem), STATUS_OK);
    assert_refused(director_check(network, make_director(*state, "Dr D", "2019-07-01", "2020-06-30", "1"), &problem),
                   STATUS_FAILED_PRECONDITION, problem, "share");
    assert_refused(director_check(network, make_director(*state, "Dr D", "2019-07-01", NULL, "0.000"), &problem), STATUS_INVALID_ARGUMENT,
                   problem, "share");
    assert_int_equal(director_check(network, make_director(*state, "Dr D", "2018-07-01", "2019-06-30", "1.000"), &problem), STATUS_OK);
}

static void a_list_is_counted_once_and_not_in_the_future(void **state)
{
    problem_t problem = {0};
    aggregate_t *network = make_network(*state, "pcn-a");
    list_size_t *size = pb_new(LIST_SIZE_TYPE, *state);
    size->as_of = text(*state, "2020-01-01");
    assert_int_equal(list_size_check(network, size, false, "2020-01-01", &problem), STATUS_OK);
    assert_refused(list_size_check(network, size, false, "2019-12-31", &problem), STATUS_INVALID_ARGUMENT, problem, "asOf");
    assert_refused(list_size_check(network, size, true, "2020-01-01", &problem), STATUS_FAILED_PRECONDITION, problem, "asOf");
    network->list_size_taken = size;
    assert_int_equal(list_size_check(network, size, true, "2020-01-01", &problem), STATUS_OK);
    assert_refused(list_size_check(network, size, false, "2020-01-01", &problem), STATUS_ALREADY_EXISTS, problem, "asOf");
}

static void only_a_network_has_sub_groups(void **state)
{
    problem_t problem = {0};
    aggregate_t *aggregate = make_network(*state, "pcn-a");
    list_size_t *size = pb_new(LIST_SIZE_TYPE, *state);
    size->as_of = text(*state, "2020-01-01");
    size->sub_group = text(*state, "nwl-1");
    assert_int_equal(list_size_check(aggregate, size, false, "2020-01-01", &problem), STATUS_OK);
    aggregate->kind = KIND(PRACTICE);
    assert_refused(list_size_check(aggregate, size, false, "2020-01-01", &problem), STATUS_FAILED_PRECONDITION, problem, "subGroup");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_member_is_a_practice),
        TEST(a_span_is_in_order_and_within_the_networks_life),
        TEST(a_practice_has_one_core_network_at_a_time),
        TEST(a_director_has_one_term_at_a_time),
        TEST(shares_sum_up_to_one),
        TEST(a_list_is_counted_once_and_not_in_the_future),
        TEST(only_a_network_has_sub_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
