// Server-Sent Events, in whatever pieces they come.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "services/ctl/feed.h"

typedef struct log {
    char text[4096];
    const char *refused; // data that ends the feed
} log_t;

static bool note(void *owner, const char *type, const char *data)
{
    log_t *log = owner;
    const size_t size = strlen(log->text);
    snprintf(log->text + size, sizeof log->text - size, "%s:%s;", type, data);
    return log->refused == NULL || strcmp(data, log->refused) != 0;
}

static void in_pieces_of(const char *stream, size_t piece, const char *expected, const char *id)
{
    log_t log = {.text = ""};
    feed_t feed;
    feed_init(&feed, note, &log);
    for (size_t at = 0; at < strlen(stream); at += piece)
        assert_true(feed_add(&feed, stream + at, strlen(stream) - at < piece ? strlen(stream) - at : piece));
    assert_string_equal(log.text, expected);
    if (id == NULL)
        assert_null(feed_last_id(&feed));
    else
        assert_string_equal(feed_last_id(&feed), id);
    feed_deinit(&feed);
}

static void whole(const char *stream, const char *expected, const char *id)
{
    for (size_t piece = 1; piece < 8; piece++)
        in_pieces_of(stream, piece, expected, id);
    in_pieces_of(stream, 4096, expected, id);
}

static void blocks(void **state)
{
    (void)state;
    whole("retry: 1000\nid: a\n\n", "", "a");
    whole("id: a\ndata: {\"x\":1}\n\n", "message:{\"x\":1};", "a");
    whole("id: a\r\ndata: 1\r\n\r\nid: b\r\ndata: 2\r\n\r\n", "message:1;message:2;", "b");
    whole("data: 1\r\rdata: 2\r\r", "message:1;message:2;", NULL);
    whole("event: gone\ndata: a\ndata: b\n\ndata: c\n\n", "gone:a\nb;message:c;", NULL);
    whole(": a comment\n\ndata\n\ndata:x\ndata:  y\nother: z\n\n", "message:;message:x\n y;", NULL);
    // What has not ended is nothing yet, nor is its id.
    whole("id: a\ndata: 1\n\nid: b\ndata: 2\n", "message:1;", "a");
    whole("id: a\n\nevent: heartbeat\nid: b\ndata: {}\n\n", "heartbeat:{};", "b");
}

static bool add(feed_t *feed, const char *text)
{
    return feed_add(feed, text, strlen(text));
}

static void connections(void **state)
{
    (void)state;
    log_t log = {.text = ""};
    feed_t feed;
    feed_init(&feed, note, &log);
    feed_set_last_id(&feed, "before");
    assert_true(add(&feed, "id: x\ndata: half"));
    feed_begin(&feed);
    assert_string_equal(feed_last_id(&feed), "before");
    assert_true(add(&feed, "id: y\ndata: 1\n\n"));
    assert_string_equal(log.text, "message:1;");
    assert_string_equal(feed_last_id(&feed), "y");
    assert_int_equal(feed.retry_ms, -1);
    assert_true(add(&feed, "retry: 250\n\nretry: soon\n\n"));
    assert_int_equal(feed.retry_ms, 250);
    assert_true(add(&feed, "retry: 99999999\n\n"));
    assert_int_equal(feed.retry_ms, 60000);
    feed_deinit(&feed);
}

static void ended_by_its_owner(void **state)
{
    (void)state;
    log_t log = {.refused = "2"};
    feed_t feed;
    feed_init(&feed, note, &log);
    const char *stream = "id: a\ndata: 1\n\nid: b\ndata: 2\n\nid: c\ndata: 3\n\n";
    assert_false(feed_add(&feed, stream, strlen(stream)));
    assert_string_equal(log.text, "message:1;message:2;");
    assert_string_equal(feed_last_id(&feed), "b");
    feed_deinit(&feed);
}

static void longer_than_any(void **state)
{
    (void)state;
    static char bytes[1024 * 1024];
    log_t log = {.text = ""};
    feed_t feed;
    bool taken = true;
    memset(bytes, 'x', sizeof bytes);
    feed_init(&feed, note, &log);
    for (size_t i = 0; taken && i < 16; i++)
        taken = feed_add(&feed, bytes, sizeof bytes);
    assert_false(taken);
    feed_deinit(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks), cmocka_unit_test(connections), cmocka_unit_test(ended_by_its_owner),
                                       cmocka_unit_test(longer_than_any)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
