// SQL of what was, is and will be so.
#ifndef PCN_REGISTRY_STORE_HISTORY_H
#define PCN_REGISTRY_STORE_HISTORY_H

#include "common/db/statement.h"

extern const db_stmt_t get_history; // row: store Aggregate, with all of its past, also what never held

#endif
