#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/id.h"
#include "services/gateway/upload.h"
#include "tests/unit/gateway/harness.h"

#define WRITER "system-manager"
#define READER "subscriber"
#define FORM_TYPE "Content-Type: multipart/form-data; boundary=XX\r\n"
#define PART(name) "Content-Disposition: form-data; name=\"f\"; filename=\"" name "\"\r\n\r\n"
#define SMALL "--XX\r\n" PART("a.csv") "one\r\n--XX\r\n" PART("b.csv") "two\r\n--XX--\r\n"

static int start(void **state)
{
    *state = harness_new(0);
    return 0;
}

static int stop(void **state)
{
    harness_destroy((harness_t **)state);
    return 0;
}

// A form in memory.
typedef struct body {
    char *bytes;
    size_t size, room;
} body_t;

static void add(body_t *body, const void *bytes, size_t size)
{
    if (body->size + size > body->room) {
        body->room = 2 * (body->size + size);
        body->bytes = realloc(body->bytes, body->room);
        assert_non_null(body->bytes);
    }
    memcpy(body->bytes + body->size, bytes, size);
    body->size += size;
}

static void add_text(body_t *body, const char *text)
{
    add(body, text, strlen(text));
}

static void add_file(body_t *body, const char *name, size_t size)
{
    char head[512];
    snprintf(head, sizeof(head), "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"%s\"\r\n\r\n", name);
    add_text(body, head);
    for (size_t i = 0; i < size; i++) {
        const char byte = (char)harness_files_byte(i);
        add(body, &byte, 1);
    }
    add_text(body, "\r\n");
}

// The head of an upload; `framing` is a line of its own.
static void send_head(const harness_t *harness, int fd, const char *role, const char *path, const char *headers, const char *framing)
{
    char *token = harness_token(harness, role), *head;
    assert_true(asprintf(&head, "POST %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n%s%s\r\n", path, token, headers, framing) > 0);
    harness_send_text(fd, head);
    free(head);
    free(token);
}

static void send_length(const harness_t *harness, int fd, const char *headers, size_t length)
{
    char framing[64];
    snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n", length);
    send_head(harness, fd, WRITER, "/v1/bundles", headers, framing);
}

static void send_chunk(int fd, const char *bytes, size_t size)
{
    char line[32];
    snprintf(line, sizeof(line), "%zx\r\n", size);
    harness_send_text(fd, line);
    harness_send(fd, bytes, size);
    harness_send_text(fd, "\r\n");
}

static void upload(const harness_t *harness, const char *headers, const body_t *body, harness_reply_t *reply)
{
    int fd = harness_connect(harness);
    send_length(harness, fd, headers, body->size);
    harness_send(fd, body->bytes, body->size);
    harness_receive(fd, false, reply);
    close(fd);
}

static void upload_text(const harness_t *harness, const char *headers, const char *text, harness_reply_t *reply)
{
    body_t body = {(char *)text, strlen(text), 0};
    upload(harness, headers, &body, reply);
}

static void expect_piece(const harness_t *harness, size_t at, const char *file, size_t size, bool last)
{
    const files_piece_t *piece = &harness->files.pieces[at];
    assert_true(at < harness->files.piece_count);
    assert_int_equal(piece->number, at + 1);
    assert_string_equal(piece->file, file);
    assert_int_equal(piece->size, size);
    assert_int_equal(piece->data, !last);
    assert_int_equal(piece->last, last);
    assert_string_equal(piece->id, FILES_ID);
}

static void forget(harness_t *harness)
{
    pthread_mutex_lock(&harness->files.lock);
    harness->files.piece_count = harness->files.content_size = harness->files.begun = harness->files.cancels = 0;
    harness->files.bytes = 0;
    pthread_mutex_unlock(&harness->files.lock);
}

static void wait_for(const harness_t *harness, const uint64_t *value, uint64_t expected)
{
    (void)harness;
    for (int i = 0; i < 6000 && __atomic_load_n(value, __ATOMIC_RELAXED) != expected; i++)
        usleep(10000);
    assert_int_equal(__atomic_load_n(value, __ATOMIC_RELAXED), expected);
}

