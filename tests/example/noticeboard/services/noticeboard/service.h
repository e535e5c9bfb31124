// The noticeboard as a service: its contract, migrations, handlers, what it follows and what it does by itself.
#ifndef PCN_NOTICEBOARD_SERVICE_H
#define PCN_NOTICEBOARD_SERVICE_H

#include "common/service/service.h"

extern const service_t noticeboard_service;

#endif
