#include "common/base/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// A label that grows without end would eat the daemon; beyond this many series figures go to the sink.
enum { SERIES_MAX = 4096 };

typedef enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } metric_kind_t;

typedef union figure {
    counter_t counter;
    gauge_t gauge;
    histogram_t histogram;
} figure_t;

typedef struct series {
    struct series *next;
    char *labels;
    figure_t figure;
} series_t;

typedef struct family {
    struct family *next;
    metric_kind_t kind;
    char *name;
    char *help;
    series_t *first;
    series_t **last;
} family_t;

struct metrics {
    family_t *first;
    family_t **last;
    size_t series_count;
    figure_t sink;
};

typedef struct bound {
    int64_t us;
    const char *seconds;
} bound_t;

static const bound_t latencies[HISTOGRAM_BUCKETS] = {
    {100, "0.0001"}, {200, "0.0002"}, {500, "0.0005"}, {1000, "0.001"}, {2000, "0.002"}, {5000, "0.005"}, {10000, "0.01"}, {20000, "0.02"},
    {50000, "0.05"}, {100000, "0.1"}, {200000, "0.2"}, {500000, "0.5"}, {1000000, "1"},  {2000000, "2"},  {5000000, "5"},  {10000000, "10"},
};

#define MINUTES(n) (INT64_C(60000000) * (n))

static const bound_t durations[HISTOGRAM_BUCKETS] = {
    {MINUTES(1), "60"},      {MINUTES(5), "300"},      {MINUTES(10), "600"},      {MINUTES(15), "900"},
    {MINUTES(30), "1800"},   {MINUTES(60), "3600"},    {MINUTES(90), "5400"},     {MINUTES(120), "7200"},
    {MINUTES(180), "10800"}, {MINUTES(240), "14400"},  {MINUTES(360), "21600"},   {MINUTES(480), "28800"},
    {MINUTES(720), "43200"}, {MINUTES(1440), "86400"}, {MINUTES(2880), "172800"}, {MINUTES(10080), "604800"},
};

static const bound_t *bounds_of(const histogram_t *histogram)
{
    return histogram->of_durations ? durations : latencies;
}

metrics_t *metrics_new(void)
{
    metrics_t *metrics = calloc(1, sizeof *metrics);
    if (metrics != NULL) {
        metrics->last = &metrics->first;
    }
    return metrics;
}

static void family_destroy(family_t *family)
{
    for (series_t *series = family->first; series != NULL;) {
        series_t *next = series->next;
        free(series->labels);
        free(series);
        series = next;
    }
    free(family->name);
    free(family->help);
    free(family);
}

void metrics_destroy(metrics_t **metrics)
{
    if (metrics == NULL || *metrics == NULL) {
        return;
    }
    for (family_t *family = (*metrics)->first; family != NULL;) {
        family_t *next = family->next;
        family_destroy(family);
        family = next;
    }
    free(*metrics);
    *metrics = NULL;
}

static family_t *family_get(metrics_t *metrics, metric_kind_t kind, const char *name, const char *help)
{
    for (family_t *family = metrics->first; family != NULL; family = family->next) {
        if (strcmp(family->name, name) == 0) {
            assert(family->kind == kind);
            return family;
        }
    }
    family_t *family = calloc(1, sizeof *family);
    if (family == NULL) {
        return NULL;
    }
    family->kind = kind;
    family->last = &family->first;
    family->name = strdup(name);
    family->help = strdup(help != NULL ? help : "");
    if (family->name == NULL || family->help == NULL) {
        family_destroy(family);
        return NULL;
    }
    *metrics->last = family;
    metrics->last = &family->next;
    return family;
}

static figure_t *figure_get(metrics_t *metrics, metric_kind_t kind, const char *name, const char *labels, const char *help)
{
    family_t *family = family_get(metrics, kind, name, help);
    if (family == NULL) {
        return &metrics->sink;
    }
    const char *wanted = labels != NULL ? labels : "";
    for (series_t *series = family->first; series != NULL; series = series->next) {
        if (strcmp(series->labels, wanted) == 0) {
            return &series->figure;
        }
    }
    series_t *series = metrics->series_count < SERIES_MAX ? calloc(1, sizeof *series) : NULL;
    if (series == NULL) {
        return &metrics->sink;
    }
    series->labels = strdup(wanted);
    if (series->labels == NULL) {
        free(series);
        return &metrics->sink;
    }
    *family->last = series;
    family->last = &series->next;
    metrics->series_count++;
    return &series->figure;
}

