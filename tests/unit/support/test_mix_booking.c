// Booking's load against answers that are made up: it must tell what cannot be from what can.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/mix_booking.h"

enum { TRIES = 4000 };

typedef struct fixture {
    scene_t scene;
    scene_place_t places[4];
    mix_booking_t *mix;
    load_random_t random;
    unsigned patients, slots, appointments;
} fixture_t;

static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    static const struct {
        plan_owner_t owner;
        const char *code, *network;
    } of[] = {{PLAN_PRACTICE, "gp-a", "pcn-a"}, {PLAN_PRACTICE, "gp-b", "pcn-a"}, {PLAN_NETWORK, "pcn-a", ""}, {PLAN_PROVIDER, "p", ""}};
    for (size_t i = 0; i < 4; i++) {
        scene_place_t *place = &fixture->places[i];
        place->owner = of[i].owner;
        place->number = i % 2;
        place->token = (char *)(uintptr_t) "token";
        snprintf(place->code, sizeof place->code, "%s", of[i].code);
        snprintf(place->network, sizeof place->network, "%s", of[i].network);
    }
    fixture->scene = (scene_t){.places = fixture->places, .count = 4, .seed = 1};
    fixture->random.state = 9;
    const mix_booking_options_t options = {.scene = &fixture->scene, .seed = 3, .first_day = 20783, .days = 7};
    fixture->mix = mix_booking_new(&options);
    return fixture->mix != NULL ? 0 : -1;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    mix_booking_destroy(&fixture->mix);
    free(fixture);
    return 0;
}

static const load_operation_t *operation(const char *name)
{
    const load_operation_t *at = mix_booking_all;
    while (at->name != NULL && strcmp(at->name, name) != 0)
        at++;
    assert_non_null(at->name);
    return at;
}

// Makes one; the test fails where it stays impossible.
static void assert_made(fixture_t *fixture, const char *name, load_request_t *request)
{
    for (unsigned i = 0; i < TRIES; i++) {
        *request = (load_request_t){0};
        if (operation(name)->make(fixture->mix, &fixture->random, request))
            return;
    }
    fail_msg("%s cannot be made", name);
}

static bool answer(fixture_t *fixture, const char *name, const load_request_t *request, long status, int64_t version, const char *body)
{
    const load_answer_t with = {.status = status, .version = version, .body = body, .size = strlen(body)};
    return operation(name)->answered(fixture->mix, request, &with);
}

static bool does(fixture_t *fixture, const char *name, long status, int64_t version, const char *body)
{
    load_request_t request;
    assert_made(fixture, name, &request);
    return answer(fixture, name, &request, status, version, body);
}

static void patients(fixture_t *fixture, unsigned count)
{
    char body[64];
    for (unsigned i = 0; i < count; i++) {
        snprintf(body, sizeof body, "{\"id\":\"patient-%u\"}", fixture->patients++);
        assert_true(does(fixture, "register_patient", 201, 1, body));
    }
}

// A search that shows one slot of the practice alone.
static void one_slot(fixture_t *fixture, const char *id)
{
    char body[128];
    load_request_t request;
    do {
        assert_made(fixture, "search", &request);
        if (strstr(request.path, "organisation=gp-a&") == NULL || strstr(request.path, "kind=") != NULL)
            assert_true(answer(fixture, "search", &request, 200, 0, "{\"slots\":[]}"));
    } while (strstr(request.path, "organisation=gp-a&") == NULL || strstr(request.path, "kind=") != NULL);
    snprintf(body, sizeof body, "{\"slots\":[{\"id\":\"%s\",\"status\":\"free\"}]}", id);
    assert_true(answer(fixture, "search", &request, 200, 0, body));
}

