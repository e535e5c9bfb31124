// Case 17: a replay from 0, from the middle, from the end, from beyond it, from a pruned place and under an old epoch, over HTTP and over
// ZeroMQ: the events, nothing, or a refusal that names the snapshot.
#include "tests/integration/faults/peer.h"
#include "tests/integration/faults/stage.h"

enum { CLIENTS = 16, CHANGES = 600, PARTITION = 100, PRUNE_MS = 180000, PAGE = 1000, EVENTS_WAIT_MS = 120000 };

#define OLD_EPOCH "00000000-0000-4000-8000-000000000000"

typedef struct fixture {
    stage_t *stage;
    peer_t peer;
} fixture_t;

// As the tests of other cases, with a log that is kept for a day in partitions of a hundred places.
static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    assert_int_equal(setenv("PCN_REGISTRY_EVENT_PARTITION", "100", 1), 0);
    assert_int_equal(setenv("PCN_REGISTRY_EVENT_RETENTION_DAYS", "1", 1), 0);
    void *stage = NULL;
    *state = fixture;
    if (stage_start(&stage) != 0)
        return -1;
    fixture->stage = stage;
    mix_registry_t world;
    mix_registry_init(&world, "replay", 0);
    load_t *load = stage_load(fixture->stage, &world, mix_registry_all, CLIENTS, 0, NULL);
    assert_true(load_await(load, CHANGES, EVENTS_WAIT_MS));
    stage_load_stop(&load, "a log to replay");
    mix_registry_clear(&world);
    peer_open(&fixture->peer, &fixture->stage->platform, "replayer");
    return 0;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    void *stage = fixture->stage;
    if (fixture->peer.client != NULL)
        peer_close(&fixture->peer);
    free(fixture);
    return stage_stop(&stage);
}

// The whole log over ZeroMQ from a place on, as a digest of places and ids.
static uint64_t digest_over_zeromq(fixture_t *fixture, int64_t after, uint32_t limit, int64_t *place)
{
    uint64_t digest = 0;
    int64_t max = INT64_MAX;
    *place = after;
    while (*place < max) {
        peer_reply_t reply;
        if (peer_read(&fixture->peer, *place, limit, NULL, &reply) != STATUS_OK)
            fail_msg("%u events after %lld: %s", limit, (long long)*place, reply.problem.detail);
        const Pcn__Events__V1__ReadReply *page = reply.message;
        for (size_t i = 0; i < page->n_events; i++) {
            assert_int_equal(page->events[i]->sequence, ++*place);
            digest = replay_digest(digest, *place, page->events[i]->id);
        }
        assert_int_equal(page->next, *place);
        max = page->max;
        peer_reply_clear(&reply);
    }
    return digest;
}

// Any size of page gives the same log, over both ways.
static void test_from_zero(void **state)
{
    fixture_t *fixture = *state;
    replay_t first, other;
    (void)stage_replay(fixture->stage, &first, PAGE);
    if (first.gaps + first.doubles > 0)
        fail_msg("%s", first.first);
    const unsigned limits[] = {1, 2, 7, 99, 100, 101, 500, 999};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        int64_t place = 0;
        replay_init(&other, 0);
        if (!replay_read(&other, fixture->stage->platform.url, "registry", fixture->stage->manager, limits[i], 0))
            fail_msg("%s", other.first);
        assert_int_equal(other.gaps + other.doubles, 0);
        assert_int_equal(other.place, first.place);
        assert_true(other.digest == first.digest);
        replay_clear(&other);
        assert_true(digest_over_zeromq(fixture, 0, limits[i], &place) == first.digest);
        assert_int_equal(place, first.place);
    }
    replay_clear(&first);
}

static void test_from_the_middle(void **state)
{
    fixture_t *fixture = *state;
    replay_t all, rest;
    (void)stage_replay(fixture->stage, &all, PAGE);
    for (unsigned i = 0; i < 5; i++) {
        const int64_t after = 1 + (int64_t)load_draw(&fixture->stage->random, (uint64_t)all.place - 1);
        int64_t place = 0;
        uint64_t expected = 0;
        for (size_t k = 0; k < all.count; k++) {
            const replay_event_t *event = &all.events[k];
            // Ids stand in the table by the order in which they came: each event has one of its own.
            if (event->sequence > after)
                expected = replay_digest(expected, event->sequence, all.ids.texts[k]);
        }
        replay_init(&rest, after);
        assert_true(replay_read(&rest, fixture->stage->platform.url, "registry", fixture->stage->manager, PAGE, 0));
        assert_int_equal(rest.gaps + rest.doubles, 0);
        assert_int_equal(rest.count, (size_t)(all.place - after));
        assert_true(rest.digest == expected);
        replay_clear(&rest);
        assert_true(digest_over_zeromq(fixture, after, PAGE, &place) == expected);
    }
    replay_clear(&all);
}

// What a page from there has, over both ways: the refusal names the snapshot.
static void assert_gone(fixture_t *fixture, int64_t after, const char *epoch, const char *field)
{
    char path[160];
    peer_reply_t reply;
    snprintf(path, sizeof path, "/v1/events/registry?after=%lld%s%s", (long long)after, epoch != NULL ? "&epoch=" : "",
             epoch != NULL ? epoch : "");
    http_answer_t answer = stage_ask(fixture->stage, &(http_call_t){.path = path}, 410);
    assert_non_null(http_text(&answer, "detail"));
    if (strstr(http_text(&answer, "detail"), "/v1/events/registry/snapshot") == NULL)
        fail_msg("the way is not named: %s", answer.body);
    assert_non_null(http_text(&answer, "field"));
    assert_string_equal(http_text(&answer, "field"), field);
    http_answer_clear(&answer);
    assert_int_equal(peer_read(&fixture->peer, after, 10, epoch, &reply), STATUS_OUT_OF_RANGE);
    assert_non_null(strstr(reply.problem.detail, "snapshot"));
    peer_reply_clear(&reply);
}

