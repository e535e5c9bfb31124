// Answers to reads over everything, each with the place that it was made at (service_t.place): while nothing further is recorded they are
// the same. Some of them, the last ones asked for.
#ifndef PCN_SERVICE_KEPT_H
#define PCN_SERVICE_KEPT_H

#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pb/type.h"

// So many answers and bytes at most; one beyond KEPT_ANSWER_MAX is not kept.
#define KEPT_MAX 64
#define KEPT_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define KEPT_ANSWER_MAX ((size_t)4 * 1024 * 1024)
// Room for the text of a place.
#define KEPT_PLACE_SIZE 96

typedef struct kept kept_t;

// What was asked: nothing else may decide the answer but what is recorded.
typedef struct kept_key {
    const pb_method_t *method;
    int32_t today;
    uint8_t request[SHA256_DIGEST_LENGTH]; // of its bytes
} kept_key_t;

typedef struct kept_answer {
    const void *bytes; // good until the next kept_put
    size_t size;
} kept_answer_t;

// NULL without memory.
kept_t *kept_new(void);
void kept_destroy(kept_t **kept);
// Whether there is the answer of that place.
bool kept_find(kept_t *kept, const kept_key_t *key, const char *place, kept_answer_t *answer);
// Keeps it instead of the one of another place. Without memory, or where it is too long, it is not kept.
void kept_put(kept_t *kept, const kept_key_t *key, const char *place, const void *bytes, size_t size);

#endif
