#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/principal.h"

static void copies_its_texts(void **state)
{
    char subject[] = "someone", role[] = "network-manager", code[] = "pcn-rutland";
    const char *const roles[] = {role, "operations"}, *const codes[] = {code};
    (void)state;
    principal_t *principal = principal_new(subject, roles, 2, codes, 1, NULL);
    memset(subject, 'x', sizeof(subject) - 1);
    memset(role, 'x', sizeof(role) - 1);
    memset(code, 'x', sizeof(code) - 1);
    assert_string_equal(principal->message.subject, "someone");
    assert_string_equal(principal->message.roles[0], "network-manager");
    assert_string_equal(principal->message.organisations[0], "pcn-rutland");
    // Both roles may read; the scope stands once.
    int seen = 0;
    for (size_t i = 0; i < principal->message.n_scopes; i++)
        seen += strcmp(principal->message.scopes[i], "registry.read") == 0;
    assert_int_equal(seen, 1);
    assert_true(principal_may(principal, "networks.write"));
    assert_true(principal_may(principal, "status.read"));
    assert_false(principal_may(principal, "registry.any"));
    assert_false(principal_may(principal, ""));
    principal_release(&principal);
    assert_null(principal);
}

static void narrowing(void **state)
{
    static const struct {
        const char *scope;
        size_t count;
    } cases[] = {{"events.read", 1}, {"events.read registry.read", 2}, {"events.readx", 0},
                 {"events", 0},      {"  events.read  ", 1},           {"a b c", 0}};
    const char *const roles[] = {"subscriber"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        principal_t *principal = principal_new("s", roles, 1, NULL, 0, cases[i].scope);
        print_message("%s\n", cases[i].scope);
        assert_int_equal(principal->message.n_scopes, cases[i].count);
        principal_release(&principal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_its_texts),
        cmocka_unit_test(narrowing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
