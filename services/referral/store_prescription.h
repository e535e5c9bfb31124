// SQL of social prescriptions and of link workers' alignments.
#ifndef PCN_REFERRAL_STORE_PRESCRIPTION_H
#define PCN_REFERRAL_STORE_PRESCRIPTION_H

#include "common/db/statement.h"

// One row of SocialPrescribing.
extern const db_stmt_t get_social_prescribing;
// One row of PrescriptionReferences.
extern const db_stmt_t create_social_prescription_load, create_social_prescription_save;
// One row of LoadedPrescription, of which only `about` is there where the caller sees none.
extern const db_stmt_t get_social_prescription;
// Rows of LoadedPrescription in the order of the list, after the page token's.
extern const db_stmt_t list_social_prescriptions;
extern const db_stmt_t accept_prescription_load, decline_prescription_load, plan_prescription_load, add_prescription_contact_load,
    score_prescription_load, complete_prescription_load, close_prescription_load, redirect_prescription_load;
extern const db_stmt_t accept_prescription_save, decline_prescription_save, plan_prescription_save, add_prescription_contact_save,
    score_prescription_save, complete_prescription_save, close_prescription_save, redirect_prescription_save;
// Rows of LoadedCount, at least one.
extern const db_stmt_t count_social_prescriptions;
// One row of LoadedAlignment.
extern const db_stmt_t create_link_worker_alignment_load, create_link_worker_alignment_save;
// At most one.
extern const db_stmt_t end_link_worker_alignment_load, end_link_worker_alignment_save;
// At least one.
extern const db_stmt_t list_link_worker_alignments;

#endif
