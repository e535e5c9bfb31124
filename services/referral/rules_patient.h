// Who a patient is, and who may see them. Pure.
#ifndef PCN_REFERRAL_RULES_PATIENT_H
#define PCN_REFERRAL_RULES_PATIENT_H

#include <stdint.h>

#include "common/base/status.h"
#include "services/referral/messages.h"

typedef Pcn__Referral__Store__V1__PatientReach patient_reach_t;
typedef Pcn__Referral__Store__V1__RegistrationReferences registration_references_t;

// Ten digits, the last of them the check digit over the others (NHS Data Dictionary); ten zeros pass the sum and are refused. The refusal
// names `nhsNumber` and does not repeat it.
MUST_CHECK status_t patient_check_number(const char *nhs_number, problem_t *problem);
// Of the 999 series, which nobody is given.
bool patient_number_synthetic(const char *nhs_number);

// Whether the caller keeps the record: the registered practice is one of the caller's organisations, or lies below one and the patient is
// not sensitive. NULL is nobody's.
bool patient_kept(const patient_reach_t *reach);
// Whether the caller sees the patient: keeps the record, or was granted it; a case does not open a sensitive one.
bool patient_shown(const patient_reach_t *reach);
// Whether the caller sees also what others do for the patient: keeps the record, or treats them by a case or by break-glass. Who only sees
// them at an appointment does not.
bool patient_cared_for(const patient_reach_t *reach);
// Whether one who sees the patient is told with which practice they are. Who keeps the record, or lies above the practice, has it at hand.
// Who treats by a case or by break-glass needs it, and who sees the patient at an appointment writes to it: but for a `former` practice
// (one of the caller's organisations, or one below them), which would learn where the patient went.
bool patient_practice_told(const patient_reach_t *reach, bool former);

// Whether the number may be registered from a day (both as days since 1970). CreatePatient says how it is refused.
MUST_CHECK status_t patient_check_registration(const registration_references_t *met, int32_t from, int32_t today, problem_t *problem);

#endif
