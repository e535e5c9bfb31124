// One service daemon for a test of its sockets: the registry as built, with a state folder and a database of its own, and callers that
// reach it as the gateway does. Needs ctest's fixture `postgres`.
//
// One thread. What fails, fails the test.
#ifndef PCN_TESTS_RPC_DAEMON_H
#define PCN_TESTS_RPC_DAEMON_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <sys/types.h>

#include "common/rpc/client.h"
#include "tests/support/postgres.h"

typedef struct daemon {
    char state[64], keys[96];   // folders
    char calls[96], events[96]; // ipc endpoints
    char tcp[64];               // a port for calls besides
    uint16_t port;
    char server_key[RPC_KEY_SIZE];
    test_database_t *database;
    pid_t pid;
} daemon_t;

// What the daemon may open, on any machine.
#define DAEMON_DESCRIPTORS 1024

// A sanitizer keeps what was freed, so its memory says nothing.
#if defined(__SANITIZE_ADDRESS__)
#define DAEMON_IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DAEMON_IS_SANITIZED true
#endif
#endif
#ifndef DAEMON_IS_SANITIZED
#define DAEMON_IS_SANITIZED false
#endif

// Ready when it returns. There are keys of `registry`, `gateway` and `follower`.
void daemon_start(daemon_t *daemon);
// Must end by itself and with success on SIGTERM.
void daemon_stop(daemon_t *daemon);
// Whether the process is still the one that was started.
bool daemon_alive(const daemon_t *daemon);
// A series of its metrics, as it is written there ("pcn_rpc_bad_frames_total"); 0 where it is not there.
double daemon_metric(const daemon_t *daemon, const char *series);
// Waits until a series is at least so much; false after the time.
bool daemon_await_metric(const daemon_t *daemon, const char *series, double at_least, int64_t limit_ms);
// Resident memory and open descriptors, from /proc.
long daemon_memory_kb(const daemon_t *daemon);
long daemon_descriptors(const daemon_t *daemon);

// Seconds of a key's life in the tests are short: every caller has a loop and a context of its own.
typedef struct caller {
    uv_loop_t loop;
    metrics_t *metrics;
    rpc_context_t *context;
    rpc_client_t *client;
} caller_t;

// Under a key of the daemon's folder, to that endpoint.
void caller_open(const daemon_t *daemon, caller_t *caller, const char *key, const char *endpoint);
void caller_close(caller_t *caller);

// Names of the calls that the tests make.
#define CALL_GET "pcn.registry.v1.Registry/GetOrganisation"
#define CALL_CREATE "pcn.registry.v1.Registry/CreateOrganisation"
#define CALL_UPDATE "pcn.registry.v1.Registry/UpdateOrganisation"
#define CALL_READ "pcn.events.v1.Events/Read"

typedef struct call {
    rpc_request_t request;
    char id[40], key[40];
    void *reply; // of the method, in the request's arena
    status_t status;
    problem_t problem;
    bool replayed;
    unsigned done;
} call_t;

// A header of the gateway's, with a principal that may do everything. `request` is of the method and is packed into the call's arena.
void call_prepare(call_t *call, const char *method, const void *request, int64_t timeout_ms);
void call_clear(call_t *call);
// Calls and waits.
status_t caller_ask(caller_t *caller, call_t *call);
// A new organisation without a parent, and a look at it.
void call_prepare_create(call_t *call, const char *code, const char *name, int64_t timeout_ms);
void call_prepare_get(call_t *call, const char *code, int64_t timeout_ms);
void call_prepare_rename(call_t *call, const char *code, const char *name, int64_t timeout_ms);

// A seeded sequence: the same test again is PCN_TEST_SEED=<the seed that it printed>.
typedef struct chance {
    uint64_t state;
} chance_t;

chance_t chance_new(void);
uint64_t chance_next(chance_t *chance);
unsigned chance_below(chance_t *chance, unsigned limit);

#endif
