// What a call is about, by its route: as the audit trail names it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/pb/json.h"
#include "common/service/resource.h"

static void names_by_route(void **state)
{
    (void)state;
    static const struct {
        const char *method, *request, *key, *resource;
    } cases[] = {
        {"pcn.registry.v1.Registry/GetOrganisation", "{\"code\":\"pcn-rutland\"}", NULL, "organisations/pcn-rutland"},
        {"pcn.registry.v1.Registry/UpdateOrganisation", "{\"code\":\"pcn-rutland\"}", "pcn-rutland", "organisations/pcn-rutland"},
        // A creation by its key, or by what the body asks for where it was refused before there was one.
        {"pcn.registry.v1.Registry/CreateOrganisation", "{\"organisation\":{\"code\":\"gp-a\"}}", "gp-b", "organisations/gp-b"},
        {"pcn.registry.v1.Registry/CreateOrganisation", "{\"organisation\":{\"code\":\"gp-a\"}}", NULL, "organisations/gp-a"},
        {"pcn.registry.v1.Registry/CreateOrganisation", "{}", NULL, "organisations"},
        {"pcn.registry.v1.Registry/CreateOrganisation", NULL, NULL, "organisations"},
        // What lies below keeps the whole path, whichever aggregate changes.
        {"pcn.registry.v1.Registry/AddMember", "{\"code\":\"pcn-rutland\"}", "pcn-rutland", "networks/pcn-rutland/members"},
        {"pcn.registry.v1.Registry/AddListSize", "{\"code\":\"gp-a\"}", "gp-a", "organisations/gp-a/list-sizes"},
        // Without its name a resource ends before it.
        {"pcn.registry.v1.Registry/AddMember", NULL, NULL, "networks"},
        {"pcn.registry.v1.Registry/AddMember", "{}", NULL, "networks"},
        {"pcn.registry.v1.Registry/GetChecks", "{}", NULL, "checks"},
        // One name for one resource, however it is asked for.
        {"pcn.referral.v1.Referral/ListAccesses", "{\"id\":\"0198C0DE-0000-7000-8000-00000000ABCD\"}", NULL,
         "patients/0198c0de-0000-7000-8000-00000000abcd/accesses"},
        {"pcn.events.v1.Events/Read", "{\"service\":\"registry\"}", NULL, "events/registry"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arena_t *arena = arena_new(65536);
        const pb_method_t *method = pb_method_by_name(cases[i].method);
        void *request = NULL;
        problem_t problem = {0};
        assert_non_null(method);
        if (cases[i].request != NULL)
            assert_int_equal(pb_json_read(method->request, cases[i].request, strlen(cases[i].request), PB_JSON_TRUSTED, arena, &request,
                                          NULL, NULL, &problem),
                             STATUS_OK);
        assert_string_equal(resource_path(method, request, cases[i].key, arena), cases[i].resource);
        arena_destroy(&arena);
    }
}

static void verbs_are_left_out(void **state)
{
    (void)state;
    arena_t *arena = arena_new(65536);
    pb_method_t method = *pb_method_by_name("pcn.registry.v1.Registry/GetOrganisation");
    void *request = NULL;
    problem_t problem = {0};
    assert_int_equal(pb_json_read(method.request, "{\"code\":\"a-b\"}", 14, PB_JSON_TRUSTED, arena, &request, NULL, NULL, &problem),
                     STATUS_OK);
    method.path = "/v1/networks/{code}:close";
    assert_string_equal(resource_path(&method, request, NULL, arena), "networks/a-b");
    assert_string_equal(resource_path(&method, NULL, NULL, arena), "networks");
    method.path = "/v1/networks/{code}/members/{nobody}:move";
    assert_string_equal(resource_path(&method, request, NULL, arena), "networks/a-b/members");
    method.path = "/v1/patients:find";
    assert_string_equal(resource_path(&method, request, NULL, arena), "patients");
    method.path = NULL;
    assert_string_equal(resource_path(&method, request, NULL, arena), "");
    assert_string_equal(resource_path(&method, request, "a-b", arena), "a-b");
    arena_destroy(&arena);
}

static void no_memory(void **state)
{
    (void)state;
    arena_t *arena = arena_new(8);
    assert_null(resource_path(pb_method_by_name("pcn.registry.v1.Registry/GetChecks"), NULL, NULL, arena));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_by_route), cmocka_unit_test(verbs_are_left_out), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
