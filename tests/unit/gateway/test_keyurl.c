#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "services/gateway/keyurl.h"
#include "tests/unit/gateway/issuer.h"
#include "tests/unit/gateway/key_server.h"

#define NOW 1800000000LL
#define LIMIT_US (20 * 1000000)
#define TICK_MS 5
#define OFTEN_MS 20
#define SELDOM_MS 3600000

typedef struct fixture {
    key_server_t server;
    uv_loop_t loop;
    uv_timer_t tick;
    unsigned ticks;
    metrics_t *metrics;
    verifier_t *verifier;
    keyurl_t *keyurl;
    issuer_t issuer;
} fixture_t;

static const token_rules_t rules = {"urn:pcn:development", "pcn", 0};

static void on_tick(uv_timer_t *timer)
{
    ((fixture_t *)timer->data)->ticks++;
}

static void open_world(fixture_t *fixture, const char *host)
{
    *fixture = (fixture_t){0};
    log_start("gateway", LOG_LEVEL_ERROR);
    key_server_start(&fixture->server, host);
    issuer_init(&fixture->issuer);
    key_server_set(&fixture->server, issuer_jwks(&fixture->issuer));
    uv_loop_init(&fixture->loop);
    uv_timer_init(&fixture->loop, &fixture->tick);
    fixture->tick.data = fixture;
    uv_timer_start(&fixture->tick, on_tick, TICK_MS, TICK_MS);
    fixture->metrics = metrics_new();
    fixture->verifier = verifier_new(&rules, 10);
}

static void begin(fixture_t *fixture, const char *url, const char *authorities, int64_t refresh_ms, int64_t floor_ms)
{
    problem_t problem = {0};
    const keyurl_options_t options = {
        .url = url, .authorities = authorities, .refresh_ms = refresh_ms, .timeout_ms = 300, .floor_ms = floor_ms};
    assert_int_equal(keyurl_new(&fixture->loop, &options, fixture->verifier, fixture->metrics, &fixture->keyurl, &problem), STATUS_OK);
}

static void begin_often(fixture_t *fixture)
{
    begin(fixture, fixture->server.url, "", OFTEN_MS, OFTEN_MS);
}

static void end(fixture_t *fixture)
{
    keyurl_destroy(&fixture->keyurl);
    uv_close((uv_handle_t *)&fixture->tick, NULL);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    verifier_destroy(&fixture->verifier);
    metrics_destroy(&fixture->metrics);
    issuer_deinit(&fixture->issuer);
    key_server_stop(&fixture->server);
}

static uint64_t counted(const fixture_t *fixture, const char *name)
{
    return metrics_counter(fixture->metrics, name, NULL, NULL)->value;
}

#define FAILURES "pcn_gateway_keys_failures_total"
#define REQUESTS "pcn_gateway_keys_requests_total"

