// One JSON Web Token: form, signature, claims. A refusal has no reason: whoever shows a bad token learns only that.
#ifndef PCN_GATEWAY_TOKEN_H
#define PCN_GATEWAY_TOKEN_H

#include "services/gateway/jwks.h"
#include "services/gateway/principal.h"

#define TOKEN_SIZE_MAX 8192

typedef struct token_rules {
    const char *issuer;
    const char *audience;
    int64_t leeway_us;
} token_rules_t;

// The principal (the caller's reference), or NULL for a token that is not believed at `now_us` of the wall clock:
// three parts in strict base64url, at most 8 KiB; a header with the key's own algorithm, a known key id, type JWT if any, nothing
// critical; a signature of that key; JSON without doubled keys; iss, aud, sub and exp as required, nbf and iat as they are given.
principal_t *token_read(const token_rules_t *rules, const jwks_t *jwks, const char *token, size_t size, int64_t now_us);
// Whether it is refused because its header names a key that is not in the set, which a newer set may have.
bool token_names_unknown_key(const jwks_t *jwks, const char *token, size_t size);
// Whether the time of a principal's token has come and is not over.
bool token_current(const token_rules_t *rules, const principal_t *principal, int64_t now_us);

#endif
