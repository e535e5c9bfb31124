#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "services/supervisor/lock.h"
#include "services/supervisor/sockets.h"
#include "tests/unit/supervisor/folder.h"

static void bind_socket(const folder_t *folder, const char *name)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    snprintf(place.sun_path, sizeof place.sun_path, "%s/%s", folder->path, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&place, sizeof place), 0);
    close(fd);
}

static bool is_there(const folder_t *folder, const char *name)
{
    char path[160];
    struct stat found;
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    return lstat(path, &found) == 0;
}

static void test_removes_sockets_and_nothing_else(void **state)
{
    folder_t *folder = *state;
    char link_path[160];
    bind_socket(folder, "run/registry.rpc");
    bind_socket(folder, "run/haproxy.admin");
    bind_socket(folder, "elsewhere");
    folder_write(folder, "run/supervisor.lock", "");
    snprintf(link_path, sizeof link_path, "%s/run/link", folder->path);
    assert_int_equal(symlink("../elsewhere", link_path), 0);
    sockets_remove(folder->path);
    assert_false(is_there(folder, "run/registry.rpc"));
    assert_false(is_there(folder, "run/haproxy.admin"));
    assert_true(is_there(folder, "elsewhere"));
    assert_true(is_there(folder, "run/link"));
    assert_true(is_there(folder, "run/supervisor.lock"));
    sockets_remove("/nonexistent");
}

static void test_listens_in_place_of_what_was_left(void **state)
{
    const folder_t *folder = *state;
    char path[200];
    problem_t problem = {0};
    int fd = -1;
    snprintf(path, sizeof path, "%s/run/http", folder->path);
    bind_socket(folder, "run/http");
    assert_int_equal(sockets_listen(path, &fd, &problem), STATUS_OK);
    assert_true(fd >= 0);
    close(fd);
    // Not in place of anything else.
    snprintf(path, sizeof path, "%s/run", folder->path);
    assert_int_equal(sockets_listen(path, &fd, &problem), STATUS_UNAVAILABLE);
    assert_int_equal(fd, -1);
    memset(path, 'a', 150);
    path[150] = '\0';
    assert_int_equal(sockets_listen(path, &fd, &problem), STATUS_INVALID_ARGUMENT);
}

static void test_the_lock_has_one_holder(void **state)
{
    const folder_t *folder = *state;
    int fd = lock_take(folder->path);
    assert_true(fd >= 0);
    assert_int_equal(lock_take(folder->path), -1);
    close(fd);
    fd = lock_take(folder->path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(lock_take("/nonexistent"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_removes_sockets_and_nothing_else, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_listens_in_place_of_what_was_left, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_the_lock_has_one_holder, folder_set_up, folder_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
