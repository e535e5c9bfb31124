#include "tests/integration/abuse/vitals.h"

#include <dirent.h>
#include <poll.h>

#include "common/base/clock.h"

#define SETTLE_US 60000000
#define AGAIN_MS 100
// Below what a page more or less, or a connection that is kept for the next request, would fail a small process.
#define SLACK_KIB 512
#define SLACK_DESCRIPTORS 4

static const char *const programs[VITALS_PROGRAMS] = {"gateway", "registry", "haproxy"};
// HAProxy keeps pools for what it met, some 2 MiB of them.
static const long slack_kib[VITALS_PROGRAMS] = {SLACK_KIB, SLACK_KIB, 2560};

static long status_kib(pid_t pid, const char *name)
{
    char path[64], line[256];
    long value = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while (value < 0 && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            value = strtol(line + strlen(name) + 1, NULL, 10);
    }
    fclose(file);
    return value;
}

static long count_descriptors(pid_t pid)
{
    char path[64];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return -1;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2; // . and ..
}

static void measure(vitals_t *vitals)
{
    for (int i = 0; i < VITALS_PROGRAMS; i++) {
        vitals->rss_kib[i] = status_kib(vitals->pid[i], "VmRSS");
        vitals->descriptors[i] = count_descriptors(vitals->pid[i]);
    }
}

void vitals_take(const rig_t *rig, vitals_t *vitals)
{
    for (int i = 0; i < VITALS_PROGRAMS; i++) {
        vitals->pid[i] = platform_pid(&rig->platform, programs[i]);
        assert_true(vitals->pid[i] > 1);
    }
    measure(vitals);
}

static bool within(long now, long before, long slack)
{
    return now >= 0 && now <= before + (before / 10 > slack ? before / 10 : slack);
}

static bool all_within(const vitals_t *now, const vitals_t *before)
{
    bool good = true;
    for (int i = 0; i < VITALS_PROGRAMS; i++)
        good = good && within(now->rss_kib[i], before->rss_kib[i], slack_kib[i]) &&
               within(now->descriptors[i], before->descriptors[i], SLACK_DESCRIPTORS);
    return good;
}

void vitals_check(const rig_t *rig, const vitals_t *before, const char *after_what)
{
    vitals_t now = *before;
    const int64_t until = clock_steady_us() + SETTLE_US;
    measure(&now);
    // The outside is looked at: there is no event to wait for.
    while (!all_within(&now, before) && clock_steady_us() < until) {
        (void)poll(NULL, 0, AGAIN_MS);
        measure(&now);
    }
    for (int i = 0; i < VITALS_PROGRAMS; i++) {
        print_message("%s after %s: %ld KiB (%ld), %ld descriptors (%ld)\n", programs[i], after_what, now.rss_kib[i], before->rss_kib[i],
                      now.descriptors[i], before->descriptors[i]);
        assert_int_equal(platform_pid(&rig->platform, programs[i]), before->pid[i]);
    }
    assert_true(all_within(&now, before));
}

long vitals_peak_kib(pid_t pid)
{
    return status_kib(pid, "VmHWM");
}

void vitals_reset_peak(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/clear_refs", (long)pid);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return; // then the peak is that since the start, which is stricter on nobody: it is compared with itself
    fputs("5", file);
    fclose(file);
}

static char *read_log(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long length = ftell(file);
    assert_true(length >= 0);
    rewind(file);
    char *text = malloc((size_t)length + 1);
    assert_non_null(text);
    *size = fread(text, 1, (size_t)length, file);
    text[*size] = '\0';
    fclose(file);
    return text;
}

// The last line may still be on its way.
static size_t check_lines(const char *path, const char *text, size_t size)
{
    size_t count = 0;
    for (const char *line = text, *end; (end = memchr(line, '\n', size - (size_t)(line - text))) != NULL; line = end + 1) {
        json_t *json = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(json))
            fail_msg("%s has a line that is no JSON object: %.*s", path, (int)(end - line), line);
        json_decref(json);
        count++;
    }
    return count;
}

void vitals_check_logs(const rig_t *rig, const char *const *words)
{
    static const char *const others[] = {"haproxy.log", "postgresql.log", "database.log", NULL}; // their own text
    char folder[160];
    size_t lines = 0, files = 0;
    snprintf(folder, sizeof folder, "%s/log", rig->platform.state_dir);
    DIR *logs = opendir(folder);
    assert_non_null(logs);
    struct dirent *entry;
    while ((entry = readdir(logs)) != NULL) {
        char path[sizeof folder + sizeof entry->d_name + 1];
        bool other = false;
        size_t size;
        if (strstr(entry->d_name, ".log") == NULL)
            continue;
        for (const char *const *name = others; *name != NULL; name++)
            other = other || strncmp(entry->d_name, *name, strlen(*name)) == 0;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        char *text = read_log(path, &size);
        for (const char *const *word = words; *word != NULL; word++) {
            const char *found = memmem(text, size, *word, strlen(*word));
            if (found != NULL)
                fail_msg("%s holds \"%.40s\": …%.300s", entry->d_name, *word, found - (found - text > 150 ? 150 : found - text));
        }
        lines += other ? 0 : check_lines(path, text, size);
        files++;
        free(text);
    }
    closedir(logs);
    print_message("%zu logs, %zu lines of JSON\n", files, lines);
    assert_true(lines > 0);
}
