#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/app/endpoints.h"

static endpoints_t *parse(const char *services)
{
    endpoints_t *endpoints = NULL;
    problem_t problem = {0};
    if (endpoints_new(services, "/srv/pcn", &endpoints, &problem) != STATUS_OK) {
        fail_msg("%s", problem.detail);
    }
    return endpoints;
}

static void assert_list(endpoints_t *endpoints, const char *service, endpoint_kind_t kind, const char *const *expected)
{
    const char *const *list = endpoints_get(endpoints, service, kind);
    size_t i = 0;
    for (; expected[i] != NULL; i++) {
        assert_non_null(list[i]);
        assert_string_equal(list[i], expected[i]);
    }
    assert_null(list[i]);
    assert_ptr_equal(list, endpoints_get(endpoints, service, kind));
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void a_service_listens_in_the_run_folder(void **state)
{
    (void)state;
    const char *const texts[] = {NULL, "", ";", "finance=tcp://f:1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        endpoints_t *endpoints = parse(texts[i]);
        assert_list(endpoints, "registry", ENDPOINT_RPC, LIST("ipc:///srv/pcn/run/registry.rpc"));
        assert_list(endpoints, "registry", ENDPOINT_PUB, LIST("ipc:///srv/pcn/run/registry.pub"));
        endpoints_destroy(&endpoints);
        assert_null(endpoints);
        endpoints_destroy(&endpoints);
    }
}

static void replicas_are_listed_in_order(void **state)
{
    (void)state;
    endpoints_t *endpoints = parse("registry=ipc:///a.rpc,tcp://host:7001,ipc:///b;finance=tcp://[::1]:65534;");
    assert_list(endpoints, "registry", ENDPOINT_RPC, LIST("ipc:///a.rpc", "tcp://host:7001", "ipc:///b"));
    assert_list(endpoints, "registry", ENDPOINT_PUB, LIST("ipc:///a.pub", "tcp://host:7002", "ipc:///b.pub"));
    assert_list(endpoints, "finance", ENDPOINT_RPC, LIST("tcp://[::1]:65534"));
    assert_list(endpoints, "finance", ENDPOINT_PUB, LIST("tcp://[::1]:65535"));
    assert_list(endpoints, "referral", ENDPOINT_RPC, LIST("ipc:///srv/pcn/run/referral.rpc"));
    endpoints_destroy(&endpoints);
}

static void malformed_lists_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "registry",
        "registry=",
        "=ipc:///a",
        "registry=ipc://",
        "registry=ipc:///a,",
        "registry=,ipc:///a",
        "registry=inproc://a",
        "registry=/run/a.rpc",
        "registry=tcp://host",
        "registry=tcp://:7001",
        "registry=tcp://host:",
        "registry=tcp://host:0",
        "registry=tcp://host:65535",
        "registry=tcp://host:70x1",
        "registry=tcp://host:123456",
        "registry=tcp://host:-1",
        "registry=ipc:///a;registry=ipc:///b",
        "Registry=ipc:///a",
        "re gistry=ipc:///a",
        "registry=ipc:///a; finance=ipc:///b",
        "registry=ipc:///0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        endpoints_t *endpoints = NULL;
        problem_t problem = {0};
        assert_int_equal(endpoints_new(bad[i], "/srv/pcn", &endpoints, &problem), STATUS_INVALID_ARGUMENT);
        assert_null(endpoints);
        assert_string_equal(problem.field, "PCN_SERVICES");
    }
}

static void too_many_replicas_are_refused(void **state)
{
    (void)state;
    char text[4096] = "registry=ipc:///0";
    endpoints_t *endpoints = NULL;
    problem_t problem = {0};
    for (int i = 1; i < 64; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), ",ipc:///%d", i);
    }
    assert_int_equal(endpoints_new(text, "/srv/pcn", &endpoints, &problem), STATUS_OK);
    assert_string_equal(endpoints_get(endpoints, "registry", ENDPOINT_PUB)[63], "ipc:///63.pub");
    assert_null(endpoints_get(endpoints, "registry", ENDPOINT_PUB)[64]);
    endpoints_destroy(&endpoints);
    strcat(text, ",ipc:///64");
    assert_int_equal(endpoints_new(text, "/srv/pcn", &endpoints, &problem), STATUS_INVALID_ARGUMENT);
}

static void a_daemon_listens_on_several(void **state)
{
    (void)state;
    problem_t problem = {0};
    endpoint_list_t list;
    assert_int_equal(endpoint_list_init(&list, "PCN_X_RPC_LISTEN", "ipc:///a.rpc", &problem), STATUS_OK);
    assert_string_equal(list.at[0], "ipc:///a.rpc");
    assert_null(list.at[1]);
    endpoint_list_deinit(&list);
    endpoint_list_deinit(&list);
    assert_int_equal(endpoint_list_init(&list, "PCN_X_RPC_LISTEN", "ipc:///a,tcp://127.0.0.1:7101,tcp://*:65535", &problem), STATUS_OK);
    assert_string_equal(list.at[1], "tcp://127.0.0.1:7101");
    assert_string_equal(list.at[2], "tcp://*:65535");
    assert_null(list.at[3]);
    endpoint_list_deinit(&list);
}

static void a_daemon_listens_nowhere_else(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault;
    } wrong[] = {
        {"", "not an ipc:// or tcp:// endpoint"},
        {"ipc:///a,", "not an ipc:// or tcp:// endpoint"},
        {"ipc:///a, tcp://127.0.0.1:7101", "not an ipc:// or tcp:// endpoint"},
        {"ipc://", "not an ipc:// or tcp:// endpoint"},
        {"inproc://a", "not an ipc:// or tcp:// endpoint"},
        {"127.0.0.1:7101", "not an ipc:// or tcp:// endpoint"},
        {"tcp://127.0.0.1", "needs an address and a port from 1 to 65535"},
        {"tcp://:7101", "needs an address and a port from 1 to 65535"},
        {"tcp://127.0.0.1:0", "needs an address and a port from 1 to 65535"},
        {"tcp://127.0.0.1:65536", "needs an address and a port from 1 to 65535"},
        {"tcp://127.0.0.1:71x", "needs an address and a port from 1 to 65535"},
        {"ipc:///a,tcp://h:1,ipc:///a", "named twice"},
        {"ipc:///1,ipc:///2,ipc:///3,ipc:///4,ipc:///5,ipc:///6,ipc:///7,ipc:///8,ipc:///9", "too many endpoints"},
        {"ipc:///a12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "the path is too long"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        problem_t problem = {0};
        endpoint_list_t list;
        assert_int_equal(endpoint_list_init(&list, "PCN_X_RPC_LISTEN", wrong[i].text, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, "PCN_X_RPC_LISTEN");
        char expected[128];
        (void)snprintf(expected, sizeof expected, "PCN_X_RPC_LISTEN: %s: ", wrong[i].fault);
        assert_memory_equal(problem.detail, expected, strlen(expected));
        endpoint_list_deinit(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_daemon_listens_on_several),         cmocka_unit_test(a_daemon_listens_nowhere_else),
        cmocka_unit_test(a_service_listens_in_the_run_folder), cmocka_unit_test(replicas_are_listed_in_order),
        cmocka_unit_test(malformed_lists_are_refused),         cmocka_unit_test(too_many_replicas_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
