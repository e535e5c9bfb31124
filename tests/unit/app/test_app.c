// The frame as a process: a tiny daemon in a child, told what to do by files in its state folder.
#include "support.h"

#include "common/app/app.h"

typedef struct tiny_config {
    app_config_t app;
    const char *mode;
} tiny_config_t;

static const config_key_t keys[] = {
    {"MODE", CONFIG_STRING, 0, offsetof(tiny_config_t, mode), "", 0, 0, "what the tiny daemon does"},
    {0},
};

static char state_dir[64];
static char socket_path[128];
static char log_path[128];

static const char *in_state(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", state_dir, name);
    return path;
}

static bool has(const char *name)
{
    return access(in_state(name), F_OK) == 0;
}

static void mark(const char *name)
{
    int fd = open(in_state(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void wait_for(const char *name)
{
    for (int waited = 0; !has(name); waited += STEP_MS) {
        assert_true(waited < WAIT_MS);
        pause_ms(STEP_MS);
    }
}

// The tiny daemon

static bool is_mode(const app_t *app, const char *mode)
{
    return strcmp(((const tiny_config_t *)app_settings(app))->mode, mode) == 0;
}

static status_t check_accessors(app_t *app, problem_t *problem)
{
    const char *const *rpc = app_endpoints(app, "finance", "rpc");
    const char *const *pub = app_endpoints(app, "finance", "pub");
    char expected[128];
    snprintf(expected, sizeof expected, "ipc://%s/run/registry.pub", state_dir);
    bool right = strcmp(app_name(app), "registry") == 0 && app_loop(app) != NULL && app_metrics(app) != NULL &&
                 strcmp(app_data(app), "mine") == 0 && strcmp(rpc[0], "tcp://f:7") == 0 && strcmp(pub[0], "tcp://f:8") == 0 &&
                 strcmp(app_endpoints(app, "registry", "pub")[0], expected) == 0;
    app_set_data(app, NULL);
    right = right && app_data(app) == NULL;
    app_quit(app, right ? 7 : 1);
    return right ? STATUS_OK : problem_set(problem, STATUS_INTERNAL, NULL, "an accessor is wrong");
}

static void on_forgotten(uv_timer_t *timer)
{
    (void)timer;
}

static status_t tiny_start(app_t *app, int argc, char **argv, problem_t *problem)
{
    if (argc > 0) {
        if (strcmp(argv[0], "--once") != 0) {
            return problem_set(problem, STATUS_INVALID_ARGUMENT, argv[0], "unknown option");
        }
        mark("once");
        app_quit(app, 0);
        return STATUS_OK;
    }
    if (is_mode(app, "broken")) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "no database");
    }
    if (is_mode(app, "careless")) {
        static uv_timer_t forgotten;
        uv_timer_init(app_loop(app), &forgotten);
        uv_timer_start(&forgotten, on_forgotten, 1000, 1000);
    }
    return is_mode(app, "accessors") ? check_accessors(app, problem) : STATUS_OK;
}

static bool tiny_ready(app_t *app, problem_t *problem)
{
    (void)app;
    if (!has("go")) {
        problem_set(problem, STATUS_UNAVAILABLE, NULL, "waits for go");
        return false;
    }
    return true;
}

static void tiny_drain(app_t *app)
{
    (void)app;
    mark("draining");
}

static bool tiny_drained(app_t *app)
{
    (void)app;
    return has("drained");
}

static void tiny_stop(app_t *app)
{
    (void)app;
    mark("stopped");
}

static void tiny_reload(app_t *app)
{
    if (is_mode(app, "quit")) {
        app_quit(app, 9);
        app_quit(app, 3);
        return;
    }
    mark("reloaded");
}

static const app_spec_t tiny = {.name = "registry",
                                .keys = keys,
                                .config_size = sizeof(tiny_config_t),
                                .data = (void *)"mine",
                                .usage = "  --once           do one thing\n",
                                .start = tiny_start,
                                .ready = tiny_ready,
                                .drain = tiny_drain,
                                .drained = tiny_drained,
                                .stop = tiny_stop,
                                .reload = tiny_reload};

// The parent's side

static int open_state(void **state)
{
    (void)state;
    strcpy(state_dir, "/tmp/pcn-test-app-XXXXXX");
    if (mkdtemp(state_dir) == NULL) {
        return 1;
    }
    snprintf(socket_path, sizeof socket_path, "%s/run/registry.metrics", state_dir);
    snprintf(log_path, sizeof log_path, "%s/log", state_dir);
    return 0;
}

static int close_state(void **state)
{
    (void)state;
    const char *const names[] = {"go", "draining", "drained", "stopped", "reloaded", "once", "log", "out", "run/registry.metrics"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unlink(in_state(names[i]));
    }
    rmdir(in_state("run"));
    return rmdir(state_dir);
}

// Starts the daemon with further variables ("NAME=value", …, NULL) and one option or none; *ready_fd, where asked for, is the end to
// read from.
static pid_t daemon_start(const char *option, int *ready_fd, const char *const *variables)
{
    int ends[2] = {-1, -1};
    if (ready_fd != NULL) {
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0) {
        if (ready_fd != NULL) {
            close(ends[1]);
            *ready_fd = ends[0];
        }
        return child;
    }
    int log = open(log_path, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    int out = open(in_state("out"), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    dup2(log, STDERR_FILENO);
    dup2(out, STDOUT_FILENO);
    char number[16];
    snprintf(number, sizeof number, "%d", ends[1]);
    setenv("PCN_STATE_DIR", state_dir, 1);
    setenv("PCN_DRAIN_TIMEOUT", "30s", 1);
    if (ready_fd != NULL) {
        setenv("PCN_READY_FD", number, 1);
    }
    for (; variables != NULL && *variables != NULL; variables++) {
        putenv((char *)(uintptr_t)*variables);
    }
    char program[] = "pcn-registry";
    char argument[64];
    snprintf(argument, sizeof argument, "%s", option != NULL ? option : "");
    char *argv[] = {program, option != NULL ? argument : NULL, NULL};
    // Through exit, so that leaks are looked for.
    exit(app_run(&tiny, option != NULL ? 2 : 1, argv));
}

static int daemon_wait(pid_t child)
{
    int status = 0;
    for (int waited = 0; waitpid(child, &status, WNOHANG) == 0; waited += STEP_MS) {
        if (waited > WAIT_MS) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            fail_msg("the daemon does not end");
        }
        pause_ms(STEP_MS);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static const char *file_text(const char *path)
{
    static char text[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

#define VARIABLES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void a_life_from_start_to_drain(void **state)
{
    (void)state;
    int ready_fd;
    pid_t child = daemon_start(NULL, &ready_fd, NULL);
    const char *answer = client_get(socket_path, "/readyz");
    assert_begins(answer, "HTTP/1.1 503 ");
    assert_holds(answer, "\"detail\":\"waits for go\"");
    assert_begins(client_get(socket_path, "/healthz"), "HTTP/1.1 200 ");
    assert_holds(client_get(socket_path, "/metrics"), "\npcn_ready 0\n");
    struct pollfd quiet = {.fd = ready_fd, .events = POLLIN};
    assert_int_equal(poll(&quiet, 1, 0), 0);

    mark("go");
    // Once, and then the descriptor is closed.
    assert_string_equal(client_read(ready_fd), "ready\n");
    assert_begins(client_get(socket_path, "/readyz"), "HTTP/1.1 200 ");
    const char *metrics = client_get(socket_path, "/metrics");
    assert_holds(metrics, "\npcn_ready 1\n");
    assert_holds(metrics, "\nprocess_resident_memory_bytes ");
    assert_holds(metrics, "\nprocess_cpu_seconds_total ");
    assert_holds(metrics, "\nprocess_open_fds ");
    const char *started = strstr(metrics, "\nprocess_start_time_seconds ");
    assert_non_null(started);
    assert_true(llabs((long long)time(NULL) - strtoll(started + strlen("\nprocess_start_time_seconds "), NULL, 10)) < 60);
    struct stat found;
    assert_int_equal(stat(in_state("run"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);

    kill(child, SIGTERM);
    wait_for("draining");
    assert_false(has("stopped"));
    answer = client_get(socket_path, "/readyz");
    assert_begins(answer, "HTTP/1.1 503 ");
    assert_holds(answer, "\"detail\":\"draining\"");
    assert_begins(client_get(socket_path, "/healthz"), "HTTP/1.1 200 ");
    assert_holds(client_get(socket_path, "/metrics"), "\npcn_ready 0\n");
    // A second signal changes nothing.
    kill(child, SIGINT);
    assert_begins(client_get(socket_path, "/healthz"), "HTTP/1.1 200 ");
    assert_false(has("stopped"));
    mark("drained");
    assert_int_equal(daemon_wait(child), 0);
    assert_true(has("stopped"));
    assert_int_not_equal(access(socket_path, F_OK), 0);
    assert_holds(file_text(log_path), "\"message\":\"not ready\",\"reason\":\"waits for go\"");
}

static void readiness_may_be_lost_and_found(void **state)
{
    (void)state;
    mark("go");
    mark("drained");
    pid_t child = daemon_start(NULL, NULL, NULL);
    assert_begins(client_get(socket_path, "/healthz"), "HTTP/1.1 200 ");
    assert_begins(client_get(socket_path, "/readyz"), "HTTP/1.1 200 ");
    unlink(in_state("go"));
    assert_begins(client_get(socket_path, "/readyz"), "HTTP/1.1 503 ");
    mark("go");
    assert_begins(client_get(socket_path, "/readyz"), "HTTP/1.1 200 ");
    kill(child, SIGINT);
    assert_int_equal(daemon_wait(child), 0);
}

static void the_drain_has_an_end(void **state)
{
    (void)state;
    mark("go");
    int ready_fd;
    pid_t child = daemon_start(NULL, &ready_fd, VARIABLES("PCN_REGISTRY_DRAIN_TIMEOUT=50ms"));
    assert_string_equal(client_read(ready_fd), "ready\n");
    kill(child, SIGTERM);
    assert_int_equal(daemon_wait(child), 0);
    assert_true(has("stopped"));
    assert_holds(file_text(log_path), "the time to drain is over");
}

static void hangup_reads_again(void **state)
{
    (void)state;
    mark("go");
    mark("drained");
    int ready_fd;
    pid_t child = daemon_start(NULL, &ready_fd, NULL);
    assert_string_equal(client_read(ready_fd), "ready\n");
    kill(child, SIGHUP);
    wait_for("reloaded");
    assert_begins(client_get(socket_path, "/readyz"), "HTTP/1.1 200 ");
    kill(child, SIGTERM);
    assert_int_equal(daemon_wait(child), 0);
}

static void the_daemon_may_end_itself(void **state)
{
    (void)state;
    mark("go");
    mark("drained");
    int ready_fd;
    pid_t child = daemon_start(NULL, &ready_fd, VARIABLES("PCN_REGISTRY_MODE=quit"));
    assert_string_equal(client_read(ready_fd), "ready\n");
    kill(child, SIGHUP);
    // The first code counts.
    assert_int_equal(daemon_wait(child), 9);
    assert_true(has("draining"));
    assert_true(has("stopped"));
}

static void the_frame_answers_the_daemon(void **state)
{
    (void)state;
    mark("drained");
    pid_t child = daemon_start(NULL, NULL, VARIABLES("PCN_REGISTRY_MODE=accessors", "PCN_SERVICES=finance=tcp://f:7"));
    assert_int_equal(daemon_wait(child), 7);
}

static void a_failing_start_closes_what_was_made(void **state)
{
    (void)state;
    int ready_fd;
    pid_t child = daemon_start(NULL, &ready_fd, VARIABLES("PCN_REGISTRY_MODE=broken"));
    assert_string_equal(client_read(ready_fd), "");
    assert_int_equal(daemon_wait(child), 1);
    assert_true(has("stopped"));
    assert_false(has("draining"));
    assert_holds(file_text(log_path), "\"message\":\"cannot start\",\"status\":\"UNAVAILABLE\",\"field\":\"\",\"detail\":\"no database\"");
}

static void a_handle_left_open_does_not_hold_the_daemon(void **state)
{
    (void)state;
    mark("go");
    mark("drained");
    int ready_fd;
    pid_t child = daemon_start(NULL, &ready_fd, VARIABLES("PCN_REGISTRY_MODE=careless"));
    assert_string_equal(client_read(ready_fd), "ready\n");
    kill(child, SIGTERM);
    assert_int_equal(daemon_wait(child), 1);
    assert_holds(file_text(log_path), "handles stayed open after the stop");
}

static void wrong_configuration_is_refused(void **state)
{
    (void)state;
    const struct {
        const char *entry, *field;
    } cases[] = {
        {"PCN_REGISTRY_TYPO=1", "PCN_REGISTRY_TYPO"},
        {"PCN_UNKNOWN=1", "PCN_UNKNOWN"},
        {"PCN_STATE_DIR=", "PCN_STATE_DIR"},
        {"PCN_LOG_LEVEL=loud", "PCN_LOG_LEVEL"},
        {"PCN_ENVIRONMENT=test", "PCN_ENVIRONMENT"},
        {"PCN_READY_FD=1", "PCN_READY_FD"},
        {"PCN_READY_FD=999", "PCN_READY_FD"},
        {"PCN_SERVICES=finance", "PCN_SERVICES"},
        {"PCN_METRICS_LISTEN=0.0.0.0:9100", "PCN_METRICS_LISTEN"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unlink(log_path);
        assert_int_equal(daemon_wait(daemon_start(NULL, NULL, VARIABLES(cases[i].entry))), 78);
        char field[64];
        snprintf(field, sizeof field, "\"field\":\"%s\"", cases[i].field);
        assert_holds(file_text(log_path), field);
    }
    unlink(log_path);
    assert_int_equal(daemon_wait(daemon_start("--nonsense", NULL, NULL)), 78);
    assert_holds(file_text(log_path), "--nonsense");
}

static void variables_of_others_are_passed_over(void **state)
{
    (void)state;
    mark("drained");
    pid_t child = daemon_start("--once", NULL,
                               VARIABLES("PCN_GATEWAY_X=1", "PCN_CTL_X=1", "PCN_SUPERVISOR_X=1", "PCN_HTTP_PORT=8080", "PCN_BUILD=b",
                                         "PCN_STATE=here", "PCN_DATABASE_URL=postgresql:///pcn"));
    assert_int_equal(daemon_wait(child), 0);
    assert_true(has("once"));
}

static void a_second_daemon_of_the_name_is_refused_but_one_shots_run(void **state)
{
    (void)state;
    mark("go");
    mark("drained");
    int ready_fd;
    pid_t first = daemon_start(NULL, &ready_fd, NULL);
    assert_string_equal(client_read(ready_fd), "ready\n");
    assert_int_equal(daemon_wait(daemon_start(NULL, NULL, NULL)), 1);
    assert_holds(file_text(log_path), "ALREADY_EXISTS");
    assert_int_equal(daemon_wait(daemon_start("--once", NULL, NULL)), 0);
    assert_true(has("once"));
    // A replica with a listener of its own is welcome.
    char listen[160];
    snprintf(listen, sizeof listen, "PCN_REGISTRY_METRICS_LISTEN=%s/run/second", state_dir);
    pid_t second = daemon_start(NULL, &ready_fd, VARIABLES(listen));
    assert_string_equal(client_read(ready_fd), "ready\n");
    kill(second, SIGTERM);
    assert_int_equal(daemon_wait(second), 0);
    assert_begins(client_get(socket_path, "/readyz"), "HTTP/1.1 200 ");
    kill(first, SIGKILL);
    assert_int_equal(daemon_wait(first), -SIGKILL);
    // What a killed daemon leaves is no obstacle.
    assert_int_equal(access(socket_path, F_OK), 0);
    pid_t third = daemon_start(NULL, &ready_fd, NULL);
    assert_string_equal(client_read(ready_fd), "ready\n");
    kill(third, SIGTERM);
    assert_int_equal(daemon_wait(third), 0);
}

static void options_tell_and_end(void **state)
{
    (void)state;
    assert_int_equal(daemon_wait(daemon_start("--version", NULL, NULL)), 0);
    assert_begins(file_text(in_state("out")), "pcn-registry ");
    // Even where the configuration is wrong.
    assert_int_equal(daemon_wait(daemon_start("--help", NULL, VARIABLES("PCN_WRONG=1"))), 0);
    const char *help = file_text(in_state("out"));
    assert_begins(help, "usage: pcn-registry ");
    assert_holds(help, "  --once           do one thing\n");
    assert_holds(help, "PCN_REGISTRY_MODE=<text>");
    assert_holds(help, "PCN_STATE_DIR=<text> (required)");
    assert_int_equal(daemon_wait(daemon_start("--print-config", NULL, VARIABLES("PCN_REGISTRY_MODE=m"))), 0);
    const char *config = file_text(in_state("out"));
    assert_holds(config, "PCN_REGISTRY_MODE=m\n");
    assert_holds(config, "PCN_DRAIN_TIMEOUT=30s\n");
    assert_int_equal(daemon_wait(daemon_start("--print-config", NULL, VARIABLES("PCN_WRONG=1"))), 78);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_state, close_state)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_life_from_start_to_drain),
        TEST(readiness_may_be_lost_and_found),
        TEST(the_drain_has_an_end),
        TEST(hangup_reads_again),
        TEST(the_daemon_may_end_itself),
        TEST(the_frame_answers_the_daemon),
        TEST(a_failing_start_closes_what_was_made),
        TEST(a_handle_left_open_does_not_hold_the_daemon),
        TEST(wrong_configuration_is_refused),
        TEST(variables_of_others_are_passed_over),
        TEST(a_second_daemon_of_the_name_is_refused_but_one_shots_run),
        TEST(options_tell_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
