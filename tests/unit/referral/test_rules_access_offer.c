// What is missing of an offer, as findings.
#include "services/referral/rules_access_offer.h"

#include "tests/unit/referral/support.h"

#define RULE(code, level, working) "{'code':'" code "','level':'" level "','workingDays':" working ",'rule':'R','source':'S'}"

static const offer_rule_t *offer(arena_t *arena, const char *json)
{
    return message(arena, &pcn__referral__store__v1__offer_rule__type, json);
}

static const access_of_t *of(arena_t *arena, const char *json)
{
    return message(arena, &pcn__referral__store__v1__access_of__type, json);
}

static void days_are_working_ones_or_all(void **state)
{
    static char *holidays[] = {(char *)(uintptr_t) "2026-04-03", (char *)(uintptr_t) "2026-04-06"};
    const int32_t first = day_of("2026-03-30"), last = day_of("2026-04-12");
    assert_int_equal(access_days(offer(*state, RULE("a", "practice", "true")), first, last, holidays, 2), 8);
    assert_int_equal(access_days(offer(*state, RULE("a", "network", "false")), first, last, holidays, 2), 14);
    assert_int_equal(access_days(offer(*state, RULE("a", "practice", "true")), first, first - 1, holidays, 2), 0);
}

static void halves_and_days_are_told_apart(void **state)
{
    const offer_rule_t *core = offer(*state, RULE("core", "practice", "true"));
    const access_of_t *practice = of(*state, "{'organisation':'gp-a','name':'A','kind':'practice','missing':["
                                             "{'offer':'core','day':'2026-03-24','morning':false,'afternoon':true},"
                                             "{'offer':'other','day':'2026-03-24','morning':true},"
                                             "{'offer':'core','day':'2026-03-25','morning':true,'afternoon':false},"
                                             "{'offer':'core','day':'2026-03-26','morning':true,'afternoon':true}]}");
    access_finding_t *findings[4];
    size_t count;
    assert_true(access_findings(practice, core, 5, *state, findings, &count));
    assert_int_equal(count, 3);
    assert_string_equal(findings[0]->code, "half-day-closed");
    assert_string_equal(findings[0]->half, "afternoon");
    assert_string_equal(findings[0]->subject, "organisations/gp-a");
    assert_string_equal(findings[0]->detail, "A has no slot in the afternoon of 2026-03-24");
    assert_string_equal(findings[1]->half, "morning");
    assert_string_equal(findings[2]->code, "day-closed");
    assert_null(findings[2]->half);
    assert_false(access_met(practice, "core"));
    assert_true(access_met(practice, "seven"));
}

static void nothing_at_all_is_one_finding_of_a_practice(void **state)
{
    const access_of_t *nobody = of(*state, "{'organisation':'gp-a','name':'A','kind':'practice','missing':["
                                           "{'offer':'core','day':'2026-03-24','morning':true,'afternoon':true},"
                                           "{'offer':'core','day':'2026-03-25','morning':true,'afternoon':true},"
                                           "{'offer':'urgent','day':'2026-03-24','morning':true},"
                                           "{'offer':'urgent','day':'2026-03-25','morning':true}]}");
    access_finding_t *findings[4];
    size_t count;
    assert_true(access_findings(nobody, offer(*state, RULE("core", "practice", "true")), 2, *state, findings, &count));
    assert_int_equal(count, 1);
    assert_string_equal(findings[0]->code, "no-slots");
    assert_null(findings[0]->day);
    assert_true(access_findings(nobody, offer(*state, RULE("urgent", "practice", "true")), 2, *state, findings, &count));
    assert_int_equal(count, 1);
    assert_string_equal(findings[0]->code, "no-urgent-slots");
    // On one day more it has them.
    assert_true(access_findings(nobody, offer(*state, RULE("core", "practice", "true")), 3, *state, findings, &count));
    assert_int_equal(count, 2);
}

static void a_network_is_told_day_by_day(void **state)
{
    const access_of_t *network = of(*state, "{'organisation':'pcn-a','name':'N','kind':'network','missing':["
                                            "{'offer':'seven','day':'2026-03-28','morning':true},"
                                            "{'offer':'seven','day':'2026-03-29','morning':true}]}");
    access_finding_t *findings[2];
    size_t count;
    assert_true(access_findings(network, offer(*state, RULE("seven", "network", "false")), 2, *state, findings, &count));
    assert_int_equal(count, 2);
    assert_string_equal(findings[1]->code, "no-urgent-slots");
    assert_string_equal(findings[1]->day, "2026-03-29");
    assert_string_equal(findings[1]->detail, "N has no urgent slot on 2026-03-29");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(days_are_working_ones_or_all),
        TEST(halves_and_days_are_told_apart),
        TEST(nothing_at_all_is_one_finding_of_a_practice),
        TEST(a_network_is_told_day_by_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
