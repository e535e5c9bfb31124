#include "common/event/tail_state.h"
#include "tests/unit/event/reader.h"

#define UNTIL(condition) assert_true(READER_UNTIL(&reader, condition))

// Beats until the condition holds: what is found out then the heartbeat told, since silence was never long enough to.
#define BEAT_UNTIL(condition)                                                                                                              \
    do {                                                                                                                                   \
        for (unsigned tries = 0; !(condition) && tries < READER_HANG_MS / READER_TRY_MS; tries++) {                                        \
            fake_log_heartbeat(&reader.log);                                                                                               \
            reader_wait(&reader, READER_TRY_MS);                                                                                           \
        }                                                                                                                                  \
        assert_true(condition);                                                                                                            \
    } while (0)

// Until what is published arrives, and is believed.
#define HEARS()                                                                                                                            \
    do {                                                                                                                                   \
        const counter_t *messages = metrics_counter(reader.metrics, "pcn_rpc_subscriber_messages_total", NULL, "");                        \
        BEAT_UNTIL(messages->value > 0);                                                                                                   \
        UNTIL(reader.tail->confirmed == reader.tail->doubt);                                                                               \
    } while (0)

static void reads_from_the_beginning_and_goes_on(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.head = 25000; // nobody heard these
    reader_follow(&reader, 0, "");
    UNTIL(reader.last == 25000);
    assert_int_equal(reader.first, 1);
    assert_true(reader.log.reads >= 25 && reader.log.reads <= 30); // thousand a page, and a few looks
    for (int i = 0; i < 200; i++) {
        fake_log_append(&reader.log, 10);
        reader_wait(&reader, 1);
    }
    UNTIL(reader.last == 27000);
    assert_int_equal(reader.wrong, 0);
    assert_int_equal(event_tail_place(reader.tail)->sequence, 27000);
    assert_string_equal(event_tail_place(reader.tail)->epoch, reader.log.epoch);
    reader_wait(&reader, 1);
    assert_int_equal(reader.place.sequence, 27000);
    assert_int_equal(reader.told_latest, 27000);
    assert_int_equal(metrics_gauge(reader.metrics, "pcn_tail_sequence", "source=\"registry\"", "")->value, 27000);
    assert_int_equal(metrics_gauge(reader.metrics, "pcn_tail_latest", "source=\"registry\"", "")->value, 27000);
    assert_int_equal(reader_count(&reader, "pcn_tail_bad_events_total"), 0);
    reader_deinit(&reader);
}

static void hears_without_reading(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader_follow(&reader, 0, "");
    UNTIL(reader.place.epoch[0] != '\0' && reader.progresses > 0);
    HEARS();
    unsigned reads = reader.log.reads;
    for (int i = 0; i < 100; i++) {
        fake_log_append(&reader.log, 10);
        reader_wait(&reader, 1);
    }
    UNTIL(reader.last == 1000);
    assert_int_equal(reader.log.reads, reads); // all of them were published
    assert_int_equal(reader_count(&reader, "pcn_tail_gaps_total"), 0);
    reader_deinit(&reader);
}

static void begins_at_the_end(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.head = 5000;
    reader.log.pruned = 4000; // no page of the log could tell
    reader_follow(&reader, EVENT_PLACE_END, "");
    UNTIL(reader.place.sequence == 5000);
    assert_int_equal(reader.first, 0);
    fake_log_append(&reader.log, 3);
    UNTIL(reader.last == 5003);
    assert_int_equal(reader.first, 5001);
    assert_int_equal(reader.wrong, 0);
    reader_deinit(&reader);
}

static void begins_in_the_middle(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.head = 5000;
    reader_follow(&reader, 4321, reader.log.epoch);
    UNTIL(reader.last == 5000);
    assert_int_equal(reader.first, 4322);
    assert_int_equal(reader.wrong, 0);
    reader_deinit(&reader);
}

