// The contract's names on the command line, over the whole contract: what a new service brings is held to it too.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "services/ctl/contract.h"

static void assert_kebab(const char *name, const char *expected)
{
    char kebab[CONTRACT_NAME_SIZE];
    contract_kebab(name, kebab);
    assert_string_equal(kebab, expected);
}

static void names(void **state)
{
    (void)state;
    assert_kebab("GetOrganisation", "get-organisation");
    assert_kebab("as_of", "as-of");
    assert_kebab("openedOn", "opened-on");
    assert_kebab("q", "q");
    assert_kebab("GetGPList", "get-gp-list");
    assert_kebab("ListQ1Returns", "list-q1-returns");
    assert_kebab("", "");
    char long_name[4 * CONTRACT_NAME_SIZE];
    memset(long_name, 'A', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    char kebab[CONTRACT_NAME_SIZE];
    contract_kebab(long_name, kebab);
    assert_true(strlen(kebab) < CONTRACT_NAME_SIZE);
}

static void groups(void **state)
{
    (void)state;
    char group[CONTRACT_NAME_SIZE];
    contract_group("pcn.registry.v1.Registry/GetOrganisation", group);
    assert_string_equal(group, "registry");
    assert_true(contract_group_known("registry"));
    assert_true(contract_group_known("events"));
    assert_false(contract_group_known("platform"));
    assert_false(contract_group_known(""));
    assert_string_equal(contract_find("registry", "get-organisation")->name, "pcn.registry.v1.Registry/GetOrganisation");
    assert_null(contract_find("registry", "GetOrganisation"));
    assert_null(contract_find("events", "get-organisation"));
    // Without a route there is no way to it.
    assert_null(contract_find("registry", "come-into-force"));
    assert_null(contract_find("registry", "put-import-part"));
}

static void find_again(void *data, const pb_service_t *service, const pb_method_t *method)
{
    char group[CONTRACT_NAME_SIZE], name[CONTRACT_NAME_SIZE];
    contract_group(service->name, group);
    contract_kebab(method->short_name, name);
    // Two services of a package may not have a call of the same name: only one would be found.
    assert_ptr_equal(contract_find(group, name), method);
    assert_non_null(method->comment);
    ++*(size_t *)data;
}

static void every_call_has_a_name_of_its_own(void **state)
{
    (void)state;
    size_t walked = 0, routed = 0;
    contract_walk(NULL, find_again, &walked);
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++) {
        for (unsigned i = 0; i < (*service)->method_count; i++)
            routed += (*service)->methods[i].path != NULL;
    }
    assert_true(walked > 40);
    assert_int_equal(walked, routed);
}

static void assert_comment(const char *comment, const char *expected)
{
    buf_t out;
    buf_init(&out, 4096);
    contract_comment(comment, &out);
    assert_string_equal(out.data, expected);
    buf_deinit(&out);
}

static void comments(void **state)
{
    (void)state;
    assert_comment("NOT_FOUND where there is none.", "NOT_FOUND (exit code 3) where there is none.");
    assert_comment("Refuses as AddMember does; UNAVAILABLE or ABORTED.",
                   "Refuses as add-member does; UNAVAILABLE (exit code 5) or ABORTED (exit code 4).");
    assert_comment("INTERNAL: NOT_FOUND_ELSEWHERE, XNOT_FOUND, Export of it.",
                   "INTERNAL (exit code 1): NOT_FOUND_ELSEWHERE, XNOT_FOUND, export of it.");
}

static void assert_summary(const char *comment, const char *expected)
{
    const pb_method_t method = {.name = "pcn.x.v1.X/Get", .short_name = "Get", .comment = comment};
    buf_t out;
    buf_init(&out, 4096);
    assert_int_equal(contract_summary(&method, &out), expected != NULL);
    if (expected != NULL)
        assert_string_equal(out.data, expected);
    buf_deinit(&out);
}

static void summaries(void **state)
{
    (void)state;
    assert_summary("Ordered by code; a page token stays good. NOT_FOUND.", "Ordered by code");
    assert_summary("NOT_FOUND where 0.5 is. What is e.g. below it.", "What is e.g. below it");
    assert_summary("NOT_FOUND where there is none.", NULL);
    assert_summary("", NULL);
    assert_summary(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(groups),
                                       cmocka_unit_test(every_call_has_a_name_of_its_own), cmocka_unit_test(comments),
                                       cmocka_unit_test(summaries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
