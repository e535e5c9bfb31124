// A batch takes what fits, and remembers where it stands also behind what does not matter.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/service/follower_batch.h"

#define TIME_US 1764118800000000

static Pcn__Events__V1__Event event_at(int64_t sequence, const char *type, char *data)
{
    Pcn__Events__V1__Event event = PCN__EVENTS__V1__EVENT__INIT;
    event.has_sequence = 1;
    event.sequence = sequence;
    event.type = (char *)(uintptr_t)type;
    event.subject = (char *)"things/a";
    event.time = (char *)"2025-11-26T01:00:00.000000Z";
    event.data = data;
    return event;
}

static int setup(void **state)
{
    follower_batch_t *batch = calloc(1, sizeof *batch);
    assert_true(batch != NULL && follower_batch_init(batch));
    *state = batch;
    return 0;
}

static int teardown(void **state)
{
    follower_batch_deinit(*state);
    free(*state);
    return 0;
}

static void test_copies(void **state)
{
    follower_batch_t *batch = *state;
    char data[] = "{\"version\":1}";
    Pcn__Events__V1__Event event = event_at(7, "pcn.x.thing.made", data);
    assert_false(follower_batch_any(batch));
    assert_true(follower_batch_add(batch, &event, NULL));
    memset(data, 'x', sizeof data - 1); // the tail's memory is used again
    assert_string_equal(batch->data[0], "{\"version\":1}");
    assert_string_equal(batch->subjects[0], "things/a");
    assert_string_equal(batch->types[0], "pcn.x.thing.made");
    assert_int_equal(batch->sequences[0], 7);
    assert_int_equal(batch->last, 7);
    assert_int_equal(batch->first_us, TIME_US);
    assert_true(follower_batch_any(batch));
    follower_batch_clear(batch);
    assert_false(follower_batch_any(batch));
    assert_int_equal(batch->first_us, 0);
}

static void test_passes_over(void **state)
{
    follower_batch_t *batch = *state;
    Pcn__Events__V1__Event other = event_at(3, "pcn.x.other.made", (char *)"{}"), untyped = event_at(4, NULL, (char *)"{}");
    assert_true(follower_batch_add(batch, &other, "pcn.x.thing."));
    assert_true(follower_batch_add(batch, &untyped, "pcn.x.thing."));
    assert_int_equal(batch->count, 0);
    assert_int_equal(batch->last, 4);
    assert_true(follower_batch_any(batch));
    Pcn__Events__V1__Event thing = event_at(5, "pcn.x.thing.made", (char *)"{}");
    assert_true(follower_batch_add(batch, &thing, "pcn.x.thing."));
    assert_true(follower_batch_add(batch, &(Pcn__Events__V1__Event){.type = (char *)"pcn.x.other.made", .sequence = 6}, "pcn.x.thing."));
    assert_int_equal(batch->count, 1);
    assert_int_equal(batch->last, 6);
}

// What a peer leaves out is no crash: the database refuses it later.
static void test_empty_event(void **state)
{
    follower_batch_t *batch = *state;
    Pcn__Events__V1__Event empty = PCN__EVENTS__V1__EVENT__INIT;
    assert_true(follower_batch_add(batch, &empty, NULL));
    assert_string_equal(batch->data[0], "");
    assert_string_equal(batch->subjects[0], "");
    assert_int_equal(batch->first_us, 0);
}

static void test_full_by_number(void **state)
{
    follower_batch_t *batch = *state;
    Pcn__Events__V1__Event event = event_at(1, "t", (char *)"{}");
    for (int i = 0; i < FOLLOWER_BATCH_EVENTS; i++, event.sequence++)
        assert_true(follower_batch_add(batch, &event, NULL));
    assert_false(follower_batch_add(batch, &event, NULL));
    assert_int_equal(batch->last, FOLLOWER_BATCH_EVENTS);
    assert_int_equal(batch->count, FOLLOWER_BATCH_EVENTS);
    // What does not matter has room still.
    assert_true(follower_batch_add(batch, &event, "u"));
}

static void test_full_by_bytes(void **state)
{
    follower_batch_t *batch = *state;
    const size_t size = FOLLOWER_BATCH_BYTES - 1;
    char *data = calloc(1, 1024 * 1024 + 1);
    assert_non_null(data);
    memset(data, 'x', size);
    Pcn__Events__V1__Event event = event_at(1, "t", data), small = event_at(2, "t", (char *)"{}");
    assert_true(follower_batch_add(batch, &event, NULL));
    assert_false(follower_batch_add(batch, &small, NULL));
    assert_int_equal(batch->last, 1);
    // The largest event of all goes by itself.
    follower_batch_clear(batch);
    memset(data, 'x', 1024 * 1024);
    assert_true(follower_batch_add(batch, &event, NULL));
    assert_false(follower_batch_add(batch, &small, NULL));
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_copies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_passes_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_event, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_by_number, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_by_bytes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