static void notices_what_was_dropped(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader_follow(&reader, 0, "");
    UNTIL(reader.progresses > 0);
    HEARS();
    fake_log_append(&reader.log, 5);
    UNTIL(reader.last == 5);
    reader.log.head += 7; // dropped
    fake_log_append(&reader.log, 1);
    UNTIL(reader.last == 13);
    assert_int_equal(reader_count(&reader, "pcn_tail_gaps_total"), 1);
    reader.log.head += 2; // the last ones: only a heartbeat tells
    BEAT_UNTIL(reader.last == 15);
    reader.log.head += 2; // and without one, silence
    assert_true(READER_UNTIL(&reader, reader.last == 17));
    assert_int_equal(reader.wrong, 0);
    reader_deinit(&reader);
}

static void outlives_restarts(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader_follow(&reader, 0, "");
    for (int i = 0; i < 3; i++) {
        fake_log_append(&reader.log, 100);
        UNTIL(reader.last == reader.log.head);
        fake_log_stop(&reader.log);
        reader_wait(&reader, 200);
        reader.log.head += 1500; // written by another replica
        fake_log_start(&reader.log);
        UNTIL(reader.last == reader.log.head);
    }
    assert_int_equal(reader.wrong, 0);
    assert_int_equal(reader.gone, 0);
    reader_deinit(&reader);
}

static void takes_no_more_than_the_owner(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.head = 100000;
    reader.pause_at = 500;
    reader_follow(&reader, 0, "");
    UNTIL(reader.last == 499);
    unsigned reads;
    do { // what was asked for is there, too
        reads = reader.log.reads;
        reader_wait(&reader, 300);
    } while (reader.log.reads != reads);
    fake_log_append(&reader.log, 20000); // nothing of it is held beyond the buffer
    reader_wait(&reader, 300);
    assert_int_equal(reader.last, 499);
    assert_true(reads <= 4);
    assert_int_equal(reader.log.reads, reads); // and nothing is read ahead of it for ever
    unsigned offered = reader.offered;
    reader_wait(&reader, 100);
    assert_int_equal(reader.offered, offered); // nobody asked again
    reader.pause_at = 0;
    event_tail_resume(reader.tail);
    UNTIL(reader.last == 120000);
    assert_int_equal(reader.wrong, 0);
    reader_deinit(&reader);
}

static void gives_what_was_refused_again(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.head = 3000;
    reader.refuse_every = 7;
    reader_follow(&reader, 0, "");
    while (reader.last < 3500) {
        assert_true(reader.log.head < 3500 || !reader.late);
        if (reader.log.head < 3500) {
            fake_log_append(&reader.log, 1);
        }
        reader.late = false;
        (void)uv_run(&reader.loop, UV_RUN_NOWAIT);
        event_tail_resume(reader.tail);
    }
    assert_int_equal(reader.wrong, 0);
    assert_int_equal(reader.first, 1);
    reader_deinit(&reader);
}

static void tells_what_is_gone(void **state)
{
    (void)state;
    reader_t reader;
    struct {
        int64_t after, head, pruned;
        const char *epoch;
    } cases[] = {{10, 100, 50, ""}, {101, 100, 0, ""}, {INT64_MAX, 100, 0, ""}, {50, 100, 0, "another"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reader_init(&reader);
        reader.log.head = cases[i].head;
        reader.log.pruned = cases[i].pruned;
        reader_follow(&reader, cases[i].after, cases[i].epoch);
        UNTIL(reader.gone > 0);
        fake_log_append(&reader.log, 10);
        reader_wait(&reader, 50);
        assert_int_equal(reader.gone, 1);
        assert_int_equal(reader.problem.status, STATUS_OUT_OF_RANGE);
        assert_int_equal(reader.offered, 0);
        reader_deinit(&reader);
    }
}

// The log is restored from a copy: shorter, with another epoch, and its numbers are used again.
static void notices_another_epoch(void **state)
{
    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        reader_t reader;
        reader_init(&reader);
        reader_follow(&reader, 0, "");
        UNTIL(reader.progresses > 0);
        HEARS();
        fake_log_append(&reader.log, 1000);
        UNTIL(reader.last == 1000);
        if (restart) {
            fake_log_stop(&reader.log);
        }
        (void)strcpy(reader.log.epoch, "0190b2a0-1111-7000-8000-000000000002");
        reader.log.head = restart ? 1000 : 500; // the next one fits by its number, or lies behind
        if (restart) {
            fake_log_start(&reader.log);
            reader_wait(&reader, 300);
        }
        fake_log_append(&reader.log, 10);
        UNTIL(reader.gone > 0);
        assert_int_equal(reader.last, 1000);
        assert_int_equal(reader.problem.status, STATUS_OUT_OF_RANGE);
        reader_deinit(&reader);
    }
}