static void test_registers_books_and_changes(void **state)
{
    fixture_t *fixture = *state;
    load_request_t request;
    patients(fixture, 6);
    one_slot(fixture, "slot-1");
    assert_made(fixture, "book", &request);
    assert_string_equal(request.path, "/v1/appointments");
    assert_string_equal(request.subjects[0], "appointments/");
    assert_non_null(strstr(request.body, "\"slot-1\""));
    assert_true(answer(fixture, "book", &request, 201, 1, "{\"id\":\"appointment-1\"}"));
    assert_made(fixture, "amend", &request);
    assert_int_equal(request.match, 1);
    assert_string_equal(request.subjects[0], "appointments/appointment-1");
    assert_true(answer(fixture, "amend", &request, 200, 2, "{}"));
    assert_true(does(fixture, "arrive", 200, 3, "{}"));
    assert_true(does(fixture, "complete", 200, 4, "{}"));
    assert_int_equal(mix_booking_count(fixture->mix, DAY_book), 1);
    assert_string_equal(mix_booking_first_wrong(fixture->mix), "");
}

// The second booking of a slot is answered 201 although the first one lives: that cannot be.
static void test_two_bookings_of_a_slot_are_wrong(void **state)
{
    fixture_t *fixture = *state;
    patients(fixture, 6);
    one_slot(fixture, "slot-1");
    assert_true(does(fixture, "book", 201, 1, "{\"id\":\"appointment-1\"}"));
    // One of twelve wants a slot that is booked.
    assert_false(does(fixture, "book", 201, 1, "{\"id\":\"appointment-2\"}"));
    assert_non_null(strstr(mix_booking_first_wrong(fixture->mix), "slot-1 has two live appointments"));
}

static void test_a_refusal_offers_something_else(void **state)
{
    fixture_t *fixture = *state;
    patients(fixture, 6);
    one_slot(fixture, "slot-1");
    assert_true(does(fixture, "book", 201, 1, "{\"id\":\"appointment-1\"}"));
    assert_true(does(fixture, "book", 409, 0, "{\"alternatives\":[{\"id\":\"slot-2\",\"status\":\"free\"}]}"));
    assert_false(does(fixture, "book", 409, 0, "{\"alternatives\":[{\"id\":\"slot-1\",\"status\":\"free\"}]}"));
}

// Cancelled, the slot may be booked again.
static void test_a_cancelled_one_frees_its_slot(void **state)
{
    fixture_t *fixture = *state;
    patients(fixture, 6);
    one_slot(fixture, "slot-1");
    assert_true(does(fixture, "book", 201, 1, "{\"id\":\"appointment-1\"}"));
    assert_true(does(fixture, "cancel", 200, 2, "{}"));
    assert_true(does(fixture, "book", 201, 1, "{\"id\":\"appointment-2\"}"));
}

static void test_a_lost_appointment_is_wrong(void **state)
{
    fixture_t *fixture = *state;
    patients(fixture, 6);
    one_slot(fixture, "slot-1");
    assert_true(does(fixture, "book", 201, 5, "{\"id\":\"appointment-1\"}"));
    assert_true(does(fixture, "read", 200, 5, "{}"));
    assert_false(does(fixture, "read", 200, 4, "{}"));
    assert_false(does(fixture, "cancel", 404, 0, "{}"));
}

static void test_a_patient_who_is_not_found_is_wrong(void **state)
{
    fixture_t *fixture = *state;
    patients(fixture, 1);
    assert_true(does(fixture, "find_patient", 200, 0, "{\"patients\":[{\"id\":\"patient-0\"}]}"));
    assert_false(does(fixture, "find_patient", 200, 0, "{\"patients\":[]}"));
    // Who was registered before is found, and known from then on.
    assert_true(does(fixture, "register_patient", 409, 0, "{}"));
    assert_true(does(fixture, "find_patient", 200, 0, "{\"patients\":[{\"id\":\"patient-old\"}]}"));
}

// A search that shows what is taken is wrong.
static void test_a_search_shows_free_ones(void **state)
{
    fixture_t *fixture = *state;
    assert_false(does(fixture, "search", 200, 0, "{\"slots\":[{\"id\":\"slot-1\",\"status\":\"booked\"}]}"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        CASE(test_registers_books_and_changes),     CASE(test_two_bookings_of_a_slot_are_wrong),
        CASE(test_a_refusal_offers_something_else), CASE(test_a_cancelled_one_frees_its_slot),
        CASE(test_a_lost_appointment_is_wrong),     CASE(test_a_patient_who_is_not_found_is_wrong),
        CASE(test_a_search_shows_free_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
