// One UTF-8 sequence at a time; shared by what checks, escapes and cuts text. No state.
#ifndef PCN_BASE_UTF8_H
#define PCN_BASE_UTF8_H

#include <stddef.h>

// Length (1 to 4) of the well-formed sequence at the start of `bytes`, 0 where there is none: overlong forms, surrogates, beyond
// U+10FFFF, cut short, nothing left. RFC 3629, table of section 4.
static inline size_t utf8_sequence(const unsigned char *bytes, size_t size)
{
    if (size == 0) {
        return 0;
    }
    unsigned char first = bytes[0];
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
        return 0;
    }
    size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size < length) {
        return 0;
    }
    unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (bytes[1] < least || bytes[1] > most) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

// The largest size up to `most` at which the text may be cut without splitting a character. `most` lies within the text.
size_t utf8_cut(const char *text, size_t most);
// Copies a string into `room` bytes with a NUL, cut at a whole character. Both may overlap.
void utf8_copy(char *out, size_t room, const char *text);

#endif
