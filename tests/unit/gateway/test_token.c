#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/token.h"
#include "tests/unit/gateway/issuer.h"

#define NOW 1800000000LL
#define ED_HEADER "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"ed\"}"
#define CLAIMS(rest) "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1800000600" rest "}"

typedef struct fixture {
    issuer_t issuer;
    jwks_t *jwks;
} fixture_t;

static const token_rules_t rules = {"urn:pcn:development", "pcn", 30 * 1000000};

static int fixture_init(void **state)
{
    fixture_t *fixture = calloc(1, sizeof(*fixture));
    problem_t problem;
    issuer_init(&fixture->issuer);
    char *set = issuer_jwks(&fixture->issuer);
    assert_int_equal(jwks_parse(set, strlen(set), &fixture->jwks, &problem), STATUS_OK);
    free(set);
    *state = fixture;
    return 0;
}

static int fixture_deinit(void **state)
{
    fixture_t *fixture = *state;
    jwks_destroy(&fixture->jwks);
    issuer_deinit(&fixture->issuer);
    free(fixture);
    return 0;
}

static principal_t *read_at(const fixture_t *fixture, const char *token, long long now_s)
{
    return token_read(&rules, fixture->jwks, token, strlen(token), now_s * 1000000);
}

static void refuse_text(const fixture_t *fixture, const char *token)
{
    assert_null(read_at(fixture, token, NOW));
}

static void refuse_own(const fixture_t *fixture, char *token)
{
    refuse_text(fixture, token);
    free(token);
}

static void refuse(const fixture_t *fixture, const char *header, const char *claims)
{
    print_message("%s %.120s\n", header, claims);
    refuse_own(fixture, issuer_sign(fixture->issuer.keys[ISSUER_ED25519], header, claims));
}

static principal_t *accept(const fixture_t *fixture, const char *header, const char *claims)
{
    print_message("%s %.120s\n", header, claims);
    char *token = issuer_sign(fixture->issuer.keys[ISSUER_ED25519], header, claims);
    principal_t *principal = read_at(fixture, token, NOW);
    assert_non_null(principal);
    free(token);
    return principal;
}

static void three_algorithms(void **state)
{
    const fixture_t *fixture = *state;
    for (int key = 0; key < ISSUER_KEYS; key++) {
        char *token = issuer_token(&fixture->issuer, (issuer_key_t)key, "system-manager", NOW);
        principal_t *principal = read_at(fixture, token, NOW);
        assert_non_null(principal);
        assert_string_equal(principal->message.subject, "tester");
        assert_int_equal(principal->message.n_roles, 1);
        assert_string_equal(principal->message.organisations[0], "ics-llr");
        assert_true(principal_may(principal, "organisations.write"));
        assert_false(principal_may(principal, "status.read"));
        principal_release(&principal);
        free(token);
    }
}

// Every single character matters: a token with any of them changed is refused.
static void no_other_text(void **state)
{
    const fixture_t *fixture = *state;
    for (int key = 0; key < ISSUER_KEYS; key++) {
        char *token = issuer_token(&fixture->issuer, (issuer_key_t)key, "system-manager", NOW);
        size_t size = strlen(token);
        for (size_t i = 0; i < size; i += key == ISSUER_RSA ? 7 : 3) {
            char held = token[i];
            token[i] = held == 'A' ? 'B' : 'A';
            refuse_text(fixture, token);
            token[i] = '.';
            if (held != '.')
                refuse_text(fixture, token);
            token[i] = held;
        }
        for (size_t length = 0; length < size; length++)
            assert_null(token_read(&rules, fixture->jwks, token, length, NOW * 1000000));
        char longer[4096];
        snprintf(longer, sizeof(longer), "%s=", token);
        refuse_text(fixture, longer);
        snprintf(longer, sizeof(longer), "%sAAAA", token);
        refuse_text(fixture, longer);
        snprintf(longer, sizeof(longer), "%s.", token);
        refuse_text(fixture, longer);
        snprintf(longer, sizeof(longer), " %s", token);
        refuse_text(fixture, longer);
        free(token);
    }
}