// Turns the loop until the expression is true.
#define await(fixture, expression)                                                                                                         \
    do {                                                                                                                                   \
        const int64_t limit_us = clock_steady_us() + LIMIT_US;                                                                             \
        while (!(expression)) {                                                                                                            \
            if (clock_steady_us() > limit_us)                                                                                              \
                fail_msg("did not come: %s", #expression);                                                                                 \
            uv_run(&(fixture)->loop, UV_RUN_ONCE);                                                                                         \
        }                                                                                                                                  \
    } while (0)

static bool believed(const fixture_t *fixture, char *token)
{
    principal_t *principal = verifier_check(fixture->verifier, token, strlen(token), NOW * 1000000);
    const bool found = principal != NULL;
    principal_release(&principal);
    free(token);
    return found;
}

static bool good(const fixture_t *fixture)
{
    return believed(fixture, issuer_token(&fixture->issuer, ISSUER_ED25519, "operations", NOW));
}

static void keys_come_at_the_start(void **state)
{
    fixture_t fixture;
    (void)state;
    open_world(&fixture, NULL);
    begin(&fixture, fixture.server.url, "", SELDOM_MS, SELDOM_MS);
    assert_false(verifier_has_keys(fixture.verifier));
    await(&fixture, verifier_has_keys(fixture.verifier));
    assert_true(good(&fixture));
    assert_true(metrics_gauge(fixture.metrics, "pcn_gateway_keys_timestamp_seconds", NULL, NULL)->value > 1700000000);
    assert_int_equal(counted(&fixture, REQUESTS), 1);
    assert_int_equal(counted(&fixture, FAILURES), 0);
    end(&fixture);
}

static void keys_that_come_later(void **state)
{
    fixture_t fixture;
    (void)state;
    open_world(&fixture, NULL);
    key_server_answer(&fixture.server, KEY_ANSWER_ERROR);
    begin_often(&fixture);
    await(&fixture, counted(&fixture, FAILURES) >= 3);
    assert_false(verifier_has_keys(fixture.verifier));
    key_server_answer(&fixture.server, KEY_ANSWER_GOOD);
    await(&fixture, good(&fixture));
    end(&fixture);
}

static void whatever_is_no_set_keeps_the_keys(void **state)
{
    fixture_t fixture;
    (void)state;
    open_world(&fixture, NULL);
    begin_often(&fixture);
    await(&fixture, good(&fixture));
    for (key_answer_t answer = KEY_ANSWER_GOOD + 1; answer < KEY_ANSWERS; answer++) {
        key_server_answer(&fixture.server, answer);
        // One may have been under way.
        const uint64_t failures = counted(&fixture, FAILURES);
        await(&fixture, counted(&fixture, FAILURES) >= failures + 2);
        assert_true(good(&fixture));
        key_server_answer(&fixture.server, KEY_ANSWER_GOOD);
        const uint64_t requests = counted(&fixture, REQUESTS);
        await(&fixture, counted(&fixture, REQUESTS) >= requests + 2);
        assert_true(good(&fixture));
    }
    end(&fixture);
}

static void an_issuer_that_is_gone_keeps_the_keys(void **state)
{
    fixture_t fixture;
    (void)state;
    open_world(&fixture, NULL);
    begin_often(&fixture);
    await(&fixture, good(&fixture));
    key_server_stop(&fixture.server);
    const uint64_t failures = counted(&fixture, FAILURES);
    await(&fixture, counted(&fixture, FAILURES) >= failures + 2);
    assert_true(good(&fixture));
    key_server_start(&fixture.server, NULL);
    end(&fixture);
}

// A set that is the same as before makes nobody verify again.
static void a_refresh_forgets_nothing(void **state)
{
    fixture_t fixture;
    (void)state;
    open_world(&fixture, NULL);
    begin_often(&fixture);
    await(&fixture, good(&fixture));
    assert_int_equal(verifier_remembered(fixture.verifier), 1);
    const uint64_t requests = counted(&fixture, REQUESTS);
    await(&fixture, counted(&fixture, REQUESTS) >= requests + 3);
    assert_int_equal(verifier_remembered(fixture.verifier), 1);
    end(&fixture);
}

// A token under the id `kid`, of the issuer's first key.
static char *token_of(const fixture_t *fixture, const char *kid)
{
    char header[64], claims[256];
    snprintf(header, sizeof header, "{\"alg\":\"EdDSA\",\"kid\":\"%s\"}", kid);
    snprintf(claims, sizeof claims,
             "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"a\",\"exp\":%lld,\"roles\":[\"operations\"]}", NOW + 60);
    return issuer_sign(fixture->issuer.keys[ISSUER_ED25519], header, claims);
}

static void an_unknown_key_is_asked_for(void **state)
{
    fixture_t fixture;
    char set[1024];
    (void)state;
    open_world(&fixture, NULL);
    begin(&fixture, fixture.server.url, "", SELDOM_MS, 200);
    await(&fixture, good(&fixture));
    char *jwk = issuer_jwk(fixture.issuer.keys[ISSUER_ED25519], "new", "");
    snprintf(set, sizeof set, "{\"keys\":[%s]}", jwk);
    free(jwk);
    key_server_set(&fixture.server, strdup(set));
    await(&fixture, believed(&fixture, token_of(&fixture, "new")));
    // The old one is withdrawn with it.
    assert_false(good(&fixture));
    assert_int_equal(counted(&fixture, REQUESTS), 2);
    end(&fixture);
}

static void tokens_do_not_drive_the_issuer(void **state)
{
    fixture_t fixture;
    char kid[32];
    (void)state;
    open_world(&fixture, NULL);
    begin(&fixture, fixture.server.url, "", SELDOM_MS, 500);
    await(&fixture, good(&fixture));
    const int64_t begun_us = clock_steady_us();
    unsigned shown = 0;
    while (clock_steady_us() - begun_us < 1200000) {
        snprintf(kid, sizeof kid, "kid-%u", shown++);
        assert_false(believed(&fixture, token_of(&fixture, kid)));
        uv_run(&fixture.loop, UV_RUN_NOWAIT);
    }
    assert_true(shown > 100);
    // One at the start, and one for each floor that is over.
    assert_in_range(key_server_asked(&fixture.server), 2, 4);
    // What is bad for another reason asks for nothing.
    const uint64_t requests = counted(&fixture, REQUESTS);
    assert_false(believed(&fixture, strdup("no.token.at-all")));
    char *forged = issuer_token(&fixture.issuer, ISSUER_ED25519, "operations", NOW);
    forged[strlen(forged) - 5] ^= 1;
    assert_false(believed(&fixture, forged));
    assert_true(counted(&fixture, REQUESTS) <= requests + 1);
    end(&fixture);
}

static void a_slow_issuer_keeps_nobody_waiting(void **state)
{
    fixture_t fixture;
    (void)state;
    open_world(&fixture, NULL);
    key_server_answer(&fixture.server, KEY_ANSWER_SLOW);
    begin_often(&fixture);
    await(&fixture, counted(&fixture, FAILURES) >= 1);
    // 300 ms of 5 ms each, on a machine that has other things to do.
    assert_true(fixture.ticks >= 10);
    // The end does not wait for it either.
    await(&fixture, counted(&fixture, REQUESTS) >= 2);
    const int64_t begun_us = clock_steady_us();
    end(&fixture);
    assert_true(clock_steady_us() - begun_us < 5000000);
}

static void https_is_verified(void **state)
{
    fixture_t fixture;
    (void)state;
    open_world(&fixture, "127.0.0.1");
    begin(&fixture, fixture.server.url, fixture.server.authorities, OFTEN_MS, OFTEN_MS);
    await(&fixture, good(&fixture));
    end(&fixture);
    // Nobody that this machine knows says that it is the issuer.
    open_world(&fixture, "127.0.0.1");
    begin(&fixture, fixture.server.url, "", OFTEN_MS, OFTEN_MS);
    await(&fixture, counted(&fixture, FAILURES) >= 2);
    assert_false(verifier_has_keys(fixture.verifier));
    assert_int_equal(key_server_asked(&fixture.server), 0);
    end(&fixture);
    // A good certificate of another host.
    open_world(&fixture, "issuer.example");
    begin(&fixture, fixture.server.url, fixture.server.authorities, OFTEN_MS, OFTEN_MS);
    await(&fixture, counted(&fixture, FAILURES) >= 2);
    assert_false(verifier_has_keys(fixture.verifier));
    assert_int_equal(key_server_asked(&fixture.server), 0);
    end(&fixture);
}

static void which_addresses_may_be(void **state)
{
    static const struct {
        const char *url;
        bool loopback, may;
    } cases[] = {
        {"https://issuer.example/jwks.json", false, true},
        {"https://issuer.example:8443/a?b=c", false, true},
        {"http://127.0.0.1:8080/jwks.json", true, true},
        {"http://localhost/", true, true},
        {"http://[::1]:1/", true, true},
        {"http://127.0.0.1:8080/jwks.json", false, false},
        {"http://issuer.example/jwks.json", true, false},
        {"http://127.0.0.1.example/", true, false},
        {"http://localhostess/", true, false},
        {"https://user:password@issuer.example/", true, false},
        {"https://issuer.example/#a", true, false},
        {"https://issuer.example/a b", true, false},
        {"https://", true, false},
        {"https:///jwks", true, false},
        {"file:///etc/passwd", true, false},
        {"issuer.example", true, false},
        {"", true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        if ((keyurl_check(cases[i].url, cases[i].loopback, &problem) == STATUS_OK) != cases[i].may)
            fail_msg("%s", cases[i].url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_at_the_start),
        cmocka_unit_test(keys_that_come_later),
        cmocka_unit_test(whatever_is_no_set_keeps_the_keys),
        cmocka_unit_test(an_issuer_that_is_gone_keeps_the_keys),
        cmocka_unit_test(a_refresh_forgets_nothing),
        cmocka_unit_test(an_unknown_key_is_asked_for),
        cmocka_unit_test(tokens_do_not_drive_the_issuer),
        cmocka_unit_test(a_slow_issuer_keeps_nobody_waiting),
        cmocka_unit_test(https_is_verified),
        cmocka_unit_test(which_addresses_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
