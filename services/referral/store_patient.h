// SQL of patients. Statements about patients say told(:header.request_id::text), and so does whoever uses these macros.
#ifndef PCN_REFERRAL_STORE_PATIENT_H
#define PCN_REFERRAL_STORE_PATIENT_H

#include "common/db/statement.h"

#define CALLER_ORGANISATIONS ":header.principal.organisations::text[]"

// How the caller stands to the patient `p`, as JSON of PatientReach, for rules_patient.h; NULL where there is none. Of a merged record: to
// the one that is left, which alone is looked up for it.
#define REACH_OF(patient)                                                                                                                  \
    "jsonb_build_object('ownPractice', coalesce(" patient ".practice = ANY (" CALLER_ORGANISATIONS "), false), "                           \
    "    'withinReach', within_reach(" patient ".practice, " CALLER_ORGANISATIONS "), 'sensitive', " patient ".sensitive, "                \
    "    'granted', ARRAY(SELECT g.manner FROM patient_grant g WHERE g.patient = " patient                                                 \
    ".id AND g.organisation = ANY (" CALLER_ORGANISATIONS ") AND (g.subject IS NULL OR g.subject = :call.subject::text) "                  \
    "        AND g.from_at <= :call.now::timestamptz AND g.until > :call.now::timestamptz))"
#define PATIENT_REACH                                                                                                                      \
    "CASE WHEN p.id IS NULL THEN NULL WHEN p.merged_into IS NULL THEN " REACH_OF("p") " ELSE (SELECT " REACH_OF(                           \
        "l") " FROM patient l WHERE l.id = p.merged_into) END"

// Rows of LoadedPatient.
extern const db_stmt_t get_patient;
// One row, of which only `about` is there where the caller sees none.
extern const db_stmt_t find_patients;
// One row of RegistrationReferences.
extern const db_stmt_t create_patient_load, create_patient_save;
extern const db_stmt_t update_patient_load, update_patient_save;
extern const db_stmt_t record_death_load, record_death_save;
extern const db_stmt_t withdraw_death_load, withdraw_death_save;
extern const db_stmt_t deregister_patient_load, deregister_patient_save;
extern const db_stmt_t set_sensitive_load, set_sensitive_save;
// Both records, the double first.
extern const db_stmt_t merge_patient_load, merge_patient_save;
// With `held`.
extern const db_stmt_t export_patient;

#endif