// That the service has got, since this was asked last.
static void wait_for_calls(harness_t *harness, unsigned count)
{
    for (int i = 0; i < 1000 && __atomic_load_n(&harness->seen.calls, __ATOMIC_RELAXED) < count; i++)
        usleep(10000);
    assert_true(__atomic_load_n(&harness->seen.calls, __ATOMIC_RELAXED) >= count);
    __atomic_store_n(&harness->seen.calls, 0, __ATOMIC_RELAXED);
}

// The service has heard so often that an upload is given up, and no more.
static void wait_for_cancels(harness_t *harness, unsigned count)
{
    for (int i = 0; i < 1000 && harness_files_cancels(&harness->files) < count; i++)
        usleep(10000);
    assert_int_equal(harness_files_cancels(&harness->files), count);
}

static void hands_on(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    int fd = harness_connect(harness);
    send_head(harness, fd, WRITER, "/v1/bundles?dryRun=true",
              FORM_TYPE "Idempotency-Key: key-1\r\nX-Request-Id: 0192f0c1-2345-7abc-8def-"
                        "000000000001\r\n",
              "Content-Length: 154\r\n");
    assert_int_equal(strlen(SMALL), 154);
    harness_send_text(fd, SMALL);
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 202);
    assert_string_equal(harness_header(&reply, "Location"), "/v1/bundles/" FILES_ID);
    assert_string_equal(harness_header(&reply, "Content-Type"), "application/json");
    assert_true(harness_says(&reply, FILES_ID));
    assert_false(reply.closed);
    assert_int_equal(harness->files.begun, 1);
    assert_true(harness->files.dry_run);
    assert_string_equal(harness->files.begin_key, "key-1");
    assert_int_equal(harness->files.piece_count, 3);
    expect_piece(harness, 0, "a.csv", 3, false);
    expect_piece(harness, 1, "b.csv", 3, false);
    expect_piece(harness, 2, "", 0, true);
    assert_memory_equal(harness->files.content, "onetwo", 6);
    assert_string_equal(harness->files.pieces[0].key, "key-1.1");
    assert_string_equal(harness->files.pieces[2].key, "key-1.3");
    assert_string_equal(harness->seen.method, "files/PutPart");
    assert_string_equal(harness->seen.service, "registry");
    assert_string_equal(harness->seen.subject, "tester");
    // The connection serves on; without a key the request's id is what pieces are known by.
    send_head(harness, fd, WRITER, "/v1/bundles", FORM_TYPE "X-Request-Id: 0192f0c1-2345-7abc-8def-000000000002\r\n",
              "Content-Length: 154\r\n");
    harness_send_text(fd, SMALL);
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 202);
    assert_string_equal(harness->files.pieces[3].key, "0192f0c1-2345-7abc-8def-000000000002.1");
    assert_int_equal(harness->files.begun, 2);
    close(fd);
    // A replay says so, and a key may be so long that the pieces' still fit.
    upload_text(harness, FORM_TYPE "Idempotency-Key: again\r\n", SMALL, &reply);
    assert_string_equal(harness_header(&reply, "Idempotent-Replayed"), "true");
    char headers[400];
    snprintf(headers, sizeof(headers), FORM_TYPE "Idempotency-Key: %0120d\r\n", 7);
    upload_text(harness, headers, SMALL, &reply);
    assert_int_equal(reply.status, 202);
}

