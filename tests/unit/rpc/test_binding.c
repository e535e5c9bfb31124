#include "common/rpc/binding.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/rpc/publisher.h"
#include "tests/unit/rpc/world.h"

static int bind_port(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static uint16_t free_port(void)
{
    int fd = bind_port(0);
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

// A server on ipc and tcp at once; its client comes by tcp.
static uint16_t start_on(world_t *world, const char *address)
{
    problem_t problem;
    char tcp[64];
    world_init(world);
    uint16_t port = free_port();
    (void)snprintf(world->one.endpoint, sizeof world->one.endpoint, "ipc://%s/one", world->dir);
    (void)snprintf(tcp, sizeof tcp, "tcp://%s:%u", address, port);
    const char *endpoints[] = {world->one.endpoint, tcp, NULL};
    rpc_server_options_t options = {endpoints, world_permissions, world_serve, &world->one, 0};
    assert_int_equal(rpc_context_new(&world->loop, world->dir, "registry", world->metrics, &world->one.context, &problem), STATUS_OK);
    assert_int_equal(rpc_server_new(world->one.context, &options, world->metrics, &world->one.server, &problem), STATUS_OK);
    (void)strcpy(world->one.endpoint, tcp);
    world_client_start(world, "gateway", world->dir, 0);
    return port;
}

static uint16_t start_both(world_t *world)
{
    return start_on(world, "127.0.0.1");
}

static void echoes(world_t *world)
{
    world_call_t call;
    world_call(world, &call, "x", WORLD_LONG_MS, true);
    assert_true(WORLD_UNTIL(world, call.done));
    world_assert_echoed(&call, 1);
}

static void listens_again_on_both(void **state)
{
    (void)state;
    world_t world;
    (void)start_both(&world);
    echoes(&world);
    for (unsigned i = 0; i < 20; i++) {
        rpc_bindings_renew(world.one.context);
        rpc_bindings_renew(world.one.context); // nobody is there to be sent away
        echoes(&world);
    }
    // And by the other way in.
    char ipc[160];
    (void)snprintf(ipc, sizeof ipc, "ipc://%s/one", world.dir);
    rpc_client_destroy(&world.client);
    rpc_context_destroy(&world.context);
    (void)strcpy(world.one.endpoint, ipc);
    world_client_start(&world, "gateway", world.dir, 0);
    echoes(&world);
    world_deinit(&world);
}

static void speaks_over_ipv6(void **state)
{
    (void)state;
    world_t world;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool spoken = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (!spoken) {
        print_message("this machine has no [::1]\n");
        skip();
    }
    (void)start_on(&world, "[::1]");
    echoes(&world);
    world_deinit(&world);
}

static void waits_for_an_endpoint_that_is_taken(void **state)
{
    (void)state;
    world_t world;
    world_call_t call;
    uint16_t port = start_both(&world);
    echoes(&world);
    rpc_bindings_renew(world.one.context);
    int thief = -1;
    while (thief < 0) {
        thief = bind_port(port); // as soon as the old socket let go of it, and before the loop runs again
    }
    world_call(&world, &call, "meanwhile", WORLD_LONG_MS, true);
    world_wait(&world, 400);
    assert_int_equal(call.done, 0);
    assert_int_equal(world.one.served, 1);
    (void)close(thief);
    assert_true(WORLD_UNTIL(&world, call.done));
    world_assert_echoed(&call, 1);
    world_deinit(&world);
}

static void ends_while_it_is_renewed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        world_t world;
        (void)start_both(&world);
        echoes(&world);
        rpc_bindings_renew(world.one.context);
        if (i % 2 == 1) {
            (void)uv_run(&world.loop, UV_RUN_NOWAIT);
        }
        world_deinit(&world);
    }
}

static void says_who_is_in_the_way(void **state)
{
    (void)state;
    world_t world;
    problem_t problem;
    rpc_publisher_t *publisher = NULL;
    uint16_t port = start_both(&world);
    char ipc[160];
    char tcp[64];
    char expected[256];
    (void)snprintf(ipc, sizeof ipc, "ipc://%s/one", world.dir);
    (void)snprintf(tcp, sizeof tcp, "tcp://127.0.0.1:%u", port);
    const char *const taken[] = {ipc, tcp};
    for (size_t i = 0; i < 2; i++) {
        const char *endpoints[] = {taken[i], NULL};
        (void)snprintf(expected, sizeof expected, "Cannot listen on %s: somebody else listens there already", taken[i]);
        assert_int_equal(rpc_publisher_new(world.one.context, endpoints, &publisher, &problem), STATUS_UNAVAILABLE);
        assert_string_equal(problem.detail, expected);
        assert_null(publisher);
    }
    echoes(&world); // and the first one still has it
    const char *nowhere[] = {"ipc:///nowhere/at/all", NULL};
    assert_int_equal(rpc_publisher_new(world.one.context, nowhere, &publisher, &problem), STATUS_UNAVAILABLE);
    assert_non_null(strstr(problem.detail, "Cannot listen on ipc:///nowhere/at/all: "));
    world_deinit(&world);
}

