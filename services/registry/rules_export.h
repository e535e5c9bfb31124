// An export's form: page tokens, and the archive around its files (POSIX.1 ustar, with the same metadata always).
#ifndef PCN_REGISTRY_RULES_EXPORT_H
#define PCN_REGISTRY_RULES_EXPORT_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/registry/messages.h"

#define TAR_BLOCK 512u
// What ends an archive.
#define TAR_END_SIZE (2 * TAR_BLOCK)
// The longest file that a header can tell: 11 octal digits.
#define TAR_FILE_MAX (((uint64_t)1 << 33) - 1)
#define TAR_NAME_MAX 100u

typedef Pcn__Registry__V1__ExportFormat export_format_t;
typedef Pcn__Registry__Store__V1__ExportPiece export_piece_t;

#define EXPORT_FORMAT(name) PCN__REGISTRY__V1__EXPORT_FORMAT__EXPORT_FORMAT_##name

// The header of a plain file. False where the name or the size is too long for one.
MUST_CHECK bool tar_header(const char *name, uint64_t size, char out[TAR_BLOCK]);
// How many zero bytes follow a file of that size.
size_t tar_padding(uint64_t size);

#define EXPORT_PARTS 2

// The token of a piece: its export and number. NULL without memory.
char *export_token(export_format_t format, const char *export, uint32_t number, arena_t *arena);
// Both parts as text, as a statement takes them. INVALID_ARGUMENT `pageToken` for a text that is no token, or one of the other format.
MUST_CHECK status_t export_token_read(const char *token, export_format_t format, char *parts[EXPORT_PARTS], arena_t *arena,
                                      problem_t *problem);

// The bytes of a piece: in an archive with the header before its file's first, the padding behind its last, and the archive's end behind
// the last of all. INTERNAL where no archive holds such a file.
MUST_CHECK status_t export_bytes(export_format_t format, const export_piece_t *piece, arena_t *arena, ProtobufCBinaryData *out,
                                 problem_t *problem);

#endif
