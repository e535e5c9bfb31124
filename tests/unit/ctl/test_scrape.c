// Figures of a page of metrics.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/ctl/scrape.h"

static const char page[] = "# HELP pcn_ready Whether the daemon can serve.\n"
                           "# TYPE pcn_ready gauge\n"
                           "pcn_ready 1\n"
                           "pcn_ready_seconds 7\n"
                           "pcn_build_info{version=\"0.3.0\"} 1\n"
                           "pcn_follower_lag_events{source=\"registry\"} 17\n"
                           "pcn_follower_lag_events{source=\"finance\",kind=\"x\"} 3\n"
                           "pcn_event_delay_seconds_bucket{le=\"0.001\"} 1\n"
                           "pcn_event_delay_seconds_bucket{le=\"0.01\"} 6\n"
                           "pcn_event_delay_seconds_bucket{le=\"+Inf\"} 10\n"
                           "pcn_event_delay_seconds_sum 1.5\n"
                           "pcn_event_delay_seconds_count 10\n"
                           "process_resident_memory_bytes 1.2e+07";

static void numbers(void **state)
{
    (void)state;
    double value = 0;
    assert_true(scrape_number(page, "pcn_ready", NULL, NULL, &value));
    assert_true(value == 1);
    assert_true(scrape_number(page, "pcn_follower_lag_events", "source", "finance", &value));
    assert_true(value == 3);
    assert_true(scrape_number(page, "pcn_follower_lag_events", NULL, NULL, &value));
    assert_true(value == 17);
    assert_true(scrape_number(page, "process_resident_memory_bytes", NULL, NULL, &value));
    assert_true(value == 12000000);
    assert_false(scrape_number(page, "pcn_follower_lag_events", "source", "workforce", &value));
    assert_false(scrape_number(page, "pcn_read", NULL, NULL, &value));
    assert_false(scrape_number("", "pcn_ready", NULL, NULL, &value));
    assert_false(scrape_number("pcn_ready", "pcn_ready", NULL, NULL, &value));
    assert_false(scrape_number("pcn_ready{a=\"b", "pcn_ready", "a", "b", &value));
    assert_false(scrape_number("pcn_ready x", "pcn_ready", NULL, NULL, &value));
}

static void labels(void **state)
{
    (void)state;
    char text[16];
    assert_true(scrape_label(page, "pcn_build_info", "version", 0, text, sizeof text));
    assert_string_equal(text, "0.3.0");
    assert_true(scrape_label(page, "pcn_follower_lag_events", "source", 1, text, sizeof text));
    assert_string_equal(text, "finance");
    assert_true(scrape_label(page, "pcn_follower_lag_events", "kind", 1, text, sizeof text));
    assert_string_equal(text, "x");
    assert_false(scrape_label(page, "pcn_follower_lag_events", "source", 2, text, sizeof text));
    assert_false(scrape_label(page, "pcn_ready", "source", 0, text, sizeof text));
}

static void quantiles(void **state)
{
    (void)state;
    double bound = 0;
    assert_true(scrape_quantile(page, "pcn_event_delay_seconds", 0.5, &bound));
    assert_true(bound == 0.01);
    assert_true(scrape_quantile(page, "pcn_event_delay_seconds", 0.1, &bound));
    assert_true(bound == 0.001);
    assert_false(scrape_quantile(page, "pcn_event_delay_seconds", 0.99, &bound));
    assert_false(scrape_quantile(page, "pcn_other_seconds", 0.5, &bound));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers), cmocka_unit_test(labels), cmocka_unit_test(quantiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
