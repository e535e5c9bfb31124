// The figures that lists make, the lists that a day has, and what is said of both.
#include "services/referral/rules_obligation.h"

#include "tests/unit/referral/support.h"

#define RULE_TYPE (&pcn__referral__store__v1__obligation_rule__type)
#define OF_TYPE (&pcn__referral__store__v1__capacity_of__type)

#define RESERVED                                                                                                                           \
    "{'obligation':'reserved-111','levels':['practice'],'period':'day','unit':'slots','perPatients':3000,'amount':1,'rounding':'down',"    \
    "'quantum':1,'atLeast':1,'workingDays':true,'effectiveFrom':'2019-04-01','rule':'R','source':'S','confidence':'verified'}"
#define EXTENDED                                                                                                                           \
    "{'obligation':'extended-hours','levels':['practice','network'],'period':'week','unit':'minutes','perPatients':1000,'amount':30,"      \
    "'rounding':'nearest','quantum':15,'atLeast':0,'effectiveFrom':'2019-07-01','effectiveTo':'2022-09-30','rule':'R','source':'S',"       \
    "'confidence':'verified','assumption':'A'}"
#define EVENING                                                                                                                            \
    "{'obligation':'extended-access-evening','levels':['network'],'period':'day','unit':'minutes','amount':90,'rounding':'down',"          \
    "'quantum':1,'atLeast':0,'workingDays':true,'effectiveFrom':'2019-04-01','rule':'R','source':'S','confidence':'verified'}"

