// What the reading of an import's files shares: rules_import.c holds the whole, _csv and _json take files apart, _cell makes fields of
// cells, _row stages what became of them. Nothing outside of them needs this.
#ifndef PCN_REGISTRY_RULES_IMPORT_INTERNAL_H
#define PCN_REGISTRY_RULES_IMPORT_INTERNAL_H

#include "pcn/registry/v1/files.meta.h"
#include "services/registry/messages.h"
#include "services/registry/rules_import.h"

#define FILES_TYPE (&pcn__registry__v1__registry_files__type)
#define IMPORT_FIELD_SIZE 128

// Members of RegistryFiles by their numbers.
enum {
    IMPORT_ORGANISATIONS = 1,
    IMPORT_PAST,
    IMPORT_COMING,
    IMPORT_SUCCESSIONS,
    IMPORT_SUB_GROUPS,
    IMPORT_MEMBERSHIPS,
    IMPORT_DIRECTORS,
    IMPORT_WAIVERS,
    IMPORT_LIST_SIZES,
    IMPORT_FACTS,
    IMPORT_SYSTEMS,
    IMPORT_ALIGNMENTS,
    IMPORT_SITES,
    IMPORT_SUPERSEDED,
    IMPORT_PCNS = 20,
    IMPORT_PCN_SUB_GROUPS,
    IMPORT_PRACTICES,
    IMPORT_SYSTEM_FACTS,
    IMPORT_DEMOGRAPHICS,
    IMPORT_PCN_FUNDING_IMPLIED,
};

// Where a row comes from.
typedef struct import_source {
    unsigned number;  // of its member
    const char *kind; // its name
    const char *list; // its name in a JSON document
    uint32_t index;   // of the row in that list
    const pb_type_t *type;
    uint32_t line;
    // Of CSV: columns as the header names them and the field of each, -1 for one that is not looked at. NULL of JSON.
    char *const *columns;
    const int *fields;
    size_t column_count;
} import_source_t;

// The member in place `member` of the descriptor.
import_source_t import_source_of(uint32_t member);
// Whether it is a file of the documents' data set, which may have columns that nobody needs.
static inline bool import_data_set(uint32_t number)
{
    return number >= IMPORT_PCNS;
}
// Whether the field must be given in a file.
bool import_required(uint32_t number, const pb_type_t *type, unsigned index);

// ---- what comes of it ----

// A problem of the file that is being read; `field` NULL for the whole row, line 0 for the whole file.
void import_note(import_t *import, uint32_t line, const char *field, const char *format, ...) __attribute__((format(printf, 4, 5)));
// The same of a field by its JSON path, named as the file names it.
void import_note_field(import_t *import, const import_source_t *source, const char *path, const char *detail);
// The same of the whole row.
void import_note_row(import_t *import, const import_source_t *source, const char *detail);
// A row for import_row: what the row that was counted last becomes.
void import_add_row(import_t *import, const import_source_t *source, const char *kind, const pb_type_t *type, const void *message);
// A row was met, be it a good one or not.
void import_count_row(import_t *import);

// ---- files ----

// Takes bytes of the file in; `last`: it ends with them.
void import_read_csv(import_t *import, const char *text, size_t size, bool last);
void import_read_json(import_t *import, const char *text, size_t size, bool last);
// What was unfinished with what follows it, in the arena; NULL without memory, and then `failed` is set.
const char *import_join(import_t *import, const uint8_t *bytes, size_t size, size_t *joined);
// Keeps what is unfinished for the next piece.
void import_keep(import_t *import, const char *text, size_t size);

// ---- rows ----

// The column's field; -1 where there is none.
int import_column_field(const import_source_t *source, const char *column);
// A cell that is not empty into its field. False with the problem noted.
bool import_set_cell(import_t *import, const import_source_t *source, size_t column, const char *text, void *message);
// The contract's rules: notes every field that breaks one. `refused` has a bit for each field whose cell was noted already.
bool import_validate(import_t *import, const import_source_t *source, const void *message, uint64_t refused);
// Rules within the row; stages what it becomes, or notes what is wrong.
void import_row(import_t *import, const import_source_t *source, void *message);

#endif
