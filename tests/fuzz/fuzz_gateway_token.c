// No text is believed without a signature, whatever it is; the parts that are read before the signature is known are the target here.
// The input as it stands, and as header and claims of a token in good form.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/gateway/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A public key whose private part nobody has.
static const char set[] =
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static size_t encode(const uint8_t *data, size_t size, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t count = 0;
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < size; i++) {
        bits = (bits << 8 | data[i]) & 0xffff;
        for (held += 8; held >= 6;) {
            held -= 6;
            out[count++] = digits[bits >> held & 63];
        }
    }
    if (held > 0)
        out[count++] = digits[bits << (6 - held) & 63];
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const token_rules_t rules = {"urn:pcn:development", "pcn", 0};
    problem_t problem = {0};
    jwks_t *jwks;
    if (jwks_parse(set, sizeof(set) - 1, &jwks, &problem) != STATUS_OK)
        abort();
    assert(token_read(&rules, jwks, (const char *)data, size, 0) == NULL);
    (void)token_names_unknown_key(jwks, (const char *)data, size);
    char *token = malloc(size * 2 + 128);
    if (token != NULL) {
        size_t used = encode(data, size, token);
        token[used++] = '.';
        token[used++] = '.';
        memset(token + used, 'A', 86); // a signature of the right length
        assert(token_read(&rules, jwks, token, used + 86, 0) == NULL);
        (void)token_names_unknown_key(jwks, token, used + 86);
    }
    free(token);
    jwks_destroy(&jwks);
    if (jwks_parse((const char *)data, size, &jwks, &problem) == STATUS_OK)
        assert(jwks_count(jwks) > 0);
    jwks_destroy(&jwks);
    return 0;
}
