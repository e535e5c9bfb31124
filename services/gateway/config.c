#include "services/gateway/config.h"

#include <stddef.h>
#include <string.h>

#include "common/app/issuer.h"
#include "services/gateway/keyurl.h"

#define KEY(name, type, field, default_text, minimum, maximum, help)                                                                       \
    {                                                                                                                                      \
        name, type, 0, offsetof(gateway_config_t, field), default_text, minimum, maximum, help                                             \
    }

const config_key_t gateway_keys[] = {
    KEY("HTTP_LISTEN", CONFIG_STRING, http_listen, "", 0, 0,
        "where HTTP is served: unix:PATH or 127.0.0.1:PORT; empty for unix:STATE_DIR/run/gateway.http"),
    {"LISTEN_FD", CONFIG_NUMBER, CONFIG_COMMON, offsetof(gateway_config_t, listen_fd), "-1", -1, 1048576,
     "descriptor of a unix socket that listens already, instead of HTTP_LISTEN; -1 for none"},
    KEY("REQUEST_TIMEOUT", CONFIG_DURATION, request_timeout_ms, "10s", 10, 600000, "longest time that a request may take"),
    KEY("CONNECTION_LIMIT", CONFIG_NUMBER, connection_limit, "4096", 1, 1000000, "most HTTP connections at a time"),
    KEY("CONNECTION_TIMEOUT", CONFIG_DURATION, connection_timeout_ms, "60s", 1000, 3600000,
        "a connection that is silent for so long is closed"),
    KEY("IN_FLIGHT_MAX", CONFIG_NUMBER, in_flight_max, "4096", 1, 1000000, "most requests that wait for services; beyond it 503 at once"),
    KEY("JWKS", CONFIG_STRING, jwks, "", 0, 0, "file with the keys of the tokens' issuer; empty for STATE_DIR/issuer/jwks.json"),
    KEY("JWKS_URL", CONFIG_STRING, jwks_url, "", 0, 0, "address of the same, instead of the file: https, or http on this machine"),
    KEY("JWKS_CA", CONFIG_STRING, jwks_authorities, "", 0, 0,
        "file of the authorities that the address's certificate must be of; empty for the machine's"),
    KEY("JWKS_REFRESH", CONFIG_DURATION, jwks_refresh_ms, "10m", 10000, 86400000, "how often the address is asked for its keys"),
    KEY("TOKEN_ISSUER", CONFIG_STRING, token_issuer, ISSUER_DEVELOPMENT, 0, 0, "the one issuer that is believed"),
    KEY("TOKEN_AUDIENCE", CONFIG_STRING, token_audience, ISSUER_AUDIENCE, 0, 0, "audience that a token must be made for"),
    KEY("TOKEN_LEEWAY", CONFIG_DURATION, token_leeway_ms, "30s", 0, 600000, "how far the issuer's clock may be off"),
    KEY("TOKEN_CACHE", CONFIG_NUMBER, token_cache, "10000", 1, 1000000, "most verified tokens that are remembered"),
    KEY("STREAMS_MAX", CONFIG_NUMBER, streams_max, "1000", 1, 1000000, "most streams of change events at a time; beyond it 503"),
    KEY("STREAM_HEARTBEAT", CONFIG_DURATION, stream_heartbeat_ms, "15s", 100, 50000,
        "a stream that has nothing to say for so long says where it is"),
    KEY("UPLOADS_MAX", CONFIG_NUMBER, uploads_max, "4", 1, 1000, "most uploads of files at a time; beyond it 503"),
    KEY("DOWNLOADS_MAX", CONFIG_NUMBER, downloads_max, "8", 1, 1000, "most downloads of files at a time; beyond it 503"),
    KEY("TRANSFER_TIMEOUT", CONFIG_DURATION, transfer_timeout_ms, "15m", 100, 86400000, "longest time of an upload or download"),
    {0},
};

static status_t check_key_source(const gateway_config_t *config, problem_t *problem)
{
    if (config->jwks_url[0] == '\0') {
        return config->jwks_authorities[0] == '\0'
                   ? STATUS_OK
                   : problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_GATEWAY_JWKS_CA", "Needs PCN_GATEWAY_JWKS_URL");
    }
    if (config->jwks[0] != '\0')
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_GATEWAY_JWKS_URL", "Excludes PCN_GATEWAY_JWKS");
    status_t status = keyurl_check(config->jwks_url, strcmp(config->app.environment, "production") != 0, problem);
    if (status != STATUS_OK)
        problem_prefix(problem, "PCN_GATEWAY_JWKS_URL");
    return status;
}

status_t gateway_config_check(const gateway_config_t *config, problem_t *problem)
{
    if (config->listen_fd >= 0 && config->http_listen[0] != '\0')
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_LISTEN_FD", "Excludes PCN_GATEWAY_HTTP_LISTEN");
    if (config->token_issuer[0] == '\0')
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_GATEWAY_TOKEN_ISSUER", "An issuer is needed");
    if (config->token_audience[0] == '\0')
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_GATEWAY_TOKEN_AUDIENCE", "An audience is needed");
    if (strcmp(config->app.environment, "production") == 0 && strcmp(config->token_issuer, ISSUER_DEVELOPMENT) == 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_GATEWAY_TOKEN_ISSUER", "The development issuer is not for production");
    return check_key_source(config, problem);
}
