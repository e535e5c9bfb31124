// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/rpc/keys.h"

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    (void)strcpy(dir, "/tmp/pcn-keys-XXXXXX");
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static const char *path_of(const char *file)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    return path;
}

static void put(const char *file, const char *text, mode_t mode)
{
    int fd = open(path_of(file), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static mode_t mode_of(const char *file)
{
    struct stat info;
    assert_int_equal(stat(path_of(file), &info), 0);
    return info.st_mode & 07777;
}

static void makes_a_pair_once(void **state)
{
    (void)state;
    problem_t problem;
    rpc_keys_t first;
    rpc_keys_t second;
    char public_key[RPC_KEY_SIZE];
    mode_t mask = umask(077);
    assert_int_equal(rpc_keys_ensure(dir, "registry", &problem), STATUS_OK);
    (void)umask(mask);
    assert_int_equal(mode_of("registry.secret"), 0600);
    assert_int_equal(mode_of("registry.public"), 0644);
    assert_int_equal(rpc_keys_load(dir, "registry", &first, &problem), STATUS_OK);
    assert_string_equal(first.name, "registry");
    assert_int_equal(strlen(first.public_key), 40);
    assert_int_equal(rpc_keys_ensure(dir, "registry", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_load(dir, "registry", &second, &problem), STATUS_OK);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(unlink(path_of("registry.public")), 0); // made again from the secret
    assert_int_equal(rpc_keys_ensure(dir, "registry", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_load_public(dir, "registry", public_key, &problem), STATUS_OK);
    assert_string_equal(public_key, first.public_key);
    rpc_keys_wipe(&first);
    assert_string_equal(first.secret_key, "");
}

static void races_to_one_pair(void **state)
{
    (void)state;
    enum { RACERS = 8 };
    problem_t problem;
    rpc_keys_t keys;
    int go[2];
    assert_int_equal(pipe(go), 0);
    pid_t racers[RACERS];
    for (int i = 0; i < RACERS; i++) {
        racers[i] = fork();
        if (racers[i] == 0) {
            char byte;
            (void)close(go[1]);
            (void)!read(go[0], &byte, 1); // all leave when the other end closes
            _exit(rpc_keys_ensure(dir, "raced", &problem) == STATUS_OK ? 0 : 1);
        }
    }
    (void)close(go[0]);
    (void)close(go[1]);
    for (int i = 0; i < RACERS; i++) {
        int result = -1;
        assert_int_equal(waitpid(racers[i], &result, 0), racers[i]);
        assert_int_equal(result, 0);
    }
    assert_int_equal(rpc_keys_load(dir, "raced", &keys, &problem), STATUS_OK); // the two fit
    char command[128];
    (void)snprintf(command, sizeof command, "ls -A '%s' | grep -q new-", dir);
    assert_int_not_equal(system(command), 0); // nothing is left behind
}

static void refuses_bad_names(void **state)
{
    (void)state;
    problem_t problem;
    rpc_keys_t keys;
    char key[RPC_KEY_SIZE];
    const char *names[] = {
        "", "../x", "a/b", "-x", ".hidden", "Registry", "a b", "x\n", "0123456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(rpc_keys_ensure(dir, names[i], &problem), STATUS_INVALID_ARGUMENT);
        assert_int_equal(rpc_keys_load(dir, names[i], &keys, &problem), STATUS_INVALID_ARGUMENT);
        assert_int_equal(rpc_keys_load_public(dir, names[i], key, &problem), STATUS_INVALID_ARGUMENT);
    }
}

static void refuses_bad_files(void **state)
{
    (void)state;
    problem_t problem;
    rpc_keys_t keys;
    rpc_keys_t good;
    char key[RPC_KEY_SIZE];
    char line[64];
    assert_int_equal(rpc_keys_load(dir, "absent", &keys, &problem), STATUS_UNAVAILABLE);
    assert_int_equal(rpc_keys_ensure(dir, "good", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_load(dir, "good", &good, &problem), STATUS_OK);
    put("short.public", "abc", 0644);
    assert_int_equal(rpc_keys_load_public(dir, "short", key, &problem), STATUS_UNAVAILABLE);
    put("long.public", "0123456789012345678901234567890123456789x", 0644);
    assert_int_equal(rpc_keys_load_public(dir, "long", key, &problem), STATUS_UNAVAILABLE);
    put("alphabet.public", "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", 0644);
    assert_int_equal(rpc_keys_load_public(dir, "alphabet", key, &problem), STATUS_UNAVAILABLE);
    assert_int_equal(mkdir(path_of("folder.public"), 0755), 0);
    assert_int_equal(rpc_keys_load_public(dir, "folder", key, &problem), STATUS_UNAVAILABLE);
    (void)snprintf(line, sizeof line, "%s\r\n", good.public_key);
    put("ending.public", line, 0644);
    assert_int_equal(rpc_keys_load_public(dir, "ending", key, &problem), STATUS_OK);
    // A public key that is not the secret's.
    assert_int_equal(rpc_keys_ensure(dir, "mixed", &problem), STATUS_OK);
    put("mixed.public", good.public_key, 0644);
    assert_int_equal(rpc_keys_load(dir, "mixed", &keys, &problem), STATUS_UNAVAILABLE);
    assert_string_equal(keys.secret_key, ""); // nothing half loaded
    assert_int_equal(rpc_keys_ensure(dir, "mixed", &problem), STATUS_UNAVAILABLE);
    // A secret that everybody can read is none.
    assert_int_equal(chmod(path_of("good.secret"), 0644), 0);
    assert_int_equal(rpc_keys_load(dir, "good", &keys, &problem), STATUS_UNAVAILABLE);
    // The folder is not there.
    assert_int_equal(rpc_keys_ensure("/nowhere/keys", "registry", &problem), STATUS_UNAVAILABLE);
    assert_non_null(strstr(problem.detail, "keys"));
    assert_null(strstr(problem.detail, "/nowhere"));
}

static void finds_by_key(void **state)
{
    (void)state;
    problem_t problem;
    char key[RPC_KEY_SIZE];
    char name[RPC_NAME_SIZE] = "";
    assert_int_equal(rpc_keys_ensure(dir, "found", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_load_public(dir, "found", key, &problem), STATUS_OK);
    assert_true(rpc_keys_find(dir, key, name));
    assert_string_equal(name, "found");
    assert_int_equal(unlink(path_of("found.public")), 0);
    assert_false(rpc_keys_find(dir, key, name));
    put(".found.public", key, 0644); // not a name
    put("found.public.bak", key, 0644);
    assert_false(rpc_keys_find(dir, key, name));
    put("renamed.public", key, 0644);
    assert_true(rpc_keys_find(dir, key, name));
    assert_string_equal(name, "renamed");
    assert_false(rpc_keys_find("/nowhere", key, name));
}

// Of the text that describes CURVE: nobody's.
#define KEY "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define OTHER "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

static void enrols_and_revokes(void **state)
{
    (void)state;
    problem_t problem;
    char name[RPC_NAME_SIZE];
    assert_int_equal(rpc_keys_enrol(dir, "guest", KEY, &problem), STATUS_OK);
    assert_int_equal(rpc_keys_enrol(dir, "guest", KEY, &problem), STATUS_OK);
    assert_true(rpc_keys_find(dir, KEY, name));
    assert_string_equal(name, "guest");
    assert_int_equal(rpc_keys_enrol(dir, "guest", OTHER, &problem), STATUS_ALREADY_EXISTS);
    assert_string_equal(problem.detail, "guest is enrolled with another key: revoke that first");
    assert_int_equal(rpc_keys_enrol(dir, "other", KEY, &problem), STATUS_ALREADY_EXISTS);
    assert_string_equal(problem.detail, "This key is enrolled already, as guest");
    assert_int_equal(rpc_keys_enrol(dir, "../guest", OTHER, &problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(rpc_keys_enrol(dir, "other", "short", &problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(rpc_keys_enrol(dir, "other", "                                        ", &problem), STATUS_INVALID_ARGUMENT);
    assert_int_equal(rpc_keys_enrol("/nowhere", "other", OTHER, &problem), STATUS_UNAVAILABLE);
    assert_false(rpc_keys_find(dir, OTHER, name));

    assert_int_equal(rpc_keys_revoke(dir, "guest", &problem), STATUS_OK);
    assert_false(rpc_keys_find(dir, KEY, name));
    assert_int_equal(rpc_keys_revoke(dir, "guest", &problem), STATUS_NOT_FOUND);
    assert_int_equal(rpc_keys_revoke(dir, "../guest", &problem), STATUS_INVALID_ARGUMENT);
    // With the secret that lies beside it, or that alone.
    assert_int_equal(rpc_keys_ensure(dir, "guest", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_revoke(dir, "guest", &problem), STATUS_OK);
    assert_int_equal(access(path_of("guest.secret"), F_OK), -1);
    assert_int_equal(rpc_keys_ensure(dir, "guest", &problem), STATUS_OK);
    assert_int_equal(unlink(path_of("guest.public")), 0);
    assert_int_equal(rpc_keys_revoke(dir, "guest", &problem), STATUS_OK);
    assert_int_equal(access(path_of("guest.secret"), F_OK), -1);
}

static void tells_how_a_key_stands(void **state)
{
    (void)state;
    problem_t problem;
    struct rlimit before;
    assert_int_equal(rpc_keys_standing(dir, "guest", KEY), RPC_KEY_REVOKED);
    assert_int_equal(rpc_keys_enrol(dir, "guest", KEY, &problem), STATUS_OK);
    assert_int_equal(rpc_keys_standing(dir, "guest", KEY), RPC_KEY_VALID);
    assert_int_equal(rpc_keys_standing(dir, "guest", OTHER), RPC_KEY_REVOKED);
    assert_int_equal(rpc_keys_standing(dir, "../guest", KEY), RPC_KEY_REVOKED);
    // What is wrong with us is not wrong with the key.
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = open("/dev/null", O_RDONLY);
    assert_true(next >= 0);
    (void)close(next);
    const struct rlimit none = {.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    rpc_key_standing_t standing = rpc_keys_standing(dir, "guest", KEY);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(standing, RPC_KEY_UNREADABLE);
    put("guest.public", "half a k", 0644);
    assert_int_equal(rpc_keys_standing(dir, "guest", KEY), RPC_KEY_REVOKED);
    assert_int_equal(rpc_keys_revoke(dir, "guest", &problem), STATUS_OK);
    assert_int_equal(mkdir(path_of("guest.public"), 0700), 0);
    assert_int_equal(rpc_keys_standing(dir, "guest", KEY), RPC_KEY_REVOKED);
    assert_int_equal(rmdir(path_of("guest.public")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_pair_once),      cmocka_unit_test(races_to_one_pair), cmocka_unit_test(refuses_bad_names),
        cmocka_unit_test(refuses_bad_files),      cmocka_unit_test(finds_by_key),      cmocka_unit_test(enrols_and_revokes),
        cmocka_unit_test(tells_how_a_key_stands),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
