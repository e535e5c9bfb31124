#include "tests/support/leaks.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORD_MIN = 6, PATH_ROOM = 512, TOKEN_PART_MIN = 10 };

void leaks_add_word(leaks_t *leaks, const char *word)
{
    if (strlen(word) >= WORD_MIN)
        (void)table_add(&leaks->words, word, NULL);
}

// A whole file, ended by NUL and to be freed; NULL where it cannot be read.
static char *file_read(const char *path, size_t *size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat found;
    char *text = NULL;
    *size = 0;
    if (fd >= 0 && fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && (text = malloc((size_t)found.st_size + 1)) != NULL) {
        ssize_t got;
        while (*size < (size_t)found.st_size && (got = read(fd, text + *size, (size_t)found.st_size - *size)) > 0)
            *size += (size_t)got;
        text[*size] = '\0';
    }
    if (fd >= 0)
        close(fd);
    return text;
}

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name), end = strlen(ending);
    return length >= end && strcmp(name + length - end, ending) == 0;
}

bool leaks_add_files(leaks_t *leaks, const char *folder, const char *ending)
{
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return false;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char path[PATH_ROOM], *rest = NULL;
        size_t size = 0;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        char *text = entry->d_name[0] != '.' && ends_with(entry->d_name, ending) ? file_read(path, &size) : NULL;
        for (char *line = text != NULL ? strtok_r(text, "\r\n", &rest) : NULL; line != NULL; line = strtok_r(NULL, "\r\n", &rest)) {
            // The frame of a PEM file is no secret.
            if (strncmp(line, "-----", 5) != 0)
                leaks_add_word(leaks, line);
        }
        free(text);
    }
    closedir(entries);
    return true;
}

bool leaks_is_nhs_number(const char digits[10])
{
    int sum = 0;
    bool same = true;
    for (int i = 0; i < 9; i++) {
        sum += (digits[i] - '0') * (10 - i);
        same = same && digits[i] == digits[i + 1];
    }
    const int check = (11 - sum % 11) % 11;
    return !same && check == digits[9] - '0';
}

// Where ten digits begin at `at`, alone or parted as 3 3 4 by a blank or a hyphen: true with the digits.
static bool ten_digits(const char *line, size_t size, size_t at, char digits[10])
{
    size_t from = at;
    char part = '\0';
    if (at > 0 && (isalnum((unsigned char)line[at - 1]) || line[at - 1] == '.' || line[at - 1] == '-'))
        return false;
    for (unsigned i = 0; i < 10; i++) {
        if ((i == 3 || i == 6) && from < size && (line[from] == ' ' || line[from] == '-') && (i == 3 || part == line[from]))
            part = line[from++];
        else if (i == 6 && part != '\0')
            return false;
        if (from >= size || !isdigit((unsigned char)line[from]))
            return false;
        digits[i] = line[from++];
    }
    return from >= size || (!isalnum((unsigned char)line[from]) && line[from] != '-');
}

static bool has_nhs_number(const char *line, size_t size)
{
    char digits[10];
    for (size_t i = 0; i < size; i++) {
        if (isdigit((unsigned char)line[i]) && ten_digits(line, size, i, digits) && leaks_is_nhs_number(digits))
            return true;
    }
    return false;
}

static size_t token_part(const char *line, size_t size, size_t from)
{
    size_t length = 0;
    while (from + length < size &&
           (isalnum((unsigned char)line[from + length]) || line[from + length] == '-' || line[from + length] == '_'))
        length++;
    return length;
}

// A signed token, whole or with its signature cut off: a base64url of {" is eyJ.
static bool has_token(const char *line, size_t size)
{
    for (size_t i = 0; i + 3 < size; i++) {
        if (memcmp(line + i, "eyJ", 3) != 0)
            continue;
        const size_t header = token_part(line, size, i);
        if (header >= TOKEN_PART_MIN && i + header < size && line[i + header] == '.' &&
            token_part(line, size, i + header + 1) >= TOKEN_PART_MIN)
            return true;
    }
    return false;
}

static void note(leaks_t *leaks, const char *name, size_t line, const char *kind)
{
    if (leaks->first[0] == '\0')
        snprintf(leaks->first, sizeof leaks->first, "%s, line %zu: %s", name, line, kind);
    leaks->found++;
}

void leaks_scan(leaks_t *leaks, const char *name, const char *text, size_t size)
{
    size_t number = 0;
    leaks->files++;
    for (size_t from = 0; from < size;) {
        const char *line = text + from;
        const char *end = memchr(line, '\n', size - from);
        const size_t length = end != NULL ? (size_t)(end - line) : size - from;
        number++;
        leaks->lines++;
        if (has_token(line, length))
            note(leaks, name, number, "a token");
        if (has_nhs_number(line, length))
            note(leaks, name, number, "an NHS number");
        for (size_t i = 0; i < leaks->words.count; i++) {
            if (memmem(line, length, leaks->words.texts[i], strlen(leaks->words.texts[i])) != NULL)
                note(leaks, name, number, "a secret or a name");
        }
        from += length + 1;
    }
}

bool leaks_scan_folder(leaks_t *leaks, const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return false;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char path[PATH_ROOM];
        size_t size = 0;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        char *text = entry->d_name[0] != '.' ? file_read(path, &size) : NULL;
        if (text != NULL)
            leaks_scan(leaks, entry->d_name, text, size);
        free(text);
    }
    closedir(entries);
    return true;
}

void leaks_clear(leaks_t *leaks)
{
    table_clear(&leaks->words);
    *leaks = (leaks_t){0};
}
