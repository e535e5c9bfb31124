// The whole registry to files and back: into another instance's empty registry, whose next export is the same byte for byte; and a part of
// a synthetic England beside LLR.
#include "tests/integration/platform/files.h"
#include "tests/integration/platform/rig.h"

static void must(http_answer_t answer, long status)
{
    if (answer.status != status)
        fail_msg("%ld instead of %ld: %s", answer.status, status, answer.body);
    http_answer_clear(&answer);
}

static void post(const rig_t *rig, const char *path, const char *body, long status)
{
    must(rig_ask(rig, rig->manager, "POST", path, body, NULL, NULL), status);
}

static void ctl(const platform_t *platform, const char *verb, const char *folder, const char *more)
{
    char arguments[512], *said = NULL;
    snprintf(arguments, sizeof arguments, "%s '%s' %s", verb, folder, more);
    if (platform_ctl(platform, arguments, &said) != 0)
        fail_msg("pcnctl %s: %s", arguments, said);
    free(said);
}

// Something of each kind that an export has a file for, past, coming and corrected too.
static void fill(const rig_t *rig)
{
    post(rig, "/v1/organisations", "{\"code\":\"pcn-north\",\"name\":\"North, \\\"new\\\"\",\"kind\":\"network\",\"parent\":\"ccg-elr\"}",
         201);
    post(rig, "/v1/networks/pcn-slam/members/gp-elr-county:move", "{\"network\":\"pcn-rutland\",\"on\":\"2024-04-01\"}", 200);
    post(rig, "/v1/networks/pcn-slam/members/gp-elr-jubilee:leave", "{\"on\":\"2025-04-01\"}", 200);
    post(rig, "/v1/networks/pcn-north/directors", "{\"name\":\"Dr Example\",\"from\":\"2024-01-01\",\"share\":\"0.5\"}", 201);
    post(rig, "/v1/networks/pcn-north/directors", "{\"name\":\"Dr Mistake\",\"from\":\"2024-01-01\"}", 201);
    post(rig, "/v1/networks/pcn-north/directors:correct", "{\"name\":\"Dr Mistake\",\"from\":\"2024-01-01\",\"never\":true}", 200);
    post(rig, "/v1/networks/pcn-north/waivers", "{\"from\":\"2024-01-01\",\"reason\":\"Rural,\\tspread\",\"grantedBy\":\"ccg-elr\"}", 400);
    post(rig, "/v1/networks/pcn-north/waivers", "{\"from\":\"2024-01-01\",\"reason\":\"Rural, spread\",\"grantedBy\":\"ccg-elr\"}", 201);
    post(rig, "/v1/organisations/gp-elr-county/list-sizes",
         "{\"kind\":\"weighted\",\"count\":4100,\"asOf\":\"2024-01-01\",\"source\":\"a test\",\"synthetic\":true}", 201);
    post(rig, "/v1/organisations/gp-elr-county/list-sizes",
         "{\"kind\":\"registered\",\"count\":4000,\"asOf\":\"2024-01-01\",\"source\":\"a test\"}", 201);
    post(rig, "/v1/organisations/gp-elr-county/list-sizes?correction=true",
         "{\"kind\":\"registered\",\"count\":4001,\"asOf\":\"2024-01-01\",\"source\":\"a test\"}", 201);
    http_answer_t now = rig_get(rig, "/v1/organisations/pcn-north");
    char tag[32];
    snprintf(tag, sizeof tag, "\"%lld\"", (long long)rig_number(&now, "version"));
    http_answer_clear(&now);
    must(rig_ask(rig, rig->manager, "PATCH", "/v1/organisations/pcn-north?effectiveFrom=2024-06-01",
                 "{\"name\":\"North of it\",\"notes\":\"two\\nlines\"}", NULL, tag),
         200);
    post(rig, "/v1/organisations/pcn-north:close", "{\"on\":\"2190-01-01\",\"successors\":[\"pcn-slam\"]}", 200);
    post(rig, "/v1/organisations/pcn-oadby-wigston:merge", "{\"into\":\"pcn-slam\",\"on\":\"2025-10-01\"}", 200);
    post(rig, "/v1/organisations/gp-elr-county/facts",
         "{\"fact\":\"rooms\",\"qualifier\":\"approx\",\"value\":\"12\",\"unit\":\"rooms\",\"source\":\"a test\"}", 201);
    post(rig, "/v1/organisations/pcn-slam/alignments",
         "{\"service\":\"team-night\",\"name\":\"Night team\",\"kind\":\"community-service\",\"from\":\"2022-01-01\"}", 201);
    post(rig, "/v1/sites",
         "{\"code\":\"site-county\",\"organisation\":\"gp-elr-county\",\"name\":\"The "
         "surgery\",\"kind\":\"surgery\",\"floorArea\":\"120.5\"}",
         201);
    post(rig, "/v1/organisations/gp-elr-county/systems", "{\"system\":\"TPP\",\"from\":\"2020-01-01\"}", 201);
}

