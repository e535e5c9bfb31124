// The relay over a real server and a real socket: what is committed is numbered and published, whatever is killed on the way.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/rpc/subscriber.h"
#include "tests/integration/event/rig.h"

#define TYPE "pcn.log.thing.updated"
#define UNTIL(stage, condition)                                                                                                            \
    do {                                                                                                                                   \
        const int64_t patience_us = clock_steady_us() + 60000000;                                                                          \
        while (!(condition)) {                                                                                                             \
            assert_true(clock_steady_us() < patience_us);                                                                                  \
            turn(stage);                                                                                                                   \
        }                                                                                                                                  \
    } while (0)

#define SILENCE_US 1000000 // before a heartbeat
#define PROBE_US 20000

typedef struct stage {
    log_rig_t *rig;
    char dir[64], endpoint[128], key[RPC_KEY_SIZE];
    uv_loop_t loop;
    metrics_t *metrics;
    rpc_context_t *context, *other_context;
    rpc_publisher_t *publisher;
    rpc_subscriber_t *subscriber;
    event_log_t *log, *second;
    bool connected;
    // What came over the socket.
    int64_t last, latest;
    unsigned events, heartbeats, disorder, hasty;
    int64_t time_us; // of the last event
    char epoch[40];
} stage_t;

static void on_turn(uv_timer_t *timer)
{
    (void)timer;
}

// One turn of the loop, at most a few milliseconds.
static void turn(stage_t *stage)
{
    uv_timer_t timer;
    uv_timer_init(&stage->loop, &timer);
    uv_timer_start(&timer, on_turn, 5, 0);
    uv_run(&stage->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&stage->loop, UV_RUN_NOWAIT);
}

static void hear(void *data, const char *topic, size_t topic_size, const uint8_t *bytes, size_t size)
{
    stage_t *stage = data;
    if (topic_size == strlen("pcn.log.heartbeat") && memcmp(topic, "pcn.log.heartbeat", topic_size) == 0) {
        Pcn__Events__V1__Heartbeat *heartbeat = pcn__events__v1__heartbeat__unpack(NULL, size, bytes);
        assert_non_null(heartbeat);
        assert_string_equal(heartbeat->source, "/pcn/log");
        assert_non_null(heartbeat->time);
        stage->disorder += heartbeat->latest < stage->last;
        // By the times that both tell of themselves, however late they come. A new epoch is told at once.
        int64_t time_us = 0;
        assert_true(instant_parse(heartbeat->time, &time_us));
        stage->hasty += strcmp(heartbeat->epoch, stage->epoch) == 0 && time_us < stage->time_us + SILENCE_US;
        stage->latest = heartbeat->latest;
        (void)snprintf(stage->epoch, sizeof stage->epoch, "%s", heartbeat->epoch);
        stage->heartbeats++;
        pcn__events__v1__heartbeat__free_unpacked(heartbeat, NULL);
        return;
    }
    Pcn__Events__V1__Event *event = pcn__events__v1__event__unpack(NULL, size, bytes);
    assert_non_null(event);
    assert_true(topic_size > strlen(TYPE "/") && memcmp(topic, TYPE "/", strlen(TYPE "/")) == 0);
    assert_memory_equal(topic + strlen(TYPE "/"), event->subject, topic_size - strlen(TYPE "/"));
    stage->disorder += event->sequence <= stage->last;
    stage->last = event->sequence;
    stage->events++;
    assert_true(instant_parse(event->time, &stage->time_us));
    pcn__events__v1__event__free_unpacked(event, NULL);
}

static void connected(void *data)
{
    ((stage_t *)data)->connected = true;
}

static event_log_t *relay_new(stage_t *stage, int64_t partition, int64_t days)
{
    const event_log_options_t options = {.service = "log",
                                         .dsn = test_database_dsn(stage->rig->database),
                                         .schema = "log",
                                         .publisher = stage->publisher,
                                         .partition = partition,
                                         .retention_days = days};
    event_log_t *log = NULL;
    problem_t problem = {0};
    if (event_log_new(&stage->loop, &options, stage->metrics, &log, &problem) != STATUS_OK)
        fail_msg("%s", problem.detail);
    return log;
}

