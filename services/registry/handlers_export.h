// Decisions about exports.
#ifndef PCN_REGISTRY_HANDLERS_EXPORT_H
#define PCN_REGISTRY_HANDLERS_EXPORT_H

#include "common/service/service.h"

status_t prepare_export(service_call_t *call);
status_t decide_export(service_call_t *call);

#endif
