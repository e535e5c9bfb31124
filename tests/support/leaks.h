// Invariant I7: no token, secret, NHS number or person's name in any log. A line that has one is a leak.
//
// One thread. Without memory the test ends.
#ifndef PCN_TESTS_SUPPORT_LEAKS_H
#define PCN_TESTS_SUPPORT_LEAKS_H

#include "tests/support/table.h"

typedef struct leaks {
    table_t words; // texts that may stand nowhere
    size_t files, lines, found;
    char first[256]; // file, line and kind of the first one; never the text itself
} leaks_t;

// A text that may stand nowhere: a person's name, a token. Shorter ones than 6 characters are ignored: they stand everywhere.
void leaks_add_word(leaks_t *leaks, const char *word);
// Each line of a file of secrets (keys, passwords), or of all files of a folder whose name ends so ("" for all of them). False where the
// folder cannot be read.
bool leaks_add_files(leaks_t *leaks, const char *folder, const char *ending);
// Looks through a text, as a log's name.
void leaks_scan(leaks_t *leaks, const char *name, const char *text, size_t size);
// All files of a folder. False where it cannot be read.
bool leaks_scan_folder(leaks_t *leaks, const char *folder);
// Ten digits with a valid check digit, alone or as 3 3 4: modulus 11 over weights 10 to 2.
bool leaks_is_nhs_number(const char digits[10]);
void leaks_clear(leaks_t *leaks);

#endif