// However the bytes come, pieces are the same.
static void cuts_pieces(void **state)
{
    static const size_t sizes[] = {0, 1, UPLOAD_PIECE_MAX - 1, UPLOAD_PIECE_MAX, UPLOAD_PIECE_MAX + 1, 2 * UPLOAD_PIECE_MAX};
    static const size_t steps[] = {1u << 20, 65536, 4099, 997, 61};
    harness_t *harness = *state;
    body_t body = {0};
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char name[32];
        snprintf(name, sizeof(name), "f%zu.csv", i);
        add_file(&body, name, sizes[i]);
    }
    add_text(&body, "--XX--\r\n");
    for (size_t s = 0; s < 2 * sizeof(steps) / sizeof(steps[0]); s++) {
        const size_t step = steps[s / 2];
        const bool chunked = s % 2 == 1;
        int fd = harness_connect(harness);
        forget(harness);
        if (chunked)
            send_head(harness, fd, WRITER, "/v1/bundles", FORM_TYPE, "Transfer-Encoding: chunked\r\n");
        else
            send_length(harness, fd, FORM_TYPE, body.size);
        for (size_t at = 0; at < body.size; at += step) {
            const size_t part = body.size - at < step ? body.size - at : step;
            if (chunked)
                send_chunk(fd, body.bytes + at, part);
            else
                harness_send(fd, body.bytes + at, part);
        }
        if (chunked)
            harness_send_text(fd, "0\r\n\r\n");
        harness_receive(fd, false, &reply);
        assert_int_equal(reply.status, 202);
        assert_int_equal(harness->files.piece_count, 9);
        expect_piece(harness, 0, "f0.csv", 0, false);
        expect_piece(harness, 1, "f1.csv", 1, false);
        expect_piece(harness, 2, "f2.csv", UPLOAD_PIECE_MAX - 1, false);
        expect_piece(harness, 3, "f3.csv", UPLOAD_PIECE_MAX, false);
        expect_piece(harness, 4, "f4.csv", UPLOAD_PIECE_MAX, false);
        expect_piece(harness, 5, "f4.csv", 1, false);
        expect_piece(harness, 6, "f5.csv", UPLOAD_PIECE_MAX, false);
        expect_piece(harness, 7, "f5.csv", UPLOAD_PIECE_MAX, false);
        expect_piece(harness, 8, "", 0, true);
        size_t at = 0;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            for (size_t j = 0; j < sizes[i] && at < FILES_KEPT; j++)
                assert_true(harness->files.content[at++] == harness_files_byte(j));
        }
        close(fd);
    }
    free(body.bytes);
}

static void asks_first(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    char line[64] = {0};
    int fd = harness_connect(harness);
    send_head(harness, fd, WRITER, "/v1/bundles", FORM_TYPE "Expect: 100-continue\r\n", "Content-Length: 154\r\n");
    assert_int_equal(recv(fd, line, 25, MSG_WAITALL), 25);
    assert_string_equal(line, "HTTP/1.1 100 Continue\r\n\r\n");
    // The first method was asked before the client was told to go on.
    assert_int_equal(harness->files.begun, 1);
    assert_int_equal(harness_files_count(&harness->files), 0);
    harness_send_text(fd, SMALL);
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 202);
    close(fd);
    // Who is refused has not sent anything.
    harness->files.refuse_begin = STATUS_FAILED_PRECONDITION;
    fd = harness_connect(harness);
    send_head(harness, fd, WRITER, "/v1/bundles", FORM_TYPE "Expect: 100-continue\r\n", "Content-Length: 60000000\r\n");
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 422);
    assert_true(reply.closed);
    assert_true(harness_says(&reply, "the service's own words"));
    close(fd);
    harness->files.refuse_begin = STATUS_OK;
    // Who has lost patience meanwhile gets the answer as well, also where the body is long.
    for (int i = 0; i < 2; i++) {
        static const char some[65536] = {0};
        harness->files.hold_begin = true;
        harness->seen.calls = 0;
        fd = harness_connect(harness);
        send_head(harness, fd, WRITER, "/v1/bundles", FORM_TYPE "Expect: 100-continue\r\n",
                  i == 0 ? "Content-Length: 65536\r\n" : "Content-Length: 60000000\r\n");
        harness_send(fd, some, sizeof(some));
        wait_for_calls(harness, 1);
        harness_release(harness);
        for (int j = 0; i == 1 && j < 10; j++)
            harness_send(fd, some, sizeof(some));
        harness_receive(fd, false, &reply);
        assert_int_equal(reply.status, 404);
        assert_true(harness_says(&reply, "it took its time"));
        assert_int_equal(reply.closed, i == 1);
        close(fd);
    }
}

