// Counters, gauges and latency histograms of a daemon, written as Prometheus text. Get a series once, keep the pointer, add to it: no
// lookup on the way of a request. One thread (the event loop); a worker thread hands its figures over.
#ifndef PCN_BASE_METRICS_H
#define PCN_BASE_METRICS_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/status.h"

typedef struct metrics metrics_t;

typedef struct counter {
    uint64_t value;
} counter_t;

typedef struct gauge {
    int64_t value;
} gauge_t;

// Of latencies: buckets of 100 µs to 10 s, 1-2-5. Of durations, of what people do: 1 minute to 1 week.
#define HISTOGRAM_BUCKETS 16
typedef struct histogram {
    bool of_durations;
    uint64_t bucket[HISTOGRAM_BUCKETS + 1];
    uint64_t count;
    uint64_t sum_us;
} histogram_t;

metrics_t *metrics_new(void);
void metrics_destroy(metrics_t **metrics);
// The series of that name and labels (`method="GetOrganisation",status="OK"`, or NULL), made where it is new. `help` counts the first
// time. Never NULL: without memory a sink that nobody reads is returned.
counter_t *metrics_counter(metrics_t *metrics, const char *name, const char *labels, const char *help);
gauge_t *metrics_gauge(metrics_t *metrics, const char *name, const char *labels, const char *help);
histogram_t *metrics_histogram(metrics_t *metrics, const char *name, const char *labels, const char *help);
// The same for durations.
histogram_t *metrics_durations(metrics_t *metrics, const char *name, const char *labels, const char *help);
void histogram_add(histogram_t *histogram, int64_t us);
// Prometheus text format, version 0.0.4; histograms in seconds.
void metrics_write(const metrics_t *metrics, buf_t *out);

#endif
