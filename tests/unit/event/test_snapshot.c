#include "tests/unit/event/reader.h"

typedef struct taker {
    reader_t reader;
    event_snapshot_t *snapshot;
    unsigned begins, pages, events, done, refused;
    unsigned refuse_every;
    event_place_t place;
    int64_t seen[FAKE_SUBJECTS];
} taker_t;

#define UNTIL(condition) assert_true(READER_UNTIL(&taker.reader, condition))

static void begin(void *data, const event_place_t *place)
{
    taker_t *taker = data;
    taker->begins++;
    taker->place = *place;
    taker->events = 0;
    memset(taker->seen, 0, sizeof taker->seen);
}

static bool page(void *data, Pcn__Events__V1__Event *const *events, size_t count)
{
    taker_t *taker = data;
    taker->pages++;
    if (taker->refuse_every > 0 && taker->pages % taker->refuse_every == 0) {
        taker->refused++;
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(fake_event_is(events[i], events[i]->sequence));
        assert_true(events[i]->sequence <= taker->place.sequence);
        assert_true(events[i]->sequence > taker->place.sequence - FAKE_SUBJECTS); // the newest of its subject
        assert_int_equal(taker->seen[events[i]->sequence % FAKE_SUBJECTS], 0);
        taker->seen[events[i]->sequence % FAKE_SUBJECTS] = events[i]->sequence;
        taker->events++;
    }
    return true;
}

static void done(void *data, const event_place_t *place)
{
    taker_t *taker = data;
    taker->done++;
    assert_int_equal(place->sequence, taker->place.sequence);
    assert_string_equal(place->epoch, taker->place.epoch);
}

static void taker_init(taker_t *taker)
{
    memset(taker, 0, sizeof *taker);
    reader_init(&taker->reader);
}

static void taker_start(taker_t *taker)
{
    problem_t problem;
    event_snapshot_options_t options = {
        .service = "registry", .client = taker->reader.client, .begin = begin, .page = page, .done = done, .data = taker};
    assert_int_equal(event_snapshot_new(&taker->reader.loop, &options, &taker->snapshot, &problem), STATUS_OK);
}

static void taker_deinit(taker_t *taker)
{
    event_snapshot_destroy(&taker->snapshot);
    assert_null(taker->snapshot);
    reader_deinit(&taker->reader);
}

static void reads_all_of_it(void **state)
{
    (void)state;
    taker_t taker;
    taker_init(&taker);
    taker.reader.log.head = 12345;
    taker.reader.log.faults.page_max = 10;
    taker_start(&taker);
    UNTIL(taker.begins == 1);
    taker.reader.log.head += 1000; // of one place all the same
    UNTIL(taker.done == 1);
    assert_int_equal(taker.begins, 1);
    assert_int_equal(taker.place.sequence, 12345);
    assert_string_equal(taker.place.epoch, taker.reader.log.epoch);
    assert_int_equal(taker.events, FAKE_SUBJECTS);
    assert_int_equal(taker.pages, 10);
    taker_deinit(&taker);
}

static void reads_an_empty_one(void **state)
{
    (void)state;
    taker_t taker;
    taker_init(&taker);
    taker_start(&taker);
    UNTIL(taker.done == 1);
    assert_int_equal(taker.begins, 1);
    assert_int_equal(taker.pages, 0);
    assert_int_equal(taker.place.sequence, 0);
    taker_deinit(&taker);
}

static void begins_anew_where_its_place_is_pruned(void **state)
{
    (void)state;
    taker_t taker;
    taker_init(&taker);
    taker.reader.log.head = 1000;
    taker.reader.log.faults.page_max = 30;
    taker.reader.log.prune_on_page = 2;
    taker_start(&taker);
    UNTIL(taker.done == 1);
    assert_int_equal(taker.begins, 3);
    assert_int_equal(taker.events, FAKE_SUBJECTS);
    assert_int_equal(taker.place.sequence, 1002);
    taker_deinit(&taker);
}

static void gives_a_page_again(void **state)
{
    (void)state;
    taker_t taker;
    taker_init(&taker);
    taker.reader.log.head = 1000;
    taker.reader.log.faults.page_max = 10;
    taker.refuse_every = 3;
    taker_start(&taker);
    UNTIL(taker.refused == 1);
    unsigned snapshots = taker.reader.log.snapshots;
    reader_wait(&taker.reader, 100);
    assert_int_equal(taker.reader.log.snapshots, snapshots); // it waits
    assert_int_equal(taker.pages, 3);
    while (taker.done == 0) {
        event_snapshot_resume(taker.snapshot);
        reader_wait(&taker.reader, 5);
    }
    assert_int_equal(taker.events, FAKE_SUBJECTS);
    assert_int_equal(taker.begins, 1);
    taker_deinit(&taker);
}

static void asks_for_ever(void **state)
{
    (void)state;
    taker_t taker;
    taker_init(&taker);
    taker.reader.log.head = 1000;
    taker.reader.log.refuse = STATUS_UNAVAILABLE;
    taker.reader.log.faults.page_max = 10;
    taker_start(&taker);
    reader_wait(&taker.reader, 500);
    assert_int_equal(taker.begins, 0);
    taker.reader.log.refuse = STATUS_OK;
    taker.reader.log.faults.fail = 300;
    UNTIL(taker.begins == 1);
    fake_log_stop(&taker.reader.log);
    reader_wait(&taker.reader, 100);
    fake_log_start(&taker.reader.log);
    UNTIL(taker.done == 1);
    assert_int_equal(taker.events, FAKE_SUBJECTS);
    taker_deinit(&taker);
}

static void may_be_destroyed_on_the_way(void **state)
{
    (void)state;
    taker_t taker;
    taker_init(&taker);
    taker.reader.log.head = 1000;
    taker.reader.log.faults.page_max = 10;
    taker_start(&taker);
    UNTIL(taker.pages == 2);
    event_snapshot_destroy(&taker.snapshot);
    reader_wait(&taker.reader, 50);
    assert_int_equal(taker.pages, 2);
    taker_start(&taker);
    taker_deinit(&taker); // while the first page is asked for
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all_of_it),    cmocka_unit_test(reads_an_empty_one), cmocka_unit_test(begins_anew_where_its_place_is_pruned),
        cmocka_unit_test(gives_a_page_again), cmocka_unit_test(asks_for_ever),      cmocka_unit_test(may_be_destroyed_on_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
