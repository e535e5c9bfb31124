#include "services/gateway/guard.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define NAME(text)                                                                                                                         \
    {                                                                                                                                      \
        text, sizeof(text) - 1                                                                                                             \
    }
static const struct {
    const char *text;
    size_t size;
} names[GUARD_HEADERS] = {
    [GUARD_HOST] = NAME("host"),
    [GUARD_CONTENT_LENGTH] = NAME("content-length"),
    [GUARD_TRANSFER_ENCODING] = NAME("transfer-encoding"),
    [GUARD_CONTENT_TYPE] = NAME("content-type"),
    [GUARD_CONTENT_ENCODING] = NAME("content-encoding"),
    [GUARD_AUTHORIZATION] = NAME("authorization"),
    [GUARD_FORWARDED_FOR] = NAME("x-forwarded-for"),
    [GUARD_ACCEPT] = NAME("accept"),
    [GUARD_IF_MATCH] = NAME("if-match"),
    [GUARD_IDEMPOTENCY_KEY] = NAME("idempotency-key"),
    [GUARD_REQUEST_ID] = NAME("x-request-id"),
    [GUARD_TRACEPARENT] = NAME("traceparent"),
    [GUARD_EXPECT] = NAME("expect"),
    [GUARD_LAST_EVENT_ID] = NAME("last-event-id"),
    [GUARD_IF_NONE_MATCH] = NAME("if-none-match"),
};

// The byte eight times.
#define BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))

static bool token_char(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool name_valid(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!token_char(name[i]))
            return false;
    }
    return size > 0;
}

static bool value_valid(const char *value, size_t size)
{
    size_t i = 0;
    // Eight bytes at once where none is a control character: a token alone has some hundred.
    for (uint64_t eight; i + sizeof(eight) <= size; i += sizeof(eight)) {
        memcpy(&eight, value + i, sizeof(eight));
        const uint64_t low = eight & BYTES(0x7f);
        // Bit 7 of each: below 0x20, not counting what is above 0x7f, and equal to 0x7f.
        const uint64_t below = ~(low + BYTES(0x60)) & ~eight & BYTES(0x80);
        const uint64_t del = (low + BYTES(0x01)) & ~eight & BYTES(0x80);
        if ((below | del) != 0)
            break;
    }
    for (; i < size; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

void guard_add(guard_t *guard, const char *name, size_t name_size, const char *value, size_t value_size)
{
    guard->headers++;
    if (!name_valid(name, name_size) || !value_valid(value, value_size)) {
        guard->malformed = true;
        return;
    }
    for (int i = 0; i < GUARD_HEADERS; i++) {
        if (names[i].size != name_size || strncasecmp(names[i].text, name, name_size) != 0)
            continue;
        if (guard->count[i]++ == 0)
            guard->value[i] = value != NULL ? value : "";
        return;
    }
}

// CR and LF, each of which became a NUL.
static bool line_ends(const char *at, const char *end)
{
    return end - at >= 2 && at[0] == '\0' && at[1] == '\0';
}

bool guard_head(const char *verb, const char *target, size_t target_size, const char *version, const char *end, unsigned headers)
{
    // One blank each between verb, target and version.
    if (target != verb + strlen(verb) + 1 || version != target + target_size + 1)
        return false;
    const char *at = version + strnlen(version, (size_t)(end - version));
    for (; line_ends(at, end); headers--) {
        at += 2;
        if (line_ends(at, end))
            return at + 2 == end && headers == 0;
        // A name, a NUL for the colon, a value.
        const size_t name = strnlen(at, (size_t)(end - at));
        if (name == 0 || headers == 0 || at + name == end)
            return false;
        at += name + 1;
        at += strnlen(at, (size_t)(end - at));
    }
    return false;
}

static bool parse_digits(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t made = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || made > (max - (uint64_t)(*text - '0')) / 10)
            return false;
        made = made * 10 + (uint64_t)(*text - '0');
    }
    *value = made;
    return true;
}

