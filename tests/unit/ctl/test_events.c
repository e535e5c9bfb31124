// Following the events: what is asked, what is printed, and where it goes on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/ctl/server.h"

#define EVENT(n)                                                                                                                           \
    "id: place-" #n "\ndata: {\"sequence\":" #n ",\"type\":\"pcn.registry.organisation.updated\",\"subject\":\"organisations/"             \
    "a\",\"time\":\"2026-11-26T05:38:13.340794Z\",\"data\":{\"version\":7}}\n\n"

typedef struct fixture {
    server_t server;
    const server_answer_t *script; // an answer a call; the last one again and again
    size_t count;
    char folder[64], place[128], output[SERVER_TEXT_SIZE], errors[SERVER_TEXT_SIZE];
} fixture_t;

static server_answer_t answers(server_t *server, unsigned call)
{
    const fixture_t *fixture = server->data;
    return fixture->script[call <= fixture->count ? call - 1 : fixture->count - 1];
}

static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    server_start(&fixture->server, answers);
    fixture->server.data = fixture;
    server_folder(fixture->folder);
    snprintf(fixture->place, sizeof fixture->place, "%s/place", fixture->folder);
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    server_stop(&fixture->server);
    server_folder_end(fixture->folder);
    free(fixture);
    return 0;
}

static void say(fixture_t *fixture, const server_answer_t *script, size_t count)
{
    fixture->script = script;
    fixture->count = count;
}

#define SAY(fixture, ...)                                                                                                                  \
    say(fixture, (const server_answer_t[]){__VA_ARGS__}, sizeof((const server_answer_t[]){__VA_ARGS__}) / sizeof(server_answer_t))
#define FOLLOW(...) SERVER_RUN(&fixture->server, events_command, fixture->output, fixture->errors, "follow", __VA_ARGS__)

