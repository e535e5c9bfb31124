#include "services/registry/service.h"

#include "services/registry/handlers.h"
#include "services/registry/handlers_reads.h"
#include "services/registry/messages.h"
#include "services/registry/store_network.h"
#include "services/registry/store_organisation.h"
#include "services/registry/store_reads.h"

extern const db_migration_t registry_migrations[];

static const service_handler_t handlers[] = {
    {.method = "GetOrganisation",
     .load = &get_organisation,
     .row = ORGANISATION_TYPE,
     .coalesce = "request.code",
     .decide = decide_get_organisation},
    {.method = "ListOrganisations",
     .load = &list_organisations,
     .row = &pcn__registry__store__v1__listed_organisation__type,
     .decide = decide_list_organisations},
    {.method = "CreateOrganisation",
     .load = &create_organisation_load,
     .row = &pcn__registry__store__v1__references__type,
     .decide = decide_create_organisation,
     .after = &pcn__registry__store__v1__creation__type,
     .save = &create_organisation_save,
     .flags = SERVICE_OPTIMISTIC | SERVICE_GATHERS},
    {.method = "UpdateOrganisation",
     .load = &update_organisation_load,
     .row = AGGREGATE_TYPE,
     .decide = decide_update_organisation,
     .after = &pcn__registry__store__v1__timelines__type,
     .save = &update_organisation_save,
     .flags = SERVICE_GATHERS},
    {.method = "GetNetwork", .load = &get_network, .row = AGGREGATE_TYPE, .decide = decide_get_network},
    {.method = "AddMember",
     .load = &add_member_load,
     .row = AGGREGATE_TYPE,
     .decide = decide_add_member,
     .after = &pcn__registry__store__v1__member_addition__type,
     .save = &add_member_save},
    {.method = "AddDirector",
     .load = &add_director_load,
     .row = AGGREGATE_TYPE,
     .decide = decide_add_director,
     .after = DIRECTOR_TYPE,
     .save = &add_director_save},
    {.method = "AddListSize",
     .load = &add_list_size_load,
     .row = AGGREGATE_TYPE,
     .decide = decide_add_list_size,
     .after = LIST_SIZE_TYPE,
     .save = &add_list_size_save},
    {.method = "GetTree", .load = &get_tree, .row = &pcn__registry__store__v1__tree_row__type, .decide = decide_get_tree},
    {.method = "GetCoverage", .load = &get_coverage, .row = &pcn__registry__v1__coverage_row__type, .decide = decide_get_coverage},
    {.method = "ListListSizes",
     .prepare = prepare_list_list_sizes,
     .prepared = &pcn__registry__store__v1__after__type,
     .load = &list_list_sizes,
     .row = &pcn__registry__store__v1__listed_list_size__type,
     .decide = decide_list_list_sizes},
    {.method = "GetChecks", .load = &get_checks, .row = &pcn__registry__store__v1__surveyed__type, .decide = decide_get_checks},
    {.method = NULL},
};

const service_t registry_service = {
    .name = "registry",
    .contract = &pcn__registry__v1__registry__service,
    .handlers = handlers,
    .migrations = registry_migrations,
};
