#include "services/noticeboard/store_notice.h"

#define NOTICE_COLUMNS "n.code, n.organisation, n.text, n.until, n.taken_down_on, n.version, n.created_at"

#define NOTICE_BY_CODE "SELECT " NOTICE_COLUMNS " FROM notice n WHERE n.code = :request.code::text"

const db_stmt_t get_notice = {"get_notice", NOTICE_BY_CODE};
const db_stmt_t take_down_load = {"take_down_load", NOTICE_BY_CODE};
const db_stmt_t expire_load = {"expire_load", NOTICE_BY_CODE};

const db_stmt_t put_up_notice_load = {"put_up_notice_load", "SELECT " NOTICE_COLUMNS ", (SELECT c.status FROM organisation_copy c "
                                                            "WHERE c.code = :request.notice.organisation::text) AS author_status "
                                                            "FROM (SELECT) one LEFT JOIN notice n ON n.code = :request.notice.code::text"};

const db_stmt_t put_up_notice_save = {
    "put_up_notice_save",
    "changed AS (INSERT INTO notice (code, organisation, text, until, version, created_at) "
    "    SELECT :after.code::text, :after.organisation::text, :after.text::text, :after.until::date, :after.version::bigint, "
    "        :after.created_at::timestamptz "
    "    FROM input i WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) ON CONFLICT (code) DO NOTHING RETURNING code AS key)"};

#define TAKE_DOWN                                                                                                                          \
    "changed AS (UPDATE notice n SET taken_down_on = :after.taken_down_on::date, version = :after.version::bigint "                        \
    "    FROM input i WHERE n.code = :request.code::text AND n.version = :row.version::bigint "                                            \
    "      AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING n.code AS key)"

const db_stmt_t take_down_save = {"take_down_save", TAKE_DOWN};
const db_stmt_t expire_save = {"expire_save", TAKE_DOWN};

const db_stmt_t due_notices = {"due_notices", "SELECT code FROM notice WHERE taken_down_on IS NULL AND until < :call.today::date "
                                              "ORDER BY code LIMIT 256"};

const db_stmt_t copy_organisations = {
    "copy_organisations",
    "gone AS (DELETE FROM organisation_copy c USING news n WHERE c.subject = n.subject AND n.data IS NULL), "
    "kept AS (INSERT INTO organisation_copy (subject, code, status) SELECT n.subject, n.data ->> 'code', n.data ->> 'status' "
    "    FROM news n WHERE n.data IS NOT NULL ON CONFLICT (subject) DO UPDATE SET status = excluded.status)"};
