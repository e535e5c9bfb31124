// A daemon's frame: arguments, configuration, log, loop, signals, private listener for health and metrics, readiness notice, drain.
// `main` is `return app_run(&gateway_app, argc, argv);`
//
// SIGTERM and SIGINT drain: stop accepting, finish what is in flight (at most PCN_DRAIN_TIMEOUT), close. SIGHUP re-reads what can be.
#ifndef PCN_APP_APP_H
#define PCN_APP_APP_H

#include <uv.h>

#include "common/base/config.h"
#include "common/base/metrics.h"

typedef struct app app_t;

// Keys that every daemon has, at the head of each daemon's configuration struct.
typedef struct app_config {
    const char *state_dir; // PCN_STATE_DIR: sockets in run/, keys in keys/
    const char *state;     // PCN_STATE, as given to the script; only shown
    const char *log_level;
    const char *metrics_listen; // local address host:port or unix path; empty: $state_dir/run/<daemon>.metrics
    const char *environment;    // development or production
    const char *services;       // where each service listens: "registry=ipc://…,ipc://…;finance=tcp://…"; empty: sockets in run/
    int64_t drain_timeout_ms;
    int64_t ready_fd; // file descriptor that gets "ready\n" once ready; -1 for none
} app_config_t;

typedef struct app_spec {
    const char *name;         // "gateway"
    const config_key_t *keys; // the daemon's own, after the common ones; ended by a key without a name
    size_t config_size;       // of a struct that begins with app_config_t
    const char *usage;        // further options of the daemon, for --help; may be NULL
    void *data;               // the daemon's own, what app_data gives from the start on
    // Called once configuration is there; makes sockets. `argv` holds what is left of the arguments, without the program's name.
    status_t (*start)(app_t *app, int argc, char **argv, problem_t *problem);
    // Whether it can serve; the reason otherwise in the problem. Asked often: looks at what is known, asks nobody.
    bool (*ready)(app_t *app, problem_t *problem);
    // Stop accepting. `drained` is then asked until true or the time is over.
    void (*drain)(app_t *app);
    bool (*drained)(app_t *app);
    // Close everything; the loop is then run until no handle is left. Also after a start that failed or that called app_quit, so it
    // meets what was not made.
    void (*stop)(app_t *app);
    // SIGHUP; may be NULL.
    void (*reload)(app_t *app);
    // It has come to rest after work: what is kept for the next is to be freed, the heap then gives it back. May be NULL.
    void (*rest)(app_t *app);
} app_spec_t;

// Result of main: 0 after a drain, the code of app_quit, 1 where the start failed or handles stayed open, 78 (EX_CONFIG) for a wrong
// option or configuration.
int app_run(const app_spec_t *spec, int argc, char **argv);

uv_loop_t *app_loop(const app_t *app);
metrics_t *app_metrics(const app_t *app);
const void *app_settings(const app_t *app);
const char *app_name(const app_t *app);
// Hung from the app by the daemon's start.
void app_set_data(app_t *app, void *data);
void *app_data(const app_t *app);
// Ends the daemon from inside, as SIGTERM does; `code` becomes main's result.
void app_quit(app_t *app, int code);

// Endpoints of a service from the configuration, ended by NULL; owned by the app. `what` is "rpc" or "pub"; tcp endpoints of pub are
// the rpc port plus one.
const char *const *app_endpoints(app_t *app, const char *service, const char *what);

#endif
