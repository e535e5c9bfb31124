#include "tests/support/simulator/people.h"

#include <assert.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "tests/support/load.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

enum { FIRST_NUMBER = 999000000, ODD = 0x10000 };

static const char *const female_names[] = {"Aisha", "Alice",  "Amelia", "Anna",   "Beth",   "Carys", "Chloe",  "Dorota",
                                           "Emma",  "Farah",  "Fatima", "Grace",  "Hannah", "Ines",  "Jaya",   "Kavita",
                                           "Layla", "Maria",  "Meera",  "Nadia",  "Olivia", "Priya", "Rosa",   "Ruth",
                                           "Sofia", "Tamsin", "Uma",    "Violet", "Wanda",  "Xenia", "Yasmin", "Zoe"};
static const char *const male_names[] = {"Adam",   "Ahmed",  "Ben",   "Callum", "Chidi", "Daniel", "Dev",    "Ewan",
                                         "Farhan", "Frank",  "Harry", "Imran",  "Jack",  "Kofi",   "Liam",   "Marek",
                                         "Nathan", "Omar",   "Owen",  "Pavel",  "Rahul", "Ravi",   "Samuel", "Stefan",
                                         "Tariq",  "Thomas", "Umar",  "Victor", "Will",  "Yusuf",  "Zain",   "Zeb"};
static const char *const family_names[] = {"Abbott", "Ahmed",  "Bailey", "Barnes", "Begum",    "Carter", "Chowdhury", "Clarke",
                                           "Davies", "Desai",  "Evans",  "Fisher", "Ghosh",    "Grant",  "Hughes",    "Hussain",
                                           "Iqbal",  "Jones",  "Kaur",   "Khan",   "Kowalski", "Lewis",  "Mistry",    "Morgan",
                                           "Nair",   "Nowak",  "Okafor", "Patel",  "Quick",    "Reid",   "Shah",      "Singh",
                                           "Taylor", "Turner", "Umeh",   "Varga",  "Vaughan",  "Walker", "Wong",      "Young"};

int person_check_digit(uint32_t nine)
{
    uint32_t sum = 0, rest = nine;
    for (uint32_t weight = 2; weight <= 10; weight++, rest /= 10)
        sum += weight * (rest % 10);
    const uint32_t digit = (11 - sum % 11) % 11;
    return digit == 10 ? -1 : (int)digit;
}

// Two neighbours differ by the weight 2 in their last digit, so that not both lack a check digit.
static void make_number(size_t index, char number[PERSON_NUMBER_SIZE])
{
    uint32_t nine = FIRST_NUMBER + 2 * (uint32_t)index;
    int digit = person_check_digit(nine);
    if (digit < 0)
        digit = person_check_digit(++nine);
    number[PERSON_NUMBER_SIZE - 1] = '\0';
    number[9] = (char)('0' + digit);
    for (size_t i = 9; i > 0; nine /= 10)
        number[--i] = (char)('0' + nine % 10);
}

// As old as people are: few beyond eighty, many between.
static int32_t draw_birth(load_random_t *random, int32_t as_of)
{
    const uint64_t band = load_draw(random, 100);
    const uint64_t days = load_draw(random, 20 * 365);
    const int32_t from = band < 23 ? 0 : band < 50 ? 20 * 365 : band < 76 ? 40 * 365 : band < 95 ? 60 * 365 : 80 * 365;
    return as_of - 1 - from - (int32_t)days;
}

person_t person_make(uint64_t seed, size_t index, int32_t as_of)
{
    assert(index < PEOPLE_MAX);
    load_random_t random = {.state = seed + (uint64_t)index * ODD};
    person_t person = {.female = load_draw(&random, 2) == 0};
    const char *given =
        person.female ? female_names[load_draw(&random, COUNT_OF(female_names))] : male_names[load_draw(&random, COUNT_OF(male_names))];
    snprintf(person.name, sizeof person.name, "%s %s", given, family_names[load_draw(&random, COUNT_OF(family_names))]);
    date_format(draw_birth(&random, as_of), person.birth_date);
    make_number(index, person.nhs_number);
    return person;
}

json_t *person_registration(const person_t *person, const char *practice, const char *from)
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "nhsNumber", person->nhs_number, "name", person->name, "birthDate",
                             person->birth_date, "sex", person->female ? "female" : "male", "practice", practice, "synthetic", 1);
    if (body != NULL && from != NULL)
        json_object_set_new(body, "registeredFrom", json_string(from));
    return body;
}
