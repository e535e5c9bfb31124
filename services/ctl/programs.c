#include "services/ctl/programs.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "services/ctl/ask.h"
#include "services/ctl/file.h"
#include "services/ctl/scrape.h"

enum { PAGE_CAP = 8 * 1024 * 1024, ANSWER_CAP = 64 * 1024, ANSWER_MS = 5000 };
static const char suffix[] = ".metrics";

// ---- the supervisor ----

static int connect_to(const char *path)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof place.sun_path)
        return -1;
    memcpy(place.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&place, sizeof place) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

// What it answers to "status", to the connection's end.
static void read_status(int fd, buf_t *answer)
{
    char piece[4096];
    const int64_t until_us = clock_steady_us() + ANSWER_MS * INT64_C(1000);
    if (write(fd, "status\n", 7) != 7)
        return;
    for (;;) {
        struct pollfd look = {.fd = fd, .events = POLLIN};
        const int64_t left_ms = (until_us - clock_steady_us()) / 1000;
        if (poll(&look, 1, left_ms > 0 ? (int)left_ms : 0) <= 0)
            return;
        const ssize_t size = read(fd, piece, sizeof piece);
        if (size <= 0)
            return;
        buf_add(answer, piece, (size_t)size);
    }
}

// name, pid, state, restarts, ready since; with tabs between them.
static void add_program(char *line, json_t *rows)
{
    char *part[5] = {NULL};
    for (size_t i = 0; i < 5; i++)
        part[i] = strsep(&line, "\t");
    if (part[4] == NULL)
        return;
    json_t *row = json_pack("{s:s, s:s, s:i}", "program", part[0], "state", part[2], "restarts", (int)strtol(part[3], NULL, 10));
    if (strtol(part[1], NULL, 10) > 0)
        json_object_set_new(row, "pid", json_integer(strtol(part[1], NULL, 10)));
    if (strcmp(part[4], "-") != 0)
        json_object_set_new(row, "readySince", json_string(part[4]));
    json_array_append_new(rows, row);
}

static void ask_supervisor(const char *run, json_t *rows)
{
    char path[FILE_PATH_SIZE];
    buf_t answer;
    problem_t problem;
    if (file_path(run, "supervisor.sock", path, &problem) != STATUS_OK)
        return;
    const int fd = connect_to(path);
    if (fd < 0)
        return;
    buf_init(&answer, ANSWER_CAP);
    read_status(fd, &answer);
    close(fd);
    char *rest = buf_ok(&answer) ? answer.data : NULL;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        add_program(line, rows);
    buf_deinit(&answer);
}

// ---- daemons ----

static json_t *row_of(json_t *rows, const char *program)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "program")), program) == 0)
            return row;
    }
    json_array_append_new(rows, json_pack("{s:s}", "program", program));
    return json_array_get(rows, json_array_size(rows) - 1);
}

static void add_number(json_t *row, const char *key, const char *page, const char *name, double factor)
{
    double value;
    if (scrape_number(page, name, NULL, NULL, &value))
        json_object_set_new(row, key, json_integer((json_int_t)(value * factor)));
}

static void add_follower(json_t *followers, const char *service, const char *page, const char *source)
{
    double stopped = 0, value;
    static const struct {
        const char *key, *name;
    } numbers[] = {{"sequence", "pcn_follower_sequence"}, {"lag", "pcn_follower_lag_events"}, {"lagSeconds", "pcn_follower_lag_seconds"}};
    (void)scrape_number(page, "pcn_follower_stopped", "source", source, &stopped);
    json_t *row = json_pack("{s:s, s:s, s:s}", "service", service, "source", source, "state", stopped > 0 ? "stopped" : "following");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (scrape_number(page, numbers[i].name, "source", source, &value))
            json_object_set_new(row, numbers[i].key, json_integer((json_int_t)value));
    }
    json_array_append_new(followers, row);
}

static void read_page(const char *program, const char *page, json_t *row, json_t *followers)
{
    char text[64];
    double delay;
    if (scrape_label(page, "pcn_build_info", "version", 0, text, sizeof text))
        json_object_set_new(row, "version", json_string(text));
    add_number(row, "memory", page, "process_resident_memory_bytes", 1);
    add_number(row, "place", page, "pcn_event_sequence", 1);
    if (scrape_quantile(page, "pcn_event_delay_seconds", 0.5, &delay))
        json_object_set_new(row, "delayMs", json_real(delay * 1000));
    for (size_t i = 0; scrape_label(page, "pcn_follower_sequence", "source", i, text, sizeof text); i++)
        add_follower(followers, program, page, text);
}

static void ask_daemon(http_t *http, const char *run, const char *file, json_t *rows, json_t *followers)
{
    char path[FILE_PATH_SIZE], program[256];
    buf_t page;
    problem_t problem = {0};
    snprintf(program, sizeof program, "%.*s", (int)(strlen(file) - (sizeof suffix - 1)), file);
    json_t *row = row_of(rows, program);
    buf_init(&page, PAGE_CAP);
    status_t status = file_path(run, file, path, &problem);
    if (status == STATUS_OK)
        status = ask_text(http, &(http_request_t){.path = "/readyz", .socket = path}, 0, &page, &problem);
    if (status == STATUS_OK) {
        json_object_set_new(row, "state", json_string("ready"));
    } else {
        json_object_set_new(row, "state", json_string(http_refusal(http) > 0 ? "not ready" : "away"));
        json_object_set_new(row, "problem", json_string(problem.detail));
    }
    buf_clear(&page);
    if (ask_text(http, &(http_request_t){.path = "/metrics", .accept = "*/*", .socket = path}, 0, &page, &problem) == STATUS_OK &&
        page.size > 0)
        read_page(program, page.data, row, followers);
    buf_deinit(&page);
}

static int is_daemon(const struct dirent *entry)
{
    const size_t size = strlen(entry->d_name);
    return size >= sizeof suffix && strcmp(entry->d_name + size - (sizeof suffix - 1), suffix) == 0;
}

status_t programs_look(http_t *http, const char *state_dir, json_t *rows, json_t *followers, problem_t *problem)
{
    char run[FILE_PATH_SIZE];
    struct dirent **entries = NULL;
    status_t status = file_path(state_dir, "run", run, problem);
    if (status != STATUS_OK)
        return status;
    const int count = scandir(run, &entries, is_daemon, alphasort);
    if (count < 0)
        return problem_set(problem, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE, NULL, "no instance at %s: %s", state_dir,
                           strerror(errno));
    ask_supervisor(run, rows);
    for (int i = 0; i < count; i++) {
        ask_daemon(http, run, entries[i]->d_name, rows, followers);
        free(entries[i]);
    }
    free(entries);
    return STATUS_OK;
}
