#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "services/gateway/listen.h"

static void addresses_that_are_refused(void **state)
{
    static const char *const cases[] = {
        "",          "0.0.0.0:8080", "10.0.0.1:80",        "[::]:80",         "192.168.1.1:8080", "localhost:80",
        "127.0.0.1", "127.0.0.1:",   "127.0.0.1:0",        "127.0.0.1:70000", "127.0.0.1:80x",    "127.0.0.1:-1",
        ":8080",     "unix:",        "unix:relative/path", "::1:80",          "128.0.0.1:80"};
    listen_t listen;
    problem_t problem;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s\n", cases[i]);
        assert_int_equal(listen_open(cases[i], &listen, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, "PCN_GATEWAY_HTTP_LISTEN");
        assert_int_equal(listen.fd, -1);
    }
    char address[256] = "unix:/";
    memset(address + 6, 'a', 120);
    address[126] = '\0';
    assert_int_equal(listen_open(address, &listen, &problem), STATUS_INVALID_ARGUMENT);
}

static void unix_sockets(void **state)
{
    char dir[] = "/tmp/pcn-listen-XXXXXX", address[128];
    listen_t first, second;
    problem_t problem;
    struct stat found;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof(address), "unix:%s/http", dir);
    const char *path = address + 5;
    assert_int_equal(listen_open(address, &first, &problem), STATUS_OK);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0660);
    // Somebody listens there.
    assert_int_equal(listen_open(address, &second, &problem), STATUS_UNAVAILABLE);
    // A file that a killed gateway left is replaced.
    close(first.fd);
    assert_int_equal(listen_open(address, &second, &problem), STATUS_OK);
    // The first one's end does not take the second one's file.
    first.fd = -1;
    if (first.inode != second.inode) {
        listen_close(&first);
        assert_int_equal(access(path, F_OK), 0);
    }
    listen_close(&second);
    assert_int_not_equal(access(path, F_OK), 0);
    // What is no socket is left alone.
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    assert_int_equal(listen_open(address, &second, &problem), STATUS_UNAVAILABLE);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    rmdir(dir);
}

static void inherited_sockets(void **state)
{
    char dir[] = "/tmp/pcn-listen-XXXXXX";
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    listen_t inherited;
    problem_t problem;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(place.sun_path, sizeof(place.sun_path), "%s/http", dir);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), file = open(dir, O_RDONLY), inet = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&place, sizeof(place)), 0);
    const int bad[] = {fd, file, inet, 0, 2, 1000, -1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(listen_inherit(bad[i], &inherited, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, "PCN_LISTEN_FD");
        assert_int_equal(inherited.fd, -1);
    }
    assert_int_equal(listen(fd, 4), 0);
    int kept = dup(fd);
    assert_int_equal(listen_inherit(fd, &inherited, &problem), STATUS_OK);
    assert_int_equal(inherited.fd, fd);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    listen_close(&inherited);
    // It was not ours alone: it goes on listening, under its name.
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&place, sizeof(place)), 0);
    close(client);
    close(kept);
    close(file);
    close(inet);
    unlink(place.sun_path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_are_refused),
        cmocka_unit_test(unix_sockets),
        cmocka_unit_test(inherited_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
