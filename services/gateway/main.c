// pcn-gateway: HTTP in front of every service.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "common/app/issuer.h"
#include "services/gateway/backends.h"
#include "services/gateway/http.h"
#include "services/gateway/keyfile.h"
#include "services/gateway/keyurl.h"
#include "services/gateway/stream_hub.h"

typedef struct daemon_parts {
    gateway_t gateway;
    backends_t *backends;
    keyfile_t *keyfile; // one of both
    keyurl_t *keyurl;
    http_t *http;
} daemon_parts_t;

// Each connection takes a descriptor, and the usual soft limit is 1024.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void gateway_stop(app_t *app)
{
    daemon_parts_t *parts = app_data(app);
    if (parts == NULL)
        return;
    // Streams first: they follow services. Then these: their open calls are answered, and HTTP writes that out.
    if (parts->gateway.streams != NULL)
        stream_hub_stop(parts->gateway.streams);
    backends_destroy(&parts->backends);
    http_destroy(&parts->http);
    keyfile_destroy(&parts->keyfile);
    keyurl_destroy(&parts->keyurl);
    gateway_deinit(&parts->gateway);
    free(parts);
    app_set_data(app, NULL);
}

static status_t start_keys(daemon_parts_t *parts, const gateway_config_t *config, problem_t *problem)
{
    gateway_t *gateway = &parts->gateway;
    if (config->jwks_url[0] != '\0') {
        const keyurl_options_t options = {.url = config->jwks_url,
                                          .authorities = config->jwks_authorities,
                                          .refresh_ms = config->jwks_refresh_ms,
                                          .timeout_ms = KEYURL_TIMEOUT_MS,
                                          .floor_ms = KEYURL_FLOOR_MS};
        return keyurl_new(gateway->loop, &options, gateway->verifier, gateway->metrics, &parts->keyurl, problem);
    }
    char jwks[512];
    snprintf(jwks, sizeof(jwks), "%s/" ISSUER_FOLDER "/" ISSUER_JWKS_FILE, config->app.state_dir);
    return keyfile_new(gateway->loop, config->jwks[0] != '\0' ? config->jwks : jwks, gateway->verifier, &parts->keyfile, problem);
}

static status_t start_parts(app_t *app, daemon_parts_t *parts, problem_t *problem)
{
    const gateway_config_t *config = app_settings(app);
    char address[512];
    listen_t socket = {.fd = -1};
    parts->gateway.loop = app_loop(app);
    parts->gateway.config = config;
    parts->gateway.metrics = app_metrics(app);
    snprintf(address, sizeof(address), "unix:%s/run/gateway.http", config->app.state_dir);
    status_t status = gateway_init(&parts->gateway, problem);
    if (status == STATUS_OK)
        status = backends_new(app, &parts->backends, problem);
    if (status != STATUS_OK)
        return status;
    parts->gateway.upstream = backends_upstream(parts->backends);
    status = start_keys(parts, config, problem);
    if (status == STATUS_OK && config->listen_fd >= 0)
        status = listen_inherit((int)config->listen_fd, &socket, problem);
    else if (status == STATUS_OK)
        status = listen_open(config->http_listen[0] != '\0' ? config->http_listen : address, &socket, problem);
    if (status == STATUS_OK)
        status = http_new(&parts->gateway, &socket, &parts->http, problem);
    return status;
}

static status_t gateway_start(app_t *app, int argc, char **argv, problem_t *problem)
{
    (void)argv;
    if (argc > 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "The gateway takes no arguments");
    status_t status = gateway_config_check(app_settings(app), problem);
    if (status != STATUS_OK)
        return status;
    raise_descriptor_limit();
    daemon_parts_t *parts = calloc(1, sizeof(*parts));
    if (parts == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory to start");
    app_set_data(app, parts);
    status = start_parts(app, parts, problem);
    if (status != STATUS_OK)
        gateway_stop(app);
    return status;
}

static bool daemon_ready(app_t *app, problem_t *problem)
{
    const daemon_parts_t *parts = app_data(app);
    return gateway_ready(&parts->gateway, problem);
}

static void gateway_drain(app_t *app)
{
    daemon_parts_t *parts = app_data(app);
    parts->gateway.draining = true;
    http_drain(parts->http);
}

static bool gateway_drained(app_t *app)
{
    const daemon_parts_t *parts = app_data(app);
    // A stream has said that it ends; whether its client takes that is not waited for.
    return parts->gateway.open <= stream_hub_count(parts->gateway.streams);
}

static void gateway_reload(app_t *app)
{
    const daemon_parts_t *parts = app_data(app);
    if (parts->keyurl != NULL)
        keyurl_hint(parts->keyurl);
    else
        keyfile_reload(parts->keyfile);
}

static void gateway_rest(app_t *app)
{
    const daemon_parts_t *parts = app_data(app);
    arena_pool_clear(parts->gateway.arenas);
}

static const app_spec_t gateway_app = {
    .name = "gateway",
    .keys = gateway_keys,
    .config_size = sizeof(gateway_config_t),
    .start = gateway_start,
    .ready = daemon_ready,
    .drain = gateway_drain,
    .drained = gateway_drained,
    .stop = gateway_stop,
    .reload = gateway_reload,
    .rest = gateway_rest,
};

int main(int argc, char **argv)
{
    return app_run(&gateway_app, argc, argv);
}
