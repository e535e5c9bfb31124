// What a program sees of libpcn, with a service beside it that goes, comes, forgets and is rebuilt.

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/client/pcn.h"
#include "tests/integration/client/service.h"

#define WAIT_MS 60000

static pcn_options options_of(const service_t *service)
{
    return (pcn_options){
        .service = "registry", .rpc = service->log.rpc, .pub = service->log.pub, .keys_dir = service->log.dir, .name = "follower"};
}

static pcn_subscription *subscribe(const pcn_options *options)
{
    pcn_subscription *subscription = NULL;
    assert_int_equal(pcn_subscribe(options, &subscription), PCN_OK);
    assert_non_null(subscription);
    return subscription;
}

// The next one is number n of the script.
static const pcn_event *expect(pcn_subscription *subscription, int64_t sequence)
{
    const pcn_event *event = NULL;
    Pcn__Events__V1__Event wanted;
    fake_texts_t texts;
    int code = pcn_next(subscription, WAIT_MS, &event);
    if (code != PCN_OK) {
        print_error("event %ld: %d %s\n", (long)sequence, code, pcn_error(subscription));
    }
    assert_int_equal(code, PCN_OK);
    assert_int_equal(event->sequence, sequence);
    fake_event_init(&wanted, &texts, sequence, 0);
    assert_string_equal(event->id, wanted.id);
    assert_string_equal(event->source, "/pcn/registry");
    assert_string_equal(event->type, wanted.type);
    assert_string_equal(event->subject, wanted.subject);
    assert_string_equal(event->time, wanted.time);
    assert_string_equal(event->data, wanted.data);
    assert_int_equal(event->data_size, strlen(wanted.data));
    assert_int_equal(event->version, sequence / FAKE_SUBJECTS + 1);
    assert_null(event->traceparent);
    assert_int_equal(event->from_snapshot, 0);
    fake_event_deinit(&texts);
    return event;
}

