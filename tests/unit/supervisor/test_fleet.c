// Real processes, small ones: shells that say they are ready, or do not.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "services/supervisor/fleet.h"
#include "tests/unit/supervisor/folder.h"

enum { LIMIT_MS = 60000 };

#define READY_SHELL "arg = /bin/sh\narg = -c\narg = echo ready >&$PCN_READY_FD; exec sleep 1000\nready = fd\n"

typedef struct fixture {
    folder_t folder;
    uv_loop_t loop;
    uv_timer_t limit;
    spec_t *spec;
    fleet_t fleet;
    bool stopped;
    char trace[4096]; // "name:state " for every change
} fixture_t;

static void on_changed(void *data, const child_t *child)
{
    fixture_t *fixture = data;
    size_t size = strlen(fixture->trace);
    snprintf(fixture->trace + size, sizeof fixture->trace - size, "%s:%s ", child->program->name, child_state_name(child->state));
}

static void on_stopped(void *data)
{
    ((fixture_t *)data)->stopped = true;
}

static void on_limit(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("it took too long");
}

static int set_up(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    if (fixture == NULL || folder_make(&fixture->folder) != 0) {
        return -1;
    }
    log_start("test", LOG_LEVEL_ERROR);
    uv_loop_init(&fixture->loop);
    uv_timer_init(&fixture->loop, &fixture->limit);
    return 0;
}

static void begin(fixture_t *fixture, const char *spec)
{
    problem_t problem = {0};
    assert_int_equal(spec_load(folder_write(&fixture->folder, "spec", spec), &fixture->spec, &problem), STATUS_OK);
    assert_int_equal(fleet_init(&fixture->fleet, &fixture->loop, fixture->spec, fixture->folder.path, &problem), STATUS_OK);
    fixture->fleet.changed = on_changed;
    fixture->fleet.stopped = on_stopped;
    fixture->fleet.data = fixture;
    uv_timer_start(&fixture->limit, on_limit, LIMIT_MS, 0);
    fleet_start(&fixture->fleet);
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    fleet_stop(&fixture->fleet);
    while (!fixture->stopped) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    fleet_deinit(&fixture->fleet);
    uv_close((uv_handle_t *)&fixture->limit, NULL);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    spec_destroy(&fixture->spec);
    folder_remove(&fixture->folder);
    free(fixture);
    return 0;
}

static void await_ready(fixture_t *fixture)
{
    while (!fleet_is_ready(&fixture->fleet)) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
}

static void test_starts_in_order_and_stops_in_reverse(void **state)
{
    fixture_t *fixture = *state;
    begin(fixture, "[task]\narg = /bin/true\nready = exit\n[a]\nafter = task\n" READY_SHELL "[b]\nafter = a\n" READY_SHELL);
    await_ready(fixture);
    assert_string_equal(fixture->trace, "task:starting task:ready a:starting a:ready b:starting b:ready ");
    fixture->trace[0] = '\0';
    fleet_stop(&fixture->fleet);
    while (!fixture->stopped) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    assert_string_equal(fixture->trace, "b:stopping b:stopped a:stopping a:stopped task:stopped ");
}

static void test_what_was_ready_comes_back_at_once(void **state)
{
    fixture_t *fixture = *state;
    begin(fixture, "[a]\n" READY_SHELL);
    await_ready(fixture);
    pid_t before = fixture->fleet.children[0].pid;
    fixture->trace[0] = '\0';
    assert_int_equal(kill(before, SIGKILL), 0);
    while (fixture->fleet.children[0].pid == before || !fleet_is_ready(&fixture->fleet)) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    assert_string_equal(fixture->trace, "a:starting a:ready "); // without a pause
    assert_int_equal(fixture->fleet.children[0].restarts, 1);
    assert_string_equal(fixture->fleet.children[0].reason, "ended by signal 9");
}

static void test_what_never_got_ready_backs_off(void **state)
{
    fixture_t *fixture = *state;
    begin(fixture, "[bad]\narg = /bin/sh\narg = -c\narg = exit 3\nready = fd\n[after]\nafter = bad\n" READY_SHELL);
    int64_t begin_us = clock_steady_us();
    while (fleet_failed(&fixture->fleet) == NULL) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    // Two pauses lie between three runs: 100 ms and 200 ms.
    assert_true(clock_steady_us() - begin_us >= 290000);
    assert_string_equal(fleet_failed(&fixture->fleet)->reason, "ended with 3");
    assert_int_equal(fleet_find(&fixture->fleet, "after")->state, CHILD_WAITING);
    assert_null(fleet_find(&fixture->fleet, "nobody"));
}

