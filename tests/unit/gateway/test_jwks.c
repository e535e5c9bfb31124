#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/jwks.h"
#include "tests/unit/gateway/issuer.h"

static void refuse(const char *text, const char *field)
{
    jwks_t *jwks = (jwks_t *)1;
    problem_t problem = {0};
    print_message("%.60s\n", text);
    assert_int_equal(jwks_parse(text, strlen(text), &jwks, &problem), STATUS_INVALID_ARGUMENT);
    assert_null(jwks);
    assert_string_equal(problem.field, field);
}

static void good_set(void **state)
{
    issuer_t issuer;
    jwks_t *jwks;
    problem_t problem;
    (void)state;
    issuer_init(&issuer);
    char *text = issuer_jwks(&issuer);
    assert_int_equal(jwks_parse(text, strlen(text), &jwks, &problem), STATUS_OK);
    assert_int_equal(jwks_count(jwks), 3);
    assert_string_equal(jwks_key_algorithm(jwks_find(jwks, "ed")), "EdDSA");
    assert_string_equal(jwks_key_algorithm(jwks_find(jwks, "ec")), "ES256");
    assert_string_equal(jwks_key_algorithm(jwks_find(jwks, "rsa")), "RS256");
    assert_null(jwks_find(jwks, "other"));
    assert_null(jwks_find(jwks, ""));
    assert_null(jwks_find(NULL, "ed"));
    jwks_destroy(&jwks);
    assert_null(jwks);
    free(text);
    issuer_deinit(&issuer);
}

static void broken_sets(void **state)
{
    (void)state;
    refuse("", "keys");
    refuse("[]", "keys");
    refuse("{}", "keys");
    refuse("{\"keys\":{}}", "keys");
    refuse("{\"keys\":[]}", "keys");
    refuse("{\"keys\":[],\"keys\":[]}", "keys");
    refuse("{\"keys\":[1,null,\"x\"]}", "keys");
    // Kinds that are not ours are skipped, and then none is left.
    refuse("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\"}]}", "keys");
    refuse("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"a\",\"x\":\"AAAA\"}]}", "keys");
    refuse("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"x\":\"AAAA\"}]}", "keys[0]");
    refuse("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\"}]}", "keys[0]");
    refuse("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"AAAA\",\"y\":\"AAAA\"}]}", "keys[0]");
    // A point that is not on the curve.
    refuse("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
           "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}]}",
           "keys[0]");
    refuse("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", "keys[0]");
    refuse("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\"}]}", "keys[0]");
}

static void refuse_key(const issuer_t *issuer, const char *kid, const char *extra, const char *field)
{
    char *key = issuer_jwk(issuer->keys[ISSUER_ED25519], kid, extra), *set;
    assert_true(asprintf(&set, "{\"keys\":[%s]}", key) > 0);
    refuse(set, field);
    free(set);
    free(key);
}

static void keys_that_may_not_sign(void **state)
{
    issuer_t issuer;
    char *set;
    (void)state;
    issuer_init(&issuer);
    refuse_key(&issuer, "", "", "keys[0]");
    refuse_key(&issuer, "a", ",\"d\":\"AAAA\"", "keys[0]");
    refuse_key(&issuer, "a", ",\"use\":\"enc\"", "keys");
    refuse_key(&issuer, "a", ",\"alg\":\"HS256\"", "keys");
    refuse_key(&issuer, "a", ",\"alg\":\"ES256\"", "keys");
    refuse_key(&issuer, "a", ",\"alg\":7", "keys");
    char *key = issuer_jwk(issuer.keys[ISSUER_ED25519], "a", "");
    assert_true(asprintf(&set, "{\"keys\":[%s,%s]}", key, key) > 0);
    refuse(set, "keys[1]");
    free(set);
    free(key);
    EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    key = issuer_jwk(small, "a", "");
    assert_true(asprintf(&set, "{\"keys\":[%s]}", key) > 0);
    refuse(set, "keys[0]");
    free(set);
    free(key);
    EVP_PKEY_free(small);
    issuer_deinit(&issuer);
}

static void no_file(void **state)
{
    jwks_t *jwks;
    problem_t problem;
    (void)state;
    assert_int_equal(jwks_load("/nonexistent/jwks.json", &jwks, &problem), STATUS_UNAVAILABLE);
    assert_int_equal(jwks_load("/", &jwks, &problem), STATUS_UNAVAILABLE);
    assert_int_equal(jwks_load("/dev/zero", &jwks, &problem), STATUS_INVALID_ARGUMENT);
    assert_null(jwks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_set),
        cmocka_unit_test(broken_sets),
        cmocka_unit_test(keys_that_may_not_sign),
        cmocka_unit_test(no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
