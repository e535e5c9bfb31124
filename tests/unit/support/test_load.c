// The load against a server that is no platform: what is repeated, under which key, and what the journal says of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/load.h"

#define REQUESTS_MAX 64
#define SCRIPT_END 0
#define HANG_MS 60000
#define AGAIN_MS 100
#define SCRIPT_CUT 1 // closes the connection without an answer

// Answers one request after the other with what the script says, and notes what came.
typedef struct server {
    int fd, port;
    pthread_t thread;
    const int *script;
    char tokens[REQUESTS_MAX][32], keys[REQUESTS_MAX][80], traces[REQUESTS_MAX][64], lines[REQUESTS_MAX][96], matches[REQUESTS_MAX][32];
    size_t count;
} server_t;

static void header_take(const char *request, const char *name, char *value, size_t size)
{
    const char *at = strcasestr(request, name);
    if (at != NULL)
        snprintf(value, size, "%.*s", (int)strcspn(at + strlen(name), "\r\n"), at + strlen(name));
}

static void *serve(void *data)
{
    server_t *server = data;
    for (; server->script[server->count] != SCRIPT_END; server->count++) {
        char request[4096] = "", answer[512];
        const int status = server->script[server->count];
        const int client = accept(server->fd, NULL, NULL);
        size_t size = 0;
        ssize_t got;
        // Small requests: the body comes with the head, or soon after it.
        while (strstr(request, "\r\n\r\n") == NULL && (got = recv(client, request + size, sizeof request - 1 - size, 0)) > 0)
            size += (size_t)got;
        snprintf(server->lines[server->count], sizeof server->lines[0], "%.*s", (int)strcspn(request, "\r\n"), request);
        header_take(request, "\r\nidempotency-key: ", server->keys[server->count], sizeof server->keys[0]);
        header_take(request, "\r\nauthorization: bearer ", server->tokens[server->count], sizeof server->tokens[0]);
        header_take(request, "\r\ntraceparent: ", server->traces[server->count], sizeof server->traces[0]);
        header_take(request, "\r\nif-match: ", server->matches[server->count], sizeof server->matches[0]);
        const int length = snprintf(answer, sizeof answer,
                                    "HTTP/1.1 %d X\r\nETag: \"%d\"\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{\"id\":\"7\"}",
                                    status, status == 201 ? 1 : 2);
        if (status != SCRIPT_CUT)
            (void)send(client, answer, (size_t)length, MSG_NOSIGNAL);
        close(client);
    }
    return NULL;
}

