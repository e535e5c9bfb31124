// Whom a service takes: one rule for its slots, its waiting list, online consultations and the directory.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/json.h"
#include "services/referral/rules_taking.h"
#include "tests/integration/referral/booking.h"

#define OPEN_KIND "general-practice"
#define CLINIC "\"name\":\"Clinic\",\"channels\":[\"in-person\",\"online-message\"]"

// A service of gp-b1 with a plan of slots; the caller is gp-a1 again.
static void clinic_of(world_t *world, const char *kind, const char *rest)
{
    world->organisation = "gp-b1";
    assert_call(world, "CreateService", "{\"service\":{" CLINIC ",\"provider\":\"gp-b1\",\"kind\":\"%s\"%s}}", kind, rest);
    keep_id(world, booking.service);
    booking_plan(world, "in-person", 9, "", booking.schedule);
    booking_slots(world, booking.schedule, booking.slots);
    world->organisation = "gp-a1";
}

static void assert_all_refuse(world_t *world, const char *detail)
{
    char hold[40];
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[0], booking.ada);
    assert_string_equal(world->problem.detail, detail);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "service", "CreateWaitingEntry",
                   "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\"}}", booking.ada, booking.service);
    assert_string_equal(world->problem.detail, detail);
    assert_refusal(
        world, STATUS_FAILED_PRECONDITION, "service", "CreateOnlineConsultation",
        "{\"onlineConsultation\":{\"patient\":\"%s\",\"service\":\"%s\",\"answers\":[{\"question\":\"What\",\"answer\":\"It\"}]}}",
        booking.ada, booking.service);
    assert_string_equal(world->problem.detail, detail);
    // What only the caller decides keeps from holding too; who is to be booked is not known then.
    if (strstr(detail, "caller") != NULL) {
        assert_refusal(world, STATUS_FAILED_PRECONDITION, "id", "HoldSlot", "{\"id\":\"%s\"}", booking.slots[0]);
        assert_string_equal(world->problem.detail, detail);
        return;
    }
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", booking.slots[0]);
    keep_id(world, hold);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "hold", "CreateAppointment", "{\"hold\":\"%s\",\"patient\":\"%s\"}", hold,
                   booking.ada);
    assert_string_equal(world->problem.detail, detail);
}

static void assert_all_take(world_t *world)
{
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[1], booking.ada);
    assert_call(world, "CreateWaitingEntry", "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\"}}", booking.ada, booking.service);
    assert_call(world, "CreateOnlineConsultation",
                "{\"onlineConsultation\":{\"patient\":\"%s\",\"service\":\"%s\",\"answers\":[{\"question\":\"What\",\"answer\":\"It\"}]}}",
                booking.ada, booking.service);
}

static void who_sends_must_be_accepted(void **state)
{
    world_t *world = *state;
    clinic_of(world, OPEN_KIND, ",\"acceptsFrom\":{\"kinds\":[\"trust\"]}");
    // Seeing a slot is another rule.
    assert_call(world, "GetSlot", "{\"id\":\"%s\"}", booking.slots[0]);
    assert_all_refuse(world, "The service takes nobody from the caller's organisation");
    clinic_of(world, OPEN_KIND, ",\"acceptsFrom\":{\"organisations\":[\"gp-a2\",\"pcn-b\"]}");
    assert_all_refuse(world, "The service takes nobody from the caller's organisation");
    clinic_of(world, OPEN_KIND, ",\"acceptsFrom\":{\"organisations\":[\"pcn-a\"]}");
    assert_all_take(world);
}

static void a_patient_must_be_served(void **state)
{
    world_t *world = *state;
    clinic_of(world, OPEN_KIND, ",\"areas\":[\"pcn-b\"]");
    assert_all_refuse(world, "The service does not serve the patient's practice");
    clinic_of(world, OPEN_KIND, ",\"areas\":[\"pcn-b\",\"ccg-a\"]");
    assert_all_take(world);
}

// Ada was born on 1956-03-14 and her sex is not on record.
static void age_and_sex_must_fit(void **state)
{
    world_t *world = *state;
    clinic_of(world, OPEN_KIND, ",\"criteria\":{\"ageTo\":17}");
    assert_all_refuse(world, "The service is for those of up to 17");
    clinic_of(world, OPEN_KIND, ",\"criteria\":{\"ageFrom\":75}");
    assert_all_refuse(world, "The service is for those of 75 and older");
    clinic_of(world, OPEN_KIND, ",\"criteria\":{\"sexes\":[\"male\"]}");
    assert_all_take(world);
    assert_call(world, "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"sex\":\"female\"}}", booking.ada);
    clinic_of(world, OPEN_KIND, ",\"criteria\":{\"sexes\":[\"male\"]}");
    assert_all_refuse(world, "The service is for the other sex");
    clinic_of(world, OPEN_KIND, ",\"criteria\":{\"ageFrom\":65,\"sexes\":[\"female\"]}");
    assert_all_take(world);
    // A kind's rules are those of its services that say nothing else.
    assert_call(world, "UpdateServiceKind", "{\"code\":\"dental\",\"serviceKind\":{\"criteria\":{\"ageTo\":17}}}");
    clinic_of(world, "dental", "");
    assert_all_refuse(world, "The service is for those of up to 17");
    clinic_of(world, "dental", ",\"criteria\":{\"ageTo\":130}");
    assert_all_take(world);
}

