// Whom a call is about, for the audit trail.
#ifndef PCN_REFERRAL_ABOUT_H
#define PCN_REFERRAL_ABOUT_H

#include "common/service/service.h"

// Adds the patient (NULL: nobody) to what the call is about. False without memory.
bool about_patient(service_call_t *call, const char *id);

// Makes the call about these patients, each once. Sorts the ids. False without memory.
bool about_patients(service_call_t *call, char **ids, size_t count);

// Makes the call about the patients of a page's rows, which are messages of `type` with a field `patient`, or about `asked` where none has one;
// that may be NULL. False without memory.
bool about_listed(service_call_t *call, const pb_type_t *type, const void *rows, size_t count, const char *asked);

#endif
