// SQL of what a day brings by itself.
#ifndef PCN_REGISTRY_STORE_DAY_H
#define PCN_REGISTRY_STORE_DAY_H

#include "common/db/statement.h"

extern const db_stmt_t due_organisations; // rows: registry.v1.ComeIntoForceRequest
extern const db_stmt_t due_sites;         // the same of sites
extern const db_stmt_t come_into_force_load;
extern const db_stmt_t come_into_force_save; // after: store Changes

#endif
