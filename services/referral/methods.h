// The contract's methods by topic: what each loads, decides and saves. Each table ends by one without a method.
#ifndef PCN_REFERRAL_METHODS_H
#define PCN_REFERRAL_METHODS_H

#include "common/service/service.h"

// A look at a patient.
#define LOOK (SERVICE_AUDITED | SERVICE_REACHES)

extern const service_handler_t directory_methods[];
extern const service_handler_t patient_methods[];
extern const service_handler_t schedule_methods[];
extern const service_handler_t appointment_methods[];
extern const service_handler_t consultation_methods[];
extern const service_handler_t urgent_methods[];
extern const service_handler_t referral_methods[];
extern const service_handler_t advice_methods[];
extern const service_handler_t prescription_methods[];

#endif
