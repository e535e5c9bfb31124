// What cannot be applied stops the follower before it, loudly, and nobody else; an operator skips it or has it tried again.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/follower/rig.h"

#define ID_ROOM 40
#define SERVICE "\"service\":\"copy\""
#define TOO_LONG "repeat('x', 101)"

static void assert_reply(rig_t *rig, const char *text)
{
    if (rig->peer.reply == NULL || strstr(rig->peer.reply, text) == NULL)
        fail_msg("%s is not in %s", text, rig->peer.reply != NULL ? rig->peer.reply : rig->peer.problem.detail);
}

static void assert_call(rig_t *rig, status_t expected, const char *method, const char *request)
{
    if (peer_call(&rig->peer, method, "%s", request) != expected)
        fail_msg("%s %s: %s", method, status_name(rig->peer.problem.status), rig->peer.problem.detail);
}

static void list(rig_t *rig, const char *state)
{
    char request[96];
    rig->peer.scope = "followers.read";
    snprintf(request, sizeof request, "{" SERVICE ",\"state\":\"%s\"}", state);
    assert_call(rig, STATUS_OK, "ListDeadLetters", request);
    rig->peer.scope = "followers.write";
}

static void open_letter(rig_t *rig, char id[ID_ROOM])
{
    rig_await(rig, 1, "SELECT count(*) FROM copy.dead_letter WHERE state = 'open'");
    char *text = test_database_query(rig->database, "SELECT id FROM copy.dead_letter WHERE state = 'open'");
    snprintf(id, ID_ROOM, "%s", text);
    free(text);
}

static status_t decide(rig_t *rig, const char *method, const char *id)
{
    return peer_call(&rig->peer, method, "{" SERVICE ",\"id\":\"%s\",\"reason\":\"the name is wrong\"}", id);
}

static void make_too_long(rig_t *rig, const char *subject, long version)
{
    rig_sql(rig,
            "INSERT INTO registry.event_queue (id, type, subject, version, time, data) VALUES (gen_random_uuid(), "
            "'pcn.registry.organisation.updated', '%s', %ld, now(), json_build_object('name', " TOO_LONG ", 'version', %ld)::text)",
            subject, version, version);
}

static void log_anew(rig_t *rig, const char *also)
{
    rig_await(rig, 0, "SELECT count(*) FROM registry.event_queue");
    rig_kill(&rig->registry);
    rig_sql(rig, "BEGIN; UPDATE registry.log_state SET epoch = gen_random_uuid(); %s COMMIT", also);
    rig_start_registry(rig);
}

static void test_stops_loudly(void **state)
{
    rig_t *rig = *state;
    rig_start_registry(rig);
    rig_change(rig, 1, 100);
    rig_start_copy(rig);
    rig_equal(rig);
    rig_change(rig, 1, 4);
    make_too_long(rig, "organisations/o-5", 100);
    rig_change(rig, 6, 50);
    rig_await_metric(rig, "pcn_follower_stopped", false, 1);
    // All before it is there, nothing behind it.
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.organisation_copy WHERE version = 2"), 4);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.organisation_copy WHERE version > 2"), 0);
    assert_int_equal(rig_number(rig, "SELECT sequence FROM copy.follower"), 104);
    assert_int_equal(rig_logged(rig, "an event could not be applied, the follower is stopped"), 1);
    assert_int_equal(rig_logged(rig, "xxxxx"), 0);
    // How far it is behind goes on being known.
    rig_change(rig, 6, 50);
    rig_await_metric(rig, "pcn_follower_lag_events", false, 101);
    list(rig, "open");
    assert_reply(rig, "\"sequence\":105,");
    assert_reply(rig, "\"subject\":\"organisations/o-5\"");
    assert_reply(rig, "name_length");
    assert_reply(rig, "\"version\" : 100}");
    assert_reply(rig, "\"state\":\"open\"");
    rig->peer.scope = "followers.read";
    assert_call(rig, STATUS_OK, "ListFollowers", "{" SERVICE "}");
    assert_reply(rig, "\"source\":\"registry\",\"state\":\"stopped\",\"sequence\":104,");
    rig->peer.scope = "followers.write";
}

static void test_stays_stopped(void **state)
{
    rig_t *rig = *state;
    rig_end(&rig->copy);
    rig_start_copy(rig);
    rig_await_metric(rig, "pcn_follower_stopped", false, 1);
    rig_await_metric(rig, "pcn_follower_lag_events", false, 101);
    assert_true(rig_metric(rig, "pcn_follower_lag_seconds", false) >= 0);
    assert_int_equal(rig_logged(rig, "the follower is stopped before what it could not apply"), 1);
    assert_int_equal(rig_number(rig, "SELECT sequence FROM copy.follower"), 104);
}

