// Bad requests by the ten thousand, bodies without end and a thousand slow connections: refused or closed, and nobody else notices.
// Fault cases 20, 21 and 22.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/integration/abuse/flood.h"
#include "tests/integration/abuse/slow.h"
#include "tests/integration/abuse/vitals.h"

#include "common/base/clock.h"

#define SEED 20261126
#define REQUESTS 10000
#define WARM_UP 1000
#define AT_ONCE_US 4000000 // before the edge lets go of those that say nothing
#define GIBIBYTE (1024LL * 1024 * 1024)
#define FLAT_KIB 2048
#define EDGE_SILENCE_S 6 // instead of a minute
#define WINDOW_US 400000
#define ROUNDS 6

static unsigned long long seed(void)
{
    const char *given = getenv("PCN_TEST_SEED");
    return given != NULL ? strtoull(given, NULL, 10) : SEED;
}

static void good_at_once(const rig_t *rig, raw_place_t place)
{
    char request[2048];
    raw_client_t client;
    raw_answer_t answer;
    raw_client_init(&client, rig, place);
    const int64_t begun = clock_steady_us();
    const int size = snprintf(request, sizeof request,
                              "GET /v1/organisations/pcn-rutland HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", rig->manager);
    assert_true(raw_ask(&client, request, (size_t)size, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(clock_steady_us() - begun < AT_ONCE_US);
    raw_client_deinit(&client);
}

static void test_bad_requests(void **state)
{
    const rig_t *rig = *state;
    vitals_t before;
    const json_int_t mark = rig_log_mark(rig);
    flood_t warm = {0};
    malformed_source_t source = {.state = seed(), .token = rig->manager};
    print_message("PCN_TEST_SEED=%llu, %zu kinds\n", seed(), malformed_kinds());
    for (int place = 0; place < RAW_PLACES; place++)
        flood_run(rig, (raw_place_t)place, &source, WARM_UP, &warm);
    vitals_take(rig, &before);
    for (int place = 0; place < RAW_PLACES; place++) {
        flood_t flood = {0};
        const int64_t begun = clock_steady_us();
        flood_run(rig, (raw_place_t)place, &source, REQUESTS, &flood);
        print_message("%s: %u sent in %lld ms: %u refused, %u ended, %u mended, %u wrong\n", raw_place_names[place], flood.sent,
                      (long long)(clock_steady_us() - begun) / 1000, flood.refused, flood.ended, flood.mended, flood.wrong);
        good_at_once(rig, (raw_place_t)place);
        assert_int_equal(flood.wrong, 0);
    }
    assert_int_equal(warm.wrong, 0);
    vitals_check(rig, &before, "bad requests");
    // Nothing but the two marks was written.
    assert_int_equal(rig_log_mark(rig), mark + 1);
}

// Sends the block again and again until that many bytes are out or nobody takes them any more. Returns how many went; the answer's status
// in *status, 0 for none.
static long long pour(int fd, const char *block, size_t size, long long most, int *status)
{
    char bytes[4096];
    size_t got = 0, at = 0;
    long long sent = 0;
    raw_answer_t answer;
    *status = 0;
    for (bool open = true; open && sent < most;) {
        struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
        if (poll(&one, 1, 60000) <= 0)
            break;
        if ((one.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            const ssize_t more = recv(fd, bytes + got, sizeof bytes - got, 0);
            open = more > 0 || (more < 0 && errno == EAGAIN);
            got += more > 0 ? (size_t)more : 0;
        }
        if (open && (one.revents & POLLOUT) != 0) {
            const ssize_t more = send(fd, block + at, size - at, MSG_NOSIGNAL);
            // What was answered before may still be read.
            if (more < 0 && errno != EAGAIN && recv(fd, bytes + got, sizeof bytes - got, 0) <= 0)
                open = false;
            sent += more > 0 ? more : 0;
            at = (at + (more > 0 ? (size_t)more : 0)) % size;
        }
        if (raw_parse(bytes, got, &answer) > 0)
            *status = answer.status;
    }
    return sent;
}

static void pour_one(const rig_t *rig, raw_place_t place, bool chunked)
{
    enum { BLOCK = 65536, CHUNK_HEAD = 6 };
    char head[2048], *block = malloc(CHUNK_HEAD + BLOCK + 2);
    int status;
    assert_non_null(block);
    memset(block, ' ', CHUNK_HEAD + BLOCK);
    if (chunked)
        memcpy(block, "10000\r\n", CHUNK_HEAD + 1);
    memcpy(block + CHUNK_HEAD + BLOCK, "\r\n", 2);
    const int size = snprintf(head, sizeof head,
                              "POST /v1/organisations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                              "Content-Type: application/json\r\n%s\r\n\r\n",
                              rig->manager, chunked ? "Transfer-Encoding: chunked" : "Content-Length: 1073741824");
    const int fd = raw_connect(rig, place);
    assert_int_equal(send(fd, head, (size_t)size, MSG_NOSIGNAL), size);
    // "10000\r\n" is a byte longer than its room: the block's own first byte gives way.
    const long long sent = pour(fd, block, chunked ? CHUNK_HEAD + 1 + BLOCK - 1 + 2 : BLOCK, GIBIBYTE, &status);
    print_message("%s, %s: %lld KiB taken, %d\n", raw_place_names[place], chunked ? "chunked" : "1 GiB", sent / 1024, status);
    assert_true(status == 413 || status == 0);
    assert_true(sent < GIBIBYTE / 16);
    close(fd);
    free(block);
}

static void test_bodies_without_end(void **state)
{
    const rig_t *rig = *state;
    vitals_t before;
    vitals_take(rig, &before);
    const pid_t gateway = before.pid[VITALS_GATEWAY];
    vitals_reset_peak(gateway);
    const long peak = vitals_peak_kib(gateway);
    for (int i = 0; i < 10 * RAW_PLACES * 2; i++)
        pour_one(rig, (raw_place_t)(i % RAW_PLACES), i / RAW_PLACES % 2 == 0);
    print_message("the gateway's peak: %ld KiB before, %ld KiB after\n", peak, vitals_peak_kib(gateway));
    assert_true(vitals_peak_kib(gateway) <= peak + FLAT_KIB);
    for (int place = 0; place < RAW_PLACES; place++)
        good_at_once(rig, (raw_place_t)place);
    vitals_check(rig, &before, "bodies without end");
}

// The edge with seconds where it has a minute, so that a test sees them pass.
static void shorten_silence(const rig_t *rig)
{
    char command[512];
    const pid_t before = platform_pid(&rig->platform, "haproxy");
    snprintf(command, sizeof command, "sed -i -E 's/^( *timeout (client|http-keep-alive)) +60s/\\1 %ds/' '%s/etc/haproxy.cfg'",
             EDGE_SILENCE_S, rig->platform.state_dir);
    assert_int_equal(system(command), 0);
    assert_true(platform_kill(&rig->platform, "haproxy", SIGTERM));
    const int64_t until = clock_steady_us() + 60000000;
    pid_t now = before;
    while ((now == before || now == 0) && clock_steady_us() < until)
        now = platform_pid(&rig->platform, "haproxy");
    assert_true(now != before && now != 0);
    assert_true(platform_await(&rig->platform, "/readyz", NULL, 200, 60000) >= 0);
}

// Answers a second in the best of some windows, while the crowd (NULL for none) goes on dripping.
static double best_rate(slow_load_t *load, slow_crowd_t *crowd, unsigned windows)
{
    double best = 0;
    for (unsigned i = 0; i < windows; i++) {
        const int64_t begun = clock_steady_us();
        const unsigned long before = atomic_load(&load->answered);
        if (crowd != NULL)
            slow_crowd_drip(crowd, begun + WINDOW_US);
        else
            (void)poll(NULL, 0, WINDOW_US / 1000);
        const double rate = (double)(atomic_load(&load->answered) - before) * 1e6 / (double)(clock_steady_us() - begun);
        best = rate > best ? rate : best;
    }
    return best;
}

static void check_cut(const slow_crowd_t *crowd)
{
    static const int64_t limit_us[SLOW_WAYS] = {15000000, 15000000, 0, (EDGE_SILENCE_S + 10) * 1000000LL};
    unsigned cut[SLOW_WAYS] = {0}, said[SLOW_WAYS] = {0};
    int64_t longest[SLOW_WAYS] = {0};
    for (size_t i = 0; i < SLOW_CROWD; i++) {
        const slow_client_t *client = &crowd->clients[i];
        const int64_t lived = client->ended_us - client->opened_us;
        cut[client->way] += client->fd < 0;
        said[client->way] += client->status != 0;
        longest[client->way] = client->fd < 0 && lived > longest[client->way] ? lived : longest[client->way];
        // A slow one gets 408 before the end, an idle one the answer that it asked for.
        if (client->way == SLOW_HEAD || client->way == SLOW_BODY)
            assert_true(client->status == 408 || client->status == 0);
        if (client->way == SLOW_IDLE)
            assert_int_equal(client->status, 200);
    }
    for (int way = 0; way < SLOW_WAYS; way++) {
        print_message("%s: %u of %u cut, %u answered, the last after %lld ms\n", slow_way_names[way], cut[way], SLOW_CROWD / SLOW_WAYS,
                      said[way], (long long)longest[way] / 1000);
        assert_int_equal(cut[way], SLOW_CROWD / SLOW_WAYS);
        assert_true(limit_us[way] == 0 || longest[way] <= limit_us[way]);
    }
    assert_true(said[SLOW_HEAD] > 0 && said[SLOW_BODY] > 0);
}

static void test_slow_connections(void **state)
{
    const rig_t *rig = *state;
    slow_load_t load;
    double ratio = 0;
    shorten_silence(rig);
    slow_crowd_t *crowd = calloc(1, sizeof *crowd);
    assert_non_null(crowd);
    slow_load_start(&load, rig);
    (void)best_rate(&load, NULL, 1);
    // A noisy machine gets another round; a slow edge does not get better by it.
    for (unsigned round = 0; round < ROUNDS && ratio < 0.9; round++) {
        const double alone = best_rate(&load, NULL, 4);
        slow_crowd_open(crowd, rig);
        slow_crowd_drip(crowd, clock_steady_us() + 1000000);
        const double beside = best_rate(&load, crowd, 7);
        ratio = beside / alone > ratio ? beside / alone : ratio;
        print_message("%.0f requests/s alone, %.0f beside %d slow connections: %.2f\n", alone, beside, SLOW_CROWD, beside / alone);
        if (ratio < 0.9 && round + 1 < ROUNDS)
            slow_crowd_close(crowd);
    }
    slow_load_stop(&load);
    assert_true(ratio >= 0.9);
    assert_int_equal(atomic_load(&load.failed), 0);
    slow_crowd_drip(crowd, clock_steady_us() + (EDGE_SILENCE_S + 3) * 1000000LL);
    slow_crowd_drain(crowd);
    check_cut(crowd);
    slow_crowd_close(crowd);
    free(crowd);
    good_at_once(rig, RAW_EDGE);
}

static void test_logs(void **state)
{
    const rig_t *rig = *state;
    vitals_check_logs(rig, (const char *const[]){rig->manager, MALFORMED_CODE, NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bad_requests), cmocka_unit_test(test_bodies_without_end),
                                       cmocka_unit_test(test_slow_connections), cmocka_unit_test(test_logs)};
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
