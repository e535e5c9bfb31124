// The facts of the documents, read from a running platform: to the patient, with the known inconsistencies reported.
#include "tests/integration/platform/rig.h"

static json_int_t total(const rig_t *rig, const char *filter)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/organisations?%s&pageSize=1", filter);
    http_answer_t answer = rig_get(rig, path);
    const json_int_t count = rig_number(&answer, "totalSize");
    http_answer_clear(&answer);
    return count;
}

static void test_counts(void **state)
{
    const rig_t *rig = *state;
    assert_int_equal(total(rig, "kind=network"), 25);
    assert_int_equal(total(rig, "kind=practice"), 134);
    assert_int_equal(total(rig, "kind=ccg"), 3);
    assert_int_equal(total(rig, "kind=network&parent=la-leicestershire"), 14);
    assert_int_equal(total(rig, "parent=la-leicestershire"), 14);
    assert_int_equal(total(rig, "kind=practice&parent=pcn-north-west-leicestershire"), 13);
    assert_int_equal(total(rig, "level=system&kind=ics"), 2);
    assert_int_equal(total(rig, "q=whitwick"), 3);
}

// Every page of a walk holds something new, and together they are the list.
static void test_paging(void **state)
{
    const rig_t *rig = *state;
    char path[256] = "/v1/organisations?kind=practice&pageSize=7", last[80] = "";
    size_t seen = 0;
    for (bool more = true; more;) {
        http_answer_t page = rig_get(rig, path);
        size_t i;
        json_t *row;
        json_array_foreach(json_object_get(page.json, "organisations"), i, row)
        {
            const char *code = json_string_value(json_object_get(row, "code"));
            assert_true(strcmp(code, last) > 0);
            snprintf(last, sizeof last, "%s", code);
            seen++;
        }
        const char *token = http_text(&page, "nextPageToken");
        more = token != NULL;
        if (more)
            snprintf(path, sizeof path, "/v1/organisations?kind=practice&pageSize=7&pageToken=%s", token);
        http_answer_clear(&page);
    }
    assert_int_equal(seen, 134);
}

static void test_networks_sum(void **state)
{
    const rig_t *rig = *state;
    http_answer_t list = rig_get(rig, "/v1/organisations?kind=network&pageSize=1000");
    json_int_t patients = 0;
    size_t i, directors = 0, members = 0, above = 0, below = 0;
    json_t *row;
    json_array_foreach(json_object_get(list.json, "organisations"), i, row)
    {
        char path[128];
        snprintf(path, sizeof path, "/v1/networks/%s", json_string_value(json_object_get(row, "code")));
        http_answer_t network = rig_get(rig, path);
        patients += rig_number(&network, "listSize.stated");
        directors += json_array_size(json_object_get(network.json, "directors"));
        members += json_array_size(json_object_get(network.json, "members"));
        size_t k;
        json_t *finding;
        json_array_foreach(json_object_get(network.json, "findings"), k, finding)
        {
            const char *code = json_string_value(json_object_get(finding, "code"));
            above += strcmp(code, "size-band-above") == 0;
            below += strcmp(code, "size-band-below") == 0;
        }
        http_answer_clear(&network);
    }
    http_answer_clear(&list);
    assert_int_equal(patients, 1150930);
    assert_int_equal(directors, 26);
    assert_int_equal(members, 134);
    assert_int_equal(above, 6);
    assert_int_equal(below, 1);
}

