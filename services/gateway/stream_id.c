#include "services/gateway/stream_id.h"

#include <string.h>

#define VERSION 1
#define BYTES_MAX (1 + STREAM_SERVICES_MAX * STREAM_PLACE_BYTES)

typedef struct reader {
    const unsigned char *at, *end;
} reader_t;

size_t stream_id_write(const stream_place_t *places, size_t count, char *out)
{
    unsigned char bytes[BYTES_MAX];
    size_t size = 0;
    bytes[size++] = VERSION;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(places[i].service);
        bytes[size++] = (unsigned char)length;
        memcpy(bytes + size, places[i].service, length);
        size += length;
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes[size++] = (unsigned char)(places[i].epoch >> shift);
        uint64_t left = (uint64_t)places[i].sequence;
        for (; left >= 0x80; left >>= 7)
            bytes[size++] = (unsigned char)(left | 0x80);
        bytes[size++] = (unsigned char)left;
    }
    base64url_encode(bytes, size, out);
    return BASE64URL_SIZE(size) - 1;
}

static bool read_name(reader_t *reader, char *name)
{
    size_t size = *reader->at++;
    if (size == 0 || size >= STREAM_NAME_SIZE || (size_t)(reader->end - reader->at) < size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (reader->at[i] < 'a' || reader->at[i] > 'z')
            return false;
    }
    memcpy(name, reader->at, size);
    name[size] = '\0';
    reader->at += size;
    return true;
}

static bool read_epoch(reader_t *reader, uint32_t *epoch)
{
    if (reader->end - reader->at < 4)
        return false;
    *epoch = 0;
    for (int i = 0; i < 4; i++)
        *epoch = *epoch << 8 | *reader->at++;
    return true;
}

static bool read_sequence(reader_t *reader, int64_t *sequence)
{
    uint64_t value = 0;
    // Nine groups of seven bits are what a place can have.
    for (unsigned shift = 0; shift < 63; shift += 7) {
        if (reader->at == reader->end)
            return false;
        unsigned char byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *sequence = (int64_t)value;
            // A group of zeros at the end would be a second text of the same place.
            return byte != 0 || shift == 0;
        }
    }
    return false;
}

bool stream_id_read(const char *text, size_t size, stream_place_t *places, size_t *count)
{
    unsigned char bytes[BYTES_MAX];
    size_t bytes_size;
    *count = 0;
    if (!base64url_decode(text, size, bytes, sizeof(bytes), &bytes_size) || bytes_size < 2 || bytes[0] != VERSION)
        return false;
    reader_t reader = {bytes + 1, bytes + bytes_size};
    while (reader.at < reader.end) {
        stream_place_t *place = &places[*count];
        if (*count == STREAM_SERVICES_MAX)
            return false;
        if (!read_name(&reader, place->service) || !read_epoch(&reader, &place->epoch) || !read_sequence(&reader, &place->sequence))
            return false;
        for (size_t i = 0; i < *count; i++) {
            if (strcmp(places[i].service, place->service) == 0)
                return false;
        }
        ++*count;
    }
    return true;
}

uint32_t stream_epoch(const char *epoch)
{
    uint32_t hash = 2166136261u; // FNV-1a
    for (; *epoch != '\0'; epoch++)
        hash = (hash ^ (unsigned char)*epoch) * 16777619u;
    return hash;
}
