// What an event's data says of its resource.
#ifndef PCN_CLIENT_RESOURCE_H
#define PCN_CLIENT_RESOURCE_H

#include <stdint.h>

// The outermost object's member "version", a whole number; 0 where there is none. The text may be anything.
int64_t client_resource_version(const char *data);

#endif
