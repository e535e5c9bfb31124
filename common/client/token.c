#include "common/client/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base64url.h"

#define TOKEN_PREFIX "pcn1."
#define TOKEN_TEXT_MAX ((CLIENT_TOKEN_SIZE - sizeof TOKEN_PREFIX) * 3 / 4)
#define TOKEN_CHECK 4

// FNV-1a: against accidents; nobody gains anything by a forged token.
static uint32_t check_of(const char *text, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    }
    return hash;
}

static void check_write(uint32_t check, char out[TOKEN_CHECK])
{
    for (int i = 0; i < TOKEN_CHECK; i++) {
        out[i] = (char)(check >> (8 * i));
    }
}

void client_token_write(const client_token_t *token, char out[CLIENT_TOKEN_SIZE])
{
    char text[TOKEN_TEXT_MAX];
    int size = snprintf(text, sizeof text - TOKEN_CHECK, "%c %s %" PRId64 " %s", token->phase == CLIENT_PHASE_LOG ? 'l' : 's',
                        token->service, token->place.sequence, token->place.epoch);
    check_write(check_of(text, (size_t)size), text + size);
    memcpy(out, TOKEN_PREFIX, sizeof TOKEN_PREFIX);
    base64url_encode(text, (size_t)size + TOKEN_CHECK, out + sizeof TOKEN_PREFIX - 1);
}

// Copies what stands before the next blank, or before the end. NULL where it does not fit.
static const char *take_word(const char *text, char *out, size_t room)
{
    size_t size = strcspn(text, " ");
    if (size >= room) {
        return NULL;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return text + size + (text[size] == ' ' ? 1 : 0);
}

static bool token_parse(const char *text, client_token_t *token)
{
    char phase[2];
    char sequence[24];
    char *end = NULL;
    text = take_word(text, phase, sizeof phase);
    text = text != NULL ? take_word(text, token->service, sizeof token->service) : NULL;
    text = text != NULL ? take_word(text, sequence, sizeof sequence) : NULL;
    text = text != NULL ? take_word(text, token->place.epoch, sizeof token->place.epoch) : NULL;
    if (text == NULL || *text != '\0' || (phase[0] != 'l' && phase[0] != 's')) {
        return false;
    }
    token->phase = phase[0] == 'l' ? CLIENT_PHASE_LOG : CLIENT_PHASE_SNAPSHOT;
    token->place.sequence = strtoll(sequence, &end, 10);
    return end != sequence && *end == '\0' && token->place.sequence >= EVENT_PLACE_END;
}

status_t client_token_read(const char *text, client_token_t *token, problem_t *problem)
{
    const size_t prefix = sizeof TOKEN_PREFIX - 1;
    unsigned char bytes[TOKEN_TEXT_MAX + 1];
    size_t size = 0;
    memset(token, 0, sizeof *token);
    if (strncmp(text, TOKEN_PREFIX, prefix) != 0) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "token", "The token is not one of this library, or of another version of it");
    }
    bool whole = base64url_decode(text + prefix, strlen(text + prefix), bytes, sizeof bytes - 1, &size) && size > TOKEN_CHECK;
    if (whole) {
        char check[TOKEN_CHECK];
        size -= TOKEN_CHECK;
        check_write(check_of((const char *)bytes, size), check);
        whole = memcmp(check, bytes + size, TOKEN_CHECK) == 0;
        bytes[size] = '\0';
    }
    whole = whole && strlen((const char *)bytes) == size && token_parse((const char *)bytes, token);
    return whole ? STATUS_OK : problem_set(problem, STATUS_INVALID_ARGUMENT, "token", "The token is damaged");
}
