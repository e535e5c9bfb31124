#include "services/registry/rules_aggregate.h"
#include "tests/unit/registry/support.h"

static void one_more_leaves_the_facts_alone(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    aggregate_t *other = make_network(*state, "pcn-b");
    member_t *member = add_member(*state, other, "gp-a", "2019-07-01", NULL, "nwl-1");
    director_t *director = add_director(*state, other, "Dr A", "2019-07-01", NULL, NULL);
    list_size_t *size = add_size(*state, other, "pcn-a", "nwl-1", "2019-06-20", 5);
    aggregate_t *after =
        aggregate_with_list_size(aggregate_with_director(aggregate_with_member(facts, member, *state), director, *state), size, *state);
    assert_int_equal(after->n_all_members, 1);
    assert_int_equal(after->n_all_directors, 1);
    assert_int_equal(after->n_all_sizes, 1);
    assert_int_equal(after->n_all_sub_groups, 1); // named twice, there once
    assert_int_equal(facts->n_all_members + facts->n_all_directors + facts->n_all_sizes + facts->n_all_sub_groups, 0);
    size->kind = SIZE_KIND(WEIGHTED);
    assert_int_equal(aggregate_with_list_size(facts, size, *state)->n_all_sizes, 0);
    size->kind = SIZE_KIND(REGISTERED);
    size->has_synthetic = size->synthetic = 1;
    assert_int_equal(aggregate_with_list_size(facts, size, *state)->n_all_sizes, 0);
}

// As the database gives them: what an event says and what a read says of the same version is the same text.
static void one_more_stands_in_its_place(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    aggregate_t *other = make_network(*state, "pcn-b");
    member_t *members[] = {add_member(*state, other, "gp-b", "2019-07-01", NULL, NULL),
                           add_member(*state, other, "gp-a", "2020-07-01", NULL, NULL),
                           add_member(*state, other, "gp-a", "2019-07-01", "2020-06-30", NULL)};
    director_t *directors[] = {add_director(*state, other, "Dr B", "2019-07-01", NULL, NULL),
                               add_director(*state, other, "Dr A", "2019-07-01", NULL, NULL),
                               add_director(*state, other, "Dr C", "2018-07-01", NULL, NULL)};
    list_size_t *sizes[] = {add_size(*state, other, "pcn-a", "team-1", "2019-01-01", 5),
                            add_size(*state, other, "pcn-a", NULL, "2020-01-01", 6),
                            add_size(*state, other, "pcn-a", NULL, "2019-01-01", 7)};
    for (size_t i = 0; i < 3; i++)
        facts = aggregate_with_list_size(aggregate_with_director(aggregate_with_member(facts, members[i], *state), directors[i], *state),
                                         sizes[i], *state);
    assert_ptr_equal(facts->all_members[0], members[2]);
    assert_ptr_equal(facts->all_members[1], members[1]);
    assert_ptr_equal(facts->all_members[2], members[0]);
    assert_ptr_equal(facts->all_directors[0], directors[2]);
    assert_ptr_equal(facts->all_directors[1], directors[1]);
    assert_ptr_equal(facts->all_directors[2], directors[0]);
    assert_ptr_equal(facts->all_sizes[0], sizes[2]);
    assert_ptr_equal(facts->all_sizes[1], sizes[1]);
    assert_ptr_equal(facts->all_sizes[2], sizes[0]);
}

// What an event shows: of every kind, synthetic ones beside those that are not, by day, and one that is corrected in its place.
static void recorded_sizes_are_all(void **state)
{
    aggregate_t *other = make_network(*state, "pcn-b");
    list_size_t *sizes[5];
    for (size_t i = 0; i < 5; i++)
        sizes[i] = add_size(*state, other, "pcn-a", i == 2 ? "team-1" : NULL, i == 3 ? "2019-01-01" : "2020-01-01", (int64_t)i);
    sizes[0]->kind = SIZE_KIND(WEIGHTED);
    sizes[1]->has_synthetic = sizes[1]->synthetic = 1;
    aggregate_t *facts = make_network(*state, "pcn-a");
    for (size_t i = 0; i < 5; i++)
        facts = aggregate_with_list_size(facts, sizes[i], *state);
    assert_int_equal(facts->n_recorded_sizes, 5);
    static const size_t places[] = {3, 4, 1, 2, 0};
    for (size_t i = 0; i < 5; i++)
        assert_ptr_equal(facts->recorded_sizes[i], sizes[places[i]]);
    list_size_t *right = add_size(*state, other, "pcn-a", NULL, "2020-01-01", 9);
    aggregate_t *after = aggregate_with_list_size(facts, right, *state);
    assert_int_equal(after->n_recorded_sizes, 5);
    assert_ptr_equal(after->recorded_sizes[1], right);
    assert_ptr_equal(facts->recorded_sizes[1], sizes[4]);
    const organisation_t *shown = organisation_for_event(after, *state);
    assert_int_equal(shown->n_list_sizes, 5);
    assert_int_equal(organisation_of_aggregate(after, *state)->n_list_sizes, 0);
}

static void an_aggregate_is_its_organisation(void **state)
{
    organisation_t *organisation = make_organisation(*state, "pcn-a", KIND(NETWORK), "ccg-elr");
    organisation->notes = text(*state, "note");
    aggregate_t *aggregate = aggregate_of_organisation(organisation, *state);
    assert_string_equal(aggregate->notes, "note");
    organisation_t *again = organisation_of_aggregate(aggregate, *state);
    assert_string_equal(again->code, "pcn-a");
    assert_int_equal(again->kind, KIND(NETWORK));
    assert_string_equal(again->notes, "note");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(one_more_leaves_the_facts_alone), TEST(one_more_stands_in_its_place),
                                       TEST(recorded_sizes_are_all), TEST(an_aggregate_is_its_organisation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
