#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/verifier.h"
#include "tests/unit/gateway/issuer.h"

#define NOW 1800000000LL
#define US 1000000LL

static const token_rules_t rules = {"urn:pcn:development", "pcn", 30 * US};

static verifier_t *make(const issuer_t *issuer, size_t max)
{
    verifier_t *verifier = verifier_new(&rules, max);
    jwks_t *jwks;
    problem_t problem;
    char *set = issuer_jwks(issuer);
    assert_int_equal(jwks_parse(set, strlen(set), &jwks, &problem), STATUS_OK);
    free(set);
    assert_false(verifier_has_keys(verifier));
    verifier_set_keys(verifier, &jwks);
    assert_null(jwks);
    assert_true(verifier_has_keys(verifier));
    return verifier;
}

static bool good(verifier_t *verifier, const char *token, long long now_s)
{
    principal_t *principal = verifier_check(verifier, token, strlen(token), now_s * US);
    bool found = principal != NULL;
    principal_release(&principal);
    return found;
}

static void remembered(void **state)
{
    issuer_t issuer;
    (void)state;
    issuer_init(&issuer);
    verifier_t *verifier = make(&issuer, 10);
    char *token = issuer_token(&issuer, ISSUER_ED25519, "operations", NOW);
    principal_t *first = verifier_check(verifier, token, strlen(token), NOW * US);
    principal_t *second = verifier_check(verifier, token, strlen(token), NOW * US);
    assert_ptr_equal(first, second);
    assert_int_equal(first->references, 3);
    assert_int_equal(verifier_remembered(verifier), 1);
    principal_release(&second);
    // Once over it is forgotten, and those who hold it keep it.
    assert_true(good(verifier, token, NOW + 629));
    assert_false(good(verifier, token, NOW + 630));
    assert_int_equal(verifier_remembered(verifier), 0);
    assert_string_equal(first->message.subject, "tester");
    principal_release(&first);
    // A clock that went back makes it too early.
    assert_true(good(verifier, token, NOW));
    assert_false(good(verifier, token, NOW - 31));
    verifier_destroy(&verifier);
    free(token);
    issuer_deinit(&issuer);
}

static void bad_ones_are_not(void **state)
{
    issuer_t issuer;
    (void)state;
    issuer_init(&issuer);
    verifier_t *verifier = make(&issuer, 10);
    char *token = issuer_token(&issuer, ISSUER_P256, "operations", NOW);
    assert_false(good(verifier, token, NOW + 1000));
    assert_false(good(verifier, "", NOW));
    token[strlen(token) - 5] ^= 1;
    assert_false(good(verifier, token, NOW));
    assert_int_equal(verifier_remembered(verifier), 0);
    verifier_destroy(&verifier);
    free(token);
    issuer_deinit(&issuer);
}

static void bounded(void **state)
{
    issuer_t issuer;
    char *tokens[20];
    (void)state;
    issuer_init(&issuer);
    verifier_t *verifier = make(&issuer, 8);
    for (int i = 0; i < 20; i++)
        tokens[i] = issuer_token(&issuer, ISSUER_ED25519, "operations", NOW + i);
    principal_t *kept = verifier_check(verifier, tokens[0], strlen(tokens[0]), NOW * US);
    for (int i = 1; i < 20; i++) {
        assert_true(good(verifier, tokens[i], NOW));
        // The first is used all the time, so it is never the one unused for longest.
        principal_t *again = verifier_check(verifier, tokens[0], strlen(tokens[0]), NOW * US);
        assert_ptr_equal(again, kept);
        principal_release(&again);
        assert_true(verifier_remembered(verifier) <= 8);
    }
    assert_int_equal(verifier_remembered(verifier), 8);
    principal_release(&kept);
    verifier_destroy(&verifier);
    for (int i = 0; i < 20; i++)
        free(tokens[i]);
    issuer_deinit(&issuer);
}

static void new_keys(void **state)
{
    issuer_t issuer, other;
    jwks_t *jwks;
    problem_t problem;
    (void)state;
    issuer_init(&issuer);
    issuer_init(&other);
    verifier_t *verifier = make(&issuer, 8);
    char *token = issuer_token(&issuer, ISSUER_RSA, "operations", NOW), *set = issuer_jwks(&other);
    assert_true(good(verifier, token, NOW));
    assert_int_equal(jwks_parse(set, strlen(set), &jwks, &problem), STATUS_OK);
    verifier_set_keys(verifier, &jwks);
    assert_int_equal(verifier_remembered(verifier), 0);
    assert_false(good(verifier, token, NOW));
    verifier_destroy(&verifier);
    free(token);
    free(set);
    issuer_deinit(&issuer);
    issuer_deinit(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembered),
        cmocka_unit_test(bad_ones_are_not),
        cmocka_unit_test(bounded),
        cmocka_unit_test(new_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
