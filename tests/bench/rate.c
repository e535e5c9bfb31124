// A load at a constant rate, which wrk does not make: request k is due at its own time, whatever became of those before it, and its latency
// counts from then. A server that stalls is thereby told of all who would have waited, not of the one that did. Asks as wrk/read.lua and
// wrk/create.lua do, by the same environment. One line of JSON on standard output. Not a test.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"

enum { OUT_SIZE = 4096, IN_SIZE = 32768, EVENTS = 128, CONNECTIONS_MAX = 1024, PATIENCE_S = 10 };

typedef struct connection {
    int fd;
    bool asks;
    int64_t due_us;
    size_t out_size, out_sent, in_size;
    char out[OUT_SIZE], in[IN_SIZE];
} connection_t;

typedef struct load {
    struct sockaddr_in address;
    int epoll;
    connection_t *connections;
    size_t connection_count;
    connection_t **idle;
    size_t idle_count;
    int64_t begun_us;
    double interval_us;
    uint64_t total, sent, refused, broken;
    uint32_t *latencies_us;
    uint64_t answered;
    bool creates;
    const char *token, *prefix;
    char **codes;
    size_t code_count;
    uint64_t chance;
} load_t;

// xorshift: which code is asked for matters little.
static uint64_t chance(load_t *load)
{
    load->chance ^= load->chance << 13;
    load->chance ^= load->chance >> 7;
    load->chance ^= load->chance << 17;
    return load->chance;
}

// ---- connections

static bool connection_open(load_t *load, connection_t *connection)
{
    const int on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection}};
    connection->asks = false;
    connection->in_size = 0;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (const struct sockaddr *)&load->address, sizeof(load->address)) != 0 ||
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        return false;
    load->idle[load->idle_count++] = connection;
    return true;
}

// What was asked for is lost with it.
static bool connection_renew(load_t *load, connection_t *connection)
{
    load->broken++;
    close(connection->fd);
    return connection_open(load, connection);
}

static int write_request(load_t *load, connection_t *connection)
{
    char body[512];
    if (!load->creates)
        return snprintf(connection->out, OUT_SIZE,
                        "GET /v1/organisations/%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
                        load->codes[chance(load) % load->code_count], load->token);
    const int size = snprintf(body, sizeof(body),
                              "{\"code\":\"%s%llu\",\"name\":\"A practice of the measure\",\"kind\":\"practice\",\"level\":\"practice\","
                              "\"parent\":\"ics-llr\",\"statedPopulation\":9000,\"source\":\"tests/bench\"}",
                              load->prefix, (unsigned long long)load->sent);
    return snprintf(connection->out, OUT_SIZE,
                    "POST /v1/organisations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n"
                    "Idempotency-Key: %s%llu\r\nContent-Length: %d\r\n\r\n%s",
                    load->token, load->prefix, (unsigned long long)load->sent, size, body);
}

static void send_more(connection_t *connection)
{
    const ssize_t sent = send(connection->fd, connection->out + connection->out_sent, connection->out_size - connection->out_sent,
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0)
        connection->out_sent += (size_t)sent;
}

static int64_t due_us(const load_t *load)
{
    return load->begun_us + (int64_t)((double)load->sent * load->interval_us);
}

// All requests whose time has come, as far as there are connections.
static void ask(load_t *load)
{
    const int64_t now_us = clock_steady_us();
    while (load->sent < load->total && load->idle_count > 0 && due_us(load) <= now_us) {
        connection_t *connection = load->idle[--load->idle_count];
        const int size = write_request(load, connection);
        connection->due_us = due_us(load);
        connection->asks = true;
        connection->in_size = 0;
        connection->out_size = size > 0 && size < OUT_SIZE ? (size_t)size : 0;
        connection->out_sent = 0;
        load->sent++;
        send_more(connection); // a request fits a fresh socket's buffer; an error shows when the answer is read
    }
}

// ---- answers

// Whether the answer is whole, and its status.
static bool answer_whole(const connection_t *connection, int *status)
{
    static const char length_name[] = "\r\ncontent-length:";
    const char *end = memmem(connection->in, connection->in_size, "\r\n\r\n", 4);
    size_t length = 0;
    if (end == NULL)
        return false;
    for (const char *at = connection->in; at < end; at++) {
        if (*at == '\r' && strncasecmp(at, length_name, sizeof(length_name) - 1) == 0)
            length = strtoul(at + sizeof(length_name) - 1, NULL, 10);
    }
    *status = atoi(connection->in + strlen("HTTP/1.1 "));
    return connection->in_size >= (size_t)(end + 4 - connection->in) + length;
}

