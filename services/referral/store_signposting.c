#include "services/referral/store_signposting.h"

#define ORGANISATIONS ":header.principal.organisations::text[]"

#define COLUMNS                                                                                                                            \
    "s.id, s.practice, s.need, s.service, s.outcome, nullif(s.avoided_appointment, false) AS avoided_appointment, "                        \
    "nullif(s.non_medical, false) AS non_medical, s.at, s.version, s.created_at, s.updated_at, "                                           \
    "within_reach(s.practice, " ORGANISATIONS ") AS within_reach"
#define LOAD "SELECT " COLUMNS " FROM signposting s WHERE s.id = :request.id::uuid"
#define SAVE                                                                                                                               \
    "changed AS (UPDATE signposting s SET outcome = :after.outcome::text, "                                                                \
    "        avoided_appointment = coalesce(:after.avoided_appointment::boolean, false), version = :after.version::bigint, "               \
    "        updated_at = :after.updated_at::timestamptz "                                                                                 \
    "    FROM input i WHERE s.id = :request.id::uuid AND s.version = :row.version::bigint "                                                \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING s.id::text AS key)"

const db_stmt_t create_signposting_load = {
    "create_signposting_load",
    "SELECT (SELECT o.kind FROM organisation o WHERE o.code = :request.signposting.practice::text) AS practice_kind, "
    "within_reach(:request.signposting.practice::text, " ORGANISATIONS ") AS practice_within_reach, s.status AS service_status, "
    "k.non_medical FROM (SELECT) one LEFT JOIN (service s JOIN service_kind k ON k.code = s.kind) "
    "ON s.id = :request.signposting.service::uuid"};

const db_stmt_t create_signposting_save = {
    "create_signposting_save",
    "changed AS (INSERT INTO signposting (practice, id, need, service, non_medical, outcome, avoided_appointment, at, day, version, "
    "        created_at, updated_at) "
    "    SELECT :after.practice::text, :after.id::uuid, :after.need::text, :after.service::uuid, "
    "        coalesce(:after.non_medical::boolean, false), :after.outcome::text, coalesce(:after.avoided_appointment::boolean, false), "
    "        :after.at::timestamptz, :call.today::date, :after.version::bigint, :after.created_at::timestamptz, "
    "        :after.updated_at::timestamptz "
    "    FROM input i WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING id::text AS key)"};

const db_stmt_t get_signposting = {"get_signposting", LOAD};
const db_stmt_t take_signposting_load = {"take_signposting_load", LOAD};
const db_stmt_t take_signposting_save = {"take_signposting_save", SAVE};
const db_stmt_t decline_signposting_load = {"decline_signposting_load", LOAD};
const db_stmt_t decline_signposting_save = {"decline_signposting_save", SAVE};

const db_stmt_t measure_signpostings = {
    "measure_signpostings",
    "WITH counted AS MATERIALIZED (SELECT s.need, s.outcome, s.non_medical, s.avoided_appointment FROM reach r "
    "        JOIN signposting s ON s.practice = r.organisation AND s.day BETWEEN :request.from::date AND :request.to::date "
    "        WHERE r.above = :request.organisation::text) "
    "SELECT within_reach(:request.organisation::text, " ORGANISATIONS ") AS within_reach, c.need, count(c.outcome) AS suggested, "
    "    count(*) FILTER (WHERE c.outcome = 'taken') AS taken, count(*) FILTER (WHERE c.outcome = 'declined') AS declined, "
    "    count(*) FILTER (WHERE c.outcome = 'taken' AND c.non_medical) AS non_medical_redirected, "
    "    count(*) FILTER (WHERE c.avoided_appointment) AS appointments_avoided "
    "FROM counted c GROUP BY GROUPING SETS ((), (c.need)) ORDER BY c.need IS NOT NULL, count(c.outcome) DESC, c.need LIMIT 501"};
