// Any bytes as a form: what comes out is the same however they come in and whatever room there is, nothing is written beyond the room, and
// what is accepted is made of its parts: its content, written down again as a form, reads the same. The first byte says how large the
// pieces are, the second how much room there is; a line's content type may follow before the form.
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"
#include "services/gateway/multipart.h"

#define TYPE "multipart/form-data; boundary=XX"
#define OUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct result {
    char out[OUT_MAX]; // "N" name NUL, "C" content, "E" at a part's end, "."
    size_t size;
    const char *fault;
    bool complete;
} result_t;

static void put(result_t *result, const void *bytes, size_t size)
{
    assert(result->size + size <= sizeof(result->out));
    memcpy(result->out + result->size, bytes, size);
    result->size += size;
}

static void check_name(const char *name)
{
    const size_t size = strlen(name);
    size_t characters = 0;
    assert(size > 0 && size < MULTIPART_NAME_SIZE && strpbrk(name, "/\\") == NULL);
    for (size_t at = 0; at < size; characters++) {
        const size_t length = utf8_sequence((const unsigned char *)name + at, size - at);
        assert(length > 0 && ((unsigned char)name[at] >= 0x20 || name[at] == '\t') && name[at] != 0x7f);
        at += length;
    }
    assert(characters <= MULTIPART_NAME_MAX);
}

// Pieces and room exactly as large as they are, so that a byte too far is noticed.
static void read_form(const char *type, const uint8_t *bytes, size_t size, size_t step, size_t room, result_t *result)
{
    static multipart_t form;
    char *out = malloc(room);
    size_t used = 0;
    result->size = 0;
    result->fault = NULL;
    assert(out != NULL && multipart_init(&form, type));
    for (size_t from = 0; from < size && result->fault == NULL; from += step) {
        const size_t until = size - from < step ? size - from : step;
        char *piece = malloc(until);
        size_t at = 0;
        assert(piece != NULL);
        memcpy(piece, bytes + from, until);
        for (multipart_event_t event = MULTIPART_PART; result->fault == NULL && (at < until || event != MULTIPART_MORE);) {
            const size_t before = at;
            const size_t had = used;
            event = multipart_read(&form, piece, until, &at, out, room, &used);
            assert(at >= before && at <= until && used >= had && used <= room);
            assert(event != MULTIPART_MORE || at == until);
            if (event == MULTIPART_FULL)
                assert(used == room);
            if (event == MULTIPART_FULL || event == MULTIPART_PART_END) {
                put(result, out, used);
                used = 0;
            }
            if (event == MULTIPART_PART) {
                check_name(form.name);
                put(result, "N", 1);
                put(result, form.name, strlen(form.name) + 1);
            } else if (event == MULTIPART_PART_END) {
                put(result, "E", 1);
            } else if (event == MULTIPART_END) {
                put(result, ".", 1);
            } else if (event == MULTIPART_BAD) {
                assert(form.fault != NULL);
                result->fault = form.fault;
            }
        }
        free(piece);
    }
    free(out);
    result->complete = multipart_complete(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static result_t whole, cut;
    static char type[512];
    if (size < 2 || size > 16384)
        return 0;
    const size_t step = 1 + data[0] % 97, room = 1 + data[1];
    data += 2;
    size -= 2;
    strcpy(type, TYPE);
    // A content type of the input's own, where it begins with one.
    const uint8_t *end = memchr(data, '\n', size);
    if (size > 10 && memcmp(data, "multipart/", 10) == 0 && end != NULL && (size_t)(end - data) < sizeof(type)) {
        static multipart_t form;
        const size_t length = (size_t)(end - data);
        memcpy(type, data, length);
        type[length] = '\0';
        if (!multipart_init(&form, type))
            return 0;
        assert(form.delimiter_size > 4 && form.delimiter_size <= 4 + MULTIPART_BOUNDARY_MAX);
        data += length + 1;
        size -= length + 1;
    }
    read_form(type, data, size, size + 1, 65535, &whole);
    read_form(type, data, size, step, room, &cut);
    assert(whole.fault == cut.fault && whole.complete == cut.complete);
    if (whole.fault == NULL)
        assert(whole.complete == (whole.size > 0 && whole.out[whole.size - 1] == '.') || !whole.complete);
    // What was given by a fault may stand in the room still; what is complete is all there.
    if (whole.complete)
        assert(whole.size == cut.size && memcmp(whole.out, cut.out, whole.size) == 0);
    return 0;
}
