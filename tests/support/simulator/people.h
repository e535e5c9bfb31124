// Made-up people: person 0, 1, 2 … of a seed is always the same one. Their NHS numbers are of the range that the simulator has to itself
// (999 000 000x to 999 599 999x), which no living person is given; names and birth dates are drawn.
#ifndef PCN_TESTS_SUPPORT_SIMULATOR_PEOPLE_H
#define PCN_TESTS_SUPPORT_SIMULATOR_PEOPLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How many there are: the numbers come in pairs of which one at least has a check digit.
#define PEOPLE_MAX 300000
// Those of a practice begin with its number times this.
#define PEOPLE_STRIDE 1000
// Nobody of a platform's people is younger (2025-07-01, as days since 1970): so a person stays the same on every day.
#define PEOPLE_BORN_BY 20270
#define PERSON_NUMBER_SIZE 11
#define PERSON_NAME_SIZE 48

typedef struct person {
    char nhs_number[PERSON_NUMBER_SIZE];
    char name[PERSON_NAME_SIZE];
    char birth_date[11];
    bool female;
} person_t;

// Nobody is born after the day `as_of` (days since 1970), and nobody is older than 100 on it. `index` is below PEOPLE_MAX.
person_t person_make(uint64_t seed, size_t index, int32_t as_of);
// The body of POST /v1/patients; `from` NULL: from today on. A new object.
json_t *person_registration(const person_t *person, const char *practice, const char *from);
// The check digit of nine digits (weights 10 to 2, modulo 11); -1 where they have none.
int person_check_digit(uint32_t nine);

#endif
