#include "services/registry/rules_network.h"
#include "services/registry/rules_findings.h"
#include "tests/unit/registry/support.h"

#define TODAY "2026-11-25"

static bool has(char *const *list, size_t count, const char *item)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], item) == 0)
            return true;
    }
    return false;
}

static void a_new_network_lacks_everything(void **state)
{
    const network_t *network = network_on(make_network(*state, "pcn-a"), TODAY, *state);
    assert_non_null(network);
    assert_string_equal(network->code, "pcn-a");
    assert_string_equal(network->commissioner, "ccg-elr");
    assert_int_equal(network->version, 7);
    assert_int_equal(network->n_members + network->n_directors + network->n_sub_groups + network->n_findings, 0);
    assert_true(network->registration->has_complete);
    assert_false(network->registration->complete);
    static const char *const all[] = {"members", "list-size", "mapped-area", "clinical-director", "payee", "network-agreement"};
    assert_int_equal(network->registration->n_missing, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(network->registration->missing[i], all[i]);
    assert_int_equal(network->n_assumptions, 1); // about the payee
}

static void what_is_there_is_not_missing(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    add_member(*state, facts, "gp-a", "2019-07-01", NULL, NULL);
    add_director(*state, facts, "Dr A", "2019-07-01", NULL, NULL);
    add_size(*state, facts, "pcn-a", NULL, "2026-01-01", 40000);
    facts->payee = text(*state, "gp-a");
    const network_t *network = network_on(facts, TODAY, *state);
    assert_int_equal(network->registration->n_missing, 2);
    assert_true(has(network->registration->missing, 2, "mapped-area"));
    assert_true(has(network->registration->missing, 2, "network-agreement"));
    assert_int_equal(network->n_assumptions, 0);
    assert_string_equal(network->payee, "gp-a");
}

static void a_day_picks_members_and_directors(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    add_member(*state, facts, "gp-a", "2019-07-01", "2020-03-31", NULL);
    add_member(*state, facts, "gp-b", "2020-04-01", NULL, NULL);
    add_member(*state, facts, "gp-c", "2019-07-01", NULL, NULL);
    add_director(*state, facts, "Dr A", "2019-07-01", "2019-12-31", NULL);
    add_director(*state, facts, "Dr B", "2020-01-01", NULL, NULL);
    const network_t *before = network_on(facts, "2020-03-31", *state);
    assert_int_equal(before->n_members, 2);
    assert_string_equal(before->members[0]->practice, "gp-a");
    assert_string_equal(before->members[1]->practice, "gp-c");
    assert_int_equal(before->n_directors, 1);
    assert_string_equal(before->directors[0]->name, "Dr B");
    const network_t *after = network_on(facts, "2020-04-01", *state);
    assert_int_equal(after->n_members, 2);
    assert_string_equal(after->members[0]->practice, "gp-b");
    assert_int_equal(network_on(facts, "2019-06-30", *state)->n_members, 0);
}

static void sub_groups_have_their_practices_and_size(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    add_sub_group(*state, facts, "nwl-1")->source = text(*state, "row 1");
    add_sub_group(*state, facts, "nwl-2");
    add_member(*state, facts, "gp-a", "2019-07-01", NULL, "nwl-1");
    add_member(*state, facts, "gp-b", "2019-07-01", NULL, "nwl-2");
    add_member(*state, facts, "gp-c", "2019-07-01", NULL, "nwl-1");
    add_member(*state, facts, "gp-d", "2019-07-01", "2019-07-01", "nwl-1");
    add_size(*state, facts, "pcn-a", "nwl-2", "2019-06-20", 37319);
    const network_t *network = network_on(facts, TODAY, *state);
    assert_int_equal(network->n_sub_groups, 2);
    assert_int_equal(network->sub_groups[0]->n_practices, 2);
    assert_string_equal(network->sub_groups[0]->practices[1], "gp-c");
    assert_string_equal(network->sub_groups[0]->source, "row 1");
    assert_false(network->sub_groups[0]->has_stated_list_size);
    assert_int_equal(network->sub_groups[1]->stated_list_size, 37319);
    assert_string_equal(network->sub_groups[1]->source, "Appendix 3"); // of the size, where the group names none
    assert_false(network->list_size->has_computed);
}

static void assumptions_are_said(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    add_member(*state, facts, "gp-a", "2019-07-02", NULL, NULL)->from_assumed = 1;
    add_member(*state, facts, "gp-b", "2019-07-01", NULL, NULL)->from_assumed = 1;
    add_member(*state, facts, "gp-c", "2018-07-01", NULL, NULL);
    add_director(*state, facts, "Dr A", "2019-07-01", NULL, NULL)->from_assumed = 1;
    add_size(*state, facts, "pcn-a", NULL, "2019-06-20", 40000);
    const network_t *network = network_on(facts, TODAY, *state);
    assert_int_equal(network->n_assumptions, 4);
    assert_non_null(strstr(network->assumptions[0], "2 of the memberships"));
    assert_non_null(strstr(network->assumptions[0], "2019-07-01"));
    assert_non_null(strstr(network->assumptions[1], "1 of the directors"));
    assert_non_null(strstr(network->assumptions[2], "2019-06-20"));
    assert_non_null(strstr(network->assumptions[3], "payee"));
}

static void an_event_carries_all_on_record(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    add_member(*state, facts, "gp-a", "2019-07-01", "2020-03-31", NULL);
    add_member(*state, facts, "gp-b", "2030-04-01", NULL, NULL);
    add_director(*state, facts, "Dr A", "2019-07-01", "2019-12-31", NULL);
    list_size_t *size = add_size(*state, facts, "pcn-a", NULL, "2019-06-20", 40000);
    network_t *network = network_for_event(facts, TODAY, size, *state);
    assert_int_equal(network->n_members, 2);
    assert_int_equal(network->n_directors, 1);
    assert_int_equal(network->n_list_sizes, 1);
    assert_ptr_equal(network->list_sizes[0], size);
    assert_true(has(network->registration->missing, network->registration->n_missing, "members")); // today's
    assert_int_equal(network_for_event(facts, TODAY, NULL, *state)->n_list_sizes, 0);
}

static void one_more_leaves_the_facts_alone(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    aggregate_t *other = make_network(*state, "pcn-b");
    member_t *member = add_member(*state, other, "gp-a", "2019-07-01", NULL, "nwl-1");
    director_t *director = add_director(*state, other, "Dr A", "2019-07-01", NULL, NULL);
    list_size_t *size = add_size(*state, other, "pcn-a", "nwl-1", "2019-06-20", 5);
    aggregate_t *after = aggregate_with_list_size(aggregate_with_director(aggregate_with_member(facts, member, *state), director, *state), size, *state);
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

static aggregate_t *below(arena_t *arena, const char *code, const char *above, int64_t size)
{
    aggregate_t *network = make_network(arena, code);
    network->above = appended(arena, network->above, &network->n_above, text(arena, above));
    network->above = appended(arena, network->above, &network->n_above, text(arena, "ics-llr"));
    if (size > 0)
        add_size(arena, network, code, NULL, "2019-06-20", size);
    return network;
}

static aggregate_t *stating(arena_t *arena, const char *code, int64_t population)
{
    aggregate_t *organisation = pb_new(AGGREGATE_TYPE, arena);
    organisation->code = text(arena, code);
    organisation->has_kind = organisation->has_stated_population = 1;
    organisation->kind = KIND(CCG);
    organisation->stated_population = population;
    return organisation;
}

static size_t count_of(finding_t *const *findings, size_t count, const char *code)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += strcmp(findings[i]->code, code) == 0;
    return found;
}

static void the_registry_adds_up(void **state)
{
    aggregate_t *all[] = {
        below(*state, "pcn-a", "ccg-a", 60000), below(*state, "pcn-b", "ccg-a", 28445), below(*state, "pcn-c", "ccg-b", 40000),
        stating(*state, "ccg-a", 88000),        stating(*state, "ccg-b", 40000),        stating(*state, "ics-llr", 128445),
        stating(*state, "ics-nel", 2000000),
    };
    finding_t **findings;
    size_t count;
    assert_true(registry_find(all, 7, TODAY, *state, &findings, &count));
    assert_int_equal(count_of(findings, count, "size-band-above"), 1);
    assert_int_equal(count_of(findings, count, "size-band-below"), 1);
    assert_int_equal(count_of(findings, count, "population-difference"), 1); // only ccg-a; of ics-nel nothing is known
    assert_int_equal(count, 3);
    assert_string_equal(findings[2]->subject, "organisations/ccg-a");
    assert_int_equal(findings[2]->computed, 88445);
    assert_int_equal(findings[2]->difference, 445);
}

static void what_is_not_known_is_not_added_up(void **state)
{
    aggregate_t *all[] = {below(*state, "pcn-a", "ccg-a", 40000), below(*state, "pcn-b", "ccg-a", 0), stating(*state, "ccg-a", 1)};
    finding_t **findings;
    size_t count;
    assert_true(registry_find(all, 3, TODAY, *state, &findings, &count));
    assert_int_equal(count, 0);
    // A closed network no longer counts.
    all[1]->status = STATUS_OF(CLOSED);
    assert_true(registry_find(all, 3, TODAY, *state, &findings, &count));
    assert_int_equal(count, 1);
    assert_int_equal(findings[0]->computed, 40000);
    assert_true(registry_find(all, 0, TODAY, *state, &findings, &count));
    assert_int_equal(count, 0);
}

static void says_so_at_every_lack_of_memory(void **state)
{
    aggregate_t *facts = below(*state, "pcn-a", "ccg-a", 60000);
    add_member(*state, facts, "gp-a", "2019-07-01", NULL, "nwl-1")->from_assumed = 1;
    add_director(*state, facts, "Dr A", "2019-07-01", NULL, NULL);
    add_sub_group(*state, facts, "nwl-1");
    bool made = false;
    for (size_t cap = 16; cap < 64 * 1024 && !made; cap += 16) {
        arena_t *small = arena_new(cap);
        assert_non_null(small);
        made = network_for_event(facts, TODAY, facts->all_sizes[0], small) != NULL;
        arena_destroy(&small);
    }
    assert_true(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_network_lacks_everything), TEST(what_is_there_is_not_missing), TEST(a_day_picks_members_and_directors),
        TEST(sub_groups_have_their_practices_and_size), TEST(assumptions_are_said), TEST(an_event_carries_all_on_record),
        TEST(one_more_leaves_the_facts_alone), TEST(an_aggregate_is_its_organisation), TEST(the_registry_adds_up),
        TEST(what_is_not_known_is_not_added_up), TEST(says_so_at_every_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
