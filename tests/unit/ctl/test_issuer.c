#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/base64url.h"
#include "services/ctl/file.h"
#include "services/ctl/issuer.h"

// RFC 8037, appendix A: the key, its thumbprint, its signature.
static const uint8_t rfc_secret[] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                     0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};

static void test_rfc_8037_thumbprint(void **state)
{
    (void)state;
    issuer_t *issuer = issuer_from_secret(rfc_secret);
    assert_non_null(issuer);
    char x[BASE64URL_SIZE(ISSUER_PUBLIC_SIZE)];
    base64url_encode(issuer_public(issuer), ISSUER_PUBLIC_SIZE, x);
    assert_string_equal(x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_string_equal(issuer_kid(issuer), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    issuer_destroy(&issuer);
    assert_null(issuer);
}

static void test_rfc_8037_signature(void **state)
{
    (void)state;
    issuer_t *issuer = issuer_from_secret(rfc_secret);
    static const char input[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    uint8_t signature[ISSUER_SIGNATURE_SIZE];
    assert_int_equal(issuer_sign(issuer, input, sizeof input - 1, signature, NULL), STATUS_OK);
    char text[BASE64URL_SIZE(ISSUER_SIGNATURE_SIZE)];
    base64url_encode(signature, sizeof signature, text);
    assert_string_equal(text, "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
    issuer_destroy(&issuer);
}

static void read_whole(const char *path, buf_t *content)
{
    buf_init(content, 16384);
    assert_int_equal(file_read(path, content, NULL), STATUS_OK);
}

static void test_init_is_made_once(void **state)
{
    (void)state;
    char root[] = "/tmp/pcn-test-issuer-XXXXXX", dir[128], private_path[FILE_PATH_SIZE], jwks_path[FILE_PATH_SIZE];
    assert_non_null(mkdtemp(root));
    snprintf(dir, sizeof dir, "%s/issuer", root);
    assert_int_equal(file_path(dir, "private.pem", private_path, NULL), STATUS_OK);
    assert_int_equal(file_path(dir, "jwks.json", jwks_path, NULL), STATUS_OK);
    issuer_t *issuer = NULL;
    problem_t problem = {0};
    assert_int_equal(issuer_load(dir, &issuer, &problem), STATUS_NOT_FOUND);
    bool made = false;
    assert_int_equal(issuer_init(dir, &made, &problem), STATUS_OK);
    assert_true(made);
    struct stat stat_buffer;
    assert_int_equal(stat(private_path, &stat_buffer), 0);
    assert_int_equal(stat_buffer.st_mode & 0777, 0600);
    buf_t first, second, jwks;
    read_whole(private_path, &first);
    // A lost key set is made again from the key that is there.
    assert_int_equal(unlink(jwks_path), 0);
    assert_int_equal(issuer_init(dir, &made, &problem), STATUS_OK);
    assert_false(made);
    read_whole(private_path, &second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    read_whole(jwks_path, &jwks);
    assert_int_equal(issuer_load(dir, &issuer, &problem), STATUS_OK);
    json_t *set = json_loadb(jwks.data, jwks.size, JSON_REJECT_DUPLICATES, NULL);
    const char *kty, *crv, *alg, *use, *kid, *x;
    assert_int_equal(json_unpack(set, "{s:[{s:s,s:s,s:s,s:s,s:s,s:s!}]!}", "keys", "kty", &kty, "crv", &crv, "alg", &alg, "use", &use,
                                 "kid", &kid, "x", &x),
                     0);
    assert_string_equal(kty, "OKP");
    assert_string_equal(crv, "Ed25519");
    assert_string_equal(alg, "EdDSA");
    assert_string_equal(use, "sig");
    assert_string_equal(kid, issuer_kid(issuer));
    json_decref(set);
    issuer_destroy(&issuer);
    buf_deinit(&first);
    buf_deinit(&second);
    buf_deinit(&jwks);
    unlink(private_path);
    unlink(jwks_path);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(rmdir(root), 0);
}

// A damaged file is an operator's to look at, not ours to replace: tokens in use would stop being good.
static void test_damaged_key_is_not_replaced(void **state)
{
    (void)state;
    char dir[] = "/tmp/pcn-test-issuer-XXXXXX", path[FILE_PATH_SIZE];
    assert_non_null(mkdtemp(dir));
    assert_int_equal(file_path(dir, "private.pem", path, NULL), STATUS_OK);
    assert_int_equal(file_create(path, 0600, "no key", 6, NULL), STATUS_OK);
    problem_t problem = {0};
    assert_int_equal(issuer_init(dir, NULL, &problem), STATUS_FAILED_PRECONDITION);
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rfc_8037_thumbprint), cmocka_unit_test(test_rfc_8037_signature),
                                       cmocka_unit_test(test_init_is_made_once), cmocka_unit_test(test_damaged_key_is_not_replaced)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