static void test_from_the_end_and_beyond(void **state)
{
    fixture_t *fixture = *state;
    char path[96];
    const int64_t end = stage_mark(fixture->stage);
    snprintf(path, sizeof path, "/v1/events/registry?after=%lld", (long long)end);
    http_answer_t page = stage_ask(fixture->stage, &(http_call_t){.path = path}, 200);
    assert_int_equal(json_array_size(json_object_get(page.json, "events")), 0);
    assert_int_equal(json_integer_value(json_object_get(page.json, "next")), end);
    assert_int_equal(json_integer_value(json_object_get(page.json, "max")), end);
    http_answer_clear(&page);
    peer_reply_t reply;
    assert_int_equal(peer_read(&fixture->peer, end, 10, NULL, &reply), STATUS_OK);
    assert_int_equal(((Pcn__Events__V1__ReadReply *)reply.message)->n_events, 0);
    peer_reply_clear(&reply);
    assert_gone(fixture, end + 1, NULL, "after");
    assert_gone(fixture, INT64_MAX, NULL, "after");
}

static void test_under_an_old_epoch(void **state)
{
    fixture_t *fixture = *state;
    char path[160];
    assert_gone(fixture, 0, OLD_EPOCH, "epoch");
    assert_gone(fixture, 5, OLD_EPOCH, "epoch");
    http_answer_t page = stage_ask(fixture->stage, &(http_call_t){.path = "/v1/events/registry?limit=1"}, 200);
    snprintf(path, sizeof path, "/v1/events/registry?limit=1&epoch=%s", http_text(&page, "epoch"));
    http_answer_t same = stage_ask(fixture->stage, &(http_call_t){.path = path}, 200);
    http_answer_clear(&same);
    http_answer_clear(&page);
}

static void sql(fixture_t *fixture, const char *statement)
{
    char command[768];
    snprintf(command, sizeof command, "psql -X -q -v ON_ERROR_STOP=1 -h '%s/run' -U pcn_admin -d pcn -c \"%s\" >/dev/null",
             fixture->stage->platform.state_dir, statement);
    assert_int_equal(system(command), 0);
}

// Two days go by for the older part of the log.
static void test_from_a_pruned_place(void **state)
{
    fixture_t *fixture = *state;
    char command[320];
    int64_t pruned = 0;
    replay_t replay;
    sql(fixture, "UPDATE registry.event SET time = time - interval '2 days' WHERE sequence <= 400");
    snprintf(command, sizeof command, "'%s/bin/pcn-supervisor' restart '%s' registry", fixture->stage->platform.state_dir,
             fixture->stage->platform.state_dir);
    assert_int_equal(system(command), 0);
    stage_await_ready(fixture->stage);
    const long limit_ms = PRUNE_MS;
    for (long waited_ms = 0; pruned < 400 && waited_ms < limit_ms; waited_ms += 20) {
        http_answer_t page = stage_ask(fixture->stage, &(http_call_t){.path = "/v1/events/registry?after=700&limit=1"}, 200);
        pruned = json_integer_value(json_object_get(page.json, "pruned"));
        http_answer_clear(&page);
        // The relay looks by itself; from outside there is nothing to be woken by.
        if (pruned < 400)
            (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    assert_true(pruned >= 400 && pruned % PARTITION == 0);
    assert_gone(fixture, 0, NULL, "after");
    assert_gone(fixture, 1, NULL, "after");
    assert_gone(fixture, pruned - 1, NULL, "after");
    // What is kept goes on from exactly there.
    replay_init(&replay, pruned);
    if (!replay_read(&replay, fixture->stage->platform.url, "registry", fixture->stage->manager, PAGE, 0))
        fail_msg("%s", replay.first);
    assert_int_equal(replay.gaps + replay.doubles, 0);
    assert_int_equal(replay.events[0].sequence, pruned + 1);
    replay_clear(&replay);
}

// The log was rebuilt: places of before mean nothing, and a live subscriber is told.
static void test_after_a_new_epoch(void **state)
{
    fixture_t *fixture = *state;
    follower_t follower;
    const int64_t end = stage_mark(fixture->stage);
    http_answer_t page = stage_ask(fixture->stage, &(http_call_t){.path = "/v1/events/registry?after=700&limit=1"}, 200);
    assert_true(follower_start(&follower, &fixture->stage->platform, "registry", "follower-epoch", end - 1));
    assert_true(follower_await(&follower, end, EVENTS_WAIT_MS));
    assert_int_equal(atomic_load(&follower.seen->gone), 0);
    sql(fixture, "UPDATE registry.log_state SET epoch = gen_random_uuid()");
    assert_gone(fixture, end, http_text(&page, "epoch"), "epoch");
    http_answer_clear(&page);
    (void)stage_mark(fixture->stage);
    for (int i = 0; i < 1000 && atomic_load(&follower.seen->gone) == 0; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    assert_int_equal(atomic_load(&follower.seen->gone), 1);
    assert_true(follower_stop(&follower));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_from_zero),
                                       cmocka_unit_test(test_from_the_middle),
                                       cmocka_unit_test(test_from_the_end_and_beyond),
                                       cmocka_unit_test(test_under_an_old_epoch),
                                       cmocka_unit_test(test_from_a_pruned_place),
                                       cmocka_unit_test(test_after_a_new_epoch)};
    return cmocka_run_group_tests(tests, start, stop);
}
