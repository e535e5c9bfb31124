#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pcn/events/v1/events.meta.h"
#include "pcn/registry/v1/registry.meta.h"
#include "services/gateway/route.h"

#define GET_REQUEST &pcn__registry__v1__get_organisation_request__type
#define ORGANISATION &pcn__registry__v1__organisation__type

// Routes beyond the contract of today: custom verbs, literals beside fields.
static const pb_method_t methods[] = {
    {.name = "t/Accept", .service = "registry", .request = GET_REQUEST, .reply = ORGANISATION,
     .verb = "POST", .path = "/v1/referrals/{code}:accept", .body = "*", .flags = PB_CHANGES, .success = 200},
    {.name = "t/Return", .service = "registry", .request = GET_REQUEST, .reply = ORGANISATION,
     .verb = "POST", .path = "/v1/referrals/{code}:return", .body = "*", .flags = PB_CHANGES, .success = 200},
    {.name = "t/Get", .service = "registry", .request = GET_REQUEST, .reply = ORGANISATION,
     .verb = "GET", .path = "/v1/referrals/{code}", .success = 200},
    {.name = "t/Delete", .service = "registry", .request = GET_REQUEST, .reply = ORGANISATION,
     .verb = "DELETE", .path = "/v1/referrals/{code}", .success = 204},
    {.name = "t/Stream", .service = "registry", .request = &pcn__registry__v1__get_checks_request__type, .reply = ORGANISATION,
     .verb = "GET", .path = "/v1/referrals/stream", .success = 200},
    {.name = "t/Find", .service = "registry", .request = &pcn__registry__v1__get_checks_request__type, .reply = ORGANISATION,
     .verb = "POST", .path = "/v1/patients:find", .success = 200},
    {.name = "t/Inner", .service = NULL, .service_from = "service", .request = &pcn__events__v1__read_request__type, .reply = ORGANISATION,
     .verb = "GET", .path = "/v1/{service}/log", .success = 200},
    {.name = "t/Unreached", .service = "registry", .request = GET_REQUEST, .reply = ORGANISATION, .success = 200},
};
static const pb_service_t service = {"t", "", methods, sizeof(methods) / sizeof(methods[0])};
static const pb_service_t *const services[] = {&service, NULL};

typedef struct fixture {
    metrics_t *metrics;
    route_table_t *table;
    arena_t *arena;
    target_t target;
} fixture_t;

static void fixture_init(fixture_t *fixture, const pb_service_t *const *list)
{
    problem_t problem = {0};
    fixture->metrics = metrics_new();
    fixture->arena = arena_new(1 << 20);
    assert_int_equal(route_table_new(list, fixture->metrics, &fixture->table, &problem), STATUS_OK);
}

static void fixture_deinit(fixture_t *fixture)
{
    route_table_destroy(&fixture->table);
    metrics_destroy(&fixture->metrics);
    arena_destroy(&fixture->arena);
}

static bool find(fixture_t *fixture, const char *verb, const char *path, route_match_t *match)
{
    problem_t problem;
    assert_int_equal(target_parse(path, strlen(path), fixture->arena, &fixture->target, &problem), STATUS_OK);
    return route_find(fixture->table, &fixture->target, verb_parse(verb), match);
}

static void matching(void **state)
{
    static const struct {
        const char *verb, *path, *method, *value; // method NULL: no path; "": no verb
    } cases[] = {
        {"GET", "/v1/referrals/r1", "t/Get", "r1"},
        {"DELETE", "/v1/referrals/r1", "t/Delete", "r1"},
        {"POST", "/v1/referrals/r1:accept", "t/Accept", "r1"},
        {"POST", "/v1/referrals/r1:return", "t/Return", "r1"},
        {"POST", "/v1/referrals/r1%3Aaccept", "t/Accept", "r1"},
        {"GET", "/v1/referrals/r1:accept", "", NULL},
        {"POST", "/v1/referrals/r1:unknown", NULL, NULL},
        {"GET", "/v1/referrals/r1:", NULL, NULL},
        {"POST", "/v1/referrals/:accept", NULL, NULL},
        {"POST", "/v1/referrals/a:b:accept", NULL, NULL},
        {"POST", "/v1/referrals/r1", "", NULL},
        {"GET", "/v1/referrals/stream", "t/Stream", NULL},
        {"DELETE", "/v1/referrals/stream", "", NULL},
        {"GET", "/v1/referrals/", NULL, NULL},
        {"GET", "/v1/referrals", NULL, NULL},
        {"GET", "/v1/referrals/r1/", NULL, NULL},
        {"GET", "/v1/Referrals/r1", NULL, NULL},
        {"POST", "/v1/patients:find", "t/Find", NULL},
        {"POST", "/v1/patients", NULL, NULL},
        {"POST", "/v1/patients:findx", NULL, NULL},
        {"GET", "/v1/registry/log", "t/Inner", "registry"},
        {"GET", "/", NULL, NULL},
        {"TRACE", "/v1/referrals/r1", "", NULL},
    };
    fixture_t fixture;
    (void)state;
    fixture_init(&fixture, services);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        route_match_t match = {0};
        print_message("%s %s\n", cases[i].verb, cases[i].path);
        assert_int_equal(find(&fixture, cases[i].verb, cases[i].path, &match), cases[i].method != NULL);
        if (cases[i].method == NULL)
            continue;
        if (cases[i].method[0] == '\0') {
            assert_null(match.route);
            continue;
        }
        assert_string_equal(match.route->method->name, cases[i].method);
        if (cases[i].value != NULL) {
            assert_int_equal(match.values[0].size, strlen(cases[i].value));
            assert_memory_equal(match.values[0].text, cases[i].value, match.values[0].size);
        }
    }
    fixture_deinit(&fixture);
}

