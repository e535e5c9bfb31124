// SQL of what was announced and is taken back. Rows are of store Aggregate: the one that it is about, with the announcement, and all that were
// changed by it; after: store Changes.
#ifndef PCN_REGISTRY_STORE_ANNOUNCEMENT_H
#define PCN_REGISTRY_STORE_ANNOUNCEMENT_H

#include "common/db/statement.h"

extern const db_stmt_t revoke_organisation_load;
extern const db_stmt_t revoke_organisation_save;
extern const db_stmt_t revoke_member_load;
extern const db_stmt_t revoke_member_save;

#endif
