// The events of an import: one for each organisation and site that it made or changed, as a single call with the same outcome would have
// made it, with everything that the import recorded of it.
#ifndef PCN_REGISTRY_IMPORT_EVENTS_H
#define PCN_REGISTRY_IMPORT_EVENTS_H

#include "common/service/errand.h"

// Within the transaction that applied the import. `advance` hears how much is done, in per cent.
MUST_CHECK status_t import_events(errand_step_t *step, void (*advance)(void *data, int percent), void *data);

#endif
