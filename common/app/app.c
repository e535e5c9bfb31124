#include "common/app/app.h"

#include <assert.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/app/endpoints.h"
#include "common/app/listener.h"
#include "common/app/options.h"
#include "common/app/process_metrics.h"
#include "common/app/rest.h"
#include "common/app/settings.h"
#include "common/app/version.h"
#include "common/base/clock.h"
#include "common/base/log.h"

enum {
    READY_POLL_MS = 10,    // until ready for the first time
    READY_WATCH_MS = 1000, // afterwards
    DRAIN_POLL_MS = 5,
    LISTENER_TIMEOUT_MS = 5000,
    CLOSE_TIMEOUT_MS = 2000, // for handles to close after stop
};

// Only forward. A start that fails goes from STARTING to CLOSING.
typedef enum app_phase { PHASE_STARTING, PHASE_SERVING, PHASE_DRAINING, PHASE_CLOSING } app_phase_t;

struct app {
    const app_spec_t *spec;
    settings_t settings;
    endpoints_t *endpoints;
    metrics_t *metrics;
    listener_t *listener;
    void *data;
    uv_loop_t loop;
    uv_signal_t terminate, interrupt, hangup;
    uv_timer_t ready_timer, drain_timer, close_timer;
    gauge_t *ready_gauge;
    rest_t rest;
    app_phase_t phase;
    bool ready;
    bool was_ready;
    bool quit_asked;
    int code;
    int64_t drain_until_us;
    char reason[sizeof((problem_t *)NULL)->detail]; // last reason logged for not being ready
};

uv_loop_t *app_loop(const app_t *app)
{
    return (uv_loop_t *)&app->loop;
}
metrics_t *app_metrics(const app_t *app)
{
    return app->metrics;
}
const void *app_settings(const app_t *app)
{
    return app->settings.values;
}
const char *app_name(const app_t *app)
{
    return app->spec->name;
}
void app_set_data(app_t *app, void *data)
{
    app->data = data;
}
void *app_data(const app_t *app)
{
    return app->data;
}

const char *const *app_endpoints(app_t *app, const char *service, const char *what)
{
    assert(strcmp(what, "rpc") == 0 || strcmp(what, "pub") == 0);
    return endpoints_get(app->endpoints, service, strcmp(what, "rpc") == 0 ? ENDPOINT_RPC : ENDPOINT_PUB);
}

static void log_problem(const char *message, const problem_t *problem)
{
    log_error(message, LOG_TEXT("status", status_name(problem->status)), LOG_TEXT("field", problem->field),
              LOG_TEXT("detail", problem->detail));
}

// Readiness

// Once, to whoever started the daemon.
static void send_ready_notice(app_t *app)
{
    int fd = (int)settings_common(&app->settings)->ready_fd;
    if (fd < 0) {
        return;
    }
    static const char notice[] = "ready\n";
    if (write(fd, notice, sizeof notice - 1) != (ssize_t)sizeof notice - 1) {
        log_warning("the notice of readiness was not taken", LOG_NUMBER("descriptor", fd));
    }
    close(fd);
}

static bool ask_ready(app_t *app, problem_t *problem)
{
    if (app->phase == PHASE_SERVING) {
        return app->spec->ready == NULL || app->spec->ready(app, problem);
    }
    problem_set(problem, STATUS_UNAVAILABLE, NULL, app->phase == PHASE_STARTING ? "starting" : "draining");
    return false;
}

static void note_ready(app_t *app, bool ready, const problem_t *problem)
{
    if (ready && !app->ready) {
        log_info("ready", LOG_NUMBER("pid", getpid()));
    } else if (!ready && (app->ready || strcmp(app->reason, problem->detail) != 0)) {
        log_info("not ready", LOG_TEXT("reason", problem->detail));
        memcpy(app->reason, problem->detail, sizeof app->reason);
    }
    app->ready = ready;
    app->ready_gauge->value = ready ? 1 : 0;
    if (ready && !app->was_ready) {
        app->was_ready = true;
        send_ready_notice(app);
        uv_timer_set_repeat(&app->ready_timer, READY_WATCH_MS);
    }
}

static void give_memory_back(app_t *app)
{
    if (app->spec->rest != NULL) {
        app->spec->rest(app);
    }
    (void)malloc_trim(0);
}

static void on_ready_timer(uv_timer_t *timer)
{
    app_t *app = timer->data;
    problem_t problem = {0};
    bool ready = ask_ready(app, &problem);
    note_ready(app, ready, &problem);
    if (rest_look(&app->rest)) {
        give_memory_back(app);
    }
}

