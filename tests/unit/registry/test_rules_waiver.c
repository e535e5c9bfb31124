#include "services/registry/rules_waiver.h"
#include "tests/unit/registry/support.h"

static waiver_t *make_waiver(arena_t *arena, const char *from, const char *to, const char *granted_by)
{
    waiver_t *waiver = pb_new(WAIVER_TYPE, arena);
    assert_non_null(waiver);
    waiver->from = text(arena, from);
    waiver->to = text(arena, to);
    waiver->reason = text(arena, "Rural");
    waiver->granted_by = text(arena, granted_by);
    return waiver;
}

static aggregate_t *make_waived(arena_t *arena)
{
    aggregate_t *network = make_network(arena, "pcn-a");
    network->above = appended(arena, network->above, &network->n_above, text(arena, "ccg-elr"));
    network->above = appended(arena, network->above, &network->n_above, text(arena, "ics-llr"));
    return network;
}

static void a_waiver_is_checked(void **state)
{
    arena_t *arena = *state;
    aggregate_t *network = make_waived(arena);
    network->opened_on = text(arena, "2019-07-01");
    network->closed_on = text(arena, "2030-01-01");
    static const struct {
        const char *from, *to, *granted_by;
        status_t status;
        const char *field;
    } cases[] = {
        {"2019-07-01", NULL, NULL, STATUS_OK, ""},
        {"2019-07-01", "2019-07-01", "ics-llr", STATUS_OK, ""},
        {"2029-12-31", NULL, "ccg-elr", STATUS_OK, ""},
        {"2020-01-02", "2020-01-01", NULL, STATUS_INVALID_ARGUMENT, "to"},
        {"2019-06-30", NULL, NULL, STATUS_FAILED_PRECONDITION, "from"},
        {"2030-01-01", NULL, NULL, STATUS_FAILED_PRECONDITION, "from"},
        {"2020-01-01", NULL, "pcn-a", STATUS_FAILED_PRECONDITION, "grantedBy"},
        {"2020-01-01", NULL, "ccg-w", STATUS_FAILED_PRECONDITION, "grantedBy"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        const waiver_t *waiver = make_waiver(arena, cases[i].from, cases[i].to, cases[i].granted_by);
        assert_int_equal(waiver_check(network, waiver, &problem), cases[i].status);
        assert_string_equal(problem.field, cases[i].field);
    }
}

static void waivers_do_not_overlap(void **state)
{
    arena_t *arena = *state;
    aggregate_t *network = make_waived(arena);
    const size_t before = network->n_all_waivers;
    aggregate_t *after = aggregate_with_waiver(network, make_waiver(arena, "2020-04-01", "2021-03-31", NULL), arena);
    assert_non_null(after);
    assert_int_equal(network->n_all_waivers, before);
    assert_int_equal(after->n_all_waivers, before + 1);
    assert_string_equal(after->all_waivers[0]->granted_by, "ccg-elr");
    problem_t problem = {0};
    assert_int_equal(waiver_check(after, make_waiver(arena, "2021-04-01", NULL, NULL), &problem), STATUS_OK);
    assert_int_equal(waiver_check(after, make_waiver(arena, "2019-04-01", "2020-03-31", NULL), &problem), STATUS_OK);
    assert_refused(waiver_check(after, make_waiver(arena, "2021-03-31", NULL, NULL), &problem), STATUS_ALREADY_EXISTS, problem, "from");
    assert_refused(waiver_check(after, make_waiver(arena, "2019-04-01", "2020-04-01", NULL), &problem), STATUS_ALREADY_EXISTS, problem,
                   "from");
}

static void somebody_grants_it(void **state)
{
    arena_t *arena = *state;
    aggregate_t *network = make_network(arena, "pcn-a");
    network->commissioner = NULL;
    problem_t problem = {0};
    assert_refused(waiver_check(network, make_waiver(arena, "2021-03-31", NULL, NULL), &problem), STATUS_FAILED_PRECONDITION, problem,
                   "grantedBy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_waiver_is_checked), TEST(waivers_do_not_overlap), TEST(somebody_grants_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
