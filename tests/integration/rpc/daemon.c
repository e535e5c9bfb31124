#include "tests/integration/rpc/daemon.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/message.h"
#include "common/rpc/server.h"
#include "pcn/registry/v1/registry.pb-c.h"

enum { READY_MS = 60000, END_MS = 60000, METRICS_MAX = 256 * 1024, AGAIN_MS = 20 };

static void must(status_t status, const problem_t *problem)
{
    if (status != STATUS_OK)
        fail_msg("%s %s: %s", status_name(status), problem->field, problem->detail);
}

// ---- the process

static uint16_t free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_true(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void make_state(daemon_t *daemon)
{
    problem_t problem = {0};
    strcpy(daemon->state, "/tmp/pcn-daemon-XXXXXX");
    assert_non_null(mkdtemp(daemon->state));
    snprintf(daemon->keys, sizeof daemon->keys, "%s/keys", daemon->state);
    snprintf(daemon->calls, sizeof daemon->calls, "ipc://%s/run/registry.rpc", daemon->state);
    snprintf(daemon->events, sizeof daemon->events, "ipc://%s/run/registry.pub", daemon->state);
    daemon->port = free_port();
    snprintf(daemon->tcp, sizeof daemon->tcp, "tcp://127.0.0.1:%u", daemon->port);
    assert_int_equal(mkdir(daemon->keys, 0700), 0);
    static const char *const names[] = {"registry", "gateway", "follower"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        must(rpc_keys_ensure(daemon->keys, names[i], &problem), &problem);
    must(rpc_keys_load_public(daemon->keys, "registry", daemon->server_key, &problem), &problem);
}

static void run(const daemon_t *daemon, int ready)
{
    char state[96], database[512], listen[256], notice[32], log[96];
    snprintf(state, sizeof state, "PCN_STATE_DIR=%s", daemon->state);
    snprintf(database, sizeof database, "PCN_REGISTRY_DATABASE_URL=%s", test_database_dsn(daemon->database));
    snprintf(listen, sizeof listen, "PCN_REGISTRY_RPC_LISTEN=%s,%s", daemon->calls, daemon->tcp);
    snprintf(notice, sizeof notice, "PCN_READY_FD=%d", ready);
    snprintf(log, sizeof log, "%s/log", daemon->state);
    char *const environment[] = {state, database, listen, notice, (char *)"LC_ALL=C.UTF-8", NULL};
    char *const arguments[] = {(char *)"pcn-registry", NULL};
    const struct rlimit limit = {.rlim_cur = DAEMON_DESCRIPTORS, .rlim_max = DAEMON_DESCRIPTORS};
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // never longer than its test
    if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0)
        execve(PCN_TEST_REGISTRY, arguments, environment);
    _exit(127);
}

static void print_log(const daemon_t *daemon)
{
    char command[128];
    snprintf(command, sizeof command, "tail -n 20 '%s/log' >&2", daemon->state);
    (void)!system(command);
}

void daemon_start(daemon_t *daemon)
{
    memset(daemon, 0, sizeof *daemon);
    make_state(daemon);
    daemon->database = test_database_create();
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    daemon->pid = fork();
    assert_true(daemon->pid >= 0);
    if (daemon->pid == 0) {
        close(ready[0]);
        run(daemon, ready[1]);
    }
    close(ready[1]);
    struct pollfd wait = {.fd = ready[0], .events = POLLIN};
    char notice[8] = "";
    if (poll(&wait, 1, READY_MS) != 1 || read(ready[0], notice, sizeof notice) < 6) {
        print_log(daemon);
        fail_msg("the daemon did not get ready");
    }
    close(ready[0]);
}

bool daemon_alive(const daemon_t *daemon)
{
    return waitpid(daemon->pid, NULL, WNOHANG) == 0;
}

void daemon_stop(daemon_t *daemon)
{
    char command[128];
    int status = -1;
    pid_t ended = 0;
    assert_int_equal(kill(daemon->pid, SIGTERM), 0);
    int64_t limit = clock_steady_us() + END_MS * 1000;
    while ((ended = waitpid(daemon->pid, &status, WNOHANG)) == 0 && clock_steady_us() < limit)
        poll(NULL, 0, AGAIN_MS);
    if (ended == 0) {
        kill(daemon->pid, SIGKILL);
        waitpid(daemon->pid, &status, 0);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        print_log(daemon);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    test_database_drop(&daemon->database);
    snprintf(command, sizeof command, "rm -rf '%s'", daemon->state);
    assert_int_equal(system(command), 0);
}

// ---- what it says of itself

static char *fetch_metrics(const daemon_t *daemon)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char *text = calloc(1, METRICS_MAX);
    assert_non_null(text);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/run/registry.metrics", daemon->state);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0);
    assert_int_equal(write(fd, request, sizeof request - 1), sizeof request - 1);
    size_t size = 0;
    for (ssize_t got; size < METRICS_MAX - 1 && (got = read(fd, text + size, METRICS_MAX - 1 - size)) > 0;)
        size += (size_t)got;
    close(fd);
    assert_non_null(strstr(text, " 200 "));
    return text;
}

double daemon_metric(const daemon_t *daemon, const char *series)
{
    char *text = fetch_metrics(daemon);
    char line[160];
    snprintf(line, sizeof line, "\n%s ", series);
    const char *at = strstr(text, line);
    double value = at != NULL ? strtod(at + strlen(line), NULL) : 0;
    free(text);
    return value;
}

bool daemon_await_metric(const daemon_t *daemon, const char *series, double at_least, int64_t limit_ms)
{
    int64_t limit = clock_steady_us() + limit_ms * 1000;
    while (daemon_metric(daemon, series) < at_least) {
        if (clock_steady_us() > limit)
            return false;
        poll(NULL, 0, AGAIN_MS);
    }
    return true;
}

long daemon_memory_kb(const daemon_t *daemon)
{
    char path[64], line[256];
    long kb = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)daemon->pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && kb < 0 && fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "VmRSS: %ld kB", &kb);
    if (file != NULL)
        fclose(file);
    assert_true(kb > 0);
    return kb;
}

