// Case 8: a subscriber is stopped while 200,000 events are written, then goes on: it misses nothing, and the platform's memory does not
// grow meanwhile. PCN_TEST_EVENTS sets another number; a machine that would take more than WRITE_SECONDS for them gets fewer.
#include <signal.h>

#include "common/base/clock.h"
#include "tests/integration/faults/stage.h"

enum { CLIENTS = 128, EVENTS = 200000, WARM_PART = 20, WRITE_SECONDS = 60, EVENTS_MS = 300000, CATCH_UP_MS = 300000, MARK_MS = 120000 };

static size_t events_wanted(void)
{
    const char *text = getenv("PCN_TEST_EVENTS");
    const size_t wanted = text != NULL ? (size_t)strtoull(text, NULL, 10) : EVENTS;
    return wanted > WARM_PART ? wanted : WARM_PART;
}

// How many a second.
static double create(stage_t *stage, const char *prefix, size_t count)
{
    mix_registry_t world;
    char socket[192];
    mix_registry_init(&world, prefix, count);
    snprintf(socket, sizeof socket, "%s/run/gateway.http", stage->platform.state_dir);
    const int64_t begin_us = clock_steady_us();
    load_t *load = stage_load(stage, &world, mix_registry_creations, CLIENTS, 0, socket);
    if (!load_await(load, count, EVENTS_MS))
        fail_msg("%zu of %zu events were written in time", load_count(load).acknowledged, count);
    const load_counts_t counts = stage_load_stop(&load, prefix);
    assert_int_equal(counts.acknowledged, count);
    const double rate = (double)count * 1e6 / (double)(clock_steady_us() - begin_us);
    printf("  %.0f creations a second\n", rate);
    mix_registry_clear(&world);
    return rate;
}

static void test_stopped_subscriber(void **state)
{
    stage_t *stage = *state;
    size_t events = events_wanted();
    follower_t follower;
    processes_t warm, loaded;
    invariants_t report = {0};
    assert_true(follower_start(&follower, &stage->platform, "registry", "follower-stopped", 0));
    const double within = create(stage, "warm", events / WARM_PART) * WRITE_SECONDS;
    events = (double)events < within ? events : (size_t)within;
    assert_true(follower_await(&follower, stage_mark(stage), MARK_MS));
    assert_true(processes_look(&stage->platform, &warm));
    assert_int_equal(kill(follower.pid, SIGSTOP), 0);
    (void)create(stage, "stopped", events);
    const int64_t mark = stage_mark(stage);
    assert_true(processes_look(&stage->platform, &loaded));
    const process_t *registry = processes_find(&loaded, "registry");
    printf("  registry: %ld KiB before, %ld KiB after %zu events\n", processes_find(&warm, "registry")->memory_kib, registry->memory_kib,
           events);
    // It was stopped all the while.
    assert_true(atomic_load(&follower.seen->place) < mark - (int64_t)events);
    const int64_t begin_us = clock_steady_us();
    assert_int_equal(kill(follower.pid, SIGCONT), 0);
    if (!follower_await(&follower, mark, CATCH_UP_MS))
        fail_msg("the subscriber is at %lld of %lld", (long long)atomic_load(&follower.seen->place), (long long)mark);
    printf("  caught up with %.0f events a second\n", (double)events * 1e6 / (double)(clock_steady_us() - begin_us));
    invariants_check_processes(&report, &warm, &loaded, stage->kills, true);
    invariants_print(&report, "memory while a subscriber was stopped");
    assert_true(invariants_hold(&report));

    stage_check(stage, "a stopped subscriber");
    stage_check_follower(stage, &follower, "a stopped subscriber");
    assert_true(follower_stop(&follower));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stopped_subscriber)};
    return cmocka_run_group_tests(tests, stage_start, stage_stop);
}
