// SQL of pathways. pathway_on(code, day) of 1100 is the version in force, as JSON of the contract, for other statements.
#ifndef PCN_REFERRAL_STORE_PATHWAY_H
#define PCN_REFERRAL_STORE_PATHWAY_H

#include "common/db/statement.h"

// Rows of Pathway.
extern const db_stmt_t get_pathway, list_pathways;
// One row of LoadedPathways.
extern const db_stmt_t create_pathway_load, create_pathway_save;
extern const db_stmt_t import_pathways_load, import_pathways_save;
extern const db_stmt_t end_pathway_load, end_pathway_save;
// One row of PathwayCheckReferences.
extern const db_stmt_t check_pathway;

#endif
