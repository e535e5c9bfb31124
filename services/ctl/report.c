#include "services/ctl/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct report {
    FILE *out;
    bool progress;
    bool drawn; // a progress line stands there
    report_file_t *first, *last;
};

report_t *report_new(FILE *out, bool progress)
{
    report_t *report = calloc(1, sizeof *report);
    if (report != NULL) {
        report->out = out;
        report->progress = progress;
    }
    return report;
}

void report_destroy(report_t **report)
{
    if (*report == NULL)
        return;
    for (report_file_t *file = (*report)->first, *next; file != NULL; file = next) {
        next = file->next;
        free(file->path);
        free(file);
    }
    free(*report);
    *report = NULL;
}

report_file_t *report_file_new(report_t *report, const char *path)
{
    report_file_t *file = calloc(1, sizeof *file);
    if (file == NULL || (file->path = strdup(path)) == NULL) {
        free(file);
        return NULL;
    }
    file->report = report;
    if (report->last != NULL)
        report->last->next = file;
    else
        report->first = file;
    report->last = file;
    return file;
}

static void wipe_progress(report_t *report)
{
    if (report->drawn)
        fputs("\r\033[K", report->out);
    report->drawn = false;
}

void report_problem(report_file_t *file, unsigned line, const char *field, const char *format, ...)
{
    char detail[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    FILE *out = file->report->out;
    wipe_progress(file->report);
    file->failed++;
    fputs(file->path, out);
    if (line > 0)
        fprintf(out, ":%u", line);
    if (field != NULL && field[0] != '\0')
        fprintf(out, ": %s", field);
    fprintf(out, ": %s\n", detail);
}

void report_progress(report_t *report, size_t done, size_t total)
{
    if (!report->progress)
        return;
    fprintf(report->out, "\rimport: %zu of %zu", done, total);
    fflush(report->out);
    report->drawn = true;
}

void report_summary(report_t *report, FILE *out)
{
    wipe_progress(report);
    for (const report_file_t *file = report->first; file != NULL; file = file->next)
        fprintf(out, "%s: %u created, %u already there, %u failed\n", file->path, file->created, file->there, file->failed);
}

unsigned report_failed(const report_t *report)
{
    unsigned failed = 0;
    for (const report_file_t *file = report->first; file != NULL; file = file->next)
        failed += file->failed;
    return failed;
}
