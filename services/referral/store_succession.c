#include "services/referral/store_succession.h"

#define TOLD "told(:header.request_id::text)"

const db_stmt_t due_successions = {"due_successions", "SELECT o.id FROM patients_to_follow(:call.today::date) AS o (id)"};

const db_stmt_t follow_successor_load = {"follow_successor_load",
                                         "SELECT p.id, p.version, nullif(p.synthetic, false) AS synthetic, "
                                         "    practice_successor(o.code, greatest(o.closed_on, p.registered_from)) AS successor "
                                         "FROM patient p JOIN organisation o ON o.code = p.practice AND o.closed_on <= :call.today::date "
                                         "WHERE p.id = :request.id::uuid AND " TOLD " AND p.died_on IS NULL AND p.merged_into IS NULL"};

// By the version that was decided on: a registration, a death or a merging in between is decided anew.
const db_stmt_t follow_successor_save = {
    "follow_successor_save",
    "moved AS (SELECT patient_follow(:request.id::uuid, :row.version::bigint, :call.today::date, :after.notice::uuid, "
    "        :call.now::timestamptz, :header.request_id::uuid, :call.method::text) AS key "
    "    FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)), "
    "changed AS (SELECT m.key FROM moved m WHERE m.key IS NOT NULL)"};
