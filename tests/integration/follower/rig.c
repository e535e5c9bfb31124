#include "tests/integration/follower/rig.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/support/http.h"

#define LIMIT_US (INT64_C(60) * 1000000)
#define AGAIN_MS 20
#define TEXT_MAX 1200
#define VARIABLES 10

// ---- daemons ----

typedef struct environment {
    char text[VARIABLES][TEXT_MAX];
    char *list[VARIABLES + 1];
    int count;
} environment_t;

__attribute__((format(printf, 2, 3))) static void add(environment_t *environment, const char *format, ...)
{
    assert_true(environment->count < VARIABLES);
    char *text = environment->text[environment->count];
    va_list arguments;
    va_start(arguments, format);
    assert_in_range(vsnprintf(text, TEXT_MAX, format, arguments), 1, TEXT_MAX - 1);
    va_end(arguments);
    environment->list[environment->count++] = text;
    environment->list[environment->count] = NULL;
}

static pid_t start(rig_t *rig, const char *program, const char *log, environment_t *environment)
{
    int ready[2];
    char path[160], word[16] = "";
    assert_int_equal(pipe(ready), 0);
    add(environment, "PCN_STATE_DIR=%s", rig->folder);
    add(environment, "PCN_READY_FD=%d", ready[1]);
    snprintf(path, sizeof path, "%s/%s.log", rig->folder, log);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const int out = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(out, STDERR_FILENO);
        dup2(out, STDOUT_FILENO);
        close(ready[0]);
        char *arguments[] = {(char *)(uintptr_t)program, NULL};
        execve(program, arguments, environment->list);
        _exit(127);
    }
    close(ready[1]);
    struct pollfd wait = {.fd = ready[0], .events = POLLIN};
    if (poll(&wait, 1, (int)(LIMIT_US / 1000)) != 1 || read(ready[0], word, sizeof word) <= 0)
        fail_msg("%s did not become ready, see %s", program, path);
    close(ready[0]);
    return pid;
}

void rig_start_registry(rig_t *rig)
{
    environment_t environment = {0};
    add(&environment, "PCN_REGISTRY_DATABASE_URL=%s", test_database_dsn(rig->database));
    rig->registry = start(rig, PCN_REGISTRY_DAEMON, "registry", &environment);
}

static void add_copy(rig_t *rig, environment_t *environment)
{
    const char *dsn = test_database_dsn(rig->database);
    add(environment, "PCN_COPY_OWNER_DATABASE_URL=%s", dsn);
    add(environment, "PCN_COPY_DATABASE_URL=%s user=%s password=%s", dsn, rig->app, rig->app);
    add(environment, "PCN_COPY_JOB_DATABASE_URL=%s user=%s password=%s", dsn, rig->job, rig->job);
}

void rig_start_copy(rig_t *rig)
{
    environment_t environment = {0};
    add_copy(rig, &environment);
    rig->copy = start(rig, PCN_COPY_DAEMON, "copy", &environment);
}

void rig_start_second(rig_t *rig)
{
    environment_t environment = {0};
    add_copy(rig, &environment);
    add(&environment, "PCN_COPY_RPC_LISTEN=ipc://%s/run/second.rpc", rig->folder);
    add(&environment, "PCN_COPY_PUB_LISTEN=ipc://%s/run/second.pub", rig->folder);
    add(&environment, "PCN_METRICS_LISTEN=unix:%s/run/second.metrics", rig->folder);
    rig->second = start(rig, PCN_COPY_DAEMON, "second", &environment);
}

static void finish(pid_t *pid, int number, bool well)
{
    int status = 0;
    if (*pid <= 0)
        return;
    kill(*pid, number);
    assert_int_equal(waitpid(*pid, &status, 0), *pid);
    *pid = 0;
    if (well)
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void rig_kill(pid_t *pid)
{
    finish(pid, SIGKILL, false);
}

void rig_end(pid_t *pid)
{
    finish(pid, SIGTERM, true);
}

void rig_forget_key(rig_t *rig, const char *name)
{
    static const char *const parts[] = {"public", "secret"};
    char path[160];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(path, sizeof path, "%s/keys/%s.%s", rig->folder, name, parts[i]);
        assert_int_equal(unlink(path), 0);
    }
}

// ---- life ----