// The age is that of the slot's day, also of another one that the appointment is moved to.
static void who_comes_of_age_before_the_slot_is_taken(void **state)
{
    world_t *world = *state;
    char id[40], sql[400];
    clinic_of(world, OPEN_KIND, ",\"criteria\":{\"ageTo\":17}");
    (void)snprintf(sql, sizeof sql,
                   "UPDATE patient SET birth_date = ((SELECT start_at FROM slot WHERE id = '%s') AT TIME ZONE 'Europe/London')::date - "
                   "interval '18 years'",
                   booking.slots[0]);
    free(test_database_query(world->database, sql));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[0], booking.ada);
    const char *before = world_query(world, arena_printf(world->arena,
                                                         "SELECT s.id FROM slot s JOIN slot l ON l.template = s.template AND l.id = '%s' "
                                                         "AND s.start_at = l.start_at - interval '1 day'",
                                                         booking.slots[0]));
    char slot[40];
    (void)snprintf(slot, sizeof slot, "%s", before);
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", slot, booking.ada);
    keep_id(world, id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "slots[0]", "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", id,
                   booking.slots[0]);
    assert_string_equal(world->problem.detail, "The service is for those of up to 17");
    assert_string_equal(slot_state(world, slot), "booked");
}

// Who was accepted is moved by whoever may change the appointment, and the provider books its own service.
static void the_provider_books_and_moves_what_it_takes(void **state)
{
    world_t *world = *state;
    char id[40];
    clinic_of(world, OPEN_KIND, ",\"acceptsFrom\":{\"organisations\":[\"gp-a1\"]}");
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    keep_id(world, id);
    world->organisation = "gp-b1";
    assert_call(world, "RescheduleAppointment", "{\"id\":\"%s\",\"slots\":[\"%s\"]}", id, booking.slots[1]);
    assert_call(world, "HoldSlot", "{\"id\":\"%s\"}", booking.slots[2]);
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[3], booking.ada);
}

// A service narrows its kind's rule: the whole of it stands for what the kind says, not member by member.
static void a_service_narrows_its_kinds_rule(void **state)
{
    world_t *world = *state;
    clinic_of(world, "specialist-clinic", "");
    assert_all_take(world);
    clinic_of(world, "specialist-clinic", ",\"acceptsFrom\":{\"organisations\":[\"pcn-b\"]}");
    assert_all_refuse(world, "The service takes nobody from the caller's organisation");
    assert_call(world, "ListServices", "{\"kind\":\"specialist-clinic\"}");
    assert_reply_lacks(world, booking.service);
    assert_call(world, "ListServices", "{\"kind\":\"specialist-clinic\",\"explain\":true}");
    assert_reply_has(world, booking.service);
    assert_reply_has(world, "{\"code\":\"accepts-from\",\"detail\":\"The service takes nobody from the caller's organisation\"}");
    clinic_of(world, "specialist-clinic", ",\"acceptsFrom\":{\"organisations\":[\"pcn-a\"]}");
    assert_all_take(world);
    world->organisation = "provider-a";
    assert_call(world, "ListServices", "{\"kind\":\"specialist-clinic\"}");
    assert_reply_lacks(world, booking.service);
}

// Who had the patient registered sees them by an appointment, and not where they went: nor by which areas a service serves.
static void an_area_does_not_tell_where_somebody_went(void **state)
{
    world_t *world = *state;
    char sql[500];
    clinic_of(world, OPEN_KIND, ",\"areas\":[\"pcn-a\"]");
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    world->organisation = "gp-b1";
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[1], booking.ada);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO registration (patient, number, practice, from_on, to_on, recorded_at) "
                   "VALUES ('%s', 99, 'gp-b1', '2020-01-01', '2020-12-31', now())",
                   booking.ada);
    free(test_database_query(world->database, sql));
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "slots[0]", "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}",
                   booking.slots[2], booking.ada);
    assert_string_equal(world->problem.detail, "The service does not serve the patient's practice");
    world->organisation = "gp-a1";
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[2], booking.ada);
}

