// Who asks, as a verified token says: made once a token, shared by all requests that carry it while it is remembered.
//
// Counted references, one thread. Scope texts are those of the roles' table.
#ifndef PCN_GATEWAY_PRINCIPAL_H
#define PCN_GATEWAY_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "pcn/common/v1/envelope.pb-c.h"

#define PRINCIPAL_SCOPES_MAX 128

typedef struct principal {
    Pcn__Common__V1__Principal message; // what services are told
    int64_t not_before_us;              // wall clock; outside of these the token is refused
    int64_t expires_us;
    unsigned references;
} principal_t;

// Copies the texts; scopes are those of the roles, without doubles, and where `scope` is not NULL only those that it lists, separated
// by spaces. One reference is the caller's. NULL without memory or with more scopes than a principal may have.
principal_t *principal_new(const char *subject, const char *const *roles, size_t role_count, const char *const *organisations,
                           size_t organisation_count, const char *scope);
principal_t *principal_take(principal_t *principal);
// *principal becomes NULL.
void principal_release(principal_t **principal);
// Whether it holds the scope.
bool principal_may(const principal_t *principal, const char *scope);

#endif
