#include "services/ctl/example.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_CAP = 1024 * 1024 };

// ---- values ----

static bool suits(const pb_field_t *field, const char *text)
{
    regex_t pattern;
    if (field->pattern == NULL)
        return true;
    if (regcomp(&pattern, field->pattern, REG_EXTENDED) != 0)
        return false;
    regmatch_t match;
    const bool found = regexec(&pattern, text, 1, &match, 0) == 0 && match.rm_so == 0 && text[match.rm_eo] == '\0';
    regfree(&pattern);
    return found;
}

// What the comment shows in quotation marks.
static bool add_from_comment(const pb_field_t *field, buf_t *out)
{
    char text[64];
    const char *open = field->comment != NULL ? strchr(field->comment, '"') : NULL;
    const char *close = open != NULL ? strchr(open + 1, '"') : NULL;
    if (close == NULL || (size_t)(close - open) > sizeof text || close == open + 1)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)(close - open - 1), open + 1);
    if (!suits(field, text))
        return false;
    buf_add_string(out, text);
    return true;
}

static void add_text_example(const flag_t *flag, buf_t *out)
{
    static const char *const guesses[] = {"registry", "0.5", "85.50", "2019", "example"};
    const pb_field_t *field = flag_field(flag);
    char words[CONTRACT_NAME_SIZE];
    if (field->example != NULL) {
        buf_add_string(out, field->example);
        return;
    }
    switch (field->format) {
    case PB_FORMAT_CODE:
        buf_add_string(out, "pcn-rutland");
        return;
    case PB_FORMAT_DATE:
        buf_add_string(out, "2026-04-01");
        return;
    case PB_FORMAT_INSTANT:
        buf_add_string(out, "2026-04-01T09:30:00Z");
        return;
    case PB_FORMAT_UUID:
        buf_add_string(out, "0190b2a0-0000-7000-8000-000000000001");
        return;
    default:
        break;
    }
    if (add_from_comment(field, out))
        return;
    for (size_t i = 0; field->pattern != NULL && i < sizeof guesses / sizeof *guesses; i++) {
        if (suits(field, guesses[i])) {
            buf_add_string(out, guesses[i]);
            return;
        }
    }
    // "A name" says as much as any other.
    contract_kebab(flag_descriptor(flag)->name, words);
    for (char *at = words; *at != '\0'; at++)
        *at = *at == '-' ? ' ' : *at;
    buf_printf(out, "a %s", words);
}

void example_value(const flag_t *flag, buf_t *out)
{
    const pb_field_t *field = flag_field(flag);
    switch (flag_descriptor(flag)->type) {
    case PROTOBUF_C_TYPE_STRING:
        if (field->flags & PB_RAW_JSON)
            buf_add_string(out, "{}");
        else
            add_text_example(flag, out);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        for (unsigned i = 0; i < field->enumeration->descriptor->n_values; i++) {
            if (field->enumeration->json[i] != NULL) {
                buf_add_string(out, field->enumeration->json[i]);
                break;
            }
        }
        break;
    case PROTOBUF_C_TYPE_BYTES:
        buf_add_string(out, "aGVsbG8=");
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        buf_add_string(out, "{}");
        break;
    case PROTOBUF_C_TYPE_BOOL:
        break;
    default:
        if (field->example != NULL) {
            buf_add_string(out, field->example);
            break;
        }
        buf_printf(out, "%lld", (long long)((field->flags & PB_HAS_MINIMUM) && field->minimum > 1 ? field->minimum : 1));
    }
}

// ---- calls ----

static void add_quoted(buf_t *out, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/,@%+=";
    if (value[0] != '\0' && strspn(value, plain) == strlen(value)) {
        buf_add_string(out, value);
        return;
    }
    buf_add_char(out, '\'');
    for (; *value != '\0'; value++)
        buf_add_string(out, *value == '\'' ? "'\\''" : (const char[]){*value, '\0'});
    buf_add_char(out, '\'');
}

typedef enum example_part { EXAMPLE_PATH, EXAMPLE_NEEDED, EXAMPLE_CHANGE } example_part_t;

typedef struct example {
    const pb_method_t *method;
    buf_t *out;
    example_part_t part; // which flags are wanted
    size_t count;
} example_t;

static bool is_wanted(const example_t *example, const flag_t *flag)
{
    const bool in_path = flag_in_path(example->method, flag);
    switch (example->part) {
    case EXAMPLE_PATH:
        return in_path;
    case EXAMPLE_NEEDED:
        return in_path || flag_required(example->method, flag) || (flag_field(flag)->flags & PB_ALTERNATIVE) != 0;
    default:
        // Besides what is needed one field that a patch changes.
        return !in_path && flag->path.depth > 1 && example->count == 0;
    }
}

static void add_flag(void *data, const flag_t *flag)
{
    example_t *example = data;
    if (!is_wanted(example, flag))
        return;
    buf_t value;
    buf_init(&value, TEXT_CAP);
    example_value(flag, &value);
    buf_printf(example->out, " --%s", flag->name);
    if (value.size > 0) {
        buf_add_char(example->out, ' ');
        add_quoted(example->out, value.data);
    }
    buf_deinit(&value);
    example->count++;
}

static void begin(const pb_method_t *method, example_part_t part, buf_t *out)
{
    char group[CONTRACT_NAME_SIZE], name[CONTRACT_NAME_SIZE];
    contract_group(method->name, group);
    contract_kebab(method->short_name, name);
    buf_printf(out, "pcnctl %s %s", group, name);
    example_t example = {.method = method, .out = out, .part = part};
    flag_walk(method, add_flag, &example);
    buf_add_string(out, method->flags & PB_PATCHES ? " --if-match 3" : "");
}

void example_call(const pb_method_t *method, buf_t *out)
{
    begin(method, EXAMPLE_NEEDED, out);
    if (method->flags & PB_PATCHES) {
        example_t example = {.method = method, .out = out, .part = EXAMPLE_CHANGE};
        flag_walk(method, add_flag, &example);
    }
    buf_add_string(out, method->upload != NULL ? " --file organisations.csv" : "");
    buf_add_string(out, method->flags & PB_DOWNLOAD ? " --output FILE" : "");
}

void example_body(const pb_method_t *method, buf_t *out)
{
    begin(method, EXAMPLE_PATH, out);
    buf_add_string(out, " --json-body body.json");
}

void example_stream(const pb_method_t *method, buf_t *out)
{
    begin(method, EXAMPLE_PATH, out);
    buf_add_string(out, " --json-body - <body.json");
}