static void algorithms_that_lie(void **state)
{
    const fixture_t *fixture = *state;
    const issuer_t *issuer = &fixture->issuer;
    refuse(fixture, "{\"alg\":\"none\",\"kid\":\"ed\"}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"eddsa\",\"kid\":\"ed\"}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"ES256\",\"kid\":\"ed\"}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"HS256\",\"kid\":\"ed\"}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"EdDSA\",\"kid\":\"ec\"}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"EdDSA\",\"kid\":\"other\"}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"EdDSA\"}", CLAIMS(""));
    refuse(fixture, "{\"kid\":\"ed\"}", CLAIMS(""));
    refuse(fixture, "{\"alg\":[\"EdDSA\"],\"kid\":\"ed\"}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"ES256\",\"kid\":\"ec\"}", CLAIMS(""));
    // Another's signature under a known id.
    refuse_own(fixture, issuer_sign(issuer->keys[ISSUER_RSA], ED_HEADER, CLAIMS("")));
    // No signature at all.
    char *token = issuer_sign(issuer->keys[ISSUER_ED25519], "{\"alg\":\"none\"}", CLAIMS(""));
    strrchr(token, '.')[1] = '\0';
    refuse_own(fixture, token);
}

// The classic: HMAC with the public key as its secret, in each form in which somebody may have it.
static void hmac_with_the_public_key(void **state)
{
    const fixture_t *fixture = *state;
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"kid\":\"rsa\"}", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}",
                                          "{\"alg\":\"HS256\",\"kid\":\"ed\"}", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}"};
    unsigned char raw[32], *der = NULL;
    size_t raw_size = sizeof(raw);
    assert_int_equal(EVP_PKEY_get_raw_public_key(fixture->issuer.keys[ISSUER_ED25519], raw, &raw_size), 1);
    int der_size = i2d_PublicKey(fixture->issuer.keys[ISSUER_RSA], &der);
    assert_true(der_size > 0);
    for (size_t i = 0; i < 4; i++) {
        refuse_own(fixture, issuer_hmac((const char *)raw, raw_size, headers[i], CLAIMS("")));
        refuse_own(fixture, issuer_hmac((const char *)der, (size_t)der_size, headers[i], CLAIMS("")));
    }
    OPENSSL_free(der);
}

static void headers_beyond_ours(void **state)
{
    const fixture_t *fixture = *state;
    principal_t *principal = accept(fixture, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", CLAIMS(""));
    principal_release(&principal);
    principal = accept(fixture, "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":\"jwt\"}", CLAIMS(""));
    principal_release(&principal);
    refuse(fixture, "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":\"at+jwt\"}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":1}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":[\"exp\"]}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"b64\":false}", CLAIMS(""));
    refuse(fixture, "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"kid\":\"ed\"}", CLAIMS(""));
    refuse(fixture, "[\"EdDSA\"]", CLAIMS(""));
    refuse(fixture, "{", CLAIMS(""));
    refuse(fixture, "", CLAIMS(""));
}

