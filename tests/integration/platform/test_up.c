// The two commands of the front page: what ./pcn up gives, what survives, and what ./pcn down leaves.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/support/platform.h"

// Or what the start of everything took, where that is more.
enum { BACK_WITHIN_MS = 5000, DATABASE_BACK_WITHIN_MS = 30000, HANG_MS = 60000 };

typedef struct fixture {
    platform_t platform;
    char *token;
    long start_ms;
} fixture_t;

static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    const int64_t begin_us = clock_steady_us();
    if (fixture == NULL || !platform_start(&fixture->platform)) {
        return -1;
    }
    fixture->start_ms = (long)((clock_steady_us() - begin_us) / 1000);
    fixture->token = platform_token(&fixture->platform, "system-manager", "ics-llr");
    return fixture->token != NULL ? 0 : -1;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    platform_stop(&fixture->platform);
    free(fixture->token);
    free(fixture);
    return 0;
}

static json_int_t total(const fixture_t *fixture, const char *path)
{
    http_answer_t answer;
    assert_true(http_send(&(http_call_t){.url = fixture->platform.url, .path = path, .token = fixture->token}, &answer));
    assert_int_equal(answer.status, 200);
    json_int_t count = json_integer_value(json_object_get(answer.json, "totalSize"));
    http_answer_clear(&answer);
    return count;
}

static void test_is_ready_and_loaded(void **state)
{
    const fixture_t *fixture = *state;
    assert_true(platform_await(&fixture->platform, "/healthz", NULL, 200, HANG_MS) >= 0);
    assert_true(platform_await(&fixture->platform, "/readyz", NULL, 200, HANG_MS) >= 0);
    assert_int_equal(total(fixture, "/v1/organisations?kind=network&pageSize=1"), 25);
    assert_int_equal(total(fixture, "/v1/organisations?kind=practice&pageSize=1"), 134);
}

static void test_status_lists_every_program(void **state)
{
    const fixture_t *fixture = *state;
    char *output = NULL;
    assert_int_equal(platform_command(&fixture->platform, "status", &output), 0);
    for (const char *const *name = (const char *const[]){"postgresql", "registry", "gateway", "haproxy", NULL}; *name != NULL; name++) {
        assert_non_null(strstr(output, *name));
        assert_true(platform_pid(&fixture->platform, *name) > 1);
    }
    free(output);
}

static void test_a_second_up_changes_nothing(void **state)
{
    const fixture_t *fixture = *state;
    pid_t before = platform_pid(&fixture->platform, "registry");
    char *output = NULL;
    assert_int_equal(platform_command(&fixture->platform, "up --detach", &output), 0);
    assert_non_null(strstr(output, "already running"));
    free(output);
    assert_int_equal(platform_pid(&fixture->platform, "registry"), before);
    assert_int_equal(total(fixture, "/v1/organisations?kind=network&pageSize=1"), 25);
}

// A load that was cut off between its two folders: the next up brings it to its end.
static void test_a_load_that_was_cut_off_is_finished(void **state)
{
    (void)state;
    fixture_t other = {.token = NULL};
    char *output = NULL;
    assert_true(platform_start_empty(&other.platform));
    other.token = platform_token(&other.platform, "system-manager", "ics-llr");
    assert_non_null(other.token);
    assert_int_equal(total(&other, "/v1/organisations?pageSize=1"), 0);
    assert_int_equal(platform_ctl(&other.platform, "import '" PCN_CLONE "/tests/data/llr'", NULL), 0);
    assert_int_equal(total(&other, "/v1/organisations?pageSize=1"), 183);
    assert_int_equal(platform_command(&other.platform, "up --detach", &output), 0);
    assert_non_null(strstr(output, "loaded the data set"));
    free(output);
    assert_int_equal(total(&other, "/v1/organisations?pageSize=1"), 186);
    platform_stop(&other.platform);
    free(other.token);
}

static void test_a_busy_port_is_said_at_once(void **state)
{
    const fixture_t *fixture = *state;
    platform_t other = fixture->platform;
    strcat(other.state, "-other");
    char *output = NULL;
    assert_int_equal(platform_command(&other, "up --detach", &output), 1);
    assert_non_null(strstr(output, "is in use"));
    free(output);
    assert_int_equal(platform_command(&other, "status", NULL), 3);
}

