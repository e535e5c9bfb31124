// What an import says: a problem at once, with file and line; how far it is, on a terminal only; the sums at the end.
//
// One thread. The report owns its files.
#ifndef PCN_CTL_REPORT_H
#define PCN_CTL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct report report_t;

typedef struct report_file {
    report_t *report;
    char *path;
    unsigned created, there, failed;
    struct report_file *next;
} report_file_t;

// Problems and progress go to `out`; `progress` draws one line over and over. NULL without memory.
report_t *report_new(FILE *out, bool progress);
void report_destroy(report_t **report);
// NULL without memory.
report_file_t *report_file_new(report_t *report, const char *path);
// Says "path:line: field: detail" and counts a failure. `line` 0 and `field` NULL or "" are left out.
void report_problem(report_file_t *file, unsigned line, const char *field, const char *format, ...) __attribute__((format(printf, 4, 5)));
void report_progress(report_t *report, size_t done, size_t total);
// One line a file, in the order they were added. Takes the progress line away first.
void report_summary(report_t *report, FILE *out);
unsigned report_failed(const report_t *report);

#endif