static bool listener_ready(void *data, problem_t *problem)
{
    return ask_ready(data, problem);
}

static void listener_metrics(void *data, buf_t *out)
{
    const app_t *app = data;
    metrics_write(app->metrics, out);
    process_metrics_write(out);
}

// The end

static void close_timer_over(uv_timer_t *timer)
{
    app_t *app = timer->data;
    log_error("handles stayed open after the stop", LOG_NUMBER("waited_ms", CLOSE_TIMEOUT_MS));
    app->code = app->code != 0 ? app->code : EXIT_FAILURE;
    uv_stop(&app->loop);
}

static void close_own(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

// The daemon's handles and the frame's; the loop ends once they are closed.
static void app_close(app_t *app)
{
    app->phase = PHASE_CLOSING;
    app->ready_gauge->value = 0;
    if (app->spec->stop != NULL) {
        app->spec->stop(app);
    }
    listener_destroy(&app->listener);
    close_own((uv_handle_t *)&app->terminate);
    close_own((uv_handle_t *)&app->interrupt);
    close_own((uv_handle_t *)&app->hangup);
    close_own((uv_handle_t *)&app->ready_timer);
    close_own((uv_handle_t *)&app->drain_timer);
    // Fires only while something else keeps the loop alive.
    uv_timer_start(&app->close_timer, close_timer_over, CLOSE_TIMEOUT_MS, 0);
    uv_unref((uv_handle_t *)&app->close_timer);
}

static void on_drain_timer(uv_timer_t *timer)
{
    app_t *app = timer->data;
    bool drained = app->spec->drained == NULL || app->spec->drained(app);
    if (!drained && clock_steady_us() < app->drain_until_us) {
        return;
    }
    if (!drained) {
        log_warning("the time to drain is over", LOG_NUMBER("waited_ms", settings_common(&app->settings)->drain_timeout_ms));
    }
    app_close(app);
}

static void app_drain(app_t *app)
{
    log_info("draining");
    app->phase = PHASE_DRAINING;
    app->ready = false;
    app->ready_gauge->value = 0;
    uv_timer_stop(&app->ready_timer);
    if (app->spec->drain != NULL) {
        app->spec->drain(app);
    }
    app->drain_until_us = clock_steady_us() + settings_common(&app->settings)->drain_timeout_ms * 1000;
    uv_timer_start(&app->drain_timer, on_drain_timer, 0, DRAIN_POLL_MS);
}

void app_quit(app_t *app, int code)
{
    app->code = app->code != 0 ? app->code : code;
    app->quit_asked = true;
    // Asked within start, it waits for start's end; a second time, the first goes on.
    if (app->phase == PHASE_SERVING) {
        app_drain(app);
    }
}

static void on_terminate(uv_signal_t *signal, int number)
{
    log_info("told to end", LOG_NUMBER("signal", number));
    app_quit(signal->data, 0);
}

static void on_hangup(uv_signal_t *signal, int number)
{
    (void)number;
    app_t *app = signal->data;
    if (app->spec->reload != NULL && app->phase == PHASE_SERVING) {
        log_info("reading again what can be");
        app->spec->reload(app);
    }
}

// The beginning

static status_t init_loop(app_t *app, problem_t *problem)
{
    int error = uv_loop_init(&app->loop);
    if (error != 0) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "no event loop: %s", uv_strerror(error));
    }
    uv_timer_t *timers[] = {&app->ready_timer, &app->drain_timer, &app->close_timer};
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        uv_timer_init(&app->loop, timers[i]);
        timers[i]->data = app;
    }
    const struct {
        uv_signal_t *handle;
        uv_signal_cb callback;
        int number;
    } signals[] = {{&app->terminate, on_terminate, SIGTERM}, {&app->interrupt, on_terminate, SIGINT}, {&app->hangup, on_hangup, SIGHUP}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0] && error == 0; i++) {
        error = uv_signal_init(&app->loop, signals[i].handle);
        signals[i].handle->data = app;
        error = error == 0 ? uv_signal_start(signals[i].handle, signals[i].callback, signals[i].number) : error;
    }
    if (error != 0) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "no signals: %s", uv_strerror(error));
    }
    return STATUS_OK;
}

static status_t start_listener(app_t *app, problem_t *problem)
{
    const app_config_t *values = settings_common(&app->settings);
    char address[512];
    const char *given = values->metrics_listen;
    if (given == NULL || given[0] == '\0') {
        int length = snprintf(address, sizeof address, "unix:%s/run/%s.metrics", values->state_dir, app->spec->name);
        if (length < 0 || (size_t)length >= sizeof address) {
            return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_STATE_DIR", "PCN_STATE_DIR is too long");
        }
        given = address;
    }
    const listener_spec_t spec = {.data = app, .timeout_ms = LISTENER_TIMEOUT_MS, .metrics = listener_metrics, .ready = listener_ready};
    return listener_new(&app->loop, given, &spec, &app->listener, problem);
}

