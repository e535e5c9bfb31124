// Handlers of pathways.
#ifndef PCN_REFERRAL_HANDLERS_PATHWAY_H
#define PCN_REFERRAL_HANDLERS_PATHWAY_H

#include "services/referral/handlers.h"

#define PATHWAY_TYPE (&pcn__referral__v1__pathway__type)
#define LOADED_PATHWAYS_TYPE (&pcn__referral__store__v1__loaded_pathways__type)
#define PATHWAYS_CHANGE_TYPE (&pcn__referral__store__v1__pathways_change__type)
#define PATHWAY_CHECK_REFERENCES_TYPE (&pcn__referral__store__v1__pathway_check_references__type)

status_t decide_create_pathway(service_call_t *call);
status_t decide_import_pathways(service_call_t *call);
status_t decide_end_pathway(service_call_t *call);
status_t prepare_get_pathway(service_call_t *call);
status_t decide_get_pathway(service_call_t *call);
status_t prepare_list_pathways(service_call_t *call);
status_t decide_list_pathways(service_call_t *call);
status_t decide_check_pathway(service_call_t *call);

#endif
