// The examples of docs/examples, as a stranger would start them: from the log's first event, killed while changes go on, started again.
// Each has every event once, in order.
#include "tests/integration/platform/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"

#define EXAMPLES PCN_TEST_SOURCE "/docs/examples"
#define CAUGHT_UP_US 120000000
#define CHANGED_US 60000000

enum { ROUNDS = 6, CHANGES = 12 };

typedef struct follower {
    const char *name;
    char *arguments[8];
    pid_t pid; // 0 where it does not run
    char file[160];
    char log[160];
} follower_t;

typedef struct stage {
    rig_t *rig;
    char keys[160], rpc[160], pub[160], token_file[160];
    follower_t followers[3];
    size_t count;
    unsigned changes;
} stage_t;

// ---- processes

static void fail_follower(const follower_t *follower, const char *what, json_int_t number)
{
    char line[512];
    FILE *log = fopen(follower->log, "re");
    while (log != NULL && fgets(line, sizeof line, log) != NULL) {
        if (strstr(line, " pcn.registry.") == NULL && strstr(line, "\tpcn.registry.") == NULL)
            print_error("%s: %s", follower->name, line);
    }
    if (log != NULL)
        (void)fclose(log);
    fail_msg("%s %s %lld", follower->name, what, (long long)number);
}

// In a process group of its own, so that what it leaves behind can be ended too.
static void follower_start(follower_t *follower)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int log = open(follower->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        (void)setpgid(0, 0);
        (void)dup2(log, STDERR_FILENO);
        (void)dup2(log, STDOUT_FILENO);
        (void)execvp(follower->arguments[0], follower->arguments);
        _exit(127);
    }
    (void)setpgid(pid, pid);
    follower->pid = pid;
}

static void follower_kill(follower_t *follower)
{
    int status = 0;
    assert_int_equal(kill(follower->pid, SIGKILL), 0);
    assert_int_equal(waitpid(follower->pid, &status, 0), follower->pid);
    if (!WIFSIGNALED(status))
        fail_follower(follower, "ended by itself with", WEXITSTATUS(status));
    (void)kill(-follower->pid, SIGKILL); // a curl whose shell is gone
    follower->pid = 0;
}

// ---- what they saw

// Pages alone would hide a stream that is refused.
static bool log_says(const follower_t *follower, const char *text)
{
    char line[512];
    bool found = false;
    FILE *log = fopen(follower->log, "re");
    while (log != NULL && !found && fgets(line, sizeof line, log) != NULL)
        found = strstr(line, text) != NULL;
    if (log != NULL)
        (void)fclose(log);
    return found;
}

// How many lines the file has, all of them checked: the places 1, 2, 3 … A line that is being written does not count.
static json_int_t lines_seen(const follower_t *follower)
{
    char line[4096];
    json_int_t count = 0;
    FILE *file = fopen(follower->file, "re");
    if (file == NULL && errno == ENOENT)
        return 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
        count++;
        if (strtoll(line, NULL, 10) != count || strstr(line, "\tpcn.registry.organisation.") == NULL)
            fail_msg("%s, line %lld: %s", follower->name, (long long)count, line);
    }
    (void)fclose(file);
    return count;
}

static void await_lines(const follower_t *follower, json_int_t place)
{
    const int64_t until = clock_steady_us() + CAUGHT_UP_US;
    while (lines_seen(follower) < place) {
        if (clock_steady_us() > until)
            fail_follower(follower, "did not come further than", lines_seen(follower));
        (void)usleep(20000);
    }
}

// ---- changes

// Made once, whoever is killed meanwhile: the key makes a repetition harmless.
static void change(stage_t *stage)
{
    char body[160], key[64];
    const int64_t until = clock_steady_us() + CHANGED_US;
    long status = 0;
    stage->changes++;
    snprintf(key, sizeof key, "example-%u", stage->changes);
    snprintf(body, sizeof body, "{\"code\":\"fed-example-%u\",\"name\":\"E\",\"kind\":\"federation\",\"parent\":\"ics-llr\"}",
             stage->changes);
    while (status != 201) {
        http_answer_t answer = rig_ask(stage->rig, stage->rig->manager, "POST", "/v1/organisations", body, key, NULL);
        status = answer.status;
        if (status != 201 && (status < 500 || clock_steady_us() > until))
            fail_msg("%ld %s", status, answer.body);
        http_answer_clear(&answer);
    }
}

// ---- the stage