static void counts_connections(void **state)
{
    (void)state;
    enum { SILENT = 30 };
    world_t world;
    int fds[SILENT];
    uint16_t port = start_both(&world);
    echoes(&world);
#define CONNECTIONS world_count(&world, "pcn_rpc_connections_total", "socket=\"calls\"")
#define HANDSHAKES world_count(&world, "pcn_rpc_handshakes_total", "socket=\"calls\"")
#define OPEN metrics_gauge(world.metrics, "pcn_rpc_connections", "socket=\"calls\"", "")->value
    assert_true(WORLD_UNTIL(&world, HANDSHAKES == 1));
    assert_int_equal(CONNECTIONS, 1);
    assert_int_equal(OPEN, 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (unsigned i = 0; i < SILENT; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fds[i], (const struct sockaddr *)&address, sizeof address), 0);
    }
    assert_true(WORLD_UNTIL(&world, CONNECTIONS == 1 + SILENT));
    // Whoever says nothing is not waited for.
    assert_true(WORLD_UNTIL(&world, OPEN == 1));
    assert_int_equal(CONNECTIONS, 1 + SILENT);
    assert_int_equal(HANDSHAKES, 1);
    for (unsigned i = 0; i < SILENT; i++) {
        (void)close(fds[i]);
    }
    echoes(&world);
    world_deinit(&world);
}

// Those who come by a port cannot take what those need who come by ipc.
static void ends_tcp_when_it_is_too_much(void **state)
{
    (void)state;
    enum { DESCRIPTORS = 400, MOST = DESCRIPTORS / 4, SILENT = 2 * MOST };
    struct rlimit before;
    world_t world;
    world_call_t call;
    int fds[SILENT];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit few = {.rlim_cur = DESCRIPTORS, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    uint16_t port = start_both(&world);
    echoes(&world); // over tcp
    rpc_client_t *by_tcp = world.client;
    rpc_context_t *by_tcp_context = world.context;
    (void)snprintf(world.one.endpoint, sizeof world.one.endpoint, "ipc://%s/one", world.dir);
    world_client_start(&world, "gateway", world.dir, 0);
    echoes(&world);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    // One more than may be, at once: whoever is silent is not kept for long.
    for (unsigned i = 0; i < MOST; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fds[i] >= 0);
        assert_int_equal(connect(fds[i], (const struct sockaddr *)&address, sizeof address), 0);
    }
#define SHED world_count(&world, "pcn_rpc_shed_total", "socket=\"calls\"")
    assert_true(WORLD_UNTIL(&world, SHED > 0));
    for (unsigned i = MOST; i < SILENT; i++) { // and they go on trying
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fds[i] >= 0);
        (void)connect(fds[i], (const struct sockaddr *)&address, sizeof address);
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    assert_true(rpc_client_ready(world.client));
    assert_int_equal(world_count(&world, "pcn_rpc_client_repeated_total", "service=\"registry\""), 0);
    echoes(&world);
    for (unsigned i = 0; i < SILENT; i++) {
        (void)close(fds[i]);
    }
    // And who came by tcp comes again.
    world_prepare(&call, "again", WORLD_LONG_MS, true);
    rpc_client_call(by_tcp, &call.request);
    assert_true(WORLD_UNTIL(&world, call.done));
    world_assert_echoed(&call, 1);
    assert_true(WORLD_UNTIL(&world, OPEN == 2));
    rpc_client_destroy(&by_tcp);
    rpc_context_destroy(&by_tcp_context);
    world_deinit(&world);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listens_again_on_both),
        cmocka_unit_test(waits_for_an_endpoint_that_is_taken),
        cmocka_unit_test(ends_while_it_is_renewed),
        cmocka_unit_test(says_who_is_in_the_way),
        cmocka_unit_test(speaks_over_ipv6),
        cmocka_unit_test(counts_connections),
        cmocka_unit_test(ends_tcp_when_it_is_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
