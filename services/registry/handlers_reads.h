// Decisions of the registry's reads over many organisations.
#ifndef PCN_REGISTRY_HANDLERS_READS_H
#define PCN_REGISTRY_HANDLERS_READS_H

#include "common/service/service.h"

status_t decide_get_tree(service_call_t *call);
status_t decide_get_coverage(service_call_t *call);
status_t prepare_list_list_sizes(service_call_t *call);
status_t decide_list_list_sizes(service_call_t *call);
status_t decide_get_checks(service_call_t *call);

#endif
