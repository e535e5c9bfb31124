// SQLSTATE to status: one table.
#ifndef PCN_DB_SQLSTATE_H
#define PCN_DB_SQLSTATE_H

#include "common/base/status.h"

// 23505 and 23P01 ALREADY_EXISTS, 23503 FAILED_PRECONDITION, 23514 INVALID_ARGUMENT, 40001/40P01/55P03 ABORTED, 57014 DEADLINE_EXCEEDED,
// 53xxx RESOURCE_EXHAUSTED but 53100 (disk full) UNAVAILABLE, 08xxx and 57P0x UNAVAILABLE, 25006 (read-only) UNAVAILABLE, others INTERNAL.
status_t sqlstate_status(const char *sqlstate);
// Whether the same statement may succeed when sent again at once (40001, 40P01, 55P03).
bool sqlstate_retryable(const char *sqlstate);

#endif
