// A load at a constant rate, which wrk does not make: request k is due at its own time, whatever became of those before it, and its latency
// counts from then. A server that stalls is thereby told of all who would have waited, not of the one that did. Asks as wrk/read.lua and
// wrk/create.lua do, or, for a mix of searches and bookings, as wrk/slots.lua and wrk/book.lua do, by the same environment. One line of
// JSON on standard output. Not a test.
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

enum { OUT_SIZE = 4096, IN_SIZE = 65536, EVENTS = 128, CONNECTIONS_MAX = 1024, PATIENCE_S = 10, LINE_SIZE = 4096 };

typedef enum kind { KIND_READ, KIND_CREATE, KIND_SEARCH, KIND_BOOK, KINDS } kind_t;

// Lines of a file.
typedef struct lines {
    char **lines;
    size_t count;
} lines_t;

// Answers of one kind.
typedef struct taken {
    uint32_t *latencies_us;
    uint64_t count;
} taken_t;

typedef struct connection {
    int fd;
    bool asks;
    kind_t kind;
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
    taken_t taken[KINDS];
    uint64_t answered;
    kind_t kind;     // of all requests; KIND_SEARCH: of those that are not bookings
    double share;    // of bookings
    uint64_t booked; // sent
    const char *token, *prefix;
    lines_t codes, tokens, searches, bookings;
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

static int write_post(char *out, const char *path, const char *token, const char *prefix, uint64_t number, const char *body)
{
    return snprintf(out, OUT_SIZE,
                    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n"
                    "Idempotency-Key: %s%llu\r\nContent-Length: %zu\r\n\r\n%s",
                    path, token, prefix, (unsigned long long)number, strlen(body), body);
}

// Of a line "token …": which token, and the rest.
static const char *token_of(const load_t *load, const char *line, const char **rest)
{
    char *end;
    const size_t number = strtoul(line, &end, 10);
    *rest = *end == ' ' ? end + 1 : end;
    return number > 0 && number <= load->tokens.count ? load->tokens.lines[number - 1] : "";
}

// Each booking is made once; where there are no more, the last slot is asked for again, and refused.
static int write_booking(load_t *load, char *out)
{
    char body[512], patient[40], slot[40];
    const char *rest, *line = load->bookings.lines[load->booked < load->bookings.count ? load->booked : load->bookings.count - 1];
    const char *token = token_of(load, line, &rest);
    if (sscanf(rest, "%39s %39s", patient, slot) != 2)
        return -1;
    (void)snprintf(body, sizeof(body), "{\"patient\":\"%s\",\"slots\":[\"%s\"],\"description\":\"Knee pain for two weeks\"}", patient,
                   slot);
    return write_post(out, "/v1/appointments", token, load->prefix, load->booked++, body);
}

static int write_get(char *out, const char *folder, const char *path, const char *token)
{
    return snprintf(out, OUT_SIZE, "GET %s%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", folder, path, token);
}

static int write_request(load_t *load, connection_t *connection)
{
    char body[512];
    const char *token, *rest;
    switch (connection->kind) {
    case KIND_READ:
        return write_get(connection->out, "/v1/organisations/", load->codes.lines[chance(load) % load->codes.count], load->token);
    case KIND_SEARCH:
        token = token_of(load, load->searches.lines[chance(load) % load->searches.count], &rest);
        return write_get(connection->out, "", rest, token);
    case KIND_BOOK:
        return write_booking(load, connection->out);
    default:
        (void)snprintf(body, sizeof(body),
                       "{\"code\":\"%s%llu\",\"name\":\"A practice of the measure\",\"kind\":\"practice\",\"level\":\"practice\","
                       "\"parent\":\"ics-llr\",\"statedPopulation\":9000,\"source\":\"tests/bench\"}",
                       load->prefix, (unsigned long long)load->sent);
        return write_post(connection->out, "/v1/organisations", load->token, load->prefix, load->sent, body);
    }
}

// The next request's kind: bookings lie evenly among searches.
static kind_t next_kind(const load_t *load)
{
    return load->kind == KIND_SEARCH && (double)load->booked < (double)(load->sent + 1) * load->share - 0.5 ? KIND_BOOK : load->kind;
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
        connection->kind = next_kind(load);
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
    taken_t *taken = &load->taken[connection->kind];
    taken->latencies_us[taken->count++] = latency_us < UINT32_MAX ? (uint32_t)latency_us : UINT32_MAX;
    load->answered++;
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

// "p50":…,"p99":…,"max":…
static void report_taken(taken_t *taken)
{
    const uint64_t count = taken->count;
    qsort(taken->latencies_us, count, sizeof(*taken->latencies_us), by_size);
    printf("\"p50\":%u,\"p99\":%u,\"max\":%u", count > 0 ? taken->latencies_us[count / 2] : 0,
           count > 0 ? taken->latencies_us[count * 99 / 100] : 0, count > 0 ? taken->latencies_us[count - 1] : 0);
}

static void report(load_t *load)
{
    const double seconds = (double)(clock_steady_us() - load->begun_us) / 1e6;
    const uint64_t count = load->answered, ended = count + load->broken < load->total ? count + load->broken : load->total;
    printf("{\"requests\":%llu,\"seconds\":%.6f,\"refused\":%llu,\"broken\":%llu,", (unsigned long long)count, seconds,
           (unsigned long long)load->refused, (unsigned long long)(load->broken + load->total - ended));
    if (load->kind == KIND_SEARCH) {
        printf("\"searches\":{\"requests\":%llu,", (unsigned long long)load->taken[KIND_SEARCH].count);
        report_taken(&load->taken[KIND_SEARCH]);
        printf("},\"bookings\":{\"requests\":%llu,", (unsigned long long)load->taken[KIND_BOOK].count);
        report_taken(&load->taken[KIND_BOOK]);
        printf("},\"asked\":%llu}\n", (unsigned long long)load->booked);
    } else {
        report_taken(&load->taken[load->kind]);
        printf("}\n");
    }
}

// The lines of the file that a variable names.
static bool read_lines(const char *variable, lines_t *lines)
{
    const char *path = getenv(variable);
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    char line[LINE_SIZE];
    size_t room = 0;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (lines->count == room) {
            room = room == 0 ? 1024 : room * 2;
            char **more = realloc(lines->lines, room * sizeof(*more));
            if (more == NULL)
                break;
            lines->lines = more;
        }
        lines->lines[lines->count] = strdup(line);
        if (lines->lines[lines->count++] == NULL)
            break;
    }
    if (file != NULL)
        fclose(file);
    return lines->count > 0;
}

static bool read_environment(load_t *load)
{
    const char *share = getenv("BENCH_SHARE");
    load->token = getenv("BENCH_TOKEN");
    load->prefix = getenv("BENCH_PREFIX");
    load->share = share != NULL ? strtod(share, NULL) : 0;
    switch (load->kind) {
    case KIND_READ:
        return load->token != NULL && read_lines("BENCH_CODES", &load->codes);
    case KIND_CREATE:
        return load->token != NULL && load->prefix != NULL;
    default:
        return load->prefix != NULL && load->share > 0 && load->share < 1 && read_lines("BENCH_TOKENS", &load->tokens) &&
               read_lines("BENCH_SEARCHES", &load->searches) && read_lines("BENCH_BOOKINGS", &load->bookings);
    }
}

static bool start(load_t *load, char **argv)
{
    const double rate = strtod(argv[4], NULL), seconds = strtod(argv[5], NULL);
    load->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
    load->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load->connection_count = strtoul(argv[3], NULL, 10);
    load->chance = (uint64_t)clock_wall_us() | 1;
    if (rate <= 0 || seconds <= 0 || load->connection_count == 0 || load->connection_count > CONNECTIONS_MAX || !read_environment(load))
        return false;
    load->interval_us = 1e6 / rate;
    load->total = (uint64_t)(rate * seconds);
    load->connections = calloc(load->connection_count, sizeof(*load->connections));
    load->idle = calloc(load->connection_count, sizeof(connection_t *));
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    bool good = load->connections != NULL && load->idle != NULL && load->epoll >= 0;
    for (size_t i = 0; i < KINDS; i++) {
        load->taken[i].latencies_us = calloc(load->total + 1, sizeof(uint32_t));
        good = good && load->taken[i].latencies_us != NULL;
    }
    for (size_t i = 0; good && i < load->connection_count; i++)
        good = connection_open(load, &load->connections[i]);
    return good;
}

// Whether there is such an operation.
static bool kind_of(const char *operation, kind_t *kind)
{
    if (strcmp(operation, "read") == 0)
        *kind = KIND_READ;
    else if (strcmp(operation, "create") == 0)
        *kind = KIND_CREATE;
    else if (strcmp(operation, "mix") == 0)
        *kind = KIND_SEARCH;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    load_t load = {.epoll = -1};
    if (argc != 6 || !kind_of(argv[1], &load.kind)) {
        fprintf(
            stderr,
            "usage: bench_rate read|create|mix PORT CONNECTIONS RATE SECONDS, with BENCH_TOKEN and BENCH_CODES or BENCH_PREFIX; for a mix "
            "BENCH_TOKENS, BENCH_SEARCHES, BENCH_BOOKINGS, BENCH_PREFIX and BENCH_SHARE\n");
        return 2;
    }
    if (!start(&load, argv) || !run(&load)) {
        fprintf(stderr, "rate: no load can be made: %s\n", strerror(errno));
        return 1;
    }
    report(&load);
    return 0;
}
