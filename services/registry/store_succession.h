// SQL of organisations that end in favour of others. Rows are of store Aggregate: everybody concerned; after: store Changes.
#ifndef PCN_REGISTRY_STORE_SUCCESSION_H
#define PCN_REGISTRY_STORE_SUCCESSION_H

#include "common/db/statement.h"

extern const db_stmt_t merge_organisation_load;
extern const db_stmt_t merge_organisation_save;
extern const db_stmt_t split_organisation_load;
extern const db_stmt_t split_organisation_save;
extern const db_stmt_t close_organisation_load;
extern const db_stmt_t close_organisation_save; // after: store Changes

#endif