static void head_refusals(void **state)
{
    static const struct {
        const char *role, *path, *headers, *framing;
        int status;
        const char *says;
    } cases[] = {
        {READER, "/v1/bundles", FORM_TYPE, "", 403, "does not allow"},
        {WRITER, "/v1/bundles", FORM_TYPE, "", 400, "The files are needed"},
        {WRITER, "/v1/bundles", FORM_TYPE, "Content-Length: 0\r\n", 400, "The files are needed"},
        {WRITER, "/v1/bundles", "", "Content-Length: 10\r\n", 415, "multipart/form-data"},
        {WRITER, "/v1/bundles", "Content-Type: application/json\r\n", "Content-Length: 10\r\n", 415, "multipart/form-data"},
        {WRITER, "/v1/bundles", FORM_TYPE FORM_TYPE, "Content-Length: 10\r\n", 415, "multipart/form-data"},
        {WRITER, "/v1/bundles", FORM_TYPE "Content-Encoding: gzip\r\n", "Content-Length: 10\r\n", 415, "not encoded"},
        {WRITER, "/v1/bundles", "Content-Type: multipart/form-data\r\n", "Content-Length: 10\r\n", 400, "boundary"},
        {WRITER, "/v1/bundles", "Content-Type: multipart/form-data; boundary=\"a\r\n", "Content-Length: 10\r\n", 400, "boundary"},
        {WRITER, "/v1/bundles", FORM_TYPE, "Content-Length: 67108865\r\n", 413, "64 MiB"},
        {WRITER, "/v1/bundles", FORM_TYPE, "Content-Length: 9999999999999\r\n", 413, "64 MiB"},
        {WRITER, "/v1/bundles", FORM_TYPE "Accept: text/csv\r\n", "Content-Length: 10\r\n", 406, "application/json"},
        {WRITER, "/v1/bundles?nothing=1", FORM_TYPE, "Content-Length: 10\r\n", 400, "nothing"},
        {WRITER, "/v1/bundles?start=soon", FORM_TYPE, "Content-Length: 10\r\n", 400, "start"},
        {WRITER, "/v1/bundles", FORM_TYPE "Idempotency-Key: \r\n", "Content-Length: 10\r\n", 400, "Idempotency-Key"},
        {WRITER, "/v1/bundles",
         FORM_TYPE "Idempotency-Key: "
                   "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"
                   "123456789012345678901\r\n",
         "Content-Length: 10\r\n", 400, "120"},
    };
    harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        // With the body's bytes behind it where they are few, in parts, and not at all where the client asks first.
        for (int way = 0; way < 3; way++) {
            char headers[600];
            print_message("%zu, %d\n", i, way);
            int fd = harness_connect(harness);
            snprintf(headers, sizeof(headers), "%s%s", cases[i].headers, way == 2 ? "Expect: 100-continue\r\n" : "");
            send_head(harness, fd, cases[i].role, cases[i].path, headers, cases[i].framing);
            if (way < 2 && strstr(cases[i].framing, ": 10\r") != NULL) {
                harness_send_text(fd, "01234");
                if (way == 1)
                    usleep(2000);
                harness_send_text(fd, "56789");
            } else if (way < 2 && strlen(cases[i].framing) > 22) {
                char some[4096] = {0};
                harness_send(fd, some, sizeof(some));
            }
            harness_receive(fd, false, &reply);
            assert_int_equal(reply.status, cases[i].status);
            assert_string_equal(harness_header(&reply, "Content-Type"), "application/problem+json");
            assert_true(harness_says(&reply, cases[i].says));
            close(fd);
        }
    }
    assert_int_equal(harness->files.begun, 0);
    // Without a token; the path by another verb; chunks without end are cut off, and so is what nobody with a token sends.
    harness_exchange(harness, "POST /v1/bundles HTTP/1.1\r\nHost: h\r\n" FORM_TYPE "Content-Length: 3\r\n\r\nabc", &reply);
    assert_int_equal(reply.status, 401);
    assert_non_null(harness_header(&reply, "WWW-Authenticate"));
    harness_exchange(harness, "POST /v1/bundles HTTP/1.1\r\nHost: h\r\n" FORM_TYPE "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", &reply);
    assert_int_equal(reply.status, 401);
    assert_non_null(harness_header(&reply, "WWW-Authenticate"));
    assert_true(reply.closed);
    harness_call(harness, WRITER, "GET /v1/bundles", "", "", &reply);
    assert_int_equal(reply.status, 405);
    assert_string_equal(harness_header(&reply, "Allow"), "POST");
    harness_call(harness, WRITER, "POST /v1/bundles/x", "", "", &reply);
    assert_int_equal(reply.status, 405);
}

