// The resource that a call is about: its path without /v1/ ("organisations/pcn-rutland", "networks/pcn-rutland/members"), made from the
// method's route and the request by descriptor.
#ifndef PCN_SERVICE_RESOURCE_H
#define PCN_SERVICE_RESOURCE_H

#include "common/base/arena.h"
#include "common/pb/type.h"

// In the arena; NULL at the cap. A creation's path does not name what it makes: `key`, the aggregate that the change makes, is added; NULL
// for none. `request` may be NULL where it could not be read: then the path ends before the first field. A verb (":close") is left out.
char *resource_path(const pb_method_t *method, const void *request, const char *key, arena_t *arena);

#endif
