// What handlers of verbs about several aggregates share: rules_changes.h between a call's rows and its save.
#ifndef PCN_REGISTRY_HANDLERS_CHANGES_H
#define PCN_REGISTRY_HANDLERS_CHANGES_H

#include "services/registry/handlers.h"
#include "services/registry/rules_changes.h"

// Of the call's rows, with room for `more` that are created.
MUST_CHECK status_t changes_begin(service_call_t *call, size_t more, changes_t **changes);
// NOT_FOUND `field` where it is absent, out of the caller's reach, or a network is asked for and it is none; for `code` also ABORTED where
// it is not at the expected version.
MUST_CHECK status_t changes_reach(service_call_t *call, const changes_t *changes, const char *field, const char *code, bool network);
// The events, what is saved, the key and the version: those of `code`. FAILED_PRECONDITION where more change than one request may.
// Nothing is saved where nothing changes.
MUST_CHECK status_t changes_end(service_call_t *call, changes_t *changes, const char *code);

// The reply, once ended: the organisation, or the network of the day.
MUST_CHECK status_t changes_reply_organisation(service_call_t *call, const changes_t *changes, const char *code);
MUST_CHECK status_t changes_reply_network(service_call_t *call, const changes_t *changes, const char *code, const char *day);

#endif