static void assert_place(const fixture_t *fixture, const char *expected)
{
    char text[256] = "";
    FILE *file = fopen(fixture->place, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static void events_as_they_come(void **state)
{
    fixture_t *fixture = *state;
    SAY(fixture,
        {.code = 200, .body = "retry: 10\nid: place-0\n\n" EVENT(1) "event: heartbeat\nid: place-1\ndata: {}\n\n" EVENT(2) EVENT(3)});
    assert_int_equal(FOLLOW("--service", "registry", "--type", "pcn.registry.", "--after", "0", "--count", "2"), COMMAND_OK);
    assert_string_equal(fixture->server.asked, "GET /v1/events/stream?services=registry&type=pcn.registry.&after=0");
    assert_string_equal(fixture->server.accept, "text/event-stream, application/problem+json");
    assert_string_equal(fixture->server.last_event_id, "");
    // Lines of JSON as they came.
    assert_int_equal(strncmp(fixture->output, "{\"sequence\":1,\"type\":", 20), 0);
    assert_non_null(strstr(fixture->output, "}\n{\"sequence\":2,"));
    assert_null(strstr(fixture->output, "\"sequence\":3"));
    assert_int_equal(FOLLOW("--table", "--count", "1"), COMMAND_OK);
    assert_string_equal(fixture->server.asked, "GET /v1/events/stream");
    assert_string_equal(fixture->output,
                        "        1  2026-11-26T05:38:13.340794Z  pcn.registry.organisation.updated     organisations/a  version 7\n");
}

static void goes_on_after_a_break(void **state)
{
    fixture_t *fixture = *state;
    SAY(fixture, {.code = 200, .body = "retry: 10\nid: place-0\n\n" EVENT(1) "id: place-2\ndata: half", .cut_at = 200},
        {.code = 503, .body = "{}"}, {0}, {.code = 200, .body = EVENT(2) "event: bye\ndata: {\"reason\":\"token\"}\n\n"},
        {.code = 200, .body = EVENT(3)});
    assert_int_equal(FOLLOW("--count", "3"), COMMAND_OK);
    assert_int_equal(fixture->server.calls, 5);
    assert_string_equal(fixture->server.last_event_id, "place-2");
    assert_non_null(strstr(fixture->output, "\"sequence\":1"));
    assert_non_null(strstr(fixture->output, "\"sequence\":2"));
    assert_non_null(strstr(fixture->output, "\"sequence\":3"));
    // Told once, not at each attempt.
    const char *told = strstr(fixture->errors, "the platform is away");
    assert_non_null(told);
    assert_null(strstr(told + 1, "the platform is away"));
}

static void goes_on_from_a_file(void **state)
{
    fixture_t *fixture = *state;
    SAY(fixture, {.code = 200, .body = "retry: 10\nid: place-0\n\n" EVENT(1) EVENT(2)}, {.code = 200, .body = EVENT(3)});
    assert_int_equal(FOLLOW("--resume", fixture->place, "--service", "registry", "--after", "0", "--count", "2"), COMMAND_OK);
    assert_string_equal(fixture->server.asked, "GET /v1/events/stream?services=registry&after=0");
    assert_place(fixture, "place-2\n");
    // The place says more than a number.
    assert_int_equal(FOLLOW("--resume", fixture->place, "--service", "registry", "--after", "0", "--count", "1"), COMMAND_OK);
    assert_string_equal(fixture->server.asked, "GET /v1/events/stream?services=registry");
    assert_string_equal(fixture->server.last_event_id, "place-2");
    assert_place(fixture, "place-3\n");
    assert_int_equal(FOLLOW("--resume", fixture->folder, "--count", "1"), COMMAND_FAILED);
}

static void places_that_are_gone(void **state)
{
    fixture_t *fixture = *state;
    SAY(fixture, {.code = 410, .body = "{\"detail\":\"Place 7 is no longer kept; GET /v1/events/registry/snapshot\"}"},
        {.code = 200, .body = EVENT(8) "event: gone\ndata: {\"detail\":\"The log is another one\"}\n\n"});
    assert_int_equal(FOLLOW("--service", "registry", "--after", "7"), COMMAND_REFUSED);
    assert_non_null(strstr(fixture->errors, "Place 7 is no longer kept"));
    assert_int_equal(FOLLOW("--service", "registry", "--after", "7", "--resume", fixture->place), COMMAND_REFUSED);
    assert_non_null(strstr(fixture->errors, "The log is another one"));
    // What was printed counts.
    assert_place(fixture, "place-8\n");
}

static void what_cannot_be(void **state)
{
    fixture_t *fixture = *state;
    SAY(fixture, {.code = 403, .body = "{\"detail\":\"The token does not allow this\"}"},
        {.code = 503, .body = "{\"detail\":\"Too many streams\"}"});
    assert_int_equal(FOLLOW("--after", "3"), COMMAND_USAGE);
    assert_int_equal(FOLLOW("--service", "registry,finance", "--after", "3"), COMMAND_USAGE);
    assert_int_equal(FOLLOW("--service", "registry", "--after", "-1"), COMMAND_USAGE);
    assert_int_equal(FOLLOW("--count", "0"), COMMAND_USAGE);
    assert_int_equal(FOLLOW("--patience", "x"), COMMAND_USAGE);
    assert_int_equal(FOLLOW("more"), COMMAND_USAGE);
    assert_int_equal(SERVER_RUN(&fixture->server, events_command, fixture->output, fixture->errors, "lead"), COMMAND_USAGE);
    assert_int_equal(fixture->server.calls, 0);
    assert_int_equal(FOLLOW("--patience", "0"), COMMAND_REFUSED);
    assert_non_null(strstr(fixture->errors, "The token does not allow this (HTTP 403)"));
    assert_int_equal(FOLLOW("--patience", "0"), COMMAND_UNAVAILABLE);
    assert_non_null(strstr(fixture->errors, "Too many streams"));
    // A platform that was there for this program is waited for, one that never was is not.
    SAY(fixture, {0});
    assert_int_equal(FOLLOW("--patience", "0"), COMMAND_UNAVAILABLE);
}

static void standard_output_that_takes_nothing(void **state)
{
    fixture_t *fixture = *state;
    SAY(fixture, {.code = 200, .body = "retry: 10\nid: place-0\n\n" EVENT(1)});
    fflush(stdout);
    // server_run puts its own file in place of standard output, so the buffer is what is full here.
    FILE *full = fopen("/dev/full", "we");
    assert_non_null(full);
    FILE *before = stdout;
    stdout = full;
    const command_t row = {.name = "events follow", .usage = "usage\n"};
    char *argv[] = {(char *)"events",  (char *)"follow", (char *)"--url",    fixture->server.url,
                    (char *)"--token", (char *)"t",      (char *)"--resume", fixture->place};
    const int code = events_command(&row, 8, argv);
    stdout = before;
    fclose(full);
    assert_int_equal(code, COMMAND_FAILED);
    // An event that nobody got is not passed over.
    assert_int_equal(access(fixture->place, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_as_they_come, start, stop),
        cmocka_unit_test_setup_teardown(goes_on_after_a_break, start, stop),
        cmocka_unit_test_setup_teardown(goes_on_from_a_file, start, stop),
        cmocka_unit_test_setup_teardown(places_that_are_gone, start, stop),
        cmocka_unit_test_setup_teardown(what_cannot_be, start, stop),
        cmocka_unit_test_setup_teardown(standard_output_that_takes_nothing, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
