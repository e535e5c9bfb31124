// The form of exports: tokens, and the archive around the files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/service/cursor.h"
#include "services/registry/rules_export.h"

#define ID "01935f5c-0000-7000-8000-000000000001"

static int setup(void **state)
{
    return (*state = arena_new((size_t)1024 * 1024)) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    arena_t *arena = *state;
    arena_destroy(&arena);
    return 0;
}

static void tokens_come_back(void **state)
{
    arena_t *arena = *state;
    static const uint32_t numbers[] = {1, 2, 10, 999999999};
    static const char *const texts[] = {"1", "2", "10", "999999999"};
    for (size_t i = 0; i < 4; i++) {
        char *parts[EXPORT_PARTS] = {NULL};
        problem_t problem = {0};
        const char *token = export_token(EXPORT_FORMAT(CSV), ID, numbers[i], arena);
        assert_non_null(token);
        assert_true(strlen(token) <= 200);
        assert_int_equal(export_token_read(token, EXPORT_FORMAT(CSV), parts, arena, &problem), STATUS_OK);
        assert_string_equal(parts[0], ID);
        assert_string_equal(parts[1], texts[i]);
        // Of the other format it is none.
        assert_int_equal(export_token_read(token, EXPORT_FORMAT(JSON), parts, arena, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, "pageToken");
    }
}

// Whatever the statement casts is what it must be.
static void forged_tokens_are_refused(void **state)
{
    arena_t *arena = *state;
    static const char *const forged[][EXPORT_PARTS] = {{"", "1"},          {"x", "1"},  {ID "0", "1"}, {ID, ""},
                                                       {ID, "0"},          {ID, "01"},  {ID, "-1"},    {ID, "1 "},
                                                       {ID, "9999999999"}, {ID, "1e3"}, {"NULL", "1"}, {ID, "'; --"}};
    static const char *const list[] = {"export", "csv"};
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        char *parts[EXPORT_PARTS] = {NULL};
        problem_t problem = {0};
        const char *token = cursor_make(list, 2, forged[i], EXPORT_PARTS, arena);
        assert_non_null(token);
        assert_int_equal(export_token_read(token, EXPORT_FORMAT(CSV), parts, arena, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, "pageToken");
    }
    static const char *const broken[] = {"", "x", "====", "Mg", "\xff", "MnwwMHwx"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char *parts[EXPORT_PARTS] = {NULL};
        problem_t problem = {0};
        assert_int_equal(export_token_read(broken[i], EXPORT_FORMAT(CSV), parts, arena, &problem), STATUS_INVALID_ARGUMENT);
    }
}

// Where POSIX has the fields of a header.
static void headers_are_ustar(void **state)
{
    (void)state;
    char header[TAR_BLOCK];
    assert_true(tar_header("list_sizes.csv", 1234567, header));
    assert_string_equal(header, "list_sizes.csv");
    assert_string_equal(header + 100, "0000644");
    assert_string_equal(header + 108, "0000000");
    assert_string_equal(header + 116, "0000000");
    assert_string_equal(header + 124, "00004553207");
    assert_string_equal(header + 136, "00000000000");
    assert_int_equal(header[156], '0');
    assert_memory_equal(header + 257,
                        "ustar\0"
                        "00",
                        8);
    unsigned long sum = 0;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char)header[i];
    assert_int_equal(strtoul(header + 148, NULL, 8), sum);
    assert_int_equal(header[154], '\0');
    assert_int_equal(header[155], ' ');
    for (size_t i = 345; i < TAR_BLOCK; i++)
        assert_int_equal(header[i], 0);
    char again[TAR_BLOCK];
    memset(again, 'x', sizeof again);
    assert_true(tar_header("list_sizes.csv", 1234567, again));
    assert_memory_equal(again, header, TAR_BLOCK);
}

