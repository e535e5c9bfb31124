// The token issuer's public keys, from a JSON Web Key Set. Each key has an id and exactly one algorithm: what a token's header says never
// chooses how its signature is checked.
#ifndef PCN_GATEWAY_JWKS_H
#define PCN_GATEWAY_JWKS_H

#include "common/base/status.h"

#define JWKS_SIZE_MAX (256u * 1024u)
#define JWKS_KEYS_MAX 64

typedef struct jwks jwks_t;
typedef struct jwks_key jwks_key_t;

// From the text of a set. Keys for encryption and of a kind or algorithm that is not ours are skipped. INVALID_ARGUMENT for what is no
// set, a signing key without id, two with one id, a broken one, an RSA key below 2048 bits, private parts, or a set without a
// usable key.
MUST_CHECK status_t jwks_parse(const char *text, size_t size, jwks_t **jwks, problem_t *problem);
// The same from a file. UNAVAILABLE where it cannot be read.
MUST_CHECK status_t jwks_load(const char *path, jwks_t **jwks, problem_t *problem);
void jwks_destroy(jwks_t **jwks);
size_t jwks_count(const jwks_t *jwks);
// NULL where there is none; `jwks` may be NULL.
const jwks_key_t *jwks_find(const jwks_t *jwks, const char *kid);
// "EdDSA", "ES256" or "RS256".
const char *jwks_key_algorithm(const jwks_key_t *key);
// Whether `signature` in JOSE's form is the key's over the text.
bool jwks_key_verify(const jwks_key_t *key, const char *text, size_t size, const unsigned char *signature, size_t signature_size);

#endif
