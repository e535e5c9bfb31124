#include "services/ctl/base64url.h"

void base64url_encode(const void *bytes, size_t size, char *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *in = bytes;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i < 3 ? size - i : 3;
        unsigned group = (unsigned)in[i] << 16 | (left > 1 ? (unsigned)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0u);
        // n bytes are n + 1 characters.
        for (size_t j = 0; j <= left; j++)
            *out++ = alphabet[group >> (18 - 6 * j) & 63];
    }
    *out = '\0';
}
