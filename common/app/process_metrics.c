#include "common/app/process_metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

static void write_figure(buf_t *out, const char *name, const char *kind, const char *help, double value)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, kind, name, value);
}

static bool count_descriptors(size_t *count)
{
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return false;
    }
    *count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        *count += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(folder);
    // Less the one that looked.
    *count -= 1;
    return true;
}

// Seconds since 1970. The kernel counts a process's start in ticks since boot: field 22 of stat.
static bool read_start_time(double *seconds)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL) {
        return false;
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    // The program's name, in brackets, may hold anything; field 3 begins after it.
    const char *at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    struct timespec boot, now;
    if (at == NULL || clock_gettime(CLOCK_BOOTTIME, &boot) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return false;
    }
    double booted = (double)(now.tv_sec - boot.tv_sec) + (double)(now.tv_nsec - boot.tv_nsec) / 1e9;
    *seconds = booted + (double)strtoull(at + 1, NULL, 10) / (double)sysconf(_SC_CLK_TCK);
    return true;
}

void process_metrics_write(buf_t *out)
{
    size_t resident = 0;
    size_t descriptors;
    double started;
    struct rusage usage;
    if (uv_resident_set_memory(&resident) == 0) {
        write_figure(out, "process_resident_memory_bytes", "gauge", "Resident memory.", (double)resident);
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        double seconds =
            (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
        write_figure(out, "process_cpu_seconds_total", "counter", "User and system processor time.", seconds);
    }
    if (count_descriptors(&descriptors)) {
        write_figure(out, "process_open_fds", "gauge", "Open descriptors.", (double)descriptors);
    }
    if (read_start_time(&started)) {
        write_figure(out, "process_start_time_seconds", "gauge", "Start of the process since 1970.", started);
    }
}
