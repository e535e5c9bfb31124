#include "services/registry/rules_survey.h"
#include "tests/unit/registry/support.h"

typedef struct judged {
    finding_t **findings;
    size_t count, total;
} judged_t;

static judged_t judge(arena_t *arena, surveyed_t **rows, size_t count)
{
    judged_t judged;
    assert_true(survey_judge(rows, count, arena, &judged.findings, &judged.count, &judged.total));
    return judged;
}

// The first with the code; NULL for none.
static const finding_t *find(arena_t *arena, surveyed_t *row, const char *code)
{
    const judged_t judged = judge(arena, &row, 1);
    for (size_t i = 0; i < judged.count; i++) {
        if (strcmp(judged.findings[i]->code, code) == 0)
            return judged.findings[i];
    }
    return NULL;
}

static surveyed_t *surveyed(arena_t *arena, const char *code, organisation_kind_t kind)
{
    surveyed_t *row = pb_new(&pcn__registry__store__v1__surveyed__type, arena);
    assert_non_null(row);
    row->code = text(arena, code);
    row->name = text(arena, "Name");
    row->source = text(arena, "002 section 3.2");
    row->practices_source = text(arena, "Appendix 3");
    row->has_kind = 1;
    row->kind = kind;
    row->directors = 1;
    return row;
}

static void state_fact(arena_t *arena, surveyed_t *row, const char *fact, Pcn__Registry__V1__Qualifier qualifier, const char *value)
{
    Pcn__Registry__V1__StatedFact *stated = pb_new(&pcn__registry__v1__stated_fact__type, arena);
    stated->fact = text(arena, fact);
    stated->qualifier = qualifier;
    stated->value = text(arena, value);
    stated->source = text(arena, "002 section 6.4");
    row->facts = appended(arena, row->facts, &row->n_facts, stated);
}

#define QUALIFIER(name) PCN__REGISTRY__V1__QUALIFIER__QUALIFIER_##name

static void a_network_needs_a_director(void **state)
{
    surveyed_t *row = surveyed(*state, "pcn-a", KIND(NETWORK));
    assert_null(find(*state, row, "missing-director"));
    row->directors = 0;
    assert_int_equal(find(*state, row, "missing-director")->severity, SEVERITY(ERROR));
    row->kind = KIND(CCG);
    assert_null(find(*state, row, "missing-director"));
}

static void the_band_is_judged_with_the_waivers(void **state)
{
    surveyed_t *row = surveyed(*state, "pcn-a", KIND(NETWORK));
    row->has_stated_size = 1;
    row->stated_size = 28445;
    row->stated_size_source = text(*state, "Appendix 3");
    const finding_t *below = find(*state, row, "size-band-below");
    assert_int_equal(below->severity, SEVERITY(ERROR));
    assert_int_equal(below->stated, 28445);
    assert_string_equal(below->source, "Appendix 3; band of 30,000 to 50,000: NHS England's network contract");
    Pcn__Registry__V1__Waiver *waiver = pb_new(&pcn__registry__v1__waiver__type, *state);
    waiver->from = text(*state, "2019-07-01");
    waiver->reason = text(*state, "Rural");
    row->waivers = appended(*state, row->waivers, &row->n_waivers, waiver);
    assert_int_equal(find(*state, row, "size-band-below")->severity, SEVERITY(INFORMATION));
    row->stated_size = 30000;
    assert_null(find(*state, row, "size-band-below"));
    row->has_computed_size = 1;
    row->computed_size = 50001;
    assert_non_null(find(*state, row, "size-band-above"));
    assert_int_equal(find(*state, row, "list-size-difference")->difference, 20001);
}

static void a_closed_payee_is_found(void **state)
{
    surveyed_t *row = surveyed(*state, "pcn-a", KIND(NETWORK));
    assert_null(find(*state, row, "payee-closed"));
    row->closed_payee = text(*state, "fed-a");
    row->payee_closed_from = text(*state, "2020-04-01");
    assert_int_equal(find(*state, row, "payee-closed")->severity, SEVERITY(ERROR));
    assert_string_equal(find(*state, row, "payee-closed")->source, "002 section 3.2");
}

