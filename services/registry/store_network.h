// SQL of networks: their members, directors and list sizes, and the checks over all of them. Rows are of store Aggregate.
#ifndef PCN_REGISTRY_STORE_NETWORK_H
#define PCN_REGISTRY_STORE_NETWORK_H

#include "common/db/statement.h"

extern const db_stmt_t get_network;
extern const db_stmt_t add_director_load;
extern const db_stmt_t add_director_save; // after: registry.v1.Director
extern const db_stmt_t add_waiver_load;
extern const db_stmt_t add_waiver_save; // after: registry.v1.Waiver
extern const db_stmt_t end_waiver_load;
extern const db_stmt_t end_waiver_save; // after: store ChangedWaiver
extern const db_stmt_t correct_waiver_load;
extern const db_stmt_t correct_waiver_save; // after: store ChangedWaiver
extern const db_stmt_t add_list_size_load;
extern const db_stmt_t add_list_size_save; // after: registry.v1.ListSize

#endif
