// Whose word counts for where a request comes from.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/origin.h"

static const char *find(int family, const char *address, const char *forwarded)
{
    static char origin[ORIGIN_SIZE];
    struct sockaddr_storage peer = {.ss_family = (sa_family_t)family};
    memset(origin, 'x', sizeof origin - 1);
    if (family == AF_INET)
        assert_int_equal(inet_pton(AF_INET, address, &((struct sockaddr_in *)(void *)&peer)->sin_addr), 1);
    if (family == AF_INET6)
        assert_int_equal(inet_pton(AF_INET6, address, &((struct sockaddr_in6 *)(void *)&peer)->sin6_addr), 1);
    origin_find(family != AF_UNSPEC ? (const struct sockaddr *)&peer : NULL, forwarded, origin);
    return origin;
}

static void over_tcp_the_connection_tells(void **state)
{
    (void)state;
    assert_string_equal(find(AF_INET, "127.0.0.1", NULL), "127.0.0.1");
    assert_string_equal(find(AF_INET, "127.0.0.1", "203.0.113.7"), "127.0.0.1");
    assert_string_equal(find(AF_INET6, "::1", "203.0.113.7"), "::1");
    assert_string_equal(find(AF_INET6, "2001:db8::17", NULL), "2001:db8::17");
    assert_string_equal(find(AF_INET6, "::ffff:192.0.2.1", NULL), "192.0.2.1");
}

static void on_the_unix_socket_the_edge_tells(void **state)
{
    (void)state;
    assert_string_equal(find(AF_UNIX, NULL, "203.0.113.7"), "203.0.113.7");
    assert_string_equal(find(AF_UNIX, NULL, "2001:DB8:0::17"), "2001:db8::17");
    assert_string_equal(find(AF_UNIX, NULL, "::ffff:192.0.2.1"), "192.0.2.1");
    assert_string_equal(find(AF_UNIX, NULL, NULL), "");
    static const char *const bad[] = {"",
                                      "unknown",
                                      "203.0.113.7, 10.0.0.1",
                                      "203.0.113.7:80",
                                      " 203.0.113.7",
                                      "203.0.113.256",
                                      "203.0.113.07",
                                      "1.2.3",
                                      "[::1]",
                                      "::1%lo",
                                      "fe80::1%eth0",
                                      "example.org",
                                      "1111:2222:3333:4444:5555:6666:7777:8888:9999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_string_equal(find(AF_UNIX, NULL, bad[i]), "");
}

static void nobody_tells(void **state)
{
    (void)state;
    assert_string_equal(find(AF_UNSPEC, NULL, "203.0.113.7"), "");
    assert_string_equal(find(AF_NETLINK, NULL, "203.0.113.7"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(over_tcp_the_connection_tells), cmocka_unit_test(on_the_unix_socket_the_edge_tells),
                                       cmocka_unit_test(nobody_tells)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
