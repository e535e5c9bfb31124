// Audit/Read, which every service serves over its own trail: a handler like any other.
#ifndef PCN_SERVICE_AUDIT_H
#define PCN_SERVICE_AUDIT_H

#include "common/service/service.h"

extern const service_handler_t audit_handlers[];

#endif