// The waiting list passes over whom the service would not take on the slot's day.
static void nobody_is_offered_what_they_cannot_have(void **state)
{
    world_t *world = *state;
    char id[40], entry[40], sql[300];
    clinic_of(world, OPEN_KIND, "");
    assert_call(world, "CreateWaitingEntry", "{\"waitingEntry\":{\"patient\":\"%s\",\"service\":\"%s\"}}", booking.ada, booking.service);
    keep_id(world, entry);
    assert_call(world, "CreateAppointment", "{\"slots\":[\"%s\"],\"patient\":\"%s\"}", booking.slots[0], booking.ada);
    keep_id(world, id);
    assert_call(world, "CancelAppointment", "{\"id\":\"%s\",\"reason\":\"Better\"}", id);
    static const char *const changes[] = {"criteria = '{\"ageTo\": 17}'", "areas = '{pcn-b}'", "accepts_from = '{\"kinds\": [\"trust\"]}'"};
    (void)snprintf(sql, sizeof sql,
                   "SELECT first_waiting(s, t) FROM slot s JOIN schedule_template t ON t.id = s.template WHERE s.id = '%s'",
                   booking.slots[0]);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_string_equal(world_query(world, sql), entry);
        free(test_database_query(world->database,
                                 arena_printf(world->arena, "UPDATE service SET %s WHERE id = '%s'", changes[i], booking.service)));
        assert_string_equal(world_query(world, sql), "");
        free(test_database_query(world->database, arena_printf(world->arena,
                                                               "UPDATE service SET criteria = '{}', areas = '{}', accepts_from = '{}' "
                                                               "WHERE id = '%s'",
                                                               booking.service)));
    }
}

// criteria_fit() says of many what rules_taking.h says of one.
static void both_rules_of_age_and_sex_say_the_same(void **state)
{
    world_t *world = *state;
    static const char *const births[] = {"1956-03-14", "2004-02-29", "2010-11-27", "2026-01-01"};
    static const char *const days[] = {"2026-02-28", "2026-03-01", "2026-03-13", "2026-03-14", "2026-11-26", "2026-11-27", "2028-02-29"};
    static const char *const rules[] = {"{}",
                                        "{\"ageFrom\":16}",
                                        "{\"ageTo\":15}",
                                        "{\"ageFrom\":22,\"ageTo\":22}",
                                        "{\"ageFrom\":70}",
                                        "{\"ageTo\":0,\"sexes\":[\"female\"]}",
                                        "{\"sexes\":[\"male\"]}"};
    static const char *const sexes[] = {NULL, "female", "male"};
    unsigned fits = 0, cases = 0;
    for (size_t i = 0; i < 4 * 7 * 7 * 3; i++) {
        const char *birth = births[i % 4], *date = days[i / 4 % 7], *rule = rules[i / 28 % 7], *sex = sexes[i / 196];
        char json[300];
        problem_t problem = {0};
        void *taking = NULL;
        int32_t day;
        (void)snprintf(json, sizeof json, "{\"acceptsCaller\":true,\"serves\":true,\"rules\":%s,\"birthDate\":\"%s\"%s%s%s}", rule, birth,
                       sex != NULL ? ",\"sex\":\"" : "", sex != NULL ? sex : "", sex != NULL ? "\"" : "");
        assert_int_equal(pb_json_read(&pcn__referral__store__v1__taking__type, json, strlen(json), PB_JSON_TRUSTED, world->arena, &taking,
                                      NULL, NULL, &problem),
                         STATUS_OK);
        assert_true(date_parse(date, &day));
        const bool fit = taking_check_patient(taking, day, "", &problem) == STATUS_OK;
        const char *said =
            world_query(world, arena_printf(world->arena, "SELECT criteria_fit('%s', '%s', %s%s%s, '%s')", rule, birth,
                                            sex != NULL ? "'" : "", sex != NULL ? sex : "NULL", sex != NULL ? "'" : "", date));
        if (strcmp(said, fit ? "t" : "f") != 0)
            fail_msg("%s on %s: %s", json, date, said);
        fits += fit ? 1 : 0;
        cases++;
    }
    assert_true(fits > 0 && fits < cases);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, booking_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(who_sends_must_be_accepted),
        TEST(a_patient_must_be_served),
        TEST(age_and_sex_must_fit),
        TEST(who_comes_of_age_before_the_slot_is_taken),
        TEST(the_provider_books_and_moves_what_it_takes),
        TEST(a_service_narrows_its_kinds_rule),
        TEST(an_area_does_not_tell_where_somebody_went),
        TEST(nobody_is_offered_what_they_cannot_have),
        TEST(both_rules_of_age_and_sex_say_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
