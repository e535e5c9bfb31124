// SQL of what is owed, published and used, and of what every patient should be offered.
#ifndef PCN_REFERRAL_STORE_CAPACITY_H
#define PCN_REFERRAL_STORE_CAPACITY_H

#include "common/db/statement.h"

extern const db_stmt_t get_capacity; // rows: store CapacityOf, one more than the page
extern const db_stmt_t get_access;   // rows: store AccessOf, one more than the page

#endif
