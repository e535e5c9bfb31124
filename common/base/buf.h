// A byte buffer that grows to a cap. A failure (cap or memory) sticks, so a writer appends freely and asks once at the end.
// Always NUL-terminated after the content once something was appended. One thread; the owner calls buf_deinit.
#ifndef PCN_BASE_BUF_H
#define PCN_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

typedef struct buf {
    char *data;
    size_t size;
    size_t room;
    size_t cap;
    bool failed;
} buf_t;

// Cleared for use; nothing is allocated yet.
void buf_init(buf_t *buf, size_t cap);
void buf_deinit(buf_t *buf);
// Empty again, memory kept, failure forgotten.
void buf_clear(buf_t *buf);
// Room for `size` more bytes at the end, or NULL (and failed). The caller then adds to buf->size what it wrote.
char *buf_reserve(buf_t *buf, size_t size);
void buf_add(buf_t *buf, const void *bytes, size_t size);
void buf_add_string(buf_t *buf, const char *string);
void buf_add_char(buf_t *buf, char c);
void buf_printf(buf_t *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Adds the text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void buf_add_json_string(buf_t *buf, const char *text, size_t size);
static inline bool buf_ok(const buf_t *buf)
{
    return !buf->failed;
}

#endif
