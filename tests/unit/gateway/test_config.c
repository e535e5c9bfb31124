#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/config.h"

static void production_wants_its_own_issuer(void **state)
{
    gateway_config_t config = {.app = {.environment = "production"},
                               .http_listen = "",
                               .listen_fd = -1,
                               .jwks = "",
                               .jwks_url = "",
                               .jwks_authorities = "",
                               .token_issuer = "urn:pcn:development",
                               .token_audience = "pcn"};
    problem_t problem = {0};
    (void)state;
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "PCN_GATEWAY_TOKEN_ISSUER");
    config.app.environment = "development";
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_OK);
    config.app.environment = "production";
    config.token_issuer = "https://issuer.example";
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_OK);
    config.token_audience = "";
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_INVALID_ARGUMENT);
    config.token_issuer = "";
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_INVALID_ARGUMENT);
}

static void keys_come_from_one_place(void **state)
{
    gateway_config_t config = {.app = {.environment = "development"},
                               .http_listen = "",
                               .listen_fd = -1,
                               .jwks = "/keys.json",
                               .jwks_url = "https://issuer.example/jwks.json",
                               .jwks_authorities = "/authorities.pem",
                               .token_issuer = "https://issuer.example",
                               .token_audience = "pcn"};
    problem_t problem = {0};
    (void)state;
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "PCN_GATEWAY_JWKS_URL");
    config.jwks = "";
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_OK);
    config.jwks_url = "http://127.0.0.1/jwks.json";
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_OK);
    config.app.environment = "production";
    problem = (problem_t){0};
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "PCN_GATEWAY_JWKS_URL");
    config.jwks_url = "";
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "PCN_GATEWAY_JWKS_CA");
    config.jwks_authorities = "";
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_OK);
}

static void a_socket_is_opened_or_inherited(void **state)
{
    gateway_config_t config = {.app = {.environment = "development"},
                               .http_listen = "127.0.0.1:8081",
                               .listen_fd = 4,
                               .jwks = "",
                               .jwks_url = "",
                               .jwks_authorities = "",
                               .token_issuer = "urn:pcn:development",
                               .token_audience = "pcn"};
    problem_t problem = {0};
    (void)state;
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, "PCN_LISTEN_FD");
    config.http_listen = "";
    assert_int_equal(gateway_config_check(&config, &problem), STATUS_OK);
}

static void defaults_and_bounds(void **state)
{
    static const config_key_t *const keys[] = {gateway_keys, NULL};
    static const char *const none[] = {NULL};
    const config_spec_t spec = {.daemon = "gateway", .keys = keys, .others = none};
    static const char *const bad[][2] = {{"PCN_GATEWAY_REQUEST_TIMEOUT=1ms", NULL},
                                         {"PCN_GATEWAY_IN_FLIGHT_MAX=0", NULL},
                                         {"PCN_GATEWAY_TOKEN_LEEWAY=1h", NULL},
                                         {"PCN_GATEWAY_TOKEN_ISSER=x", NULL}};
    gateway_config_t values = {0};
    config_t *config;
    problem_t problem = {0};
    (void)state;
    assert_int_equal(config_load(&spec, none, &values, &config, &problem), STATUS_OK);
    assert_int_equal(values.request_timeout_ms, 10000);
    assert_int_equal(values.token_leeway_ms, 30000);
    assert_string_equal(values.token_issuer, "urn:pcn:development");
    assert_string_equal(values.http_listen, "");
    config_destroy(&config);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(config_load(&spec, bad[i], &values, &config, &problem), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(production_wants_its_own_issuer),
        cmocka_unit_test(keys_come_from_one_place),
        cmocka_unit_test(a_socket_is_opened_or_inherited),
        cmocka_unit_test(defaults_and_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
