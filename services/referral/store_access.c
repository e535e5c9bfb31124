#include "services/referral/store_access.h"

#include "services/referral/store_patient.h"

#define TOLD "told(:header.request_id::text)"

#define GLASS_COLUMNS                                                                                                                      \
    "b.id, b.patient, b.practice, b.subject, b.organisation, b.reason, b.at, b.until, b.reviewed_by, b.reviewed_at, b.justified, "         \
    "b.version"
// What a practice is told of a patient, in a row of it: for itself, and for who lies above it where the patient is not sensitive.
#define FOR_PRACTICE                                                                                                                       \
    "CASE WHEN practice = ANY (" CALLER_ORGANISATIONS ") THEN true "                                                                       \
    "    ELSE within_reach(practice, " CALLER_ORGANISATIONS ") AND NOT patient_sensitive(patient) END"
#define GLASS_BY_ID "SELECT " GLASS_COLUMNS ", " FOR_PRACTICE " AS within_reach FROM break_glass b WHERE b.id = :request.id::uuid AND " TOLD
// The practice that a list is of, and a page of what is the practice's: one row at least.
#define OF_PRACTICE(columns, from, where)                                                                                                  \
    "SELECT w.within_reach, l.* FROM (SELECT within_reach(:request.practice::text, " CALLER_ORGANISATIONS ") AS within_reach) w "          \
    "LEFT JOIN LATERAL (SELECT " columns " FROM " from " WHERE practice = :request.practice::text AND " TOLD " AND w.within_reach "        \
    "    AND " FOR_PRACTICE "    AND (:prepared.parts::text[] IS NULL OR id > (:prepared.parts::text[])[1]::uuid)" where                   \
    "    ORDER BY id LIMIT coalesce(:request.page_size::int, 50) + 1) l ON true ORDER BY l.id"

const db_stmt_t break_glass_load = {"break_glass_load", "SELECT b.id, b.practice, b.sensitive, b.kept, b.former "
                                                        "FROM patient_behind_glass(:request.id::uuid) b WHERE " TOLD};
#define OPENED                                                                                                                             \
    "opened AS (SELECT patient_break_glass(:after.break_glass.patient::uuid, :after.break_glass.practice::text, "                          \
    "        :after.break_glass.id::uuid, :after.break_glass.organisation::text, :after.break_glass.reason::text, :after.notice::uuid, "   \
    "        :after.break_glass.at::timestamptz, :after.break_glass.until::timestamptz) AS key "                                           \
    "    FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)), "                                               \
    "changed AS (SELECT o.key FROM opened o WHERE o.key IS NOT NULL)"

const db_stmt_t break_glass_save = {"break_glass_save", OPENED};

const db_stmt_t break_glass_by_number_load = {
    "break_glass_by_number_load",
    "SELECT n.about, b.id, b.practice, b.sensitive, b.kept, b.former FROM (SELECT patient_of_number(:request.nhs_number::text) AS about) n "
    "LEFT JOIN LATERAL patient_behind_glass(patient_of_case(:request.nhs_number::text, :request.birth_date::date)) b ON " TOLD};
const db_stmt_t break_glass_by_number_save = {"break_glass_by_number_save", OPENED};

const db_stmt_t get_break_glass = {"get_break_glass", GLASS_BY_ID};
const db_stmt_t list_break_glass = {
    "list_break_glass",
    OF_PRACTICE(GLASS_COLUMNS, "break_glass b", " AND (coalesce(:request.open::boolean, false) = false OR b.reviewed_at IS NULL)")};
const db_stmt_t review_break_glass_load = {"review_break_glass_load", GLASS_BY_ID};
const db_stmt_t review_break_glass_save = {
    "review_break_glass_save",
    "changed AS (UPDATE break_glass b SET reviewed_by = :after.reviewed_by::text, reviewed_at = :after.reviewed_at::timestamptz, "
    "        justified = :after.justified::boolean, version = :after.version::bigint "
    "    FROM input i WHERE b.id = :request.id::uuid AND b.version = :row.version::bigint AND b.reviewed_at IS NULL AND " TOLD
    "      AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING b.id::text AS key)"};

const db_stmt_t list_notices = {"list_notices", OF_PRACTICE("n.id, n.practice, n.kind, n.patient, n.break_glass, n.at", "notice n", "")};

const db_stmt_t list_accesses = {
    "list_accesses",
    "SELECT " PATIENT_REACH " AS reach, a.at, a.subject, a.organisation, a.request_id, a.method, a.verdict AS audited FROM patient p "
    "LEFT JOIN LATERAL patient_accesses(p.id, (:prepared.parts::text[])[1]::timestamptz, (:prepared.parts::text[])[2]::uuid, "
    "    coalesce(:request.page_size::int, 50) + 1) a ON true "
    "WHERE p.id = :request.id::uuid AND " TOLD " ORDER BY a.at DESC, a.request_id DESC"};
