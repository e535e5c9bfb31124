// Decisions of imports on their way in: their beginning, their pieces, and what becomes of them when they have had their time.
#ifndef PCN_REGISTRY_HANDLERS_IMPORT_H
#define PCN_REGISTRY_HANDLERS_IMPORT_H

#include "common/service/service.h"
#include "pcn/registry/store/v1/imports.meta.h"

status_t decide_begin_import(service_call_t *call);
status_t decide_put_import_part(service_call_t *call);
status_t decide_get_job(service_call_t *call);
status_t decide_clean_import(service_call_t *call);

// The job as its caller sees it; strings are the import's. NULL without memory.
Pcn__Registry__V1__Job *job_of_import(const Pcn__Registry__Store__V1__LoadedImport *import, arena_t *arena);

#endif