// Until the last of what was published is heard: none of it is under way then.
static void await_subscription(stage_t *stage)
{
    Pcn__Events__V1__Heartbeat probe = PCN__EVENTS__V1__HEARTBEAT__INIT;
    char now[INSTANT_SIZE];
    uint8_t bytes[256];
    UNTIL(stage, stage->connected);
    instant_format(clock_wall_us(), now);
    probe.source = (char *)"/pcn/log";
    probe.epoch = (char *)"probe";
    probe.time = now;
    probe.has_latest = 1;
    const int64_t patience_us = clock_steady_us() + 60000000;
    do {
        probe.latest++;
        rpc_publish(stage->publisher, "pcn.log.heartbeat", bytes, pcn__events__v1__heartbeat__pack(&probe, bytes));
        const int64_t until_us = clock_steady_us() + PROBE_US;
        assert_true(until_us < patience_us);
        while (stage->latest != probe.latest && clock_steady_us() < until_us)
            turn(stage);
    } while (stage->latest != probe.latest);
    stage->latest = 0;
    stage->heartbeats = 0;
    stage->epoch[0] = '\0';
}

static int setup(void **state)
{
    stage_t *stage = calloc(1, sizeof *stage);
    problem_t problem = {0};
    assert_non_null(stage);
    stage->rig = rig_new(0);
    (void)snprintf(stage->dir, sizeof stage->dir, "/tmp/pcn-relay-XXXXXX");
    assert_non_null(mkdtemp(stage->dir));
    (void)snprintf(stage->endpoint, sizeof stage->endpoint, "ipc://%s/pub", stage->dir);
    assert_int_equal(uv_loop_init(&stage->loop), 0);
    stage->metrics = metrics_new();
    assert_int_equal(rpc_keys_ensure(stage->dir, "log", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_ensure(stage->dir, "follower", &problem), STATUS_OK);
    assert_int_equal(rpc_keys_load_public(stage->dir, "log", stage->key, &problem), STATUS_OK);
    assert_int_equal(rpc_context_new(&stage->loop, stage->dir, "log", stage->metrics, &stage->context, &problem), STATUS_OK);
    assert_int_equal(rpc_context_new(&stage->loop, stage->dir, "follower", stage->metrics, &stage->other_context, &problem), STATUS_OK);
    const char *endpoints[] = {stage->endpoint, NULL};
    const char *topics[] = {"pcn.log.", NULL};
    const rpc_subscriber_options_t options = {endpoints, stage->key, topics, hear, connected, stage};
    assert_int_equal(rpc_publisher_new(stage->context, endpoints, &stage->publisher, &problem), STATUS_OK);
    assert_int_equal(rpc_subscriber_new(stage->other_context, &options, stage->metrics, &stage->subscriber, &problem), STATUS_OK);
    await_subscription(stage);
    *state = stage;
    return 0;
}

static void relay_end(stage_t *stage, event_log_t **log)
{
    (void)stage;
    if (*log != NULL)
        event_log_stop(*log);
}

static int teardown(void **state)
{
    stage_t *stage = *state;
    char command[96];
    relay_end(stage, &stage->log);
    relay_end(stage, &stage->second);
    rpc_subscriber_destroy(&stage->subscriber);
    rpc_publisher_destroy(&stage->publisher);
    rpc_context_destroy(&stage->context);
    rpc_context_destroy(&stage->other_context);
    assert_int_equal(uv_run(&stage->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
    event_log_destroy(&stage->log);
    event_log_destroy(&stage->second);
    metrics_destroy(&stage->metrics);
    rig_destroy(&stage->rig);
    (void)snprintf(command, sizeof command, "rm -r %s", stage->dir);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): its own folder
    free(stage);
    return 0;
}

static void write_many(stage_t *stage, int count, int days)
{
    rig_sql(stage->rig,
            "INSERT INTO event_queue (id, type, subject, version, time, data) SELECT gen_random_uuid(), '" TYPE "', 'things/' || "
            "i %% 50, i, now() - interval '%d days', '{}' FROM generate_series(1, %d) i",
            days, count);
}

static long head(stage_t *stage)
{
    return rig_sql(stage->rig, "SELECT head FROM log_state");
}

static void what_is_committed_is_published(void **state)
{
    stage_t *stage = *state;
    stage->log = relay_new(stage, 1000000, 0);
    rig_write(stage->rig, "things/a", TYPE, 1, "{}", 0);
    rig_write(stage->rig, "things/a", TYPE, 2, "{}", 0);
    event_log_hint(stage->log);
    UNTIL(stage, stage->last == 2);
    assert_int_equal(stage->events, 2);
    // Nothing more comes, and that is told.
    const unsigned before = stage->heartbeats;
    UNTIL(stage, stage->heartbeats >= before + 2);
    assert_int_equal(stage->latest, 2);
    char *epoch = test_database_query(stage->rig->database, "SELECT epoch FROM log_state");
    assert_string_equal(stage->epoch, epoch);
    free(epoch);
    assert_int_equal(stage->disorder, 0);
}

static void a_heartbeat_waits_for_silence(void **state)
{
    stage_t *stage = *state;
    stage->log = relay_new(stage, 1000000, 0);
    write_many(stage, 1, 0);
    UNTIL(stage, stage->last == 1);
    const int64_t until_us = clock_steady_us() + 3000000;
    for (int64_t next_us = 0; clock_steady_us() < until_us; turn(stage)) {
        if (clock_steady_us() < next_us)
            continue;
        next_us = clock_steady_us() + 100000;
        write_many(stage, 1, 0);
    }
    assert_int_equal(stage->hasty, 0);
    // But a new epoch is told under load too.
    rig_sql(stage->rig, "UPDATE log_state SET epoch = '00000000-0000-4000-8000-00000000000e'");
    for (int64_t next_us = 0; strcmp(stage->epoch, "00000000-0000-4000-8000-00000000000e") != 0; turn(stage)) {
        assert_true(clock_steady_us() < until_us + 60000000);
        if (clock_steady_us() < next_us)
            continue;
        next_us = clock_steady_us() + 100000;
        write_many(stage, 1, 0);
    }
    UNTIL(stage, stage->latest == head(stage));
}

static void room_is_found_in_a_burst(void **state)
{
    stage_t *stage = *state;
    stage->log = relay_new(stage, 100, 0);
    write_many(stage, 6500, 0);
    UNTIL(stage, head(stage) == 6500);
    assert_int_equal(rig_sql(stage->rig, "SELECT count(*) FROM event"), 6500);
    assert_int_equal(stage->disorder, 0);
}

static void old_events_go(void **state)
{
    stage_t *stage = *state;
    stage->log = relay_new(stage, 100, 7);
    // Its first look finds the log empty; the burst makes it look again.
    UNTIL(stage, rig_sql(stage->rig, "SELECT count(*) FROM event_partition") > 0);
    write_many(stage, 1950, 10);
    UNTIL(stage, rig_sql(stage->rig, "SELECT pruned FROM log_state") == 1900);
    UNTIL(stage, metrics_gauge(stage->metrics, "pcn_event_pruned", NULL, "")->value == 1900);
}

// Between the commit and the publication, or anywhere: its session ends, and the next one goes on.
static void a_killed_session_loses_nothing(void **state)
{
    stage_t *stage = *state;
    stage->log = relay_new(stage, 1000000, 0);
    for (int i = 0; i < 8; i++) {
        write_many(stage, 700, 0);
        for (int turns = rand() % 10; turns > 0; turns--)
            turn(stage);
        rig_sql(stage->rig, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pcn-log relay' "
                            "AND datname = current_database()");
    }
    UNTIL(stage, head(stage) == 5600);
    UNTIL(stage, stage->latest == 5600 || stage->last == 5600);
    assert_int_equal(rig_sql(stage->rig, "SELECT count(*) FROM event WHERE sequence BETWEEN 1 AND 5600"), 5600);
    assert_int_equal(rig_sql(stage->rig, "SELECT count(*) FROM (SELECT version - lag(version) OVER (PARTITION BY subject, "
                                         "(sequence - 1) / 700 ORDER BY sequence) AS step FROM event) e WHERE step <> 50"),
                     0);
    assert_int_equal(stage->disorder, 0);
}

// A server that lacks the last seconds, as after a failover, gives positions again.
static void positions_may_begin_again(void **state)
{
    stage_t *stage = *state;
    stage->log = relay_new(stage, 1000000, 0);
    write_many(stage, 500, 0);
    UNTIL(stage, head(stage) == 500);
    for (int round = 1; round <= 3; round++) {
        rig_sql(stage->rig, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pcn-log relay' "
                            "AND datname = current_database()");
        rig_sql(stage->rig, "SELECT setval('event_queue_position_seq', %d, false)", round);
        rig_write(stage->rig, "things/low", TYPE, round, "{}", 0);
        rig_sql(stage->rig, "SELECT setval('event_queue_position_seq', %d, false)", 1000 + round);
        rig_write(stage->rig, "things/high", TYPE, round, "{}", 0);
        UNTIL(stage, head(stage) == 500 + 2 * round);
        // It is found no later than the one that came behind it, at the place that is usual for it.
        assert_int_equal(rig_sql(stage->rig, "SELECT sequence FROM event WHERE subject = 'things/low' AND version = %d", round),
                         500 + 2 * round - 1);
    }
}

static void another_waits_and_goes_on(void **state)
{
    stage_t *stage = *state;
    stage->log = relay_new(stage, 1000000, 0);
    write_many(stage, 1, 0);
    UNTIL(stage, stage->last == 1);
    stage->second = relay_new(stage, 1000000, 0);
    write_many(stage, 1, 0);
    UNTIL(stage, stage->last == 2);
    event_log_stop(stage->log);
    write_many(stage, 1, 0);
    UNTIL(stage, stage->last == 3);
    assert_int_equal(stage->events, 3);
}

// A change that commits long after others of its time is not overlooked, nor overtaken by the next change of its subject.
static void a_late_commit_is_found(void **state)
{
    stage_t *stage = *state;
    stage->log = relay_new(stage, 1000000, 0);
    assert_int_equal(rig_sql_as(stage->rig, stage->rig->app_session, "BEGIN; SELECT pg_current_xact_id()"), STATUS_OK);
    rig_write(stage->rig, "things/late", TYPE, 1, "{}", 0);
    const int64_t until_us = clock_steady_us() + 4000000;
    int64_t written = 0;
    for (int64_t next_us = 0; clock_steady_us() < until_us; turn(stage)) {
        if (clock_steady_us() < next_us)
            continue;
        next_us = clock_steady_us() + 200000;
        write_many(stage, 1, 0);
        written++;
    }
    UNTIL(stage, stage->last == written);
    assert_int_equal(rig_sql_as(stage->rig, stage->rig->app_session, "COMMIT"), STATUS_OK);
    rig_write(stage->rig, "things/late", TYPE, 2, "{}", 0);
    UNTIL(stage, stage->last == written + 2);
    assert_int_equal(rig_sql(stage->rig, "SELECT sequence FROM event WHERE subject = 'things/late' AND version = 1"), written + 1);
    assert_int_equal(rig_sql(stage->rig, "SELECT previous FROM event WHERE subject = 'things/late' AND version = 2"), written + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_committed_is_published, setup, teardown),
        cmocka_unit_test_setup_teardown(a_heartbeat_waits_for_silence, setup, teardown),
        cmocka_unit_test_setup_teardown(room_is_found_in_a_burst, setup, teardown),
        cmocka_unit_test_setup_teardown(old_events_go, setup, teardown),
        cmocka_unit_test_setup_teardown(a_killed_session_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(positions_may_begin_again, setup, teardown),
        cmocka_unit_test_setup_teardown(another_waits_and_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_late_commit_is_found, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
