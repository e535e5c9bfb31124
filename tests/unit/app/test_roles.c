#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/app/roles.h"
#include "common/pb/type.h"

static void found_by_name(void **state)
{
    (void)state;
    assert_string_equal(role_by_name("network-manager")->name, "network-manager");
    assert_null(role_by_name("Network-Manager"));
    assert_null(role_by_name(""));
    assert_true(role_has_scope(role_by_name("system-manager"), "registry.any"));
    assert_false(role_has_scope(role_by_name("network-manager"), "registry.any"));
    assert_false(role_has_scope(role_by_name("subscriber"), "organisations.write"));
    assert_false(role_has_scope(role_by_name("subscriber"), "events"));
}

static void each_stands_once_with_purpose_and_scopes(void **state)
{
    (void)state;
    for (const role_t *role = role_list(); role->name != NULL; role++) {
        assert_ptr_equal(role_by_name(role->name), role);
        assert_true(role->purpose[0] != '\0');
        assert_non_null(role->scopes[0]);
        // Organisations and networks are public to every valid token.
        assert_true(role_has_scope(role, "registry.read"));
        for (size_t i = 0; role->scopes[i] != NULL; i++) {
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(role->scopes[i], role->scopes[j]);
        }
    }
}

// A scope that no role holds would lock a method for ever.
static void every_scope_of_the_contract_is_held(void **state)
{
    (void)state;
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++) {
        for (unsigned i = 0; i < (*service)->method_count; i++) {
            const char *scope = (*service)->methods[i].scope;
            bool held = scope == NULL;
            for (const role_t *role = role_list(); !held && role->name != NULL; role++)
                held = role_has_scope(role, scope);
            assert_true(held);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_name),
        cmocka_unit_test(each_stands_once_with_purpose_and_scopes),
        cmocka_unit_test(every_scope_of_the_contract_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
