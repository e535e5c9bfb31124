// The errand that checks and applies imports: the oldest one that waits, wholly or not at all, in one transaction with an event for each
// aggregate that changes. What it is at is written beside, so that it shows at once. A transaction that is lost leaves the import where it
// was, and it is tried again; after a few tries it is given up, since it may be what ends the server each time.
#ifndef PCN_REGISTRY_ERRAND_IMPORT_H
#define PCN_REGISTRY_ERRAND_IMPORT_H

#include "common/service/errand.h"

status_t errand_import(errand_step_t *step);

#endif
