#include "services/ctl/text.h"

#include <stdint.h>
#include <string.h>

#include "common/base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD"

typedef struct range {
    uint32_t first, last;
} range_t;

// By Unicode's general categories Mn, Me and Cf, as far as texts of this field may hold them.
static const range_t none[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},  {0x0610, 0x061A}, {0x064B, 0x065F},
                               {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948},  {0x094D, 0x094D}, {0x1AB0, 0x1AFF},
                               {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x2060, 0x2064},  {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
                               {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};
// By East Asian width W and F, and emoji.
static const range_t twice[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x4DBF},  {0x4E00, 0xA4CF}, {0xAC00, 0xD7A3},
                                {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
                                {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
// Marks that turn the direction of what follows.
static const range_t turning[] = {{0x0000, 0x001F}, {0x007F, 0x009F}, {0x061C, 0x061C},
                                  {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};

static bool within(uint32_t point, const range_t *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    }
    return false;
}

typedef struct piece {
    const char *bytes;
    size_t size;   // of the text that is passed over
    size_t width;  // columns
    size_t length; // of the bytes
} piece_t;

// What the text begins with, as it may be shown.
static piece_t next_piece(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    const size_t size = utf8_sequence(bytes, strnlen(text, 4));
    if (size == 0)
        return (piece_t){REPLACEMENT, 1, 1, sizeof REPLACEMENT - 1};
    uint32_t point = size == 1 ? bytes[0] : (uint32_t)(bytes[0] & (0x7F >> size));
    for (size_t i = 1; i < size; i++)
        point = point << 6 | (bytes[i] & 0x3F);
    if (within(point, turning, sizeof turning / sizeof *turning))
        return (piece_t){" ", size, 1, 1};
    const size_t width = within(point, none, sizeof none / sizeof *none) ? 0 : within(point, twice, sizeof twice / sizeof *twice) ? 2 : 1;
    return (piece_t){text, size, width, size};
}

static size_t span_width(const char *text, const char *end)
{
    size_t width = 0;
    while (text < end) {
        const piece_t piece = next_piece(text);
        width += piece.width;
        text += piece.size;
    }
    return width;
}

static void add_span(buf_t *out, const char *text, const char *end)
{
    while (text < end) {
        const piece_t piece = next_piece(text);
        buf_add(out, piece.bytes, piece.length);
        text += piece.size;
    }
}

size_t text_width(const char *text)
{
    return span_width(text, text + strlen(text));
}

void text_add_plain(buf_t *out, const char *text)
{
    add_span(out, text, text + strlen(text));
}

size_t text_add_cut(buf_t *out, const char *text, size_t width)
{
    const bool whole = text_width(text) <= width;
    const size_t room = whole || width == 0 ? width : width - 1;
    size_t used = 0;
    while (*text != '\0') {
        const piece_t piece = next_piece(text);
        if (used + piece.width > room)
            break;
        buf_add(out, piece.bytes, piece.length);
        used += piece.width;
        text += piece.size;
    }
    if (whole || width == 0)
        return used;
    buf_add_string(out, "…");
    return used + 1;
}

static void add_blanks(buf_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_char(out, ' ');
}

void text_add_wrapped(buf_t *out, const char *text, size_t indent, size_t at, size_t width)
{
    bool first = true;
    size_t column = at;
    for (const char *word = text + strspn(text, " "); *word != '\0'; word += strspn(word, " ")) {
        const size_t size = strcspn(word, " ");
        const size_t columns = span_width(word, word + size);
        if (!first && column + 1 + columns > width) {
            buf_add_char(out, '\n');
            column = 0;
        } else if (!first) {
            buf_add_char(out, ' ');
            column++;
        }
        if (column < indent && (column == 0 || first)) {
            add_blanks(out, indent - column);
            column = indent;
        }
        add_span(out, word, word + size);
        column += columns;
        first = false;
        word += size;
    }
    buf_add_char(out, '\n');
}
