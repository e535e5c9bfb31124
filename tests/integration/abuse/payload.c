#include "tests/integration/abuse/payload.h"

#include <string.h>

#define TEXT(name, text)                                                                                                                   \
    {                                                                                                                                      \
        name, text, sizeof(text) - 1, 0                                                                                                    \
    }
#define LONG(name, text, repeat)                                                                                                           \
    {                                                                                                                                      \
        name, text, sizeof(text) - 1, repeat                                                                                               \
    }
#define MARK PAYLOAD_MARK

const payload_t payloads[] = {
    TEXT("ends a statement", MARK "'; DROP TABLE registry.organisation CASCADE; --"),
    TEXT("always true", MARK "' OR '1'='1"),
    TEXT("ends an identifier", MARK "\"; DELETE FROM registry.event; --"),
    TEXT("ends a dollar quote", MARK "$$; SELECT pg_sleep(5); $$"),
    TEXT("backslash before a quote", MARK "\\'; TRUNCATE registry.membership; --"),
    TEXT("union", MARK "%' UNION SELECT rolpassword FROM pg_authid --"),
    TEXT("comment", MARK "/**/;/* "),
    TEXT("copy's null", "\\N"),
    TEXT("array literal", "{\"" MARK "\",NULL}"),
    TEXT("half an array literal", "{\"" MARK),
    TEXT("JSON", "{\"" MARK "\":[1]}"),
    TEXT("JSON's end", MARK "\"}]}"),
    TEXT("wildcards", MARK "%_%_\\"),
    TEXT("traversal", "../../../../etc/passwd/" MARK),
    TEXT("traversal with backslashes", "..\\..\\..\\" MARK),
    TEXT("traversal, encoded", "%2e%2e%2f" MARK),
    TEXT("dots", ".."),
    TEXT("NUL", MARK "\0.png"),
    TEXT("NUL alone", "\0"),
    TEXT("a forged log line", MARK "\r\n{\"level\":\"error\",\"daemon\":\"gateway\",\"message\":\"forged\"}\r\n"),
    TEXT("a forged header", MARK "\r\nSet-Cookie: a=b\r\n\r\n"),
    TEXT("line feed", MARK "\nb"),
    TEXT("carriage return", MARK "\rb"),
    TEXT("tab", MARK "\tb"),
    TEXT("vertical tab", MARK "\x0b\x0c"),
    TEXT("colours of a terminal", MARK "\x1b[31mred\x1b[0m"),
    TEXT("title of a terminal", MARK "\x1b]0;owned\x07"),
    TEXT("backspace", MARK "\x08\x08\x7f"),
    TEXT("line separator", MARK "\xe2\x80\xa8x"),
    TEXT("paragraph separator", MARK "\xe2\x80\xa9x"),
    TEXT("next line", MARK "\xc2\x85x"),
    TEXT("right to left", MARK "\xe2\x80\xaetxt.exe"),
    TEXT("isolates", "\xe2\x81\xa6" MARK "\xe2\x81\xa9"),
    TEXT("zero width", MARK "\xe2\x80\x8b\xe2\x80\x8d"),
    TEXT("byte order mark", "\xef\xbb\xbf" MARK),
    TEXT("four bytes", MARK "\xf0\x9f\x92\x89\xf0\xa0\x80\x80"),
    TEXT("the last code point", MARK "\xf4\x8f\xbf\xbf"),
    TEXT("no character", MARK "\xef\xbf\xbf"),
    TEXT("combining", MARK "a\xcc\x81\xcc\x81\xcc\x81"),
    TEXT("bytes", MARK "\xff\xfe"),
    TEXT("overlong", MARK "\xc0\x80"),
    TEXT("surrogate", MARK "\xed\xa0\x80"),
    TEXT("cut off", MARK "\xe2\x82"),
    TEXT("lookup", "${jndi:ldap://127.0.0.1:1/" MARK "}"),
    TEXT("template", MARK "{{7*7}}<%= 7*7 %>#{7*7}"),
    TEXT("script", "<script>alert('" MARK "')</script>"),
    TEXT("shell", MARK "`id`$(id)|id;id&"),
    TEXT("formats", MARK "%s%n%x%d%p%%"),
    TEXT("wide format", MARK "%999999999d%*c"),
    TEXT("formula", "=cmd|' /C calc'!" MARK),
    TEXT("null", "null"),
    TEXT("true", "true"),
    TEXT("below zero", "-1"),
    TEXT("no number", "NaN"),
    TEXT("too large a number", "1e999"),
    TEXT("nothing", ""),
    TEXT("blanks", "   "),
    TEXT("no-break space", "\xc2\xa0"),
    LONG("long", MARK, 50),
    LONG("very long", MARK, 2000),
    LONG("long in four bytes", "\xf0\x9f\x92\x89", 500),
};
const size_t payload_count = sizeof payloads / sizeof payloads[0];

void payload_write(const payload_t *payload, buf_t *out)
{
    for (size_t i = 0; i < (payload->repeat > 0 ? payload->repeat : 1); i++)
        buf_add(out, payload->bytes, payload->size);
}

void payload_write_json(const payload_t *payload, buf_t *out)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < (payload->repeat > 0 ? payload->repeat : 1); i++) {
        for (size_t j = 0; j < payload->size; j++) {
            const unsigned char c = (unsigned char)payload->bytes[j];
            if (c < 0x20 || c == '"' || c == '\\')
                buf_printf(out, "\\u%04x", c);
            else
                buf_add_char(out, (char)c);
        }
    }
    buf_add_char(out, '"');
}

void payload_write_encoded(const payload_t *payload, buf_t *out)
{
    for (size_t i = 0; i < (payload->repeat > 0 ? payload->repeat : 1); i++) {
        for (size_t j = 0; j < payload->size; j++) {
            const unsigned char c = (unsigned char)payload->bytes[j];
            if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
                buf_add_char(out, (char)c);
            else
                buf_printf(out, "%%%02X", c);
        }
    }
}

bool payload_fits_header(const payload_t *payload)
{
    for (size_t i = 0; i < payload->size; i++) {
        if (payload->bytes[i] == '\0' || payload->bytes[i] == '\r' || payload->bytes[i] == '\n')
            return false;
    }
    return payload->size * (payload->repeat > 0 ? payload->repeat : 1) < 8000;
}
