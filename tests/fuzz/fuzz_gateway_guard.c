// Headers of any names and values, separated by line feeds, name before the first colon: none is read past its end, and what is
// accepted keeps its form.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/gateway/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    guard_t guard = {0};
    problem_t problem = {0};
    int64_t version;
    const char *key;
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        char *colon = strchr(line, ':');
        if (colon != NULL)
            guard_add(&guard, line, (size_t)(colon - line), colon + 1, strlen(colon + 1));
    }
    if (guard_framing(&guard, "HTTP/1.1") == NULL)
        assert(guard.count[GUARD_HOST] == 1 && guard.count[GUARD_CONTENT_LENGTH] + guard.count[GUARD_TRANSFER_ENCODING] <= 1);
    guard_accepts_json(&guard);
    guard_body_is_json(&guard, true);
    guard_bearer(&guard);
    if (guard_if_match(&guard, &version, &problem) == STATUS_OK)
        assert(version >= 0);
    if (guard_idempotency_key(&guard, &key, &problem) == STATUS_OK && key != NULL)
        assert(strlen(key) >= 1 && strlen(key) <= GUARD_KEY_MAX);
    const char *trace = guard_traceparent(&guard);
    assert(trace == NULL || strlen(trace) == 55);
    free(text);
    return 0;
}