static void service_refusals(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    harness->files.refuse_begin = STATUS_ALREADY_EXISTS;
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 409);
    assert_false(reply.closed); // a short body was read to its end
    harness->files.refuse_begin = STATUS_OK;
    harness->files.no_id = true;
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 500);
    harness->files.no_id = false;
    harness->absent = true;
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 503);
    assert_non_null(harness_header(&reply, "Retry-After"));
    harness->absent = false;
    // A piece, in the middle and the last.
    harness->files.refusal = STATUS_FAILED_PRECONDITION;
    for (uint32_t number = 1; number <= 3; number++) {
        harness->files.refuse_at = number;
        upload_text(harness, FORM_TYPE, SMALL, &reply);
        assert_int_equal(reply.status, 422);
        assert_true(harness_says(&reply, "the service's own words"));
        assert_false(reply.closed);
    }
    harness->files.refusal = STATUS_INTERNAL;
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 500);
    assert_false(harness_says(&reply, "own words"));
    assert_null(harness_header(&reply, "Location"));
}

// A long body: the refusal comes at once, while the client has yet to send most of it, and may go on sending for a while.
static void refused_in_the_middle(void **state)
{
    static const char garbage[65536] = {0};
    harness_t *harness = *state;
    harness_reply_t reply;
    harness->files.refusal = STATUS_FAILED_PRECONDITION;
    harness->files.refuse_at = 2;
    for (int chunked = 0; chunked < 2; chunked++) {
        body_t body = {0};
        int fd = harness_connect(harness);
        add_file(&body, "a.csv", 3 * UPLOAD_PIECE_MAX);
        if (chunked)
            send_head(harness, fd, WRITER, "/v1/bundles", FORM_TYPE, "Transfer-Encoding: chunked\r\n");
        else
            send_length(harness, fd, FORM_TYPE, 60u << 20);
        if (chunked)
            send_chunk(fd, body.bytes, body.size);
        else
            harness_send(fd, body.bytes, body.size);
        // No more comes, and none is needed for the answer.
        harness_receive(fd, false, &reply);
        assert_int_equal(reply.status, 422);
        assert_true(reply.closed);
        assert_string_equal(harness_header(&reply, "Content-Type"), "application/problem+json");
        // What the client has not stopped to send is taken for a while.
        for (int i = 0; i < 20; i++) {
            if (chunked)
                send_chunk(fd, garbage, sizeof(garbage));
            else
                harness_send(fd, garbage, sizeof(garbage));
        }
        close(fd);
        free(body.bytes);
    }
    // The last place is free again.
    harness->files.refuse_at = 0;
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 202);
}

static void form_refusals(void **state)
{
    static const struct {
        const char *text, *says;
        unsigned pieces;
    } cases[] = {
        {"garbage", "does not begin", 0},
        {"--XX--\r\n", "The files are needed", 0},
        {"--XX\r\n" PART("a.csv") "one", "ends before", 0},
        {"--XX\r\n" PART("a.csv") "one\r\n--XX\r\n", "ends before", 1},
        {"--XX\r\n" PART("a.csv") "one\r\n--XX--trailer", "goes on after", 1},
        {"--XX\r\n" PART("d/a.csv") "one\r\n--XX--", "without a path", 0},
        {"--XX\r\n" PART("a.csv") "one\r\n--XX\r\n" PART("a.csv") "two\r\n--XX--", "the same name", 1},
        {"--XX\r\nContent-Disposition: form-data; filename=x\r\n\r\n", "cannot be read", 0},
    };
    harness_t *harness = *state;
    harness_reply_t reply;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        forget(harness);
        print_message("%s\n", cases[i].text);
        upload_text(harness, FORM_TYPE, cases[i].text, &reply);
        assert_int_equal(reply.status, 400);
        assert_true(harness_says(&reply, cases[i].says));
        wait_for_cancels(harness, 1);
        assert_int_equal(harness->files.piece_count, cases[i].pieces);
        for (size_t j = 0; j < harness->files.piece_count; j++)
            assert_false(harness->files.pieces[j].last);
    }
    // 64 files are taken, 65 not.
    for (int count = 64; count <= 65; count++) {
        body_t body = {0};
        for (int i = 0; i < count; i++) {
            char name[32];
            snprintf(name, sizeof(name), "f%d", i);
            add_file(&body, name, 3);
        }
        add_text(&body, "--XX--");
        forget(harness);
        upload(harness, FORM_TYPE, &body, &reply);
        assert_int_equal(reply.status, count == 64 ? 202 : 400);
        assert_int_equal(harness->files.piece_count, count == 64 ? 65 : 64);
        free(body.bytes);
    }
}

