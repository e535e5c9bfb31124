// base64url without padding (RFC 4648 section 5), the alphabet of JOSE.
#ifndef PCN_CTL_BASE64URL_H
#define PCN_CTL_BASE64URL_H

#include <stddef.h>

#define BASE64URL_SIZE(bytes) (((bytes)*4 + 2) / 3 + 1)

// Writes BASE64URL_SIZE(size) characters, the NUL included.
void base64url_encode(const void *bytes, size_t size, char *out);

#endif
