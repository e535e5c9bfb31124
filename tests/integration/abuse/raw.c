#include "tests/integration/abuse/raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"

#define ANSWER_WITHIN_US 60000000
#define ROOM_FIRST 65536

const char *const raw_place_names[RAW_PLACES] = {"edge", "gateway"};

int raw_connect(const rig_t *rig, raw_place_t place)
{
    struct sockaddr_in edge = {.sin_family = AF_INET, .sin_port = htons((uint16_t)rig->platform.port)};
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    edge.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int length = snprintf(own.sun_path, sizeof own.sun_path, "%s/run/gateway.http", rig->platform.state_dir);
    assert_in_range(length, 1, sizeof own.sun_path - 1);
    const int fd = socket(place == RAW_EDGE ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const int result = place == RAW_EDGE ? connect(fd, (const struct sockaddr *)&edge, sizeof edge)
                                         : connect(fd, (const struct sockaddr *)&own, sizeof own);
    if (result != 0)
        fail_msg("no connection to the %s: %s", raw_place_names[place], strerror(errno));
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

bool raw_header(const raw_answer_t *answer, const char *name, char *value, size_t size)
{
    const size_t length = strlen(name);
    const char *end = answer->head + answer->head_size;
    for (const char *line = answer->head; line < end;) {
        const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
        if (stop == NULL)
            stop = end;
        if ((size_t)(stop - line) > length && line[length] == ':' && strncasecmp(line, name, length) == 0) {
            line += length + 1;
            while (line < stop && *line == ' ')
                line++;
            snprintf(value, size, "%.*s", (int)(stop - line), line);
            return true;
        }
        line = stop + 2;
    }
    return false;
}

static long parse_one(const char *bytes, size_t size, raw_answer_t *answer)
{
    static const char begin[] = "HTTP/1.";
    char length_text[24];
    if (size < 13)
        return memcmp(bytes, begin, size < sizeof begin - 1 ? size : sizeof begin - 1) == 0 ? 0 : -1;
    if (memcmp(bytes, begin, sizeof begin - 1) != 0 || bytes[8] != ' ')
        return -1;
    const char *stop = memmem(bytes, size, "\r\n\r\n", 4);
    if (stop == NULL)
        return 0;
    *answer = (raw_answer_t){.status = atoi(bytes + 9), .head = bytes, .head_size = (size_t)(stop - bytes)};
    size_t used = answer->head_size + 4;
    // What libmicrohttpd 0.9.75 refuses by itself has its head twice; that is one answer.
    if (size - used >= used && memcmp(bytes, bytes + used, used) == 0)
        used *= 2;
    const bool bare = answer->status < 200 || answer->status == 204 || answer->status == 304;
    const long length = !bare && raw_header(answer, "Content-Length", length_text, sizeof length_text) ? atol(length_text) : 0;
    if (length < 0)
        return -1;
    answer->body = bytes + used;
    answer->body_size = (size_t)length;
    return size - used >= (size_t)length ? (long)(used + (size_t)length) : 0;
}

long raw_parse(const char *bytes, size_t size, raw_answer_t *answer)
{
    long all = 0, used;
    do {
        used = parse_one(bytes + all, size - (size_t)all, answer);
        if (used <= 0)
            return used;
        all += used;
    } while (answer->status < 200);
    return all;
}

void raw_client_init(raw_client_t *client, const rig_t *rig, raw_place_t place)
{
    *client = (raw_client_t){.rig = rig, .place = place, .fd = -1};
}

void raw_client_deinit(raw_client_t *client)
{
    if (client->fd >= 0)
        close(client->fd);
    free(client->bytes);
    *client = (raw_client_t){.fd = -1};
}

static bool wait_for(int fd, short events, int64_t until)
{
    const int64_t left = until - clock_steady_us();
    struct pollfd one = {.fd = fd, .events = events};
    return left > 0 && poll(&one, 1, (int)(left / 1000) + 1) > 0;
}

static bool send_all(int fd, const char *bytes, size_t size, int64_t until)
{
    while (size > 0) {
        const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        } else if (errno != EAGAIN || !wait_for(fd, POLLOUT, until)) {
            return false;
        }
    }
    return true;
}

// One more piece; 0 at the end, -1 without any.
static ssize_t receive(raw_client_t *client, int64_t until)
{
    if (client->room - client->size < ROOM_FIRST) {
        client->room = client->room * 2 + ROOM_FIRST * 2;
        client->bytes = realloc(client->bytes, client->room);
        assert_non_null(client->bytes);
    }
    if (!wait_for(client->fd, POLLIN, until))
        return -1;
    const ssize_t got = recv(client->fd, client->bytes + client->size, client->room - client->size, 0);
    if (got > 0)
        client->size += (size_t)got;
    return got;
}

bool raw_ask(raw_client_t *client, const char *request, size_t size, raw_answer_t *answer)
{
    char connection[32];
    const int64_t until = clock_steady_us() + ANSWER_WITHIN_US;
    // What was kept alive may have been closed meanwhile: its end shows as readable.
    if (client->fd >= 0 && wait_for(client->fd, POLLIN, clock_steady_us() + 1)) {
        close(client->fd);
        client->fd = -1;
    }
    if (client->fd < 0)
        client->fd = raw_connect(client->rig, client->place);
    client->size = 0;
    long used = 0;
    (void)send_all(client->fd, request, size, until);
    while (used == 0 && receive(client, until) > 0)
        used = raw_parse(client->bytes, client->size, answer);
    const bool whole = used > 0;
    if (!whole || (raw_header(answer, "Connection", connection, sizeof connection) && strcasecmp(connection, "close") == 0)) {
        close(client->fd);
        client->fd = -1;
    }
    return whole;
}
