// Case 18: a snapshot read page by page while a thousand changes a second are written is of exactly one place: it equals the log up to
// there, and with the tail after it the state that the resources have.
#include "tests/integration/faults/peer.h"
#include "tests/integration/faults/stage.h"

enum { CLIENTS = 32, RATE = 1400, WARM = 300, AWAIT_MS = 60000, PAGE = 1000, SNAPSHOTS = 3, RESOURCES_MOST = 500 };

// A snapshot as a replay's states: subject → version, place, data.
typedef struct snapshot {
    table_t subjects;
    replay_subject_t *states;
    int64_t place;
    char epoch[64];
    size_t pages;
} snapshot_t;

static void snapshot_add(snapshot_t *snapshot, const char *subject, int64_t sequence, json_t *data)
{
    bool fresh = false;
    const size_t number = table_add(&snapshot->subjects, subject, &fresh);
    // Each resource once, by subject, and nothing from after the place.
    assert_true(fresh);
    if (number > 0)
        assert_true(strcmp(snapshot->subjects.texts[number - 1], subject) < 0);
    assert_true(sequence >= 1 && sequence <= snapshot->place);
    snapshot->states = realloc(snapshot->states, snapshot->subjects.room * sizeof *snapshot->states);
    assert_non_null(snapshot->states);
    snapshot->states[number] = (replay_subject_t){
        .version = json_integer_value(json_object_get(data, "version")), .sequence = sequence, .data = json_incref(data)};
}

static void snapshot_clear(snapshot_t *snapshot)
{
    for (size_t i = 0; i < snapshot->subjects.count; i++)
        json_decref(snapshot->states[i].data);
    free(snapshot->states);
    table_clear(&snapshot->subjects);
    *snapshot = (snapshot_t){0};
}

// One place and epoch for all pages.
static void snapshot_page(snapshot_t *snapshot, int64_t place, const char *epoch)
{
    if (snapshot->pages++ == 0) {
        snapshot->place = place;
        snprintf(snapshot->epoch, sizeof snapshot->epoch, "%s", epoch);
    }
    assert_int_equal(place, snapshot->place);
    assert_string_equal(epoch, snapshot->epoch);
}

static void snapshot_over_http(stage_t *stage, unsigned page_size, load_t *load, snapshot_t *snapshot)
{
    char path[800], token[600] = "";
    *snapshot = (snapshot_t){0};
    do {
        snprintf(path, sizeof path, "/v1/events/registry/snapshot?pageSize=%u%s%s", page_size, token[0] != '\0' ? "&pageToken=" : "",
                 token);
        http_answer_t page = stage_ask(stage, &(http_call_t){.path = path}, 200);
        size_t i;
        json_t *event;
        snapshot_page(snapshot, json_integer_value(json_object_get(page.json, "sequence")), http_text(&page, "epoch"));
        json_array_foreach(json_object_get(page.json, "events"), i, event)
        {
            snapshot_add(snapshot, json_string_value(json_object_get(event, "subject")),
                         json_integer_value(json_object_get(event, "sequence")), json_object_get(event, "data"));
        }
        snprintf(token, sizeof token, "%s", http_text(&page, "nextPageToken") != NULL ? http_text(&page, "nextPageToken") : "");
        http_answer_clear(&page);
        // The log moves on between two pages.
        assert_true(load == NULL || load_await(load, load_count(load).acknowledged + 5, AWAIT_MS));
    } while (token[0] != '\0');
}

static void snapshot_over_zeromq(peer_t *peer, unsigned page_size, snapshot_t *snapshot)
{
    char token[600] = "";
    *snapshot = (snapshot_t){0};
    do {
        peer_reply_t reply;
        assert_int_equal(peer_snapshot(peer, page_size, token[0] != '\0' ? token : NULL, &reply), STATUS_OK);
        const Pcn__Events__V1__SnapshotReply *page = reply.message;
        snapshot_page(snapshot, page->sequence, page->epoch);
        for (size_t i = 0; i < page->n_events; i++) {
            json_t *data = json_loads(page->events[i]->data, 0, NULL);
            snapshot_add(snapshot, page->events[i]->subject, page->events[i]->sequence, data);
            json_decref(data);
        }
        snprintf(token, sizeof token, "%s", page->next_page_token != NULL ? page->next_page_token : "");
        peer_reply_clear(&reply);
    } while (token[0] != '\0');
}

// Goes on with the replay up to `place`: the states that the log's first events leave.
static void replay_up_to(stage_t *stage, int64_t place, replay_t *replay)
{
    char path[96];
    while (replay->place < place) {
        size_t i;
        json_t *event;
        snprintf(path, sizeof path, "/v1/events/registry?after=%lld&limit=%d", (long long)replay->place,
                 place - replay->place < PAGE ? (int)(place - replay->place) : PAGE);
        http_answer_t page = stage_ask(stage, &(http_call_t){.path = path}, 200);
        json_array_foreach(json_object_get(page.json, "events"), i, event)
        {
            json_t *data = json_object_get(event, "data");
            replay_add(replay, json_integer_value(json_object_get(event, "sequence")), json_string_value(json_object_get(event, "id")),
                       json_string_value(json_object_get(event, "subject")), json_integer_value(json_object_get(data, "version")),
                       json_string_value(json_object_get(event, "traceparent")), data);
        }
        http_answer_clear(&page);
    }
    assert_int_equal(replay->place, place);
    assert_int_equal(replay->gaps + replay->doubles, 0);
}