static void nothing_more(pcn_subscription *subscription)
{
    const pcn_event *event = NULL;
    assert_int_equal(pcn_next(subscription, 200, &event), PCN_TIMEOUT);
    assert_null(event);
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void from_the_beginning(void **state)
{
    service_t *service = *state;
    service_do(service, act_grow, 5000);
    pcn_options options = options_of(service);
    pcn_subscription *subscription = subscribe(&options);
    assert_int_equal(pcn_latest(subscription), -1);
    for (int64_t n = 1; n <= 5000; n++) {
        (void)expect(subscription, n);
    }
    assert_int_equal(pcn_latest(subscription), 5000);
    nothing_more(subscription);
    for (int64_t n = 5001; n <= 5100; n++) {
        service_do(service, act_append, 1);
        (void)expect(subscription, n);
    }
    service_do(service, act_grow, 10); // which nobody published
    for (int64_t n = 5101; n <= 5110; n++) {
        (void)expect(subscription, n);
    }
    pcn_close(subscription);
}

static void from_the_end(void **state)
{
    service_t *service = *state;
    service_do(service, act_grow, 100);
    pcn_options options = options_of(service);
    options.start = PCN_START_END;
    pcn_subscription *subscription = subscribe(&options);
    for (int64_t begin = now_ms(); pcn_latest(subscription) < 0 && now_ms() - begin < WAIT_MS;) {
        nothing_more(subscription);
    }
    assert_int_equal(pcn_latest(subscription), 100);
    char token[512];
    (void)snprintf(token, sizeof token, "%s", pcn_token(subscription));
    pcn_close(subscription);
    // The end is where it was, not where it is.
    service_do(service, act_append, 3);
    options.token = token;
    subscription = subscribe(&options);
    for (int64_t n = 101; n <= 103; n++) {
        (void)expect(subscription, n);
    }
    pcn_close(subscription);
}

// Closed after any event, and gone on from its token: each once.
static void a_token_goes_on(void **state)
{
    service_t *service = *state;
    service_do(service, act_grow, 3000);
    pcn_options options = options_of(service);
    char token[512] = "";
    int64_t n = 0;
    for (int life = 0; life < 12; life++) {
        options.token = life > 0 ? token : NULL;
        pcn_subscription *subscription = subscribe(&options);
        assert_true(life == 0 || strcmp(pcn_token(subscription), token) == 0);
        for (int i = 0; i < 1 + life * 37; i++) {
            const pcn_event *event = expect(subscription, ++n);
            assert_string_equal(event->token, pcn_token(subscription));
            (void)snprintf(token, sizeof token, "%s", event->token);
        }
        pcn_close(subscription);
        if (life == 5) {
            service_do(service, act_stop, 0);
            service_do(service, act_start, 0);
        }
    }
}

static void a_service_may_come_and_go(void **state)
{
    service_t *service = *state;
    service_do(service, act_stop, 0);
    pcn_options options = options_of(service);
    pcn_subscription *subscription = subscribe(&options);
    nothing_more(subscription);
    service_do(service, act_start, 0);
    service_do(service, act_append, 10);
    int64_t n = 0;
    while (n < 10) {
        (void)expect(subscription, ++n);
    }
    for (int i = 0; i < 3; i++) {
        service_do(service, act_stop, 0);
        service_do(service, act_grow, 1100);
        service_do(service, act_start, 0);
        for (int k = 0; k < 1100; k++) {
            (void)expect(subscription, ++n);
        }
    }
    pcn_close(subscription);
}

static void what_is_gone_is_told(void **state)
{
    service_t *service = *state;
    service_do(service, act_grow, 100);
    service_do(service, act_prune, 50);
    pcn_options options = options_of(service);
    pcn_subscription *subscription = subscribe(&options);
    const pcn_event *event = NULL;
    for (int i = 0; i < 2; i++) { // for ever
        assert_int_equal(pcn_next(subscription, WAIT_MS, &event), PCN_GONE);
        assert_null(event);
        assert_true(pcn_error(subscription)[0] != '\0');
    }
    pcn_close(subscription);
}

// Reads a snapshot to its end. Returns how many events it had.
static unsigned take_snapshot(pcn_subscription *subscription, int64_t place, char token[512])
{
    bool seen[FAKE_SUBJECTS] = {false};
    const pcn_event *event = NULL;
    unsigned count = 0;
    while (count < FAKE_SUBJECTS) {
        assert_int_equal(pcn_next(subscription, WAIT_MS, &event), PCN_OK);
        assert_true(event->from_snapshot != 0);
        assert_true(event->sequence <= place && event->sequence > place - FAKE_SUBJECTS);
        assert_int_equal(event->version, event->sequence / FAKE_SUBJECTS + 1);
        assert_false(seen[event->sequence % FAKE_SUBJECTS]);
        seen[event->sequence % FAKE_SUBJECTS] = true;
        (void)snprintf(token, 512, "%s", event->token);
        count++;
    }
    return count;
}

static void from_a_snapshot(void **state)
{
    service_t *service = *state;
    service_do(service, act_grow, 1234);
    service_do(service, act_prune, 1000);
    pcn_options options = options_of(service);
    options.start = PCN_START_SNAPSHOT;
    char token[512];
    const pcn_event *event = NULL;
    pcn_subscription *subscription = subscribe(&options);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(pcn_next(subscription, WAIT_MS, &event), PCN_OK);
        assert_true(event->from_snapshot != 0);
        (void)snprintf(token, sizeof token, "%s", event->token);
    }
    pcn_close(subscription);
    // A snapshot that was not read to its end is taken anew.
    service_do(service, act_grow, 100);
    options.token = token;
    subscription = subscribe(&options);
    (void)take_snapshot(subscription, 1334, token);
    pcn_close(subscription);
    // The last event's token goes on with the log.
    service_do(service, act_append, 5);
    options.token = token;
    subscription = subscribe(&options);
    for (int64_t n = 1335; n <= 1339; n++) {
        (void)expect(subscription, n);
    }
    service_do(service, act_append, 1);
    (void)expect(subscription, 1340);
    pcn_close(subscription);
}

static void an_empty_snapshot(void **state)
{
    service_t *service = *state;
    pcn_options options = options_of(service);
    options.start = PCN_START_SNAPSHOT;
    pcn_subscription *subscription = subscribe(&options);
    nothing_more(subscription);
    service_do(service, act_append, 1);
    (void)expect(subscription, 1);
    pcn_close(subscription);
}

