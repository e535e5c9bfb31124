// The smallest service that follows another: a contract without methods, a copy of the registry's organisations. For the tests only.
#ifndef PCN_TESTS_FOLLOWER_COPY_H
#define PCN_TESTS_FOLLOWER_COPY_H

#include "common/service/service.h"

extern const service_t copy_service;

#endif