static bool shell(const char *command)
{
    const int status = system(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static follower_t *follower_add(stage_t *stage, const char *name)
{
    follower_t *follower = &stage->followers[stage->count++];
    follower->name = name;
    snprintf(follower->file, sizeof follower->file, "%.100s/%s.tsv", stage->rig->platform.folder, name);
    snprintf(follower->log, sizeof follower->log, "%.100s/%s.log", stage->rig->platform.folder, name);
    return follower;
}

static void add_zeromq(stage_t *stage, const char *name, char *program, char *script)
{
    follower_t *follower = follower_add(stage, name);
    char **argument = follower->arguments;
    *argument++ = program;
    if (script != NULL)
        *argument++ = script;
    *argument++ = stage->rpc;
    *argument++ = stage->pub;
    *argument++ = stage->keys;
    *argument++ = (char *)"example";
    *argument = follower->file;
}

static void add_curl(stage_t *stage)
{
    follower_t *follower = follower_add(stage, "curl");
    char *token = platform_token(&stage->rig->platform, "subscriber", "ics-llr");
    assert_non_null(token);
    FILE *file = fopen(stage->token_file, "we");
    assert_non_null(file);
    assert_true(fputs(token, file) >= 0 && fclose(file) == 0);
    free(token);
    char *arguments[] = {(char *)EXAMPLES "/curl/follow.sh", stage->rig->platform.url, stage->token_file, follower->file};
    memcpy(follower->arguments, arguments, sizeof arguments);
}

// Its packages are installed into the build folder, not beside the source.
static void add_node(stage_t *stage)
{
    if (!shell("command -v node >/dev/null && command -v npm >/dev/null")) {
        print_message("node or npm is missing: its example is not tried\n");
        return;
    }
    assert_true(shell("mkdir -p '" PCN_TEST_EXAMPLE_NODE "' && cd '" PCN_TEST_EXAMPLE_NODE "' && cp '" EXAMPLES
                      "/node/'*.js* . && npm ci --no-audit --no-fund --loglevel=error"));
    assert_int_equal(setenv("PCN_PROTO_DIR", PCN_TEST_SOURCE "/proto", 1), 0);
    add_zeromq(stage, "node", (char *)"node", (char *)PCN_TEST_EXAMPLE_NODE "/follow.js");
}

static int stage_up(void **state)
{
    static stage_t stage;
    char command[512];
    void *rig = NULL;
    const int started = rig_start(&rig);
    *state = &stage;
    stage.rig = rig;
    if (started != 0)
        return -1;
    const platform_t *platform = &stage.rig->platform;
    snprintf(stage.keys, sizeof stage.keys, "%.100s/keys", platform->state_dir);
    snprintf(stage.rpc, sizeof stage.rpc, "ipc://%.100s/run/registry.rpc", platform->state_dir);
    snprintf(stage.pub, sizeof stage.pub, "ipc://%.100s/run/registry.pub", platform->state_dir);
    snprintf(stage.token_file, sizeof stage.token_file, "%s/token", platform->folder);
    snprintf(command, sizeof command, "'%s/bin/pcnctl' keys add example --dir '%s' >/dev/null", platform->state_dir, stage.keys);
    return shell(command) ? 0 : -1;
}

static int stage_down(void **state)
{
    stage_t *stage = *state;
    for (size_t i = 0; i < stage->count; i++) {
        if (stage->followers[i].pid > 0)
            (void)kill(-stage->followers[i].pid, SIGKILL);
    }
    void *rig = stage->rig;
    return rig_stop(&rig);
}

static void examples_miss_nothing(void **state)
{
    stage_t *stage = *state;
    add_zeromq(stage, "c", (char *)PCN_TEST_EXAMPLE_C, NULL);
    add_curl(stage);
    add_node(stage);
    for (size_t i = 0; i < stage->count; i++)
        follower_start(&stage->followers[i]);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < CHANGES; i++) {
            // Each once a round, at another moment, and away for three changes.
            for (size_t f = 0; f < stage->count; f++) {
                if (i == (round + 2 * f) % 8)
                    follower_kill(&stage->followers[f]);
                else if (i == (round + 2 * f) % 8 + 3)
                    follower_start(&stage->followers[f]);
            }
            change(stage);
        }
        if (round == ROUNDS / 2)
            assert_true(platform_kill(&stage->rig->platform, "registry", SIGKILL));
        if (round == ROUNDS / 2 + 1)
            assert_true(platform_kill(&stage->rig->platform, "gateway", SIGKILL));
        // Live in every other round, far behind in the others.
        if (round % 2 == 1) {
            const json_int_t place = rig_log_mark(stage->rig);
            for (size_t f = 0; f < stage->count; f++)
                await_lines(&stage->followers[f], place);
        }
    }
    const json_int_t place = rig_log_mark(stage->rig);
    for (size_t f = 0; f < stage->count; f++) {
        follower_t *follower = &stage->followers[f];
        await_lines(follower, place);
        follower_kill(follower);
        assert_int_equal(lines_seen(follower), place);
        assert_false(log_says(follower, "returned error: 4"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples_miss_nothing)};
    return cmocka_run_group_tests(tests, stage_up, stage_down);
}
