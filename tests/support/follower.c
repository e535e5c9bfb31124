#include "tests/support/follower.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/event/tail.h"
#include "tests/support/replay.h"

enum { PATH_ROOM = 256, LOOK_MS = 2, FAILED = 3 };

static bool on_event(void *data, const Pcn__Events__V1__Event *event)
{
    follower_seen_t *seen = data;
    const int64_t place = atomic_load(&seen->place);
    if (event->sequence > place + 1)
        atomic_fetch_add(&seen->gaps, 1);
    else if (event->sequence <= place)
        atomic_fetch_add(&seen->doubles, 1);
    atomic_store(&seen->digest, replay_digest(atomic_load(&seen->digest), event->sequence, event->id != NULL ? event->id : ""));
    atomic_fetch_add(&seen->events, 1);
    atomic_store(&seen->place, event->sequence);
    return true;
}

static void on_gone(void *data, const problem_t *problem)
{
    follower_seen_t *seen = data;
    fprintf(stderr, "follower: gone: %s\n", problem->detail);
    atomic_store(&seen->gone, 1);
}

static status_t follow(const platform_t *platform, const char *service, const char *name, int64_t after, follower_seen_t *seen,
                       uv_loop_t *loop, problem_t *problem)
{
    static char keys[PATH_ROOM], rpc[PATH_ROOM], pub[PATH_ROOM], server_key[RPC_KEY_SIZE];
    static const char *rpc_endpoints[2], *pub_endpoints[2];
    metrics_t *metrics = metrics_new();
    rpc_context_t *context = NULL;
    rpc_client_t *client = NULL;
    event_tail_t *tail = NULL;
    snprintf(keys, sizeof keys, "%s/keys", platform->state_dir);
    snprintf(rpc, sizeof rpc, "ipc://%s/run/%s.rpc", platform->state_dir, service);
    snprintf(pub, sizeof pub, "ipc://%s/run/%s.pub", platform->state_dir, service);
    rpc_endpoints[0] = rpc;
    pub_endpoints[0] = pub;
    status_t status = rpc_keys_load_public(keys, service, server_key, problem);
    if (status == STATUS_OK)
        status = rpc_context_new(loop, keys, name, metrics, &context, problem);
    const rpc_client_options_t calls = {.service = service, .endpoints = rpc_endpoints, .server_key = server_key};
    if (status == STATUS_OK)
        status = rpc_client_new(context, &calls, metrics, &client, problem);
    const event_tail_options_t options = {.service = service,
                                          .context = context,
                                          .client = client,
                                          .pub_endpoints = pub_endpoints,
                                          .server_key = server_key,
                                          .after = {.sequence = after},
                                          .event = on_event,
                                          .gone = on_gone,
                                          .data = seen};
    return status == STATUS_OK ? event_tail_new(&options, metrics, &tail, problem) : status;
}

// Ends with its parent or by a signal, so there is nothing to put away.
static void run(const platform_t *platform, const char *service, const char *name, int64_t after, follower_seen_t *seen)
{
    uv_loop_t loop;
    problem_t problem = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (uv_loop_init(&loop) != 0 || follow(platform, service, name, after, seen, &loop, &problem) != STATUS_OK) {
        fprintf(stderr, "follower: %s\n", problem.detail);
        _exit(FAILED);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(FAILED);
}

bool follower_start(follower_t *follower, const platform_t *platform, const char *service, const char *name, int64_t after)
{
    char command[3 * PATH_ROOM];
    *follower = (follower_t){0};
    snprintf(command, sizeof command, "'%s/bin/pcnctl' keys add '%s' --dir '%s/keys' >/dev/null", platform->state_dir, name,
             platform->state_dir);
    void *memory = mmap(NULL, sizeof *follower->seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || system(command) != 0) {
        fprintf(stderr, "follower: %s\n", command);
        return false;
    }
    follower->seen = memory;
    atomic_store(&follower->seen->place, after);
    fflush(NULL);
    follower->pid = fork();
    if (follower->pid == 0)
        run(platform, service, name, after, follower->seen);
    return follower->pid > 0;
}

bool follower_await(const follower_t *follower, int64_t place, long limit_ms)
{
    const int64_t until_us = clock_steady_us() + limit_ms * INT64_C(1000);
    // It shares memory with its parent and no event.
    while (atomic_load(&follower->seen->place) < place && clock_steady_us() < until_us)
        (void)poll(NULL, 0, LOOK_MS);
    return atomic_load(&follower->seen->place) >= place;
}

bool follower_stop(follower_t *follower)
{
    int status = 0;
    if (follower->pid <= 0)
        return true;
    kill(follower->pid, SIGKILL);
    const bool reaped = waitpid(follower->pid, &status, 0) == follower->pid;
    const bool good = reaped && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (follower->seen != NULL)
        munmap(follower->seen, sizeof *follower->seen);
    *follower = (follower_t){0};
    return good;
}