static void a_snapshot_instead_of_the_end(void **state)
{
    service_t *service = *state;
    service_do(service, act_grow, 500);
    pcn_options options = options_of(service);
    options.snapshot = 1;
    char token[512];
    pcn_subscription *subscription = subscribe(&options);
    for (int64_t n = 1; n <= 500; n++) {
        (void)expect(subscription, n);
    }
    // The log is restored from an older copy: another epoch.
    service_do(service, act_stop, 0);
    service_do(service, act_rebuild, 400);
    service_do(service, act_start, 0);
    (void)take_snapshot(subscription, 400, token);
    service_do(service, act_append, 1);
    (void)expect(subscription, 401);
    pcn_close(subscription);
}

// ---- waiting

static void times_out(void **state)
{
    service_t *service = *state;
    pcn_options options = options_of(service);
    pcn_subscription *subscription = subscribe(&options);
    const pcn_event *event = NULL;
    int64_t begin = now_ms();
    for (int i = 0; i < 5; i++) {
        assert_int_equal(pcn_next(subscription, 100, &event), PCN_TIMEOUT);
    }
    int64_t took = now_ms() - begin;
    assert_true(took >= 490 && took < WAIT_MS / 2);
    begin = now_ms();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(pcn_next(subscription, 0, &event), PCN_TIMEOUT);
    }
    assert_true(now_ms() - begin < 10 * took); // not even half of what so many that wait for 100 ms take
    // Without time it gets on all the same.
    service_do(service, act_grow, 3);
    int64_t sequence = 0;
    while (sequence < 3 && now_ms() - begin < WAIT_MS) {
        if (pcn_next(subscription, 0, &event) == PCN_OK) {
            assert_int_equal(event->sequence, ++sequence);
        }
    }
    assert_int_equal(sequence, 3);
    clock_t cpu = clock();
    assert_int_equal(pcn_next(subscription, 1000, &event), PCN_TIMEOUT);
    assert_true(clock() - cpu < CLOCKS_PER_SEC / 2); // it sleeps
    pcn_close(subscription);
}

static void *interrupt_soon(void *data)
{
    (void)usleep(100000);
    pcn_interrupt(data);
    return NULL;
}

static void is_interrupted(void **state)
{
    service_t *service = *state;
    service_do(service, act_grow, 10);
    pcn_options options = options_of(service);
    pcn_subscription *subscription = subscribe(&options);
    const pcn_event *event = NULL;
    pthread_t thread;
    for (int64_t n = 1; n <= 5; n++) {
        (void)expect(subscription, n);
    }
    pcn_interrupt(subscription); // before the call: even where there is an event
    assert_int_equal(pcn_next(subscription, -1, &event), PCN_INTERRUPTED);
    assert_null(event);
    for (int64_t n = 6; n <= 10; n++) {
        (void)expect(subscription, n);
    }
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, subscription), 0);
    assert_int_equal(pcn_next(subscription, -1, &event), PCN_INTERRUPTED);
    (void)pthread_join(thread, NULL);
    service_do(service, act_append, 1);
    (void)expect(subscription, 11);
    pcn_close(subscription);
}

static volatile sig_atomic_t signals;

static void note_signal(int number)
{
    (void)number;
    signals = 1;
}

static void a_signal_interrupts(void **state)
{
    service_t *service = *state;
    pcn_options options = options_of(service);
    pcn_subscription *subscription = subscribe(&options);
    const pcn_event *event = NULL;
    struct sigaction action = {.sa_handler = note_signal};
    struct sigaction before;
    timer_t timer;
    // To this very thread: the others wait for nothing that a signal ends.
    struct sigevent to_me = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1, ._sigev_un._tid = gettid()};
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &to_me, &timer), 0);
    struct itimerspec soon = {.it_value = {.tv_nsec = 300000000}, .it_interval = {.tv_nsec = 300000000}}; // also if it comes too early
    assert_int_equal(timer_settime(timer, 0, &soon, NULL), 0);
    assert_int_equal(pcn_next(subscription, WAIT_MS, &event), PCN_INTERRUPTED);
    assert_int_equal(signals, 1);
    (void)timer_delete(timer);
    (void)sigaction(SIGUSR1, &before, NULL);
    service_do(service, act_append, 1);
    (void)expect(subscription, 1);
    pcn_close(subscription);
}

