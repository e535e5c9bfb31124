// Events/Read, which every service serves over its own log: a handler like any other.
#ifndef PCN_SERVICE_EVENTS_H
#define PCN_SERVICE_EVENTS_H

#include "common/service/service.h"

extern const service_handler_t events_handlers[];

#endif
