#include "services/gateway/jwks.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/base64url.h"

#define KID_SIZE 129
#define NUMBER_SIZE_MAX 1024 // an RSA modulus of 8192 bits

typedef enum algorithm { ALGORITHM_NONE, ALGORITHM_EDDSA, ALGORITHM_ES256, ALGORITHM_RS256 } algorithm_t;

struct jwks_key {
    char kid[KID_SIZE];
    algorithm_t algorithm;
    EVP_PKEY *key;
};

struct jwks {
    struct jwks_key keys[JWKS_KEYS_MAX];
    size_t count;
};

static const char *const algorithm_names[] = {"", "EdDSA", "ES256", "RS256"};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static bool bytes_of(const json_t *object, const char *name, unsigned char *out, size_t room, size_t *size)
{
    const char *text = text_of(object, name);
    return base64url_decode(text, strlen(text), out, room, size) && *size > 0;
}

// By kty and crv, and agreeing with alg where that is given.
static algorithm_t algorithm_of(const json_t *object)
{
    const char *kty = text_of(object, "kty"), *crv = text_of(object, "crv"), *alg = text_of(object, "alg");
    algorithm_t algorithm = ALGORITHM_NONE;
    if (strcmp(kty, "OKP") == 0 && strcmp(crv, "Ed25519") == 0)
        algorithm = ALGORITHM_EDDSA;
    else if (strcmp(kty, "EC") == 0 && strcmp(crv, "P-256") == 0)
        algorithm = ALGORITHM_ES256;
    else if (strcmp(kty, "RSA") == 0)
        algorithm = ALGORITHM_RS256;
    return json_object_get(object, "alg") == NULL || strcmp(alg, algorithm_names[algorithm]) == 0 ? algorithm : ALGORITHM_NONE;
}

static EVP_PKEY *make_ed25519(const json_t *object)
{
    unsigned char x[32];
    size_t size;
    if (!bytes_of(object, "x", x, sizeof(x), &size) || size != sizeof(x))
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, sizeof(x));
}

// `type` and the parameters; NULL where OpenSSL finds them wrong (a point off the curve).
static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = params != NULL ? EVP_PKEY_CTX_new_from_name(NULL, type, NULL) : NULL;
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 || EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    if (key == NULL)
        return NULL;
    EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (check == NULL || EVP_PKEY_public_check(check) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(check);
    return key;
}