static void test_north_west_leicestershire(void **state)
{
    const rig_t *rig = *state;
    http_answer_t network = rig_get(rig, "/v1/networks/pcn-north-west-leicestershire");
    assert_int_equal(rig_number(&network, "listSize.stated"), 107866);
    assert_int_equal(rig_number(&network, "listSize.computed"), 42823 + 37319 + 27724);
    assert_int_equal(rig_number(&network, "listSize.difference"), 0);
    assert_int_equal(json_array_size(json_object_get(network.json, "members")), 13);
    const json_t *groups = json_object_get(network.json, "subGroups");
    const size_t practices[] = {4, 4, 5};
    const json_int_t sizes[] = {42823, 37319, 27724};
    assert_int_equal(json_array_size(groups), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *group = json_array_get(groups, i);
        assert_int_equal(json_array_size(json_object_get(group, "practices")), practices[i]);
        assert_int_equal(json_integer_value(json_object_get(group, "statedListSize")), sizes[i]);
    }
    assert_string_equal(http_text(&network, "commissioner"), "ccg-wl");
    assert_string_equal(http_text(&network, "place"), "la-leicestershire");
    assert_true(json_array_size(json_object_get(network.json, "assumptions")) > 0);
    http_answer_clear(&network);
}

// On the day before the memberships start a network has none.
static void test_as_of(void **state)
{
    const rig_t *rig = *state;
    http_answer_t before = rig_get(rig, "/v1/networks/pcn-rutland?asOf=2019-06-30");
    assert_int_equal(json_array_size(json_object_get(before.json, "members")), 0);
    http_answer_clear(&before);
    http_answer_t first = rig_get(rig, "/v1/networks/pcn-rutland?asOf=2019-07-01");
    assert_true(json_array_size(json_object_get(first.json, "members")) > 0);
    http_answer_clear(&first);
}

static void test_checks(void **state)
{
    const rig_t *rig = *state;
    static const struct {
        const char *code, *subject;
        json_int_t stated, computed;
    } expected[] = {
        // Inconsistencies that the data set lists: populations against list sizes, practices stated against named.
        {"population-difference", "organisations/ccg-city", 415213, 416294},
        {"population-difference", "organisations/ccg-elr", 321188, 336726},
        {"population-difference", "organisations/ccg-wl", 397441, 397910},
        {"practice-count-difference", "organisations/ccg-city", 58, 56},
        {"practice-count-difference", "organisations/ics-llr", 136, 134},
    };
    http_answer_t checks = rig_get(rig, "/v1/checks");
    for (size_t e = 0; e < sizeof expected / sizeof expected[0]; e++) {
        size_t i, found = 0;
        json_t *finding;
        json_array_foreach(json_object_get(checks.json, "findings"), i, finding)
        {
            if (strcmp(json_string_value(json_object_get(finding, "code")), expected[e].code) != 0 ||
                strcmp(json_string_value(json_object_get(finding, "subject")), expected[e].subject) != 0)
                continue;
            found++;
            assert_int_equal(json_integer_value(json_object_get(finding, "stated")), expected[e].stated);
            assert_int_equal(json_integer_value(json_object_get(finding, "computed")), expected[e].computed);
            assert_int_equal(json_integer_value(json_object_get(finding, "difference")), expected[e].computed - expected[e].stated);
        }
        assert_int_equal(found, 1);
    }
    http_answer_clear(&checks);
}

// The import went the way of every client: its changes are in the log, one event for each organisation with all that hangs on it.
static void test_import_is_in_the_log(void **state)
{
    const rig_t *rig = *state;
    json_t *events = rig_events_after(rig, 0);
    assert_int_equal(json_array_size(events), 186);
    assert_int_equal(rig_events_about(events, "organisations/pcn-fosseway"), 1);
    size_t i;
    const json_t *event;
    json_array_foreach(events, i, event)
    {
        if (strcmp(json_string_value(json_object_get(event, "subject")), "organisations/pcn-fosseway") != 0)
            continue;
        const json_t *data = json_object_get(event, "data");
        assert_string_equal(json_string_value(json_object_get(event, "type")), "pcn.registry.organisation.created");
        assert_int_equal(json_array_size(json_object_get(data, "members")), 4);
        assert_int_equal(json_array_size(json_object_get(data, "directors")), 2);
        assert_int_equal(json_array_size(json_object_get(data, "listSizes")), 1);
    }
    json_decref(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_is_in_the_log),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_paging),
        cmocka_unit_test(test_networks_sum),
        cmocka_unit_test(test_north_west_leicestershire),
        cmocka_unit_test(test_as_of),
        cmocka_unit_test(test_checks),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
