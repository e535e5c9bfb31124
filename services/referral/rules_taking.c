#include "services/referral/rules_taking.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

#define MONTH_AND_DAY 5 // where they begin in a date

uint32_t taking_age(const char *birth_date, int32_t day)
{
    char date[DATE_SIZE];
    date_format(day, date);
    const long years = strtol(date, NULL, 10) - strtol(birth_date, NULL, 10);
    const long age = years - (strcmp(date + MONTH_AND_DAY, birth_date + MONTH_AND_DAY) < 0 ? 1 : 0);
    return age < 0 ? 0 : (uint32_t)age;
}

__attribute__((format(printf, 3, 4))) static size_t keep_out(taking_reason_t *reason, const char *code, const char *format, ...)
{
    va_list arguments;
    reason->code = code;
    va_start(arguments, format);
    (void)vsnprintf(reason->detail, sizeof reason->detail, format, arguments);
    va_end(arguments);
    return 1;
}

static bool of_sex(const criteria_t *rules, sex_t sex)
{
    bool found = rules->n_sexes == 0;
    for (size_t i = 0; i < rules->n_sexes; i++)
        found = found || rules->sexes[i] == sex;
    return found;
}

size_t taking_reasons(const taking_t *taking, const taking_person_t *person, taking_reason_t reasons[TAKING_REASONS_MAX])
{
    const criteria_t *rules = taking->rules;
    size_t count = 0;
    if (!taking->accepts_caller)
        count += keep_out(&reasons[count], "accepts-from", "The service takes nobody from the caller's organisation");
    if (!taking->serves)
        count += keep_out(&reasons[count], "area", "The service does not serve the patient's practice");
    if (rules == NULL)
        return count;
    if (person->has_age && rules->has_age_from && person->age < rules->age_from)
        count += keep_out(&reasons[count], "age", "The service is for those of %u and older", rules->age_from);
    if (person->has_age && rules->has_age_to && person->age > rules->age_to)
        count += keep_out(&reasons[count], "age", "The service is for those of up to %u", rules->age_to);
    if (person->has_sex && !of_sex(rules, person->sex))
        count += keep_out(&reasons[count], "sex", "The service is for the other sex");
    return count;
}

status_t taking_check_patient(const taking_t *taking, int32_t day, const char *field, problem_t *problem)
{
    if (taking == NULL)
        return STATUS_OK;
    taking_reason_t reasons[TAKING_REASONS_MAX];
    taking_person_t person = {.has_sex = taking->has_sex, .sex = taking->sex};
    if (taking->birth_date != NULL) {
        person.has_age = true;
        person.age = taking_age(taking->birth_date, day);
    }
    if (taking_reasons(taking, &person, reasons) > 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "%s", reasons[0].detail);
    return STATUS_OK;
}

status_t taking_check(const taking_references_t *row, const char *service, const char *channel_field, int32_t day, problem_t *problem)
{
    const char *field = "service";
    if (row->patient_gone)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "patient", "The patient has died, or the record was merged into another");
    if (!row->has_service_status)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "There is no service %s", service);
    if (row->service_status != SERVICE_STATUS(ACTIVE))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, field, "The service takes nobody at the moment");
    if (!row->service_offers)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, channel_field, "The service is not offered in that way");
    return taking_check_patient(row->taking, day, field, problem);
}