static EVP_PKEY *make_p256(const json_t *object)
{
    unsigned char point[65] = {4}; // uncompressed
    size_t x_size, y_size;
    if (!bytes_of(object, "x", point + 1, 32, &x_size) || !bytes_of(object, "y", point + 33, 32, &y_size) || x_size != 32 || y_size != 32)
        return NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (builder != NULL && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) == 1)
        params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *key = make_key("EC", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *make_rsa(const json_t *object)
{
    unsigned char n_bytes[NUMBER_SIZE_MAX], e_bytes[8];
    size_t n_size, e_size;
    if (!bytes_of(object, "n", n_bytes, sizeof(n_bytes), &n_size) || !bytes_of(object, "e", e_bytes, sizeof(e_bytes), &e_size))
        return NULL;
    BIGNUM *n = BN_bin2bn(n_bytes, (int)n_size, NULL), *e = BN_bin2bn(e_bytes, (int)e_size, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (n != NULL && e != NULL && BN_num_bits(n) >= 2048 && builder != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *key = make_key("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *make_public_key(algorithm_t algorithm, const json_t *object)
{
    switch (algorithm) {
    case ALGORITHM_EDDSA:
        return make_ed25519(object);
    case ALGORITHM_ES256:
        return make_p256(object);
    case ALGORITHM_RS256:
        return make_rsa(object);
    default:
        return NULL;
    }
}

static status_t add_key(jwks_t *jwks, size_t index, const json_t *object, problem_t *problem)
{
    char field[32];
    snprintf(field, sizeof(field), "keys[%zu]", index);
    algorithm_t algorithm = algorithm_of(object);
    const char *use = text_of(object, "use");
    if (algorithm == ALGORITHM_NONE || (use[0] != '\0' && strcmp(use, "sig") != 0))
        return STATUS_OK;
    const char *kid = text_of(object, "kid");
    if (kid[0] == '\0' || strlen(kid) >= KID_SIZE)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "A key needs an id of at most %d bytes", KID_SIZE - 1);
    if (jwks_find(jwks, kid) != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "Two keys have one id");
    if (json_object_get(object, "d") != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "A private key is in the set");
    if (jwks->count == JWKS_KEYS_MAX)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "More than %d keys", JWKS_KEYS_MAX);
    EVP_PKEY *key = make_public_key(algorithm, object);
    if (key == NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "Not a valid key, or an RSA key below 2048 bits");
    struct jwks_key *made = &jwks->keys[jwks->count++];
    memcpy(made->kid, kid, strlen(kid) + 1);
    made->algorithm = algorithm;
    made->key = key;
    return STATUS_OK;
}

status_t jwks_parse(const char *text, size_t size, jwks_t **out, problem_t *problem)
{
    json_error_t error;
    *out = NULL;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    const json_t *keys = json_object_get(root, "keys");
    if (!json_is_array(keys)) {
        json_decref(root);
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "keys", "Not a JSON Web Key Set");
    }
    status_t status = STATUS_OK;
    jwks_t *jwks = calloc(1, sizeof(*jwks));
    if (jwks == NULL)
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for the keys");
    for (size_t i = 0; status == STATUS_OK && i < json_array_size(keys); i++)
        status = add_key(jwks, i, json_array_get(keys, i), problem);
    if (status == STATUS_OK && jwks->count == 0)
        status = problem_set(problem, STATUS_INVALID_ARGUMENT, "keys", "No key that can be used");
    json_decref(root);
    if (status == STATUS_OK)
        *out = jwks;
    else
        jwks_destroy(&jwks);
    return status;
}

status_t jwks_load(const char *path, jwks_t **jwks, problem_t *problem)
{
    *jwks = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = fd >= 0 ? malloc(JWKS_SIZE_MAX + 1) : NULL;
    size_t size = 0;
    ssize_t got = -1;
    while (text != NULL && size <= JWKS_SIZE_MAX) {
        got = read(fd, text + size, JWKS_SIZE_MAX + 1 - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    status_t status;
    if (got < 0)
        status = problem_set(problem, STATUS_UNAVAILABLE, NULL, "The key set cannot be read");
    else if (size > JWKS_SIZE_MAX)
        status = problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "The key set is too large");
    else
        status = jwks_parse(text, size, jwks, problem);
    free(text);
    if (fd >= 0)
        close(fd);
    return status;
}

void jwks_destroy(jwks_t **jwks)
{
    if (*jwks == NULL)
        return;
    for (size_t i = 0; i < (*jwks)->count; i++)
        EVP_PKEY_free((*jwks)->keys[i].key);
    free(*jwks);
    *jwks = NULL;
}

size_t jwks_count(const jwks_t *jwks)
{
    return jwks->count;
}

const jwks_key_t *jwks_find(const jwks_t *jwks, const char *kid)
{
    for (size_t i = 0; jwks != NULL && i < jwks->count; i++) {
        if (strcmp(jwks->keys[i].kid, kid) == 0)
            return &jwks->keys[i];
    }
    return NULL;
}

const char *jwks_key_algorithm(const jwks_key_t *key)
{
    return algorithm_names[key->algorithm];
}

// JOSE writes an ECDSA signature as r and s of 32 bytes each, OpenSSL wants DER.
static int ecdsa_der(const unsigned char *signature, size_t size, unsigned char **der)
{
    int der_size = -1;
    if (size != 64)
        return -1;
    ECDSA_SIG *made = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
    if (made != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(made, r, s) == 1) {
        r = s = NULL; // the signature's now
        der_size = i2d_ECDSA_SIG(made, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(made);
    return der_size;
}

bool jwks_key_verify(const jwks_key_t *key, const char *text, size_t size, const unsigned char *signature, size_t signature_size)
{
    unsigned char *der = NULL;
    if (key->algorithm == ALGORITHM_ES256) {
        int der_size = ecdsa_der(signature, signature_size, &der);
        if (der_size <= 0)
            return false;
        signature = der;
        signature_size = (size_t)der_size;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = key->algorithm == ALGORITHM_EDDSA ? NULL : EVP_sha256();
    bool good = context != NULL && EVP_DigestVerifyInit(context, NULL, digest, NULL, key->key) == 1 &&
                EVP_DigestVerify(context, signature, signature_size, (const unsigned char *)text, size) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    return good;
}
