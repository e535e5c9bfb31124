// base64url without padding, as JOSE writes it (RFC 7515): each text has one meaning and each meaning one text.
#ifndef PCN_GATEWAY_BASE64URL_H
#define PCN_GATEWAY_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

// Decodes into `out` of `room` bytes. False for padding, other characters, a length that cannot be, bits left over that are not zero, or
// where the room does not suffice.
bool base64url_decode(const char *text, size_t size, unsigned char *out, size_t room, size_t *out_size);

#endif
