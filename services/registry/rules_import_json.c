// A JSON document of the type RegistryFiles, taken apart into the rows of its members without ever being held: the machine goes on after
// any byte, and pb reads one row at a time.
#include <stdio.h>
#include <string.h>

#include "common/base/id.h"
#include "common/base/utf8.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "services/registry/rules_import_internal.h"

#define BOM "\xEF\xBB\xBF"
#define BOM_SIZE 3
#define KEY_SIZE 100

// What may come next.
typedef enum json_place {
    AT_START,
    AT_MEMBER_OR_END,
    AT_MEMBER, // after a comma
    AT_COLON,
    AT_LIST,
    AT_ROW_OR_END,
    AT_ROW, // after a comma
    AFTER_ROW,
    AFTER_LIST,
    AT_END,
} json_place_t;

// How it stands amid a value.
enum { IN_STRING = 1, IN_ESCAPE = 2, IN_WORD = 4 };

typedef struct json_scan {
    uint32_t state, depth, lines;
    bool ended;
} json_scan_t;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool ends_word(char c)
{
    return is_blank(c) || c == ',' || c == ']' || c == '}';
}

// One byte of a value; false where it does not belong to it any more.
static bool scan_byte(json_scan_t *scan, char c)
{
    if ((scan->state & IN_STRING) != 0) {
        if ((scan->state & IN_ESCAPE) != 0)
            scan->state &= ~(uint32_t)IN_ESCAPE;
        else if (c == '\\')
            scan->state |= IN_ESCAPE;
        else if (c == '"')
            scan->state &= ~(uint32_t)IN_STRING;
        scan->ended = scan->state == 0 && scan->depth == 0;
    } else if (c == '"' && (scan->state & IN_WORD) == 0) {
        scan->state |= IN_STRING;
    } else if (scan->depth == 0 && c != '{' && c != '[') {
        scan->ended = ends_word(c);
        scan->state |= IN_WORD;
        return !scan->ended;
    } else if (c == '{' || c == '[') {
        scan->depth++;
    } else if (c == '}' || c == ']') {
        scan->depth--;
        scan->ended = scan->depth == 0;
    }
    return true;
}

// Goes on to the value's end, at most `size` bytes; returns how many.
static size_t scan_value(json_scan_t *scan, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!scan_byte(scan, text[i]))
            return i;
        scan->lines += text[i] == '\n';
        if (scan->ended)
            return i + 1;
    }
    return size;
}

// ---- rows ----

static void give_up(import_t *import, const char *reason)
{
    import_note(import, import->reading->line, NULL, "%s", reason);
    import->reading->has_given_up = import->reading->given_up = 1;
}

static void go_to(import_t *import, json_place_t place)
{
    import->reading->has_place = 1;
    import->reading->place = place;
}

// A place within the row says nothing about the document.
static void without_place(char *detail)
{
    char *place = strstr(detail, " (line ");
    if (place != NULL)
        *place = '\0';
}

static size_t skip_blanks(const char *text, size_t at, size_t size)
{
    while (at < size && is_blank(text[at]))
        at++;
    return at;
}

// JSON within the row stays as it was written: a number that goes through a parser may come out shorter, 0.500 as 0.5. The row is JSON.
static void keep_raw(import_t *import, const import_source_t *source, const char *text, size_t size, void *message)
{
    for (size_t at = skip_blanks(text, 1, size); at < size && text[at] == '"';) {
        json_scan_t scan = {0}, value_scan = {0};
        const size_t key = at + 1, key_size = scan_value(&scan, text + at, size - at) - 2;
        at = skip_blanks(text, key + key_size + 1, size) + 1; // its colon
        at = skip_blanks(text, at, size);
        const size_t value = at, value_size = scan_value(&value_scan, text + at, size - at);
        at = skip_blanks(text, at + value_size, size) + 1; // a comma, or the end
        at = skip_blanks(text, at, size);
        const int index = pb_field_by_json(source->type, text + key, key_size);
        if (index < 0 || (source->type->fields[index].flags & PB_RAW_JSON) == 0 || !pb_has(source->type, message, (unsigned)index))
            continue;
        const ProtobufCFieldDescriptor *field = &source->type->descriptor->fields[index];
        char **member = (char **)(void *)((char *)message + field->offset);
        if ((*member = arena_copy(import->scratch, text + value, value_size)) == NULL)
            import->failed = true;
    }
}

