#include "tests/unit/gateway/issuer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// cmocka's header wants these first.
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/base64url.h"

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text(const char *format, ...)
{
    char *made = NULL;
    va_list arguments;
    va_start(arguments, format);
    assert_true(vasprintf(&made, format, arguments) >= 0);
    va_end(arguments);
    return made;
}

void issuer_init(issuer_t *issuer)
{
    issuer->keys[ISSUER_ED25519] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    issuer->keys[ISSUER_P256] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    issuer->keys[ISSUER_RSA] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    for (int i = 0; i < ISSUER_KEYS; i++)
        assert_non_null(issuer->keys[i]);
}

void issuer_deinit(issuer_t *issuer)
{
    for (int i = 0; i < ISSUER_KEYS; i++)
        EVP_PKEY_free(issuer->keys[i]);
}

char *issuer_base64url(const void *bytes, size_t size)
{
    char *out = malloc(BASE64URL_SIZE(size));
    assert_non_null(out);
    base64url_encode(bytes, size, out);
    return out;
}

static char *number_text(EVP_PKEY *key, const char *name, int size)
{
    BIGNUM *number = NULL;
    unsigned char bytes[1024];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    int used = size > 0 ? size : BN_num_bytes(number);
    assert_true(BN_bn2binpad(number, bytes, used) == used);
    BN_free(number);
    return issuer_base64url(bytes, (size_t)used);
}

char *issuer_jwk(EVP_PKEY *key, const char *kid, const char *extra)
{
    char *made;
    if (EVP_PKEY_is_a(key, "ED25519")) {
        unsigned char x[32];
        size_t size = sizeof(x);
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, x, &size), 1);
        char *encoded = issuer_base64url(x, size);
        made = text("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"%s\",\"x\":\"%s\"%s}", kid, encoded, extra);
        free(encoded);
        return made;
    }
    bool ec = EVP_PKEY_is_a(key, "EC");
    char *a = number_text(key, ec ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_RSA_N, ec ? 32 : 0);
    char *b = number_text(key, ec ? OSSL_PKEY_PARAM_EC_PUB_Y : OSSL_PKEY_PARAM_RSA_E, ec ? 32 : 0);
    if (ec)
        made = text("{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s}", kid, a, b, extra);
    else
        made = text("{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"%s}", kid, a, b, extra);
    free(a);
    free(b);
    return made;
}

char *issuer_jwks(const issuer_t *issuer)
{
    char *ed = issuer_jwk(issuer->keys[ISSUER_ED25519], "ed", ",\"alg\":\"EdDSA\",\"use\":\"sig\"");
    char *ec = issuer_jwk(issuer->keys[ISSUER_P256], "ec", ",\"alg\":\"ES256\"");
    char *rsa = issuer_jwk(issuer->keys[ISSUER_RSA], "rsa", "");
    char *made = text("{\"keys\":[%s,%s,%s]}", ed, ec, rsa);
    free(ed);
    free(ec);
    free(rsa);
    return made;
}

static char *signing_input(const char *header, const char *claims)
{
    char *a = issuer_base64url(header, strlen(header)), *b = issuer_base64url(claims, strlen(claims));
    char *made = text("%s.%s", a, b);
    free(a);
    free(b);
    return made;
}

static char *joined(char *input, const unsigned char *signature, size_t size)
{
    char *encoded = issuer_base64url(signature, size);
    char *made = text("%s.%s", input, encoded);
    free(encoded);
    free(input);
    return made;
}

char *issuer_sign(EVP_PKEY *key, const char *header, const char *claims)
{
    unsigned char signature[1024], raw[64];
    size_t size = sizeof(signature);
    char *input = signing_input(header, claims);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &size, (const unsigned char *)input, strlen(input)), 1);
    EVP_MD_CTX_free(context);
    if (!EVP_PKEY_is_a(key, "EC"))
        return joined(input, signature, size);
    const unsigned char *at = signature;
    ECDSA_SIG *der = d2i_ECDSA_SIG(NULL, &at, (long)size);
    assert_non_null(der);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(der), raw, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(der), raw + 32, 32), 32);
    ECDSA_SIG_free(der);
    return joined(input, raw, sizeof(raw));
}

char *issuer_hmac(const char *secret, size_t size, const char *header, const char *claims)
{
    unsigned char mac[64];
    unsigned mac_size = sizeof(mac);
    char *input = signing_input(header, claims);
    assert_non_null(HMAC(EVP_sha256(), secret, (int)size, (const unsigned char *)input, strlen(input), mac, &mac_size));
    return joined(input, mac, mac_size);
}

char *issuer_token(const issuer_t *issuer, issuer_key_t key, const char *role, long long now_s)
{
    static const char *const headers[ISSUER_KEYS] = {"{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"ed\"}",
                                                     "{\"alg\":\"ES256\",\"kid\":\"ec\"}", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}"};
    char *claims = text("{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"tester\",\"roles\":[\"%s\"],\"org\":[\"ics-llr\"],"
                        "\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld}",
                        role, now_s, now_s, now_s + 600);
    char *token = issuer_sign(issuer->keys[key], headers[key], claims);
    free(claims);
    return token;
}
