// Events/Snapshot: whatever is written and forgotten between its pages, it is what replaying the log up to its place gives.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base64url.h"
#include "common/pb/message.h"
#include "tests/integration/event/rig.h"

#define SUBJECTS 40
#define EVENTS_MAX 2000
#define ROUNDS 40

// The log as it must be: which subject each place is of.
typedef struct model {
    int subject[EVENTS_MAX + 1];
    int64_t head, pruned;
} model_t;

static unsigned state_of_dice;

static unsigned dice(unsigned sides)
{
    state_of_dice = state_of_dice * 1664525u + 1013904223u;
    return (state_of_dice >> 8) % sides;
}

static void write_some(log_rig_t *rig, model_t *model, unsigned count)
{
    for (unsigned i = 0; i < count && model->head < EVENTS_MAX; i++) {
        char subject[32], data[64];
        // Some subjects change all the time, some hardly ever.
        const int which = (int)(dice(2) == 0 ? dice(4) : dice(SUBJECTS));
        model->subject[++model->head] = which;
        (void)snprintf(subject, sizeof subject, "things/t%02d", which);
        (void)snprintf(data, sizeof data, "{\"n\":%lld}", (long long)model->head);
        rig_write(rig, subject, which % 2 == 0 ? "pcn.log.even.updated" : "pcn.log.odd.updated", 1, data, 10);
    }
    rig_number(rig);
}

static void forget_some(log_rig_t *rig, model_t *model)
{
    Pcn__Platform__V1__Upkeep kept;
    const unsigned partition = 60 + dice(120);
    assert_int_equal(rig_upkeep(rig, partition, dice(3) == 0 ? 5 : 0, &kept), STATUS_OK);
    assert_true(kept.pruned >= model->pruned && kept.pruned <= model->head);
    model->pruned = kept.pruned;
}

static char *token_of(int64_t sequence, const char *epoch, const char *subject)
{
    static char token[512];
    uint8_t bytes[256];
    Pcn__Platform__V1__SnapshotPlace place = PCN__PLATFORM__V1__SNAPSHOT_PLACE__INIT;
    place.has_sequence = 1;
    place.sequence = sequence;
    place.epoch = (char *)epoch;
    place.subject = (char *)subject;
    assert_true(pcn__platform__v1__snapshot_place__get_packed_size(&place) <= sizeof bytes);
    base64url_encode(bytes, pcn__platform__v1__snapshot_place__pack(&place, bytes), token);
    return token;
}

static Pcn__Events__V1__SnapshotRequest request_new(unsigned page_size, char *token)
{
    Pcn__Events__V1__SnapshotRequest request = PCN__EVENTS__V1__SNAPSHOT_REQUEST__INIT;
    request.service = (char *)"log";
    request.has_page_size = page_size > 0;
    request.page_size = page_size;
    request.page_token = token;
    return request;
}

// What replaying up to the place leaves of a subject; 0 for nothing.
static int64_t replayed(const model_t *model, int subject, int64_t place)
{
    int64_t newest = 0;
    for (int64_t i = 1; i <= place; i++)
        newest = model->subject[i] == subject ? i : newest;
    return newest;
}

typedef struct reading {
    char token[512];
    bool begun, ended;
    int64_t place;
    int64_t seen[SUBJECTS];
    int last;
} reading_t;

