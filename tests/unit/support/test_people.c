// Made-up people: numbers that pass the check and are the simulator's, the same ones for the same seed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "tests/support/simulator/people.h"

#define AS_OF 20000

static bool is_valid(const char *number)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < 9; i++)
        sum += (10 - i) * (unsigned)(number[i] - '0');
    return (11 - sum % 11) % 11 == (unsigned)(number[9] - '0');
}

static void test_check_digits(void **state)
{
    (void)state;
    // Of published examples, and one that has none.
    assert_int_equal(person_check_digit(943476591), 9);
    assert_int_equal(person_check_digit(401023213), 7);
    assert_int_equal(person_check_digit(0), 0);
    unsigned without = 0;
    for (uint32_t nine = 999000000; nine < 999000110; nine++)
        without += person_check_digit(nine) < 0;
    assert_int_equal(without, 10);
}

static void test_every_number_is_the_simulators(void **state)
{
    (void)state;
    char last[PERSON_NUMBER_SIZE] = "";
    for (size_t i = 0; i < PEOPLE_MAX; i++) {
        const person_t person = person_make(1, i, AS_OF);
        assert_int_equal(strlen(person.nhs_number), 10);
        assert_true(is_valid(person.nhs_number));
        assert_true(strcmp(person.nhs_number, "9990000000") >= 0 && strcmp(person.nhs_number, "9996000000") < 0);
        assert_true(strcmp(person.nhs_number, last) > 0);
        memcpy(last, person.nhs_number, sizeof last);
    }
}

static void test_ages_are_possible(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        const person_t person = person_make(7, i, AS_OF);
        int32_t born;
        assert_true(date_parse(person.birth_date, &born));
        assert_true(born < AS_OF && born > AS_OF - 100 * 366);
        assert_non_null(strchr(person.name, ' '));
    }
}

static void test_a_seed_makes_the_same_people(void **state)
{
    (void)state;
    unsigned same = 0;
    for (size_t i = 0; i < 1000; i++) {
        const person_t one = person_make(3, i, AS_OF), again = person_make(3, i, AS_OF), other = person_make(4, i, AS_OF);
        assert_string_equal(one.name, again.name);
        assert_string_equal(one.birth_date, again.birth_date);
        assert_int_equal(one.female, again.female);
        same += strcmp(one.birth_date, other.birth_date) == 0;
    }
    assert_true(same < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_digits),
        cmocka_unit_test(test_every_number_is_the_simulators),
        cmocka_unit_test(test_ages_are_possible),
        cmocka_unit_test(test_a_seed_makes_the_same_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
