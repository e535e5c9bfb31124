#include "services/gateway/principal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/app/roles.h"

// Whether the space-separated list has the word.
static bool listed(const char *list, const char *word)
{
    size_t size = strlen(word);
    while (*list != '\0') {
        size_t length = strcspn(list, " ");
        if (length == size && memcmp(list, word, size) == 0)
            return true;
        list += length;
        list += *list == ' ' ? 1 : 0;
    }
    return false;
}

static bool contains(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0)
            return true;
    }
    return false;
}

// False where there are more than fit.
static bool collect_scopes(const char *const *roles, size_t role_count, const char *narrowed, const char *scopes[PRINCIPAL_SCOPES_MAX],
                           size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < role_count; i++) {
        const role_t *role = role_by_name(roles[i]);
        for (const char *const *scope = role != NULL ? role->scopes : NULL; scope != NULL && *scope != NULL; scope++) {
            if (contains(scopes, *count, *scope) || (narrowed != NULL && !listed(narrowed, *scope)))
                continue;
            if (*count == PRINCIPAL_SCOPES_MAX)
                return false;
            scopes[(*count)++] = *scope;
        }
    }
    return true;
}

static size_t texts_size(const char *const *texts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(texts[i]) + 1;
    return size;
}

static char *put(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

principal_t *principal_new(const char *subject, const char *const *roles, size_t role_count, const char *const *organisations,
                           size_t organisation_count, const char *scope)
{
    const char *scopes[PRINCIPAL_SCOPES_MAX];
    size_t scope_count;
    if (!collect_scopes(roles, role_count, scope, scopes, &scope_count))
        return NULL;
    // One piece of memory: the struct, the lists of pointers, the texts.
    size_t pointers = role_count + organisation_count + scope_count;
    size_t texts = strlen(subject) + 1 + texts_size(roles, role_count) + texts_size(organisations, organisation_count) +
                   texts_size(scopes, scope_count);
    principal_t *made = malloc(sizeof(*made) + pointers * sizeof(char *) + texts);
    if (made == NULL)
        return NULL;
    char **list = (char **)(made + 1);
    char *at = (char *)(list + pointers);
    *made = (principal_t){.references = 1};
    pcn__common__v1__principal__init(&made->message);
    made->message.subject = put(&at, subject);
    made->message.n_roles = role_count;
    made->message.roles = list;
    for (size_t i = 0; i < role_count; i++)
        *list++ = put(&at, roles[i]);
    made->message.n_organisations = organisation_count;
    made->message.organisations = list;
    for (size_t i = 0; i < organisation_count; i++)
        *list++ = put(&at, organisations[i]);
    made->message.n_scopes = scope_count;
    made->message.scopes = list;
    for (size_t i = 0; i < scope_count; i++)
        *list++ = put(&at, scopes[i]);
    return made;
}

principal_t *principal_take(principal_t *principal)
{
    principal->references++;
    return principal;
}

void principal_release(principal_t **principal)
{
    principal_t *held = *principal;
    *principal = NULL;
    if (held == NULL)
        return;
    assert(held->references > 0);
    if (--held->references == 0)
        free(held);
}

bool principal_may(const principal_t *principal, const char *scope)
{
    for (size_t i = 0; i < principal->message.n_scopes; i++) {
        if (strcmp(principal->message.scopes[i], scope) == 0)
            return true;
    }
    return false;
}
