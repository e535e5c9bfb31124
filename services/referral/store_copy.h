// How the registry's news change the copy.
#ifndef PCN_REFERRAL_STORE_COPY_H
#define PCN_REFERRAL_STORE_COPY_H

#include "common/db/statement.h"

extern const db_stmt_t copy_organisations;

#endif
