#include "services/gateway/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One segment of a template: a literal, or a field's value; `suffix` is the custom verb with its colon.
typedef struct segment {
    const char *literal; // NULL for a field
    size_t literal_size;
    const char *suffix;
    size_t suffix_size;
} segment_t;

typedef struct resource {
    segment_t segments[TARGET_SEGMENTS_MAX];
    size_t segment_count;
    unsigned field_count;
    const char *path;
    const route_t *routes[VERB_COUNT];
    char allow[48];
} resource_t;

struct route_table {
    resource_t *resources;
    size_t resource_count;
    route_t *routes;
    route_metrics_t *metrics;
    size_t route_count;
    bool *query; // of all routes, one after the other
};

static const char *const verb_names[VERB_COUNT] = {"GET", "POST", "PATCH", "PUT", "DELETE"};

verb_t verb_parse(const char *text)
{
    for (int i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verb_names[i], text) == 0)
            return (verb_t)i;
    }
    return VERB_NONE;
}

static status_t broken(problem_t *problem, const pb_method_t *method, const char *what)
{
    return problem_set(problem, STATUS_INTERNAL, method->name, "The contract's route %s: %s", method->path, what);
}

// The field of the request that a template's braces name.
static int field_index(const pb_type_t *type, const char *name, size_t size)
{
    char copy[128];
    if (size >= sizeof(copy))
        return -1;
    memcpy(copy, name, size);
    copy[size] = '\0';
    return pb_field_by_name(type, copy);
}

// Fills the resource's segments and the route's fields from "/v1/networks/{code}/members".
static status_t parse_template(const pb_method_t *method, resource_t *resource, route_t *route, problem_t *problem)
{
    const char *at = method->path;
    resource->path = method->path;
    while (*at == '/') {
        const char *start = at + 1;
        size_t size = strcspn(start, "/");
        if (size == 0 || resource->segment_count == TARGET_SEGMENTS_MAX)
            return broken(problem, method, "an empty segment, or too many");
        segment_t *segment = &resource->segments[resource->segment_count++];
        if (*start == '{') {
            const char *close = memchr(start, '}', size);
            int index = close != NULL ? field_index(method->request, start + 1, (size_t)(close - start) - 1) : -1;
            if (index < 0 || route->field_count == ROUTE_FIELDS_MAX)
                return broken(problem, method, "a field in braces that the request has not, or too many");
            if (method->service_from != NULL && index == pb_field_by_name(method->request, method->service_from))
                route->service_index = (int)route->field_count;
            route->fields[route->field_count++] = (unsigned)index;
            segment->suffix = close + 1;
            segment->suffix_size = size - (size_t)(close + 1 - start);
            if (segment->suffix_size > 0 && (segment->suffix[0] != ':' || segment->suffix_size == 1))
                return broken(problem, method, "text after a field that is no custom verb");
        } else {
            segment->literal = start;
            segment->literal_size = size;
        }
        at = start + size;
    }
    resource->field_count = route->field_count;
    return *at == '\0' && resource->segment_count > 0 ? STATUS_OK : broken(problem, method, "not a path");
}

// Scalars that neither the path nor the body gives may stand in the query.
static status_t fill_fields(const pb_method_t *method, route_t *route, bool *query, problem_t *problem)
{
    bool whole = method->body != NULL && strcmp(method->body, "*") == 0;
    route->method = method;
    route->body_index = method->body != NULL && !whole ? pb_field_by_name(method->request, method->body) : -1;
    route->clear_index = (method->flags & PB_PATCHES) != 0 ? pb_field_by_name(method->request, "clear") : -1;
    route->query = query;
    if (method->body != NULL && !whole && (route->body_index < 0 || method->request->fields[route->body_index].type == NULL))
        return broken(problem, method, "the body's field is no message of the request");
    if (method->service == NULL && route->service_index < 0)
        return broken(problem, method, "no field of the path names the service");
    for (unsigned i = 0; i < method->request->descriptor->n_fields; i++)
        query[i] = !whole && (int)i != route->clear_index && method->request->fields[i].type == NULL;
    for (unsigned i = 0; i < route->field_count; i++)
        query[route->fields[i]] = false;
    return STATUS_OK;
}

static status_t fill_files(const pb_service_t *service, const pb_method_t *method, route_t *route, bool *query, problem_t *problem)
{
    const char *fault = route_upload_find(service, method, &route->upload);
    if (fault == NULL)
        fault = route_download_find(method, &route->download);
    if (fault != NULL)
        return broken(problem, method, fault);
    if (route->download.is)
        query[route->download.page_token] = false;
    return STATUS_OK;
}

