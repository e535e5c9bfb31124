#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/rpc/keys.h"
#include "services/ctl/command.h"

static const command_t command = {"keys", "", "usage\n", keys_command};
static char dir[] = "/tmp/pcn-test-keys-XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    static const char *const names[] = {"gateway", "registry", "reader"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s.public", dir, names[i]);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s.secret", dir, names[i]);
        unlink(path);
    }
    return rmdir(dir);
}

// Runs the command with its output taken away into `output`.
static int run(int argc, char **argv, char *output, size_t size)
{
    char path[] = "/tmp/pcn-test-output-XXXXXX";
    int fd = mkstemp(path), saved = dup(STDOUT_FILENO);
    assert_true(fd >= 0 && saved >= 0);
    unlink(path);
    fflush(stdout);
    dup2(fd, STDOUT_FILENO);
    int code = keys_command(&command, argc, argv);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    ssize_t got = pread(fd, output, size - 1, 0);
    output[got > 0 ? got : 0] = '\0';
    close(fd);
    return code;
}

static void test_ensure_and_list(void **state)
{
    (void)state;
    char output[1024];
    assert_int_equal(run(6, (char *[]){"keys", "ensure", "--dir", dir, "gateway", "registry"}, output, sizeof output), COMMAND_OK);
    char before[RPC_KEY_SIZE], after[RPC_KEY_SIZE];
    assert_int_equal(rpc_keys_load_public(dir, "gateway", before, NULL), STATUS_OK);
    assert_int_equal(run(5, (char *[]){"keys", "ensure", "--dir", dir, "gateway"}, output, sizeof output), COMMAND_OK);
    assert_int_equal(rpc_keys_load_public(dir, "gateway", after, NULL), STATUS_OK);
    assert_string_equal(before, after);
    assert_int_equal(run(4, (char *[]){"keys", "list", "--dir", dir}, output, sizeof output), COMMAND_OK);
    assert_non_null(strstr(output, before));
    assert_true(strstr(output, "gateway") < strstr(output, "registry"));
}

static void test_add_says_where(void **state)
{
    (void)state;
    char output[2048], path[256];
    assert_int_equal(run(5, (char *[]){"keys", "add", "--dir", dir, "reader"}, output, sizeof output), COMMAND_OK);
    assert_non_null(strstr(output, "is enrolled"));
    snprintf(path, sizeof path, "%s/reader.secret", dir);
    assert_non_null(strstr(output, path));
    struct stat stat_buffer;
    assert_int_equal(stat(path, &stat_buffer), 0);
    assert_int_equal(stat_buffer.st_mode & 0777, 0600);
    assert_int_equal(run(5, (char *[]){"keys", "add", "--dir", dir, "reader"}, output, sizeof output), COMMAND_OK);
    assert_non_null(strstr(output, "was enrolled already"));
    rpc_keys_t keys;
    assert_int_equal(rpc_keys_load(dir, "reader", &keys, NULL), STATUS_OK);
    assert_null(strstr(output, keys.secret_key));
    rpc_keys_wipe(&keys);
}

static void test_refusals(void **state)
{
    (void)state;
    char output[1024];
    assert_int_equal(run(1, (char *[]){"keys"}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(3, (char *[]){"keys", "--dir", dir}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(5, (char *[]){"keys", "add", "--dir", dir, "../x"}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(5, (char *[]){"keys", "add", "--dir", dir, "Upper"}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(6, (char *[]){"keys", "add", "--dir", dir, "a", "b"}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(4, (char *[]){"keys", "ensure", "--dir", dir}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(5, (char *[]){"keys", "drop", "--dir", dir, "a"}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(4, (char *[]){"keys", "list", "--dir", "/nonexistent/keys"}, output, sizeof output), COMMAND_FAILED);
    assert_int_equal(run(5, (char *[]){"keys", "ensure", "--dir", "/nonexistent/keys", "a"}, output, sizeof output), COMMAND_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ensure_and_list), cmocka_unit_test(test_add_says_where),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