static void practices_outside_networks_are_counted(void **state)
{
    surveyed_t *row = surveyed(*state, "la-a", KIND(LOCAL_AUTHORITY));
    row->practices = row->practices_in_networks = 5;
    assert_null(find(*state, row, "coverage-count"));
    row->practices_in_networks = 4;
    const finding_t *finding = find(*state, row, "coverage-count");
    assert_int_equal(finding->stated, 5);
    assert_int_equal(finding->computed, 4);
    // More are stated than recorded: those are in no network either.
    row->practices_in_networks = 5;
    row->has_stated_practice_count = 1;
    row->stated_practice_count = 7;
    finding = find(*state, row, "coverage-count");
    assert_int_equal(finding->stated, 7);
    assert_int_equal(finding->difference, -2);
    assert_int_equal(find(*state, row, "practice-count-difference")->difference, -2);
    assert_string_equal(finding->source, "002 section 3.2; computed from: Appendix 3");
    row->stated_practice_count = 4;
    assert_null(find(*state, row, "coverage-count"));
}

static void populations_are_compared_with_lists_and_parts(void **state)
{
    surveyed_t *row = surveyed(*state, "ics-llr", KIND(ICS));
    row->has_stated_population = 1;
    row->stated_population = 1114316;
    assert_null(find(*state, row, "population-difference")); // nothing is known below
    row->has_population = row->has_parts_population = 1;
    row->population = 1150930;
    row->population_source = text(*state, "Appendix 3");
    row->parts_population = 1133842;
    row->parts_source = text(*state, "002 section 3.2");
    assert_int_equal(find(*state, row, "population-difference")->difference, 36614);
    assert_string_equal(find(*state, row, "population-difference")->source, "002 section 3.2; computed from: Appendix 3");
    assert_int_equal(find(*state, row, "population-parts-difference")->difference, 19526);
    row->stated_population = 1133842;
    assert_null(find(*state, row, "population-parts-difference"));
}

static void stated_facts_are_held_against_the_record(void **state)
{
    surveyed_t *row = surveyed(*state, "ics-llr", KIND(ICS));
    row->directors = 26;
    row->networks = 25;
    row->has_smallest = row->has_largest = row->has_population = 1;
    row->smallest = 28445;
    row->smallest_network = text(*state, "pcn-harborough");
    row->largest = 107866;
    row->population = 1150930;
    state_fact(*state, row, "clinical_directors", QUALIFIER(EQ), "25");
    state_fact(*state, row, "pcns", QUALIFIER(EQ), "25");
    state_fact(*state, row, "pcn_size_smallest", QUALIFIER(EQ), "30000");
    state_fact(*state, row, "pcn_size_largest", QUALIFIER(EQ), "107000");
    state_fact(*state, row, "population_implied_by_core_funding", QUALIFIER(EQ), "1146677");
    state_fact(*state, row, "population", QUALIFIER(GT), "1000000");
    state_fact(*state, row, "something_else", QUALIFIER(EQ), "3");
    const judged_t judged = judge(*state, &row, 1);
    assert_int_equal(judged.count, 4);
    const finding_t *directors = find(*state, row, "director-count-difference");
    assert_int_equal(directors->stated, 25);
    assert_int_equal(directors->computed, 26);
    assert_string_equal(directors->source, "002 section 6.4; computed from: Appendix 3");
    assert_int_equal(find(*state, row, "network-size-smallest")->difference, -1555);
    assert_non_null(strstr(find(*state, row, "network-size-smallest")->detail, "pcn-harborough"));
    assert_int_equal(find(*state, row, "network-size-largest")->difference, 866);
    assert_int_equal(find(*state, row, "population-difference")->difference, 4253);
    assert_string_equal(find(*state, row, "population-difference")->detail,
                        "Population: 1146677 implied by core funding, 1150930 on the networks' lists");
    row->networks = 24;
    assert_int_equal(find(*state, row, "network-count-difference")->difference, -1);
    row->directors = 25;
    assert_null(find(*state, row, "director-count-difference"));
}

