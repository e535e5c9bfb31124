// What --help and --print-config show: the table of keys, and the values that count.
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "common/base/config.h"

static void print_name(const config_spec_t *spec, const config_key_t *key, FILE *out)
{
    fputs("PCN_", out);
    if ((key->flags & CONFIG_COMMON) == 0) {
        for (const char *c = spec->daemon; *c != '\0'; c++) {
            fputc(*c == '-' ? '_' : toupper((unsigned char)*c), out);
        }
        fputc('_', out);
    }
    fputs(key->name, out);
}

void config_print_help(const config_spec_t *spec, FILE *out)
{
    static const char *const types[] = {"text", "number", "duration", "true|false"};
    for (const config_key_t *const *table = spec->keys; *table != NULL; table++) {
        for (const config_key_t *key = *table; key->name != NULL; key++) {
            fputs("  ", out);
            print_name(spec, key, out);
            fprintf(out, "=<%s>", types[key->type]);
            if ((key->flags & CONFIG_REQUIRED) != 0) {
                fputs(" (required)", out);
            } else if (key->default_text != NULL && key->default_text[0] != '\0') {
                fprintf(out, " (default %s)", (key->flags & CONFIG_SECRET) != 0 ? "***" : key->default_text);
            }
            fprintf(out, "\n      %s\n", key->help);
            if ((key->flags & CONFIG_SECRET) != 0) {
                fputs("      Secret; or ", out);
                print_name(spec, key, out);
                fputs("_FILE names a file that holds it.\n", out);
            }
        }
    }
}

// A duration in the largest unit that is exact, as it may be written.
static void print_duration(int64_t ms, FILE *out)
{
    if (ms != 0 && ms % 3600000 == 0) {
        fprintf(out, "%" PRId64 "h", ms / 3600000);
    } else if (ms != 0 && ms % 60000 == 0) {
        fprintf(out, "%" PRId64 "m", ms / 60000);
    } else if (ms % 1000 == 0) {
        fprintf(out, "%" PRId64 "s", ms / 1000);
    } else {
        fprintf(out, "%" PRId64 "ms", ms);
    }
}

static void print_text(const char *text, bool secret, FILE *out)
{
    if (secret) {
        fputs(text[0] != '\0' ? "***" : "", out);
        return;
    }
    // One line a key, whatever is in it.
    for (; *text != '\0'; text++) {
        fputc(iscntrl((unsigned char)*text) ? '?' : *text, out);
    }
}

static void print_value(const config_key_t *key, const char *value, FILE *out)
{
    const char *text;
    int64_t number;
    bool flag;
    switch (key->type) {
    case CONFIG_STRING:
        memcpy(&text, value, sizeof text);
        print_text(text != NULL ? text : "", (key->flags & CONFIG_SECRET) != 0, out);
        return;
    case CONFIG_FLAG:
        memcpy(&flag, value, sizeof flag);
        fputs(flag ? "true" : "false", out);
        return;
    case CONFIG_NUMBER:
    case CONFIG_DURATION:
        memcpy(&number, value, sizeof number);
        if ((key->flags & CONFIG_SECRET) != 0) {
            fputs("***", out);
        } else if (key->type == CONFIG_DURATION) {
            print_duration(number, out);
        } else {
            fprintf(out, "%" PRId64, number);
        }
        return;
    }
}

void config_print(const config_spec_t *spec, const void *values, FILE *out)
{
    for (const config_key_t *const *table = spec->keys; *table != NULL; table++) {
        for (const config_key_t *key = *table; key->name != NULL; key++) {
            print_name(spec, key, out);
            fputc('=', out);
            print_value(key, (const char *)values + key->offset, out);
            fputc('\n', out);
        }
    }
}