static void server_start(server_t *server, const int *script)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    memset(server, 0, sizeof *server);
    server->script = script;
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&place, sizeof place), 0);
    assert_int_equal(listen(server->fd, 16), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&place, &size), 0);
    server->port = ntohs(place.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(server_t *server)
{
    pthread_join(server->thread, NULL);
    close(server->fd);
}

typedef struct world {
    unsigned made, answered;
    long last;
} world_t;

static bool make_change(void *data, load_random_t *random, load_request_t *request)
{
    world_t *world = data;
    (void)random;
    request->method = "POST";
    snprintf(request->path, sizeof request->path, "/v1/things/%u", world->made++);
    snprintf(request->body, sizeof request->body, "{}");
    snprintf(request->subjects[request->subject_count++], LOAD_SUBJECT_SIZE, "things/a");
    request->match = 3;
    return true;
}

static bool make_creation(void *data, load_random_t *random, load_request_t *request)
{
    (void)make_change(data, random, request);
    snprintf(request->subjects[0], LOAD_SUBJECT_SIZE, "things/");
    snprintf(request->subjects[request->subject_count++], LOAD_SUBJECT_SIZE, "boxes/b");
    request->token = "another";
    return true;
}

static bool make_read(void *data, load_random_t *random, load_request_t *request)
{
    (void)data;
    (void)random;
    request->method = "GET";
    snprintf(request->path, sizeof request->path, "/v1/things/a");
    return true;
}

static bool on_answer(void *data, const load_request_t *request, const load_answer_t *answer)
{
    world_t *world = data;
    (void)request;
    world->answered++;
    world->last = answer->status;
    return answer->version == 1 || answer->status != 200; // a read of anything but version 1 is called wrong
}

static const load_operation_t changes[] = {{"change", 1, make_change, on_answer}, {NULL, 0, NULL, NULL}};
static const load_operation_t creations[] = {{"creation", 1, make_creation, NULL}, {NULL, 0, NULL, NULL}};
static const load_operation_t reads[] = {{"read", 1, make_read, on_answer}, {NULL, 0, NULL, NULL}};

static load_counts_t run(const int *script, const load_operation_t *operations, size_t requests, unsigned again, journal_t *journal,
                         world_t *world, server_t *server)
{
    char url[64];
    server_start(server, script);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", server->port);
    const load_options_t options = {.journal = journal,
                                    .url = url,
                                    .token = "token",
                                    .clients = 1,
                                    .seed = 5,
                                    .requests_max = requests,
                                    .again_percent = again,
                                    .operations = operations,
                                    .world = world};
    load_t *load = load_start(&options);
    assert_non_null(load);
    const load_counts_t counts = load_finish(&load, HANG_MS);
    assert_null(load);
    server_stop(server);
    return counts;
}

// Silence and "away" are repeated under the same key and trace until there is an answer.
static void test_repeats_under_its_key(void **state)
{
    (void)state;
    static const int script[] = {SCRIPT_CUT, 503, 502, 504, 429, 201, 201, SCRIPT_END};
    journal_t *journal = journal_new(NULL, 3);
    world_t world = {0};
    server_t server;
    const load_counts_t counts = run(script, changes, 2, 0, journal, &world, &server);
    assert_int_equal(counts.requests, 2);
    assert_int_equal(counts.attempts, 7);
    assert_int_equal(counts.repeats, 5);
    assert_int_equal(counts.acknowledged, 2);
    assert_int_equal(counts.refused + counts.unanswered + counts.stale + counts.in_flight, 0);
    assert_true(server.keys[0][0] != '\0' && server.traces[0][0] != '\0');
    for (size_t i = 1; i < 6; i++) {
        assert_string_equal(server.keys[i], server.keys[0]);
        assert_string_equal(server.traces[i], server.traces[0]);
        assert_string_equal(server.lines[i], "POST /v1/things/0 HTTP/1.1");
        assert_string_equal(server.matches[i], "\"3\"");
    }
    assert_string_not_equal(server.keys[6], server.keys[0]);
    assert_string_not_equal(server.traces[6], server.traces[0]);
    assert_int_equal(journal_count(journal), 2);
    const journal_entry_t *entry = journal_at(journal, 0);
    assert_int_equal(entry->attempts, 6);
    assert_int_equal(entry->answers, 5);
    assert_int_equal(entry->status, 201);
    assert_int_equal(entry->version, 1);
    assert_string_equal(entry->subjects[0], "things/a");
    assert_string_equal(entry->key, server.keys[0]);
    assert_string_equal(entry->traceparent, server.traces[0]);
    assert_int_equal(world.answered, 2);
    journal_destroy(&journal);
}

static void test_a_refusal_is_the_end(void **state)
{
    (void)state;
    static const int script[] = {409, 500, 412, SCRIPT_END};
    journal_t *journal = journal_new(NULL, 3);
    world_t world = {0};
    server_t server;
    const load_counts_t counts = run(script, changes, 3, 100, journal, &world, &server);
    assert_int_equal(counts.attempts, 3);
    assert_int_equal(counts.refused, 3);
    assert_int_equal(counts.acknowledged, 0);
    assert_int_equal(world.last, 412);
    journal_destroy(&journal);
}

// Once more after the acknowledgement, under the same key: another answer is noted as such.
static void test_asks_again_what_was_acknowledged(void **state)
{
    (void)state;
    static const int script[] = {201, 201, 201, 200, SCRIPT_END};
    journal_t *journal = journal_new(NULL, 3);
    world_t world = {0};
    server_t server;
    const load_counts_t counts = run(script, changes, 2, 100, journal, &world, &server);
    assert_int_equal(counts.requests, 2);
    assert_int_equal(counts.acknowledged, 2);
    assert_int_equal(counts.repeats, 0);
    assert_string_equal(server.keys[0], server.keys[1]);
    assert_string_equal(server.keys[2], server.keys[3]);
    assert_false(journal_at(journal, 0)->differing);
    assert_true(journal_at(journal, 1)->differing);
    assert_int_equal(world.answered, 2);
    journal_destroy(&journal);
}

// What the platform names is known once it has answered, and only then.
static void test_the_answer_names_what_was_created(void **state)
{
    (void)state;
    static const int script[] = {503, 201, 409, SCRIPT_END};
    journal_t *journal = journal_new(NULL, 3);
    world_t world = {0};
    server_t server;
    const load_counts_t counts = run(script, creations, 2, 0, journal, &world, &server);
    assert_int_equal(counts.acknowledged, 1);
    assert_string_equal(journal_at(journal, 0)->subjects[0], "things/7");
    assert_string_equal(journal_at(journal, 0)->subjects[1], "boxes/b");
    assert_string_equal(journal_at(journal, 1)->subjects[0], "things/");
    assert_string_equal(server.tokens[0], "another");
    journal_destroy(&journal);
}

static void test_a_wrong_read_is_counted(void **state)
{
    (void)state;
    static const int script[] = {200, SCRIPT_END};
    journal_t *journal = journal_new(NULL, 3);
    world_t world = {0};
    server_t server;
    const load_counts_t counts = run(script, reads, 1, 100, journal, &world, &server);
    assert_int_equal(counts.stale, 1);
    assert_int_equal(counts.acknowledged, 0);
    assert_string_equal(server.keys[0], ""); // a read needs none
    assert_string_equal(server.lines[0], "GET /v1/things/a HTTP/1.1");
    journal_destroy(&journal);
}

// Nobody is there: it gives up when it is told to, and says so.
static void test_gives_up(void **state)
{
    (void)state;
    journal_t *journal = journal_new(NULL, 3);
    world_t world = {0};
    const load_options_t options = {
        .journal = journal, .url = "http://127.0.0.1:1", .token = "token", .clients = 3, .seed = 5, .operations = changes, .world = &world};
    load_t *load = load_start(&options);
    for (long waited_ms = 0; load_count(load).repeats < 3 && waited_ms < HANG_MS; waited_ms += AGAIN_MS)
        assert_false(load_await(load, 1, AGAIN_MS));
    const load_counts_t counts = load_stop(&load, 50);
    assert_int_equal(counts.requests, 3);
    assert_int_equal(counts.unanswered, 3);
    assert_true(counts.repeats > 0);
    assert_int_equal(world.answered, 3);
    assert_int_equal(world.last, 0);
    assert_int_equal(journal_at(journal, 0)->status, 0);
    journal_destroy(&journal);
}

static void test_the_seed_says_what_is_drawn(void **state)
{
    (void)state;
    load_random_t one = {.state = 42}, same = {.state = 42}, other = {.state = 43};
    unsigned equal = 0, seen[10] = {0};
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t drawn = load_draw(&one, 10);
        assert_true(drawn < 10);
        assert_true(drawn == load_draw(&same, 10));
        equal += drawn == load_draw(&other, 10);
        seen[drawn]++;
    }
    assert_true(equal < 500);
    for (unsigned i = 0; i < 10; i++)
        assert_true(seen[i] > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_repeats_under_its_key),
                                       cmocka_unit_test(test_a_refusal_is_the_end),
                                       cmocka_unit_test(test_asks_again_what_was_acknowledged),
                                       cmocka_unit_test(test_the_answer_names_what_was_created),
                                       cmocka_unit_test(test_a_wrong_read_is_counted),
                                       cmocka_unit_test(test_gives_up),
                                       cmocka_unit_test(test_the_seed_says_what_is_drawn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
