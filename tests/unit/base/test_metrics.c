#include "support.h"

#include "common/base/metrics.h"

static void assert_written(const metrics_t *metrics, const char *expected)
{
    buf_t out;
    buf_init(&out, 1024 * 1024);
    metrics_write(metrics, &out);
    buf_add_string(&out, "");
    assert_true(buf_ok(&out));
    assert_string_equal(out.data, expected);
    buf_deinit(&out);
}

static void nothing_writes_nothing(void **state)
{
    (void)state;
    metrics_t *metrics = metrics_new();
    assert_written(metrics, "");
    metrics_destroy(&metrics);
    assert_null(metrics);
    metrics_destroy(&metrics);
}

static void series_are_found_again_and_grouped(void **state)
{
    (void)state;
    metrics_t *metrics = metrics_new();
    counter_t *ok = metrics_counter(metrics, "pcn_calls_total", "status=\"OK\"", "Calls.");
    gauge_t *depth = metrics_gauge(metrics, "pcn_depth", NULL, "Back\\slash\nand line.");
    counter_t *lost = metrics_counter(metrics, "pcn_calls_total", "status=\"ABORTED\"", "Another help.");
    assert_ptr_not_equal(ok, lost);
    assert_ptr_equal(ok, metrics_counter(metrics, "pcn_calls_total", "status=\"OK\"", NULL));
    assert_ptr_equal(depth, metrics_gauge(metrics, "pcn_depth", "", NULL));
    ok->value += 18446744073709551615U;
    lost->value = 2;
    depth->value = -3;
    assert_written(metrics, "# HELP pcn_calls_total Calls.\n"
                            "# TYPE pcn_calls_total counter\n"
                            "pcn_calls_total{status=\"OK\"} 18446744073709551615\n"
                            "pcn_calls_total{status=\"ABORTED\"} 2\n"
                            "# HELP pcn_depth Back\\\\slash\\nand line.\n"
                            "# TYPE pcn_depth gauge\n"
                            "pcn_depth -3\n");
    metrics_destroy(&metrics);
}

static void a_histogram_counts_in_seconds(void **state)
{
    (void)state;
    metrics_t *metrics = metrics_new();
    histogram_t *latency = metrics_histogram(metrics, "pcn_seconds", "method=\"Get\"", "Latency.");
    const int64_t samples[] = {-5, 0, 100, 101, 999, 1000, 5000000, 10000000, 10000001, 3600000000};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        histogram_add(latency, samples[i]);
    }
    assert_int_equal(latency->count, 10);
    assert_written(metrics, "# HELP pcn_seconds Latency.\n"
                            "# TYPE pcn_seconds histogram\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.0001\"} 3\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.0002\"} 4\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.0005\"} 4\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.001\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.002\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.005\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.01\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.02\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.05\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.1\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.2\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"0.5\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"1\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"2\"} 6\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"5\"} 7\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"10\"} 8\n"
                            "pcn_seconds_bucket{method=\"Get\",le=\"+Inf\"} 10\n"
                            "pcn_seconds_sum{method=\"Get\"} 3625.002201\n"
                            "pcn_seconds_count{method=\"Get\"} 10\n");
    metrics_destroy(&metrics);
}

static void a_histogram_without_labels(void **state)
{
    (void)state;
    metrics_t *metrics = metrics_new();
    histogram_add(metrics_histogram(metrics, "pcn_s", NULL, "S."), 150);
    buf_t out;
    buf_init(&out, 100000);
    metrics_write(metrics, &out);
    assert_non_null(strstr(out.data, "pcn_s_bucket{le=\"0.0002\"} 1\n"));
    assert_non_null(strstr(out.data, "pcn_s_sum 0.000150\npcn_s_count 1\n"));
    buf_deinit(&out);
    metrics_destroy(&metrics);
}

static void labels_without_end_end_in_a_sink(void **state)
{
    (void)state;
    metrics_t *metrics = metrics_new();
    counter_t *last = NULL;
    char labels[32];
    for (int i = 0; i < 4106; i++) {
        snprintf(labels, sizeof labels, "n=\"%d\"", i);
        counter_t *counter = metrics_counter(metrics, "pcn_many", labels, "Many.");
        assert_non_null(counter);
        counter->value++;
        if (i > 4096) {
            assert_ptr_equal(counter, last);
        }
        last = counter;
    }
    buf_t out;
    buf_init(&out, 10 * 1024 * 1024);
    metrics_write(metrics, &out);
    assert_non_null(strstr(out.data, "n=\"4095\"} 1\n"));
    assert_null(strstr(out.data, "n=\"4096\"}"));
    buf_deinit(&out);
    metrics_destroy(&metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_writes_nothing),           cmocka_unit_test(series_are_found_again_and_grouped),
        cmocka_unit_test(a_histogram_counts_in_seconds),    cmocka_unit_test(a_histogram_without_labels),
        cmocka_unit_test(labels_without_end_end_in_a_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
