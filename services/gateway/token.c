#include "services/gateway/token.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "common/base/id.h"
#include "common/base/base64url.h"

#define SUBJECT_MAX 256
#define ROLES_MAX 32
#define ROLE_SIZE_MAX 64
#define ORGANISATIONS_MAX 64
#define SIGNATURE_MAX 1024
// Seconds that still fit into microseconds: the year 287,396.
#define SECONDS_MAX 9000000000000.0

// Decodes one part and reads it as a JSON object; NULL otherwise. The caller releases it.
static json_t *read_object(const char *text, size_t size)
{
    unsigned char bytes[TOKEN_SIZE_MAX];
    size_t count;
    json_error_t error;
    if (!base64url_decode(text, size, bytes, sizeof(bytes), &count))
        return NULL;
    json_t *object = json_loadb((const char *)bytes, count, JSON_REJECT_DUPLICATES, &error);
    if (object != NULL && !json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static bool is_line(const char *text, size_t size, size_t max)
{
    if (size == 0 || size > max)
        return false;
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    }
    return true;
}

// The key that the header names, if the header agrees with it.
static const jwks_key_t *header_key(const jwks_t *jwks, const char *text, size_t size)
{
    json_t *header = read_object(text, size);
    if (header == NULL)
        return NULL;
    const char *kid = json_string_value(json_object_get(header, "kid")), *alg = json_string_value(json_object_get(header, "alg"));
    const json_t *typ = json_object_get(header, "typ");
    const jwks_key_t *key = kid != NULL && alg != NULL ? jwks_find(jwks, kid) : NULL;
    if (key != NULL && strcmp(alg, jwks_key_algorithm(key)) != 0)
        key = NULL;
    if (typ != NULL && (!json_is_string(typ) || strcasecmp(json_string_value(typ), "JWT") != 0))
        key = NULL;
    if (json_object_get(header, "crit") != NULL || json_object_get(header, "b64") != NULL)
        key = NULL;
    json_decref(header);
    return key;
}

static bool audience_fits(const json_t *aud, const char *audience)
{
    if (json_is_string(aud))
        return strcmp(json_string_value(aud), audience) == 0;
    bool found = false;
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const char *text = json_string_value(json_array_get(aud, i));
        if (text == NULL)
            return false;
        found = found || strcmp(text, audience) == 0;
    }
    return found;
}

// A NumericDate as microseconds. An absent one leaves *us and is fine unless required.
static bool read_time(const json_t *claims, const char *name, bool required, int64_t *us)
{
    const json_t *value = json_object_get(claims, name);
    if (value == NULL)
        return !required;
    if (!json_is_number(value))
        return false;
    double seconds = json_number_value(value);
    if (!(seconds >= 0 && seconds <= SECONDS_MAX))
        return false;
    *us = (int64_t)(seconds * 1e6);
    return true;
}

// An array of texts that are each fit; absent is empty.
static bool read_texts(const json_t *claims, const char *name, bool (*fits)(const char *), const char **texts, size_t max, size_t *count)
{
    const json_t *array = json_object_get(claims, name);
    *count = 0;
    if (array == NULL)
        return true;
    if (!json_is_array(array) || json_array_size(array) > max)
        return false;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text == NULL || !fits(text))
            return false;
        texts[(*count)++] = text;
    }
    return true;
}

static bool role_fits(const char *text)
{
    return is_line(text, strlen(text), ROLE_SIZE_MAX);
}

bool token_current(const token_rules_t *rules, const principal_t *principal, int64_t now_us)
{
    return now_us < principal->expires_us + rules->leeway_us && now_us >= principal->not_before_us - rules->leeway_us;
}

static principal_t *read_claims(const token_rules_t *rules, const json_t *claims)
{
    const char *roles[ROLES_MAX], *organisations[ORGANISATIONS_MAX];
    size_t role_count, organisation_count;
    int64_t expires_us = 0, not_before_us = 0, issued_us = 0;
    const char *issuer = json_string_value(json_object_get(claims, "iss"));
    const char *subject = json_string_value(json_object_get(claims, "sub"));
    const json_t *scope = json_object_get(claims, "scope");
    if (issuer == NULL || strcmp(issuer, rules->issuer) != 0 || !audience_fits(json_object_get(claims, "aud"), rules->audience))
        return NULL;
    if (subject == NULL || !is_line(subject, strlen(subject), SUBJECT_MAX) || (scope != NULL && !json_is_string(scope)))
        return NULL;
    if (!read_time(claims, "exp", true, &expires_us) || !read_time(claims, "nbf", false, &not_before_us) ||
        !read_time(claims, "iat", false, &issued_us))
        return NULL;
    if (!read_texts(claims, "roles", role_fits, roles, ROLES_MAX, &role_count) ||
        !read_texts(claims, "org", code_valid, organisations, ORGANISATIONS_MAX, &organisation_count))
        return NULL;
    principal_t *principal = principal_new(subject, roles, role_count, organisations, organisation_count, json_string_value(scope));
    if (principal == NULL)
        return NULL;
    principal->expires_us = expires_us;
    // A token from the future is no better than one that is not yet valid.
    principal->not_before_us = issued_us > not_before_us ? issued_us : not_before_us;
    return principal;
}

principal_t *token_read(const token_rules_t *rules, const jwks_t *jwks, const char *token, size_t size, int64_t now_us)
{
    unsigned char signature[SIGNATURE_MAX];
    size_t signature_size;
    if (size > TOKEN_SIZE_MAX)
        return NULL;
    const char *first = memchr(token, '.', size);
    const char *second = first != NULL ? memchr(first + 1, '.', size - (size_t)(first + 1 - token)) : NULL;
    if (second == NULL)
        return NULL;
    size_t signed_size = (size_t)(second - token), signature_text = size - signed_size - 1;
    if (!base64url_decode(second + 1, signature_text, signature, sizeof(signature), &signature_size))
        return NULL;
    const jwks_key_t *key = header_key(jwks, token, (size_t)(first - token));
    if (key == NULL || !jwks_key_verify(key, token, signed_size, signature, signature_size))
        return NULL;
    json_t *claims = read_object(first + 1, (size_t)(second - first - 1));
    if (claims == NULL)
        return NULL;
    principal_t *principal = read_claims(rules, claims);
    json_decref(claims);
    if (principal != NULL && !token_current(rules, principal, now_us))
        principal_release(&principal);
    return principal;
}

bool token_names_unknown_key(const jwks_t *jwks, const char *token, size_t size)
{
    const char *end = size <= TOKEN_SIZE_MAX ? memchr(token, '.', size) : NULL;
    json_t *header = end != NULL ? read_object(token, (size_t)(end - token)) : NULL;
    const char *kid = json_string_value(json_object_get(header, "kid"));
    const bool unknown = kid != NULL && jwks_find(jwks, kid) == NULL;
    json_decref(header);
    return unknown;
}
