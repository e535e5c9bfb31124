// What verbs announce for a day to come, and how it is taken back until then.
#ifndef PCN_REGISTRY_HANDLERS_ANNOUNCEMENT_H
#define PCN_REGISTRY_HANDLERS_ANNOUNCEMENT_H

#include "services/registry/handlers_changes.h"

// changes_end, with the announcement where the verb's day is to come; `about` is the practice that moves or leaves, or NULL.
MUST_CHECK status_t changes_end_announced(service_call_t *call, changes_t *changes, const char *code, const char *about, const char *on,
                                          const char *verb);

status_t decide_revoke_organisation(service_call_t *call);
status_t decide_revoke_member(service_call_t *call);

#endif