const char *guard_framing(guard_t *guard, const char *version)
{
    bool first = strcmp(version, "HTTP/1.0") == 0;
    if (guard->malformed)
        return "A malformed header";
    if (!first && strcmp(version, "HTTP/1.1") != 0)
        return "A version of HTTP that is not spoken here";
    if (guard->count[GUARD_HOST] > 1 || (guard->count[GUARD_HOST] == 0 && !first))
        return "Exactly one Host header is needed";
    if (guard->count[GUARD_CONTENT_LENGTH] > 1)
        return "More than one Content-Length header";
    if (guard->count[GUARD_TRANSFER_ENCODING] > 0) {
        if (guard->count[GUARD_CONTENT_LENGTH] > 0)
            return "Transfer-Encoding together with Content-Length";
        if (first || guard->count[GUARD_TRANSFER_ENCODING] > 1 || strcasecmp(guard->value[GUARD_TRANSFER_ENCODING], "chunked") != 0)
            return "A Transfer-Encoding other than chunked";
        guard->chunked = true;
    }
    if (guard->count[GUARD_CONTENT_LENGTH] > 0 && !parse_digits(guard->value[GUARD_CONTENT_LENGTH], INT64_MAX, &guard->length))
        return "A malformed Content-Length";
    return NULL;
}

const char *guard_single(const guard_t *guard, guard_header_t header)
{
    return guard->count[header] == 1 ? guard->value[header] : NULL;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

// Length without blanks at the end.
static size_t trimmed(const char *text, size_t size)
{
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
        size--;
    return size;
}

static bool same(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && strncasecmp(text, word, size) == 0;
}

// Whether parameters after a media range say q=0.
static bool q_is_zero(const char *text, size_t size)
{
    const char *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, ';', (size_t)(end - text));
        const char *next = stop != NULL ? stop + 1 : end;
        const char *at = skip_blanks(text);
        size_t length = at < end ? trimmed(at, (size_t)((stop != NULL ? stop : end) - at)) : 0;
        if (length >= 3 && (at[0] == 'q' || at[0] == 'Q') && at[1] == '=' && at[2] == '0')
            return strspn(at + 3, ".0") >= length - 3;
        text = next;
    }
    return false;
}

// `ranges` is from the widest to the type itself: the narrowest that the header has decides.
static bool accepts(const guard_t *guard, const char *const ranges[3])
{
    if (guard->count[GUARD_ACCEPT] != 1)
        return true; // several are joined by proxies; who sends them apart gets what there is
    const char *at = guard->value[GUARD_ACCEPT];
    int best = *skip_blanks(at) == '\0' ? 0 : -1;
    bool refused = false;
    while (*at != '\0') {
        size_t size = strcspn(at, ",");
        const char *range = skip_blanks(at);
        size_t length = range < at + size ? trimmed(range, strcspn(range, ",;")) : 0;
        const char *parameters = memchr(at, ';', size);
        for (int i = 0; i < 3; i++) {
            if (i >= best && same(range, length, ranges[i])) {
                best = i;
                refused = parameters != NULL && q_is_zero(parameters + 1, (size_t)(at + size - parameters - 1));
            }
        }
        at += size + (at[size] == ',' ? 1 : 0);
    }
    return best >= 0 && !refused;
}

bool guard_accepts_json(const guard_t *guard)
{
    static const char *const ranges[] = {"*/*", "application/*", "application/json"};
    return accepts(guard, ranges);
}

bool guard_accepts_stream(const guard_t *guard)
{
    static const char *const ranges[] = {"*/*", "text/*", "text/event-stream"};
    return accepts(guard, ranges);
}

bool guard_accepts_type(const guard_t *guard, const char *type)
{
    char wide[64];
    const size_t size = strcspn(type, "/");
    if (size + sizeof("/*") > sizeof(wide))
        return guard->count[GUARD_ACCEPT] == 0;
    memcpy(wide, type, size);
    memcpy(wide + size, "/*", sizeof("/*"));
    const char *const ranges[] = {"*/*", wide, type};
    return accepts(guard, ranges);
}

