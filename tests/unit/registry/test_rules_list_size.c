#include "services/registry/rules_list_size.h"
#include "tests/unit/registry/support.h"

#define DAY "2020-06-01"

static Pcn__Registry__V1__NetworkListSize *size_of(arena_t *arena, const aggregate_t *network)
{
    Pcn__Registry__V1__NetworkListSize *size = list_size_of_network(network, network->all_members, network->n_all_members, DAY, arena);
    assert_non_null(size);
    return size;
}

static void nothing_is_known_of_an_empty_network(void **state)
{
    const Pcn__Registry__V1__NetworkListSize *size = size_of(*state, make_network(*state, "pcn-a"));
    int64_t count = -1;
    assert_false(size->has_stated || size->has_computed || size->has_difference);
    assert_string_equal(size->as_of, DAY); // nothing is known of that day
    assert_false(list_size_effective(size, &count));
    assert_false(list_size_effective(NULL, &count));
    assert_int_equal(count, -1);
}

static void the_latest_on_or_before_the_day_counts(void **state)
{
    aggregate_t *network = make_network(*state, "pcn-a");
    add_size(*state, network, "pcn-a", NULL, "2020-06-02", 4);
    add_size(*state, network, "pcn-a", NULL, "2020-06-01", 3);
    add_size(*state, network, "pcn-a", NULL, "2019-06-20", 2);
    add_size(*state, network, "pcn-a", "nwl-1", "2020-06-01", 9);
    assert_int_equal(list_size_on(network, "pcn-a", NULL, DAY)->count, 3);
    assert_int_equal(list_size_on(network, "pcn-a", NULL, "2020-05-31")->count, 2);
    assert_null(list_size_on(network, "pcn-a", NULL, "2019-06-19"));
    assert_int_equal(list_size_on(network, "pcn-a", "nwl-1", DAY)->count, 9);
    assert_null(list_size_on(network, "pcn-a", "nwl-2", DAY));
    assert_null(list_size_on(network, "pcn-b", NULL, DAY));
}

static void a_stated_size_stands_alone(void **state)
{
    aggregate_t *network = make_network(*state, "pcn-rutland");
    add_size(*state, network, "pcn-rutland", NULL, "2019-06-20", 39920);
    add_member(*state, network, "gp-a", "2019-07-01", NULL, NULL);
    const Pcn__Registry__V1__NetworkListSize *size = size_of(*state, network);
    int64_t count;
    assert_int_equal(size->stated, 39920);
    assert_false(size->has_computed || size->has_difference);
    assert_string_equal(size->as_of, "2019-06-20");
    assert_string_equal(size->source, "Appendix 3");
    assert_true(list_size_effective(size, &count));
    assert_int_equal(count, 39920);
}

static void members_sum_up_where_all_are_known(void **state)
{
    aggregate_t *network = make_network(*state, "pcn-a");
    add_member(*state, network, "gp-a", "2019-07-01", NULL, NULL);
    add_member(*state, network, "gp-b", "2019-07-01", NULL, NULL);
    add_size(*state, network, "gp-a", NULL, "2020-01-01", 10000);
    assert_false(size_of(*state, network)->has_computed);
    add_size(*state, network, "gp-b", NULL, "2019-01-01", 25000);
    Pcn__Registry__V1__NetworkListSize *size = size_of(*state, network);
    assert_int_equal(size->computed, 35000);
    assert_string_equal(size->computed_from, "members");
    assert_string_equal(size->as_of, "2019-01-01"); // of the oldest part
    assert_false(size->has_difference);
    add_size(*state, network, "pcn-a", NULL, "2019-06-20", 34000);
    size = size_of(*state, network);
    assert_int_equal(size->difference, 1000);
    assert_string_equal(size->as_of, "2019-06-20");
    int64_t count;
    assert_true(list_size_effective(size, &count));
    assert_int_equal(count, 35000);
}

static aggregate_t *north_west_leicestershire(arena_t *arena)
{
    aggregate_t *network = make_network(arena, "pcn-north-west-leicestershire");
    add_size(arena, network, network->code, NULL, "2019-06-20", 107866);
    add_size(arena, network, network->code, "nwl-1", "2019-06-20", 42823);
    add_size(arena, network, network->code, "nwl-2", "2019-06-20", 37319);
    add_size(arena, network, network->code, "nwl-3", "2019-06-20", 27724);
    add_sub_group(arena, network, "nwl-1");
    add_sub_group(arena, network, "nwl-2");
    add_sub_group(arena, network, "nwl-3");
    add_member(arena, network, "gp-a", "2019-07-01", NULL, "nwl-1");
    add_member(arena, network, "gp-b", "2019-07-01", NULL, "nwl-2");
    add_member(arena, network, "gp-c", "2019-07-01", NULL, "nwl-3");
    return network;
}

static void sub_groups_sum_up(void **state)
{
    const Pcn__Registry__V1__NetworkListSize *size = size_of(*state, north_west_leicestershire(*state));
    assert_int_equal(size->stated, 107866);
    assert_int_equal(size->computed, 107866);
    assert_string_equal(size->computed_from, "sub-groups");
    assert_true(size->has_difference);
    assert_int_equal(size->difference, 0);
}

static void sub_groups_need_all_sizes_and_all_members(void **state)
{
    aggregate_t *network = north_west_leicestershire(*state);
    add_sub_group(*state, network, "nwl-4");
    assert_false(size_of(*state, network)->has_computed);
    network = north_west_leicestershire(*state);
    add_member(*state, network, "gp-d", "2019-07-01", NULL, NULL);
    assert_false(size_of(*state, network)->has_computed);
}

static void members_come_before_sub_groups(void **state)
{
    aggregate_t *network = north_west_leicestershire(*state);
    add_size(*state, network, "gp-a", NULL, "2020-01-01", 1);
    add_size(*state, network, "gp-b", NULL, "2020-01-01", 2);
    assert_string_equal(size_of(*state, network)->computed_from, "sub-groups");
    add_size(*state, network, "gp-c", NULL, "2020-01-01", 3);
    const Pcn__Registry__V1__NetworkListSize *size = size_of(*state, network);
    assert_string_equal(size->computed_from, "members");
    assert_int_equal(size->computed, 6);
    assert_int_equal(size->difference, 6 - 107866);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_known_of_an_empty_network),
        TEST(the_latest_on_or_before_the_day_counts),
        TEST(a_stated_size_stands_alone),
        TEST(members_sum_up_where_all_are_known),
        TEST(sub_groups_sum_up),
        TEST(sub_groups_need_all_sizes_and_all_members),
        TEST(members_come_before_sub_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
