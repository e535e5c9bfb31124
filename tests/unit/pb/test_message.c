#include "support.h"

static void presence_follows_each_kind(void **state)
{
    sample_t *sample = pb_new(&sample_type, *state);
    assert_non_null(sample);
    for (unsigned i = 0; i < SAMPLE_FIELDS; i++)
        assert_false(pb_has(&sample_type, sample, i));
    sample->has_i64 = 1; // zero is a value
    sample->text = (char[]){""};
    sample->has_blob = 1;
    sample->nested = sample;
    int64_t numbers[] = {1};
    sample->numbers = numbers;
    sample->n_numbers = 1;
    const unsigned set[] = {I64, TEXT, BLOB, NESTED, NUMBERS};
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++) {
        assert_true(pb_has(&sample_type, sample, set[i]));
        pb_clear(&sample_type, sample, set[i]);
        assert_false(pb_has(&sample_type, sample, set[i]));
    }
    assert_null(sample->numbers);
    assert_null(sample->text);
}

static void merging_replaces_only_what_is_set(void **state)
{
    arena_t *arena = *state;
    Pcn__Registry__V1__Organisation *to = read_json(
        ORGANISATION, "{\"code\":\"pcn-a\",\"name\":\"A\",\"formerNames\":[\"x\",\"y\"],\"statedPopulation\":5,\"level\":\"place\"}",
        PB_JSON_REQUEST, arena);
    Pcn__Registry__V1__Organisation *from =
        read_json(ORGANISATION, "{\"name\":\"B\",\"formerNames\":[\"z\"],\"statedPopulation\":0}", PB_JSON_REQUEST, arena);
    pb_merge(ORGANISATION, to, ORGANISATION, from);
    assert_json(ORGANISATION, to,
                "{\"code\":\"pcn-a\",\"name\":\"B\",\"level\":\"place\",\"formerNames\":[\"z\"],\"identifiers\":[],"
                "\"statedPopulation\":0}");
    assert_ptr_equal(to->name, from->name);
}

static void merging_takes_shared_fields_of_another_type(void **state)
{
    arena_t *arena = *state;
    void *organisation = read_json(
        ORGANISATION, "{\"code\":\"pcn-a\",\"kind\":\"network\",\"identifiers\":[{\"system\":\"s\",\"value\":\"v\"}],\"version\":3}",
        PB_JSON_TRUSTED, arena);
    void *network = read_json(NETWORK, "{\"name\":\"N\",\"members\":[{\"practice\":\"C1\"}]}", PB_JSON_TRUSTED, arena);
    pb_merge(NETWORK, network, ORGANISATION, organisation);
    assert_json(
        NETWORK, network,
        "{\"code\":\"pcn-a\",\"name\":\"N\",\"kind\":\"network\",\"identifiers\":[{\"system\":\"s\",\"value\":\"v\"}],\"version\":3,"
        "\"members\":[{\"practice\":\"C1\"}],\"directors\":[],\"subGroups\":[],\"findings\":[]}");
    // And back: what only the network has stays behind.
    void *back = pb_new(ORGANISATION, arena);
    pb_merge(ORGANISATION, back, NETWORK, network);
    assert_json(
        ORGANISATION, back,
        "{\"code\":\"pcn-a\",\"name\":\"N\",\"kind\":\"network\",\"identifiers\":[{\"system\":\"s\",\"value\":\"v\"}],\"version\":3}");
}

static void merging_leaves_fields_of_the_same_name_and_another_type(void **state)
{
    arena_t *arena = *state;
    // Both have `kind`, of two enums; ListSize.count is no field of an organisation.
    void *organisation = pb_new(ORGANISATION, arena);
    void *size =
        read_json(&pcn__registry__v1__list_size__type, "{\"kind\":\"weighted\",\"count\":4,\"source\":\"s\"}", PB_JSON_REQUEST, arena);
    pb_merge(ORGANISATION, organisation, &pcn__registry__v1__list_size__type, size);
    assert_json(ORGANISATION, organisation, "{\"identifiers\":[],\"source\":\"s\"}");
}

static void packing_and_the_cap(void **state)
{
    void *message = read_json(ORGANISATION, "{\"code\":\"pcn-a\",\"name\":\"A name\"}", PB_JSON_REQUEST, *state);
    uint8_t *bytes;
    size_t size;
    assert_true(pb_pack(message, *state, &bytes, &size));
    assert_int_equal(size, 15);
    assert_memory_equal(bytes,
                        "\x0a\x05pcn-a\x12\x06"
                        "A name",
                        15);
    assert_true(pb_pack(pb_new(ORGANISATION, *state), *state, &bytes, &size));
    assert_int_equal(size, 0);
    arena_t *small = arena_new(8);
    assert_null(pb_new(ORGANISATION, small));
    assert_false(pb_pack(message, small, &bytes, &size));
    arena_destroy(&small);
}

// Of every kind of field: set differs from absent and from another value, a copy makes it the same, absent included.
static void fields_are_compared_and_copied(void **state)
{
    int64_t numbers[] = {1, 2}, others[] = {1, 3};
    char *texts[] = {(char[]){"a"}, (char[]){"b"}}, *other_texts[] = {(char[]){"a"}, (char[]){"c"}};
    sample_t *a = pb_new(&sample_type, *state), *b = pb_new(&sample_type, *state), *c = pb_new(&sample_type, *state);
    a->has_i32 = a->has_flag = a->has_colour = a->has_blob = a->has_wide = 1;
    *b = *a;
    a->i32 = 5;
    a->flag = 1;
    a->colour = COLOUR_RED;
    a->blob = (ProtobufCBinaryData){.len = 2, .data = (uint8_t[]){1, 2}};
    b->blob = (ProtobufCBinaryData){.len = 2, .data = (uint8_t[]){1, 3}};
    a->wide = 0.5;
    a->text = (char[]){"one"};
    b->text = (char[]){"two"};
    a->nested = pb_new(&sample_type, *state);
    a->nested->text = a->text;
    b->nested = pb_new(&sample_type, *state);
    a->numbers = numbers;
    b->numbers = others;
    a->n_numbers = b->n_numbers = 2;
    a->texts = texts;
    b->texts = other_texts;
    a->n_texts = b->n_texts = 2;
    static const unsigned set[] = {I32, FLAG, COLOUR, BLOB, WIDE, TEXT, NESTED, NUMBERS, TEXTS};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
        assert_true(pb_same_field(&sample_type, a, a, set[i]));
        assert_false(pb_same_field(&sample_type, a, b, set[i]));
        assert_false(pb_same_field(&sample_type, a, c, set[i]));
        assert_true(pb_same_field(&sample_type, c, c, set[i]));
        pb_copy_field(&sample_type, b, a, set[i]);
        assert_true(pb_same_field(&sample_type, a, b, set[i]));
        pb_copy_field(&sample_type, b, c, set[i]);
        assert_false(pb_has(&sample_type, b, set[i]));
    }
    b->numbers = numbers;
    b->n_numbers = 1;
    assert_false(pb_same_field(&sample_type, a, b, NUMBERS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(presence_follows_each_kind),
                                       TEST(merging_replaces_only_what_is_set),
                                       TEST(merging_takes_shared_fields_of_another_type),
                                       TEST(merging_leaves_fields_of_the_same_name_and_another_type),
                                       TEST(fields_are_compared_and_copied),
                                       TEST(packing_and_the_cap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