int rig_setup(void **state)
{
    rig_t *rig = calloc(1, sizeof *rig);
    char path[96];
    assert_non_null(rig);
    snprintf(rig->folder, sizeof rig->folder, "/tmp/pcn-follower-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    static const char *const folders[] = {"keys", "run"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", rig->folder, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    rig->database = test_database_create();
    // Roles belong to the whole cluster.
    snprintf(rig->app, sizeof rig->app, "copy_app_%ld", (long)getpid());
    snprintf(rig->job, sizeof rig->job, "copy_job_%ld", (long)getpid());
    rig_sql(rig, "SET timezone = 'UTC'; CREATE ROLE %s LOGIN PASSWORD '%s'; CREATE ROLE %s LOGIN PASSWORD '%s'", rig->app, rig->app,
            rig->job, rig->job);
    peer_init(&rig->peer, rig->folder);
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    rig_t *rig = *state;
    char command[96];
    rig_end(&rig->second);
    rig_end(&rig->copy);
    rig_end(&rig->registry);
    peer_deinit(&rig->peer);
    test_database_drop_roles(rig->database, rig->app, rig->job);
    test_database_drop(&rig->database);
    snprintf(command, sizeof command, "rm -rf '%s'", rig->folder);
    if (getenv("PCN_TEST_KEEP") == NULL)
        assert_int_equal(system(command), 0);
    free(rig);
    return 0;
}

// ---- database ----

void rig_sql(rig_t *rig, const char *format, ...)
{
    char sql[4096];
    va_list arguments;
    va_start(arguments, format);
    assert_in_range(vsnprintf(sql, sizeof sql, format, arguments), 1, sizeof sql - 1);
    va_end(arguments);
    free(test_database_query(rig->database, sql));
}

long rig_number(rig_t *rig, const char *format, ...)
{
    char sql[4096];
    va_list arguments;
    va_start(arguments, format);
    assert_in_range(vsnprintf(sql, sizeof sql, format, arguments), 1, sizeof sql - 1);
    va_end(arguments);
    return test_database_number(rig->database, sql);
}

void rig_await(rig_t *rig, long value, const char *sql)
{
    const int64_t end_us = clock_steady_us() + LIMIT_US;
    long found;
    // There is no event to wait for: it is the outside that is looked at.
    while ((found = rig_number(rig, "%s", sql)) != value) {
        if (clock_steady_us() > end_us)
            fail_msg("%ld instead of %ld: %s", found, value, sql);
        (void)poll(NULL, 0, AGAIN_MS);
    }
}

void rig_change(rig_t *rig, unsigned first, unsigned count)
{
    rig->sequence++;
    rig_sql(rig,
            "INSERT INTO registry.event_queue (id, type, subject, version, time, data) SELECT gen_random_uuid(), "
            "'pcn.registry.organisation.updated', 'organisations/o-' || i, %u, now(), json_build_object('code', 'o-' || i, "
            "'name', 'Organisation ' || i || ' \"as\" \\ of {%u}', 'version', %u)::text FROM generate_series(%u, %u) i",
            rig->sequence, rig->sequence, rig->sequence, first, first + count - 1);
}

void rig_event(rig_t *rig, const char *subject, long version, const char *data)
{
    rig_sql(rig,
            "INSERT INTO registry.event_queue (id, type, subject, version, time, data) VALUES (gen_random_uuid(), "
            "'pcn.registry.organisation.updated', '%s', %ld, now(), '%s')",
            subject, version, data);
}

long rig_differences(rig_t *rig)
{
    rig_await(rig, 1,
              "SELECT ((SELECT count(*) FROM registry.event_queue) = 0 AND (SELECT (sequence, epoch, state) FROM copy.follower) = "
              "(SELECT (head, epoch::text, 'following'::text) FROM registry.log_state))::int");
    return rig_number(
        rig,
        "SELECT count(*) FROM (SELECT l.subject, e.version, e.data::jsonb ->> 'name' AS name FROM registry.event_latest l "
        "JOIN (SELECT sequence, version, data FROM registry.event UNION ALL SELECT sequence, version, data FROM registry.event_kept) e "
        "ON e.sequence = l.sequence) t FULL JOIN copy.organisation_copy c USING (subject) "
        "WHERE t.name IS DISTINCT FROM c.name OR t.version IS DISTINCT FROM c.version");
}

void rig_equal(rig_t *rig)
{
    assert_int_equal(rig_differences(rig), 0);
}

// ---- the daemon from outside ----

long rig_metric(rig_t *rig, const char *name, bool second)
{
    char socket[128], line[160];
    http_answer_t answer;
    snprintf(socket, sizeof socket, "%s/run/%s.metrics", rig->folder, second ? "second" : "copy");
    snprintf(line, sizeof line, "\n%s{source=\"registry\"} ", name);
    long value = -1;
    if (http_send(&(http_call_t){.url = "http://localhost", .path = "/metrics", .socket = socket}, &answer)) {
        const char *found = strstr(answer.body, line);
        value = found != NULL ? strtol(found + strlen(line), NULL, 10) : -1;
    }
    http_answer_clear(&answer);
    return value;
}

void rig_await_metric(rig_t *rig, const char *name, bool second, long value)
{
    const int64_t end_us = clock_steady_us() + LIMIT_US;
    long found;
    while ((found = rig_metric(rig, name, second)) != value) {
        if (clock_steady_us() > end_us)
            fail_msg("%s is %ld instead of %ld", name, found, value);
        (void)poll(NULL, 0, AGAIN_MS);
    }
}

long rig_logged(rig_t *rig, const char *text)
{
    char path[128], line[4200];
    snprintf(path, sizeof path, "%s/copy.log", rig->folder);
    FILE *file = fopen(path, "re");
    long count = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        count += strstr(line, text) != NULL;
    fclose(file);
    return count;
}
