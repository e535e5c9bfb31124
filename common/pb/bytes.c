#include "common/pb/bytes.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void pb_base64_write(const ProtobufCBinaryData *bytes, buf_t *out)
{
    char *at = buf_reserve(out, (bytes->len + 2) / 3 * 4);
    if (at == NULL)
        return;
    out->size += (bytes->len + 2) / 3 * 4;
    for (size_t i = 0; i < bytes->len; i += 3) {
        size_t left = bytes->len - i;
        uint32_t group = (uint32_t)bytes->data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes->data[i + 1] << 8 : 0;
        group |= left > 2 ? bytes->data[i + 2] : 0;
        *at++ = base64_digits[group >> 18];
        *at++ = base64_digits[group >> 12 & 63];
        *at++ = left > 1 ? base64_digits[group >> 6 & 63] : '=';
        *at++ = left > 2 ? base64_digits[group & 63] : '=';
    }
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool pb_base64_read(const char *text, size_t size, uint8_t *out, size_t *out_size)
{
    if (size % 4 != 0)
        return false;
    *out_size = 0;
    for (size_t i = 0; i < size; i += 4) {
        bool last = i + 4 == size;
        unsigned padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
        uint32_t group = 0;
        for (unsigned k = 0; k < 4; k++) {
            int value = k >= 4 - padding ? 0 : base64_value(text[i + k]);
            if (value < 0)
                return false;
            group = group << 6 | (uint32_t)value;
        }
        // Bits that no byte holds must be zero, so that each value has one text.
        if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0))
            return false;
        for (unsigned k = 0; k < 3 - padding; k++)
            out[(*out_size)++] = (uint8_t)(group >> (16 - 8 * k));
    }
    return true;
}

size_t pb_hex_write(const ProtobufCBinaryData *bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    char *at = out;
    *at++ = '\\';
    *at++ = 'x';
    for (size_t i = 0; i < bytes->len; i++) {
        *at++ = digits[bytes->data[i] >> 4];
        *at++ = digits[bytes->data[i] & 15];
    }
    return (size_t)(at - out);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool pb_hex_read(const char *text, size_t size, uint8_t *out, size_t *out_size)
{
    if (size < 2 || size % 2 != 0 || text[0] != '\\' || text[1] != 'x')
        return false;
    for (size_t i = 2; i < size; i += 2) {
        int high = hex_value(text[i]), low = hex_value(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i / 2 - 1] = (uint8_t)(high << 4 | low);
    }
    *out_size = size / 2 - 1;
    return true;
}
