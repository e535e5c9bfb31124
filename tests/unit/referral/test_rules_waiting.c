// The waiting list: every step from every status, how long an offer stands, which days an entry may have.
#include "services/referral/rules_waiting.h"
#include "tests/unit/referral/support.h"

#define S(name) WAITING_STATUS(name)

static void every_step_from_every_status(void **state)
{
    (void)state;
    static const struct {
        waiting_status_t from, to[WAITING_STEPS];
    } wanted[] = {
        // offer, decline, run out, withdraw, book, lapse
        {S(UNSPECIFIED), {S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED)}},
        {S(WAITING), {S(OFFERED), S(UNSPECIFIED), S(UNSPECIFIED), S(WITHDRAWN), S(BOOKED), S(LAPSED)}},
        {S(OFFERED), {S(UNSPECIFIED), S(WAITING), S(WAITING), S(WITHDRAWN), S(BOOKED), S(UNSPECIFIED)}},
        {S(BOOKED), {S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED)}},
        {S(WITHDRAWN), {S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED)}},
        {S(LAPSED), {S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED)}},
        {(waiting_status_t)99, {S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED), S(UNSPECIFIED)}},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        for (int step = 0; step < WAITING_STEPS; step++) {
            waiting_status_t to;
            problem_t problem = {0};
            const status_t status = waiting_go(wanted[i].from, (waiting_step_t)step, &to, &problem);
            assert_int_equal(to, wanted[i].to[step]);
            assert_int_equal(status, to != S(UNSPECIFIED) ? STATUS_OK : STATUS_ABORTED);
            if (status != STATUS_OK)
                assert_true(strlen(problem.detail) > 0);
        }
    }
}

static void an_offer_ends_where_booking_does(void **state)
{
    (void)state;
    const int64_t minute = INT64_C(60000000);
    assert_int_equal(waiting_offer_until(0, 120, 500 * minute), 120 * minute);
    assert_int_equal(waiting_offer_until(0, 120, 120 * minute), 120 * minute);
    assert_int_equal(waiting_offer_until(0, 120, 7 * minute), 7 * minute);
    assert_int_equal(waiting_offer_until(minute, 10080, INT64_MAX), 10081 * minute);
}

static void days_are_in_order_and_to_come(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        status_t status;
    } all[] = {
        {NULL, NULL, STATUS_OK},
        {"2026-11-20", NULL, STATUS_OK},
        {NULL, "2026-11-25", STATUS_OK},
        {NULL, "2026-11-24", STATUS_INVALID_ARGUMENT},
        {"2026-11-20", "2026-11-25", STATUS_OK},
        {"2026-11-26", "2026-11-25", STATUS_INVALID_ARGUMENT},
        {"2026-11-26", "2026-11-26", STATUS_OK},
        {"2026-11-20", "2026-11-21", STATUS_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        problem_t problem = {0};
        assert_int_equal(waiting_days(all[i].from, all[i].to, day_of("2026-11-25"), &problem), all[i].status);
        assert_string_equal(problem.field, all[i].status == STATUS_OK ? "" : "to");
    }
}

static void what_waits_for_the_same(void **state)
{
    (void)state;
    typedef Pcn__Referral__Store__V1__LoadedWaitingEntry entry_t;
    entry_t any = PCN__REFERRAL__STORE__V1__LOADED_WAITING_ENTRY__INIT;
    any.service = (char *)(uintptr_t) "one";
    entry_t other = any, core = any, urgent = any, video = any;
    other.service = (char *)(uintptr_t) "two";
    core.has_kind = urgent.has_kind = video.has_channel = 1;
    core.kind = PCN__REFERRAL__V1__SLOT_KIND__SLOT_KIND_CORE;
    urgent.kind = PCN__REFERRAL__V1__SLOT_KIND__SLOT_KIND_URGENT;
    video.channel = CHANNEL(VIDEO);
    const entry_t *const all[] = {&any, &other, &core, &urgent, &video};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            assert_int_equal(waiting_same(all[i], all[k]), i == k);
    }
    // Where nothing is asked for, what stands in the place of it does not count.
    entry_t again = any;
    again.kind = PCN__REFERRAL__V1__SLOT_KIND__SLOT_KIND_URGENT;
    again.channel = CHANNEL(VIDEO);
    assert_true(waiting_same(&any, &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_from_every_status),
        cmocka_unit_test(an_offer_ends_where_booking_does),
        cmocka_unit_test(days_are_in_order_and_to_come),
        cmocka_unit_test(what_waits_for_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
