// Referral's row of the table of services: what its daemon runs, and what tests call.
#ifndef PCN_REFERRAL_SERVICE_H
#define PCN_REFERRAL_SERVICE_H

#include "common/service/service.h"

extern const service_t referral_service;

#endif
