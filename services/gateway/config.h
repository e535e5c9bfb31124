// The gateway's own configuration keys, beside those that every daemon has.
#ifndef PCN_GATEWAY_CONFIG_H
#define PCN_GATEWAY_CONFIG_H

#include "common/app/app.h"

typedef struct gateway_config {
    app_config_t app;
    const char *http_listen; // "unix:PATH" or a loopback address with its port; empty: unix:$state_dir/run/gateway.http
    int64_t listen_fd;       // a socket that listens already, from the supervisor; -1 for none
    int64_t request_timeout_ms;
    int64_t connection_limit;
    int64_t connection_timeout_ms;
    int64_t in_flight_max;
    const char *jwks;                        // path; empty: $state_dir/issuer/jwks.json
    const char *jwks_url, *jwks_authorities; // instead of the path; empty for none
    int64_t jwks_refresh_ms;
    const char *token_issuer;
    const char *token_audience;
    int64_t token_leeway_ms;
    int64_t token_cache;
    int64_t streams_max;
    int64_t stream_heartbeat_ms;
    int64_t uploads_max;
    int64_t downloads_max;
    int64_t transfer_timeout_ms;
} gateway_config_t;

extern const config_key_t gateway_keys[];

// What the table alone cannot say: a production gateway does not believe the development issuer.
MUST_CHECK status_t gateway_config_check(const gateway_config_t *config, problem_t *problem);

#endif
