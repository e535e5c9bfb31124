#include "services/ctl/contract.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "services/ctl/command.h"

void contract_kebab(const char *name, char out[CONTRACT_NAME_SIZE])
{
    size_t size = 0;
    for (size_t i = 0; name[i] != '\0' && size + 3 < CONTRACT_NAME_SIZE; i++) {
        const unsigned char before = i > 0 ? (unsigned char)name[i - 1] : '\0', at = (unsigned char)name[i];
        // The last capital of several begins a word: GetGPList.
        const bool begins = isupper(at) && (islower(before) || isdigit(before) || (isupper(before) && islower((unsigned char)name[i + 1])));
        if (begins)
            out[size++] = '-';
        out[size++] = at == '_' ? '-' : (char)tolower(at);
    }
    out[size] = '\0';
}

void contract_group(const char *full_name, char out[CONTRACT_NAME_SIZE])
{
    const char *dot = strchr(full_name, '.');
    const char *start = dot != NULL ? dot + 1 : full_name;
    snprintf(out, CONTRACT_NAME_SIZE, "%.*s", (int)strcspn(start, "."), start);
}

bool contract_has_command(const pb_method_t *method)
{
    return method->path != NULL && method->verb != NULL;
}

void contract_walk(const char *group, contract_fn each, void *data)
{
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++) {
        char name[CONTRACT_NAME_SIZE];
        contract_group((*service)->name, name);
        for (unsigned i = 0; (group == NULL || strcmp(group, name) == 0) && i < (*service)->method_count; i++) {
            if (contract_has_command(&(*service)->methods[i]))
                each(data, *service, &(*service)->methods[i]);
        }
    }
}

typedef struct search {
    const char *command; // NULL: any
    const pb_method_t *found;
} search_t;

static void compare(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)service;
    search_t *search = data;
    char name[CONTRACT_NAME_SIZE];
    contract_kebab(method->short_name, name);
    if (search->found == NULL && (search->command == NULL || strcmp(name, search->command) == 0))
        search->found = method;
}

bool contract_group_known(const char *group)
{
    search_t search = {0};
    contract_walk(group, compare, &search);
    return search.found != NULL;
}

const pb_method_t *contract_find(const char *group, const char *command)
{
    search_t search = {.command = command};
    contract_walk(group, compare, &search);
    return search.found;
}

// ---- comments ----

// The refusal that the text begins with, and how long its name is; 0 where it begins with none.
static size_t refusal_at(const char *text, int *code)
{
    static const struct {
        const char *name;
        status_t status;
    } names[] = {
#define REFUSAL(name, number, http, fhir, title) {#name, STATUS_##name},
        STATUS_LIST(REFUSAL)
#undef REFUSAL
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const size_t size = strlen(names[i].name);
        if (names[i].status == STATUS_OK || strncmp(text, names[i].name, size) != 0 || isalnum((unsigned char)text[size]) ||
            text[size] == '_')
            continue;
        *code = command_code_of_http(status_http(names[i].status));
        return size;
    }
    return 0;
}

typedef struct mention {
    const char *word;
    size_t size;
    bool found;
} mention_t;

static void compare_mention(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)service;
    mention_t *mention = data;
    mention->found |= strlen(method->short_name) == mention->size && memcmp(method->short_name, mention->word, mention->size) == 0;
}

// A word of the comment: the name of another call is that of its subcommand here.
static void add_word(const char *word, size_t size, buf_t *out)
{
    int code = 0;
    mention_t mention = {.word = word, .size = size};
    if (refusal_at(word, &code) == size) {
        buf_printf(out, "%.*s (exit code %d)", (int)size, word, code);
        return;
    }
    if (size > 1 && size < CONTRACT_NAME_SIZE && isupper((unsigned char)word[0]))
        contract_walk(NULL, compare_mention, &mention);
    if (!mention.found) {
        buf_add(out, word, size);
        return;
    }
    char name[CONTRACT_NAME_SIZE], kebab[CONTRACT_NAME_SIZE];
    snprintf(name, sizeof name, "%.*s", (int)size, word);
    contract_kebab(name, kebab);
    buf_add_string(out, kebab);
}

static void add_text(const char *at, const char *end, buf_t *out)
{
    while (at < end) {
        size_t size = 0;
        while (at + size < end && (isalnum((unsigned char)at[size]) || at[size] == '_'))
            size++;
        if (size > 0)
            add_word(at, size, out);
        else
            buf_add_char(out, *at);
        at += size > 0 ? size : 1;
    }
}

void contract_comment(const char *comment, buf_t *out)
{
    add_text(comment, comment + strlen(comment), out);
}

// Where the sentence ends; a full stop within a word, as in "e.g." or "0.5", ends none.
static const char *sentence_end(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '.' && (at[1] == '\0' || (at[1] == ' ' && isupper((unsigned char)at[2]))))
            return at;
    }
    return text + strlen(text);
}

bool contract_summary(const pb_method_t *method, buf_t *out)
{
    for (const char *at = method->comment != NULL ? method->comment : ""; *at != '\0';) {
        int code = 0;
        const char *end = sentence_end(at);
        const char *semicolon = memchr(at, ';', (size_t)(end - at));
        const char *part = semicolon != NULL ? semicolon : end;
        if (refusal_at(at, &code) == 0) {
            add_text(at, part, out);
            return true;
        }
        at = end;
        while (*at == '.' || *at == ' ')
            at++;
    }
    return false;
}
