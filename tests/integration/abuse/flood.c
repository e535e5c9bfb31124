#include "tests/integration/abuse/flood.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"

#define SIDE_BY_SIDE 200
#define HANG_UP_MS 30
#define WITHIN_US 60000000
#define REQUEST_MAX (256u * 1024u)
#define ANSWER_ROOM 65536
#define TOLD_MAX 20
#define TOLD_BYTES 160

typedef struct exchange {
    const malformed_kind_t *kind;
    buf_t request;
    size_t sent;
    char *bytes;
    size_t size;
    int fd; // -1 once it has ended
    bool shut, late;
} exchange_t;

static void begin(const rig_t *rig, raw_place_t place, malformed_source_t *source, exchange_t *exchange)
{
    buf_clear(&exchange->request);
    exchange->kind = malformed_make(source, &exchange->request);
    assert_true(buf_ok(&exchange->request));
    exchange->sent = exchange->size = 0;
    exchange->shut = exchange->late = false;
    exchange->fd = raw_connect(rig, place);
}

static void end(exchange_t *exchange)
{
    close(exchange->fd);
    exchange->fd = -1;
}

// No more is sent once all is and either the first answer is there or none is to be waited for.
static void shut(exchange_t *exchange)
{
    raw_answer_t answer;
    if (exchange->shut || exchange->sent < exchange->request.size)
        return;
    if (malformed_is_half(exchange->kind) || raw_parse(exchange->bytes, exchange->size, &answer) != 0) {
        (void)shutdown(exchange->fd, SHUT_WR);
        exchange->shut = true;
    }
}

static void move(exchange_t *exchange, short events)
{
    if ((events & POLLOUT) != 0 && exchange->sent < exchange->request.size) {
        const ssize_t sent =
            send(exchange->fd, exchange->request.data + exchange->sent, exchange->request.size - exchange->sent, MSG_NOSIGNAL);
        if (sent > 0)
            exchange->sent += (size_t)sent;
        else if (errno != EAGAIN)
            exchange->sent = exchange->request.size; // the other end has heard enough; what it said may still be read
    }
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        const ssize_t got = recv(exchange->fd, exchange->bytes + exchange->size, ANSWER_ROOM - exchange->size, 0);
        if (got > 0)
            exchange->size += (size_t)got;
        else if (got == 0 || errno != EAGAIN) {
            end(exchange);
            return;
        }
    }
    shut(exchange);
}

// Whether nothing is under way but what the other end may wait for.
static bool only_halves(const exchange_t *exchanges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (exchanges[i].fd >= 0 && !(malformed_is_half(exchanges[i].kind) && exchanges[i].shut))
            return false;
    }
    return true;
}

static void run_all(exchange_t *exchanges, size_t count)
{
    const int64_t until = clock_steady_us() + WITHIN_US;
    struct pollfd polls[SIDE_BY_SIDE];
    size_t open = count;
    while (open > 0 && clock_steady_us() < until) {
        for (size_t i = 0; i < count; i++) {
            const bool sending = exchanges[i].sent < exchanges[i].request.size;
            polls[i] = (struct pollfd){.fd = exchanges[i].fd, .events = (short)(POLLIN | (sending ? POLLOUT : 0))};
        }
        const bool halves = only_halves(exchanges, count);
        const int ready = poll(polls, count, halves ? HANG_UP_MS : 1000);
        // A client that leaves in the middle.
        for (size_t i = 0; halves && ready == 0 && i < count; i++) {
            if (exchanges[i].fd >= 0)
                end(&exchanges[i]);
        }
        open = 0;
        for (size_t i = 0; i < count; i++) {
            if (exchanges[i].fd >= 0 && polls[i].revents != 0)
                move(&exchanges[i], polls[i].revents);
            open += exchanges[i].fd >= 0;
        }
    }
    for (size_t i = 0; i < count; i++) {
        exchanges[i].late = exchanges[i].fd >= 0;
        if (exchanges[i].late)
            end(&exchanges[i]);
    }
}

static void tell(const exchange_t *exchange, raw_place_t place, const char *what, int status, flood_t *flood)
{
    if (flood->wrong++ >= TOLD_MAX)
        return;
    print_message("%s: %s: %s %d\n  sent: ", raw_place_names[place], malformed_name(exchange->kind), what, status);
    for (size_t i = 0; i < exchange->request.size && i < TOLD_BYTES; i++) {
        const unsigned char c = (unsigned char)exchange->request.data[i];
        print_message(c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x", c);
    }
    print_message("\n  came: %.*s\n", (int)(exchange->size < TOLD_BYTES ? exchange->size : TOLD_BYTES), exchange->bytes);
}

static void judge(const exchange_t *exchange, raw_place_t place, flood_t *flood)
{
    const unsigned good = malformed_good(exchange->kind);
    raw_answer_t answer;
    unsigned count = 0;
    int last = 0;
    flood->sent++;
    for (size_t at = 0; at < exchange->size; count++) {
        const long used = raw_parse(exchange->bytes + at, exchange->size - at, &answer);
        // Where the other end has closed with more of ours unread, the rest of its answer may be lost.
        if (used <= 0) {
            if (used < 0)
                tell(exchange, place, "no answer at all", 0, flood);
            break;
        }
        last = answer.status;
        const bool allowed = (count < good && last == 200) || malformed_allows(exchange->kind, place, last);
        // Once more 400 is no answer to a request that was smuggled, which is a good one: what follows could not be read.
        if (!allowed || (count > good && last != 400)) {
            tell(exchange, place, allowed ? "one answer too many," : "answered", last, flood);
            return;
        }
        at += (size_t)used;
    }
    if (exchange->late)
        tell(exchange, place, "not ended, answers:", (int)count, flood);
    else if (last >= 400)
        flood->refused++;
    else if (last >= 200)
        flood->mended++;
    else
        flood->ended++;
}

void flood_run(const rig_t *rig, raw_place_t place, malformed_source_t *source, unsigned count, flood_t *flood)
{
    exchange_t exchanges[SIDE_BY_SIDE];
    for (size_t i = 0; i < SIDE_BY_SIDE; i++) {
        exchanges[i] = (exchange_t){.fd = -1, .bytes = malloc(ANSWER_ROOM)};
        assert_non_null(exchanges[i].bytes);
        buf_init(&exchanges[i].request, REQUEST_MAX);
    }
    for (unsigned done = 0; done < count;) {
        const size_t now = count - done < SIDE_BY_SIDE ? count - done : SIDE_BY_SIDE;
        for (size_t i = 0; i < now; i++)
            begin(rig, place, source, &exchanges[i]);
        run_all(exchanges, now);
        for (size_t i = 0; i < now; i++)
            judge(&exchanges[i], place, flood);
        done += (unsigned)now;
    }
    for (size_t i = 0; i < SIDE_BY_SIDE; i++) {
        free(exchanges[i].bytes);
        buf_deinit(&exchanges[i].request);
    }
}
