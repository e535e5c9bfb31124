// SQL of organisations.
#ifndef PCN_REGISTRY_STORE_ORGANISATION_H
#define PCN_REGISTRY_STORE_ORGANISATION_H

#include "common/db/statement.h"

// Columns of organisation `o` under the names of the contract's fields.
#define ORGANISATION_COLUMNS                                                                                                               \
    "o.code, o.name, o.kind, o.level, o.parent, o.place, o.status, o.opened_on, o.closed_on, o.former_names, o.identifiers, "              \
    "o.stated_population, o.stated_practice_count, o.source, o.notes, o.version, o.created_at, o.updated_at, o.payee"

// Whether the caller's organisations reach o.code; and all that is on record where it is a network.
#define WITHIN_REACH "within_reach(o.code, :header.principal.organisations::text[], :call.today::date) AS within_reach"
#define NETWORK_FACTS "f.commissioner, f.all_members, f.all_directors, f.all_sizes, f.all_sub_groups"
#define NETWORK_FACTS_JOIN " LEFT JOIN LATERAL network_facts(o.code) f ON o.kind = 'network' "

extern const db_stmt_t get_organisation;         // rows: registry.v1.Organisation, coalesced by code
extern const db_stmt_t list_organisations;       // rows: store ListedOrganisation, one more than the page
extern const db_stmt_t create_organisation_load; // one row: store References
extern const db_stmt_t create_organisation_save; // after: store Creation
extern const db_stmt_t update_organisation_load; // row: store Aggregate
extern const db_stmt_t update_organisation_save; // after: registry.v1.Organisation

#endif
