// What a stream's `id:` lines carry and Last-Event-ID brings back: for each service of the stream its place and, in short, the epoch of
// its log. It stands for itself, so any gateway can go on from it, also one that has just started.
//
// base64url of: a version byte, then for each service the length of its name, the name, four bytes of the epoch, the place as LEB128.
// Each list of places has exactly one text. Nothing here allocates.
#ifndef PCN_GATEWAY_STREAM_ID_H
#define PCN_GATEWAY_STREAM_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/base64url.h"

#define STREAM_SERVICES_MAX 32
#define STREAM_NAME_SIZE 33
#define STREAM_PLACE_BYTES (STREAM_NAME_SIZE + 4 + 9)
#define STREAM_ID_SIZE BASE64URL_SIZE(1 + STREAM_SERVICES_MAX * STREAM_PLACE_BYTES)

typedef struct stream_place {
    char service[STREAM_NAME_SIZE]; // [a-z]+
    uint32_t epoch;
    int64_t sequence; // of the last event that was given; not negative
} stream_place_t;

// Writes the text with a NUL and returns its length; `out` has STREAM_ID_SIZE bytes. At most STREAM_SERVICES_MAX places, no service twice.
size_t stream_id_write(const stream_place_t *places, size_t count, char *out);
// False for what stream_id_write does not make. `places` has STREAM_SERVICES_MAX; services need not be known here.
bool stream_id_read(const char *text, size_t size, stream_place_t *places, size_t *count);
// The short form of a log's epoch.
uint32_t stream_epoch(const char *epoch);

#endif
