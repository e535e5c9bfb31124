// Decisions about sites.
#ifndef PCN_REGISTRY_HANDLERS_SITE_H
#define PCN_REGISTRY_HANDLERS_SITE_H

#include "common/service/service.h"

#define EVENT_SITE_CREATED "pcn.registry.site.created"
#define EVENT_SITE_UPDATED "pcn.registry.site.updated"
#define EVENT_SITE_ANNOUNCED "pcn.registry.site.announced"

status_t decide_get_site(service_call_t *call);
status_t prepare_list_sites(service_call_t *call);
status_t decide_list_sites(service_call_t *call);
status_t decide_create_site(service_call_t *call);
status_t decide_update_site(service_call_t *call);
status_t decide_site_comes_into_force(service_call_t *call);

#endif