// One more page. False where the place is gone, which it must only be if it was forgotten.
static bool read_page(log_rig_t *rig, const model_t *model, reading_t *reading, unsigned page_size)
{
    void *answer = NULL;
    Pcn__Events__V1__SnapshotRequest request = request_new(page_size, reading->token[0] != '\0' ? reading->token : NULL);
    const status_t status = rig_call(rig, "Snapshot", &request, &answer);
    if (status == STATUS_OUT_OF_RANGE) {
        assert_true(reading->place < model->pruned);
        assert_string_equal(rig->problem.field, "pageToken");
        assert_non_null(strstr(rig->problem.detail, "begin anew with GET /v1/events/log/snapshot"));
        return false;
    }
    if (status != STATUS_OK)
        fail_msg("%s: %s", rig->problem.field, rig->problem.detail);
    const Pcn__Events__V1__SnapshotReply *reply = answer;
    if (reading->token[0] == '\0')
        reading->place = model->head;
    assert_int_equal(reply->sequence, reading->place);
    assert_true(reply->n_events <= page_size);
    for (size_t i = 0; i < reply->n_events; i++) {
        const Pcn__Events__V1__Event *event = reply->events[i];
        const int subject = atoi(event->subject + strlen("things/t"));
        assert_true(subject > reading->last);
        assert_int_equal(atoll(event->data + 5), event->sequence);
        reading->last = subject;
        reading->seen[subject] = event->sequence;
    }
    reading->ended = reply->next_page_token == NULL;
    (void)snprintf(reading->token, sizeof reading->token, "%s", reading->ended ? "" : reply->next_page_token);
    return true;
}

static void snapshot_is_a_replay(void **state)
{
    log_rig_t *rig = *state;
    model_t *model = calloc(1, sizeof *model);
    const char *seed = getenv("PCN_TEST_SEED");
    unsigned whole = 0, gone = 0, past = 0;
    assert_non_null(model);
    state_of_dice = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : 20261126u;
    print_message("PCN_TEST_SEED=%u\n", state_of_dice);
    char *epoch = test_database_query(rig->database, "SELECT epoch FROM log_state");
    write_some(rig, model, 50);
    for (int round = 0; round < ROUNDS; round++) {
        reading_t reading = {.last = -1};
        // Half of them of the log's end, half of some place of the past.
        if (dice(2) == 0) {
            reading.place = (int64_t)dice((unsigned)model->head + 1);
            (void)snprintf(reading.token, sizeof reading.token, "%s", token_of(reading.place, epoch, "!"));
            past++;
        }
        bool there = true;
        while (there && !reading.ended) {
            there = read_page(rig, model, &reading, 1 + dice(15));
            if (dice(2) == 0)
                write_some(rig, model, dice(60));
            if (dice(4) == 0)
                forget_some(rig, model);
        }
        for (int i = 0; there && i < SUBJECTS; i++)
            assert_int_equal(reading.seen[i], replayed(model, i, reading.place));
        whole += there;
        gone += !there;
    }
    print_message("%u whole, %u gone, %u of the past, head %lld, pruned %lld\n", whole, gone, past, (long long)model->head,
                  (long long)model->pruned);
    assert_true(whole > ROUNDS / 4 && past > 0 && model->pruned > 0);
    free(epoch);
    free(model);
}

static void type_and_size(void **state)
{
    log_rig_t *rig = *state;
    void *answer = NULL;
    rig_sql(rig, "INSERT INTO event_queue (id, type, subject, version, time, data) SELECT gen_random_uuid(), 'pcn.log.' || "
                 "CASE i %% 10 WHEN 0 THEN 'rare' ELSE 'big' END || '.updated', 'things/' || lpad(i::text, 3, '0'), 1, now(), "
                 "'\"' || repeat('x', CASE i %% 10 WHEN 0 THEN 10 ELSE 60000 END) || '\"' FROM generate_series(1, 50) i");
    assert_int_equal(rig_number(rig), 50);
    // By size: nine of sixty thousand and the small one that stands between.
    Pcn__Events__V1__SnapshotRequest request = request_new(0, NULL);
    unsigned total = 0, pages = 0;
    char token[512] = "";
    do {
        request.page_token = token[0] != '\0' ? token : NULL;
        assert_int_equal(rig_call(rig, "Snapshot", &request, &answer), STATUS_OK);
        const Pcn__Events__V1__SnapshotReply *reply = answer;
        assert_true(reply->n_events <= 10);
        total += (unsigned)reply->n_events;
        pages++;
        (void)snprintf(token, sizeof token, "%s", reply->next_page_token != NULL ? reply->next_page_token : "");
    } while (token[0] != '\0');
    assert_int_equal(total, 50);
    assert_in_range(pages, 5, 6);
    // By type: pages go on over what they leave out.
    request = request_new(7, NULL);
    request.type = (char *)"pcn.log.rare.";
    total = pages = 0;
    do {
        request.page_token = token[0] != '\0' ? token : NULL;
        assert_int_equal(rig_call(rig, "Snapshot", &request, &answer), STATUS_OK);
        const Pcn__Events__V1__SnapshotReply *reply = answer;
        total += (unsigned)reply->n_events;
        pages++;
        (void)snprintf(token, sizeof token, "%s", reply->next_page_token != NULL ? reply->next_page_token : "");
    } while (token[0] != '\0');
    assert_int_equal(total, 5);
    assert_int_equal(pages, 8);
}

