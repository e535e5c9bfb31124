// What the way between two daemons costs by itself: calls that a server answers at once, each end a process of its own, over ipc
// with CURVE. Prints, for several numbers of calls in flight, calls a second and the processor time in microseconds that a call takes at
// each end: a line of JSON for each. Not a test.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/rpc/client.h"
#include "common/rpc/server.h"

#define ECHO_METHOD "pcn.registry.v1.Registry/GetOrganisation"

enum { ECHO_BODY = 200, ECHO_TIMEOUT_S = 30, ECHO_ARENA_CAP = 64 * 1024 };

typedef struct echo {
    rpc_client_t *client;
    rpc_server_t *server;
    uint64_t left;
    uint64_t failed;
    unsigned open;
    clockid_t server_clock; // processor time of the other process
} echo_t;

static const rpc_permission_t echo_permissions[] = {{.peer = "*", .method = "", .with_principal = true}, {.peer = NULL}};

static void serve(void *data, rpc_call_t *call)
{
    Pcn__Common__V1__ReplyHeader reply = PCN__COMMON__V1__REPLY_HEADER__INIT;
    rpc_reply(((echo_t *)data)->server, call, &reply, call->body, call->body_size);
}

static void call_again(echo_t *echo, rpc_request_t *request)
{
    if (echo->left == 0) {
        echo->open--;
        return;
    }
    echo->left--;
    arena_reset(request->arena);
    request->deadline_us = clock_steady_us() + ECHO_TIMEOUT_S * INT64_C(1000000);
    rpc_client_call(echo->client, request);
}

static void done(rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body, size_t body_size,
                 const problem_t *problem)
{
    (void)reply;
    (void)body;
    (void)body_size;
    echo_t *echo = request->data;
    echo->failed += problem->status != STATUS_OK ? 1 : 0;
    call_again(echo, request);
}

static int run_server(const char *dir, const char *endpoint)
{
    uv_loop_t loop;
    problem_t problem = {.status = STATUS_OK};
    metrics_t *metrics = metrics_new();
    rpc_context_t *context = NULL;
    echo_t echo = {.left = 0};
    const char *endpoints[] = {endpoint, NULL};
    const rpc_server_options_t options = {endpoints, echo_permissions, serve, &echo, 0};
    if (uv_loop_init(&loop) != 0 || rpc_context_new(&loop, dir, "server", metrics, &context, &problem) != STATUS_OK ||
        rpc_server_new(context, &options, metrics, &echo.server, &problem) != STATUS_OK) {
        (void)fprintf(stderr, "server: %s\n", problem.detail);
        return 1;
    }
    return uv_run(&loop, UV_RUN_DEFAULT);
}

static double cpu_us(clockid_t clock)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void measure(uv_loop_t *loop, echo_t *echo, unsigned in_flight, uint64_t calls)
{
    char body[ECHO_BODY];
    memset(body, 'x', sizeof body);
    rpc_request_t *requests = calloc(in_flight, sizeof *requests);
    if (requests == NULL) {
        return;
    }
    *echo = (echo_t){.client = echo->client, .left = calls, .open = in_flight, .server_clock = echo->server_clock};
    int64_t start = clock_steady_us();
    double client_cpu = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
    double server_cpu = cpu_us(echo->server_clock);
    for (unsigned i = 0; i < in_flight; i++) {
        requests[i].header = (Pcn__Common__V1__RequestHeader)PCN__COMMON__V1__REQUEST_HEADER__INIT;
        requests[i].header.request_id = (char *)"0190b2a0-0000-7000-8000-000000000001";
        requests[i].header.method = (char *)ECHO_METHOD;
        requests[i].body = body;
        requests[i].body_size = sizeof body;
        requests[i].arena = arena_new(ECHO_ARENA_CAP);
        requests[i].done = done;
        requests[i].data = echo;
        call_again(echo, &requests[i]);
    }
    while (echo->open > 0) {
        (void)uv_run(loop, UV_RUN_ONCE);
    }
    int64_t us = clock_steady_us() - start;
    client_cpu = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - client_cpu;
    server_cpu = cpu_us(echo->server_clock) - server_cpu;
    (void)printf("{\"wire\":\"calls\",\"curve\":true,\"inFlight\":%u,\"rate\":%.0f,\"clientUs\":%.2f,\"serverUs\":%.2f,\"failed\":%llu}\n",
                 in_flight, (double)calls * 1e6 / (double)us, client_cpu / (double)calls, server_cpu / (double)calls,
                 (unsigned long long)echo->failed);
    for (unsigned i = 0; i < in_flight; i++) {
        arena_destroy(&requests[i].arena);
    }
    free(requests);
}

static int run_client(const char *dir, const char *endpoint, pid_t server, uint64_t calls)
{
    uv_loop_t loop;
    problem_t problem = {.status = STATUS_OK};
    metrics_t *metrics = metrics_new();
    rpc_context_t *context = NULL;
    echo_t echo = {.left = 0};
    char key[RPC_KEY_SIZE];
    const char *endpoints[] = {endpoint, NULL};
    const rpc_client_options_t options = {"registry", endpoints, key, 0};
    if (clock_getcpuclockid(server, &echo.server_clock) != 0 || uv_loop_init(&loop) != 0 ||
        rpc_keys_load_public(dir, "server", key, &problem) != STATUS_OK ||
        rpc_context_new(&loop, dir, "client", metrics, &context, &problem) != STATUS_OK ||
        rpc_client_new(context, &options, metrics, &echo.client, &problem) != STATUS_OK) {
        (void)fprintf(stderr, "client: %s\n", problem.detail);
        return 1;
    }
    const unsigned in_flight[] = {1, 8, 32, 128, 1024};
    for (size_t i = 0; i < sizeof in_flight / sizeof in_flight[0]; i++) {
        measure(&loop, &echo, in_flight[i], in_flight[i] == 1 ? calls / 10 : calls);
    }
    rpc_client_destroy(&echo.client);
    rpc_context_destroy(&context);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    metrics_destroy(&metrics);
    return 0;
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/pcn-echo-XXXXXX";
    char endpoint[64];
    problem_t problem = {.status = STATUS_OK};
    uint64_t calls = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    if (mkdtemp(dir) == NULL || rpc_keys_ensure(dir, "server", &problem) != STATUS_OK ||
        rpc_keys_ensure(dir, "client", &problem) != STATUS_OK) {
        (void)fprintf(stderr, "keys: %s\n", problem.detail);
        return 1;
    }
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/echo", dir);
    pid_t server = fork();
    if (server == 0) {
        _exit(run_server(dir, endpoint));
    }
    int result = run_client(dir, endpoint, server, calls);
    (void)kill(server, SIGTERM);
    (void)waitpid(server, NULL, 0);
    const char *files[] = {"server.secret", "server.public", "client.secret", "client.public", "echo"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
    return result;
}
