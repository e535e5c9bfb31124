#include "services/referral/store_patient.h"

#define TOLD "told(:header.request_id::text)"

#define REGISTRATIONS(of)                                                                                                                  \
    "(SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('practice', r.practice, 'from', r.from_on, 'to', r.to_on)) ORDER BY "          \
    "r.number) "                                                                                                                           \
    "    FROM registration r WHERE r.patient = " of " AND within_reach(r.practice, " CALLER_ORGANISATIONS ")) AS registrations"
#define PATIENT_COLUMNS                                                                                                                    \
    "p.id, p.nhs_number, p.name, p.birth_date, p.sex, p.practice, p.registered_from, " REGISTRATIONS(                                      \
        "p.id") ", p.died_on, "                                                                                                            \
                "array_remove(ARRAY[CASE WHEN p.sensitive THEN 'sensitive' END, CASE WHEN p.died_on IS NOT NULL THEN 'deceased' END, "     \
                "    CASE WHEN p.merged_into IS NOT NULL THEN 'merged' END], NULL) AS flags, p.merged_into, "                              \
                "nullif(p.synthetic, false) AS synthetic, p.version, p.created_at, p.updated_at, " PATIENT_REACH " AS reach"
#define PATIENT_BY_ID "SELECT " PATIENT_COLUMNS " FROM patient p WHERE p.id = :request.id::uuid AND " TOLD

const db_stmt_t get_patient = {"get_patient", PATIENT_BY_ID};

const db_stmt_t find_patients = {"find_patients", "SELECT " PATIENT_COLUMNS
                                                  ", n.about FROM (SELECT patient_of_number(:request.nhs_number::text) AS about) n "
                                                  "LEFT JOIN patient p ON p.id = n.about AND " TOLD};

const db_stmt_t create_patient_load = {
    "create_patient_load",
    "SELECT o.kind AS practice_kind, o.status AS practice_status, within_reach(o.code, " CALLER_ORGANISATIONS ") AS practice_within_reach, "
    "    m.*, " REGISTRATIONS("m.id") " FROM (SELECT coalesce(:request.patient.practice::text, (" CALLER_ORGANISATIONS
                                      ")[1]) AS practice) a "
                                      "LEFT JOIN organisation o ON o.code = a.practice "
                                      "LEFT JOIN LATERAL patient_met(:request.patient.nhs_number::text, :request.patient.birth_date::date, "
                                      "a.practice) m ON " TOLD};

// A new record, or another practice for the one that is there.
const db_stmt_t create_patient_save = {
    "create_patient_save",
    "registered AS (INSERT INTO patient (id, nhs_number, name, birth_date, sex, practice, registered_from, synthetic, version, created_at, "
    "        updated_at) "
    "    SELECT :after.patient.id::uuid, :after.patient.nhs_number::text, :after.patient.name::text, :after.patient.birth_date::date, "
    "        :after.patient.sex::text, :after.patient.practice::text, :after.patient.registered_from::date, "
    "        coalesce(:after.patient.synthetic::boolean, false), 1, :call.now::timestamptz, :call.now::timestamptz "
    "    FROM input i WHERE " TOLD " AND :row.id::uuid IS NULL AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) "
    "    ON CONFLICT DO NOTHING RETURNING id), "
    "first AS (INSERT INTO registration (patient, number, practice, from_on, recorded_at) "
    "    SELECT g.id, 1, :after.patient.practice::text, :after.patient.registered_from::date, :call.now::timestamptz FROM registered g), "
    "moved AS (SELECT patient_take_over(:row.id::uuid, :row.version::bigint, :after.patient.nhs_number::text, "
    "        :after.patient.birth_date::date, :after.patient.practice::text, :after.patient.registered_from::date, "
    "        :after.patient.name::text, :after.patient.sex::text, :after.notice::uuid, :call.now::timestamptz, :header.request_id::uuid, "
    "        :call.method::text) AS key "
    "    FROM input i WHERE " TOLD " AND :row.id::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)), "
    "changed AS (SELECT g.id::text AS key FROM registered g UNION ALL SELECT m.key FROM moved m WHERE m.key IS NOT NULL)"};

const db_stmt_t update_patient_load = {"update_patient_load", PATIENT_BY_ID};