bool guard_body_is_plain(const guard_t *guard)
{
    return guard->count[GUARD_CONTENT_ENCODING] == 0 ||
           (guard->count[GUARD_CONTENT_ENCODING] == 1 && strcasecmp(guard->value[GUARD_CONTENT_ENCODING], "identity") == 0);
}

bool guard_body_is_json(const guard_t *guard, bool patch)
{
    const char *type = guard_single(guard, GUARD_CONTENT_TYPE);
    if (type == NULL)
        return false;
    size_t size = trimmed(type, strcspn(type, ";"));
    if (!same(type, size, "application/json") && !(patch && same(type, size, "application/merge-patch+json")))
        return false;
    const char *parameters = strchr(type, ';');
    if (parameters != NULL) {
        const char *parameter = skip_blanks(parameters + 1);
        size_t length = trimmed(parameter, strlen(parameter));
        if (length > 0 && !same(parameter, length, "charset=utf-8") && !same(parameter, length, "charset=\"utf-8\""))
            return false;
    }
    return guard_body_is_plain(guard);
}

const char *guard_bearer(const guard_t *guard)
{
    const char *value = guard_single(guard, GUARD_AUTHORIZATION);
    if (value == NULL || strncasecmp(value, "Bearer ", 7) != 0)
        return NULL;
    return value + 7;
}

status_t guard_if_match(const guard_t *guard, int64_t *version, problem_t *problem)
{
    *version = 0;
    if (guard->count[GUARD_IF_MATCH] == 0)
        return STATUS_OK;
    const char *value = guard_single(guard, GUARD_IF_MATCH);
    size_t size = value != NULL ? strlen(value) : 0;
    char digits[20];
    uint64_t number;
    if (size >= 3 && size - 2 < sizeof(digits) && value[0] == '"' && value[size - 1] == '"' && value[1] != '0') {
        memcpy(digits, value + 1, size - 2);
        digits[size - 2] = '\0';
        if (parse_digits(digits, INT64_MAX, &number)) {
            *version = (int64_t)number;
            return STATUS_OK;
        }
    }
    return problem_set(problem, STATUS_INVALID_ARGUMENT, "If-Match", "Must be one ETag as it was given, like \"3\"");
}

status_t guard_idempotency_key(const guard_t *guard, const char **key, problem_t *problem)
{
    *key = NULL;
    if (guard->count[GUARD_IDEMPOTENCY_KEY] == 0)
        return STATUS_OK;
    const char *value = guard_single(guard, GUARD_IDEMPOTENCY_KEY);
    size_t size = value != NULL ? strlen(value) : 0;
    bool good = size > 0 && size <= GUARD_KEY_MAX;
    for (size_t i = 0; good && i < size; i++)
        good = value[i] >= 0x20 && value[i] < 0x7f;
    if (!good)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "Idempotency-Key", "Must be 1 to %d printable ASCII characters",
                           GUARD_KEY_MAX);
    *key = value;
    return STATUS_OK;
}

static bool hex_run(const char *text, size_t size, bool *all_zero)
{
    *all_zero = true;
    for (size_t i = 0; i < size; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
        *all_zero = *all_zero && text[i] == '0';
    }
    return true;
}

const char *guard_traceparent(const guard_t *guard)
{
    const char *value = guard_single(guard, GUARD_TRACEPARENT);
    bool zero, trace_zero, parent_zero;
    // Version 00: 00-<32>-<16>-<2>
    if (value == NULL || strlen(value) != 55 || strncmp(value, "00-", 3) != 0 || value[35] != '-' || value[52] != '-')
        return NULL;
    if (!hex_run(value + 3, 32, &trace_zero) || !hex_run(value + 36, 16, &parent_zero) || !hex_run(value + 53, 2, &zero))
        return NULL;
    return trace_zero || parent_zero ? NULL : value;
}