static void test_a_program_that_is_not_there_says_so(void **state)
{
    fixture_t *fixture = *state;
    begin(fixture, "[gone]\narg = /nonexistent\nready = fd\n");
    while (fixture->fleet.children[0].state != CHILD_BACKOFF) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    assert_string_equal(fixture->fleet.children[0].reason, "ended with 127");
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
    assert_non_null(strstr(folder_read(&fixture->folder, "log/gone.log"), "cannot run /nonexistent"));
}

static void test_what_does_not_end_is_killed(void **state)
{
    fixture_t *fixture = *state;
    begin(fixture, "[deaf]\narg = /bin/sh\narg = -c\narg = trap '' TERM; echo ready >&$PCN_READY_FD; exec sleep 1000\n"
                   "ready = fd\ngrace = 100\n");
    await_ready(fixture);
    fleet_stop(&fixture->fleet);
    while (!fixture->stopped) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    assert_string_equal(fixture->fleet.children[0].reason, "ended by signal 9");
}

static void test_restart_on_request_is_not_counted(void **state)
{
    fixture_t *fixture = *state;
    begin(fixture, "[a]\n" READY_SHELL);
    await_ready(fixture);
    pid_t before = fixture->fleet.children[0].pid;
    child_stop(&fixture->fleet.children[0], true);
    await_ready(fixture);
    assert_true(fixture->fleet.children[0].pid != before);
    assert_int_equal(fixture->fleet.children[0].restarts, 0);
    assert_string_equal(fixture->trace, "a:starting a:ready a:stopping a:stopped a:starting a:ready ");
}

static void test_stop_while_starting(void **state)
{
    fixture_t *fixture = *state;
    begin(fixture, "[slow]\narg = /bin/sleep\narg = 1000\nready = fd\n[b]\nafter = slow\n" READY_SHELL);
    fleet_stop(&fixture->fleet);
    while (!fixture->stopped) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    assert_int_equal(fleet_find(&fixture->fleet, "b")->pid, 0);
}

static bool connects(const char *path)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    snprintf(place.sun_path, sizeof place.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = connect(fd, (const struct sockaddr *)&place, sizeof place) == 0;
    close(fd);
    return good;
}

static void test_a_socket_outlives_the_program(void **state)
{
    fixture_t *fixture = *state;
    char spec[1024], path[100];
    struct stat found;
    snprintf(path, sizeof path, "%s/run/http", fixture->folder.path);
    snprintf(spec, sizeof spec,
             "[a]\narg = /bin/sh\narg = -c\narg = [ -S /proc/self/fd/$PCN_LISTEN_FD ] && [ ! -e /proc/self/fd/5 ] && echo ready "
             ">&$PCN_READY_FD; exec sleep 1000\nready = fd\nlisten = unix:%s\n",
             path);
    begin(fixture, spec);
    // Before the program has said anything.
    assert_true(connects(path));
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    await_ready(fixture);
    assert_int_equal(kill(fixture->fleet.children[0].pid, SIGKILL), 0);
    while (fleet_is_ready(&fixture->fleet)) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    assert_true(connects(path));
    await_ready(fixture);
    child_stop(&fixture->fleet.children[0], false);
    while (fixture->fleet.children[0].state != CHILD_STOPPED) {
        assert_true(connects(path));
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    assert_true(connects(path));
}

static void test_probe_and_only_the_given_environment(void **state)
{
    fixture_t *fixture = *state;
    setenv("LEAKED", "yes", 1);
    begin(fixture, "[a]\narg = /bin/sh\narg = -c\narg = echo \"$GIVEN-$LEAKED\"; exec sleep 1000\nenv = GIVEN=yes\nready = probe\n"
                   "probe = /bin/true\n");
    await_ready(fixture);
    while (strchr(folder_read(&fixture->folder, "log/a.log"), '\n') == NULL) {
        uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    assert_string_equal(fixture->folder.text, "yes-\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_starts_in_order_and_stops_in_reverse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_ready_comes_back_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_never_got_ready_backs_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_program_that_is_not_there_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_does_not_end_is_killed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_restart_on_request_is_not_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_while_starting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_socket_outlives_the_program, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_probe_and_only_the_given_environment, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