// The row that comes next in its list.
static import_source_t next_source(import_t *import)
{
    import_reading_t *reading = import->reading;
    import_source_t source = import_source_of(reading->member);
    source.line = reading->line;
    source.index = reading->index++;
    reading->has_index = 1;
    import_count_row(import);
    return source;
}

static void read_row(import_t *import, const char *text, size_t size)
{
    const import_source_t source = next_source(import);
    void *message = NULL;
    problem_t problem = {0};
    if (pb_json_read(source.type, text, size, PB_JSON_REQUEST, import->scratch, &message, NULL, NULL, &problem) != STATUS_OK) {
        without_place(problem.detail);
        import_note_field(import, &source, problem.field, problem.detail);
    } else {
        keep_raw(import, &source, text, size, message);
        if (!import->failed && import_validate(import, &source, message, 0))
            import_row(import, &source, message);
    }
    arena_reset(import->scratch);
}

static void too_long(import_t *import, const json_scan_t *scan)
{
    import_reading_t *reading = import->reading;
    if (reading->place != AT_ROW && reading->place != AT_ROW_OR_END) {
        give_up(import, "A name is longer than any list's");
        return;
    }
    if (reading->has_member) {
        char detail[64];
        const import_source_t source = next_source(import);
        (void)snprintf(detail, sizeof detail, "Is longer than %u KiB", IMPORT_ROW_MAX / 1024);
        import_note_row(import, &source, detail);
    }
    reading->line += scan->lines;
    reading->has_skipping = reading->has_scan = reading->has_depth = 1;
    reading->skipping = 1;
    reading->scan = scan->state;
    reading->depth = scan->depth;
}

static size_t skip(import_t *import, const char *text, size_t size)
{
    import_reading_t *reading = import->reading;
    json_scan_t scan = {.state = reading->scan, .depth = reading->depth};
    const size_t length = scan_value(&scan, text, size);
    reading->line += scan.lines;
    reading->skipping = !scan.ended;
    reading->scan = scan.state;
    reading->depth = scan.depth;
    if (scan.ended)
        go_to(import, AFTER_ROW);
    return length;
}

// ---- what surrounds them ----

static void read_key(import_t *import, const char *text, size_t size)
{
    import_reading_t *reading = import->reading;
    const char *key = text + 1;
    size -= 2;
    const int index = pb_field_by_json(FILES_TYPE, key, size);
    char shown[KEY_SIZE] = "";
    if (utf8_valid(key, size))
        (void)snprintf(shown, sizeof shown, "%.*s", (int)utf8_cut(key, size < sizeof shown ? size : sizeof shown - 1), key);
    const uint32_t bit = index >= 0 ? UINT32_C(1) << index : 0;
    if (index < 0)
        import_note(import, reading->line, shown, "There is no such list");
    else if ((reading->members & bit) != 0)
        import_note(import, reading->line, shown, "The list is there twice");
    reading->has_member = index >= 0;
    reading->member = index >= 0 ? (uint32_t)index : 0;
    reading->index = 0;
    reading->has_members = 1;
    reading->members |= bit;
    go_to(import, AT_COLON);
}

