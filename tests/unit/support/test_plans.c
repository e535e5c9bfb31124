// What the simulator offers: bodies that the contract takes, scaled by the rules of the field.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/simulator/plans.h"

static const plan_offerer_t practice = {.owner = PLAN_PRACTICE, .code = "gp-a", .name = "A", .list_size = 9027, .number = 1};

static const json_t *plan_by_name(json_t **body, const plan_offerer_t *offerer, const char *name)
{
    for (size_t service = 0; service < plan_service_count(offerer->owner); service++) {
        for (size_t plan = 0; plan < plan_count(offerer->owner, service); plan++) {
            if (strcmp(plan_name(offerer->owner, service, plan), name) == 0)
                return *body = plan_template(offerer, service, plan, "00000000-0000-7000-8000-000000000000", "2026-11-26");
        }
    }
    return NULL;
}

// Slots that a week of the plan makes.
static unsigned slots_of_week(const json_t *body)
{
    unsigned slots = 0;
    size_t i;
    const json_t *session;
    json_array_foreach(json_object_get(body, "sessions"), i, session)
    {
        int from[2], to[2], minutes, parallel;
        const char *begin = json_string_value(json_object_get(session, "from")), *end = json_string_value(json_object_get(session, "to"));
        from[0] = atoi(begin), from[1] = atoi(begin + 3), to[0] = atoi(end), to[1] = atoi(end + 3);
        minutes = (int)json_integer_value(json_object_get(session, "minutes"));
        parallel = (int)json_integer_value(json_object_get(session, "parallel"));
        slots += (unsigned)(((to[0] - from[0]) * 60 + to[1] - from[1]) / minutes * parallel);
    }
    return slots;
}

static void test_the_formulas(void **state)
{
    (void)state;
    assert_int_equal(plan_slots_111(0), 1);
    assert_int_equal(plan_slots_111(2750), 1);
    assert_int_equal(plan_slots_111(5823), 1);
    assert_int_equal(plan_slots_111(9027), 3);
    assert_int_equal(plan_extended_minutes(100), 30);
    assert_int_equal(plan_extended_minutes(2000), 60);
    assert_int_equal(plan_extended_minutes(9027), 270);
    assert_int_equal(plan_extended_minutes(1250), 45);
}

static void test_plans_follow_the_formulas(void **state)
{
    (void)state;
    json_t *body = NULL;
    assert_int_equal(slots_of_week(plan_by_name(&body, &practice, "NHS 111")), 15);
    assert_string_equal(json_string_value(json_array_get(json_object_get(json_object_get(body, "restrictions"), "organisationTypes"), 0)),
                        "urgent-care");
    json_decref(body);
    assert_int_equal(30 * slots_of_week(plan_by_name(&body, &practice, "Extended hours")), 270);
    json_decref(body);
    const plan_offerer_t network = {.owner = PLAN_NETWORK, .code = "pcn-a", .name = "N", .list_size = 46000, .number = 0};
    assert_true(30 * slots_of_week(plan_by_name(&body, &network, "Evenings and weekends")) >= 46 * 30);
    json_decref(body);
}

static void test_all_is_marked_and_small_enough(void **state)
{
    (void)state;
    for (plan_owner_t owner = PLAN_PRACTICE; owner <= PLAN_PROVIDER; owner++) {
        const plan_offerer_t offerer = {.owner = owner, .code = "x-1", .name = "X", .list_size = 107866, .number = 2};
        for (size_t service = 0; service < plan_service_count(owner); service++) {
            json_t *body = plan_service(&offerer, service, 1), *again = plan_service(&offerer, service, 1);
            assert_non_null(body);
            assert_true(json_equal(body, again));
            assert_true(json_is_true(json_object_get(body, "synthetic")));
            assert_true(json_is_true(json_object_get(json_object_get(body, "location"), "synthetic")));
            json_decref(again);
            json_decref(body);
            for (size_t plan = 0; plan < plan_count(owner, service); plan++) {
                body = plan_template(&offerer, service, plan, "00000000-0000-7000-8000-000000000000", "2026-11-26");
                assert_non_null(body);
                assert_true(json_is_true(json_object_get(body, "synthetic")));
                assert_true(json_dumpb(body, NULL, 0, JSON_COMPACT) < 3000);
                assert_true(slots_of_week(body) > 0);
                json_decref(body);
            }
        }
    }
}

static void test_more_is_as_much_as_is_wanted(void **state)
{
    (void)state;
    for (size_t wanted = 1; wanted <= 25; wanted++) {
        json_t *body = plan_more("00000000-0000-7000-8000-000000000000", "2026-11-27", "2026-12-09", wanted, 9);
        // The week's slots a day, on nine days.
        assert_true(slots_of_week(body) / 5 * 9 >= wanted);
        assert_null(json_object_get(body, "restrictions"));
        json_decref(body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_formulas),
        cmocka_unit_test(test_plans_follow_the_formulas),
        cmocka_unit_test(test_all_is_marked_and_small_enough),
        cmocka_unit_test(test_more_is_as_much_as_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