static status_t app_start(app_t *app, int argc, char **argv, problem_t *problem)
{
    const app_config_t *values = settings_common(&app->settings);
    status_t status = endpoints_new(values->services, values->state_dir, &app->endpoints, problem);
    if (status == STATUS_OK) {
        status = settings_make_run_folder(&app->settings, problem);
    }
    // First of all, since it refuses a second daemon of the same name before that takes over the sockets of the first. With an option
    // left the daemon may be meant to do one thing and end, beside one that serves.
    if (status == STATUS_OK && argc == 0) {
        status = start_listener(app, problem);
    }
    if (status == STATUS_OK) {
        status = app->spec->start(app, argc, argv, problem);
    }
    if (status == STATUS_OK && app->listener == NULL && !app->quit_asked) {
        status = start_listener(app, problem);
    }
    return status;
}

// From the loop's making to its end.
static int app_serve(app_t *app, int argc, char **argv)
{
    problem_t problem = {0};
    if (init_loop(app, &problem) != STATUS_OK) {
        log_problem("cannot start", &problem);
        return EXIT_FAILURE;
    }
    log_info("starting", LOG_TEXT("version", PCN_VERSION), LOG_TEXT("state", settings_common(&app->settings)->state),
             LOG_NUMBER("pid", getpid()));
    status_t status = app_start(app, argc, argv, &problem);
    if (status != STATUS_OK) {
        problem.status = status;
        log_problem("cannot start", &problem);
        app->code = status == STATUS_INVALID_ARGUMENT ? EX_CONFIG : EXIT_FAILURE;
        app_close(app);
    } else {
        app->phase = PHASE_SERVING;
        uv_timer_start(&app->ready_timer, on_ready_timer, 0, READY_POLL_MS);
        if (app->quit_asked) {
            app_drain(app);
        }
    }
    uv_run(&app->loop, UV_RUN_DEFAULT);
    close_own((uv_handle_t *)&app->close_timer);
    uv_run(&app->loop, UV_RUN_NOWAIT);
    bool clean = uv_loop_close(&app->loop) == 0;
    log_info("ended", LOG_NUMBER("code", app->code), LOG_TEXT("handles", clean ? "closed" : "left open"));
    return app->code;
}

// With the configuration loaded.
static int app_run_loaded(app_t *app, int argc, char **argv)
{
    log_level_t level = LOG_LEVEL_INFO;
    log_level_parse(settings_common(&app->settings)->log_level, &level);
    log_start(app->spec->name, level);
    // A peer that went away is an error of write, not a signal.
    signal(SIGPIPE, SIG_IGN);
    app->metrics = metrics_new();
    if (app->metrics == NULL) {
        log_error("cannot start", LOG_TEXT("detail", "out of memory"));
        return EXIT_FAILURE;
    }
    app->ready_gauge = metrics_gauge(app->metrics, "pcn_ready", NULL, "Whether the daemon can serve.");
    metrics_gauge(app->metrics, "pcn_build_info", "version=\"" PCN_VERSION "\"", "Version of the daemon.")->value = 1;
    int code = app_serve(app, argc, argv);
    endpoints_destroy(&app->endpoints);
    metrics_destroy(&app->metrics);
    return code;
}

int app_run(const app_spec_t *spec, int argc, char **argv)
{
    extern char **environ;
    app_t app = {.spec = spec, .data = spec->data};
    problem_t problem = {0};
    log_start(spec->name, LOG_LEVEL_INFO);
    if (settings_init(&app.settings, spec, &problem) != STATUS_OK) {
        log_problem("cannot start", &problem);
        return EXIT_FAILURE;
    }
    options_t options = options_take(argc, argv);
    int code = EXIT_SUCCESS;
    if (options.help) {
        options_print_help(spec, &app.settings.spec);
    } else if (options.version) {
        options_print_version(spec);
    } else if (settings_load(&app.settings, (const char *const *)environ, &problem) != STATUS_OK) {
        log_problem("wrong configuration", &problem);
        code = EX_CONFIG;
    } else if (options.print_config) {
        config_print(&app.settings.spec, app.settings.values, stdout);
    } else {
        code = app_run_loaded(&app, options.argc, options.argv);
    }
    settings_deinit(&app.settings);
    return code;
}