// Back is what the supervisor calls ready under another pid: an answer alone may come from before the end was noticed.
static void kill_and_await(const fixture_t *fixture, const char *program, long usual_ms)
{
    const long limit_ms = fixture->start_ms > usual_ms ? fixture->start_ms : usual_ms;
    const int64_t until_us = clock_steady_us() + limit_ms * 1000;
    const pid_t before = platform_pid(&fixture->platform, program);
    pid_t after = before;
    assert_true(platform_kill(&fixture->platform, program, SIGKILL));
    while (after == 0 || after == before || platform_command(&fixture->platform, "status", NULL) != 0) {
        if (clock_steady_us() > until_us)
            fail_msg("%s is not back in %ld ms", program, limit_ms);
        after = platform_pid(&fixture->platform, program);
    }
    assert_true(platform_await(&fixture->platform, "/v1/organisations/pcn-rutland", fixture->token, 200, limit_ms) >= 0);
}

static void test_killed_registry_is_back(void **state)
{
    kill_and_await(*state, "registry", BACK_WITHIN_MS);
}

static void test_killed_gateway_is_back(void **state)
{
    kill_and_await(*state, "gateway", BACK_WITHIN_MS);
}

static void test_killed_edge_is_back(void **state)
{
    kill_and_await(*state, "haproxy", BACK_WITHIN_MS);
}

// As long as the recovery of a crashed cluster takes.
static void test_killed_database_is_back(void **state)
{
    kill_and_await(*state, "postgresql", DATABASE_BACK_WITHIN_MS);
}

static void test_errors_of_the_edge_are_problems(void **state)
{
    const fixture_t *fixture = *state;
    assert_true(platform_kill(&fixture->platform, "gateway", SIGSTOP));
    http_answer_t answer;
    // A body that does not come within the edge's time: nobody behind it is asked.
    bool whole = http_send(&(http_call_t){.url = fixture->platform.url,
                                          .path = "/v1/organisations",
                                          .method = "POST",
                                          .headers = (const char *const[]){"Content-Length: 10", "Content-Type: application/json", NULL}},
                           &answer);
    assert_true(platform_kill(&fixture->platform, "gateway", SIGCONT));
    char type[64];
    assert_true(whole);
    assert_int_equal(answer.status, 408);
    assert_true(http_header(&answer, "Content-Type", type, sizeof type));
    assert_string_equal(type, "application/problem+json");
    assert_int_equal(json_integer_value(json_object_get(answer.json, "status")), 408);
    assert_non_null(http_text(&answer, "requestId"));
    http_answer_clear(&answer);
}

static void test_takes_a_base_backup(void **state)
{
    const fixture_t *fixture = *state;
    char command[512], path[192];
    struct stat found;
    snprintf(path, sizeof path, "%s/backup", fixture->platform.folder);
    snprintf(command, sizeof command, "/usr/lib/postgresql/15/bin/pg_basebackup -h '%s/run' -U pcn_admin -c fast -X stream -D '%s' 2>&1",
             fixture->platform.state_dir, path);
    assert_int_equal(system(command), 0);
    strcat(path, "/backup_label");
    assert_int_equal(stat(path, &found), 0);
}

static int sockets_count(const fixture_t *fixture)
{
    char path[192];
    int count = 0;
    snprintf(path, sizeof path, "%s/run", fixture->platform.state_dir);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        struct stat found;
        count += fstatat(dirfd(folder), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(found.st_mode);
    }
    closedir(folder);
    return count;
}

static void test_down_leaves_nothing(void **state)
{
    const fixture_t *fixture = *state;
    assert_true(platform_processes(&fixture->platform) > 0);
    char *output = NULL;
    assert_int_equal(platform_command(&fixture->platform, "down", &output), 0);
    assert_non_null(strstr(output, "stopped"));
    free(output);
    assert_int_equal(platform_processes(&fixture->platform), 0);
    assert_int_equal(sockets_count(fixture), 0);
    assert_true(platform_await(&fixture->platform, "/healthz", NULL, 0, 0) >= 0);
    assert_int_equal(platform_command(&fixture->platform, "status", NULL), 3);
    assert_int_equal(platform_command(&fixture->platform, "down", NULL), 0);
}

// What the specification says of a key, or NULL.
static char *spec_value(const fixture_t *fixture, const char *key)
{
    char path[192], wanted[96];
    char *line = NULL, *value = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "%s/etc/supervisor.conf", fixture->platform.state_dir);
    snprintf(wanted, sizeof wanted, "env = %s=", key);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (value == NULL && getline(&line, &room, file) >= 0) {
        if (strncmp(line, wanted, strlen(wanted)) == 0) {
            value = strdup(line + strlen(wanted));
        }
    }
    free(line);
    fclose(file);
    return value;
}

