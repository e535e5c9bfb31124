// What a subscriber gets, by libpcn: `catch-up` reads a service's log from its beginning to its end and says how many events a second
// that was; `live` follows what is written meanwhile and says how long after its decision an event was here (that includes the COMMIT).
// One line of JSON on standard output. Not a test.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/client/pcn.h"

#define SAMPLES_MAX 1000000
#define PATIENCE_MS 10000

static int fail(const pcn_subscription *subscription, int code)
{
    fprintf(stderr, "events: %d: %s\n", code, subscription != NULL ? pcn_error(subscription) : "no memory");
    return 1;
}

static int catch_up(pcn_subscription *subscription)
{
    const pcn_event *event = NULL;
    int code = pcn_next(subscription, PATIENCE_MS, &event);
    const int64_t begun_us = clock_steady_us();
    const int64_t end = pcn_latest(subscription);
    int64_t events = 1;
    while (code == PCN_OK && event->sequence < end) {
        code = pcn_next(subscription, PATIENCE_MS, &event);
        events++;
    }
    if (code != PCN_OK)
        return fail(subscription, code);
    const double seconds = (double)(clock_steady_us() - begun_us) / 1e6;
    printf("{\"events\":%lld,\"seconds\":%.3f,\"rate\":%.0f}\n", (long long)events, seconds, (double)events / seconds);
    return 0;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int live(pcn_subscription *subscription, int64_t seconds)
{
    int64_t *delays = calloc(SAMPLES_MAX, sizeof *delays);
    const pcn_event *event = NULL;
    size_t count = 0;
    int code = delays != NULL ? PCN_OK : PCN_FAILED;
    const int64_t begun_us = clock_steady_us(), end_us = begun_us + seconds * 1000000;
    while ((code == PCN_OK || code == PCN_TIMEOUT) && count < SAMPLES_MAX && clock_steady_us() < end_us) {
        int64_t decided_us;
        code = pcn_next(subscription, 100, &event);
        if (code == PCN_OK && instant_parse(event->time, &decided_us))
            delays[count++] = clock_wall_us() - decided_us;
    }
    const double took = (double)(clock_steady_us() - begun_us) / 1e6;
    if ((code != PCN_OK && code != PCN_TIMEOUT) || count == 0) {
        free(delays);
        return fail(subscription, code);
    }
    qsort(delays, count, sizeof *delays, by_size);
    printf("{\"events\":%zu,\"rate\":%.0f,\"p50Us\":%lld,\"p99Us\":%lld,\"maxUs\":%lld}\n", count, (double)count / took,
           (long long)delays[count / 2], (long long)delays[count * 99 / 100], (long long)delays[count - 1]);
    free(delays);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 6 || (strcmp(argv[1], "catch-up") != 0 && strcmp(argv[1], "live") != 0)) {
        fprintf(stderr, "usage: bench_events catch-up|live RPC PUB KEYS_DIR NAME [SECONDS]\n");
        return 2;
    }
    const bool lives = strcmp(argv[1], "live") == 0;
    const pcn_options options = {.service = "registry",
                                 .rpc = argv[2],
                                 .pub = argv[3],
                                 .keys_dir = argv[4],
                                 .name = argv[5],
                                 .start = lives ? PCN_START_END : PCN_START_BEGINNING};
    pcn_subscription *subscription = NULL;
    const int code = pcn_subscribe(&options, &subscription);
    const int result = code != PCN_OK ? fail(subscription, code)
                       : lives        ? live(subscription, argc > 6 ? strtoll(argv[6], NULL, 10) : 5)
                                      : catch_up(subscription);
    pcn_close(subscription);
    return result;
}
