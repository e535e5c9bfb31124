#include "tests/support/sse.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"

enum { SSE_READ = 65536, SSE_HEAD_MS = 60000 };

int sse_connect(int port)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&place, sizeof place) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

// More bytes into `raw`. False at the time's end or the connection's.
static bool receive(sse_t *sse, int64_t until_us)
{
    const int64_t left_ms = (until_us - clock_steady_us() + 999) / 1000;
    struct pollfd look = {.fd = sse->fd, .events = POLLIN};
    if (poll(&look, 1, left_ms > 0 ? (int)left_ms : 0) <= 0)
        return false;
    memmove(sse->raw, sse->raw + sse->raw_at, sse->raw_size - sse->raw_at);
    sse->raw_size -= sse->raw_at;
    sse->raw_at = 0;
    sse->raw = realloc(sse->raw, sse->raw_size + SSE_READ + 1);
    const ssize_t got = recv(sse->fd, sse->raw + sse->raw_size, SSE_READ, 0);
    if (got <= 0) {
        sse->broken = sse->chunked && !sse->ended;
        sse->ended = true;
        return false;
    }
    sse->raw_size += (size_t)got;
    sse->raw[sse->raw_size] = '\0';
    return true;
}

static void add_text(sse_t *sse, size_t size)
{
    memmove(sse->text, sse->text + sse->text_at, sse->text_size - sse->text_at);
    sse->text_size -= sse->text_at;
    sse->text_at = 0;
    sse->text = realloc(sse->text, sse->text_size + size + 1);
    memcpy(sse->text + sse->text_size, sse->raw + sse->raw_at, size);
    sse->text_size += size;
    sse->text[sse->text_size] = '\0';
    sse->raw_at += size;
}

// Moves what is there of the body from `raw` to `text`.
static void take_body(sse_t *sse)
{
    while (sse->raw_at < sse->raw_size && !sse->ended) {
        const size_t there = sse->raw_size - sse->raw_at;
        if (!sse->chunked) {
            add_text(sse, there);
        } else if (sse->chunk_left > 0) {
            const size_t part = there < sse->chunk_left ? there : sse->chunk_left;
            add_text(sse, part);
            sse->chunk_left -= part;
        } else {
            char *line = sse->raw + sse->raw_at, *end = strstr(line, "\r\n");
            if (end == NULL)
                return;
            sse->raw_at += (size_t)(end - line) + 2;
            if (end == line)
                continue; // behind a chunk's bytes
            sse->chunk_left = strtoul(line, NULL, 16);
            sse->ended = sse->chunk_left == 0;
        }
    }
}

bool sse_open(sse_t *sse, int fd, const char *path, const char *token, const char *headers)
{
    const int64_t until_us = clock_steady_us() + SSE_HEAD_MS * INT64_C(1000);
    char *request, *end = NULL;
    memset(sse, 0, sizeof *sse);
    sse->fd = fd;
    sse->raw = calloc(1, 1);
    sse->text = calloc(1, 1);
    const int size = asprintf(&request, "GET %s HTTP/1.1\r\nHost: h\r\n%s%s%s%s\r\n", path, token != NULL ? "Authorization: Bearer " : "",
                              token != NULL ? token : "", token != NULL ? "\r\n" : "", headers);
    const bool sent = size > 0 && send(fd, request, (size_t)size, MSG_NOSIGNAL) == size;
    free(request);
    while (sent && (end = strstr(sse->raw, "\r\n\r\n")) == NULL) {
        if (!receive(sse, until_us))
            return false;
    }
    if (!sent || (size_t)(end - sse->raw) + 5 > sizeof sse->head)
        return false;
    sse->raw_at = (size_t)(end - sse->raw) + 4;
    memcpy(sse->head, sse->raw, sse->raw_at);
    sse->head[sse->raw_at] = '\0';
    sse->status = atoi(sse->head + 9);
    sse->chunked = strcasestr(sse->head, "transfer-encoding: chunked") != NULL;
    return true;
}

// A block's lines; false where it has no data.
static bool read_block(sse_t *sse, char *block, sse_event_t *event)
{
    *event = (sse_event_t){.type = "message"};
    for (char *line = block, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (strncmp(line, "id: ", 4) == 0)
            snprintf(sse->last_id, sizeof sse->last_id, "%s", line + 4);
        else if (strncmp(line, "event: ", 7) == 0)
            event->type = line + 7;
        else if (strncmp(line, "data: ", 6) == 0)
            event->data = line + 6;
        else if (strncmp(line, "retry: ", 7) == 0)
            sse->retry_ms = atol(line + 7);
    }
    event->id = sse->last_id;
    return event->data != NULL;
}

bool sse_next(sse_t *sse, int timeout_ms, sse_event_t *event)
{
    const int64_t until_us = clock_steady_us() + timeout_ms * INT64_C(1000);
    for (;;) {
        char *end = sse->text_size > sse->text_at ? strstr(sse->text + sse->text_at, "\n\n") : NULL;
        if (end != NULL) {
            char *block = sse->text + sse->text_at;
            *end = '\0';
            sse->text_at += (size_t)(end - block) + 2;
            if (read_block(sse, block, event))
                return true;
            continue;
        }
        const size_t before = sse->raw_at;
        take_body(sse);
        if (sse->raw_at != before)
            continue;
        if (sse->ended || !receive(sse, until_us))
            return false;
    }
}

const char *sse_refusal(sse_t *sse)
{
    const char *length = strcasestr(sse->head, "content-length: ");
    const size_t size = length != NULL ? (size_t)atol(length + 16) : 0;
    const int64_t until_us = clock_steady_us() + SSE_HEAD_MS * INT64_C(1000);
    do
        take_body(sse);
    while (sse->text_size < size && receive(sse, until_us));
    return sse->text;
}

void sse_close(sse_t *sse)
{
    if (sse->fd >= 0)
        close(sse->fd);
    free(sse->raw);
    free(sse->text);
    *sse = (sse_t){.fd = -1};
}