// `replay` stands at the snapshot's place or before it.
static void assert_equals_replay(stage_t *stage, const snapshot_t *snapshot, replay_t *replay)
{
    replay_up_to(stage, snapshot->place, replay);
    assert_int_equal(snapshot->subjects.count, replay->subjects.count);
    for (size_t i = 0; i < snapshot->subjects.count; i++) {
        const replay_subject_t *found = replay_state(replay, snapshot->subjects.texts[i]);
        if (found == NULL || found->sequence != snapshot->states[i].sequence || !json_equal(found->data, snapshot->states[i].data))
            fail_msg("%s of the snapshot of place %lld is not what the log says", snapshot->subjects.texts[i], (long long)snapshot->place);
    }
}

// The snapshot and every later event, against what GET answers.
static void assert_leads_to_the_state(stage_t *stage, const snapshot_t *snapshot)
{
    replay_t tail;
    const int64_t mark = stage_mark(stage);
    size_t compared = 0;
    replay_init(&tail, snapshot->place);
    tail.keep_data = true;
    if (!replay_read(&tail, stage->platform.url, "registry", stage->manager, PAGE, mark))
        fail_msg("%s", tail.first);
    assert_int_equal(tail.gaps + tail.doubles, 0);
    for (size_t i = 0; i < snapshot->subjects.count + tail.subjects.count && compared < RESOURCES_MOST; i++) {
        const bool late = i >= snapshot->subjects.count;
        const char *subject = late ? tail.subjects.texts[i - snapshot->subjects.count] : snapshot->subjects.texts[i];
        const replay_subject_t *newer = replay_state(&tail, subject);
        char path[160];
        snprintf(path, sizeof path, "/v1/%s", subject);
        http_answer_t answer = stage_ask(stage, &(http_call_t){.path = path}, 200);
        if (!invariants_same(answer.json, newer != NULL ? newer->data : snapshot->states[i].data))
            fail_msg("%s is not what snapshot and tail say: %s", subject, answer.body);
        http_answer_clear(&answer);
        compared++;
    }
    printf("  %zu resources are as snapshot and tail say\n", compared);
    replay_clear(&tail);
}

static void test_snapshot_under_load(void **state)
{
    stage_t *stage = *state;
    static const unsigned sizes[SNAPSHOTS] = {20, 200, 1000};
    snapshot_t snapshots[SNAPSHOTS], other;
    replay_t replay;
    mix_registry_t world;
    peer_t peer;
    mix_registry_init(&world, "snapshot", 0);
    peer_open(&peer, &stage->platform, "snapshots");
    load_t *load = stage_load(stage, &world, mix_registry_all, CLIENTS, RATE, NULL);
    assert_true(load_await(load, WARM, AWAIT_MS));
    for (size_t i = 0; i < SNAPSHOTS; i++)
        snapshot_over_http(stage, sizes[i], load, &snapshots[i]);
    snapshot_over_zeromq(&peer, 100, &other);
    stage_load_stop(&load, "snapshots under load");
    replay_init(&replay, 0);
    replay.keep_data = true;
    for (size_t i = 0; i < SNAPSHOTS; i++) {
        printf("  snapshot of place %lld: %zu resources on %zu pages\n", (long long)snapshots[i].place, snapshots[i].subjects.count,
               snapshots[i].pages);
        assert_equals_replay(stage, &snapshots[i], &replay);
    }
    assert_equals_replay(stage, &other, &replay);
    replay_clear(&replay);
    assert_leads_to_the_state(stage, &snapshots[0]);
    stage_check(stage, "snapshots under load");
    for (size_t i = 0; i < SNAPSHOTS; i++)
        snapshot_clear(&snapshots[i]);
    snapshot_clear(&other);
    peer_close(&peer);
    mix_registry_clear(&world);
}

// A registry that dies between two pages: they are of one place all the same.
static void test_snapshot_over_a_death(void **state)
{
    stage_t *stage = *state;
    snapshot_t snapshot;
    replay_t replay;
    mix_registry_t world;
    mix_registry_init(&world, "death", 0);
    load_t *load = stage_load(stage, &world, mix_registry_all, CLIENTS, RATE, NULL);
    assert_true(load_await(load, 1, AWAIT_MS));
    stage_kill(stage, "registry", SIGKILL);
    snapshot_over_http(stage, 100, load, &snapshot);
    stage_load_stop(&load, "a snapshot over a death");
    replay_init(&replay, 0);
    replay.keep_data = true;
    assert_equals_replay(stage, &snapshot, &replay);
    replay_clear(&replay);
    stage_check(stage, "a snapshot over a death");
    snapshot_clear(&snapshot);
    mix_registry_clear(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_snapshot_under_load), cmocka_unit_test(test_snapshot_over_a_death)};
    return cmocka_run_group_tests(tests, stage_start, stage_stop);
}