static void test_refused_decisions(void **state)
{
    rig_t *rig = *state;
    char id[ID_ROOM];
    open_letter(rig, id);
    assert_int_equal(decide(rig, "SkipDeadLetter", "0190b2a0-0000-7000-8000-000000000001"), STATUS_NOT_FOUND);
    assert_int_equal(decide(rig, "SkipDeadLetter", "x"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(peer_call(&rig->peer, "SkipDeadLetter", "{" SERVICE ",\"id\":\"%s\"}", id), STATUS_INVALID_ARGUMENT);
    rig->peer.scope = "followers.read";
    assert_int_equal(decide(rig, "SkipDeadLetter", id), STATUS_PERMISSION_DENIED);
    rig->peer.scope = "followers.write";
    assert_call(rig, STATUS_PERMISSION_DENIED, "ListDeadLetters", "{" SERVICE "}");
    rig->peer.scope = "followers.read";
    assert_call(rig, STATUS_INVALID_ARGUMENT, "ListDeadLetters", "{" SERVICE ",\"pageToken\":\"x\"}");
    rig->peer.scope = "followers.write";
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.dead_letter WHERE state <> 'open'"), 0);
}

static void test_retry_then_skip(void **state)
{
    rig_t *rig = *state;
    char first[ID_ROOM], second[ID_ROOM];
    open_letter(rig, first);
    assert_int_equal(decide(rig, "RetryDeadLetter", first), STATUS_OK);
    assert_reply(rig, "\"state\":\"retried\",\"decidedBy\":\"operator\"");
    rig_await(rig, 2, "SELECT count(*) FROM copy.dead_letter");
    open_letter(rig, second);
    assert_string_not_equal(first, second);
    rig->peer.key = "once";
    assert_int_equal(decide(rig, "SkipDeadLetter", second), STATUS_OK);
    assert_false(rig->peer.replayed);
    assert_reply(rig, "\"state\":\"skipped\",\"decidedBy\":\"operator\"");
    assert_reply(rig, "\"reason\":\"the name is wrong\"");
    rig->peer.key = "once";
    assert_int_equal(decide(rig, "SkipDeadLetter", second), STATUS_OK);
    assert_true(rig->peer.replayed);
    assert_int_equal(decide(rig, "RetryDeadLetter", second), STATUS_FAILED_PRECONDITION);
    // Behind it, everything; of it, what was there before.
    assert_int_equal(rig_differences(rig), 1);
    assert_int_equal(rig_number(rig, "SELECT version FROM copy.organisation_copy WHERE subject = 'organisations/o-5'"), 1);
    rig_await_metric(rig, "pcn_follower_stopped", false, 0);
    rig_await_metric(rig, "pcn_follower_lag_events", false, 0);
    rig_await(rig, 2, "SELECT count(*) FROM copy.audit WHERE method LIKE '%DeadLetter' AND subject = 'operator' AND verdict = 'done'");
}

// Once what was wrong is mended, nothing is left out.
static void test_mended(void **state)
{
    rig_t *rig = *state;
    char id[ID_ROOM];
    make_too_long(rig, "organisations/o-5", 101);
    rig_change(rig, 6, 20);
    open_letter(rig, id);
    rig_sql(rig, "ALTER TABLE copy.organisation_copy DROP CONSTRAINT name_length");
    assert_int_equal(decide(rig, "RetryDeadLetter", id), STATUS_OK);
    rig_equal(rig);
    make_too_long(rig, "organisations/o-5", 102);
    rig_equal(rig);
    rig_event(rig, "organisations/o-5", 103, "{\"name\":\"Right\",\"version\":103}");
    rig_equal(rig);
    rig_sql(rig, "ALTER TABLE copy.organisation_copy ADD CONSTRAINT name_length CHECK (length(name) <= 100)");
}

// The skipped event comes again as a resource of a snapshot: it stays out without another question.
static void test_skipped_stays_out(void **state)
{
    rig_t *rig = *state;
    log_anew(rig, "");
    assert_int_equal(rig_differences(rig), 1);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.dead_letter"), 2);
}

static void test_poison_of_every_kind(void **state)
{
    rig_t *rig = *state;
    static const struct {
        const char *data, *words;
    } poisons[] = {
        {"{\"version\":200,\"name\":\"a\\u0000b\"}", "unsupported Unicode escape sequence"},
        {"{\"version\":201,\"name\":\"Without an end\"", "invalid input syntax for type json"},
        {"not JSON at all", "invalid input syntax for type json"},
        {"{\"name\":\"Without a version\"}", "null value in column"},
        {"{\"name\":\"Half a version\",\"version\":1.5}", "invalid input syntax for type bigint"},
        {"[]", "null value in column"},
        {"{\"version\":202}", "null value in column"},
    };
    char id[ID_ROOM];
    long skipped = rig_number(rig, "SELECT count(*) FROM copy.dead_letter");
    for (size_t i = 0; i < sizeof poisons / sizeof *poisons; i++) {
        rig_change(rig, 10, 3);
        rig_event(rig, "organisations/o-7", 200, poisons[i].data);
        rig_change(rig, 11, 3);
        open_letter(rig, id);
        list(rig, "open");
        assert_reply(rig, poisons[i].words);
        assert_int_equal(decide(rig, "SkipDeadLetter", id), STATUS_OK);
        rig_await(rig, ++skipped, "SELECT count(*) FROM copy.dead_letter WHERE state <> 'open'");
    }
    rig_await(rig, 1,
              "SELECT ((SELECT count(*) FROM registry.event_queue) = 0 AND (SELECT (sequence, state) FROM copy.follower) = "
              "(SELECT (head, 'following'::text) FROM registry.log_state))::int");
    // What is not JSON does not break the list that it stands in.
    list(rig, "skipped");
    assert_reply(rig, "\"data\":\"not JSON at all\"");
    // Page by page, each once.
    rig->peer.scope = "followers.read";
    char token[ID_ROOM] = "", *found;
    long seen = 0;
    do {
        char request[128];
        snprintf(request, sizeof request, "{" SERVICE ",\"pageSize\":2%s%s%s}", token[0] != '\0' ? ",\"pageToken\":\"" : "", token,
                 token[0] != '\0' ? "\"" : "");
        assert_call(rig, STATUS_OK, "ListDeadLetters", request);
        for (found = rig->peer.reply; (found = strstr(found, "\"problem\":")) != NULL; found++)
            seen++;
        found = strstr(rig->peer.reply, "\"nextPageToken\":\"");
        if (found != NULL)
            snprintf(token, 37, "%s", found + strlen("\"nextPageToken\":\""));
    } while (found != NULL);
    assert_int_equal(seen, skipped);
    rig->peer.scope = "followers.write";
    rig_event(rig, "organisations/o-7", 300, "{\"name\":\"Right\",\"version\":300}");
    rig_await(rig, 300, "SELECT version FROM copy.organisation_copy WHERE subject = 'organisations/o-7'");
    rig_sql(rig, "DELETE FROM registry.event WHERE subject = 'organisations/o-7' AND sequence NOT IN (SELECT sequence FROM "
                 "registry.event_latest)");
    rig_equal(rig);
}

static void test_poison_in_a_snapshot(void **state)
{
    rig_t *rig = *state;
    char id[ID_ROOM];
    rig_kill(&rig->copy);
    make_too_long(rig, "organisations/o-7", 400);
    rig_change(rig, 20, 30);
    log_anew(rig, "");
    rig_start_copy(rig);
    open_letter(rig, id);
    list(rig, "open");
    assert_reply(rig, "\"subject\":\"organisations/o-7\"");
    assert_null(strstr(rig->peer.reply, "\"sequence\""));
    assert_int_equal(decide(rig, "RetryDeadLetter", id), STATUS_OK);
    rig_await(rig, 2, "SELECT count(*) FROM copy.dead_letter WHERE subject = 'organisations/o-7' AND sequence IS NULL");
    open_letter(rig, id);
    assert_int_equal(decide(rig, "SkipDeadLetter", id), STATUS_OK);
    assert_int_equal(rig_differences(rig), 1);
    rig_event(rig, "organisations/o-7", 500, "{\"name\":\"Right\",\"version\":500}");
    rig_equal(rig);
}

// Something of the service's own keeps a row of the copy from going.
static void test_vanished_that_cannot_go(void **state)
{
    rig_t *rig = *state;
    char id[ID_ROOM];
    rig_sql(rig, "INSERT INTO copy.note (subject) VALUES ('organisations/o-9')");
    log_anew(rig, "DELETE FROM registry.event WHERE subject IN ('organisations/o-8', 'organisations/o-9', 'organisations/o-10'); "
                  "DELETE FROM registry.event_latest WHERE subject IN ('organisations/o-8', 'organisations/o-9', 'organisations/o-10');");
    open_letter(rig, id);
    list(rig, "open");
    assert_reply(rig, "\"subject\":\"organisations/o-9\"");
    assert_reply(rig, "violates foreign key constraint");
    assert_null(strstr(rig->peer.reply, "\"data\""));
    assert_int_equal(decide(rig, "SkipDeadLetter", id), STATUS_OK);
    assert_int_equal(rig_differences(rig), 1);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.organisation_copy WHERE subject ~ '/o-(8|9|10)$'"), 1);
    // It is nobody's any more: another snapshot leaves it alone.
    log_anew(rig, "");
    assert_int_equal(rig_differences(rig), 1);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM copy.dead_letter WHERE state = 'open'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stops_loudly),
        cmocka_unit_test(test_stays_stopped),
        cmocka_unit_test(test_refused_decisions),
        cmocka_unit_test(test_retry_then_skip),
        cmocka_unit_test(test_skipped_stays_out),
        cmocka_unit_test(test_mended),
        cmocka_unit_test(test_poison_of_every_kind),
        cmocka_unit_test(test_poison_in_a_snapshot),
        cmocka_unit_test(test_vanished_that_cannot_go),
    };
    return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
