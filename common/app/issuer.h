// The development issuer of tokens: what `./pcn up` sets up, `./pcn token` signs with and the gateway believes outside of production.
// Its files lie in $STATE_DIR/issuer: an Ed25519 private key of mode 0600, and the key set that a verifier reads.
#ifndef PCN_APP_ISSUER_H
#define PCN_APP_ISSUER_H

#define ISSUER_DEVELOPMENT "urn:pcn:development"
#define ISSUER_AUDIENCE "pcn"
#define ISSUER_ALGORITHM "EdDSA"
#define ISSUER_FOLDER "issuer"
#define ISSUER_PRIVATE_FILE "private.pem"
#define ISSUER_JWKS_FILE "jwks.json"

#endif
