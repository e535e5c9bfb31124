// Takes back what a verb announced (rules_announcement.h), as a whole or not at all.
//
// First it is asked whether all of it still is as the verb left it, whatever else was recorded since. Then it becomes what it was: a field
// that did not change on that day is again what it is on the day before, whatever that is by now.
//
// Pure.
#ifndef PCN_REGISTRY_RULES_REVOKE_H
#define PCN_REGISTRY_RULES_REVOKE_H

#include "services/registry/rules_announcement.h"

// `announcement` was loaded with all that it changed; it is NULL where there is none. Those that were to be made are closed without having
// opened. NOT_FOUND `on` without one; FAILED_PRECONDITION `on` where the day is there, or something of it was changed since.
MUST_CHECK status_t announcement_revoke(changes_t *changes, const char *code, const char *about, const char *on,
                                        const announcement_t *announcement);

#endif
