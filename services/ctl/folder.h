// A folder whose files are to be imported: those that the registry's contract knows (a member of RegistryFiles, "list_sizes.csv") and JSON
// documents of that type (any name that ends in ".json"). They are opened once, in the order of their names, and read while they are sent.
#ifndef PCN_CTL_FOLDER_H
#define PCN_CTL_FOLDER_H

#include "services/ctl/http.h"

typedef struct folder {
    const char *path; // as it was given, without slashes at its end
    http_part_t *parts;
    char **ignored; // names of the other files
    size_t part_count, ignored_count;
    int64_t bytes;
    struct timespec *changed; // when each part was changed last, as it was opened
} folder_t;

// Whether a file of that name can be imported; `exported`: whether an export writes it.
bool folder_takes(const char *name, bool exported);
// NOT_FOUND where the folder is not there or has none of those files: a mistyped name must not look like one that is imported already.
MUST_CHECK status_t folder_open(const char *path, folder_t *folder, problem_t *problem);
// ABORTED where a file is not what it was when it was opened: half of the old one and half of the new one would be neither.
MUST_CHECK status_t folder_unchanged(const folder_t *folder, problem_t *problem);
// Also of one that could not be opened.
void folder_close(folder_t *folder);

#endif
