#include "support.h"

#include <math.h>

static void unset_fields_are_left_out(void **state)
{
    void *message = pb_new(&pcn__registry__v1__identifier__type, *state);
    assert_json(&pcn__registry__v1__identifier__type, message, "{}");
}

// "None" is an answer for these; what is not a list, or may be absent, is left out as ever.
static void some_lists_are_shown_empty(void **state)
{
    Pcn__Registry__V1__Organisation *organisation = pb_new(ORGANISATION, *state);
    assert_json(ORGANISATION, organisation, "{\"identifiers\":[]}");
    organisation->code = (char[]){"c"};
    organisation->has_version = 1;
    organisation->version = 2;
    assert_json(ORGANISATION, organisation, "{\"code\":\"c\",\"identifiers\":[],\"version\":2}");
    void *list = pb_new(&pcn__registry__v1__list_organisations_reply__type, *state);
    assert_json(&pcn__registry__v1__list_organisations_reply__type, list, "{\"organisations\":[]}");
    void *checks = pb_new(&pcn__registry__v1__get_checks_reply__type, *state);
    assert_json(&pcn__registry__v1__get_checks_reply__type, checks, "{\"findings\":[]}");
    void *page = pb_new(&pcn__events__v1__read_reply__type, *state);
    assert_json(&pcn__events__v1__read_reply__type, page, "{\"events\":[]}");
    Pcn__Registry__V1__Network *network = pb_new(&pcn__registry__v1__network__type, *state);
    Pcn__Registry__V1__SubGroup *group = pb_new(&pcn__registry__v1__sub_group__type, *state);
    network->registration = pb_new(&pcn__registry__v1__registration__type, *state);
    network->n_sub_groups = 1;
    network->sub_groups = &group;
    assert_json(&pcn__registry__v1__network__type, network,
                "{\"identifiers\":[],\"members\":[],\"directors\":[],\"subGroups\":[{\"practices\":[]}],\"registration\":{\"missing\":[]},"
                "\"findings\":[]}");
}

static void every_type_has_its_form(void **state)
{
    sample_t *s = pb_new(&sample_type, *state), *inner = pb_new(&sample_type, *state);
    s->has_i32 = s->has_x32 = s->has_s64 = s->has_u32 = s->has_u64 = s->has_flag = s->has_colour = s->has_blob = s->has_wide = 1;
    s->i32 = -1;
    s->x32 = INT32_MIN;
    s->s64 = INT64_MIN;
    s->u32 = UINT32_MAX;
    s->u64 = UINT64_MAX;
    s->wide = 0.5;
    s->flag = 1;
    s->colour = COLOUR_DARK_BLUE;
    s->text = (char[]){"a\"\\\n\x01ü"};
    s->blob = (ProtobufCBinaryData){2, (uint8_t[]){0xff, 0x00}};
    s->nested = inner;
    assert_json(&sample_type, s,
                "{\"i32\":-1,\"x32\":-2147483648,\"s64\":-9223372036854775808,\"u32\":4294967295,\"u64\":18446744073709551615,\"wide\":0.5,"
                "\"flag\":true,\"colour\":\"dark-blue\",\"text\":\"a\\\"\\\\\\n\\u0001ü\",\"blob\":\"/wA=\",\"nested\":{}}");
}

static void lists_are_arrays(void **state)
{
    sample_t *s = pb_new(&sample_type, *state), *inner = pb_new(&sample_type, *state);
    s->n_numbers = 3;
    s->numbers = (int64_t[]){0, -5, 123456789012};
    s->n_flags = 2;
    s->flags = (protobuf_c_boolean[]){0, 1};
    s->n_colours = 2;
    s->colours = (sample_colour_t[]){COLOUR_RED, COLOUR_UNSPECIFIED};
    s->n_texts = 2;
    s->texts = (char *[]){(char[]){""}, (char[]){"x"}};
    s->n_nesteds = 2;
    s->nesteds = (sample_t *[]){inner, inner};
    inner->has_flag = 1;
    assert_json(&sample_type, s,
                "{\"numbers\":[0,-5,123456789012],\"flags\":[false,true],\"colours\":[\"red\",null],\"texts\":[\"\",\"x\"],"
                "\"nesteds\":[{\"flag\":false},{\"flag\":false}]}");
}

static void an_unspecified_or_unknown_enum_is_left_out(void **state)
{
    Pcn__Registry__V1__Organisation *message = pb_new(ORGANISATION, *state);
    message->has_kind = 1;
    assert_json(ORGANISATION, message, "{\"identifiers\":[]}");
    message->kind = (Pcn__Registry__V1__OrganisationKind)999;
    message->code = (char[]){"c"};
    assert_json(ORGANISATION, message, "{\"code\":\"c\",\"identifiers\":[]}");
}

static void raw_json_stands_as_it_is(void **state)
{
    Pcn__Events__V1__Event *event = pb_new(&pcn__events__v1__event__type, *state);
    event->data = (char[]){"{\"version\": 1}"};
    assert_json(&pcn__events__v1__event__type, event, "{\"data\":{\"version\": 1}}");
    event->data = (char[]){""};
    assert_json(&pcn__events__v1__event__type, event, "{\"data\":null}");
}

static void numbers_that_json_lacks_are_null(void **state)
{
    sample_t *s = pb_new(&sample_type, *state);
    s->has_wide = s->has_real = 1;
    s->wide = (double)INFINITY;
    s->real = NAN;
    assert_json(&sample_type, s, "{\"real\":null,\"wide\":null}");
}

static void sensitive_fields_are_hidden_at_every_level(void **state)
{
    sample_t *s = pb_new(&sample_type, *state), *inner = pb_new(&sample_type, *state);
    s->text = inner->text = (char[]){"secret"};
    s->nested = inner;
    s->n_nesteds = 1;
    s->nesteds = &inner;
    buf_t out;
    buf_init(&out, 1024);
    pb_json_write_redacted(&sample_type, s, &out);
    assert_string_equal(out.data, "{\"text\":\"***\",\"nested\":{\"text\":\"***\"},\"nesteds\":[{\"text\":\"***\"}]}");
    buf_deinit(&out);
}

static void one_field_is_written_without_its_key(void **state)
{
    void *message = read_json(ORGANISATION, "{\"identifiers\":[{\"value\":\"v\"}],\"code\":\"c\"}", PB_JSON_REQUEST, *state);
    buf_t out;
    buf_init(&out, 1024);
    pb_json_write_field(ORGANISATION, message, field_of(ORGANISATION, "identifiers"), &out);
    assert_string_equal(out.data, "[{\"value\":\"v\"}]");
    buf_deinit(&out);
}

static void the_buffers_cap_is_noticed(void **state)
{
    void *message = read_json(ORGANISATION, "{\"code\":\"pcn-rutland\",\"statedPopulation\":12345}", PB_JSON_REQUEST, *state);
    for (size_t cap = 1; cap < 63; cap++) {
        buf_t out;
        buf_init(&out, cap);
        pb_json_write(ORGANISATION, message, &out);
        assert_false(buf_ok(&out));
        buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(unset_fields_are_left_out),
                                       TEST(some_lists_are_shown_empty),
                                       TEST(every_type_has_its_form),
                                       TEST(lists_are_arrays),
                                       TEST(an_unspecified_or_unknown_enum_is_left_out),
                                       TEST(raw_json_stands_as_it_is),
                                       TEST(numbers_that_json_lacks_are_null),
                                       TEST(sensitive_fields_are_hidden_at_every_level),
                                       TEST(one_field_is_written_without_its_key),
                                       TEST(the_buffers_cap_is_noticed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
