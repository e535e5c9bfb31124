#include "services/ctl/issuer.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/app/issuer.h"
#include "common/base/base64url.h"
#include "services/ctl/command.h"
#include "services/ctl/file.h"

struct issuer {
    EVP_PKEY *key;
    uint8_t public_key[ISSUER_PUBLIC_SIZE];
    char kid[ISSUER_KID_SIZE];
};

enum { PEM_CAP = 16384 };

static status_t openssl_failed(problem_t *problem, const char *what)
{
    char reason[256];
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    ERR_clear_error();
    return problem_set(problem, STATUS_INTERNAL, NULL, "cannot %s: %s", what, reason);
}

// RFC 7638 section 3: the required members in alphabetical order, without blanks.
static bool make_kid(issuer_t *issuer)
{
    char x[BASE64URL_SIZE(ISSUER_PUBLIC_SIZE)], text[128];
    base64url_encode(issuer->public_key, ISSUER_PUBLIC_SIZE, x);
    int size = snprintf(text, sizeof text, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    if (EVP_Digest(text, (size_t)size, digest, &digest_size, EVP_sha256(), NULL) != 1)
        return false;
    base64url_encode(digest, digest_size, issuer->kid);
    return true;
}

// Takes the key, whatever comes of it.
static issuer_t *from_key(EVP_PKEY *key)
{
    issuer_t *issuer = key != NULL ? calloc(1, sizeof *issuer) : NULL;
    if (issuer == NULL) {
        EVP_PKEY_free(key);
        return NULL;
    }
    issuer->key = key;
    size_t size = ISSUER_PUBLIC_SIZE;
    if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519 || EVP_PKEY_get_raw_public_key(key, issuer->public_key, &size) != 1 || !make_kid(issuer))
        issuer_destroy(&issuer);
    return issuer;
}

issuer_t *issuer_from_secret(const uint8_t secret[ISSUER_PUBLIC_SIZE])
{
    return from_key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, ISSUER_PUBLIC_SIZE));
}

void issuer_destroy(issuer_t **issuer)
{
    if (*issuer == NULL)
        return;
    EVP_PKEY_free((*issuer)->key);
    free(*issuer);
    *issuer = NULL;
}

const char *issuer_kid(const issuer_t *issuer)
{
    return issuer->kid;
}

const uint8_t *issuer_public(const issuer_t *issuer)
{
    return issuer->public_key;
}

void issuer_jwks(const issuer_t *issuer, buf_t *out)
{
    char x[BASE64URL_SIZE(ISSUER_PUBLIC_SIZE)];
    base64url_encode(issuer->public_key, ISSUER_PUBLIC_SIZE, x);
    buf_printf(out,
               "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"" ISSUER_ALGORITHM
               "\",\"use\":\"sig\",\"kid\":\"%s\",\"x\":\"%s\"}]}\n",
               issuer->kid, x);
}

status_t issuer_sign(const issuer_t *issuer, const void *bytes, size_t size, uint8_t signature[ISSUER_SIGNATURE_SIZE], problem_t *problem)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature_size = ISSUER_SIGNATURE_SIZE;
    bool ok = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, issuer->key) == 1 &&
              EVP_DigestSign(context, signature, &signature_size, bytes, size) == 1;
    EVP_MD_CTX_free(context);
    return ok ? STATUS_OK : openssl_failed(problem, "sign");
}

static EVP_PKEY *parse_pem(const buf_t *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->size);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

static status_t load(const char *path, issuer_t **issuer, problem_t *problem)
{
    buf_t pem;
    buf_init(&pem, PEM_CAP);
    status_t status = file_read(path, &pem, problem);
    if (status == STATUS_OK) {
        *issuer = pem.size > 0 ? from_key(parse_pem(&pem)) : NULL;
        if (*issuer == NULL)
            status = problem_set(problem, STATUS_FAILED_PRECONDITION, NULL, "%s holds no Ed25519 key", path);
    }
    if (pem.data != NULL)
        OPENSSL_cleanse(pem.data, pem.room);
    buf_deinit(&pem);
    return status;
}

status_t issuer_load(const char *dir, issuer_t **issuer, problem_t *problem)
{
    char path[FILE_PATH_SIZE];
    status_t status = file_path(dir, ISSUER_PRIVATE_FILE, path, problem);
    return status == STATUS_OK ? load(path, issuer, problem) : status;
}

// ALREADY_EXISTS where another was first.
static status_t make_pair(const char *path, problem_t *problem)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = BIO_new(BIO_s_mem());
    status_t status;
    char *pem = NULL;
    if (key == NULL || bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        status = openssl_failed(problem, "make a key pair");
    } else {
        long size = BIO_get_mem_data(bio, &pem);
        status = file_create(path, 0600, pem, (size_t)size, problem);
        OPENSSL_cleanse(pem, (size_t)size);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return status;
}

// Written only where it differs, so that a gateway that watches the file is not woken for nothing.
static status_t publish(const issuer_t *issuer, const char *path, problem_t *problem)
{
    buf_t jwks, there;
    buf_init(&jwks, PEM_CAP);
    buf_init(&there, PEM_CAP);
    issuer_jwks(issuer, &jwks);
    status_t status = STATUS_OK;
    if (!buf_ok(&jwks))
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    else if (file_read(path, &there, NULL) != STATUS_OK || there.size != jwks.size || memcmp(there.data, jwks.data, jwks.size) != 0)
        status = file_replace(path, 0644, jwks.data, jwks.size, problem);
    buf_deinit(&jwks);
    buf_deinit(&there);
    return status;
}

status_t issuer_init(const char *dir, bool *made, problem_t *problem)
{
    char private_path[FILE_PATH_SIZE], jwks_path[FILE_PATH_SIZE];
    status_t status = file_path(dir, ISSUER_PRIVATE_FILE, private_path, problem);
    if (status == STATUS_OK)
        status = file_path(dir, ISSUER_JWKS_FILE, jwks_path, problem);
    if (status != STATUS_OK)
        return status;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "cannot make the folder %s: %s", dir, strerror(errno));
    issuer_t *issuer = NULL;
    bool new_pair = false;
    status = load(private_path, &issuer, problem);
    if (status == STATUS_NOT_FOUND) {
        status = make_pair(private_path, problem);
        new_pair = status == STATUS_OK;
        if (status == STATUS_OK || status == STATUS_ALREADY_EXISTS)
            status = load(private_path, &issuer, problem);
    }
    if (status != STATUS_OK)
        return status;
    if (made != NULL)
        *made = new_pair;
    status = publish(issuer, jwks_path, problem);
    issuer_destroy(&issuer);
    return status;
}

int issuer_command(const command_t *command, int argc, char **argv)
{
    const char *dir = NULL;
    const command_option_t options[] = {{"--dir", &dir, NULL, true}, {0}};
    problem_t problem = {0};
    int count = 0;
    if (command_options(options, argc - 1, argv + 1, &count, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    if (count != 1 || strcmp(argv[1], "init") != 0)
        return command_usage_error(command, "issuer init is all there is");
    bool made = false;
    if (issuer_init(dir, &made, &problem) != STATUS_OK)
        return command_failed(command, &problem);
    printf("%s/%s and %s %s\n", dir, ISSUER_PRIVATE_FILE, ISSUER_JWKS_FILE, made ? "were made" : "are there");
    return COMMAND_OK;
}
