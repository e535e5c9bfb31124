// SQL of what stands beside organisations: stated facts, clinical systems, alignments.
#ifndef PCN_REGISTRY_STORE_BESIDE_H
#define PCN_REGISTRY_STORE_BESIDE_H

#include "common/db/statement.h"

// A row of system_profile `s` and of alignment `a` as the contract's messages, and all of an organisation `o`.
#define SYSTEM_JSON                                                                                                                        \
    "json_strip_nulls(json_build_object('practice', s.practice, 'system', s.system, 'from', s.from_on, 'to', s.to_on, 'source', "          \
    "s.source))"
#define ALIGNMENT_JSON                                                                                                                     \
    "json_strip_nulls(json_build_object('service', a.service, 'name', a.name, 'kind', a.kind, 'provider', a.provider, "                    \
    "    'organisation', a.organisation, 'from', a.from_on, 'to', a.to_on, 'source', a.source))"
#define SYSTEMS_WHERE(condition)                                                                                                           \
    "(SELECT json_agg(" SYSTEM_JSON " ORDER BY s.from_on) FROM system_profile s WHERE s.practice = o.code COLLATE \"default\"" condition   \
    ") AS all_systems"
#define ALIGNMENTS_WHERE(condition)                                                                                                        \
    "(SELECT json_agg(" ALIGNMENT_JSON " ORDER BY a.service, a.from_on) FROM alignment a "                                                 \
    "WHERE a.organisation = o.code COLLATE \"default\"" condition ") AS all_alignments"

extern const db_stmt_t add_fact_load;
extern const db_stmt_t add_fact_save; // after: registry.v1.StatedFact
extern const db_stmt_t list_facts;    // rows: store ListedFact, one more than the page; prepared: PagePlace
extern const db_stmt_t add_system_load;
extern const db_stmt_t add_system_save;     // after: registry.v1.SystemProfile
extern const db_stmt_t list_systems;        // rows: registry.v1.SystemProfile, of the practice alone where it has none
extern const db_stmt_t get_system_coverage; // rows: store SystemShare, one at least
extern const db_stmt_t add_alignment_load;
extern const db_stmt_t add_alignment_save;           // after: registry.v1.Alignment
extern const db_stmt_t list_organisation_alignments; // rows: registry.v1.Alignment, of the organisation alone where it has none
extern const db_stmt_t list_alignments;              // rows: registry.v1.Alignment, one more than the page; prepared: PagePlace

// Loads: row store Aggregate with what the change is about.
extern const db_stmt_t correct_fact_load;
extern const db_stmt_t correct_fact_save; // after: store ChangedFact
extern const db_stmt_t end_system_load;
extern const db_stmt_t end_system_save; // after: store ChangedSystem
extern const db_stmt_t correct_system_load;
extern const db_stmt_t correct_system_save; // after: store ChangedSystem
extern const db_stmt_t end_alignment_load;
extern const db_stmt_t end_alignment_save; // after: store ChangedAlignment
extern const db_stmt_t correct_alignment_load;
extern const db_stmt_t correct_alignment_save; // after: store ChangedAlignment

#endif
