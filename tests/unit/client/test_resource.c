#include "common/client/resource.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static void finds_the_version(void **state)
{
    (void)state;
    const struct {
        const char *data;
        int64_t version;
    } cases[] = {
        {"{\"version\":7}", 7},
        {"{\"code\":\"x\",\"version\":12,\"name\":\"y\"}", 12},
        {" { \"code\" : \"x\" , \"version\" : 9223372036854775807 } ", INT64_MAX},
        {"{\"part\":{\"version\":3},\"list\":[{\"version\":4}],\"version\":5}", 5},
        {"{\"part\":{\"version\":3}}", 0},
        {"{\"name\":\"version\",\"x\":\"\\\",\\\"version\\\":9\",\"version\":6}", 6},
        {"{\"name\":\"a\\\\\",\"version\":6}", 6},
        {"{\"versions\":1,\"aversion\":2}", 0},
        {"[{\"version\":1}]", 0},
        {"[\"version\",1]", 0},
        {"{\"version\":\"1\"}", 0},
        {"{\"version\":1.5}", 0},
        {"{\"version\":99999999999999999999}", 0},
        {"{\"version\":1", 0},
        {"{\"version\"", 0},
        {"{\"version", 0},
        {"{\"x\\", 0},
        {"]}", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(client_resource_version(cases[i].data), cases[i].version);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_version)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