static void allowed_verbs(void **state)
{
    fixture_t fixture;
    route_match_t match;
    (void)state;
    fixture_init(&fixture, services);
    assert_true(find(&fixture, "PUT", "/v1/referrals/r1", &match));
    assert_string_equal(match.allow, "GET, HEAD, DELETE");
    assert_true(find(&fixture, "GET", "/v1/referrals/r1:accept", &match));
    assert_string_equal(match.allow, "POST");
    fixture_deinit(&fixture);
}

// Every method of the contract with a path is found under it, and answers where its creations lie.
static void the_contract(void **state)
{
    fixture_t fixture;
    route_match_t match;
    (void)state;
    fixture_init(&fixture, pcn_services);
    assert_true(find(&fixture, "POST", "/v1/organisations", &match));
    assert_string_equal(match.route->method->short_name, "CreateOrganisation");
    assert_string_equal(match.route->location->method->path, "/v1/organisations/{code}");
    assert_true(match.route->body_index >= 0);
    assert_true(find(&fixture, "POST", "/v1/networks/pcn-rutland/members", &match));
    assert_string_equal(match.route->location->method->path, "/v1/networks/{code}");
    assert_true(find(&fixture, "POST", "/v1/organisations/C82001/list-sizes", &match));
    assert_null(match.route->location);
    assert_true(find(&fixture, "POST", "/v1/imports", &match));
    assert_string_equal(match.route->location->method->path, "/v1/jobs/{id}");
    assert_true(find(&fixture, "POST", "/v1/jobs/0192f0c1-2345-7abc-8def-0123456789ab:cancel", &match));
    assert_string_equal(match.route->method->short_name, "CancelJob");
    assert_int_equal(match.values[0].size, 36);
    assert_true(find(&fixture, "GET", "/v1/jobs/0192f0c1-2345-7abc-8def-0123456789ab", &match));
    assert_string_equal(match.route->method->short_name, "GetJob");
    assert_true(find(&fixture, "PATCH", "/v1/organisations/C82001", &match));
    assert_true(match.route->clear_index >= 0);
    assert_false(match.route->query[match.route->clear_index]);
    assert_false(match.route->query[match.route->body_index]);
    assert_false(match.route->query[match.route->fields[0]]);
    assert_true(find(&fixture, "GET", "/v1/networks/pcn-rutland", &match));
    int as_of = pb_field_by_json(match.route->method->request, "asOf", 4);
    assert_true(as_of >= 0 && match.route->query[as_of]);
    assert_true(find(&fixture, "GET", "/v1/events/registry", &match));
    assert_int_equal(match.route->service_index, 0);
    assert_null(match.route->method->service);
    fixture_deinit(&fixture);
}

static void refuse(const pb_method_t *method, const pb_method_t *other)
{
    pb_method_t list[2] = {*method};
    if (other != NULL)
        list[1] = *other;
    pb_service_t made = {"t", "", list, other != NULL ? 2 : 1};
    const pb_service_t *const all[] = {&made, NULL};
    metrics_t *metrics = metrics_new();
    route_table_t *table;
    problem_t problem = {0};
    assert_int_equal(route_table_new(all, metrics, &table, &problem), STATUS_INTERNAL);
    assert_null(table);
    assert_string_equal(problem.field, method->name);
    metrics_destroy(&metrics);
}