const db_stmt_t update_patient_save = {
    "update_patient_save",
    "changed AS (UPDATE patient p SET name = :after.name::text, birth_date = :after.birth_date::date, sex = :after.sex::text, "
    "        version = :after.version::bigint, updated_at = :after.updated_at::timestamptz "
    "    FROM input i WHERE p.id = :request.id::uuid AND p.version = :row.version::bigint AND " TOLD " "
    "      AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING p.id::text AS key)"};

// A change of the patient's own row by who keeps it.
#define CHANGED(columns)                                                                                                                   \
    "changed AS (UPDATE patient p SET " columns ", version = :after.version::bigint, updated_at = :after.updated_at::timestamptz "         \
    "    FROM input i WHERE p.id = :request.id::uuid AND p.version = :row.version::bigint AND p.merged_into IS NULL AND " TOLD             \
    "      AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING p.id::text AS key)"
// The latest registration ends, or goes on. By the request's id, not by what was changed: text that becomes a uuid does not pass the
// barrier of row-level security, and all registrations would be looked at.
#define LATEST_ENDS(on)                                                                                                                    \
    ", latest AS (UPDATE registration r SET to_on = " on " FROM changed c WHERE r.patient = :request.id::uuid "                            \
    "    AND r.number = (SELECT max(x.number) FROM registration x WHERE x.patient = :request.id::uuid))"

// With what is to come for the patient, or for both whose records become one.
#define PENDING(patients) "pending_json(" patients ", :call.now::timestamptz)"
#define PENDING_MARK ":row.pending.mark::text"

const db_stmt_t record_death_load = {"record_death_load",
                                     "SELECT " PATIENT_COLUMNS ", " PENDING("ARRAY[p.id]") " AS pending FROM patient p "
                                                                                           "WHERE p.id = :request.id::uuid AND " TOLD};
const db_stmt_t record_death_save = {
    "record_death_save",
    "died AS (SELECT patient_die(:request.id::uuid, :row.version::bigint, :after.died_on::date, :call.now::timestamptz, " PENDING_MARK
    "        ) AS key FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)), "
    "changed AS (SELECT d.key FROM died d WHERE d.key IS NOT NULL)"};
const db_stmt_t withdraw_death_load = {"withdraw_death_load", PATIENT_BY_ID};
const db_stmt_t withdraw_death_save = {"withdraw_death_save", CHANGED("died_on = NULL") LATEST_ENDS("NULL")};
const db_stmt_t set_sensitive_load = {"set_sensitive_load", PATIENT_BY_ID};
const db_stmt_t set_sensitive_save = {"set_sensitive_save", CHANGED("sensitive = :request.sensitive::boolean")};

const db_stmt_t deregister_patient_load = {"deregister_patient_load", PATIENT_BY_ID};
const db_stmt_t deregister_patient_save = {
    "deregister_patient_save",
    "left_on AS (SELECT patient_leave(:request.id::uuid, :row.version::bigint, coalesce(:request.on::date, :call.today::date), "
    "        :call.now::timestamptz) AS key FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)), "
    "changed AS (SELECT l.key FROM left_on l WHERE l.key IS NOT NULL)"};

const db_stmt_t merge_patient_load = {
    "merge_patient_load",
    "SELECT " PATIENT_COLUMNS ", CASE WHEN p.id = :request.id::uuid THEN " PENDING(
        "ARRAY[:request.id::uuid, :request.into::uuid]") " END AS pending FROM patient p WHERE p.id IN (:request.id::uuid, "
                                                         ":request.into::uuid) AND " TOLD " ORDER BY p.id <> :request.id::uuid"};
const db_stmt_t merge_patient_save = {
    "merge_patient_save",
    "merged AS (SELECT patient_merge(:request.id::uuid, :row.version::bigint, :request.into::uuid, :after.into_version::bigint, "
    "        :call.today::date, :call.now::timestamptz, " PENDING_MARK ", coalesce(:after.withdrawn::uuid[], '{}')) AS key "
    "    FROM input i WHERE " TOLD " AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n)), "
    "changed AS (SELECT m.key FROM merged m WHERE m.key IS NOT NULL)"};

const db_stmt_t export_patient = {"export_patient", "SELECT " PATIENT_COLUMNS ", patient_held(p.id) AS held FROM patient p "
                                                    "WHERE p.id = :request.id::uuid AND " TOLD};
