// Bad requests by the ten thousand, bodies without end and a thousand slow connections: refused or closed, and nobody else notices.
// Fault cases 20, 21 and 22.
#include "tests/integration/abuse/flood.h"
#include "tests/integration/abuse/vitals.h"

#include "common/base/clock.h"

#define SEED 20261126
#define REQUESTS 10000
#define WARM_UP 1000
#define AT_ONCE_US 1000000

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

static void test_logs(void **state)
{
    const rig_t *rig = *state;
    vitals_check_logs(rig, (const char *const[]){rig->manager, MALFORMED_CODE, NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bad_requests), cmocka_unit_test(test_logs)};
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
