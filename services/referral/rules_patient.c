#include "services/referral/rules_patient.h"

#include <string.h>

#include "common/base/clock.h"

#define NUMBER_LENGTH 10
#define NUMBER_MODULUS 11

status_t patient_check_number(const char *nhs_number, problem_t *problem)
{
    int sum = 0;
    bool zeros = true;
    if (strlen(nhs_number) != NUMBER_LENGTH || strspn(nhs_number, "0123456789") != NUMBER_LENGTH)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "nhsNumber", "An NHS number has ten digits");
    for (int i = 0; i < NUMBER_LENGTH - 1; i++) {
        sum += (nhs_number[i] - '0') * (NUMBER_LENGTH - i);
        zeros = zeros && nhs_number[i] == '0';
    }
    const int check = (NUMBER_MODULUS - sum % NUMBER_MODULUS) % NUMBER_MODULUS;
    if (zeros || check == NUMBER_LENGTH || nhs_number[NUMBER_LENGTH - 1] - '0' != check)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "nhsNumber", "This is no NHS number: its check digit is wrong");
    return STATUS_OK;
}

bool patient_number_synthetic(const char *nhs_number)
{
    return strncmp(nhs_number, "999", 3) == 0;
}

bool patient_kept(const patient_reach_t *reach)
{
    return reach != NULL && (reach->own_practice || (reach->within_reach && !reach->sensitive));
}

static bool granted(const patient_reach_t *reach, const char *manner)
{
    for (size_t i = 0; i < reach->n_granted; i++) {
        if (strcmp(reach->granted[i], manner) == 0)
            return true;
    }
    return false;
}

// By a case or by break-glass; or it is the practice that the patient leaves today, to the end of the day.
static bool treats(const patient_reach_t *reach)
{
    return granted(reach, "break-glass") || granted(reach, "leaving") || (!reach->sensitive && granted(reach, "case"));
}

bool patient_shown(const patient_reach_t *reach)
{
    return patient_cared_for(reach) || (reach != NULL && granted(reach, "appointment"));
}

bool patient_cared_for(const patient_reach_t *reach)
{
    return reach != NULL && (patient_kept(reach) || treats(reach));
}

bool patient_practice_told(const patient_reach_t *reach, bool former)
{
    return patient_shown(reach) && (!former || reach->within_reach || patient_cared_for(reach));
}

status_t patient_check_registration(const registration_references_t *met, int32_t from, int32_t today, problem_t *problem)
{
    int32_t latest_from, latest_to;
    if (from > today)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "registeredFrom", "A registration begins today or began before");
    if (met->id == NULL)
        return STATUS_OK;
    if (!met->same_birth_date)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "birthDate", "The number is on record with another birth date");
    if (met->merged)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "nhsNumber", "The number's record was merged into another's");
    if (met->deceased)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "nhsNumber", "The number is on record as of somebody who died");
    if (met->same_practice)
        return problem_set(problem, STATUS_ALREADY_EXISTS, "nhsNumber", "The number is registered with this practice already");
    if ((met->latest_from != NULL && date_parse(met->latest_from, &latest_from) && from < latest_from) ||
        (met->latest_to != NULL && date_parse(met->latest_to, &latest_to) && from < latest_to))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "registeredFrom", "The number was registered elsewhere on that day");
    return STATUS_OK;
}