static void too_large(void **state)
{
    static char block[1u << 20];
    harness_t *harness = *state;
    harness_reply_t reply;
    int fd = harness_connect(harness);
    // Chunks that say nothing of how much is to come; exactly 64 MiB are good.
    send_head(harness, fd, WRITER, "/v1/bundles", FORM_TYPE, "Transfer-Encoding: chunked\r\n");
    send_chunk(fd, "--XX\r\n" PART("a.csv"), strlen("--XX\r\n" PART("a.csv")));
    for (int i = 0; i < 64; i++)
        send_chunk(fd, block, sizeof(block));
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 413);
    assert_true(harness_says(&reply, "64 MiB"));
    assert_true(reply.closed);
    assert_true(harness->files.bytes > 63u << 20);
    wait_for_cancels(harness, 1);
    close(fd);
    const size_t around = strlen("--XX\r\n" PART("a.csv") "\r\n--XX--");
    fd = harness_connect(harness);
    forget(harness);
    send_length(harness, fd, FORM_TYPE, UPLOAD_BODY_MAX);
    harness_send_text(fd, "--XX\r\n" PART("a.csv"));
    for (size_t left = UPLOAD_BODY_MAX - around; left > 0;) {
        const size_t part = left < sizeof(block) ? left : sizeof(block);
        harness_send(fd, block, part);
        left -= part;
    }
    harness_send_text(fd, "\r\n--XX--");
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 202);
    assert_int_equal(harness->files.bytes, UPLOAD_BODY_MAX - around);
    assert_int_equal(harness_files_cancels(&harness->files), 0);
    close(fd);
}

// Clients that die, in every phase: their places are free again.
static void clients_die(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    body_t body = {0};
    add_file(&body, "a.csv", 2 * UPLOAD_PIECE_MAX);
    for (int way = 0; way < 5; way++) {
        int fd = harness_connect(harness);
        forget(harness);
        harness->seen.calls = 0;
        harness->files.hold_at = way == 3 ? 1 : 0;
        send_length(harness, fd, FORM_TYPE, 1u << 20);
        wait_for_calls(harness, 1);
        if (way == 1)
            harness_send(fd, body.bytes, 10);
        if (way >= 2)
            harness_send(fd, body.bytes, body.size);
        if (way == 4)
            shutdown(fd, SHUT_WR);
        if (way == 2)
            usleep(20000);
        if (way == 3) {
            // A piece is under way when the client goes.
            wait_for_calls(harness, 1);
            usleep(20000);
        }
        close(fd);
        if (way == 3)
            harness_release(harness);
        wait_for(harness, &harness->gateway.open, 0);
        wait_for_cancels(harness, 1);
    }
    harness->files.hold_at = 0;
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 202);
    free(body.bytes);
}

// Sends a little more than a piece of a longer body, and goes.
static void break_off(harness_t *harness, const char *headers)
{
    body_t body = {0};
    forget(harness);
    add_file(&body, "a.csv", UPLOAD_PIECE_MAX + 10);
    int fd = harness_connect(harness);
    send_length(harness, fd, headers, 1u << 20);
    harness_send(fd, body.bytes, body.size - 2);
    for (int i = 0; i < 1000 && harness_files_count(&harness->files) < 1; i++)
        usleep(10000);
    close(fd);
    wait_for(harness, &harness->gateway.open, 0);
    free(body.bytes);
}

