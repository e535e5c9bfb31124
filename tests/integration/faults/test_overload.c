// Case 29: many times as many as can be served at once all want something. What is taken in is answered, what is more than that is refused
// before anything is done for it, and afterwards all goes on as before. Ratios within one run: whoever asks shares the machine with who
// answers.
#include "tests/integration/faults/booking_stage.h"

#include "common/base/clock.h"

enum { FEW = 32, MANY = 20 * FEW, CHANGES = 400, WAIT_MS = 180000 };

// Changes that are acknowledged in a second, once so many clients are at it.
static double goodput(booking_stage_t *booking, unsigned clients, const char *what)
{
    mix_booking_t *mix = booking_stage_mix(booking);
    load_t *load = stage_load(&booking->stage, mix, mix_booking_all, clients, 0, NULL);
    // The first ones search and register.
    assert_true(load_await(load, CHANGES / 4, WAIT_MS));
    const size_t before = load_count(load).acknowledged;
    const int64_t begin_us = clock_steady_us();
    assert_true(load_await(load, before + CHANGES, WAIT_MS));
    const double rate = (double)(load_count(load).acknowledged - before) * 1e6 / (double)(clock_steady_us() - begin_us);
    const load_counts_t counts = load_count(load);
    printf("%s: %.0f changes a second by %u clients, %zu of %zu attempts were sent again\n", what, rate, clients, counts.repeats,
           counts.attempts);
    booking_stage_check(booking, &load, &mix, what);
    return rate;
}

static void many_get_done_what_few_do(void **state)
{
    booking_stage_t *booking = *state;
    stage_await_ready(&booking->stage);
    const double first = goodput(booking, FEW, "as many as it can serve");
    const double many = goodput(booking, MANY, "twenty times as many");
    const double last = goodput(booking, FEW, "as many as before");
    const double few = first < last ? first : last;
    // As much as before is what is asked for. The load is one thread on the same two processors, and each of its refused requests costs it
    // as much as one that is served: half is what it must come to wherever this runs. Free slots become fewer all the time, so that of the
    // last ones it is only asked that they get on.
    assert_true(many > few / 2);
    assert_true(last > first / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(many_get_done_what_few_do)};
    return cmocka_run_group_tests(tests, booking_stage_start, booking_stage_stop);
}