// A key or row that begins here. Returns how many bytes were taken, 0 where it goes on in the next piece.
static size_t read_value(import_t *import, const char *text, size_t size, bool last)
{
    import_reading_t *reading = import->reading;
    json_scan_t scan = {0};
    const bool key = reading->place == AT_MEMBER || reading->place == AT_MEMBER_OR_END;
    const size_t length = scan_value(&scan, text, size < IMPORT_ROW_MAX + 1 ? size : IMPORT_ROW_MAX + 1);
    if (length > IMPORT_ROW_MAX) {
        too_long(import, &scan);
        return length;
    }
    if (!scan.ended) {
        if (last)
            give_up(import, "The document ends too early");
        return 0;
    }
    if (key) {
        read_key(import, text, length);
    } else {
        if (reading->has_member)
            read_row(import, text, length);
        go_to(import, AFTER_ROW);
    }
    reading->line += scan.lines;
    return length;
}

// One byte of what surrounds keys and rows. Returns how many bytes were taken, 0 where the document goes on in the next piece or is
// given up.
static size_t read_mark(import_t *import, char c)
{
    static const struct {
        json_place_t place;
        char mark;
        json_place_t next;
    } marks[] = {
        {AT_START, '{', AT_MEMBER_OR_END}, {AT_MEMBER_OR_END, '}', AT_END},  {AT_COLON, ':', AT_LIST},
        {AT_LIST, '[', AT_ROW_OR_END},     {AT_ROW_OR_END, ']', AFTER_LIST}, {AFTER_ROW, ',', AT_ROW},
        {AFTER_ROW, ']', AFTER_LIST},      {AFTER_LIST, ',', AT_MEMBER},     {AFTER_LIST, '}', AT_END},
    };
    static const char *const missing[] = {
        [AT_START] = "A document is an object of lists of rows",
        [AT_MEMBER_OR_END] = "The name of a list is missing here",
        [AT_MEMBER] = "The name of a list is missing here",
        [AT_COLON] = "A colon is missing here",
        [AT_LIST] = "A list of rows is missing here",
        [AT_ROW_OR_END] = "A row is missing here",
        [AT_ROW] = "A row is missing here",
        [AFTER_ROW] = "A comma or the list's end is missing here",
        [AFTER_LIST] = "A comma or the document's end is missing here",
        [AT_END] = "Something follows the document's end",
    };
    const uint32_t place = import->reading->place;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (marks[i].place == place && marks[i].mark == c) {
            go_to(import, marks[i].next);
            return 1;
        }
    }
    give_up(import, place < sizeof missing / sizeof *missing ? missing[place] : missing[AT_START]);
    return 0;
}

// Whether a key or a row begins with the byte.
static bool begins_value(const import_reading_t *reading, char c)
{
    switch (reading->place) {
    case AT_MEMBER:
    case AT_MEMBER_OR_END:
        return c == '"';
    case AT_ROW:
    case AT_ROW_OR_END:
        return !ends_word(c) && c != ':';
    default:
        return false;
    }
}

static size_t read_some(import_t *import, const char *text, size_t size, bool last)
{
    import_reading_t *reading = import->reading;
    if (reading->skipping)
        return skip(import, text, size);
    if (is_blank(*text)) {
        reading->line += *text == '\n';
        return 1;
    }
    const size_t known = size < BOM_SIZE ? size : BOM_SIZE;
    if (reading->place == AT_START && reading->line == 1 && memcmp(text, BOM, known) == 0) {
        if (known == BOM_SIZE)
            return BOM_SIZE;
        if (!last)
            return 0;
    }
    return begins_value(reading, *text) ? read_value(import, text, size, last) : read_mark(import, *text);
}

void import_read_json(import_t *import, const char *text, size_t size, bool last)
{
    const import_reading_t *reading = import->reading;
    size_t at = 0;
    while (at < size && !reading->given_up && !import->failed) {
        const size_t taken = read_some(import, text + at, size - at, last);
        if (taken == 0)
            break;
        at += taken;
    }
    if (last && !reading->given_up && reading->place != AT_END)
        give_up(import, reading->place == AT_START ? "The document is empty" : "The document ends too early");
    import_keep(import, text + at, size - at);
}
