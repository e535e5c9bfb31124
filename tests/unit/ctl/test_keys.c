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
    static const char *const names[] = {"gateway", "registry", "reader", "own"};
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

// Of the RFC that describes CURVE: nobody's.
#define OWN_KEY "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define OTHER_KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

static bool exists(const char *name)
{
    char path[256];
    struct stat stat_buffer;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &stat_buffer) == 0;
}

static void test_add_a_key_of_its_own(void **state)
{
    (void)state;
    char output[2048], name[RPC_NAME_SIZE];
    char *const words[] = {"keys", "add", "--dir", dir, "own", "--public-key", OWN_KEY};
    char *copy[7];
    memcpy(copy, words, sizeof words);
    assert_int_equal(run(7, copy, output, sizeof output), COMMAND_OK);
    assert_non_null(strstr(output, "own is enrolled\n"));
    assert_non_null(strstr(output, OWN_KEY));
    assert_null(strstr(output, "secret"));
    assert_true(exists("own.public"));
    assert_false(exists("own.secret"));
    assert_true(rpc_keys_find(dir, OWN_KEY, name));
    assert_string_equal(name, "own");
    memcpy(copy, words, sizeof words);
    assert_int_equal(run(7, copy, output, sizeof output), COMMAND_OK);
    assert_non_null(strstr(output, "was enrolled already"));
    // Neither another key for the name, nor another name for the key, nor what is no key.
    static const struct {
        const char *name, *key;
    } wrong[] = {{"own", OTHER_KEY}, {"reader", OWN_KEY}, {"own2", "short"}, {"own2", "                                        "}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memcpy(copy, words, sizeof words);
        copy[4] = (char *)wrong[i].name;
        copy[6] = (char *)wrong[i].key;
        assert_int_equal(run(7, copy, output, sizeof output), COMMAND_FAILED);
        assert_string_equal(output, "");
    }
    assert_false(exists("own2.public"));
    assert_true(rpc_keys_find(dir, OWN_KEY, name));
    assert_false(rpc_keys_find(dir, OTHER_KEY, name));
}

static void test_revoke(void **state)
{
    (void)state;
    char output[2048];
    assert_true(exists("reader.public") && exists("reader.secret") && exists("own.public"));
    assert_int_equal(run(5, (char *[]){"keys", "revoke", "--dir", dir, "reader"}, output, sizeof output), COMMAND_OK);
    assert_non_null(strstr(output, "reader is revoked"));
    assert_false(exists("reader.public") || exists("reader.secret"));
    assert_int_equal(run(5, (char *[]){"keys", "revoke", "--dir", dir, "reader"}, output, sizeof output), COMMAND_FAILED); // no more
    assert_int_equal(run(5, (char *[]){"keys", "revoke", "--dir", dir, "own"}, output, sizeof output), COMMAND_OK);
    assert_false(exists("own.public"));
    // Under the same name again, with another key.
    assert_int_equal(run(5, (char *[]){"keys", "add", "--dir", dir, "reader"}, output, sizeof output), COMMAND_OK);
    assert_non_null(strstr(output, "is enrolled"));
}

static void test_revoke_spares_daemons(void **state)
{
    (void)state;
    char output[2048];
    assert_int_equal(run(5, (char *[]){"keys", "ensure", "--dir", dir, "gateway-events"}, output, sizeof output), COMMAND_OK);
    assert_int_equal(run(5, (char *[]){"keys", "list", "--dir", dir, "--table"}, output, sizeof output), COMMAND_OK);
    assert_memory_equal(output, "NAME ", 5);
    const char *line = strstr(output, "gateway");
    assert_non_null(line);
    assert_memory_equal(strchr(line, '\n') - strlen("  *"), "  *", strlen("  *"));
    line = strstr(output, "reader");
    assert_non_null(line);
    assert_int_not_equal(*(strchr(line, '\n') - 1), '*');
    assert_int_equal(run(4, (char *[]){"keys", "list", "--dir", dir}, output, sizeof output), COMMAND_OK);
    assert_non_null(strstr(output, "{\"name\":\"gateway-events\",\"publicKey\":\""));
    assert_non_null(strstr(output, "\"daemon\":true}\n"));
    assert_non_null(strstr(output, "\"daemon\":false}\n"));
    static const char *const names[] = {"gateway", "registry", "gateway-events"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s.public", names[i]);
        assert_int_equal(run(5, (char *[]){"keys", "revoke", "--dir", dir, (char *)names[i]}, output, sizeof output), COMMAND_FAILED);
        assert_true(exists(path));
        assert_int_equal(run(6, (char *[]){"keys", "revoke", "--dir", dir, (char *)names[i], "--force"}, output, sizeof output),
                         COMMAND_OK);
        assert_false(exists(path));
    }
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
    assert_int_equal(run(4, (char *[]){"keys", "revoke", "--dir", dir}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(6, (char *[]){"keys", "revoke", "--dir", dir, "a", "b"}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(5, (char *[]){"keys", "revoke", "--dir", dir, "../x"}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(6, (char *[]){"keys", "add", "--dir", dir, "a", "--json"}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(5, (char *[]){"keys", "list", "--dir", dir, "--force"}, output, sizeof output), COMMAND_USAGE);
    assert_int_equal(run(7, (char *[]){"keys", "ensure", "--dir", dir, "a", "--public-key", OWN_KEY}, output, sizeof output),
                     COMMAND_USAGE);
    assert_int_equal(run(4, (char *[]){"keys", "list", "--dir", "/nonexistent/keys"}, output, sizeof output), COMMAND_FAILED);
    assert_int_equal(run(5, (char *[]){"keys", "ensure", "--dir", "/nonexistent/keys", "a"}, output, sizeof output), COMMAND_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ensure_and_list),       cmocka_unit_test(test_add_says_where),
                                       cmocka_unit_test(test_add_a_key_of_its_own),  cmocka_unit_test(test_revoke),
                                       cmocka_unit_test(test_revoke_spares_daemons), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
