#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/gateway/stream_ring.h"

static stream_entry_t *entry_of(int64_t sequence, size_t size)
{
    Pcn__Events__V1__Event event = PCN__EVENTS__V1__EVENT__INIT;
    char *data = malloc(size + 3);
    buf_t scratch;
    memset(data, 'x', size + 2);
    data[0] = data[size + 1] = '"';
    data[size + 2] = '\0';
    event.type = (char *)"pcn.registry.thing.made";
    event.has_sequence = 1;
    event.sequence = sequence;
    event.data = data;
    buf_init(&scratch, 1 << 20);
    stream_entry_t *entry = stream_entry_new(&event, &scratch);
    assert_non_null(entry);
    buf_deinit(&scratch);
    free(data);
    return entry;
}

static void assert_kept(const stream_ring_t *ring, int64_t first, int64_t last)
{
    assert_int_equal(stream_ring_after(ring), first - 1);
    assert_int_equal(ring->place, last);
    assert_null(stream_ring_at(ring, first - 1));
    assert_null(stream_ring_at(ring, last + 1));
    for (int64_t at = first; at <= last; at++)
        assert_int_equal(stream_ring_at(ring, at)->sequence, at);
}

static void text_of_an_event(void **state)
{
    Pcn__Events__V1__Event event = PCN__EVENTS__V1__EVENT__INIT;
    buf_t scratch;
    (void)state;
    event.specversion = (char *)"1.0";
    event.type = (char *)"pcn.registry.thing.made";
    event.data = (char *)"{\n \"name\":\r\n\"a\\nb\"}";
    buf_init(&scratch, 1 << 20);
    stream_entry_t *entry = stream_entry_new(&event, &scratch);
    buf_deinit(&scratch);
    char text[256];
    snprintf(text, sizeof(text), "%.*s", (int)entry->size, entry->bytes);
    // The data's line ends are blanks, and one line is all.
    assert_string_equal(text, "data: {\"specversion\":\"1.0\",\"type\":\"pcn.registry.thing.made\",\"data\":{  \"name\":  \"a\\nb\"}}\n\n");
    assert_true(stream_entry_matches(entry, NULL));
    assert_true(stream_entry_matches(entry, ""));
    assert_true(stream_entry_matches(entry, "pcn.registry.thing"));
    assert_false(stream_entry_matches(entry, "pcn.registry.thing.made.twice"));
    assert_false(stream_entry_matches(entry, "PCN"));
    stream_entry_release(&entry);
    assert_null(entry);
    // More than the buffer may hold is no event.
    buf_init(&scratch, 16);
    assert_null(stream_entry_new(&event, &scratch));
    buf_deinit(&scratch);
}

static void the_oldest_goes(void **state)
{
    stream_ring_t ring;
    (void)state;
    assert_true(stream_ring_init(&ring, 4, 1 << 20));
    stream_ring_reset(&ring, 100);
    assert_int_equal(stream_ring_after(&ring), 100);
    for (int64_t at = 101; at <= 103; at++)
        stream_ring_push(&ring, entry_of(at, 10));
    assert_kept(&ring, 101, 103);
    stream_entry_t *held = stream_entry_take(stream_ring_at(&ring, 101));
    for (int64_t at = 104; at <= 110; at++)
        stream_ring_push(&ring, entry_of(at, 10));
    assert_kept(&ring, 107, 110);
    // Who holds one has it still.
    assert_int_equal(held->sequence, 101);
    assert_int_equal(held->references, 1);
    stream_entry_release(&held);
    stream_ring_push(&ring, entry_of(109, 10)); // known
    assert_kept(&ring, 107, 110);
    stream_ring_push(&ring, entry_of(120, 10)); // a new beginning
    assert_kept(&ring, 120, 120);
    stream_ring_deinit(&ring);
}

static void bytes_are_bounded(void **state)
{
    stream_ring_t ring;
    (void)state;
    assert_true(stream_ring_init(&ring, 100, 4000));
    for (int64_t at = 1; at <= 50; at++) {
        stream_ring_push(&ring, entry_of(at, 900));
        assert_true(ring.bytes <= 4000);
    }
    assert_kept(&ring, 47, 50);
    stream_ring_push(&ring, entry_of(51, 5000)); // larger than all may be together
    assert_int_equal(ring.count, 0);
    assert_int_equal(ring.place, 51);
    assert_int_equal(stream_ring_after(&ring), 51);
    stream_ring_push(&ring, entry_of(52, 10));
    assert_kept(&ring, 52, 52);
    stream_ring_deinit(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(text_of_an_event), cmocka_unit_test(the_oldest_goes),
                                       cmocka_unit_test(bytes_are_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
