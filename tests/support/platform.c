#include "tests/support/platform.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"

enum { PLATFORM_OUTPUT = 64 * 1024, PLATFORM_AGAIN_MS = 20 };

int platform_free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    int port = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&place, sizeof place) == 0 && getsockname(fd, (struct sockaddr *)&place, &size) == 0) {
        port = ntohs(place.sin_port);
    }
    if (fd >= 0) {
        close(fd);
    }
    return port;
}

// The end of the output is awaited too: so nothing that a command leaves running may hold on to it.
static int run(const char *command, char **output)
{
    char *text = calloc(1, PLATFORM_OUTPUT);
    FILE *pipe = text != NULL ? popen(command, "re") : NULL;
    if (pipe == NULL) {
        free(text);
        return -1;
    }
    size_t size = fread(text, 1, PLATFORM_OUTPUT - 1, pipe);
    text[size] = '\0';
    int status = pclose(pipe);
    if (output != NULL) {
        *output = text;
    } else {
        free(text);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int platform_command(const platform_t *platform, const char *arguments, char **output)
{
    char command[1024];
    int length = snprintf(command, sizeof command, "PCN_DEMO=%s PCN_STATE='%s' PCN_HTTP_PORT=%d '%s/pcn' %s 2>&1 </dev/null",
                          platform->demonstration ? "yes" : "no", platform->state, platform->port, PCN_CLONE, arguments);
    if (length < 0 || (size_t)length >= sizeof command) {
        return -1;
    }
    return run(command, output);
}

static bool start(platform_t *platform, const char *command, bool demonstration)
{
    *platform = (platform_t){.folder = "/tmp/pcn-platform-XXXXXX", .demonstration = demonstration};
    if (mkdtemp(platform->folder) == NULL) {
        return false;
    }
    snprintf(platform->state, sizeof platform->state, "%s/state", platform->folder);
    platform->port = platform_free_port();
    snprintf(platform->url, sizeof platform->url, "http://127.0.0.1:%d", platform->port);
    char *output = NULL;
    bool started = platform_command(platform, command, &output) == 0;
    if (!started) {
        fprintf(stderr, "%s\n", output != NULL ? output : "./pcn could not be run");
    }
    free(output);
    char *real = realpath(platform->state, NULL);
    if (real != NULL) {
        snprintf(platform->state_dir, sizeof platform->state_dir, "%s", real);
        free(real);
    }
    return started && platform->state_dir[0] != '\0';
}

bool platform_start(platform_t *platform)
{
    return start(platform, "up --detach", false);
}

bool platform_start_empty(platform_t *platform)
{
    return start(platform, "up --detach --empty", false);
}

bool platform_start_demonstration(platform_t *platform)
{
    return start(platform, "up --detach", true);
}

int platform_ctl(const platform_t *platform, const char *arguments, char **output)
{
    char command[2048];
    char *token = platform_token(platform, "system-manager", "ics-llr");
    int length = token == NULL ? -1
                               : snprintf(command, sizeof command, "PCN_CTL_TOKEN='%s' '%s/bin/pcnctl' %s --url '%s' 2>&1 </dev/null", token,
                                          platform->state_dir, arguments, platform->url);
    free(token);
    if (length < 0 || (size_t)length >= sizeof command) {
        return -1;
    }
    return run(command, output);
}

void platform_stop(platform_t *platform)
{
    if (platform->state[0] == '\0') {
        return;
    }
    (void)platform_command(platform, "down", NULL);
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s' '%s'", platform->state_dir[0] != '\0' ? platform->state_dir : platform->folder,
             platform->folder);
    (void)run(command, NULL);
    *platform = (platform_t){0};
}

char *platform_token(const platform_t *platform, const char *role, const char *organisation)
{
    char arguments[256];
    snprintf(arguments, sizeof arguments, "token --role '%s' --org '%s'", role, organisation);
    char *output = NULL;
    if (platform_command(platform, arguments, &output) != 0) {
        free(output);
        return NULL;
    }
    output[strcspn(output, "\r\n")] = '\0';
    return output;
}

pid_t platform_pid(const platform_t *platform, const char *program)
{
    char *output = NULL;
    if (platform_command(platform, "status", &output) < 0) {
        return 0;
    }
    size_t length = strlen(program);
    long pid = 0;
    for (char *line = output; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (strncmp(line, program, length) == 0 && line[length] == ' ') {
            pid = strtol(line + length, NULL, 10);
        }
        line = end != NULL ? end + 1 : NULL;
    }
    free(output);
    return (pid_t)pid;
}

bool platform_kill(const platform_t *platform, const char *program, int number)
{
    pid_t pid = platform_pid(platform, program);
    return pid > 1 && kill(pid, number) == 0;
}

long platform_await(const platform_t *platform, const char *path, const char *token, long status, long limit_ms)
{
    int64_t begin_us = clock_steady_us();
    for (;;) {
        http_answer_t answer;
        (void)http_send(&(http_call_t){.url = platform->url, .path = path, .token = token, .timeout_ms = limit_ms}, &answer);
        bool found = answer.status == status;
        http_answer_clear(&answer);
        long took_ms = (long)((clock_steady_us() - begin_us) / 1000);
        if (found) {
            return took_ms;
        }
        if (took_ms >= limit_ms) {
            return -1;
        }
        // There is no event to wait for: it is the outside that is looked at.
        (void)poll(NULL, 0, PLATFORM_AGAIN_MS);
    }
}

int platform_processes(const platform_t *platform)
{
    DIR *folder = opendir("/proc");
    int count = 0;
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0])) {
            continue;
        }
        char path[300];
        char line[4096];
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t size = fd >= 0 ? read(fd, line, sizeof line) : -1;
        if (fd >= 0) {
            close(fd);
        }
        if (size > 0 && memmem(line, (size_t)size, platform->state_dir, strlen(platform->state_dir)) != NULL) {
            count++;
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return count;
}
