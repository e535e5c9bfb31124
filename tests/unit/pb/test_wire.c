#include "support.h"

#include "common/pb/wire.h"

// Bytes of a literal without its NUL.
#define BYTES(literal) (literal), sizeof(literal) - 1

static problem_t check(const pb_type_t *type, const void *bytes, size_t size)
{
    problem_t problem = {.status = STATUS_OK};
    status_t status = pb_wire_check(type, bytes, size, PB_FIELDS_MAX, &problem);
    assert_int_equal(status, problem.status);
    assert_int_equal(pb_wire_scan(type, bytes, size), status == STATUS_OK);
    return problem;
}

static void assert_good(const void *bytes, size_t size)
{
    problem_t problem = check(&sample_type, bytes, size);
    if (problem.status != STATUS_OK)
        fail_msg("%s: %s", problem.field, problem.detail);
}

static void assert_bad(const void *bytes, size_t size, const char *field)
{
    problem_t problem = check(&sample_type, bytes, size);
    assert_int_equal(problem.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(problem.field, field);
    assert_true(problem.detail[0] != '\0');
}

static void well_formed_frames_pass(void **state)
{
    (void)state;
    assert_good(NULL, 0);
    assert_good(BYTES("\x08\x01"));                                     // i32
    assert_good(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")); // i32 = -1 in ten bytes
    assert_good(BYTES("\x1d\x01\x02\x03\x04"));                         // x32
    assert_good(BYTES("\x31\x01\x02\x03\x04\x05\x06\x07\x08"));         // x64
    assert_good(BYTES("\x7a\x02hi"));                                   // text
    assert_good(BYTES("\x7a\x00"));                                     // empty text
    assert_good(BYTES("\x70\x07"));                                     // colour
    assert_good(BYTES("\x82\x01\x02\xff\x00"));                         // blob: any bytes
    assert_good(BYTES("\x8a\x01\x02\x08\x01"));                         // nested
    assert_good(BYTES("\x90\x01\x05\x92\x01\x02\x06\x07"));             // numbers, plain and packed
    assert_good(BYTES("\xca\x01\x08\x01\x00\x00\x00\x02\x00\x00\x00")); // fixes, packed
    assert_good(BYTES("\xf8\x7f\x01\xfa\x7f\x02zz"));                   // unknown numbers
}

static void broken_frames_are_refused(void **state)
{
    (void)state;
    assert_bad(BYTES("\x08"), "");
    assert_bad(BYTES("\x08\xff"), "");
    assert_bad(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "");
    assert_bad(BYTES("\x00\x01"), "");                 // number 0
    assert_bad(BYTES("\x0b\x0c"), "");                 // a group
    assert_bad(BYTES("\x0e"), "");                     // wire type 6
    assert_bad(BYTES("\xff\xff\xff\xff\xff\x01"), ""); // a tag of six bytes
    assert_bad(BYTES("\xf8\xff\xff\xff\x7f\x01"), ""); // a number beyond 29 bits
    assert_bad(BYTES("\x1d\x01\x02\x03"), "");
    assert_bad(BYTES("\x31\x01"), "");
    assert_bad(BYTES("\x7a\x03hi"), "");
    assert_bad(BYTES("\x7a\xff\xff\xff\xff\x0f"), "");
    assert_bad(BYTES("\x8a\x01\x02\x08\xff"), "nested");
}

static void wrong_types_are_refused_by_name(void **state)
{
    (void)state;
    assert_bad(BYTES("\x0a\x01\x01"), "i32");    // length for a varint, not a list
    assert_bad(BYTES("\x78\x01"), "text");       // varint for a string
    assert_bad(BYTES("\x88\x01\x01"), "nested"); // varint for a message
    assert_bad(BYTES("\x19\x01\x02\x03\x04\x05\x06\x07\x08"), "x32");
    assert_bad(BYTES("\xca\x01\x03\x01\x00\x00"), "fixes[0]");
    assert_bad(BYTES("\x92\x01\x01\xff"), "numbers[0]");
}

static void texts_must_be_utf8_without_nul(void **state)
{
    (void)state;
    assert_bad(BYTES("\x7a\x01\xff"), "text");
    assert_bad(BYTES("\x7a\x03\xed\xa0\x80"), "text");
    assert_bad(BYTES("\x7a\x02\xc0\x80"), "text");
    assert_bad(BYTES("\x7a\x03"
                     "a\0b"),
               "text");
    // The path counts items of the list.
    assert_bad(BYTES("\xb2\x01\x01"
                     "a\xb2\x01\x01\xfe"),
               "texts[1]");
    assert_bad(BYTES("\xc2\x01\x02\x08\x01\xc2\x01\x05\x8a\x01\x02\x7a\x80"), "nesteds[1].nested");
    assert_bad(BYTES("\xc2\x01\x06\x8a\x01\x03\x7a\x01\x80"), "nesteds[0].nested.text");
}

static void enum_values_must_be_known(void **state)
{
    (void)state;
    assert_good(BYTES("\x70\x00"));
    assert_bad(BYTES("\x70\x02"), "colour");
    assert_bad(BYTES("\x70\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "colour");
    assert_good(BYTES("\xaa\x01\x02\x01\x07"));
    assert_bad(BYTES("\xaa\x01\x02\x01\x08"), "colours[0]");
    assert_bad(BYTES("\xa8\x01\x01\xa8\x01\x02"), "colours[1]");
}

// `levels` messages nested in each other, the innermost empty. Returns where they start.
static const uint8_t *nest(uint8_t *end, unsigned levels, size_t *size)
{
    uint8_t *at = end;
    for (unsigned i = 1; i < levels; i++) {
        size_t inner = (size_t)(end - at);
        assert_true(inner < 128);
        *--at = (uint8_t)inner;
        *--at = 0x01;
        *--at = 0x8a;
    }
    *size = (size_t)(end - at);
    return at;
}

static void depth_is_limited(void **state)
{
    (void)state;
    uint8_t room[256];
    size_t size;
    const uint8_t *bytes = nest(room + sizeof room, PB_DEPTH_MAX, &size);
    assert_good(bytes, size);
    bytes = nest(room + sizeof room, PB_DEPTH_MAX + 1, &size);
    problem_t problem = check(&sample_type, bytes, size);
    assert_int_equal(problem.status, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(problem.detail, "deeper"));
}

static void the_number_of_fields_is_limited(void **state)
{
    (void)state;
    static uint8_t plain[2 * (PB_FIELDS_MAX + 1)];
    for (size_t i = 0; i < sizeof plain; i += 2)
        plain[i] = 0x08;
    assert_good(plain, sizeof plain - 2);
    assert_bad(plain, sizeof plain, "");

    // Items of packed lists count, so that a small frame cannot become a large message.
    static uint8_t packed[PB_FIELDS_MAX + 16];
    size_t items = PB_FIELDS_MAX - 1;
    packed[0] = 0x92;
    packed[1] = 0x01;
    packed[2] = (uint8_t)(items & 0x7f) | 0x80;
    packed[3] = (uint8_t)(items >> 7);
    assert_good(packed, 4 + items);
    items++;
    packed[2] = (uint8_t)(items & 0x7f) | 0x80;
    packed[3] = (uint8_t)(items >> 7);
    assert_bad(packed, 4 + items, "numbers[0]");

    // Fields of a newer contract count too.
    static uint8_t unknown[3 * (PB_FIELDS_MAX + 1)];
    for (size_t i = 0; i < sizeof unknown; i += 3)
        memcpy(unknown + i, "\xf8\x7f\x01", 3);
    assert_good(unknown, sizeof unknown - 3);
    assert_bad(unknown, sizeof unknown, "");
}

static void the_size_is_limited(void **state)
{
    (void)state;
    uint8_t *bytes = calloc(1, PB_FRAME_MAX + 1);
    assert_non_null(bytes);
    // One blob that fills the frame.
    size_t content = PB_FRAME_MAX - 5;
    bytes[0] = 0x82;
    bytes[1] = 0x01;
    bytes[2] = (uint8_t)(content & 0x7f) | 0x80;
    bytes[3] = (uint8_t)(content >> 7 & 0x7f) | 0x80;
    bytes[4] = (uint8_t)(content >> 14);
    assert_good(bytes, PB_FRAME_MAX);
    assert_bad(bytes, PB_FRAME_MAX + 1, "");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(well_formed_frames_pass),         cmocka_unit_test(broken_frames_are_refused),
                                       cmocka_unit_test(wrong_types_are_refused_by_name), cmocka_unit_test(texts_must_be_utf8_without_nul),
                                       cmocka_unit_test(enum_values_must_be_known),       cmocka_unit_test(depth_is_limited),
                                       cmocka_unit_test(the_number_of_fields_is_limited), cmocka_unit_test(the_size_is_limited)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