static void claims_that_do_not_fit(void **state)
{
    static const char *const cases[] = {
        "{}", "[]", "", "null",
        // Issuer and audience.
        "{\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1800000600}",
        "{\"iss\":\"urn:other\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"other\",\"sub\":\"s\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":[\"other\"],\"sub\":\"s\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":[\"pcn\",1],\"sub\":\"s\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":[],\"sub\":\"s\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"sub\":\"s\",\"exp\":1800000600}",
        // Subject.
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"a\\nb\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"a\\u0000b\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":7,\"exp\":1800000600}",
        // Times.
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\"}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":\"1800000600\"}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":null}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":-1}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1e300}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1799999970}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1800000600,\"exp\":1800000600}",
        CLAIMS(",\"nbf\":1800000031"), CLAIMS(",\"iat\":1800000031"), CLAIMS(",\"nbf\":\"x\""), CLAIMS(",\"iat\":true"),
        // Lists.
        CLAIMS(",\"roles\":\"operations\""), CLAIMS(",\"roles\":[1]"), CLAIMS(",\"roles\":[\"\"]"), CLAIMS(",\"org\":[\"No Code\"]"),
        CLAIMS(",\"org\":\"ics-llr\""), CLAIMS(",\"org\":[null]"), CLAIMS(",\"scope\":[\"registry.read\"]"),
        CLAIMS(",\"roles\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
               "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]"),
    };
    const fixture_t *fixture = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        refuse(fixture, ED_HEADER, cases[i]);
}

static void claims_at_the_edge(void **state)
{
    static const char *const cases[] = {
        "{\"iss\":\"urn:pcn:development\",\"aud\":[\"other\",\"pcn\"],\"sub\":\"s\",\"exp\":1800000600}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1799999971}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1800000600.5}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":4e9}",
        CLAIMS(",\"nbf\":1800000030,\"iat\":1800000030"), CLAIMS(",\"roles\":[],\"org\":[]"), CLAIMS(",\"more\":{\"deep\":[1]}"),
    };
    const fixture_t *fixture = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        principal_t *principal = accept(fixture, ED_HEADER, cases[i]);
        assert_int_equal(principal->message.n_scopes, 0);
        principal_release(&principal);
    }
}

static void roles_give_scopes(void **state)
{
    const fixture_t *fixture = *state;
    principal_t *principal = accept(fixture, ED_HEADER, CLAIMS(",\"roles\":[\"unknown\"]"));
    assert_int_equal(principal->message.n_scopes, 0);
    assert_int_equal(principal->message.n_roles, 1);
    principal_release(&principal);
    principal = accept(fixture, ED_HEADER, CLAIMS(",\"roles\":[\"system-manager\"],\"scope\":\"registry.read status.read made.up\""));
    assert_int_equal(principal->message.n_scopes, 1);
    assert_true(principal_may(principal, "registry.read"));
    principal_release(&principal);
    principal = accept(fixture, ED_HEADER, CLAIMS(",\"roles\":[\"system-manager\"],\"scope\":\"\""));
    assert_int_equal(principal->message.n_scopes, 0);
    principal_release(&principal);
}

static void too_large(void **state)
{
    const fixture_t *fixture = *state;
    static char claims[TOKEN_SIZE_MAX + 256], pad[TOKEN_SIZE_MAX];
    memset(pad, 'x', sizeof(pad) - 1);
    snprintf(claims, sizeof(claims), CLAIMS(",\"pad\":\"%s\""), pad);
    refuse(fixture, ED_HEADER, claims);
    pad[5000] = '\0';
    snprintf(claims, sizeof(claims), CLAIMS(",\"pad\":\"%s\""), pad);
    principal_t *principal = accept(fixture, ED_HEADER, claims);
    principal_release(&principal);
}

static void without_keys(void **state)
{
    const fixture_t *fixture = *state;
    char *token = issuer_token(&fixture->issuer, ISSUER_ED25519, "operations", NOW);
    assert_null(token_read(&rules, NULL, token, strlen(token), NOW * 1000000));
    free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_algorithms),       cmocka_unit_test(no_other_text),     cmocka_unit_test(algorithms_that_lie),
        cmocka_unit_test(hmac_with_the_public_key), cmocka_unit_test(headers_beyond_ours), cmocka_unit_test(claims_that_do_not_fit),
        cmocka_unit_test(claims_at_the_edge),     cmocka_unit_test(roles_give_scopes), cmocka_unit_test(too_large),
        cmocka_unit_test(without_keys),
    };
    return cmocka_run_group_tests(tests, fixture_init, fixture_deinit);
}