counter_t *metrics_counter(metrics_t *metrics, const char *name, const char *labels, const char *help)
{
    return &figure_get(metrics, METRIC_COUNTER, name, labels, help)->counter;
}

gauge_t *metrics_gauge(metrics_t *metrics, const char *name, const char *labels, const char *help)
{
    return &figure_get(metrics, METRIC_GAUGE, name, labels, help)->gauge;
}

histogram_t *metrics_histogram(metrics_t *metrics, const char *name, const char *labels, const char *help)
{
    return &figure_get(metrics, METRIC_HISTOGRAM, name, labels, help)->histogram;
}

histogram_t *metrics_durations(metrics_t *metrics, const char *name, const char *labels, const char *help)
{
    histogram_t *histogram = metrics_histogram(metrics, name, labels, help);
    histogram->of_durations = true;
    return histogram;
}

void histogram_add(histogram_t *histogram, int64_t us)
{
    int64_t value = us > 0 ? us : 0;
    const bound_t *bounds = bounds_of(histogram);
    size_t i = 0;
    while (i < HISTOGRAM_BUCKETS && value > bounds[i].us) {
        i++;
    }
    histogram->bucket[i]++;
    histogram->count++;
    histogram->sum_us += (uint64_t)value;
}

static void write_help(buf_t *out, const family_t *family)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    buf_printf(out, "# HELP %s ", family->name);
    for (const char *at = family->help; *at != '\0'; at++) {
        if (*at == '\\') {
            buf_add_string(out, "\\\\");
        } else if (*at == '\n') {
            buf_add_string(out, "\\n");
        } else {
            buf_add_char(out, *at);
        }
    }
    buf_printf(out, "\n# TYPE %s %s\n", family->name, kinds[family->kind]);
}

static void write_name(buf_t *out, const char *name, const char *suffix, const char *labels, const char *le)
{
    buf_add_string(out, name);
    buf_add_string(out, suffix);
    if (labels[0] != '\0' || le != NULL) {
        buf_add_char(out, '{');
        buf_add_string(out, labels);
        if (le != NULL) {
            buf_printf(out, "%sle=\"%s\"", labels[0] != '\0' ? "," : "", le);
        }
        buf_add_char(out, '}');
    }
    buf_add_char(out, ' ');
}

static void write_histogram(buf_t *out, const char *name, const series_t *series)
{
    const histogram_t *histogram = &series->figure.histogram;
    const bound_t *bounds = bounds_of(histogram);
    uint64_t below = 0;
    for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        below += histogram->bucket[i];
        write_name(out, name, "_bucket", series->labels, i < HISTOGRAM_BUCKETS ? bounds[i].seconds : "+Inf");
        buf_printf(out, "%" PRIu64 "\n", below);
    }
    write_name(out, name, "_sum", series->labels, NULL);
    buf_printf(out, "%" PRIu64 ".%06" PRIu64 "\n", histogram->sum_us / 1000000, histogram->sum_us % 1000000);
    write_name(out, name, "_count", series->labels, NULL);
    buf_printf(out, "%" PRIu64 "\n", histogram->count);
}

static void write_series(buf_t *out, const family_t *family, const series_t *series)
{
    switch (family->kind) {
    case METRIC_COUNTER:
        write_name(out, family->name, "", series->labels, NULL);
        buf_printf(out, "%" PRIu64 "\n", series->figure.counter.value);
        break;
    case METRIC_GAUGE:
        write_name(out, family->name, "", series->labels, NULL);
        buf_printf(out, "%" PRId64 "\n", series->figure.gauge.value);
        break;
    case METRIC_HISTOGRAM:
        write_histogram(out, family->name, series);
        break;
    }
}

void metrics_write(const metrics_t *metrics, buf_t *out)
{
    for (const family_t *family = metrics->first; family != NULL; family = family->next) {
        if (family->first == NULL) {
            continue;
        }
        write_help(out, family);
        for (const series_t *series = family->first; series != NULL; series = series->next) {
            write_series(out, family, series);
        }
    }
}
