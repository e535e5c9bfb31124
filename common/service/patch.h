// A merge patch (RFC 7396) on any resource of the contract.
#ifndef PCN_SERVICE_PATCH_H
#define PCN_SERVICE_PATCH_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "common/pb/type.h"

// What the patch makes of `before`: its fields over those of `before`, without those that `clear` names. Strings are shared, so all live in
// one arena. INVALID_ARGUMENT names what may not be changed or taken away.
MUST_CHECK status_t message_patch(const pb_type_t *type, const void *before, const void *patch, char *const *clear, size_t clear_count,
                                  arena_t *arena, void **after, problem_t *problem);

#endif
