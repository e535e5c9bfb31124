// Follows a PCN service and keeps what it saw in a file, a line an event. The file is the store and the place in one: a line holds the token
// that goes on behind its event, and is written by one write. So this may be killed at any instruction and started again: every event is
// in the file once. A program with a database does the same in one transaction.
//
//     cc follow.c $(pkg-config --cflags --libs libpcn) -o follow
//     ./follow tcp://pcn.example:7101 tcp://pcn.example:7102 /etc/pcn/keys billing events.tsv
#include <errno.h>
#include <fcntl.h>
#include <pcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_SIZE 4096

static pcn_subscription *following;

static void stop(int number)
{
    (void)number;
    pcn_interrupt(following);
}

// Cuts off what a write left unfinished, and finds the token at the end of the last line. Returns its length, 0 where there is none, -1
// where the file cannot be read.
static long last_token(int file, char token[LINE_MAX_SIZE])
{
    char tail[LINE_MAX_SIZE];
    off_t size = lseek(file, 0, SEEK_END);
    off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    ssize_t got = pread(file, tail, sizeof tail, from);
    if (size < 0 || got < 0)
        return -1;
    while (got > 0 && tail[got - 1] != '\n')
        got--;
    if (got == 0 && from > 0)
        return -1; // no line of ours is that long
    if (ftruncate(file, from + got) != 0)
        return -1;
    ssize_t begin = got > 0 ? got - 1 : 0;
    while (begin > 0 && tail[begin - 1] != '\t' && tail[begin - 1] != '\n')
        begin--;
    long length = got > 0 ? (long)(got - 1 - begin) : 0;
    memcpy(token, tail + begin, (size_t)length);
    token[length] = '\0';
    return length;
}

static int keep(int file, const pcn_event *event)
{
    char line[LINE_MAX_SIZE];
    int size = snprintf(line, sizeof line, "%lld\t%s\t%s\t%lld\t%s\n", (long long)event->sequence, event->type, event->subject,
                        (long long)event->version, event->token);
    if (size < 0 || size >= (int)sizeof line || write(file, line, (size_t)size) != size)
        return -1;
    return 0;
}

int main(int count, char **arguments)
{
    if (count != 6) {
        fprintf(stderr, "usage: %s RPC PUB KEYS_DIR NAME FILE\n", arguments[0]);
        return 2;
    }
    char token[LINE_MAX_SIZE];
    int file = open(arguments[5], O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    long length = file >= 0 ? last_token(file, token) : -1;
    if (length < 0) {
        fprintf(stderr, "%s: %s\n", arguments[5], strerror(errno));
        return 1;
    }
    pcn_options options = {.service = "registry",
                           .rpc = arguments[1],
                           .pub = arguments[2],
                           .keys_dir = arguments[3],
                           .name = arguments[4],
                           .token = length > 0 ? token : NULL};
    const pcn_event *event = NULL;
    int code = pcn_subscribe(&options, &following);
    struct sigaction action = {.sa_handler = stop};
    if (code == PCN_OK) {
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
    }
    while (code == PCN_OK && (code = pcn_next(following, -1, &event)) == PCN_OK) {
        if (keep(file, event) != 0) {
            fprintf(stderr, "%s: %s\n", arguments[5], strerror(errno));
            return 1;
        }
        printf("%lld %s %s\n", (long long)event->sequence, event->type, event->subject);
        fflush(stdout);
    }
    if (code != PCN_INTERRUPTED)
        fprintf(stderr, "%s\n", pcn_error(following));
    pcn_close(following);
    return code == PCN_INTERRUPTED ? 0 : 1;
}
