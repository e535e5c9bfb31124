// base64url without padding, as JOSE writes it (RFC 7515): each text has one meaning and each meaning one text.
#ifndef PCN_BASE_BASE64URL_H
#define PCN_BASE_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

// Characters of so many bytes, and a NUL.
#define BASE64URL_SIZE(bytes) (((bytes)*4 + 2) / 3 + 1)

// Writes BASE64URL_SIZE(size) characters, the NUL included.
void base64url_encode(const void *bytes, size_t size, char *out);
// Decodes into `out` of `room` bytes. False for padding, other characters, a length that cannot be, bits left over that are not zero, or
// where the room does not suffice.
bool base64url_decode(const char *text, size_t size, unsigned char *out, size_t room, size_t *out_size);

#endif