static bool same_template(const resource_t *a, const resource_t *b)
{
    if (a->segment_count != b->segment_count)
        return false;
    for (size_t i = 0; i < a->segment_count; i++) {
        const segment_t *x = &a->segments[i], *y = &b->segments[i];
        if ((x->literal == NULL) != (y->literal == NULL) || x->literal_size != y->literal_size || x->suffix_size != y->suffix_size)
            return false;
        if (x->literal != NULL && memcmp(x->literal, y->literal, x->literal_size) != 0)
            return false;
        if (x->suffix_size > 0 && memcmp(x->suffix, y->suffix, x->suffix_size) != 0)
            return false;
    }
    return true;
}

static status_t add_method(route_table_t *table, const pb_service_t *service, const pb_method_t *method, bool *query, metrics_t *metrics,
                           problem_t *problem)
{
    resource_t made = {0};
    route_t *route = &table->routes[table->route_count];
    verb_t verb = verb_parse(method->verb);
    route->service_index = -1;
    if (verb == VERB_NONE)
        return broken(problem, method, "an unknown verb");
    status_t status = parse_template(method, &made, route, problem);
    if (status == STATUS_OK)
        status = fill_fields(method, route, query, problem);
    if (status == STATUS_OK)
        status = fill_files(service, method, route, query, problem);
    if (status != STATUS_OK)
        return status;
    size_t at = 0;
    while (at < table->resource_count && !same_template(&table->resources[at], &made))
        at++;
    if (at == table->resource_count)
        table->resources[table->resource_count++] = made;
    if (table->resources[at].routes[verb] != NULL)
        return broken(problem, method, "the route is there twice");
    table->resources[at].routes[verb] = route;
    route->metrics = &table->metrics[table->route_count++];
    route_metrics_init(route->metrics, metrics, method->path);
    return STATUS_OK;
}

// A literal goes before a field with a custom verb, that before a bare field.
static int segment_rank(const segment_t *segment)
{
    return segment->literal != NULL ? 0 : segment->suffix_size > 0 ? 1 : 2;
}

static int compare_resources(const void *left, const void *right)
{
    const resource_t *a = left, *b = right;
    for (size_t i = 0; i < a->segment_count && i < b->segment_count; i++) {
        int difference = segment_rank(&a->segments[i]) - segment_rank(&b->segments[i]);
        if (difference != 0)
            return difference;
    }
    return strcmp(a->path, b->path);
}

static void fill_allow(resource_t *resource)
{
    size_t used = 0;
    for (int i = 0; i < VERB_COUNT; i++) {
        if (resource->routes[i] == NULL)
            continue;
        // Longest: "GET, HEAD, POST, PATCH, PUT, DELETE", 35 characters.
        used += (size_t)snprintf(resource->allow + used, sizeof(resource->allow) - used, "%s%s", used > 0 ? ", " : "",
                                 i == VERB_GET ? "GET, HEAD" : verb_names[i]);
    }
}

// A made resource is found where a GET with one field in its path answers the same type, and the type has that field.
static const route_t *find_location(const route_table_t *table, const pb_method_t *method)
{
    for (size_t i = 0; i < table->resource_count; i++) {
        const route_t *get = table->resources[i].routes[VERB_GET];
        if (get == NULL || get->field_count != 1 || get->method->reply != method->reply || get->method->service == NULL)
            continue;
        const segment_t *last = &table->resources[i].segments[table->resources[i].segment_count - 1];
        const char *name = get->method->request->descriptor->fields[get->fields[0]].name;
        int field = pb_field_by_name(method->reply, name);
        if (last->literal == NULL && last->suffix_size == 0 && field >= 0 &&
            method->reply->descriptor->fields[field].type == PROTOBUF_C_TYPE_STRING)
            return get;
    }
    return NULL;
}

