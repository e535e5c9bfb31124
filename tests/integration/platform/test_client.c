// What a stranger's tools make of the platform: a client generated from /openapi.json by a program that nobody here wrote, and the page of
// the interface, which asks no other host for anything.
#include "tests/integration/platform/rig.h"

// Installs and generates in the build folder. The token goes by the environment.
static void a_generated_client_works(void **state)
{
    const rig_t *rig = *state;
    char command[512];
    assert_int_equal(setenv("PCN_TOKEN", rig->manager, 1), 0);
    (void)snprintf(command, sizeof command, "'%s' client '%s' '%s' >'%s/client.log' 2>&1 || { cat '%s/client.log'; exit 1; }",
                   PCN_CLONE "/tests/contract/run.sh", PCN_TEST_CONTRACT, rig->platform.url, rig->platform.folder, rig->platform.folder);
    const int status = system(command);
    assert_int_equal(unsetenv("PCN_TOKEN"), 0);
    assert_int_equal(status, 0);
}

static void documents_need_no_token(void **state)
{
    static const struct {
        const char *path, *beginning;
    } documents[] = {{"/openapi.json", "{\"openapi\":\"3.1"}, {"/asyncapi.json", "{\"asyncapi\":\"3.0"}, {"/docs", "<!doctype html>"}};
    const rig_t *rig = *state;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        http_answer_t answer = rig_ask(rig, NULL, "GET", documents[i].path, NULL, NULL, NULL);
        assert_int_equal(answer.status, 200);
        assert_memory_equal(answer.body, documents[i].beginning, strlen(documents[i].beginning));
        assert_null(strstr(answer.body, "src="));
        http_answer_clear(&answer);
        rig_assert_problem(rig_ask(rig, NULL, "POST", documents[i].path, "{}", NULL, NULL), 405, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_need_no_token),
        cmocka_unit_test(a_generated_client_works),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
