// What the export command leaves in a folder, and what it refuses to put there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/ctl/archive.h"
#include "services/ctl/folder.h"
#include "tests/unit/ctl/server.h"

enum { ROOM = 16384 };

typedef struct fixture {
    server_t server;
    char folder[64], output[SERVER_TEXT_SIZE], errors[SERVER_TEXT_SIZE];
} fixture_t;

static unsigned char archive[ROOM];
static size_t archive_size;

static size_t add_file(size_t at, const char *name, const char *content)
{
    unsigned sum = 0;
    unsigned char *header = archive + at;
    const size_t size = strlen(content);
    snprintf((char *)header, 100, "%s", name);
    snprintf((char *)header + 124, 12, "%011o", (unsigned)size);
    header[156] = '0';
    memcpy(header + 257, "ustar\00000", 8);
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < ARCHIVE_BLOCK_SIZE; i++)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum & 0777777u);
    memcpy(header + ARCHIVE_BLOCK_SIZE, content, size);
    return at + ARCHIVE_BLOCK_SIZE + (size + ARCHIVE_BLOCK_SIZE - 1) / ARCHIVE_BLOCK_SIZE * ARCHIVE_BLOCK_SIZE;
}

static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    server_folder(fixture->folder);
    memset(archive, 0, sizeof archive);
    archive_size = add_file(0, "organisations.csv", "code,name\na,A\n") + 1024;
    archive_size = add_file(archive_size - 1024, "past.csv", "code\n") + 1024;
    *state = fixture;
    return 0;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    server_folder_end(fixture->folder);
    free(fixture);
    return 0;
}

static server_answer_t gives(server_t *server, unsigned call)
{
    (void)call;
    if (strcmp(server->asked, "GET /v1/exports/json") == 0)
        return (server_answer_t){.code = 200, .body = "{\n}\n"};
    return (server_answer_t){.code = 200, .body = (const char *)archive, .size = archive_size};
}

static void assert_file(const char *folder, const char *name, const char *content)
{
    char path[512], text[1024] = "";
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, content);
}

static size_t count_files(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 2;
}

#define RUN(...) SERVER_RUN(server, export_command, fixture->output, fixture->errors, __VA_ARGS__)

static void both_formats(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    server_start(server, gives);
    assert_int_equal(RUN(fixture->folder), COMMAND_OK);
    assert_string_equal(server->asked, "GET /v1/exports/csv");
    assert_file(fixture->folder, "organisations.csv", "code,name\na,A\n");
    assert_file(fixture->folder, "past.csv", "code\n");
    assert_int_equal(count_files(fixture->folder), 2);
    assert_non_null(strstr(fixture->output, ": 2 files, 19 B\n"));
    // What is there is not written over, and a folder with both would be imported twice.
    const unsigned calls = server->calls;
    assert_int_equal(RUN(fixture->folder, "--format", "json"), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "is there already: another folder, or --force"));
    assert_int_equal(server->calls, calls);
    assert_int_equal(RUN(fixture->folder, "--format", "json", "--force"), COMMAND_OK);
    assert_file(fixture->folder, "registry.json", "{\n}\n");
    assert_int_equal(RUN(fixture->folder, "--force"), COMMAND_OK);
    assert_int_equal(count_files(fixture->folder), 3);
    server_stop(server);
}

static server_answer_t breaks(server_t *server, unsigned call)
{
    server_answer_t answer = gives(server, call);
    if (call == 1)
        answer.cut_at = archive_size / 2;
    return answer;
}

static void a_broken_download_begins_anew(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    server_start(server, breaks);
    assert_int_equal(RUN(fixture->folder), COMMAND_OK);
    assert_int_equal(server->calls, 2);
    assert_file(fixture->folder, "organisations.csv", "code,name\na,A\n");
    assert_int_equal(count_files(fixture->folder), 2);
    server_stop(server);
}

static void what_is_no_export(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    server_start(server, gives);
    // A name that is none of the registry's, or of a file that is only read; the same twice; an end too early.
    static const char *const names[] = {"other.csv", "pcns.csv", "registry.json", "past.csv", "../past.csv"};
    const size_t good = archive_size - 1024;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        memset(archive + good, 0, sizeof archive - good);
        archive_size = add_file(good, names[i], "x") + 1024;
        assert_int_equal(RUN(fixture->folder), COMMAND_FAILED);
        assert_non_null(strstr(fixture->errors, "the server"));
        assert_int_equal(count_files(fixture->folder), 0);
    }
    archive_size = good;
    assert_int_equal(RUN(fixture->folder), COMMAND_FAILED);
    assert_non_null(strstr(fixture->errors, "ends too early"));
    assert_int_equal(count_files(fixture->folder), 0);
    server_stop(server);
}

static server_answer_t forbids(server_t *server, unsigned call)
{
    (void)server, (void)call;
    return (server_answer_t){.code = 403, .body = "{\"detail\":\"The token does not allow this\"}"};
}

static void calls_that_cannot_be(void **state)
{
    fixture_t *fixture = *state;
    server_t *server = &fixture->server;
    server_start(server, forbids);
    assert_int_equal(RUN("--force"), COMMAND_USAGE);
    assert_int_equal(RUN(fixture->folder, "more"), COMMAND_USAGE);
    assert_int_equal(RUN(fixture->folder, "--format", "xml"), COMMAND_USAGE);
    assert_int_equal(RUN("/nowhere/at/all"), COMMAND_FAILED);
    assert_int_equal(server->calls, 0);
    assert_int_equal(RUN(fixture->folder), COMMAND_REFUSED);
    assert_non_null(strstr(fixture->errors, "The token does not allow this (HTTP 403)"));
    server_stop(server);
}

static void names_that_are_known(void **state)
{
    (void)state;
    assert_true(folder_takes("list_sizes.csv", true));
    assert_true(folder_takes("superseded.csv", true));
    assert_true(folder_takes("pcns.csv", false));
    assert_false(folder_takes("pcns.csv", true));
    assert_true(folder_takes("anything at all.json", false));
    assert_false(folder_takes("anything at all.json", true));
    assert_false(folder_takes("listSizes.csv", false));
    assert_false(folder_takes(".csv", false));
    assert_false(folder_takes(".json", false));
    assert_false(folder_takes("../past.csv", false));
    assert_false(folder_takes("workforce_notes.md", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_formats, start, stop),
        cmocka_unit_test_setup_teardown(a_broken_download_begins_anew, start, stop),
        cmocka_unit_test_setup_teardown(what_is_no_export, start, stop),
        cmocka_unit_test_setup_teardown(calls_that_cannot_be, start, stop),
        cmocka_unit_test(names_that_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