long daemon_descriptors(const daemon_t *daemon)
{
    char path[64];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)daemon->pid);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

// ---- callers

void caller_open(const daemon_t *daemon, caller_t *caller, const char *key, const char *endpoint)
{
    problem_t problem = {0};
    memset(caller, 0, sizeof *caller);
    caller->metrics = metrics_new();
    assert_int_equal(uv_loop_init(&caller->loop), 0);
    must(rpc_context_new(&caller->loop, daemon->keys, key, caller->metrics, &caller->context, &problem), &problem);
    const char *const endpoints[] = {endpoint, NULL};
    const rpc_client_options_t options = {.service = "registry", .endpoints = endpoints, .server_key = daemon->server_key};
    must(rpc_client_new(caller->context, &options, caller->metrics, &caller->client, &problem), &problem);
}

void caller_close(caller_t *caller)
{
    rpc_client_destroy(&caller->client);
    rpc_context_destroy(&caller->context);
    while (uv_run(&caller->loop, UV_RUN_DEFAULT) != 0) {
    }
    assert_int_equal(uv_loop_close(&caller->loop), 0);
    metrics_destroy(&caller->metrics);
}

static void call_done(rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body, size_t body_size,
                      const problem_t *problem)
{
    call_t *call = (call_t *)request;
    call->done++;
    call->status = problem->status;
    call->problem = *problem;
    if (problem->status == STATUS_OK) {
        call->replayed = reply->has_replayed && reply->replayed;
        assert_int_equal(pb_unpack(pb_method_by_name(request->header.method)->reply, body, body_size, request->arena, &call->reply, NULL),
                         STATUS_OK);
    }
}

void call_prepare(call_t *call, const char *method, const void *request, int64_t timeout_ms)
{
    static char *scopes[] = {(char *)"registry.any", (char *)"registry.read", (char *)"organisations.write", (char *)"events.read"};
    memset(call, 0, sizeof *call);
    call->request.arena = arena_new(RPC_ARENA_CAP);
    assert_non_null(call->request.arena);
    Pcn__Common__V1__Principal *principal = arena_zero(call->request.arena, sizeof *principal);
    assert_non_null(principal);
    pcn__common__v1__principal__init(principal);
    principal->subject = (char *)"tester";
    principal->scopes = scopes;
    principal->n_scopes = sizeof scopes / sizeof *scopes;
    pcn__common__v1__request_header__init(&call->request.header);
    id_make(clock_wall_us(), call->id);
    call->request.header.request_id = call->id;
    call->request.header.method = (char *)method;
    call->request.header.principal = principal;
    uint8_t *body = NULL;
    assert_true(pb_pack(request, call->request.arena, &body, &call->request.body_size));
    call->request.body = body;
    call->request.deadline_us = clock_steady_us() + timeout_ms * 1000;
    call->request.repeatable = true;
    call->request.done = call_done;
}

void call_clear(call_t *call)
{
    arena_destroy(&call->request.arena);
}

status_t caller_ask(caller_t *caller, call_t *call)
{
    rpc_client_call(caller->client, &call->request);
    while (call->done == 0)
        (void)uv_run(&caller->loop, UV_RUN_ONCE);
    return call->status;
}

void call_prepare_create(call_t *call, const char *code, const char *name, int64_t timeout_ms)
{
    Pcn__Registry__V1__Organisation organisation = PCN__REGISTRY__V1__ORGANISATION__INIT;
    Pcn__Registry__V1__CreateOrganisationRequest request = PCN__REGISTRY__V1__CREATE_ORGANISATION_REQUEST__INIT;
    organisation.code = (char *)code;
    organisation.name = (char *)name;
    organisation.has_kind = 1;
    organisation.kind = PCN__REGISTRY__V1__ORGANISATION_KIND__ORGANISATION_KIND_ICS;
    request.organisation = &organisation;
    call_prepare(call, CALL_CREATE, &request, timeout_ms);
}

void call_prepare_get(call_t *call, const char *code, int64_t timeout_ms)
{
    Pcn__Registry__V1__GetOrganisationRequest request = PCN__REGISTRY__V1__GET_ORGANISATION_REQUEST__INIT;
    request.code = (char *)code;
    call_prepare(call, CALL_GET, &request, timeout_ms);
}

void call_prepare_rename(call_t *call, const char *code, const char *name, int64_t timeout_ms)
{
    Pcn__Registry__V1__Organisation organisation = PCN__REGISTRY__V1__ORGANISATION__INIT;
    Pcn__Registry__V1__UpdateOrganisationRequest request = PCN__REGISTRY__V1__UPDATE_ORGANISATION_REQUEST__INIT;
    organisation.name = (char *)name;
    request.code = (char *)code;
    request.organisation = &organisation;
    call_prepare(call, CALL_UPDATE, &request, timeout_ms);
}

// ---- chance

chance_t chance_new(void)
{
    const char *given = getenv("PCN_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)clock_wall_us();
    print_message("PCN_TEST_SEED=%llu\n", (unsigned long long)seed);
    return (chance_t){seed};
}

// splitmix64
uint64_t chance_next(chance_t *chance)
{
    uint64_t z = (chance->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

unsigned chance_below(chance_t *chance, unsigned limit)
{
    return (unsigned)(chance_next(chance) % limit);
}
