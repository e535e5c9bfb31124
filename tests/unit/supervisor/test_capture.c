#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <unistd.h>

#include "services/supervisor/capture.h"
#include "tests/unit/supervisor/folder.h"

enum { MEGABYTE = 1024 * 1024, FILE_LIMIT = 10 * MEGABYTE };

typedef struct fixture {
    folder_t folder;
    uv_loop_t loop;
    capture_t *capture;
    char log_dir[96];
} fixture_t;

static int set_up(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    if (fixture == NULL || folder_make(&fixture->folder) != 0) {
        return -1;
    }
    uv_loop_init(&fixture->loop);
    snprintf(fixture->log_dir, sizeof fixture->log_dir, "%s/log", fixture->folder.path);
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    capture_close(&fixture->capture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    folder_remove(&fixture->folder);
    free(fixture);
    return 0;
}

static void say(fixture_t *fixture, const char *text, size_t size)
{
    while (size > 0) {
        size_t part = size < 32768 ? size : 32768; // less than a pipe holds
        assert_int_equal(write(capture_fd(fixture->capture), text, part), part);
        uv_run(&fixture->loop, UV_RUN_NOWAIT);
        size -= part;
    }
}

static long file_size(const fixture_t *fixture, const char *name)
{
    char path[160];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", fixture->log_dir, name);
    return stat(path, &info) == 0 ? (long)info.st_size : -1;
}

static void test_keeps_what_is_said(void **state)
{
    fixture_t *fixture = *state;
    problem_t problem = {0};
    assert_int_equal(capture_new(&fixture->loop, fixture->log_dir, "a", &fixture->capture, &problem), STATUS_OK);
    say(fixture, "one\n", 4);
    // Still in the pipe when it is closed.
    assert_int_equal(write(capture_fd(fixture->capture), "two\n", 4), 4);
    capture_close(&fixture->capture);
    assert_string_equal(folder_read(&fixture->folder, "log/a.log"), "one\ntwo\n");
    // The next one goes on in the same file.
    assert_int_equal(capture_new(&fixture->loop, fixture->log_dir, "a", &fixture->capture, &problem), STATUS_OK);
    say(fixture, "three\n", 6);
    assert_string_equal(folder_read(&fixture->folder, "log/a.log"), "one\ntwo\nthree\n");
}

static void test_rotates_and_keeps_five(void **state)
{
    fixture_t *fixture = *state;
    problem_t problem = {0};
    char *text = malloc(MEGABYTE);
    assert_non_null(text);
    memset(text, 'x', MEGABYTE);
    assert_int_equal(capture_new(&fixture->loop, fixture->log_dir, "a", &fixture->capture, &problem), STATUS_OK);
    for (int i = 0; i < 75; i++) {
        say(fixture, text, MEGABYTE);
    }
    free(text);
    assert_true(file_size(fixture, "a.log") > 0);
    assert_true(file_size(fixture, "a.log") < FILE_LIMIT);
    for (int i = 1; i <= 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "a.log.%d", i);
        assert_in_range(file_size(fixture, name), FILE_LIMIT, FILE_LIMIT + 65536);
    }
    assert_int_equal(file_size(fixture, "a.log.6"), -1);
}

// A disk that takes nothing must not stop who writes.
static void test_a_full_disk_is_survived(void **state)
{
    fixture_t *fixture = *state;
    problem_t problem = {0};
    char path[160];
    snprintf(path, sizeof path, "%s/a.log", fixture->log_dir);
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_int_equal(capture_new(&fixture->loop, fixture->log_dir, "a", &fixture->capture, &problem), STATUS_OK);
    for (int i = 0; i < 100; i++) {
        char text[8192];
        memset(text, 'x', sizeof text);
        say(fixture, text, sizeof text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keeps_what_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rotates_and_keeps_five, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_survived, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
