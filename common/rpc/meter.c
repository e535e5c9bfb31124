#include "common/rpc/meter.h"

#include <stdio.h>
#include <stdlib.h>

enum { METER_STATUSES = 17, METER_TEXT = 256 };

typedef struct meter_series {
    histogram_t *seconds;
    counter_t *requests[METER_STATUSES]; // by number; made when first met
} meter_series_t;

struct rpc_meter {
    metrics_t *metrics;
    char requests_name[64];
    char seconds_name[64];
    char label[64];
    size_t count;            // methods of the contract
    meter_series_t series[]; // one more than `count`, the last for what is not of the contract
};

rpc_meter_t *rpc_meter_new(metrics_t *metrics, const char *prefix, const char *label)
{
    size_t count = 0;
    for (size_t i = 0; pcn_services[i] != NULL; i++) {
        count += pcn_services[i]->method_count;
    }
    rpc_meter_t *meter = calloc(1, sizeof *meter + (count + 1) * sizeof meter->series[0]);
    if (meter == NULL) {
        return NULL;
    }
    meter->metrics = metrics;
    meter->count = count;
    (void)snprintf(meter->requests_name, sizeof meter->requests_name, "%s_requests_total", prefix);
    (void)snprintf(meter->seconds_name, sizeof meter->seconds_name, "%s_seconds", prefix);
    (void)snprintf(meter->label, sizeof meter->label, "%s", label);
    return meter;
}

void rpc_meter_destroy(rpc_meter_t **meter)
{
    free(*meter);
    *meter = NULL;
}

static size_t meter_index(const rpc_meter_t *meter, const pb_method_t *method)
{
    size_t base = 0;
    for (size_t i = 0; method != NULL && pcn_services[i] != NULL; i++) {
        const pb_service_t *service = pcn_services[i];
        uintptr_t first = (uintptr_t)service->methods;
        uintptr_t at = (uintptr_t)method;
        if (at >= first && at < first + service->method_count * sizeof *service->methods) {
            return base + (size_t)(method - service->methods);
        }
        base += service->method_count;
    }
    return meter->count;
}

void rpc_meter_add(rpc_meter_t *meter, const pb_method_t *method, status_t status, int64_t us)
{
    size_t index = meter_index(meter, method);
    meter_series_t *series = &meter->series[index];
    const char *name = index < meter->count ? method->name : "other";
    unsigned number = (unsigned)status < METER_STATUSES ? (unsigned)status : (unsigned)STATUS_INTERNAL;
    char labels[METER_TEXT];
    if (series->requests[number] == NULL) {
        (void)snprintf(labels, sizeof labels, "%smethod=\"%s\",status=\"%s\"", meter->label, name, status_name((status_t)number));
        series->requests[number] = metrics_counter(meter->metrics, meter->requests_name, labels, "Calls by method and status.");
    }
    series->requests[number]->value++;
    if (series->seconds == NULL) {
        (void)snprintf(labels, sizeof labels, "%smethod=\"%s\"", meter->label, name);
        series->seconds = metrics_histogram(meter->metrics, meter->seconds_name, labels, "Time from a call to its answer.");
    }
    histogram_add(series->seconds, us);
}
