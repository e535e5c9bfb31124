// SQL of notices.
#ifndef PCN_NOTICEBOARD_STORE_NOTICE_H
#define PCN_NOTICEBOARD_STORE_NOTICE_H

#include "common/db/statement.h"

extern const db_stmt_t get_notice;         // row: store LoadedNotice
extern const db_stmt_t put_up_notice_load; // always one row: store LoadedNotice
extern const db_stmt_t put_up_notice_save; // after: Notice
extern const db_stmt_t take_down_load;     // row: store LoadedNotice
extern const db_stmt_t take_down_save;     // after: Notice
extern const db_stmt_t expire_load;        // row: store LoadedNotice
extern const db_stmt_t expire_save;        // after: Notice
extern const db_stmt_t due_notices;        // rows: ExpireNoticeRequest
extern const db_stmt_t copy_organisations; // of the follower

#endif
