#include "services/gateway/gateway.h"

#include "services/gateway/stream_hub.h"
#include "services/gateway/transfers.h"

#define REQUEST_ARENA_CAP (8u * 1024u * 1024u) // a body, the message, the reply's frame and what it unpacks to
#define ARENAS_KEPT 256
#define ANSWER_MAX (16u * 1024u * 1024u)

status_t gateway_init(gateway_t *gateway, problem_t *problem)
{
    token_rules_t rules = {gateway->config->token_issuer, gateway->config->token_audience, gateway->config->token_leeway_ms * 1000};
    status_t status = route_table_new(gateway->contract != NULL ? gateway->contract : pcn_services, gateway->metrics, &gateway->routes, problem);
    if (status != STATUS_OK)
        return status;
    buf_init(&gateway->scratch, ANSWER_MAX);
    route_metrics_init(&gateway->other, gateway->metrics, "other");
    gateway->in_flight = metrics_gauge(gateway->metrics, "pcn_http_in_flight", NULL, "Requests that wait for a service.");
    gateway->verifier = verifier_new(&rules, (size_t)gateway->config->token_cache);
    gateway->arenas = arena_pool_new(REQUEST_ARENA_CAP, ARENAS_KEPT);
    gateway->streams = stream_hub_new(gateway);
    gateway->transfers = transfers_new(gateway);
    if (gateway->verifier == NULL || gateway->arenas == NULL || gateway->streams == NULL || gateway->transfers == NULL) {
        gateway_deinit(gateway);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory to start");
    }
    return STATUS_OK;
}

void gateway_deinit(gateway_t *gateway)
{
    transfers_destroy(&gateway->transfers);
    stream_hub_destroy(&gateway->streams);
    route_table_destroy(&gateway->routes);
    verifier_destroy(&gateway->verifier);
    arena_pool_destroy(&gateway->arenas);
    buf_deinit(&gateway->scratch);
}

bool gateway_ready(const gateway_t *gateway, problem_t *problem)
{
    if (gateway->draining) {
        problem_set(problem, STATUS_UNAVAILABLE, NULL, "Shutting down");
        return false;
    }
    if (!verifier_has_keys(gateway->verifier)) {
        problem_set(problem, STATUS_UNAVAILABLE, NULL, "The token issuer's keys are not there");
        return false;
    }
    return gateway->upstream.ready(gateway->upstream.data, problem);
}