static void hears_of_another_epoch(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.head = 10;
    reader_follow(&reader, 0, "");
    UNTIL(reader.last == 10);
    HEARS();
    (void)strcpy(reader.log.epoch, "0190b2a0-1111-7000-8000-000000000002");
    BEAT_UNTIL(reader.gone == 1);
    reader_deinit(&reader);
}

static void asks_for_ever(void **state)
{
    (void)state;
    const status_t refusals[] = {STATUS_UNAVAILABLE, STATUS_INTERNAL, STATUS_RESOURCE_EXHAUSTED};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        reader_t reader;
        reader_init(&reader);
        reader.log.head = 10;
        reader.log.refuse = refusals[i];
        reader_follow(&reader, 0, "");
        reader_wait(&reader, 700);
        assert_int_equal(reader.last, 0);
        reader.log.refuse = STATUS_OK;
        UNTIL(reader.last == 10);
        assert_int_equal(reader.gone, 0);
        reader_deinit(&reader);
    }
}

static void a_refusal_is_not_hammered(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.refuse = STATUS_PERMISSION_DENIED;
    reader_follow(&reader, 0, "");
    const counter_t *refused =
        metrics_counter(reader.metrics, "pcn_rpc_requests_total", "method=\"pcn.events.v1.Events/Read\",status=\"PERMISSION_DENIED\"", "");
    UNTIL(refused->value > 0);
    reader_wait(&reader, 2000);
    assert_in_range(refused->value, 1, 3);
    assert_int_equal(reader.gone, 0);
    reader_deinit(&reader);
}

static void believes_no_rubbish(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader_follow(&reader, 0, "");
    UNTIL(reader.progresses > 0);
    HEARS();
    fake_log_append(&reader.log, 5);
    UNTIL(reader.last == 5);
    Pcn__Events__V1__Event event;
    fake_texts_t texts;
    for (int kind = 0; kind < 9; kind++) {
        uint8_t bytes[1024];
        fake_event_init(&event, &texts, 6, 0);
        event.source = kind == 0 ? (char *)(uintptr_t) "/pcn/finance" : event.source;
        event.has_sequence = kind != 1;
        event.sequence = kind == 2 ? 0 : kind == 3 ? -7 : kind == 8 ? INT64_MAX : event.sequence;
        event.id = kind == 4 ? NULL : event.id;
        event.data = kind == 5 ? NULL : event.data;
        event.subject = kind == 6 ? (char *)(uintptr_t) "" : event.subject;
        event.type = kind == 7 ? (char *)(uintptr_t) "\xff\xfe" : event.type;
        size_t size = protobuf_c_message_pack(&event.base, bytes);
        rpc_publish(reader.log.publisher, "pcn.registry.organisation.updated/x", bytes, size);
        fake_event_deinit(&texts);
    }
    rpc_publish(reader.log.publisher, "pcn.registry.heartbeat", "\xff\xff\xff", 3);
    UNTIL(reader_count(&reader, "pcn_tail_bad_events_total") == 10);
    // One that is whole but was never in the log is not given and not waited for.
    fake_log_publish(&reader.log, 1000000);
    reader_wait(&reader, 200);
    fake_log_append(&reader.log, 5);
    UNTIL(reader.last == 10);
    reader_wait(&reader, 2500);
    assert_int_equal(reader.last, 10);
    assert_int_equal(reader.wrong, 0);
    assert_int_equal(reader.gone, 0);
    reader_deinit(&reader);
}

// An event of the log that is not whole is not passed over in silence: what stands before it is given, and no more.
static void stops_before_a_broken_event(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.head = 100;
    reader.log.broken = 51;
    reader_follow(&reader, 0, "");
    UNTIL(reader.last == 50);
    reader_wait(&reader, 1000);
    assert_int_equal(reader.last, 50);
    assert_true(reader.log.reads < 12); // and asks less and less often
    reader.log.broken = 0;              // somebody mended it
    UNTIL(reader.last == 100);
    assert_int_equal(reader.wrong, 0);
    reader_deinit(&reader);
}

