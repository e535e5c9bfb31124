#include "services/registry/rules_network.h"
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
    facts->mapped_area = text(*state, "https://maps.example/pcn-a");
    facts->agreement_on = text(*state, "2026-11-26");
    assert_int_equal(network_on(facts, "2026-11-25", *state)->registration->n_missing, 1); // not signed yet
    network = network_on(facts, "2026-11-26", *state);
    assert_true(network->registration->complete);
    assert_int_equal(network->registration->n_missing, 0);
}

static void a_day_picks_waivers(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    Pcn__Registry__V1__Waiver *waiver = pb_new(&pcn__registry__v1__waiver__type, *state);
    assert_non_null(waiver);
    waiver->from = text(*state, "2020-04-01");
    waiver->to = text(*state, "2021-03-31");
    facts->all_waivers = appended(*state, facts->all_waivers, &facts->n_all_waivers, waiver);
    assert_int_equal(network_on(facts, "2020-03-31", *state)->n_waivers, 0);
    assert_int_equal(network_on(facts, "2020-04-01", *state)->n_waivers, 1);
    assert_int_equal(network_on(facts, "2021-03-31", *state)->n_waivers, 1);
    assert_int_equal(network_on(facts, "2021-04-01", *state)->n_waivers, 0);
    assert_int_equal(network_for_event(facts, "2021-04-01", *state)->n_waivers, 1);
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
    facts->recorded_sizes = facts->all_sizes;
    facts->n_recorded_sizes = 1;
    network_t *network = network_for_event(facts, TODAY, *state);
    assert_int_equal(network->n_members, 2);
    assert_int_equal(network->n_directors, 1);
    assert_int_equal(network->n_list_sizes, 1);
    assert_ptr_equal(network->list_sizes[0], size);
    assert_true(has(network->registration->missing, network->registration->n_missing, "members")); // today's
    assert_int_equal(network_on(facts, TODAY, *state)->n_list_sizes, 0);
}

static void says_so_at_every_lack_of_memory(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    add_size(*state, facts, "pcn-a", NULL, "2019-06-20", 60000);
    add_member(*state, facts, "gp-a", "2019-07-01", NULL, "nwl-1")->from_assumed = 1;
    add_director(*state, facts, "Dr A", "2019-07-01", NULL, NULL);
    add_sub_group(*state, facts, "nwl-1");
    bool made = false;
    for (size_t cap = 16; cap < 64 * 1024 && !made; cap += 16) {
        arena_t *small = arena_new(cap);
        assert_non_null(small);
        made = network_for_event(facts, TODAY, small) != NULL;
        arena_destroy(&small);
    }
    assert_true(made);
}

// On the day on which the payee of the day is closed, and only that one.
static void the_payee_of_the_day_is_open(void **state)
{
    aggregate_t *facts = make_network(*state, "pcn-a");
    Pcn__Registry__Store__V1__ClosedPayee closed = PCN__REGISTRY__STORE__V1__CLOSED_PAYEE__INIT;
    closed.code = text(*state, "fed-a");
    closed.from = text(*state, "2020-04-01");
    facts->payee = text(*state, "fed-a");
    facts->closed_payee = &closed;
    static const struct {
        const char *day;
        bool found;
    } days[] = {{"2020-03-31", false}, {"2020-04-01", true}, {"2020-04-02", true}};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        const network_t *network = network_on(facts, days[i].day, *state);
        assert_non_null(network);
        assert_int_equal(network->n_findings, days[i].found ? 1 : 0);
    }
    facts->payee = text(*state, "fed-b");
    assert_int_equal(network_on(facts, "2020-04-02", *state)->n_findings, 0);
    facts->payee = NULL;
    assert_int_equal(network_on(facts, "2020-04-02", *state)->n_findings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_new_network_lacks_everything),
                                       TEST(what_is_there_is_not_missing),
                                       TEST(a_day_picks_waivers),
                                       TEST(a_day_picks_members_and_directors),
                                       TEST(sub_groups_have_their_practices_and_size),
                                       TEST(assumptions_are_said),
                                       TEST(an_event_carries_all_on_record),
                                       TEST(says_so_at_every_lack_of_memory),
                                       TEST(the_payee_of_the_day_is_open)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