static void test_takes_a_secret_from_a_file(void **state)
{
    const fixture_t *fixture = *state;
    static const char *const keys[] = {"PCN_REGISTRY_DATABASE_URL", "PCN_REGISTRY_OWNER_DATABASE_URL", "PCN_REGISTRY_JOB_DATABASE_URL"};
    char path[192], name[64];
    assert_int_equal(chmod(fixture->platform.folder, 0755), 0);
    for (size_t i = 0; i < 3; i++) {
        char *value = spec_value(fixture, keys[i]);
        assert_non_null(value);
        snprintf(path, sizeof path, "%s/secret-%zu", fixture->platform.folder, i);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(value, file);
        assert_int_equal(fchmod(fileno(file), 0644), 0);
        fclose(file);
        free(value);
        snprintf(name, sizeof name, "%s_FILE", keys[i]);
        assert_int_equal(setenv(name, path, 1), 0);
    }
    char *output = NULL;
    int code = platform_command(&fixture->platform, "up --detach", &output);
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s_FILE", keys[i]);
        char *file = spec_value(fixture, name);
        assert_non_null(file);
        free(file);
        assert_null(spec_value(fixture, keys[i]));
        unsetenv(name);
    }
    if (code != 0) {
        fail_msg("%s", output);
    }
    free(output);
    assert_int_equal(total(fixture, "/v1/organisations?kind=practice&pageSize=1"), 134);
}

// A metric of the registry; -1 where it does not say it.
static long long registry_metric(const fixture_t *fixture, const char *name)
{
    char command[256], line[256];
    long long value = -1;
    snprintf(command, sizeof command, "curl -s --max-time 5 --unix-socket '%s/run/registry.metrics' http://registry/metrics",
             fixture->platform.state_dir);
    FILE *metrics = popen(command, "re");
    assert_non_null(metrics);
    while (fgets(line, sizeof line, metrics) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ' ') {
            value = strtoll(line + strlen(name), NULL, 10);
        }
    }
    pclose(metrics);
    return value;
}

// Also where nothing has happened since the start.
static void test_the_logs_place_is_measured_from_the_start(void **state)
{
    const fixture_t *fixture = *state;
    http_answer_t answer;
    const http_call_t call = {.url = fixture->platform.url, .path = "/v1/events/registry?limit=1", .token = fixture->token};
    assert_true(http_send(&call, &answer));
    const json_int_t max = json_integer_value(json_object_get(answer.json, "max"));
    http_answer_clear(&answer);
    assert_true(max > 0);
    long long place = -1;
    for (int64_t until_us = clock_steady_us() + HANG_MS * INT64_C(1000); place != max && clock_steady_us() < until_us;) {
        place = registry_metric(fixture, "pcn_event_sequence");
    }
    assert_int_equal(place, max);
}

static void test_what_was_loaded_is_still_there(void **state)
{
    const fixture_t *fixture = *state;
    char *output = NULL;
    assert_int_equal(platform_command(&fixture->platform, "up --detach", &output), 0);
    assert_null(strstr(output, "loaded"));
    free(output);
    assert_int_equal(total(fixture, "/v1/organisations?kind=practice&pageSize=1"), 134);
}

// Nothing may outlive a supervisor that was killed, and the next start finds its way.
static void test_killed_supervisor_takes_all_with_it(void **state)
{
    const fixture_t *fixture = *state;
    char path[192];
    snprintf(path, sizeof path, "%s/run/supervisor.pids", fixture->platform.state_dir);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    long pid = 0;
    assert_int_equal(fscanf(file, "supervisor %ld", &pid), 1);
    fclose(file);
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    assert_int_equal(platform_command(&fixture->platform, "down", NULL), 0);
    assert_int_equal(platform_processes(&fixture->platform), 0);
    assert_int_equal(platform_command(&fixture->platform, "up --detach", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_ready_and_loaded),
        cmocka_unit_test(test_status_lists_every_program),
        cmocka_unit_test(test_a_second_up_changes_nothing),
        cmocka_unit_test(test_a_load_that_was_cut_off_is_finished),
        cmocka_unit_test(test_a_busy_port_is_said_at_once),
        cmocka_unit_test(test_killed_registry_is_back),
        cmocka_unit_test(test_killed_gateway_is_back),
        cmocka_unit_test(test_killed_edge_is_back),
        cmocka_unit_test(test_killed_database_is_back),
        cmocka_unit_test(test_errors_of_the_edge_are_problems),
        cmocka_unit_test(test_takes_a_base_backup),
        cmocka_unit_test(test_down_leaves_nothing),
        cmocka_unit_test(test_takes_a_secret_from_a_file),
        cmocka_unit_test(test_what_was_loaded_is_still_there),
        cmocka_unit_test(test_the_logs_place_is_measured_from_the_start),
        cmocka_unit_test(test_killed_supervisor_takes_all_with_it),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