static void a_slot_for_each_whole_3000(void **state)
{
    const obligation_rule_t *rule = message(*state, RULE_TYPE, RESERVED);
    static const struct {
        int64_t list, slots;
    } cases[] = {{0, 1},    {1, 1},    {2750, 1}, {2999, 1}, {3000, 1},   {5823, 1},         {5999, 1},
                 {6000, 2}, {8999, 2}, {9000, 3}, {9027, 3}, {39920, 13}, {100000000, 33333}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(obligation_required(rule, cases[i].list), cases[i].slots);
    for (int64_t list = 0; list < 100000; list++)
        assert_int_equal(obligation_required(rule, list), list < 3000 ? 1 : list / 3000);
}

static void half_quarters_of_an_hour_go_up(void **state)
{
    const obligation_rule_t *rule = message(*state, RULE_TYPE, EXTENDED);
    static const struct {
        int64_t list, minutes;
    } cases[] = {{0, 0},     {249, 0},    {250, 15},   {251, 15},  {500, 15},  {749, 15},     {750, 30},    {1000, 30},
                 {2750, 90}, {5823, 180}, {9027, 270}, {1249, 30}, {1250, 45}, {39920, 1200}, {31749, 945}, {31750, 960}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(obligation_required(rule, cases[i].list), cases[i].minutes);
    // In hundredths of a quarter, by another way.
    for (int64_t list = 0; list < 100000; list++) {
        const int64_t quarters = (list * 30 * 100 / 15 + 50000) / 100000;
        assert_int_equal(obligation_required(rule, list), quarters * 15);
    }
}

static void what_rests_on_no_list_is_the_amount(void **state)
{
    const obligation_rule_t *rule = message(*state, RULE_TYPE, EVENING);
    assert_int_equal(obligation_required(rule, 0), 90);
    assert_int_equal(obligation_required(rule, 50000), 90);
}

static void a_rule_holds_in_its_days(void **state)
{
    const obligation_rule_t *day = message(*state, RULE_TYPE, RESERVED), *week = message(*state, RULE_TYPE, EXTENDED);
    assert_true(obligation_holds(day, "practice", day_of("2026-03-27"), false));
    assert_false(obligation_holds(day, "network", day_of("2026-03-27"), false));
    assert_false(obligation_holds(day, "practice", day_of("2026-04-03"), true));  // Good Friday
    assert_false(obligation_holds(day, "practice", day_of("2026-03-28"), false)); // Saturday
    assert_false(obligation_holds(day, "practice", day_of("2026-03-29"), false));
    assert_false(obligation_holds(day, "practice", day_of("2019-03-29"), false)); // before its first day
    assert_true(obligation_holds(day, "practice", day_of("2019-04-01"), false));
    // A week begins on its Monday, bank holiday or not.
    assert_true(obligation_holds(week, "network", day_of("2022-08-29"), true));
    assert_false(obligation_holds(week, "network", day_of("2022-08-30"), false));
    assert_true(obligation_holds(week, "practice", day_of("2022-09-26"), false));
    assert_false(obligation_holds(week, "practice", day_of("2022-10-03"), false));
    assert_true(obligation_holds(week, "practice", day_of("2019-07-01"), false));
    assert_false(obligation_holds(week, "practice", day_of("2019-06-24"), false));
}

static void a_holiday_is_one_of_the_days(void **state)
{
    (void)state;
    static char *days[] = {(char *)(uintptr_t) "2026-04-03", (char *)(uintptr_t) "2026-04-06"};
    assert_true(obligation_holiday(days, 2, day_of("2026-04-06")));
    assert_false(obligation_holiday(days, 2, day_of("2026-04-05")));
    assert_false(obligation_holiday(NULL, 0, day_of("2026-04-06")));
}

#define LIST(organisation, day, count, rest) "{'organisation':'" organisation "','asOf':'" day "','count':" count ",'source':'s'" rest "}"
#define MADE_UP ",'synthetic':true"

static void assert_list(arena_t *arena, const char *json, const char *day, int64_t count, const char *as_of, bool synthetic)
{
    const capacity_of_t *of = message(arena, OF_TYPE, json);
    obligation_list_t list;
    assert_true(obligation_list_on(of, day, arena, &list));
    assert_int_equal(list.known, as_of != NULL);
    if (as_of == NULL)
        return;
    assert_int_equal(list.count, count);
    assert_string_equal(list.as_of, as_of);
    assert_int_equal(list.synthetic, synthetic);
}

static void a_practice_has_the_newest_of_the_day(void **state)
{
    const char *lists = "{'organisation':'gp-a','kind':'practice','lists':[" LIST("gp-a", "2025-01-01", "9000", "") "," LIST(
        "gp-a", "2026-01-01", "9200", "") "," LIST("gp-a", "2026-02-01", "1", MADE_UP) "]}";
    assert_list(*state, lists, "2024-12-31", 0, NULL, false);
    assert_list(*state, lists, "2025-01-01", 9000, "2025-01-01", false);
    assert_list(*state, lists, "2025-12-31", 9000, "2025-01-01", false);
    assert_list(*state, lists, "2026-01-01", 9200, "2026-01-01", false);
    assert_list(*state, lists, "2027-01-01", 9200, "2026-01-01", false); // whatever was made up since
    assert_list(*state, "{'organisation':'gp-a','kind':'practice','lists':[" LIST("gp-a", "2026-02-01", "1", MADE_UP) "]}", "2026-02-01", 1,
                "2026-02-01", true);
    assert_list(*state, "{'organisation':'gp-a','kind':'practice'}", "2026-02-01", 0, NULL, false);
}

#define MEMBERS "'members':[{'practice':'gp-a','from':'2019-07-01','to':'2026-03-31'},{'practice':'gp-b','from':'2019-07-01'}]"
#define NETWORK(lists) "{'organisation':'pcn-a','kind':'network'," MEMBERS ",'lists':[" lists "]}"
#define OF_A LIST("gp-a", "2025-01-01", "9000", "")
#define OF_B LIST("gp-b", "2024-01-01", "5000", "")
#define STATED LIST("pcn-a", "2019-06-20", "39920", "")

static void a_network_has_the_sum_or_what_it_states(void **state)
{
    assert_list(*state, NETWORK(OF_A "," OF_B "," STATED), "2026-03-01", 14000, "2024-01-01", false);
    assert_list(*state, NETWORK(OF_A "," OF_B "," STATED), "2026-04-01", 5000, "2024-01-01", false);  // one left
    assert_list(*state, NETWORK(OF_B "," STATED), "2026-03-01", 39920, "2019-06-20", false);          // one is not known
    assert_list(*state, NETWORK(OF_A "," OF_B "," STATED), "2024-06-01", 39920, "2019-06-20", false); // nor was it then
    assert_list(*state, NETWORK(STATED), "2019-06-20", 39920, "2019-06-20", false);                   // before anybody was a member
    assert_list(*state, NETWORK(OF_A), "2026-03-01", 0, NULL, false);
    // What was made up counts where nothing else does.
    assert_list(*state, NETWORK(LIST("gp-a", "2025-01-01", "1", MADE_UP) "," OF_B "," STATED), "2026-03-01", 39920, "2019-06-20", false);
    assert_list(*state, NETWORK(LIST("gp-a", "2025-01-01", "1", MADE_UP) "," OF_B), "2026-03-01", 5001, "2024-01-01", true);
    assert_list(*state, NETWORK(LIST("gp-a", "2025-01-01", "1", MADE_UP) "," OF_B "," LIST("pcn-a", "2025-01-01", "7", MADE_UP)),
                "2026-03-01", 5001, "2024-01-01", true);
    assert_list(*state, NETWORK(LIST("pcn-a", "2025-01-01", "7", MADE_UP)), "2026-03-01", 7, "2025-01-01", true);
}

static void what_is_missing_is_named(void **state)
{
    obligation_list_t list;
    const capacity_of_t *of = message(*state, OF_TYPE, NETWORK(OF_B));
    assert_true(obligation_list_on(of, "2026-03-01", *state, &list));
    assert_string_equal(obligation_unknown(of, "2026-03-01", &list, *state),
                        "No registered list of gp-a that was counted by 2026-03-01 is known, and none of pcn-a itself");
    of = message(*state, OF_TYPE, NETWORK(""));
    assert_true(obligation_list_on(of, "2026-03-01", *state, &list));
    assert_int_equal(list.missing, 2);
    assert_non_null(strstr(obligation_unknown(of, "2026-03-01", &list, *state), "gp-a and other members"));
    of = message(*state, OF_TYPE, "{'organisation':'gp-a','kind':'practice'}");
    assert_true(obligation_list_on(of, "2026-03-01", *state, &list));
    assert_string_equal(obligation_unknown(of, "2026-03-01", &list, *state),
                        "No registered list of gp-a that was counted by 2026-03-01 is known");
}

static void a_figure_says_what_it_rests_on(void **state)
{
    obligation_list_t list;
    const capacity_of_t *of = message(*state, OF_TYPE, NETWORK(OF_A "," OF_B));
    assert_true(obligation_list_on(of, "2026-03-01", *state, &list));
    const obligation_rule_t *rule = message(*state, RULE_TYPE, EXTENDED);
    const explanation_t *explanation = obligation_explain(rule, &list, obligation_required(rule, list.count), *state);
    assert_int_equal(explanation->value, 420);
    assert_string_equal(explanation->unit, "minutes");
    assert_string_equal(explanation->formula, "round(sum of the members' lists ÷ 1000 × 30 ÷ 15) × 15");
    assert_string_equal(explanation->rounding, "to the nearest 15, halves up");
    assert_int_equal(explanation->n_inputs, 4);
    assert_string_equal(explanation->inputs[0]->name, "registered list of gp-a");
    assert_int_equal(explanation->inputs[0]->value, 9000);
    assert_string_equal(explanation->inputs[0]->as_of, "2025-01-01");
    assert_int_equal(explanation->inputs[2]->value, 30);
    assert_string_equal(explanation->inputs[3]->unit, "patients");
    assert_string_equal(explanation->inputs[3]->confidence, "verified");
    assert_string_equal(explanation->notes[0], "A");
    assert_string_equal(explanation->source, "S");
    rule = message(*state, RULE_TYPE, EVENING);
    explanation = obligation_explain(rule, &(obligation_list_t){0}, 90, *state);
    assert_string_equal(explanation->formula, "90");
    assert_null(explanation->rounding);
    assert_int_equal(explanation->n_inputs, 1);
    assert_int_equal(explanation->n_notes, 0);
}

static void says_so_at_every_lack_of_memory(void **state)
{
    const capacity_of_t *of = message(*state, OF_TYPE, NETWORK(OF_A "," OF_B));
    const obligation_rule_t *rule = message(*state, RULE_TYPE, EXTENDED);
    bool made = false;
    for (size_t cap = 16; cap < 16 * 1024 && !made; cap += 16) {
        arena_t *small = arena_new(cap);
        obligation_list_t list;
        assert_non_null(small);
        made = obligation_list_on(of, "2026-03-01", small, &list) && obligation_explain(rule, &list, 1, small) != NULL &&
               obligation_unknown(of, "2026-03-01", &list, small) != NULL;
        arena_destroy(&small);
    }
    assert_true(made);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_slot_for_each_whole_3000),
        TEST(half_quarters_of_an_hour_go_up),
        TEST(what_rests_on_no_list_is_the_amount),
        TEST(a_rule_holds_in_its_days),
        TEST(a_holiday_is_one_of_the_days),
        TEST(a_practice_has_the_newest_of_the_day),
        TEST(a_network_has_the_sum_or_what_it_states),
        TEST(what_is_missing_is_named),
        TEST(a_figure_says_what_it_rests_on),
        TEST(says_so_at_every_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
