// A token issuer for tests: keys of the three algorithms, their key set, and tokens with any header and claims.
#ifndef PCN_TESTS_GATEWAY_ISSUER_H
#define PCN_TESTS_GATEWAY_ISSUER_H

#include <openssl/evp.h>
#include <stddef.h>

typedef enum issuer_key { ISSUER_ED25519, ISSUER_P256, ISSUER_RSA, ISSUER_KEYS } issuer_key_t;

typedef struct issuer {
    EVP_PKEY *keys[ISSUER_KEYS];
} issuer_t;

void issuer_init(issuer_t *issuer);
void issuer_deinit(issuer_t *issuer);
// {"keys":[…]} with ids "ed", "ec" and "rsa"; the caller frees it.
char *issuer_jwks(const issuer_t *issuer);
// One key as a JWK; `extra` is put before its end, like ",\"use\":\"sig\"".
char *issuer_jwk(EVP_PKEY *key, const char *kid, const char *extra);
char *issuer_base64url(const void *bytes, size_t size);
// Signs header and claims as they stand, in the way of the key.
char *issuer_sign(EVP_PKEY *key, const char *header, const char *claims);
// The same by HMAC-SHA256 with any secret.
char *issuer_hmac(const char *secret, size_t size, const char *header, const char *claims);
// A good token of the key for a role; times relative to `now_s`.
char *issuer_token(const issuer_t *issuer, issuer_key_t key, const char *role, long long now_s);

#endif
