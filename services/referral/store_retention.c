#include "services/referral/store_retention.h"

#define TOLD "told(:header.request_id::text)"

const db_stmt_t due_erasures = {"due_erasures", "SELECT o.id FROM patients_over(:call.today::date) o LIMIT 256"};

const db_stmt_t erase_patient_load = {"erase_patient_load",
                                      "SELECT p.id, p.version, nullif(p.synthetic, false) AS synthetic, "
                                      "    EXISTS (SELECT FROM patients_over(:call.today::date) o WHERE o.id = p.id) AS over "
                                      "FROM patient p WHERE p.id = :request.id::uuid AND " TOLD};
const db_stmt_t erase_patient_save = {
    "erase_patient_save",
    "erased AS (SELECT patient_erase(:request.id::uuid, :row.version::bigint, :call.today::date, :call.now::timestamptz) AS key "
    "    FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)), "
    "changed AS (SELECT e.key FROM erased e WHERE e.key IS NOT NULL)"};

const db_stmt_t get_retention = {
    "get_retention",
    "SELECT r.code, r.name, r.basis, r.years, r.source, r.confidence, r.note, a.applied, CASE WHEN a.applied THEN coalesce(o.due, 0) END "
    "AS due, "
    "    CASE WHEN a.applied THEN e.erased END AS erased, e.latest_at FROM retention_rule r "
    "CROSS JOIN LATERAL (SELECT r.basis = 'death' AND r.confidence = 'verified' AND r.years IS NOT NULL AS applied) a "
    "LEFT JOIN (SELECT o.rule, count(*) AS due FROM patients_over(:call.today::date) o GROUP BY o.rule) o ON o.rule = r.code "
    "CROSS JOIN LATERAL (SELECT count(*) AS erased, max(x.at) AS latest_at FROM erasure x WHERE x.rule = r.code) e ORDER BY r.code"};