static void an_empty_log_has_an_empty_snapshot(void **state)
{
    log_rig_t *rig = *state;
    void *answer = NULL;
    const Pcn__Events__V1__SnapshotRequest request = request_new(0, NULL);
    assert_int_equal(rig_call(rig, "Snapshot", &request, &answer), STATUS_OK);
    const Pcn__Events__V1__SnapshotReply *reply = answer;
    assert_int_equal(reply->n_events, 0);
    assert_true(reply->has_sequence);
    assert_int_equal(reply->sequence, 0);
    assert_null(reply->next_page_token);
    assert_int_equal(strlen(reply->epoch), 36);
}

static void foreign_tokens(void **state)
{
    log_rig_t *rig = *state;
    void *answer = NULL;
    char *epoch = test_database_query(rig->database, "SELECT epoch FROM log_state");
    char longer[512];
    rig_write(rig, "things/a", "pcn.log.thing.updated", 1, "{}", 0);
    assert_int_equal(rig_number(rig), 1);
    const char *const texts[] = {"", "x", "====", "AAAA", "not a token", "\x7f", "////", token_of(-1, epoch, "a"), NULL};
    for (size_t i = 0; texts[i] != NULL; i++) {
        const Pcn__Events__V1__SnapshotRequest request = request_new(0, (char *)texts[i]);
        assert_int_equal(rig_call(rig, "Snapshot", &request, &answer), STATUS_INVALID_ARGUMENT);
    }
    const char *const unlike[] = {token_of(1, "no-uuid", "a"), NULL};
    Pcn__Events__V1__SnapshotRequest request = request_new(0, (char *)unlike[0]);
    assert_int_equal(rig_call(rig, "Snapshot", &request, &answer), STATUS_INVALID_ARGUMENT);
    assert_string_equal(rig->problem.field, "pageToken");
    // A field that no token has: 4, a varint.
    (void)snprintf(longer, sizeof longer, "%s", token_of(1, epoch, "a"));
    unsigned char bytes[256];
    size_t size = 0;
    assert_true(base64url_decode(longer, strlen(longer), bytes, sizeof bytes - 2, &size));
    bytes[size++] = 4 << 3;
    bytes[size++] = 1;
    base64url_encode(bytes, size, longer);
    request.page_token = longer;
    assert_int_equal(rig_call(rig, "Snapshot", &request, &answer), STATUS_INVALID_ARGUMENT);
    // Well-formed, but not of this log: another epoch, beyond its end.
    request.page_token = token_of(1, "00000000-0000-4000-8000-000000000000", "a");
    assert_int_equal(rig_call(rig, "Snapshot", &request, &answer), STATUS_OUT_OF_RANGE);
    request.page_token = token_of(2, epoch, "a");
    assert_int_equal(rig_call(rig, "Snapshot", &request, &answer), STATUS_OUT_OF_RANGE);
    request.page_token = token_of(1, epoch, "a");
    assert_int_equal(rig_call(rig, "Snapshot", &request, &answer), STATUS_OK);
    free(epoch);
}

static int rig_setup_small(void **state)
{
    log_rig_t *rig = rig_new(0);
    Pcn__Platform__V1__Upkeep kept;
    assert_int_equal(rig_upkeep(rig, 50, 0, &kept), STATUS_OK);
    *state = rig;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(snapshot_is_a_replay, rig_setup_small, rig_teardown),
        cmocka_unit_test_setup_teardown(type_and_size, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_empty_log_has_an_empty_snapshot, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(foreign_tokens, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