// ---- what is wrong

static void wrong_options(void **state)
{
    service_t *service = *state;
    const pcn_options good = options_of(service);
    char foreign[512];
    pcn_options options = good;
    pcn_subscription *subscription = subscribe(&options);
    (void)snprintf(foreign, sizeof foreign, "%s", pcn_token(subscription));
    pcn_close(subscription);
    for (int kind = 0; kind < 12; kind++) {
        const char *const told[] = {"service",  "service", "rpc",  "rpc",   "pub",   "pub",
                                    "keys_dir", "name",    "name", "token", "token", "start"};
        options = good;
        options.service = kind == 0 ? NULL : kind == 1 ? "../x" : options.service;
        options.rpc = kind == 2 ? NULL : kind == 3 ? "tcp://here" : options.rpc;
        options.pub = kind == 4 ? "" : kind == 5 ? "ipc:///a,,ipc:///b" : options.pub;
        options.keys_dir = kind == 6 ? NULL : options.keys_dir;
        options.name = kind == 7 ? NULL : kind == 8 ? "a/b" : options.name;
        options.token = kind == 9 ? "pcn1.x" : kind == 10 ? foreign : NULL;
        options.service = kind == 10 ? "finance" : options.service;
        *(int *)(void *)&options.start = kind == 11 ? 99 : 0;
        assert_int_equal(pcn_subscribe(&options, &subscription), PCN_INVALID);
        assert_non_null(subscription);
        assert_int_equal(strncmp(pcn_error(subscription), told[kind], strlen(told[kind])), 0);
        const pcn_event *event = NULL;
        assert_int_equal(pcn_next(subscription, -1, &event), PCN_INVALID);
        pcn_interrupt(subscription);
        pcn_close(subscription);
    }
    options = good;
    options.name = "nobody";
    assert_int_equal(pcn_subscribe(&options, &subscription), PCN_FAILED);
    assert_true(strstr(pcn_error(subscription), "nobody") != NULL);
    pcn_close(subscription);
    pcn_close(NULL);
    assert_true(pcn_error(NULL) != NULL);
}

static void what_it_waits_for_is_told(void **state)
{
    service_t *service = *state;
    service_do(service, act_refuse, STATUS_PERMISSION_DENIED);
    pcn_options options = options_of(service);
    pcn_subscription *subscription = subscribe(&options);
    const pcn_event *event = NULL;
    for (int64_t begin = now_ms(); strstr(pcn_error(subscription), "PERMISSION_DENIED") == NULL && now_ms() - begin < WAIT_MS;) {
        assert_int_equal(pcn_next(subscription, 100, &event), PCN_TIMEOUT);
    }
    assert_true(strstr(pcn_error(subscription), "PERMISSION_DENIED") != NULL);
    pcn_close(subscription);
}

static void several_live_side_by_side(void **state)
{
    service_t *service = *state;
    service_do(service, act_grow, 100);
    pcn_options options = options_of(service);
    pcn_subscription *one = subscribe(&options);
    pcn_subscription *two = subscribe(&options);
    for (int64_t n = 1; n <= 100; n++) {
        (void)expect(one, n);
        (void)expect(two, n);
    }
    service_do(service, act_append, 1);
    (void)expect(one, 101);
    pcn_close(one);
    (void)expect(two, 101);
    pcn_close(two);
}

static int set_up(void **state)
{
    static service_t service;
    service_start(&service);
    *state = &service;
    return 0;
}

static int tear_down(void **state)
{
    service_stop(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(from_the_beginning),
        TEST(from_the_end),
        TEST(a_token_goes_on),
        TEST(a_service_may_come_and_go),
        TEST(what_is_gone_is_told),
        TEST(from_a_snapshot),
        TEST(an_empty_snapshot),
        TEST(a_snapshot_instead_of_the_end),
        TEST(times_out),
        TEST(is_interrupted),
        TEST(a_signal_interrupts),
        TEST(wrong_options),
        TEST(what_it_waits_for_is_told),
        TEST(several_live_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
