#include "support.h"

#include "common/pb/field.h"

static void assert_parses(const char *text, int64_t expected)
{
    int64_t number = 77;
    assert_true(pb_integer_parse(text, strlen(text), &number));
    assert_true(number == expected);
}

static void assert_refuses(const char *text)
{
    int64_t number;
    assert_false(pb_integer_parse(text, strlen(text), &number));
}

static void integers_are_read_strictly(void **state)
{
    (void)state;
    assert_parses("0", 0);
    assert_parses("-0", 0);
    assert_parses("007", 7);
    assert_parses("9223372036854775807", INT64_MAX);
    assert_parses("-9223372036854775808", INT64_MIN);
    assert_refuses("9223372036854775808");
    assert_refuses("-9223372036854775809");
    assert_refuses("99999999999999999999");
    assert_refuses("");
    assert_refuses("-");
    assert_refuses("+1");
    assert_refuses(" 1");
    assert_refuses("1 ");
    assert_refuses("1.0");
    assert_refuses("0x10");
    assert_refuses("--1");
}

static void assert_digits(ProtobufCType type, int64_t number, const char *expected)
{
    char value[8], out[PB_DIGITS_MAX + 1];
    int64_t aligned = 0;
    pb_integer_store(type, &aligned, number);
    memcpy(value, &aligned, sizeof value);
    size_t size = pb_digits(type, &aligned, out);
    out[size] = '\0';
    assert_string_equal(out, expected);
}

static void integers_are_written_in_decimal(void **state)
{
    (void)state;
    assert_digits(PROTOBUF_C_TYPE_INT64, 0, "0");
    assert_digits(PROTOBUF_C_TYPE_INT64, INT64_MAX, "9223372036854775807");
    assert_digits(PROTOBUF_C_TYPE_SINT64, INT64_MIN, "-9223372036854775808");
    assert_digits(PROTOBUF_C_TYPE_INT32, -1, "-1");
    assert_digits(PROTOBUF_C_TYPE_SFIXED32, INT32_MIN, "-2147483648");
    assert_digits(PROTOBUF_C_TYPE_UINT32, UINT32_MAX, "4294967295");
    assert_digits(PROTOBUF_C_TYPE_FIXED64, 10, "10");
    uint64_t huge = UINT64_MAX;
    char out[PB_DIGITS_MAX];
    assert_int_equal(pb_digits(PROTOBUF_C_TYPE_UINT64, &huge, out), 20);
    assert_memory_equal(out, "18446744073709551615", 20);
    assert_true(pb_integer_load(PROTOBUF_C_TYPE_UINT64, &huge) == INT64_MAX);
}

static void bounds_follow_the_type(void **state)
{
    (void)state;
    int64_t minimum, maximum;
    assert_true(pb_integer_bounds(PROTOBUF_C_TYPE_FIXED32, &minimum, &maximum));
    assert_true(minimum == 0 && maximum == UINT32_MAX);
    assert_true(pb_integer_bounds(PROTOBUF_C_TYPE_SINT32, &minimum, &maximum));
    assert_true(minimum == INT32_MIN && maximum == INT32_MAX);
    assert_false(pb_integer_bounds(PROTOBUF_C_TYPE_BOOL, &minimum, &maximum));
    assert_false(pb_integer_bounds(PROTOBUF_C_TYPE_ENUM, &minimum, &maximum));
    assert_false(pb_integer_bounds(PROTOBUF_C_TYPE_DOUBLE, &minimum, &maximum));
}

static void appending_keeps_what_was_there(void **state)
{
    sample_t *sample = pb_new(&sample_type, *state);
    int64_t first[] = {5};
    sample->numbers = first;
    sample->n_numbers = 1;
    const ProtobufCFieldDescriptor *field = &sample_type.descriptor->fields[NUMBERS];
    int64_t *item = pb_append(field, sample, *state);
    assert_non_null(item);
    assert_true(*item == 0);
    *item = 6;
    assert_int_equal(sample->n_numbers, 2);
    assert_true(sample->numbers[0] == 5 && sample->numbers[1] == 6);
    assert_true(first[0] == 5);

    arena_t *small = arena_new(16);
    assert_null(pb_append(field, sample, small));
    assert_int_equal(sample->n_numbers, 2);
    arena_destroy(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(integers_are_read_strictly), cmocka_unit_test(integers_are_written_in_decimal),
                                       cmocka_unit_test(bounds_follow_the_type), TEST(appending_keeps_what_was_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
