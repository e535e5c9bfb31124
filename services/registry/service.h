// The registry as a service: its contract, migrations and handlers.
#ifndef PCN_REGISTRY_SERVICE_H
#define PCN_REGISTRY_SERVICE_H

#include "common/service/service.h"

extern const service_t registry_service;

#endif
