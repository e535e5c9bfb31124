// Archives in pieces of every size, and what is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "services/ctl/archive.h"

enum { ROOM = 8192 };

typedef struct log {
    char text[ROOM];
    bool full;
} log_t;

static status_t open_file(void *data, const char *name, problem_t *problem)
{
    log_t *log = data;
    if (log->full)
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "full");
    strcat(strcat(log->text, "<"), name);
    strcat(log->text, ":");
    return STATUS_OK;
}

static status_t add(void *data, const void *bytes, size_t size, problem_t *problem)
{
    (void)problem;
    log_t *log = data;
    strncat(log->text, bytes, size);
    return STATUS_OK;
}

static status_t close_file(void *data, problem_t *problem)
{
    (void)problem;
    log_t *log = data;
    strcat(log->text, ">");
    return STATUS_OK;
}

static const archive_sink_t sink = {open_file, add, close_file};

static void seal(unsigned char *header)
{
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < ARCHIVE_BLOCK_SIZE; i++)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum & 0777777u);
}

static size_t add_file(unsigned char *archive, size_t at, const char *name, const char *content)
{
    const size_t size = strlen(content);
    unsigned char *header = archive + at;
    memset(header, 0, ARCHIVE_BLOCK_SIZE);
    snprintf((char *)header, 100, "%s", name);
    snprintf((char *)header + 100, 8, "%07o", 0644u);
    snprintf((char *)header + 124, 12, "%011o", (unsigned)size);
    header[156] = '0';
    memcpy(header + 257, "ustar\00000", 8);
    seal(header);
    memcpy(header + ARCHIVE_BLOCK_SIZE, content, size);
    return at + ARCHIVE_BLOCK_SIZE + (size + ARCHIVE_BLOCK_SIZE - 1) / ARCHIVE_BLOCK_SIZE * ARCHIVE_BLOCK_SIZE;
}

// Two files, one of them exactly a block, and one that is empty.
static size_t make(unsigned char archive[ROOM])
{
    char block[ARCHIVE_BLOCK_SIZE + 1];
    memset(block, 'x', ARCHIVE_BLOCK_SIZE);
    block[ARCHIVE_BLOCK_SIZE] = '\0';
    memset(archive, 0, ROOM);
    size_t size = add_file(archive, 0, "a.csv", "code\n1\n");
    size = add_file(archive, size, "b.csv", "");
    size = add_file(archive, size, "c.csv", block);
    return size + 2 * ARCHIVE_BLOCK_SIZE;
}

static status_t read_all(const unsigned char *archive, size_t size, size_t piece, log_t *log, problem_t *problem)
{
    archive_t reader;
    archive_init(&reader, &sink, log);
    status_t status = STATUS_OK;
    for (size_t at = 0; at < size && status == STATUS_OK; at += piece)
        status = archive_add(&reader, archive + at, size - at < piece ? size - at : piece, problem);
    return status == STATUS_OK ? archive_finish(&reader, problem) : status;
}

static void pieces_of_every_size(void **state)
{
    (void)state;
    unsigned char archive[ROOM];
    const size_t size = make(archive), pieces[] = {1, 7, 511, 512, 513, ROOM};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        log_t log = {.text = ""};
        assert_int_equal(read_all(archive, size, pieces[i], &log, NULL), STATUS_OK);
        assert_int_equal(strncmp(log.text, "<a.csv:code\n1\n><b.csv:><c.csv:xxx", 33), 0);
        assert_int_equal(strlen(log.text), 14 + 1 + 8 + 7 + ARCHIVE_BLOCK_SIZE + 1);
    }
}

static void what_ends_too_early(void **state)
{
    (void)state;
    unsigned char archive[ROOM];
    const size_t size = make(archive);
    for (size_t cut = 0; cut < size; cut += 100) {
        log_t log = {.text = ""};
        problem_t problem = {0};
        assert_int_equal(read_all(archive, cut, ROOM, &log, &problem), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(problem.detail, "ends too early"));
    }
}

static void what_leads_elsewhere(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t at;
        char byte;
    } cases[] = {
        {"../a.csv", 0, '.'}, {"/etc/passwd", 0, '/'}, {"a/b.csv", 0, 'a'}, {".hidden", 0, '.'}, {"", 0, 0},
        {"link", 156, '2'},   {"folder", 156, '5'},    {"long", 156, 'L'},  {"pax", 156, 'x'},   {"deep", 345, 'd'},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char archive[ROOM] = {0};
        size_t size = add_file(archive, 0, cases[i].name, "x");
        archive[cases[i].at] = (unsigned char)cases[i].byte;
        seal(archive);
        log_t log = {.text = ""};
        problem_t problem = {0};
        assert_int_equal(read_all(archive, size + 1024, ROOM, &log, &problem), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(problem.detail, "something else than files"));
        assert_string_equal(log.text, "");
    }
}

static void what_is_broken(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        char byte;
        bool sealed;
    } cases[] = {{124, '9', true}, {124, '-', true}, {257, 'U', true}, {0, 'b', false}, {148, '?', false}, {135, '7', true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char archive[ROOM];
        log_t log = {.text = ""};
        problem_t problem = {0};
        const size_t size = make(archive);
        archive[cases[i].at] = (unsigned char)cases[i].byte;
        if (cases[i].sealed)
            seal(archive);
        assert_int_equal(read_all(archive, size, ROOM, &log, &problem), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(problem.detail, "is broken"));
    }
    unsigned char archive[ROOM];
    log_t log = {.text = ""};
    const size_t size = make(archive);
    (void)add_file(archive, size, "late.csv", "x");
    assert_int_equal(read_all(archive, size + 1024, ROOM, &log, NULL), STATUS_INVALID_ARGUMENT);
    log = (log_t){.text = "", .full = true};
    assert_int_equal(read_all(archive, size, ROOM, &log, NULL), STATUS_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_every_size),
        cmocka_unit_test(what_ends_too_early),
        cmocka_unit_test(what_leads_elsewhere),
        cmocka_unit_test(what_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
