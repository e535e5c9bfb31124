// A service's own configuration behind the platform's: one table of keys for the daemon's frame, one struct with two parts.
#ifndef PCN_SERVICE_SETTINGS_H
#define PCN_SERVICE_SETTINGS_H

#include "common/base/config.h"

// The platform's keys and then the service's (NULL: none), whose values stand `size` bytes on, behind the platform's. Freed by the caller;
// NULL without memory.
config_key_t *settings_join(const config_key_t *platform, size_t size, const config_key_t *own);

#endif