static void gives_up(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    break_off(harness, FORM_TYPE "X-Request-Id: 0192f0c1-2345-7abc-8def-000000000001\r\n"
                                 "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
    wait_for_cancels(harness, 1);
    const files_piece_t *cancel = &harness->files.cancel;
    assert_string_equal(cancel->id, FILES_ID);
    assert_string_equal(cancel->key, "0192f0c1-2345-7abc-8def-000000000001.cancel");
    assert_int_equal(cancel->number, 2);
    assert_string_equal(cancel->file, "");
    assert_false(cancel->data);
    assert_false(cancel->last);
    assert_string_equal(harness->seen.method, "files/PutPart");
    assert_string_equal(harness->seen.service, "registry");
    assert_string_equal(harness->seen.subject, "tester");
    assert_string_equal(harness->seen.request_id, "0192f0c1-2345-7abc-8def-000000000001");
    assert_string_equal(harness->seen.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    // Refused by the service, in the middle or with the last piece; refused to begin there is nothing to give up.
    harness->files.refusal = STATUS_FAILED_PRECONDITION;
    for (uint32_t number = 1; number <= 3; number++) {
        forget(harness);
        harness->files.refuse_at = number;
        upload_text(harness, FORM_TYPE, SMALL, &reply);
        assert_int_equal(reply.status, 422);
        wait_for_cancels(harness, 1);
    }
    harness->files.refuse_at = 0;
    forget(harness);
    harness->files.refuse_begin = STATUS_FAILED_PRECONDITION;
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 422);
    harness->files.refuse_begin = STATUS_OK;
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 202);
    assert_int_equal(harness_files_cancels(&harness->files), 0);
}

// What begins after its time is over has an id all the same.
static void gives_up_what_began_late(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    harness->config.transfer_timeout_ms = 200;
    harness->files.hold_begin = harness->answers_late = true;
    int fd = harness_connect(harness);
    send_length(harness, fd, FORM_TYPE, strlen(SMALL));
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 408);
    close(fd);
    assert_int_equal(harness_files_cancels(&harness->files), 0);
    harness_release(harness);
    wait_for(harness, &harness->gateway.open, 0);
    wait_for_cancels(harness, 1);
    assert_string_equal(harness->files.cancel.id, FILES_ID);
    assert_int_equal(harness->files.cancel.number, 1);
    assert_int_equal(harness_files_count(&harness->files), 0);
}

// Under its key a client may go on with what broke off, but not with what is wrong.
static void keeps_what_may_go_on(void **state)
{
    static const char key[] = FORM_TYPE "Idempotency-Key: key-1\r\n";
    harness_t *harness = *state;
    harness_reply_t reply;
    break_off(harness, key);
    harness->files.refuse_at = 2;
    harness->files.refusal = STATUS_UNAVAILABLE;
    upload_text(harness, key, SMALL, &reply);
    assert_int_equal(reply.status, 503);
    harness->files.refuse_at = 0;
    harness->config.transfer_timeout_ms = 300;
    int fd = harness_connect(harness);
    send_length(harness, fd, key, strlen(SMALL));
    harness_send_text(fd, "--XX\r\n");
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 408);
    close(fd);
    wait_for(harness, &harness->gateway.open, 0);
    assert_int_equal(harness_files_cancels(&harness->files), 0);
    harness->config.transfer_timeout_ms = 60000;
    upload_text(harness, key, "--XX\r\n" PART("a.csv") "one", &reply);
    assert_int_equal(reply.status, 400);
    wait_for_cancels(harness, 1);
    assert_string_equal(harness->files.cancel.key, "key-1.cancel");
}

// A service that does not take it, is away, or is silent until the end.
static void gives_up_in_vain(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    harness->files.refuse_cancel = STATUS_UNAVAILABLE;
    break_off(harness, FORM_TYPE);
    wait_for_cancels(harness, 1);
    int fd = harness_connect(harness);
    forget(harness);
    harness->seen.calls = 0;
    send_length(harness, fd, FORM_TYPE, 1000);
    harness_send_text(fd, "--XX\r\n");
    wait_for_calls(harness, 1);
    usleep(20000);
    harness->absent = true;
    close(fd);
    wait_for(harness, &harness->gateway.open, 0);
    assert_int_equal(harness_files_cancels(&harness->files), 0);
    harness->absent = false;
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 202);
    harness->files.hold_cancel = true;
    break_off(harness, FORM_TYPE);
    wait_for_cancels(harness, 1);
    // And one that ends with the gateway.
    fd = harness_connect(harness);
    forget(harness);
    harness->seen.calls = 0;
    send_length(harness, fd, FORM_TYPE, 1000);
    wait_for_calls(harness, 1);
    usleep(20000);
    harness_destroy((harness_t **)state);
    close(fd);
    *state = harness_new(0);
}