static void qualifiers_are_kept(void **state)
{
    static const struct {
        Pcn__Registry__V1__Qualifier qualifier;
        int64_t networks;
        bool found;
    } cases[] = {{QUALIFIER(EQ), 25, false}, {QUALIFIER(EQ), 24, true}, {QUALIFIER(GT), 26, false},   {QUALIFIER(GT), 25, true},
                 {QUALIFIER(GE), 25, false}, {QUALIFIER(GE), 24, true}, {QUALIFIER(LT), 24, false},   {QUALIFIER(LT), 25, true},
                 {QUALIFIER(LE), 25, false}, {QUALIFIER(LE), 26, true}, {QUALIFIER(APPROX), 1, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        surveyed_t *row = surveyed(*state, "ics-llr", KIND(ICS));
        state_fact(*state, row, "pcns", cases[i].qualifier, "25");
        row->networks = cases[i].networks;
        assert_int_equal(find(*state, row, "network-count-difference") != NULL, cases[i].found);
    }
}

static void what_the_record_states_too_is_judged_once(void **state)
{
    surveyed_t *row = surveyed(*state, "ccg-city", KIND(CCG));
    row->practices = row->practices_in_networks = 56;
    row->has_stated_practice_count = row->has_stated_population = row->has_population = 1;
    row->stated_practice_count = 58;
    row->stated_population = 415213;
    row->population = 416294;
    state_fact(*state, row, "gp_practices", QUALIFIER(EQ), "58");
    state_fact(*state, row, "population", QUALIFIER(EQ), "415213");
    assert_int_equal(judge(*state, &row, 1).count, 3); // practices, coverage, population
    state_fact(*state, row, "gp_practices", QUALIFIER(EQ), "57");
    assert_int_equal(judge(*state, &row, 1).count, 4);
}

static void many_are_counted_and_the_worst_shown_first(void **state)
{
    (void)state;
    arena_t *arena = arena_new((size_t)16 * 1024 * 1024);
    static surveyed_t *rows[3000];
    for (size_t i = 0; i < 3000; i++) {
        rows[i] = surveyed(arena, i % 2 == 0 ? "pcn-a" : "pcn-b", KIND(NETWORK));
        rows[i]->practices = 1;                 // in no network: a warning
        rows[i]->directors = i >= 2400 ? 0 : 1; // the last 600 are errors, which the warnings before do not crowd out
    }
    const judged_t judged = judge(arena, rows, 3000);
    assert_int_equal(judged.total, 3600);
    assert_int_equal(judged.count, FINDINGS_MAX);
    assert_string_equal(judged.findings[599]->code, "missing-director");
    assert_string_equal(judged.findings[600]->code, "coverage-count");
    for (size_t i = 1; i < judged.count; i++)
        assert_true(judged.findings[i - 1]->severity >= judged.findings[i]->severity);
    arena_destroy(&arena);
}

static void says_so_without_memory(void **state)
{
    surveyed_t *row = surveyed(*state, "pcn-a", KIND(NETWORK));
    row->directors = 0;
    bool refused = false, found = false;
    for (size_t cap = 1024; cap < 64 * 1024 && !found; cap += 64) {
        arena_t *small = arena_new(cap);
        judged_t judged;
        found = survey_judge(&row, 1, small, &judged.findings, &judged.count, &judged.total);
        refused = refused || !found;
        arena_destroy(&small);
    }
    assert_true(refused && found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_network_needs_a_director),
        TEST(the_band_is_judged_with_the_waivers),
        TEST(a_closed_payee_is_found),
        TEST(practices_outside_networks_are_counted),
        TEST(populations_are_compared_with_lists_and_parts),
        TEST(stated_facts_are_held_against_the_record),
        TEST(qualifiers_are_kept),
        TEST(what_the_record_states_too_is_judged_once),
        TEST(many_are_counted_and_the_worst_shown_first),
        TEST(says_so_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
