#include "services/referral/rules_patient.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/unit/referral/support.h"

static status_t checked(const char *number)
{
    problem_t problem = {0};
    const status_t status = patient_check_number(number, &problem);
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, "nhsNumber");
        assert_true(number[0] == '\0' || strstr(problem.detail, number) == NULL);
    }
    return status;
}

static void the_field_s_own_examples(void **state)
{
    (void)state;
    static const char *const good[] = {"9434765919", "9000000009", "4010232137", "9990000018", "9999999999"};
    static const char *const wrong[] = {"4857773456", "0000000000", "9434765918", "9000000000", "9999999998"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(checked(good[i]), STATUS_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(checked(wrong[i]), STATUS_INVALID_ARGUMENT);
}

// Of nine digits at most one tenth goes with them: 11 minus the sum over 11, where 11 is 0 and 10 is none.
static void every_check_digit(void **state)
{
    (void)state;
    unsigned none = 0, remainders[11] = {0};
    for (unsigned stem = 0; stem < 1000000000u; stem += 99991u) {
        char number[11];
        unsigned sum = 0, good = 0;
        (void)snprintf(number, sizeof number, "%09u0", stem);
        for (unsigned i = 0; i < 9; i++)
            sum += (unsigned)(number[i] - '0') * (10 - i);
        const unsigned check = 11 - sum % 11;
        for (unsigned digit = 0; digit < 10; digit++) {
            number[9] = (char)('0' + digit);
            const bool expected = stem != 0 && (check == 11 ? digit == 0 : check == digit);
            assert_int_equal(checked(number), expected ? STATUS_OK : STATUS_INVALID_ARGUMENT);
            good += expected;
        }
        none += good == 0;
        remainders[sum % 11]++;
    }
    // Each remainder came up, that without a check digit too.
    for (size_t i = 0; i < 11; i++)
        assert_true(remainders[i] > 100);
    assert_int_equal(none, remainders[1] + 1);
}

// One digit mistaken, or two neighbours changed over, never passes.
static void slips_are_found(void **state)
{
    (void)state;
    static const char number[] = "9434765919";
    for (size_t i = 0; i < 10; i++) {
        for (char digit = '0'; digit <= '9'; digit++) {
            char slip[11];
            memcpy(slip, number, sizeof slip);
            slip[i] = digit;
            assert_int_equal(checked(slip), digit == number[i] ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        }
        char over[11];
        memcpy(over, number, sizeof over);
        if (i < 9 && number[i] != number[i + 1]) {
            over[i] = number[i + 1];
            over[i + 1] = number[i];
            assert_int_equal(checked(over), STATUS_INVALID_ARGUMENT);
        }
    }
}

static void nothing_but_ten_digits(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "943476591", "94347659190", "943 476 5919", "943476591x", "-434765919", "943476591\xd9\xa9"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(checked(wrong[i]), STATUS_INVALID_ARGUMENT);
    assert_true(patient_number_synthetic("9990000018"));
    assert_false(patient_number_synthetic("9980000018"));
}

// Who sees and who keeps a patient, by every way of standing to one.
static void every_reach(void **state)
{
    (void)state;
    static char *const manners[] = {"appointment", "case", "break-glass", "leaving"};
    for (unsigned bits = 0; bits < 128; bits++) {
        char *granted[4];
        patient_reach_t reach = PCN__REFERRAL__STORE__V1__PATIENT_REACH__INIT;
        reach.own_practice = bits & 1;
        reach.within_reach = (bits & 2) != 0;
        reach.sensitive = (bits & 4) != 0;
        reach.granted = granted;
        for (unsigned i = 0; i < 4; i++) {
            if ((bits & 8u << i) != 0)
                granted[reach.n_granted++] = manners[i];
        }
        const bool kept = reach.own_practice || (reach.within_reach && !reach.sensitive);
        const bool seen = (bits & 8) != 0 || (bits & 32) != 0 || (bits & 64) != 0 || ((bits & 16) != 0 && !reach.sensitive);
        assert_int_equal(patient_kept(&reach), kept);
        assert_int_equal(patient_shown(&reach), kept || seen);
        // One that had the patient before learns by an appointment alone not where they went.
        const bool treats = (bits & 32) != 0 || (bits & 64) != 0 || ((bits & 16) != 0 && !reach.sensitive);
        assert_int_equal(patient_cared_for(&reach), kept || treats);
        assert_int_equal(patient_practice_told(&reach, false), kept || seen);
        assert_int_equal(patient_practice_told(&reach, true), kept || treats || (seen && reach.within_reach));
    }
    assert_false(patient_kept(NULL));
    assert_false(patient_shown(NULL));
    assert_false(patient_cared_for(NULL));
    assert_false(patient_practice_told(NULL, false));
}

typedef struct registration_case {
    const char *id, *latest_from, *latest_to, *from;
    bool other_birth, merged, deceased, same_practice;
    status_t status;
    const char *field;
} registration_case_t;

static void every_registration(void **state)
{
    (void)state;
    static const registration_case_t cases[] = {
        {.from = "2026-11-26", .status = STATUS_OK},
        {.from = "1999-01-01", .status = STATUS_OK},
        {.from = "2026-11-27", .status = STATUS_FAILED_PRECONDITION, .field = "registeredFrom"},
        {"p", "2026-11-20", NULL, "2026-11-26", .status = STATUS_OK},
        {"p", "2026-11-20", NULL, "2026-11-20", .status = STATUS_OK},
        {"p", "2026-11-20", NULL, "2026-11-19", .status = STATUS_FAILED_PRECONDITION, .field = "registeredFrom"},
        {"p", "2026-11-20", "2026-11-24", "2026-11-24", .status = STATUS_OK},
        {"p", "2026-11-20", "2026-11-24", "2026-11-23", .status = STATUS_FAILED_PRECONDITION, .field = "registeredFrom"},
        {"p", "2026-11-20", "2026-11-19", "2026-11-20", .status = STATUS_OK},
        {"p", "2026-11-20", NULL, "2026-11-26", .other_birth = true, .status = STATUS_FAILED_PRECONDITION, .field = "birthDate"},
        {"p", "2026-11-20", NULL, "2026-11-26", .merged = true, .status = STATUS_FAILED_PRECONDITION, .field = "nhsNumber"},
        {"p", "2026-11-20", NULL, "2026-11-26", .deceased = true, .status = STATUS_FAILED_PRECONDITION, .field = "nhsNumber"},
        {"p", "2026-11-20", NULL, "2026-11-26", .same_practice = true, .status = STATUS_ALREADY_EXISTS, .field = "nhsNumber"},
        // Who does not know the birth date learns nothing else of the record.
        {"p", "2026-11-20", NULL, "2026-11-26", true, true, true, true, STATUS_FAILED_PRECONDITION, "birthDate"},
        {"p", "2026-11-20", NULL, "2026-11-19", true, false, false, false, STATUS_FAILED_PRECONDITION, "birthDate"},
    };
    int32_t today, from;
    assert_true(date_parse("2026-11-26", &today));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const registration_case_t *c = &cases[i];
        registration_references_t met = PCN__REFERRAL__STORE__V1__REGISTRATION_REFERENCES__INIT;
        problem_t problem = {0};
        met.id = (char *)(uintptr_t)c->id;
        met.latest_from = (char *)(uintptr_t)c->latest_from;
        met.latest_to = (char *)(uintptr_t)c->latest_to;
        met.same_birth_date = !c->other_birth;
        met.merged = c->merged;
        met.deceased = c->deceased;
        met.same_practice = c->same_practice;
        assert_true(date_parse(c->from, &from));
        assert_int_equal(patient_check_registration(&met, from, today, &problem), c->status);
        assert_string_equal(problem.field, c->field != NULL ? c->field : "");
        assert_null(strstr(problem.detail, "2026"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_s_own_examples), cmocka_unit_test(every_check_digit), cmocka_unit_test(slips_are_found),
        cmocka_unit_test(nothing_but_ten_digits),   cmocka_unit_test(every_reach),       cmocka_unit_test(every_registration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
