#include "common/base/utf8.h"

#include <string.h>

size_t utf8_cut(const char *text, size_t most)
{
    size_t cut = most;
    while (cut > 0 && most - cut < 4 && ((unsigned char)text[cut] & 0xC0) == 0x80) {
        cut--;
    }
    return ((unsigned char)text[cut] & 0xC0) == 0x80 ? most : cut;
}

void utf8_copy(char *out, size_t room, const char *text)
{
    size_t size = strnlen(text, room);
    if (size == room) {
        size = utf8_cut(text, room - 1);
    }
    memmove(out, text, size);
    out[size] = '\0';
}
