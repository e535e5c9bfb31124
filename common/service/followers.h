// The Followers contract, which every service serves: how its followers stand, and an operator's decisions about dead letters.
#ifndef PCN_SERVICE_FOLLOWERS_H
#define PCN_SERVICE_FOLLOWERS_H

#include "common/service/service.h"

extern const service_handler_t followers_handlers[];

#endif
