// Tokens of the development issuer: JWT (RFC 7519) signed with EdDSA (RFC 8037).
#ifndef PCN_CTL_TOKEN_H
#define PCN_CTL_TOKEN_H

#include "services/ctl/issuer.h"

enum { TOKEN_TTL_DEFAULT = 3600, TOKEN_TTL_MAX = 30 * 24 * 3600 };

// What a token says of its bearer. Lists are as the command line has them: "a,b".
typedef struct token_claims {
    const char *roles;
    const char *organisations;
    const char *subject; // NULL: dev-<roles>-<organisations>, so that it differs by both
    const char *scope;   // NULL: all that the roles have
    long long ttl_s;
} token_claims_t;

// Appends the compact form. INVALID_ARGUMENT with the option's name as field: a role that is not in the table, a code that is none, a
// scope that no role has, a lifetime out of bounds.
MUST_CHECK status_t token_make(const issuer_t *issuer, const token_claims_t *claims, int64_t now_us, buf_t *out, problem_t *problem);

#endif