static void round_trip(void **state)
{
    const rig_t *rig = *state;
    platform_t other;
    char csv[FILES_PATH_SIZE], json[FILES_PATH_SIZE], csv_again[FILES_PATH_SIZE], json_again[FILES_PATH_SIZE];
    fill(rig);
    files_begin(csv);
    files_begin(json);
    files_begin(csv_again);
    files_begin(json_again);
    ctl(&rig->platform, "export", csv, "");
    ctl(&rig->platform, "export", json, "--format json");
    assert_true(platform_start_empty(&other));
    ctl(&other, "import", csv, "");
    ctl(&other, "export", csv_again, "");
    ctl(&other, "export", json_again, "--format json");
    assert_int_equal(files_same(csv, csv_again), 14);
    assert_int_equal(files_same(json, json_again), 1);
    // What was exported is on record there as it is, in either format.
    char arguments[256], *said = NULL;
    snprintf(arguments, sizeof arguments, "import '%s'", json);
    assert_int_equal(platform_ctl(&other, arguments, &said), 0);
    assert_non_null(strstr(said, ": 0 created, 0 changed, "));
    free(said);
    platform_stop(&other);
    // And the other format alone makes the same registry too.
    assert_true(platform_start_empty(&other));
    ctl(&other, "import", json, "");
    ctl(&other, "export", csv_again, "--force");
    assert_int_equal(files_same(csv, csv_again), 14);
    platform_stop(&other);
    files_end(csv);
    files_end(json);
    files_end(csv_again);
    files_end(json_again);
}

static json_int_t total(const rig_t *rig, const char *filter)
{
    char path[160];
    snprintf(path, sizeof path, "/v1/organisations?%s&pageSize=1", filter);
    http_answer_t answer = rig_get(rig, path);
    const json_int_t count = rig_number(&answer, "totalSize");
    http_answer_clear(&answer);
    return count;
}

static void assert_first(const rig_t *rig, const char *query, const char *code)
{
    char path[160];
    snprintf(path, sizeof path, "/v1/organisations?q=%s&pageSize=3", query);
    http_answer_t answer = rig_get(rig, path);
    const json_t *first = json_array_get(json_object_get(answer.json, "organisations"), 0);
    if (first == NULL || strcmp(json_string_value(json_object_get(first, "code")), code) != 0)
        fail_msg("%s is not first: %s", code, answer.body);
    http_answer_clear(&answer);
}

static void a_part_of_england(void **state)
{
    const rig_t *rig = *state;
    char folder[FILES_PATH_SIZE], command[512];
    const json_int_t before = total(rig, "kind=practice"), mark = rig_log_mark(rig);
    files_begin(folder);
    snprintf(command, sizeof command, "python3 '" PCN_CLONE "/tests/support/england.py' --part 50 '%s'", folder);
    assert_int_equal(system(command), 0);
    ctl(&rig->platform, "import", folder, "");
    assert_int_equal(total(rig, "kind=practice"), before + 130);
    assert_int_equal(total(rig, "kind=network&parent=sub-syn-01-1"), 9);
    rig_await_log(rig, mark + 162);
    json_t *events = rig_events_after(rig, mark);
    // One for each organisation, however many rows hang on it.
    assert_int_equal(json_array_size(events), 162);
    assert_int_equal(rig_events_about(events, "organisations/pcn-syn-0001"), 1);
    json_decref(events);
    http_answer_t network = rig_get(rig, "/v1/networks/pcn-syn-0003");
    assert_true(rig_number(&network, "listSize.computed") > 10000);
    http_answer_clear(&network);
    // gp-syn-00017 has moved.
    http_answer_t now = rig_get(rig, "/v1/organisations/gp-syn-00017"),
                  then = rig_get(rig, "/v1/organisations/gp-syn-00017?asOf=2019-12-31");
    assert_string_equal(http_text(&now, "parent"), "pcn-syn-0004");
    assert_string_equal(http_text(&then, "parent"), "pcn-syn-0003");
    http_answer_clear(&now);
    http_answer_clear(&then);
    assert_first(rig, "latham", "gp-elr-latham-house");
    assert_first(rig, "lathem%20house", "gp-elr-latham-house");
    files_end(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(a_part_of_england),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
