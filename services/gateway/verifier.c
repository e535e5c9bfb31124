#include "services/gateway/verifier.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_SIZE 32

typedef struct entry {
    unsigned char digest[DIGEST_SIZE];
    principal_t *principal;
    struct entry *chain;         // of its bucket
    struct entry *newer, *older; // by last use
} entry_t;

struct verifier {
    token_rules_t rules;
    jwks_t *jwks;
    EVP_MD *sha256;
    EVP_MD_CTX *context;
    entry_t **buckets;
    size_t bucket_count; // a power of two
    size_t count, max;
    void (*unknown)(void *data);
    void *unknown_data;
    entry_t *newest, *oldest;
};

verifier_t *verifier_new(const token_rules_t *rules, size_t cache_max)
{
    verifier_t *verifier = calloc(1, sizeof(*verifier));
    if (verifier == NULL)
        return NULL;
    verifier->rules = *rules;
    verifier->max = cache_max > 0 ? cache_max : 1;
    verifier->bucket_count = 64;
    while (verifier->bucket_count < verifier->max)
        verifier->bucket_count *= 2;
    verifier->buckets = calloc(verifier->bucket_count, sizeof(entry_t *));
    verifier->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    verifier->context = EVP_MD_CTX_new();
    if (verifier->buckets == NULL || verifier->sha256 == NULL || verifier->context == NULL)
        verifier_destroy(&verifier);
    return verifier;
}

static entry_t **bucket_of(verifier_t *verifier, const unsigned char digest[DIGEST_SIZE])
{
    size_t hash;
    memcpy(&hash, digest, sizeof(hash));
    return &verifier->buckets[hash & (verifier->bucket_count - 1)];
}

static void unlink_use(verifier_t *verifier, entry_t *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &verifier->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &verifier->oldest) = entry->newer;
}

static void link_newest(verifier_t *verifier, entry_t *entry)
{
    entry->newer = NULL;
    entry->older = verifier->newest;
    *(entry->older != NULL ? &entry->older->newer : &verifier->oldest) = entry;
    verifier->newest = entry;
}

static void forget(verifier_t *verifier, entry_t *entry)
{
    entry_t **at = bucket_of(verifier, entry->digest);
    while (*at != entry)
        at = &(*at)->chain;
    *at = entry->chain;
    unlink_use(verifier, entry);
    verifier->count--;
    principal_release(&entry->principal);
    free(entry);
}

// Without memory the token is simply verified again the next time.
static void remember(verifier_t *verifier, const unsigned char digest[DIGEST_SIZE], principal_t *principal)
{
    if (verifier->count == verifier->max)
        forget(verifier, verifier->oldest);
    entry_t *entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return;
    entry_t **bucket = bucket_of(verifier, digest);
    memcpy(entry->digest, digest, DIGEST_SIZE);
    entry->principal = principal_take(principal);
    entry->chain = *bucket;
    *bucket = entry;
    link_newest(verifier, entry);
    verifier->count++;
}

static entry_t *find(verifier_t *verifier, const unsigned char digest[DIGEST_SIZE])
{
    entry_t *entry = *bucket_of(verifier, digest);
    while (entry != NULL && memcmp(entry->digest, digest, DIGEST_SIZE) != 0)
        entry = entry->chain;
    return entry;
}

static void forget_all(verifier_t *verifier)
{
    while (verifier->oldest != NULL)
        forget(verifier, verifier->oldest);
}

void verifier_set_keys(verifier_t *verifier, jwks_t **jwks)
{
    forget_all(verifier);
    jwks_destroy(&verifier->jwks);
    verifier->jwks = *jwks;
    *jwks = NULL;
}

void verifier_on_unknown(verifier_t *verifier, void (*unknown)(void *data), void *data)
{
    verifier->unknown = unknown;
    verifier->unknown_data = data;
}

bool verifier_has_keys(const verifier_t *verifier)
{
    return verifier->jwks != NULL;
}

size_t verifier_remembered(const verifier_t *verifier)
{
    return verifier->count;
}

principal_t *verifier_check(verifier_t *verifier, const char *token, size_t size, int64_t now_us)
{
    unsigned char digest[DIGEST_SIZE];
    if (size > TOKEN_SIZE_MAX)
        return NULL;
    if (EVP_DigestInit_ex2(verifier->context, verifier->sha256, NULL) != 1 || EVP_DigestUpdate(verifier->context, token, size) != 1 ||
        EVP_DigestFinal_ex(verifier->context, digest, NULL) != 1)
        return NULL;
    entry_t *entry = find(verifier, digest);
    if (entry != NULL) {
        if (!token_current(&verifier->rules, entry->principal, now_us)) {
            forget(verifier, entry);
            return NULL;
        }
        unlink_use(verifier, entry);
        link_newest(verifier, entry);
        return principal_take(entry->principal);
    }
    principal_t *principal = token_read(&verifier->rules, verifier->jwks, token, size, now_us);
    if (principal != NULL)
        remember(verifier, digest, principal);
    else if (verifier->unknown != NULL && token_names_unknown_key(verifier->jwks, token, size))
        verifier->unknown(verifier->unknown_data);
    return principal;
}

void verifier_destroy(verifier_t **verifier)
{
    verifier_t *held = *verifier;
    *verifier = NULL;
    if (held == NULL)
        return;
    if (held->buckets != NULL)
        forget_all(held);
    free(held->buckets);
    jwks_destroy(&held->jwks);
    EVP_MD_free(held->sha256);
    EVP_MD_CTX_free(held->context);
    free(held);
}
