#include "services/gateway/backends.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/pb/type.h"

#define BACKENDS_MAX 32
#define KEYS_EVERY_MS 500
// Events are followed under a key of their own, for nobody in particular; the gateway's key speaks only for callers.
#define FOLLOWER "%s-events"

typedef struct backend {
    const char *service;
    rpc_client_t *client; // NULL until the service's key is there
    rpc_client_t *log;    // for its events; NULL until they are followed
    char key[RPC_KEY_SIZE];
} backend_t;

struct backends {
    app_t *app;
    rpc_context_t *context;
    rpc_context_t *follower; // of the key that follows; NULL until a service's events are
    char keys[512];
    backend_t list[BACKENDS_MAX];
    size_t count;
    uv_timer_t timer;
};

static bool connect_backend(backends_t *backends, backend_t *backend)
{
    problem_t problem = {0};
    if (rpc_keys_load_public(backends->keys, backend->service, backend->key, &problem) != STATUS_OK)
        return false;
    rpc_client_options_t options = {
        .service = backend->service, .endpoints = app_endpoints(backends->app, backend->service, "rpc"), .server_key = backend->key};
    if (rpc_client_new(backends->context, &options, app_metrics(backends->app), &backend->client, &problem) != STATUS_OK) {
        log_error("a service cannot be connected", LOG_TEXT("service", backend->service), LOG_TEXT("detail", problem.detail));
        return false;
    }
    log_info("a service is connected", LOG_TEXT("service", backend->service));
    return true;
}

static bool connect_missing(backends_t *backends)
{
    bool all = true;
    for (size_t i = 0; i < backends->count; i++)
        all = (backends->list[i].client != NULL || connect_backend(backends, &backends->list[i])) && all;
    return all;
}

static void on_timer(uv_timer_t *timer)
{
    if (connect_missing(timer->data))
        uv_timer_stop(timer);
}

status_t backends_new(app_t *app, backends_t **out, problem_t *problem)
{
    const gateway_config_t *config = app_settings(app);
    backends_t *backends = calloc(1, sizeof(*backends));
    *out = NULL;
    if (backends == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for the services");
    backends->app = app;
    snprintf(backends->keys, sizeof(backends->keys), "%s/keys", config->app.state_dir);
    status_t status = rpc_keys_ensure(backends->keys, app_name(app), problem);
    if (status == STATUS_OK)
        status = rpc_context_new(app_loop(app), backends->keys, app_name(app), app_metrics(app), &backends->context, problem);
    if (status != STATUS_OK) {
        free(backends);
        return status;
    }
    for (const char *const *name = pcn_service_names; *name != NULL && backends->count < BACKENDS_MAX; name++)
        backends->list[backends->count++].service = *name;
    uv_timer_init(app_loop(app), &backends->timer);
    backends->timer.data = backends;
    if (!connect_missing(backends))
        uv_timer_start(&backends->timer, on_timer, KEYS_EVERY_MS, KEYS_EVERY_MS);
    *out = backends;
    return STATUS_OK;
}

// NULL where the service is not known, or its key not there yet.
static backend_t *find_backend(backends_t *backends, const char *service)
{
    for (size_t i = 0; i < backends->count; i++) {
        if (strcmp(backends->list[i].service, service) == 0)
            return backends->list[i].client != NULL ? &backends->list[i] : NULL;
    }
    return NULL;
}

static bool backends_call(void *data, const char *service, rpc_request_t *request)
{
    backend_t *backend = find_backend(data, service);
    if (backend != NULL)
        rpc_client_call(backend->client, request);
    return backend != NULL;
}

// The way to a service's log: context and client under the follower's key.
static status_t connect_log(backends_t *backends, backend_t *backend, problem_t *problem)
{
    status_t status = STATUS_OK;
    metrics_t *metrics = app_metrics(backends->app);
    if (backends->follower == NULL) {
        char name[RPC_NAME_SIZE];
        snprintf(name, sizeof(name), FOLLOWER, app_name(backends->app));
        status = rpc_keys_ensure(backends->keys, name, problem);
        if (status == STATUS_OK)
            status = rpc_context_new(app_loop(backends->app), backends->keys, name, metrics, &backends->follower, problem);
    }
    if (status == STATUS_OK && backend->log == NULL) {
        const rpc_client_options_t options = {
            .service = backend->service, .endpoints = app_endpoints(backends->app, backend->service, "rpc"), .server_key = backend->key};
        status = rpc_client_new(backends->follower, &options, metrics, &backend->log, problem);
    }
    return status;
}

static bool backends_follow(void *data, event_tail_options_t *options, void **out)
{
    backends_t *backends = data;
    backend_t *backend = find_backend(backends, options->service);
    problem_t problem = {0};
    event_tail_t *tail = NULL;
    if (backend == NULL)
        return false;
    status_t status = connect_log(backends, backend, &problem);
    if (status == STATUS_OK) {
        options->context = backends->follower;
        options->client = backend->log;
        options->pub_endpoints = app_endpoints(backends->app, backend->service, "pub");
        options->server_key = backend->key;
        status = event_tail_new(options, app_metrics(backends->app), &tail, &problem);
    }
    if (status != STATUS_OK)
        log_error("a service's events cannot be followed", LOG_TEXT("service", backend->service), LOG_TEXT("detail", problem.detail));
    *out = tail;
    return status == STATUS_OK;
}

static void backends_unfollow(void *data, void **out)
{
    event_tail_t *tail = *out;
    (void)data;
    event_tail_destroy(&tail);
    *out = NULL;
}

static bool backends_ready(void *data, problem_t *problem)
{
    const backends_t *backends = data;
    for (size_t i = 0; i < backends->count; i++) {
        const backend_t *backend = &backends->list[i];
        if (backend->client == NULL || !rpc_client_ready(backend->client)) {
            problem_set(problem, STATUS_UNAVAILABLE, NULL, "The service %s does not answer", backend->service);
            return false;
        }
    }
    return true;
}

upstream_t backends_upstream(backends_t *backends)
{
    return (upstream_t){backends, backends_call, backends_ready, backends_follow, backends_unfollow};
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void backends_destroy(backends_t **out)
{
    backends_t *backends = *out;
    *out = NULL;
    if (backends == NULL)
        return;
    for (size_t i = 0; i < backends->count; i++) {
        if (backends->list[i].client != NULL)
            rpc_client_destroy(&backends->list[i].client);
        if (backends->list[i].log != NULL)
            rpc_client_destroy(&backends->list[i].log);
    }
    if (backends->follower != NULL)
        rpc_context_destroy(&backends->follower);
    rpc_context_destroy(&backends->context);
    uv_close((uv_handle_t *)&backends->timer, on_closed);
}