// False where a connection cannot be had again.
static bool take_answer(load_t *load, connection_t *connection)
{
    int status = 0;
    const ssize_t got = recv(connection->fd, connection->in + connection->in_size, IN_SIZE - 1 - connection->in_size, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0 && !connection->asks) { // closed while it was idle
        for (size_t i = 0; i < load->idle_count; i++) {
            if (load->idle[i] == connection)
                load->idle[i] = load->idle[--load->idle_count];
        }
    }
    if (got <= 0)
        return connection_renew(load, connection);
    connection->in_size += (size_t)got;
    connection->in[connection->in_size] = '\0';
    if (!connection->asks || !answer_whole(connection, &status))
        return connection->in_size < IN_SIZE - 1 || connection_renew(load, connection);
    const int64_t latency_us = clock_steady_us() - connection->due_us;
    load->latencies_us[load->answered++] = latency_us < UINT32_MAX ? (uint32_t)latency_us : UINT32_MAX;
    load->refused += status / 100 != 2 ? 1 : 0;
    connection->asks = false;
    load->idle[load->idle_count++] = connection;
    return true;
}

static bool run(load_t *load)
{
    struct epoll_event events[EVENTS];
    load->begun_us = clock_steady_us();
    const int64_t last_us = load->begun_us + (int64_t)((double)load->total * load->interval_us) + PATIENCE_S * 1000000;
    while (load->answered + load->broken < load->total && clock_steady_us() < last_us) {
        // To the microsecond: epoll_wait would send those of a millisecond all at once.
        int64_t wait_us = 1000000;
        if (load->sent < load->total && load->idle_count > 0)
            wait_us = due_us(load) - clock_steady_us();
        const struct timespec wait = {wait_us > 0 ? wait_us / 1000000 : 0, wait_us > 0 ? wait_us % 1000000 * 1000 : 0};
        const int count = epoll_pwait2(load->epoll, events, EVENTS, &wait, NULL);
        for (int i = 0; i < count; i++) {
            if (!take_answer(load, events[i].data.ptr))
                return false;
        }
        ask(load);
    }
    return true;
}

// ---- begin and end

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(load_t *load)
{
    const double seconds = (double)(clock_steady_us() - load->begun_us) / 1e6;
    const uint64_t count = load->answered;
    qsort(load->latencies_us, count, sizeof(*load->latencies_us), by_size);
    printf("{\"requests\":%llu,\"seconds\":%.6f,\"refused\":%llu,\"broken\":%llu,\"p50\":%u,\"p99\":%u,\"max\":%u}\n",
           (unsigned long long)count, seconds, (unsigned long long)load->refused,
           (unsigned long long)(load->broken + load->total - (count + load->broken < load->total ? count + load->broken : load->total)),
           count > 0 ? load->latencies_us[count / 2] : 0, count > 0 ? load->latencies_us[count * 99 / 100] : 0,
           count > 0 ? load->latencies_us[count - 1] : 0);
}

static bool read_codes(load_t *load)
{
    const char *path = getenv("BENCH_CODES");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    char line[128];
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char **codes = realloc(load->codes, (load->code_count + 1) * sizeof(*codes));
        if (codes == NULL)
            break;
        load->codes = codes;
        load->codes[load->code_count++] = strdup(line);
    }
    if (file != NULL)
        fclose(file);
    return load->code_count > 0;
}

static bool start(load_t *load, char **argv)
{
    const double rate = strtod(argv[4], NULL), seconds = strtod(argv[5], NULL);
    load->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
    load->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load->connection_count = strtoul(argv[3], NULL, 10);
    load->creates = strcmp(argv[1], "create") == 0;
    load->token = getenv("BENCH_TOKEN");
    load->prefix = getenv("BENCH_PREFIX");
    load->chance = (uint64_t)clock_wall_us() | 1;
    if (rate <= 0 || seconds <= 0 || load->connection_count == 0 || load->connection_count > CONNECTIONS_MAX || load->token == NULL ||
        (load->creates ? load->prefix == NULL : !read_codes(load)))
        return false;
    load->interval_us = 1e6 / rate;
    load->total = (uint64_t)(rate * seconds);
    load->latencies_us = calloc(load->total + 1, sizeof(*load->latencies_us));
    load->connections = calloc(load->connection_count, sizeof(*load->connections));
    load->idle = calloc(load->connection_count, sizeof(connection_t *));
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    bool good = load->latencies_us != NULL && load->connections != NULL && load->idle != NULL && load->epoll >= 0;
    for (size_t i = 0; good && i < load->connection_count; i++)
        good = connection_open(load, &load->connections[i]);
    return good;
}

int main(int argc, char **argv)
{
    load_t load = {.epoll = -1};
    if (argc != 6 || (strcmp(argv[1], "read") != 0 && strcmp(argv[1], "create") != 0)) {
        fprintf(stderr, "usage: bench_rate read|create PORT CONNECTIONS RATE SECONDS, with BENCH_TOKEN and BENCH_CODES or BENCH_PREFIX\n");
        return 2;
    }
    if (!start(&load, argv) || !run(&load)) {
        fprintf(stderr, "rate: no load can be made: %s\n", strerror(errno));
        return 1;
    }
    report(&load);
    return 0;
}
