// Whom a page of a list is about, for the audit trail.
#ifndef PCN_REFERRAL_ABOUT_H
#define PCN_REFERRAL_ABOUT_H

#include "common/service/service.h"

// Makes the call about these patients, each once. Sorts the ids. False without memory.
bool about_patients(service_call_t *call, char **ids, size_t count);

#endif