static void broken_contracts(void **state)
{
    pb_method_t method = methods[2];
    (void)state;
    refuse(&method, &method);
    method.path = "/v1/x/{nothing}";
    refuse(&method, NULL);
    method.path = "/v1/x/{code";
    refuse(&method, NULL);
    method.path = "/v1/x/{code}accept";
    refuse(&method, NULL);
    method.path = "/v1/x/{code}:";
    refuse(&method, NULL);
    method.path = "/v1//x";
    refuse(&method, NULL);
    method.path = "x";
    refuse(&method, NULL);
    method = methods[2];
    method.verb = "BREW";
    refuse(&method, NULL);
    method = methods[2];
    method.body = "code";
    refuse(&method, NULL);
    method = methods[2];
    method.service = NULL;
    refuse(&method, NULL);
}

#define BEGIN_REQUEST &pcn__registry__v1__begin_import_request__type
#define PUT_REQUEST &pcn__registry__v1__put_import_part_request__type
#define JOB &pcn__registry__v1__job__type
#define EXPORT_REQUEST &pcn__registry__v1__export_request__type
#define EXPORT_REPLY &pcn__registry__v1__export_reply__type

// Files need messages that carry them.
static void contracts_of_files(void **state)
{
    const pb_method_t begin = {.name = "t/Begin", .short_name = "Begin", .service = "registry", .request = BEGIN_REQUEST, .reply = JOB,
                               .verb = "POST", .path = "/v1/t", .upload = "Put", .success = 202};
    const pb_method_t put = {.name = "t/Put", .short_name = "Put", .service = "registry", .request = PUT_REQUEST, .reply = JOB, .part_of = "Begin"};
    const pb_method_t get = {.name = "t/Get", .short_name = "Get", .service = "registry", .request = &pcn__registry__v1__get_job_request__type,
                             .reply = JOB, .verb = "GET", .path = "/v1/t/{id}", .success = 200};
    const pb_method_t dump = {.name = "t/Dump", .short_name = "Dump", .service = "registry", .request = EXPORT_REQUEST, .reply = EXPORT_REPLY,
                              .verb = "GET", .path = "/v1/d/{format}", .flags = PB_DOWNLOAD, .success = 200};
    const pb_method_t good[] = {begin, put, get, dump};
    const pb_service_t made = {"t", "", good, 4};
    const pb_service_t *const list[] = {&made, NULL};
    fixture_t fixture;
    route_match_t match;
    (void)state;
    fixture_init(&fixture, list);
    assert_true(find(&fixture, "POST", "/v1/t", &match));
    assert_ptr_equal(match.route->upload.piece, &good[1]);
    assert_string_equal(match.route->location->method->name, "t/Get");
    assert_false(match.route->download.is);
    assert_true(find(&fixture, "GET", "/v1/d/csv", &match));
    assert_true(match.route->download.is);
    assert_null(match.route->upload.piece);
    // The gateway alone asks for what comes next.
    assert_false(match.route->query[match.route->download.page_token]);
    fixture_deinit(&fixture);
    pb_method_t one = begin, two = put;
    two.part_of = NULL;
    refuse(&one, &two);
    two = put;
    two.part_of = "Other";
    refuse(&one, &two);
    two = put;
    two.short_name = "Pit";
    refuse(&one, &two);
    two = put;
    two.reply = ORGANISATION;
    refuse(&one, &two);
    two = put;
    two.request = BEGIN_REQUEST;
    refuse(&one, &two);
    two = put;
    one.body = "*";
    refuse(&one, &two);
    one = begin;
    one.reply = two.reply = ORGANISATION;
    refuse(&one, &two);
    one = dump;
    one.reply = ORGANISATION;
    refuse(&one, NULL);
    one = dump;
    one.request = GET_REQUEST;
    one.path = "/v1/d/{code}";
    refuse(&one, NULL);
}

static void counting(void **state)
{
    fixture_t fixture;
    route_match_t match;
    buf_t text;
    (void)state;
    fixture_init(&fixture, services);
    buf_init(&text, 1 << 20);
    assert_true(find(&fixture, "GET", "/v1/referrals/r1", &match));
    for (int i = 0; i < 3; i++)
        route_count(match.route->metrics, fixture.metrics, 200, 1000);
    for (int status = 400; status < 400 + 2 * ROUTE_STATUSES; status++)
        route_count(match.route->metrics, fixture.metrics, status, 1000);
    assert_int_equal(match.route->metrics->requests[0].counter->value, 3);
    assert_int_equal(match.route->metrics->seconds->count, 3 + 2 * ROUTE_STATUSES);
    buf_deinit(&text);
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matching),         cmocka_unit_test(allowed_verbs), cmocka_unit_test(the_contract),
        cmocka_unit_test(broken_contracts), cmocka_unit_test(counting), cmocka_unit_test(contracts_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
