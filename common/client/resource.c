#include "common/client/resource.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

// Behind the string that begins at the quote; the text's end where it does not close.
static const char *pass_string(const char *at)
{
    for (at++; *at != '\0' && *at != '"'; at++) {
        at += *at == '\\' && at[1] != '\0' ? 1 : 0;
    }
    return *at == '"' ? at + 1 : at;
}

static int64_t whole_number(const char *at)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(at, &end, 10);
    bool whole = end != at && errno == 0 && strchr(BLANKS ",}", *end) != NULL && *end != '\0';
    return whole ? number : 0;
}

int64_t client_resource_version(const char *data)
{
    unsigned depth = 0;
    bool at_key = false; // a string here names a member of the outermost object
    for (const char *at = data; *at != '\0';) {
        if (*at == '"') {
            const char *string = at + 1;
            at = pass_string(at);
            const char *value = at + strspn(at, BLANKS);
            if (at_key && depth == 1 && *value == ':' && strncmp(string, "version\"", 8) == 0) {
                value++;
                return whole_number(value + strspn(value, BLANKS));
            }
            at_key = false;
            continue;
        }
        if (*at == '{' || *at == '[') {
            depth++;
            at_key = depth == 1 && *at == '{';
        } else if ((*at == '}' || *at == ']') && depth > 0) {
            depth--;
        } else if (*at == ',' && depth == 1) {
            at_key = true;
        }
        at++;
    }
    return 0;
}
