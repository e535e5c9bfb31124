// Verifies tokens and remembers those that were good: a signature costs 80 µs, looking one up less than two. What is remembered is keyed
// by the token's SHA-256, bounded (the one unused for longest goes first), checked for its times at every use, and dropped when the
// keys change.
//
// One thread; the verifier owns the key set.
#ifndef PCN_GATEWAY_VERIFIER_H
#define PCN_GATEWAY_VERIFIER_H

#include "services/gateway/token.h"

typedef struct verifier verifier_t;

// NULL without memory. The rules' texts must outlive it.
verifier_t *verifier_new(const token_rules_t *rules, size_t cache_max);
void verifier_destroy(verifier_t **verifier);
// Takes the set over (*jwks becomes NULL) and forgets every token.
void verifier_set_keys(verifier_t *verifier, jwks_t **jwks);
// `unknown` is called for each token that is refused and names a key that is not there; NULL for nobody. It must not call the verifier.
void verifier_on_unknown(verifier_t *verifier, void (*unknown)(void *data), void *data);
bool verifier_has_keys(const verifier_t *verifier);
// A reference for the caller, or NULL for a token that is not believed.
principal_t *verifier_check(verifier_t *verifier, const char *token, size_t size, int64_t now_us);
size_t verifier_remembered(const verifier_t *verifier);

#endif
