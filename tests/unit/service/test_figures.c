// A service's own figures: gauges that it declares are set by rows, durations are counted by label in buckets of minutes and hours.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/service/figures.h"
#include "pcn/platform/v1/call.pb-c.h"

#define MINUTE_US INT64_C(60000000)

static const service_figure_t gauges[] = {{"pcn_cases_open", "disposition", "Cases."}, {.name = NULL}};
static const service_figure_t durations[] = {{"pcn_response_seconds", "disposition", "Responses."}, {.name = NULL}};

typedef struct fixture {
    service_t service;
    plan_t plan;
    metrics_t *metrics;
    figures_t *figures;
    buf_t text;
} fixture_t;

static int setup(void **state)
{
    static fixture_t fixture;
    problem_t problem = {0};
    fixture = (fixture_t){.service = {.name = "cases", .figures = gauges, .durations = durations}};
    fixture.plan.service = &fixture.service;
    fixture.metrics = metrics_new();
    buf_init(&fixture.text, (size_t)1024 * 1024);
    *state = &fixture;
    // Without a statement nothing is read, and no loop is needed.
    return fixture.metrics != NULL && figures_new(NULL, &fixture.plan, NULL, fixture.metrics, &fixture.figures, &problem) == STATUS_OK ? 0
                                                                                                                                       : -1;
}

static int teardown(void **state)
{
    fixture_t *fixture = *state;
    figures_stop(fixture->figures);
    figures_destroy(&fixture->figures);
    assert_null(fixture->figures);
    metrics_destroy(&fixture->metrics);
    buf_deinit(&fixture->text);
    return 0;
}

static const char *written(fixture_t *fixture)
{
    buf_clear(&fixture->text);
    metrics_write(fixture->metrics, &fixture->text);
    buf_add_char(&fixture->text, '\0');
    assert_true(buf_ok(&fixture->text));
    return fixture->text.data;
}

static void set(fixture_t *fixture, const char *name, const char *label, int64_t value)
{
    Pcn__Platform__V1__Figure row = PCN__PLATFORM__V1__FIGURE__INIT;
    row.name = (char *)(uintptr_t)name;
    row.label = (char *)(uintptr_t)label;
    row.value = value;
    void *rows[] = {&row};
    figures_set(fixture->figures, rows, 1);
}

static void gauges_are_what_was_read_last(void **state)
{
    fixture_t *fixture = *state;
    set(fixture, "pcn_cases_open", "crisis-response", 3);
    set(fixture, "pcn_cases_open", "dental", 1);
    assert_non_null(strstr(written(fixture), "pcn_cases_open{disposition=\"crisis-response\"} 3\n"));
    set(fixture, "pcn_cases_open", "crisis-response", 0);
    assert_non_null(strstr(written(fixture), "pcn_cases_open{disposition=\"crisis-response\"} 0\n"));
    assert_non_null(strstr(written(fixture), "pcn_cases_open{disposition=\"dental\"} 1\n"));
}

static void what_is_not_declared_or_breaks_a_line_is_left_out(void **state)
{
    fixture_t *fixture = *state;
    set(fixture, "pcn_invented", "dental", 1);
    set(fixture, NULL, "dental", 1);
    set(fixture, "pcn_cases_open", NULL, 1);
    set(fixture, "pcn_cases_open", "a\"} 1\nb", 1);
    static char longest[200];
    memset(longest, 'a', sizeof longest - 1);
    set(fixture, "pcn_cases_open", longest, 1);
    assert_string_equal(written(fixture), "");
}

static void durations_are_counted_in_minutes_and_hours(void **state)
{
    fixture_t *fixture = *state;
    const int64_t samples[] = {MINUTE_US, 2 * MINUTE_US, 120 * MINUTE_US, 120 * MINUTE_US + 1, 20000 * MINUTE_US};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        figures_observe(fixture->figures, &(service_observation_t){"pcn_response_seconds", "crisis-response", samples[i]});
    const char *text = written(fixture);
    assert_non_null(strstr(text, "# TYPE pcn_response_seconds histogram\n"));
    assert_non_null(strstr(text, "pcn_response_seconds_bucket{disposition=\"crisis-response\",le=\"60\"} 1\n"));
    assert_non_null(strstr(text, "pcn_response_seconds_bucket{disposition=\"crisis-response\",le=\"300\"} 2\n"));
    assert_non_null(strstr(text, "pcn_response_seconds_bucket{disposition=\"crisis-response\",le=\"7200\"} 3\n"));
    assert_non_null(strstr(text, "pcn_response_seconds_bucket{disposition=\"crisis-response\",le=\"10800\"} 4\n"));
    assert_non_null(strstr(text, "pcn_response_seconds_bucket{disposition=\"crisis-response\",le=\"604800\"} 4\n"));
    assert_non_null(strstr(text, "pcn_response_seconds_bucket{disposition=\"crisis-response\",le=\"+Inf\"} 5\n"));
    // Latencies beside it keep their own.
    histogram_add(metrics_histogram(fixture->metrics, "pcn_s", NULL, "S."), 150);
    assert_non_null(strstr(written(fixture), "pcn_s_bucket{le=\"0.0002\"} 1\n"));
}

static void nothing_observed_counts_nothing(void **state)
{
    fixture_t *fixture = *state;
    figures_observe(fixture->figures, &(service_observation_t){0});
    figures_observe(fixture->figures, &(service_observation_t){"pcn_invented", "dental", 1});
    figures_observe(NULL, &(service_observation_t){"pcn_response_seconds", "dental", 1});
    assert_string_equal(written(fixture), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(gauges_are_what_was_read_last),
        TEST(what_is_not_declared_or_breaks_a_line_is_left_out),
        TEST(durations_are_counted_in_minutes_and_hours),
        TEST(nothing_observed_counts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
