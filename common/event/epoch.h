// A log that was restored from a backup may end before what its subscribers have seen, and would give their places to other events. A new
// epoch tells them: every place of the old one is answered OUT_OF_RANGE, and they begin with a snapshot. An operator's act, after
// each restore and before the service runs again: pcn-<service> --new-epoch.
#ifndef PCN_EVENT_EPOCH_H
#define PCN_EVENT_EPOCH_H

#include "common/db/session.h"

#define EVENT_EPOCH_SIZE 37

// By the schema's owner, whose search path is the schema.
MUST_CHECK status_t event_epoch_renew(db_session_t *owner, char epoch[EVENT_EPOCH_SIZE], problem_t *problem);

#endif
