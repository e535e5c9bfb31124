#include "common/client/batch.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

static Pcn__Events__V1__Event make(int64_t sequence, const char *data)
{
    Pcn__Events__V1__Event event = PCN__EVENTS__V1__EVENT__INIT;
    event.id = event.source = event.type = event.subject = (char *)(uintptr_t) "x";
    event.has_sequence = 1;
    event.sequence = sequence;
    event.data = (char *)(uintptr_t)data;
    return event;
}

static bool add(client_batch_t *batch, int64_t sequence)
{
    Pcn__Events__V1__Event event = make(sequence, "{\"version\":3}");
    return client_batch_add(batch, &event, false);
}

static void gives_what_it_took(void **state)
{
    (void)state;
    client_batch_t *batch = malloc(sizeof *batch);
    assert_true(client_batch_init(batch));
    assert_null(client_batch_take(batch));
    char data[] = "{\"version\":42}";
    Pcn__Events__V1__Event event = make(7, data);
    assert_true(client_batch_add(batch, &event, true));
    memset(data, 'x', sizeof data - 1); // its memory was another's
    assert_int_equal(client_batch_left(batch), 1);
    const pcn_event *taken = client_batch_take(batch);
    assert_non_null(taken);
    assert_int_equal(taken->sequence, 7);
    assert_int_equal(taken->version, 42);
    assert_string_equal(taken->data, "{\"version\":42}");
    assert_int_equal(taken->data_size, strlen(taken->data));
    assert_string_equal(taken->time, ""); // absent, but never NULL
    assert_null(taken->traceparent);
    assert_true(taken->from_snapshot != 0);
    assert_null(client_batch_take(batch));
    client_batch_deinit(batch);
    free(batch);
}

static void keeps_one_over_a_renewal(void **state)
{
    (void)state;
    client_batch_t *batch = malloc(sizeof *batch);
    assert_true(client_batch_init(batch));
    int64_t next = 1;
    int64_t taken = 0;
    for (int round = 0; round < 50; round++) {
        assert_true(client_batch_renew(batch));
        for (int i = 0; i < 20; i++) {
            assert_true(add(batch, next++));
        }
        while (client_batch_left(batch) > 1) {
            const pcn_event *event = client_batch_take(batch);
            assert_int_equal(event->sequence, taken + 1);
            assert_string_equal(event->data, "{\"version\":3}");
            taken++;
        }
    }
    assert_true(arena_used(batch->arena) < 65536); // what was given is gone
    assert_true(add(batch, next));
    client_batch_cut(batch, 1);
    assert_int_equal(client_batch_take(batch)->sequence, taken + 1);
    assert_null(client_batch_take(batch));
    client_batch_deinit(batch);
    free(batch);
}

static void is_bounded(void **state)
{
    (void)state;
    client_batch_t *batch = malloc(sizeof *batch);
    assert_true(client_batch_init(batch));
    int64_t count = 0;
    while (!client_batch_full(batch)) {
        assert_true(add(batch, ++count));
    }
    assert_int_equal(count, CLIENT_BATCH_EVENTS);
    assert_true(add(batch, ++count)); // the one that was kept has its own room
    assert_false(add(batch, ++count));
    client_batch_deinit(batch);
    assert_true(client_batch_init(batch));
    char *large = calloc(1, 300001);
    memset(large, 'x', 300000);
    for (count = 0; !client_batch_full(batch); count++) {
        Pcn__Events__V1__Event event = make(count, large);
        assert_true(client_batch_add(batch, &event, false));
    }
    assert_int_equal(count, 4); // by their size
    free(large);
    client_batch_deinit(batch);
    free(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gives_what_it_took), cmocka_unit_test(keeps_one_over_a_renewal),
                                       cmocka_unit_test(is_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
