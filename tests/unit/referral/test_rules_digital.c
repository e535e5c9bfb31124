// Digital coverage: what is known of patients where list sizes are, and where they are not.
#include "services/referral/rules_digital.h"
#include "tests/unit/referral/support.h"

#define ROW_TYPE (&pcn__referral__store__v1__digital_row__type)
#define TARGET_TYPE (&pcn__referral__v1__digital_target__type)

static void count(arena_t *arena, digital_tally_t *tally, const char *json)
{
    digital_count(tally, message(arena, ROW_TYPE, json));
}

static void assert_shares(arena_t *arena, const digital_tally_t *tally, int offer, const char *practices, const char *patients)
{
    const char *share = digital_practice_share(tally, offer, arena);
    assert_string_equal(share != NULL ? share : "", practices);
    share = digital_patient_share(tally, offer, arena);
    assert_string_equal(share != NULL ? share : "", patients);
}

static void known_list_sizes_are_weights(void **state)
{
    digital_tally_t tally = {0};
    count(*state, &tally, "{'code':'a','online':true,'video':true,'listSize':3000}");
    count(*state, &tally, "{'code':'b','online':true,'listSize':6000}");
    count(*state, &tally, "{'code':'c','video':true,'listSize':1000}");
    assert_int_equal(tally.patients, 10000);
    assert_false(tally.unknown);
    assert_shares(*state, &tally, DIGITAL_ONLINE, "0.667", "0.900");
    assert_shares(*state, &tally, DIGITAL_VIDEO, "0.667", "0.400");
    assert_shares(*state, &tally, DIGITAL_BOTH, "0.333", "0.300");
    assert_null(digital_detail(&tally, *state));
}

static void nothing_is_guessed(void **state)
{
    digital_tally_t tally = {0};
    count(*state, &tally, "{'code':'a','online':true,'listSize':3000}");
    count(*state, &tally, "{'code':'b','online':true}");
    count(*state, &tally, "{'code':'c','online':true,'video':true}");
    assert_true(tally.unknown);
    // All of them, and none of them, is known without their sizes.
    assert_shares(*state, &tally, DIGITAL_ONLINE, "1.000", "1.000");
    assert_shares(*state, &tally, DIGITAL_VIDEO, "0.333", "");
    assert_string_equal(digital_detail(&tally, *state), "List sizes are not known: that of b and 1 more");
    digital_tally_t none = {0};
    assert_shares(*state, &none, DIGITAL_ONLINE, "", "");
    assert_string_equal(digital_detail(&none, *state), "There are no open practices on record");
}

static void a_networks_own_size_stands_in(void **state)
{
    const digital_row_t *network = message(*state, ROW_TYPE, "{'code':'n','listSize':30000,'listSizeSynthetic':true}");
    digital_tally_t all = {0}, total = {0}, mixed = {0};
    count(*state, &all, "{'code':'a','online':true,'listSize':3000}");
    count(*state, &all, "{'code':'b','online':true}");
    digital_state(&all, network);
    assert_int_equal(all.patients, 30000);
    assert_int_equal(all.offered[DIGITAL_ONLINE], 30000);
    assert_int_equal(all.offered[DIGITAL_VIDEO], 0);
    assert_true(all.synthetic);
    assert_null(digital_detail(&all, *state));
    count(*state, &total, "{'code':'x','listSize':10000}");
    digital_add(&total, &all);
    assert_shares(*state, &total, DIGITAL_ONLINE, "0.667", "0.750");
    // Which of its patients are with those that offer it is not known.
    count(*state, &mixed, "{'code':'c','online':true}");
    count(*state, &mixed, "{'code':'d'}");
    digital_state(&mixed, network);
    assert_false(mixed.unknown);
    assert_shares(*state, &mixed, DIGITAL_ONLINE, "0.500", "");
    assert_shares(*state, &mixed, DIGITAL_VIDEO, "0.000", "0.000");
    digital_add(&total, &mixed);
    assert_shares(*state, &total, DIGITAL_ONLINE, "0.600", "");
    assert_string_equal(digital_detail(&total, *state), "List sizes are not known: that of c and 1 more");
    // Where the practices' own are known, what the network states counts for nothing.
    digital_tally_t sum = {0};
    count(*state, &sum, "{'code':'e','online':true,'listSize':5}");
    digital_state(&sum, network);
    assert_int_equal(sum.patients, 5);
    assert_false(sum.synthetic);
}

static void nearly_all_is_not_all(void **state)
{
    digital_tally_t tally = {.practices = 6500, .offering = {6499, 1, 1}, .patients = 60000000, .offered = {59999999, 30000, 29999}};
    assert_shares(*state, &tally, DIGITAL_ONLINE, "0.999", "0.999");
    assert_shares(*state, &tally, DIGITAL_VIDEO, "0.000", "0.001");
    assert_shares(*state, &tally, DIGITAL_BOTH, "0.000", "0.000");
}

static void targets_are_compared(void **state)
{
    digital_tally_t tally = {.practices = 4, .offering = {3, 4, 3}, .patients = 40000, .offered = {29999, 40000, 29999}};
    digital_target_t *target = message(*state, TARGET_TYPE, "{'measure':'patients-online'}");
    assert_true(digital_compare(target, 750, &tally, NULL, *state));
    // Rounded it is there, by its figures it is not.
    assert_string_equal(target->stated, "0.750");
    assert_string_equal(target->computed, "0.750");
    assert_string_equal(target->difference, "+0.000");
    assert_true(target->has_met && !target->met);
    target = message(*state, TARGET_TYPE, "{'measure':'practices-video'}");
    assert_true(digital_compare(target, 1000, &tally, "A note", *state));
    assert_true(target->met);
    assert_string_equal(target->detail, "A note");
    target = message(*state, TARGET_TYPE, "{'measure':'practices-both'}");
    assert_true(digital_compare(target, 1000, &tally, NULL, *state));
    assert_string_equal(target->difference, "-0.250");
    assert_false(target->met);
    tally.unknown = tally.offered_unknown[DIGITAL_ONLINE] = true;
    tally.missing = "gp-1";
    tally.missing_count = 1;
    target = message(*state, TARGET_TYPE, "{'measure':'patients-online'}");
    assert_true(digital_compare(target, 750, &tally, "A note", *state));
    assert_null(target->computed);
    assert_false(target->has_met);
    assert_string_equal(target->detail, "The list size of gp-1 is not known");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(known_list_sizes_are_weights), TEST(nothing_is_guessed),   TEST(a_networks_own_size_stands_in),
        TEST(nearly_all_is_not_all),        TEST(targets_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