status_t route_table_new(const pb_service_t *const *services, metrics_t *metrics, route_table_t **out, problem_t *problem)
{
    size_t methods = 0, fields = 0;
    for (const pb_service_t *const *service = services; *service != NULL; service++) {
        for (unsigned i = 0; i < (*service)->method_count; i++) {
            methods++;
            fields += (*service)->methods[i].request->descriptor->n_fields;
        }
    }
    route_table_t *table = calloc(1, sizeof(*table));
    *out = table;
    if (table != NULL) {
        table->resources = calloc(methods + 1, sizeof(*table->resources));
        table->routes = calloc(methods + 1, sizeof(*table->routes));
        table->metrics = calloc(methods + 1, sizeof(*table->metrics));
        table->query = calloc(fields + 1, sizeof(*table->query));
    }
    status_t status = STATUS_OK;
    if (table == NULL || table->resources == NULL || table->routes == NULL || table->metrics == NULL || table->query == NULL)
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for the routes");
    bool *query = status == STATUS_OK ? table->query : NULL;
    for (const pb_service_t *const *service = services; status == STATUS_OK && *service != NULL; service++) {
        for (unsigned i = 0; status == STATUS_OK && i < (*service)->method_count; i++) {
            const pb_method_t *method = &(*service)->methods[i];
            if (method->path == NULL || method->verb == NULL)
                continue;
            status = add_method(table, *service, method, query, metrics, problem);
            query += method->request->descriptor->n_fields;
        }
    }
    if (status != STATUS_OK) {
        route_table_destroy(out);
        return status;
    }
    qsort(table->resources, table->resource_count, sizeof(*table->resources), compare_resources);
    for (size_t i = 0; i < table->resource_count; i++)
        fill_allow(&table->resources[i]);
    for (size_t i = 0; i < table->route_count; i++)
        table->routes[i].location = find_location(table, table->routes[i].method);
    return STATUS_OK;
}

void route_table_destroy(route_table_t **table)
{
    if (*table == NULL)
        return;
    free((*table)->resources);
    free((*table)->routes);
    free((*table)->metrics);
    free((*table)->query);
    free(*table);
    *table = NULL;
}

static bool segment_matches(const segment_t *segment, const target_text_t *given, bool last, target_text_t *value)
{
    if (segment->literal != NULL)
        return given->size == segment->literal_size && memcmp(given->text, segment->literal, given->size) == 0;
    if (given->size <= segment->suffix_size)
        return false;
    *value = (target_text_t){given->text, given->size - segment->suffix_size};
    if (segment->suffix_size > 0 && memcmp(given->text + value->size, segment->suffix, segment->suffix_size) != 0)
        return false;
    // What follows a colon at the end is a custom verb, and one that no route has is no value either.
    return !last || memchr(value->text, ':', value->size) == NULL;
}

static bool resource_matches(const resource_t *resource, const target_t *target, target_text_t values[ROUTE_FIELDS_MAX])
{
    unsigned field = 0;
    if (resource->segment_count != target->segment_count)
        return false;
    for (size_t i = 0; i < resource->segment_count; i++) {
        target_text_t value = {0};
        if (!segment_matches(&resource->segments[i], &target->segments[i], i + 1 == resource->segment_count, &value))
            return false;
        if (resource->segments[i].literal == NULL)
            values[field++] = value;
    }
    return true;
}

bool route_find(const route_table_t *table, const target_t *target, verb_t verb, route_match_t *match)
{
    for (size_t i = 0; i < table->resource_count; i++) {
        const resource_t *resource = &table->resources[i];
        if (!resource_matches(resource, target, match->values))
            continue;
        match->route = verb < VERB_COUNT ? resource->routes[verb] : NULL;
        match->allow = resource->allow;
        return true;
    }
    return false;
}

void route_metrics_init(route_metrics_t *route, metrics_t *metrics, const char *label)
{
    char labels[256];
    *route = (route_metrics_t){.label = label};
    snprintf(labels, sizeof(labels), "route=\"%s\"", label);
    route->seconds = metrics_histogram(metrics, "pcn_http_seconds", labels, "Time from a request's first byte to its answer.");
}

void route_count(route_metrics_t *route, metrics_t *metrics, int status, int64_t us)
{
    histogram_add(route->seconds, us);
    // A route answers with a handful of statuses; the last place serves all that are left.
    int at = 0;
    while (at < ROUTE_STATUSES - 1 && route->requests[at].counter != NULL && route->requests[at].status != status)
        at++;
    if (route->requests[at].counter == NULL) {
        char labels[256];
        snprintf(labels, sizeof(labels), "route=\"%s\",status=\"%d\"", route->label, status);
        route->requests[at].status = status;
        route->requests[at].counter = metrics_counter(metrics, "pcn_http_requests_total", labels, "Requests answered.");
    }
    route->requests[at].counter->value++;
}
