#include "services/gateway/multipart_head.h"

#include <string.h>
#include <strings.h>

#include "common/base/utf8.h"

#define DISPOSITION "content-disposition"
#define TRANSFER "content-transfer-encoding"

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool token_char(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && blank(*at))
        at++;
    return at;
}

// A backslash hides a quote or another backslash, nothing else: some clients write it as it is.
static const char *read_quoted(const char *at, const char *end, char *value, size_t room)
{
    size_t size = 0;
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\' && end - at > 1 && (at[1] == '"' || at[1] == '\\'))
            at++;
        if (size + 1 >= room)
            return NULL;
        value[size++] = *at;
    }
    value[size] = '\0';
    return at < end ? at + 1 : NULL;
}

static const char *read_bare(const char *at, const char *end, char *value, size_t room)
{
    size_t size = 0;
    for (; at < end && *at != ';' && !blank(*at); at++) {
        if (size + 1 >= room || *at == '"')
            return NULL;
        value[size++] = *at;
    }
    value[size] = '\0';
    return size > 0 ? at : NULL;
}

int multipart_parameter(const char **at, const char *end, const char **name, size_t *name_size, char *value, size_t room)
{
    const char *here = skip_blanks(*at, end);
    if (here == end)
        return 0;
    if (*here != ';')
        return -1;
    here = skip_blanks(here + 1, end);
    *name = here;
    while (here < end && token_char(*here))
        here++;
    *name_size = (size_t)(here - *name);
    if (*name_size == 0 || here == end || *here != '=')
        return -1;
    here++;
    here = here < end && *here == '"' ? read_quoted(here, end, value, room) : read_bare(here, end, value, room);
    if (here == NULL)
        return -1;
    *at = here;
    return 1;
}

static bool is(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && strncasecmp(text, word, size) == 0;
}

static const char *check_name(const char *name)
{
    const size_t size = strlen(name);
    size_t characters = 0;
    for (size_t at = 0; at < size; characters++) {
        const size_t length = utf8_sequence((const unsigned char *)name + at, size - at);
        if (length == 0)
            return "A file's name is not UTF-8";
        at += length;
    }
    if (size == 0)
        return "A file has no name";
    if (characters > MULTIPART_NAME_MAX)
        return "A file's name may have at most 200 characters";
    if (strpbrk(name, "/\\") != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return "A file's name must be without a path";
    return NULL;
}

// Its name is the file's, or, of a field that is no file, the field's.
static const char *read_disposition(multipart_t *form, const char *at, const char *end)
{
    char value[MULTIPART_LINE_MAX];
    bool field = false, file = false;
    const char *name, *type = at;
    size_t name_size;
    int got;
    while (at < end && token_char(*at))
        at++;
    if (form->disposed || !is(type, (size_t)(at - type), "form-data"))
        return "A part must have one Content-Disposition, form-data";
    form->disposed = true;
    form->name[0] = '\0';
    while ((got = multipart_parameter(&at, end, &name, &name_size, value, sizeof(value))) > 0) {
        const bool names = is(name, name_size, "name"), files = is(name, name_size, "filename");
        if ((names && field) || (files && file) || is(name, name_size, "filename*"))
            return "A part's Content-Disposition names it twice";
        field = field || names;
        if ((names && !file) || files) {
            const char *fault = strlen(value) < sizeof(form->name) ? NULL : "A file's name may have at most 200 characters";
            if (fault != NULL)
                return fault;
            memcpy(form->name, value, strlen(value) + 1);
        }
        file = file || files;
    }
    if (got < 0 || !field)
        return "A part's Content-Disposition cannot be read";
    return check_name(form->name);
}

// Content is as it stands; forms know no other coding.
static const char *check_coding(const char *at, const char *end)
{
    static const char *const plain[] = {"binary", "8bit", "7bit"};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (is(at, (size_t)(end - at), plain[i]))
            return NULL;
    }
    return "A part's content is encoded";
}

const char *multipart_head_line(multipart_t *form)
{
    const char *line = form->line, *end = line + form->line_size, *at = line;
    for (const char *c = line; c < end; c++) {
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return "A part's head has control characters";
    }
    while (at < end && token_char(*at))
        at++;
    if (at == line || at == end || *at != ':')
        return "A part's head has a line that is no header";
    const size_t size = (size_t)(at - line);
    const char *value = skip_blanks(at + 1, end);
    while (end > value && blank(end[-1]))
        end--;
    if (is(line, size, DISPOSITION))
        return read_disposition(form, value, end);
    return is(line, size, TRANSFER) ? check_coding(value, end) : NULL;
}

const char *multipart_head_end(const multipart_t *form)
{
    return form->disposed ? NULL : "A part must have one Content-Disposition, form-data";
}
