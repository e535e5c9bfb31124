// SQL of memberships that begin, end, move or were wrong. Rows are of store Aggregate: networks and the practice; after: store Changes.
#ifndef PCN_REGISTRY_STORE_MOVE_H
#define PCN_REGISTRY_STORE_MOVE_H

#include "common/db/statement.h"

extern const db_stmt_t add_member_load;
extern const db_stmt_t add_member_save;
extern const db_stmt_t move_member_load;
extern const db_stmt_t move_member_save;
extern const db_stmt_t leave_member_load;
extern const db_stmt_t leave_member_save;
extern const db_stmt_t correct_member_load;
extern const db_stmt_t correct_member_save;
extern const db_stmt_t correct_director_load;
extern const db_stmt_t correct_director_save;

#endif
