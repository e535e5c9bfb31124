// SQL of the reads over many organisations: trees, coverage, list sizes, and what the checks look at.
#ifndef PCN_REGISTRY_STORE_READS_H
#define PCN_REGISTRY_STORE_READS_H

#include "common/db/statement.h"

// Most nodes of a tree, rows of a coverage: what a request's memory and a frame hold.
#define TREE_NODES_MAX 6000
#define COVERAGE_ROWS_MAX 6000

extern const db_stmt_t record_place;    // service_t.place
extern const db_stmt_t get_tree;        // rows: store TreeRow, parents first, one more than TREE_NODES_MAX
extern const db_stmt_t get_coverage;    // rows: registry.v1.CoverageRow without its share, one more than COVERAGE_ROWS_MAX
extern const db_stmt_t list_list_sizes; // rows: store ListedListSize, one more than the page; prepared: PagePlace
extern const db_stmt_t get_checks;      // rows: store Surveyed

#endif
