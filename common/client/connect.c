#include <stdlib.h>
#include <string.h>

#include "common/client/subscription.h"

static status_t invalid(problem_t *problem, const char *option, const char *what)
{
    return problem_set(problem, STATUS_INVALID_ARGUMENT, option, "%s", what);
}

// What libzmq would refuse, told before anything is begun: the endpoints of events may be needed much later.
static bool endpoint_valid(const char *endpoint)
{
    if (strncmp(endpoint, "ipc://", 6) == 0) {
        return endpoint[6] != '\0';
    }
    const char *port = strrchr(endpoint, ':');
    return strncmp(endpoint, "tcp://", 6) == 0 && port > endpoint + 6 && port[1] != '\0' &&
           strspn(port + 1, "0123456789") == strlen(port + 1);
}

static status_t endpoints_read(client_endpoints_t *endpoints, const char *option, const char *text, problem_t *problem)
{
    if (text == NULL || *text == '\0') {
        return invalid(problem, option, "An endpoint is needed");
    }
    endpoints->text = strdup(text);
    if (endpoints->text == NULL) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory");
    }
    size_t count = 0;
    char *rest = endpoints->text;
    for (char *endpoint = strsep(&rest, ","); endpoint != NULL; endpoint = strsep(&rest, ",")) {
        if (!endpoint_valid(endpoint) || count == CLIENT_ENDPOINTS_MAX) {
            return invalid(problem, option,
                           count == CLIENT_ENDPOINTS_MAX ? "Too many endpoints" : "An endpoint is tcp://host:port or ipc://path");
        }
        endpoints->list[count++] = endpoint;
    }
    return STATUS_OK;
}

static status_t names_read(pcn_subscription *subscription, const pcn_options *options, problem_t *problem)
{
    const char *service = options->service;
    size_t size = service != NULL ? strlen(service) : 0;
    if (size == 0 || size >= sizeof subscription->service || strspn(service, "abcdefghijklmnopqrstuvwxyz") != size) {
        return invalid(problem, "service", "A service's name is needed, such as registry");
    }
    memcpy(subscription->service, service, size + 1);
    if (options->keys_dir == NULL || *options->keys_dir == '\0') {
        return invalid(problem, "keys_dir", "The folder of the keys is needed");
    }
    if (options->name == NULL || *options->name == '\0' || strlen(options->name) >= RPC_NAME_SIZE || strchr(options->name, '/') != NULL) {
        return invalid(problem, "name", "The name of the subscriber's key is needed");
    }
    status_t status = endpoints_read(&subscription->rpc, "rpc", options->rpc, problem);
    return status == STATUS_OK ? endpoints_read(&subscription->pub, "pub", options->pub, problem) : status;
}

static status_t start_read(pcn_subscription *subscription, const pcn_options *options, problem_t *problem)
{
    subscription->snapshot_where_gone = options->snapshot != 0;
    if (options->token != NULL) {
        client_token_t token;
        status_t status = client_token_read(options->token, &token, problem);
        if (status == STATUS_OK && strcmp(token.service, subscription->service) != 0) {
            status = problem_set(problem, STATUS_INVALID_ARGUMENT, "token", "The token is of the service %s", token.service);
        }
        subscription->place = token.place;
        subscription->phase = token.phase;
        return status;
    }
    switch (options->start) {
    case PCN_START_BEGINNING:
        break;
    case PCN_START_SNAPSHOT:
        subscription->phase = CLIENT_PHASE_SNAPSHOT;
        break;
    case PCN_START_END:
        subscription->place.sequence = EVENT_PLACE_END;
        break;
    default:
        return invalid(problem, "start", "No such start");
    }
    return STATUS_OK;
}

static void woken(uv_async_t *wake)
{
    (void)wake; // its coming is the point: the wait ends
}

static status_t loop_make(pcn_subscription *subscription, problem_t *problem)
{
    if (uv_loop_init(&subscription->loop) != 0) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No event loop");
    }
    subscription->has_loop = true;
    if (uv_async_init(&subscription->loop, &subscription->wake, woken) != 0) {
        subscription->wake.data = NULL;
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No event loop");
    }
    subscription->wake.data = subscription;
    uv_unref((uv_handle_t *)&subscription->wake);
    return STATUS_OK;
}

// What only has to be there: its lack is FAILED, not INVALID.
static status_t parts_make(pcn_subscription *subscription, const pcn_options *options, problem_t *problem)
{
    status_t status = loop_make(subscription, problem);
    if (status != STATUS_OK) {
        return status;
    }
    subscription->metrics = metrics_new();
    if (subscription->metrics == NULL || !client_batch_init(&subscription->batch)) {
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory");
    }
    status = rpc_keys_load_public(options->keys_dir, subscription->service, subscription->server_key, problem);
    if (status == STATUS_OK) {
        status =
            rpc_context_new(&subscription->loop, options->keys_dir, options->name, subscription->metrics, &subscription->context, problem);
    }
    problem->status = status;
    return status;
}

status_t client_connect(pcn_subscription *subscription, const pcn_options *options, problem_t *problem)
{
    status_t status = names_read(subscription, options, problem);
    if (status == STATUS_OK) {
        status = start_read(subscription, options, problem);
    }
    if (status == STATUS_OK) {
        status = parts_make(subscription, options, problem);
        // Keys that cannot be read are not a wrong option.
        status = status == STATUS_OK ? status : STATUS_UNAVAILABLE;
    }
    if (status != STATUS_OK) {
        return status;
    }
    rpc_client_options_t client = {
        .service = subscription->service, .endpoints = subscription->rpc.list, .server_key = subscription->server_key};
    status = rpc_client_new(subscription->context, &client, subscription->metrics, &subscription->client, problem);
    if (status != STATUS_OK) {
        problem_prefix(problem, "rpc");
        return STATUS_INVALID_ARGUMENT; // of all that is needed only the endpoints' text is left to be wrong
    }
    return STATUS_OK;
}

void client_disconnect(pcn_subscription *subscription)
{
    rpc_client_destroy(&subscription->client);
    rpc_context_destroy(&subscription->context);
    if (subscription->wake.data != NULL) {
        uv_close((uv_handle_t *)&subscription->wake, NULL);
    }
    if (subscription->has_loop) {
        while (uv_run(&subscription->loop, UV_RUN_DEFAULT) != 0) {
        }
        (void)uv_loop_close(&subscription->loop);
    }
    client_batch_deinit(&subscription->batch);
    metrics_destroy(&subscription->metrics);
    free(subscription->rpc.text);
    free(subscription->pub.text);
}
