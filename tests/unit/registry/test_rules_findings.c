#include "services/registry/rules_findings.h"
#include "tests/unit/registry/support.h"

static network_t *sized(arena_t *arena, bool has_stated, int64_t stated, bool has_computed, int64_t computed)
{
    network_t *network = pb_new(NETWORK_TYPE, arena);
    assert_non_null(network);
    network->code = text(arena, "pcn-a");
    network->name = text(arena, "A");
    network->source = text(arena, "the strategy");
    network->list_size = pb_new(&pcn__registry__v1__network_list_size__type, arena);
    assert_non_null(network->list_size);
    network->list_size->has_stated = has_stated;
    network->list_size->stated = stated;
    network->list_size->has_computed = has_computed;
    network->list_size->computed = computed;
    network->list_size->has_difference = has_stated && has_computed;
    network->list_size->difference = computed - stated;
    return network;
}

static const finding_t *find(arena_t *arena, network_t *network, const char *code)
{
    assert_true(network_find(network, NULL, arena));
    for (size_t i = 0; i < network->n_findings; i++) {
        if (strcmp(network->findings[i]->code, code) == 0)
            return network->findings[i];
    }
    return NULL;
}

static void the_band_includes_its_ends(void **state)
{
    assert_null(find(*state, sized(*state, true, 30000, false, 0), "size-band-below"));
    assert_null(find(*state, sized(*state, true, 50000, false, 0), "size-band-above"));
    assert_non_null(find(*state, sized(*state, true, 29999, false, 0), "size-band-below"));
    assert_non_null(find(*state, sized(*state, true, 50001, false, 0), "size-band-above"));
}

static void above_is_a_warning_below_an_error(void **state)
{
    const finding_t *above = find(*state, sized(*state, true, 69519, false, 0), "size-band-above");
    assert_int_equal(above->severity, SEVERITY(WARNING));
    assert_string_equal(above->subject, "organisations/pcn-a");
    assert_int_equal(above->stated, 69519);
    assert_false(above->has_computed);
    assert_non_null(strstr(above->detail, "19519"));
    assert_string_equal(above->source, BAND_SOURCE);
    const finding_t *below = find(*state, sized(*state, true, 28445, false, 0), "size-band-below");
    assert_int_equal(below->severity, SEVERITY(ERROR));
    assert_non_null(strstr(below->detail, "waiver"));
    assert_non_null(strstr(below->detail, "1555"));
}

static void the_computed_size_decides(void **state)
{
    network_t *network = sized(*state, true, 28445, true, 31000);
    assert_null(find(*state, network, "size-band-below"));
    const finding_t *difference = find(*state, network, "list-size-difference");
    assert_int_equal(difference->stated, 28445);
    assert_int_equal(difference->computed, 31000);
    assert_int_equal(difference->difference, 2555);
    assert_int_equal(difference->severity, SEVERITY(INFORMATION));
}

static void an_unknown_size_is_no_finding(void **state)
{
    network_t *network = sized(*state, false, 0, false, 0);
    assert_true(network_find(network, NULL, *state));
    assert_int_equal(network->n_findings, 0);
    network = sized(*state, true, 40000, true, 40000);
    assert_true(network_find(network, NULL, *state));
    assert_int_equal(network->n_findings, 0);
}

static void practices_are_counted(void **state)
{
    network_t *network = sized(*state, true, 40000, false, 0);
    network->has_stated_practice_count = 1;
    network->stated_practice_count = 5;
    network->n_members = 4;
    const finding_t *finding = find(*state, network, "practice-count-difference");
    assert_int_equal(finding->stated, 5);
    assert_int_equal(finding->computed, 4);
    assert_int_equal(finding->difference, -1);
    assert_string_equal(finding->source, "the strategy");
    network->n_members = 5;
    assert_null(find(*state, network, "practice-count-difference"));
}

static void all_at_once_fit(void **state)
{
    network_t *network = sized(*state, true, 60000, true, 60001);
    network->has_stated_practice_count = 1;
    network->stated_practice_count = 1;
    network->payee = text(*state, "fed-a");
    assert_true(network_find(network, "2020-01-01", *state));
    assert_int_equal(network->n_findings, 4);
    assert_true(network->n_findings <= NETWORK_FINDINGS_MAX);
}

static void a_closed_payee_is_an_error(void **state)
{
    network_t *network = sized(*state, true, 40000, false, 0);
    network->payee = text(*state, "fed-a");
    assert_null(find(*state, network, "payee-closed"));
    assert_true(network_find(network, "2020-04-01", *state));
    assert_int_equal(network->n_findings, 1);
    const finding_t *finding = network->findings[0];
    assert_string_equal(finding->code, "payee-closed");
    assert_int_equal(finding->severity, SEVERITY(ERROR));
    assert_string_equal(finding->subject, "organisations/pcn-a");
    assert_string_equal(finding->detail, "A is paid through fed-a, which is closed from 2020-04-01 on");
    assert_string_equal(finding->source, "the strategy");
    assert_false(finding->has_stated || finding->has_computed);
    // A closed network is paid nothing, and one that names nobody has nobody that is closed.
    network->status = STATUS_OF(CLOSED);
    assert_true(network_find(network, "2020-04-01", *state));
    assert_int_equal(network->n_findings, 0);
    network->status = STATUS_OF(ACTIVE);
    network->payee = NULL;
    assert_true(network_find(network, "2020-04-01", *state));
    assert_int_equal(network->n_findings, 0);
}

static void a_waiver_makes_it_information(void **state)
{
    network_t *network = sized(*state, true, 28445, false, 0);
    Pcn__Registry__V1__Waiver *waiver = pb_new(&pcn__registry__v1__waiver__type, *state);
    waiver->from = text(*state, "2019-07-01");
    waiver->reason = text(*state, "A natural community");
    network->waivers = &waiver;
    network->n_waivers = 1;
    const finding_t *finding = find(*state, network, "size-band-below");
    assert_int_equal(finding->severity, SEVERITY(INFORMATION));
    assert_non_null(strstr(finding->detail, "waived from 2019-07-01 on: A natural community"));
    // It waives nothing at the other end.
    network->list_size->stated = 60000;
    assert_int_equal(find(*state, network, "size-band-above")->severity, SEVERITY(WARNING));
}

static void says_so_without_memory(void **state)
{
    network_t *network = sized(*state, true, 1, true, 2);
    network->payee = text(*state, "fed-a");
    bool refused = false, found = false;
    for (size_t cap = 16; cap < 4096 && !found; cap += 16) {
        arena_t *small = arena_new(cap);
        assert_non_null(small);
        found = network_find(network, "2020-01-01", small);
        refused = refused || !found;
        arena_destroy(&small);
    }
    assert_true(refused && found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_band_includes_its_ends), TEST(above_is_a_warning_below_an_error),
        TEST(the_computed_size_decides),  TEST(an_unknown_size_is_no_finding),
        TEST(practices_are_counted),      TEST(all_at_once_fit),
        TEST(a_closed_payee_is_an_error), TEST(a_waiver_makes_it_information),
        TEST(says_so_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