static void headers_have_limits(void **state)
{
    (void)state;
    char header[TAR_BLOCK], name[TAR_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    name[TAR_NAME_MAX + 1] = '\0';
    assert_false(tar_header(name, 0, header));
    name[TAR_NAME_MAX] = '\0';
    assert_true(tar_header(name, TAR_FILE_MAX, header));
    assert_memory_equal(header, name, TAR_NAME_MAX);
    assert_string_equal(header + 100, "0000644");
    assert_string_equal(header + 124, "77777777777");
    assert_false(tar_header("a", TAR_FILE_MAX + 1, header));
}

static void padding_fills_blocks(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        size_t padding;
    } cases[] = {{0, 0}, {1, 511}, {511, 1}, {512, 0}, {513, 511}, {1024, 0}, {TAR_FILE_MAX, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(tar_padding(cases[i].size), cases[i].padding);
}

static export_piece_t piece_of(uint64_t start, uint64_t file_size, bool last, const char *data)
{
    export_piece_t piece = PCN__REGISTRY__STORE__V1__EXPORT_PIECE__INIT;
    piece.export = (char *)ID;
    piece.file = (char *)"sites";
    piece.start = start;
    piece.file_size = file_size;
    piece.last = last;
    piece.data = (char *)data;
    return piece;
}

static void pieces_make_an_archive(void **state)
{
    arena_t *arena = *state;
    static const struct {
        uint64_t start, file_size;
        bool last;
        const char *data;
        size_t head, tail;
    } cases[] = {
        {0, 10, false, "abcde", 512, 0},  {5, 10, false, "fghij", 0, 502},        {5, 10, true, "fghij", 0, 502 + 1024},
        {0, 5, false, "abcde", 512, 507}, {0, 5, true, "abcde", 512, 507 + 1024}, {3, 10, false, "defg", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const export_piece_t piece = piece_of(cases[i].start, cases[i].file_size, cases[i].last, cases[i].data);
        ProtobufCBinaryData bytes = {0};
        problem_t problem = {0};
        const size_t size = strlen(cases[i].data);
        assert_int_equal(export_bytes(EXPORT_FORMAT(CSV), &piece, arena, &bytes, &problem), STATUS_OK);
        assert_int_equal(bytes.len, cases[i].head + size + cases[i].tail);
        if (cases[i].head > 0) {
            char header[TAR_BLOCK];
            assert_true(tar_header("sites.csv", cases[i].file_size, header));
            assert_memory_equal(bytes.data, header, TAR_BLOCK);
        }
        assert_memory_equal(bytes.data + cases[i].head, cases[i].data, size);
        for (size_t k = cases[i].head + size; k < bytes.len; k++)
            assert_int_equal(bytes.data[k], 0);
    }
}

static void a_document_is_what_its_pieces_say(void **state)
{
    arena_t *arena = *state;
    const export_piece_t piece = piece_of(0, 5, true, "[{}]\n");
    ProtobufCBinaryData bytes = {0};
    problem_t problem = {0};
    assert_int_equal(export_bytes(EXPORT_FORMAT(JSON), &piece, arena, &bytes, &problem), STATUS_OK);
    assert_int_equal(bytes.len, 5);
    assert_memory_equal(bytes.data, "[{}]\n", 5);
}

static void what_no_archive_holds_is_refused(void **state)
{
    arena_t *arena = *state;
    const export_piece_t piece = piece_of(0, TAR_FILE_MAX + 1, false, "a");
    ProtobufCBinaryData bytes = {0};
    problem_t problem = {0};
    assert_int_equal(export_bytes(EXPORT_FORMAT(CSV), &piece, arena, &bytes, &problem), STATUS_INTERNAL);
    arena_t *small = arena_new(256);
    assert_non_null(small);
    const export_piece_t fits = piece_of(0, 1, false, "a");
    assert_int_equal(export_bytes(EXPORT_FORMAT(CSV), &fits, small, &bytes, &problem), STATUS_RESOURCE_EXHAUSTED);
    arena_destroy(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_back),
        cmocka_unit_test(forged_tokens_are_refused),
        cmocka_unit_test(headers_are_ustar),
        cmocka_unit_test(headers_have_limits),
        cmocka_unit_test(padding_fills_blocks),
        cmocka_unit_test(pieces_make_an_archive),
        cmocka_unit_test(a_document_is_what_its_pieces_say),
        cmocka_unit_test(what_no_archive_holds_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
