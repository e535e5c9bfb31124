#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/ctl/file.h"

static char folder[] = "/tmp/pcn-test-file-XXXXXX";
static char path[FILE_PATH_SIZE];

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(file_path(folder, "file", path, NULL), STATUS_OK);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    // Fails where anything was left beside the file.
    return rmdir(folder);
}

static void check_content(const char *expected)
{
    buf_t content;
    buf_init(&content, 1024);
    assert_int_equal(file_read(path, &content, NULL), STATUS_OK);
    assert_int_equal(content.size, strlen(expected));
    assert_memory_equal(content.data, expected, content.size);
    buf_deinit(&content);
}

static void test_created_once_replaced_often(void **state)
{
    (void)state;
    struct stat stat_buffer;
    assert_int_equal(file_create(path, 0600, "one", 3, NULL), STATUS_OK);
    assert_int_equal(file_create(path, 0600, "two", 3, NULL), STATUS_ALREADY_EXISTS);
    check_content("one");
    assert_int_equal(stat(path, &stat_buffer), 0);
    assert_int_equal(stat_buffer.st_mode & 0777, 0600);
    assert_int_equal(file_replace(path, 0644, "three", 5, NULL), STATUS_OK);
    check_content("three");
    assert_int_equal(stat(path, &stat_buffer), 0);
    assert_int_equal(stat_buffer.st_mode & 0777, 0644);
}

static void test_what_cannot_be_read(void **state)
{
    (void)state;
    buf_t content;
    buf_init(&content, 4);
    problem_t problem = {0};
    assert_int_equal(file_read("/nonexistent/file", &content, &problem), STATUS_NOT_FOUND);
    assert_int_equal(file_read(folder, &content, &problem), STATUS_UNAVAILABLE);
    assert_int_equal(file_replace(path, 0600, "too large", 9, NULL), STATUS_OK);
    assert_int_equal(file_read(path, &content, &problem), STATUS_RESOURCE_EXHAUSTED);
    buf_deinit(&content);
    assert_int_equal(file_create("/nonexistent/file", 0600, "", 0, &problem), STATUS_NOT_FOUND);
}

static void test_long_paths_are_refused(void **state)
{
    (void)state;
    char name[FILE_PATH_SIZE], out[FILE_PATH_SIZE];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(file_path("a", name, out, NULL), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_created_once_replaced_often), cmocka_unit_test(test_what_cannot_be_read),
                                       cmocka_unit_test(test_long_paths_are_refused)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