// As many as may be; one more is told to come back, others go on meanwhile.
static void limited(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    int fds[2];
    for (int i = 0; i < 2; i++) {
        fds[i] = harness_connect(harness);
        send_length(harness, fds[i], FORM_TYPE, strlen(SMALL));
        harness_send_text(fds[i], "--XX\r\n");
    }
    for (int i = 0; i < 60000; i++) {
        pthread_mutex_lock(&harness->files.lock);
        unsigned begun = harness->files.begun;
        pthread_mutex_unlock(&harness->files.lock);
        if (begun == 2)
            break;
        usleep(1000);
    }
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 503);
    assert_string_equal(harness_header(&reply, "Retry-After"), "5");
    assert_true(harness_says(&reply, "as many uploads"));
    harness_call(harness, READER, "GET /v1/organisations/u1", "", "", &reply);
    assert_int_equal(reply.status, 200);
    for (int i = 0; i < 2; i++) {
        harness_send_text(fds[i], &SMALL[6]);
        harness_receive(fds[i], false, &reply);
        assert_int_equal(reply.status, 202);
        close(fds[i]);
    }
    upload_text(harness, FORM_TYPE, SMALL, &reply);
    assert_int_equal(reply.status, 202);
}

// A client that sends now and then does not hold its place for ever; one that says nothing is let go as any other.
static void slow_clients(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    harness->config.transfer_timeout_ms = 300;
    int fd = harness_connect(harness);
    send_length(harness, fd, FORM_TYPE, strlen(SMALL));
    size_t sent = 0; // in far more time than it has
    for (; sent < strlen(SMALL) - 1 && send(fd, &SMALL[sent], 1, MSG_NOSIGNAL) == 1; sent++)
        usleep(20000);
    assert_true(sent < strlen(SMALL) - 1);
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 408);
    assert_true(reply.closed);
    wait_for(harness, &harness->gateway.open, 0);
    close(fd);
    // Also while its service thinks.
    harness->files.hold_at = 1;
    fd = harness_connect(harness);
    send_length(harness, fd, FORM_TYPE, strlen(SMALL));
    harness_send_text(fd, SMALL);
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 408);
    close(fd);
    assert_int_equal(harness_files_cancels(&harness->files), 1); // of the first
    harness_release(harness);
    wait_for(harness, &harness->gateway.open, 0);
    wait_for_cancels(harness, 2);
}

static void drains(void **state)
{
    harness_t *harness = *state;
    harness_reply_t reply;
    int fd = harness_connect(harness);
    send_length(harness, fd, FORM_TYPE, strlen(SMALL));
    harness_send_text(fd, "--XX\r\n");
    wait_for(harness, &harness->gateway.open, 1);
    harness_drain(harness);
    for (int i = 0; i < 60000 && access(harness->path, F_OK) == 0; i++) // it is gone once the loop has heard of it
        usleep(1000);
    assert_int_not_equal(access(harness->path, F_OK), 0);
    harness_send_text(fd, &SMALL[6]);
    harness_receive(fd, false, &reply);
    assert_int_equal(reply.status, 202);
    assert_true(reply.closed);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(hands_on),
        TEST(cuts_pieces),
        TEST(asks_first),
        TEST(head_refusals),
        TEST(service_refusals),
        TEST(refused_in_the_middle),
        TEST(form_refusals),
        TEST(too_large),
        TEST(clients_die),
        TEST(limited),
        TEST(slow_clients),
        TEST(drains),
        TEST(gives_up),
        TEST(gives_up_what_began_late),
        TEST(keeps_what_may_go_on),
        TEST(gives_up_in_vain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
