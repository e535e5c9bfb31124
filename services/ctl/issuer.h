// The development issuer: an Ed25519 pair whose secret half signs tokens here and whose public half the gateway reads as a JWKS
// (RFC 7517, RFC 8037). private.pem (PKCS #8, 0600) is the truth, jwks.json is made from it.
#ifndef PCN_CTL_ISSUER_H
#define PCN_CTL_ISSUER_H

#include "common/base/buf.h"
#include "common/base/status.h"

#define ISSUER_PUBLIC_SIZE 32
#define ISSUER_SIGNATURE_SIZE 64
#define ISSUER_KID_SIZE 44 // base64url of SHA-256, and NUL

typedef struct issuer issuer_t;

// Makes the folder and the files that are missing; a pair that is there stays. `made` (may be NULL): the pair is new.
MUST_CHECK status_t issuer_init(const char *dir, bool *made, problem_t *problem);
// NOT_FOUND where there was no issuer_init.
MUST_CHECK status_t issuer_load(const char *dir, issuer_t **issuer, problem_t *problem);
// From a raw secret key (RFC 8032), for the tests.
issuer_t *issuer_from_secret(const uint8_t secret[ISSUER_PUBLIC_SIZE]);
void issuer_destroy(issuer_t **issuer);

// The key id: RFC 7638's thumbprint.
const char *issuer_kid(const issuer_t *issuer);
const uint8_t *issuer_public(const issuer_t *issuer);
// INTERNAL where OpenSSL fails.
MUST_CHECK status_t issuer_sign(const issuer_t *issuer, const void *bytes, size_t size, uint8_t signature[ISSUER_SIGNATURE_SIZE],
                                problem_t *problem);
void issuer_jwks(const issuer_t *issuer, buf_t *out);

#endif
