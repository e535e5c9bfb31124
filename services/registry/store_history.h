// SQL of what was, is and will be so.
#ifndef PCN_REGISTRY_STORE_HISTORY_H
#define PCN_REGISTRY_STORE_HISTORY_H

#include "common/db/statement.h"

extern const db_stmt_t get_history; // rows: store HistoryRow, one more than the page; prepared: PagePlace

#endif
