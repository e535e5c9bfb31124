#include "support.h"

#include "common/pb/wire.h"

static void what_was_packed_comes_back(void **state)
{
    arena_t *arena = *state;
    const char *text =
        "{\"code\":\"pcn-a\",\"name\":\"Nämé\",\"kind\":\"practice\",\"formerNames\":[\"a\",\"\"],\"identifiers\":[{\"system\":\"s\","
        "\"value\":\"v\"},{}],\"statedPopulation\":-9007199254740991}";
    void *message = read_json(ORGANISATION, text, PB_JSON_REQUEST, arena), *back;
    uint8_t *bytes;
    size_t size;
    assert_true(pb_pack(message, arena, &bytes, &size));
    assert_int_equal(pb_unpack(ORGANISATION, bytes, size, arena, &back, NULL), STATUS_OK);
    assert_json(ORGANISATION, back, text);
}

static void an_empty_frame_is_an_empty_message(void **state)
{
    void *message;
    assert_int_equal(pb_unpack(ORGANISATION, NULL, 0, *state, &message, NULL), STATUS_OK);
    assert_json(ORGANISATION, message, "{\"identifiers\":[]}");
}

static void fields_of_a_newer_contract_survive(void **state)
{
    const uint8_t frame[] = {0x0a, 0x01, 'c', 0xf8, 0x7f, 0x2a};
    void *message;
    uint8_t *bytes;
    size_t size;
    assert_int_equal(pb_unpack(ORGANISATION, frame, sizeof frame, *state, &message, NULL), STATUS_OK);
    assert_true(pb_pack(message, *state, &bytes, &size));
    assert_int_equal(size, sizeof frame);
    assert_memory_equal(bytes, frame, size);
}

static void a_single_message_given_twice_is_merged(void **state)
{
    const uint8_t frame[] = {0x8a, 0x01, 2, 0x08, 5, 0x8a, 0x01, 3, 0x7a, 1, 'x'};
    sample_t *sample;
    assert_int_equal(pb_unpack(&sample_type, frame, sizeof frame, *state, (void **)&sample, NULL), STATUS_OK);
    assert_int_equal(sample->nested->i32, 5);
    assert_string_equal(sample->nested->text, "x");
}

static void refusals_name_the_field_and_give_no_message(void **state)
{
    const uint8_t frame[] = {0x5a, 0x03, 0x12, 0x01, 0xff};
    void *message = *state;
    problem_t problem;
    assert_int_equal(pb_unpack(ORGANISATION, frame, sizeof frame, *state, &message, &problem), STATUS_INVALID_ARGUMENT);
    assert_null(message);
    assert_string_equal(problem.field, "identifiers[0].value");
    assert_string_equal(problem.detail, "The text is not UTF-8");
}

static void the_cap_is_another_answer_than_a_broken_frame(void **state)
{
    (void)state;
    // Two thousand empty messages: 6 KB on the wire, hundreds of KB in memory.
    static uint8_t frame[3 * 2000];
    for (size_t i = 0; i < sizeof frame; i += 3)
        memcpy(frame + i, "\xc2\x01\x00", 3);
    void *message;
    problem_t problem;
    for (size_t cap = 64; cap <= 256 * 1024; cap *= 2) {
        arena_t *small = arena_new(cap);
        assert_int_equal(pb_unpack(&sample_type, frame, sizeof frame, small, &message, &problem), STATUS_RESOURCE_EXHAUSTED);
        assert_null(message);
        arena_destroy(&small);
    }
    arena_t *enough = arena_new(4 * 1024 * 1024);
    assert_int_equal(pb_unpack(&sample_type, frame, sizeof frame, enough, &message, &problem), STATUS_OK);
    assert_int_equal(((sample_t *)message)->n_nesteds, 2000);
    arena_destroy(&enough);
}

static void the_largest_frame_fits_a_request(void **state)
{
    (void)state;
    // The worst that the limits let through: every field an empty message of the contract's largest type.
    static uint8_t frame[2 * (PB_FIELDS_MAX)];
    for (size_t i = 0; i < sizeof frame; i += 2)
        memcpy(frame + i, "\x0a\x00", 2); // ListOrganisationsReply.organisations
    arena_t *arena = arena_new(4 * 1024 * 1024);
    void *message;
    assert_int_equal(pb_unpack(&pcn__registry__v1__list_organisations_reply__type, frame, sizeof frame, arena, &message, NULL), STATUS_OK);
    arena_destroy(&arena);
}

// A page of 1,000 rows, each with 16 fields: more than a request may hold.
static void a_reply_may_hold_a_whole_page(void **state)
{
    (void)state;
    enum { ROWS = 1000, FIELDS = 16, ROW = 3 * FIELDS + 2 };
    static uint8_t frame[ROWS * ROW];
    for (size_t i = 0; i < ROWS; i++) {
        uint8_t *row = frame + i * ROW;
        row[0] = 0x0a; // ListOrganisationsReply.organisations
        row[1] = 3 * FIELDS;
        for (size_t k = 0; k < FIELDS; k++)
            memcpy(row + 2 + 3 * k, "\x52\x01n", 3); // a former name
    }
    arena_t *arena = arena_new(4 * 1024 * 1024);
    const pb_type_t *type = &pcn__registry__v1__list_organisations_reply__type;
    void *message;
    assert_int_equal(pb_unpack(type, frame, sizeof frame, arena, &message, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(pb_unpack_reply(type, frame, sizeof frame, arena, &message, NULL), STATUS_OK);
    assert_int_equal(((Pcn__Registry__V1__ListOrganisationsReply *)message)->n_organisations, ROWS);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(what_was_packed_comes_back),
                                       TEST(an_empty_frame_is_an_empty_message),
                                       TEST(fields_of_a_newer_contract_survive),
                                       TEST(a_single_message_given_twice_is_merged),
                                       TEST(refusals_name_the_field_and_give_no_message),
                                       TEST(the_cap_is_another_answer_than_a_broken_frame),
                                       TEST(the_largest_frame_fits_a_request),
                                       TEST(a_reply_may_hold_a_whole_page)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
