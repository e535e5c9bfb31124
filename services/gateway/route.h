// The routes, made at start from the contract's methods: a path of literal and {field} segments, the last one perhaps with a custom
// verb (`{id}:accept`, `patients:find`), and for each HTTP verb the method behind it.
//
// The table is constant once made and belongs to the gateway. The most literal path wins: /v1/events/stream before /v1/events/{service}.
#ifndef PCN_GATEWAY_ROUTE_H
#define PCN_GATEWAY_ROUTE_H

#include "common/base/metrics.h"
#include "common/pb/type.h"
#include "services/gateway/route_files.h"
#include "services/gateway/target.h"

#define ROUTE_FIELDS_MAX 4
#define ROUTE_STATUSES 24

typedef enum verb { VERB_GET, VERB_POST, VERB_PATCH, VERB_PUT, VERB_DELETE, VERB_COUNT, VERB_NONE = VERB_COUNT } verb_t;

// Figures of one route; series are looked up once.
typedef struct route_metrics {
    const char *label; // the path's template
    histogram_t *seconds;
    struct {
        int status;
        counter_t *counter;
    } requests[ROUTE_STATUSES];
} route_metrics_t;

typedef struct route {
    const pb_method_t *method;
    int body_index;    // of the request's field that the body fills; -1 for none or the request itself
    int clear_index;   // of the field that takes a merge patch's nulls; -1
    int service_index; // place among the path's values of the one that names the service; -1
    unsigned field_count;
    unsigned fields[ROUTE_FIELDS_MAX]; // request field of each {field} of the path, in its order
    const bool *query;                 // by request field: may it be a query parameter
    const struct route *location;      // the GET under which the reply's resource is found; NULL
    route_upload_t upload;
    route_download_t download;
    route_metrics_t *metrics;
} route_t;

typedef struct route_table route_table_t;

typedef struct route_match {
    const route_t *route;                   // NULL where the path is known but not for this verb
    target_text_t values[ROUTE_FIELDS_MAX]; // of the {field}s; not always with a NUL after it
    const char *allow;                      // verbs of the path, for a 405
} route_match_t;

// `services` is ended by NULL. INTERNAL where the contract contradicts itself: an unknown field in braces, a route twice.
MUST_CHECK status_t route_table_new(const pb_service_t *const *services, metrics_t *metrics, route_table_t **table, problem_t *problem);
void route_table_destroy(route_table_t **table);
// HEAD is asked for as GET. False where no path matches.
bool route_find(const route_table_t *table, const target_t *target, verb_t verb, route_match_t *match);
// VERB_NONE for what the contract has not.
verb_t verb_parse(const char *text);

// Counts one answer; `metrics` gets new series where a status is met for the first time.
void route_count(route_metrics_t *route, metrics_t *metrics, int status, int64_t us);
// For paths outside of the contract.
void route_metrics_init(route_metrics_t *route, metrics_t *metrics, const char *label);

#endif