static void pages_are_ended_by_size(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.head = 3000;
    reader.log.data_size = 5000; // a hundred fit a page
    reader_follow(&reader, 0, "");
    UNTIL(reader.last == 3000);
    assert_int_equal(reader.wrong, 0);
    assert_true(reader.log.reads < 60); // the size was learnt: hardly anything was read twice
    reader_deinit(&reader);
}

static bool destroy_at_ten(void *data, const Pcn__Events__V1__Event *event)
{
    reader_t *reader = data;
    reader->last = event->sequence;
    if (event->sequence == 10) {
        event_tail_destroy(&reader->tail);
    }
    return true;
}

static void may_be_destroyed_from_an_event(void **state)
{
    (void)state;
    reader_t reader;
    reader_init(&reader);
    reader.log.head = 5000;
    problem_t problem;
    const char *endpoints[] = {reader.log.pub, NULL};
    event_tail_options_t options = {.service = "registry",
                                    .context = reader.context,
                                    .client = reader.client,
                                    .pub_endpoints = endpoints,
                                    .server_key = reader.log.key,
                                    .event = destroy_at_ten,
                                    .gone = reader_gone,
                                    .data = &reader};
    assert_int_equal(event_tail_new(&options, reader.metrics, &reader.tail, &problem), STATUS_OK);
    UNTIL(reader.tail == NULL);
    reader_wait(&reader, 50);
    assert_int_equal(reader.last, 10);
    reader_deinit(&reader);
}

// Random faults of every kind together: every event once, in order.
static void loses_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        reader_t reader;
        reader_init(&reader);
        reader.log.seed = seed * UINT64_C(0x9E3779B97F4A7C15);
        reader.log.faults = (fake_faults_t){.drop = 20, .swap = 20, .twice = 20, .rubbish = 20, .fail = 100, .silent = 2, .page_max = 300};
        reader.refuse_every = 50;
        fake_log_beats(&reader.log, true);
        reader.log.head = fake_log_random(&reader.log, 3000);
        reader_follow(&reader, 0, "");
        for (int step = 0; step < 150; step++) {
            if (fake_log_random(&reader.log, 100) == 0) {
                fake_log_stop(&reader.log);
                reader_wait(&reader, fake_log_random(&reader.log, 100));
                fake_log_start(&reader.log);
            }
            fake_log_append(&reader.log, fake_log_random(&reader.log, 50));
            if (fake_log_random(&reader.log, 50) == 0) {
                reader.log.head += fake_log_random(&reader.log, 2000);
            }
            reader_wait(&reader, fake_log_random(&reader.log, 4));
            event_tail_resume(reader.tail);
        }
        // Faults end at last: otherwise a call that is not answered could be followed by another, 5 s each.
        reader.log.faults = (fake_faults_t){.page_max = 300};
        reader.refuse_every = 0;
        event_tail_resume(reader.tail);
        UNTIL(reader.last == reader.log.head);
        assert_int_equal(reader.first, 1);
        assert_int_equal(reader.wrong, 0);
        assert_int_equal(reader.gone, 0);
        reader_deinit(&reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_from_the_beginning_and_goes_on),
        cmocka_unit_test(hears_without_reading),
        cmocka_unit_test(begins_at_the_end),
        cmocka_unit_test(begins_in_the_middle),
        cmocka_unit_test(notices_what_was_dropped),
        cmocka_unit_test(outlives_restarts),
        cmocka_unit_test(takes_no_more_than_the_owner),
        cmocka_unit_test(gives_what_was_refused_again),
        cmocka_unit_test(tells_what_is_gone),
        cmocka_unit_test(notices_another_epoch),
        cmocka_unit_test(hears_of_another_epoch),
        cmocka_unit_test(asks_for_ever),
        cmocka_unit_test(a_refusal_is_not_hammered),
        cmocka_unit_test(believes_no_rubbish),
        cmocka_unit_test(stops_before_a_broken_event),
        cmocka_unit_test(pages_are_ended_by_size),
        cmocka_unit_test(may_be_destroyed_from_an_event),
        cmocka_unit_test(loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
