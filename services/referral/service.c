#include "services/referral/service.h"

#include "services/referral/handlers.h"
#include "services/referral/store_copy.h"
#include "services/referral/store_directory.h"
#include "services/referral/store_signposting.h"

#define REFERENCES_TYPE (&pcn__referral__store__v1__service_references__type)
#define LOADED_SIGNPOSTING_TYPE (&pcn__referral__store__v1__loaded_signposting__type)

extern const db_migration_t referral_migrations[];

static const service_handler_t handlers[] = {
    {.method = "ListServiceKinds", .load = &list_service_kinds, .row = SERVICE_KIND_TYPE, .decide = decide_list_service_kinds},
    {.method = "CreateServiceKind",
     .load = &create_service_kind_load,
     .row = SERVICE_KIND_TYPE,
     .decide = decide_create_service_kind,
     .after = SERVICE_KIND_TYPE,
     .save = &create_service_kind_save},
    {.method = "UpdateServiceKind",
     .load = &update_service_kind_load,
     .row = SERVICE_KIND_TYPE,
     .decide = decide_update_service_kind,
     .after = SERVICE_KIND_TYPE,
     .save = &update_service_kind_save},
    {.method = "ListServices",
     .prepare = prepare_list_services,
     .prepared = &pcn__referral__store__v1__after__type,
     .load = &list_services,
     .row = LOADED_SERVICE_TYPE,
     .decide = decide_list_services},
    {.method = "GetService", .load = &get_service, .row = SERVICE_TYPE, .decide = decide_get_service},
    {.method = "CreateService",
     .load = &create_service_load,
     .row = REFERENCES_TYPE,
     .decide = decide_create_service,
     .after = SERVICE_TYPE,
     .save = &create_service_save},
    {.method = "UpdateService",
     .load = &update_service_load,
     .row = REFERENCES_TYPE,
     .decide = decide_update_service,
     .after = SERVICE_TYPE,
     .save = &update_service_save},
    {.method = "SetCapacity",
     .load = &set_capacity_load,
     .row = REFERENCES_TYPE,
     .decide = decide_set_capacity,
     .after = SERVICE_TYPE,
     .save = &set_capacity_save},
    {.method = "GetOffer", .load = &get_offer, .row = &pcn__referral__store__v1__offer_row__type, .decide = decide_get_offer},
    {.method = "CreateSignposting",
     .load = &create_signposting_load,
     .row = &pcn__referral__store__v1__signposting_references__type,
     .decide = decide_create_signposting,
     .after = SIGNPOSTING_TYPE,
     .save = &create_signposting_save},
    {.method = "GetSignposting", .load = &get_signposting, .row = LOADED_SIGNPOSTING_TYPE, .decide = decide_get_signposting},
    {.method = "TakeSignposting",
     .load = &take_signposting_load,
     .row = LOADED_SIGNPOSTING_TYPE,
     .decide = decide_take_signposting,
     .after = SIGNPOSTING_TYPE,
     .save = &take_signposting_save},
    {.method = "DeclineSignposting",
     .load = &decline_signposting_load,
     .row = LOADED_SIGNPOSTING_TYPE,
     .decide = decide_decline_signposting,
     .after = SIGNPOSTING_TYPE,
     .save = &decline_signposting_save},
    {.method = "MeasureSignpostings",
     .load = &measure_signpostings,
     .row = &pcn__referral__store__v1__measure_row__type,
     .decide = decide_measure_signpostings},
    {.method = NULL},
};

static const service_follower_t followers[] = {
    {.source = "registry", .type = "pcn.registry.organisation.", .apply = &copy_organisations},
    {.source = NULL},
};

const service_t referral_service = {
    .name = "referral",
    .contract = &pcn__referral__v1__referral__service,
    .handlers = handlers,
    .migrations = referral_migrations,
    .followers = followers,
};
