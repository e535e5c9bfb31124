#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "services/ctl/token.h"

static const int64_t now_us = INT64_C(1574676000123456);
static issuer_t *issuer;

static int make_issuer(void **state)
{
    (void)state;
    static const uint8_t secret[ISSUER_PUBLIC_SIZE] = {7};
    issuer = issuer_from_secret(secret);
    return issuer != NULL ? 0 : -1;
}

static int drop_issuer(void **state)
{
    (void)state;
    issuer_destroy(&issuer);
    return 0;
}

// An independent decoder: OpenSSL's, with the alphabet and padding of base64.
static size_t decode(const char *text, size_t size, uint8_t *out)
{
    char padded[4096];
    assert_true(size + 4 < sizeof padded);
    size_t length = 0;
    for (; length < size; length++)
        padded[length] = text[length] == '-' ? '+' : text[length] == '_' ? '/' : text[length];
    size_t missing = (4 - length % 4) % 4;
    memset(padded + length, '=', missing);
    int decoded = EVP_DecodeBlock(out, (const unsigned char *)padded, (int)(length + missing));
    assert_true(decoded >= 0);
    return (size_t)decoded - missing;
}

// Verifies the token as a stranger would and gives its payload.
static json_t *verify(const char *token)
{
    const char *first = strchr(token, '.'), *second = strchr(first + 1, '.');
    assert_non_null(second);
    assert_null(strchr(second + 1, '.'));
    uint8_t signature[4096], text[4096];
    assert_int_equal(decode(second + 1, strlen(second + 1), signature), ISSUER_SIGNATURE_SIZE);
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, issuer_public(issuer), ISSUER_PUBLIC_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestVerify(context, signature, ISSUER_SIGNATURE_SIZE, (const uint8_t *)token, (size_t)(second - token)), 1);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    size_t size = decode(token, (size_t)(first - token), text);
    json_t *header = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, NULL);
    assert_string_equal(json_string_value(json_object_get(header, "alg")), "EdDSA");
    assert_string_equal(json_string_value(json_object_get(header, "kid")), issuer_kid(issuer));
    json_decref(header);
    size = decode(first + 1, (size_t)(second - first - 1), text);
    json_t *payload = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(payload);
    return payload;
}

static json_t *make(const token_claims_t *claims)
{
    buf_t token;
    buf_init(&token, 65536);
    problem_t problem = {0};
    assert_int_equal(token_make(issuer, claims, now_us, &token, &problem), STATUS_OK);
    json_t *payload = verify(token.data);
    buf_deinit(&token);
    return payload;
}

static void test_claims(void **state)
{
    (void)state;
    const token_claims_t claims = {.roles = "network-manager", .organisations = "pcn-rutland", .ttl_s = 60};
    json_t *payload = make(&claims);
    const char *iss, *aud, *sub, *role, *org, *jti;
    json_int_t iat, nbf, exp;
    assert_int_equal(json_unpack(payload, "{s:s,s:s,s:s,s:[s!],s:[s!],s:I,s:I,s:I,s:s!}", "iss", &iss, "aud", &aud, "sub", &sub, "roles",
                                 &role, "org", &org, "iat", &iat, "nbf", &nbf, "exp", &exp, "jti", &jti),
                     0);
    assert_string_equal(iss, "urn:pcn:development");
    assert_string_equal(aud, "pcn");
    assert_string_equal(sub, "dev-network-manager-pcn-rutland");
    assert_string_equal(role, "network-manager");
    assert_string_equal(org, "pcn-rutland");
    assert_int_equal(iat, 1574676000);
    assert_int_equal(nbf, iat);
    assert_int_equal(exp, iat + 60);
    assert_int_equal(strlen(jti), 36);
    json_decref(payload);
}

static void test_lists_subject_and_scope(void **state)
{
    (void)state;
    const token_claims_t claims = {
        .roles = "operations,subscriber", .organisations = "ics-llr,RX1", .scope = "events.read status.read", .ttl_s = 1};
    json_t *payload = make(&claims);
    assert_string_equal(json_string_value(json_object_get(payload, "sub")), "dev-operations+subscriber-ics-llr+RX1");
    assert_int_equal(json_array_size(json_object_get(payload, "roles")), 2);
    assert_string_equal(json_string_value(json_array_get(json_object_get(payload, "org"), 1)), "RX1");
    assert_string_equal(json_string_value(json_object_get(payload, "scope")), "events.read status.read");
    json_decref(payload);
    const token_claims_t named = {
        .roles = "operations", .organisations = "ics-llr", .subject = "someone@example.org", .ttl_s = TOKEN_TTL_MAX};
    payload = make(&named);
    assert_string_equal(json_string_value(json_object_get(payload, "sub")), "someone@example.org");
    json_decref(payload);
}

static void test_no_two_tokens_are_alike(void **state)
{
    (void)state;
    const token_claims_t claims = {.roles = "operations", .organisations = "ics-llr", .ttl_s = 60};
    json_t *first = make(&claims), *second = make(&claims);
    assert_false(json_equal(json_object_get(first, "jti"), json_object_get(second, "jti")));
    json_decref(first);
    json_decref(second);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        token_claims_t claims;
        const char *field;
    } cases[] = {
        {{.roles = "king", .organisations = "ics-llr", .ttl_s = 1}, "--role"},
        {{.roles = "", .organisations = "ics-llr", .ttl_s = 1}, "--role"},
        {{.roles = "operations,", .organisations = "ics-llr", .ttl_s = 1}, "--role"},
        {{.roles = "operations,operations", .organisations = "ics-llr", .ttl_s = 1}, "--role"},
        {{.roles = "operations", .organisations = "ICS LLR", .ttl_s = 1}, "--org"},
        {{.roles = "operations", .organisations = ",ics-llr", .ttl_s = 1}, "--org"},
        {{.roles = "operations", .organisations = "ics-llr", .ttl_s = 0}, "--ttl"},
        {{.roles = "operations", .organisations = "ics-llr", .ttl_s = TOKEN_TTL_MAX + 1}, "--ttl"},
        {{.roles = "operations", .organisations = "ics-llr", .subject = "a b", .ttl_s = 1}, "--sub"},
        {{.roles = "operations", .organisations = "ics-llr", .subject = "", .ttl_s = 1}, "--sub"},
        {{.roles = "operations", .organisations = "ics-llr", .scope = "registry.reed", .ttl_s = 1}, "--scope"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_t token;
        buf_init(&token, 65536);
        problem_t problem = {0};
        assert_int_equal(token_make(issuer, &cases[i].claims, now_us, &token, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, cases[i].field);
        assert_int_equal(token.size, 0);
        buf_deinit(&token);
    }
}

static void test_unknown_role_is_told_the_list(void **state)
{
    (void)state;
    const token_claims_t claims = {.roles = "king", .organisations = "ics-llr", .ttl_s = 1};
    buf_t token;
    buf_init(&token, 65536);
    problem_t problem = {0};
    assert_int_equal(token_make(issuer, &claims, now_us, &token, &problem), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(problem.detail, "system-manager"));
    assert_non_null(strstr(problem.detail, "subscriber"));
    buf_deinit(&token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_lists_subject_and_scope),
        cmocka_unit_test(test_no_two_tokens_are_alike),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_unknown_role_is_told_the_list),
    };
    return cmocka_run_group_tests(tests, make_issuer, drop_issuer);
}
