#include "services/registry/rules_export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/id.h"
#include "common/pb/field.h"
#include "common/service/cursor.h"

// ---- the archive ----

typedef struct tar_fields {
    char name[TAR_NAME_MAX];
    char mode[8], uid[8], gid[8];
    char size[12], mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6], version[2];
    char user[32], group[32];
    char device_major[8], device_minor[8];
    char prefix[155];
    char rest[12];
} tar_fields_t;

_Static_assert(sizeof(tar_fields_t) == TAR_BLOCK, "a header is one block");

bool tar_header(const char *name, uint64_t size, char out[TAR_BLOCK])
{
    if (strlen(name) > TAR_NAME_MAX || size > TAR_FILE_MAX)
        return false;
    tar_fields_t header = {.mode = "0000644", .uid = "0000000", .gid = "0000000", .mtime = "00000000000", .type = '0'};
    memcpy(header.name, name, strlen(name));
    (void)snprintf(header.size, sizeof header.size, "%011" PRIo64, size);
    memcpy(header.magic, "ustar", sizeof header.magic);
    memcpy(header.version, "00", sizeof header.version);
    memcpy(header.device_major, "0000000", sizeof header.device_major);
    memcpy(header.device_minor, "0000000", sizeof header.device_minor);
    // The sum of all bytes, those of the sum itself taken for spaces.
    memset(header.checksum, ' ', sizeof header.checksum);
    unsigned sum = 0;
    memcpy(out, &header, TAR_BLOCK);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char)out[i];
    (void)snprintf(header.checksum, sizeof header.checksum, "%06o", sum);
    memcpy(out, &header, TAR_BLOCK);
    return true;
}

size_t tar_padding(uint64_t size)
{
    return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

// ---- tokens ----

// A token is bound to its format as other tokens are to their list.
static const char *format_name(export_format_t format)
{
    return pb_enum_json(&pcn__registry__v1__export_format__enum, (int)format);
}

char *export_token(export_format_t format, const char *export, uint32_t number, arena_t *arena)
{
    const char *const list[] = {"export", format_name(format)};
    const char *const parts[EXPORT_PARTS] = {export, arena_printf(arena, "%" PRIu32, number)};
    return parts[1] != NULL ? cursor_make(list, sizeof list / sizeof *list, parts, EXPORT_PARTS, arena) : NULL;
}

// A number that a piece may have, as we write it.
static bool is_number(const char *text)
{
    const size_t size = strlen(text);
    return size > 0 && size < 10 && text[0] != '0' && strspn(text, "0123456789") == size;
}

status_t export_token_read(const char *token, export_format_t format, char *parts[EXPORT_PARTS], arena_t *arena, problem_t *problem)
{
    const char *const list[] = {"export", format_name(format)};
    const status_t status = cursor_read(token, list, sizeof list / sizeof *list, parts, EXPORT_PARTS, arena, problem);
    if (status == STATUS_OK && (!id_valid(parts[0]) || !is_number(parts[1])))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "pageToken", "This is no page token of ours");
    return status;
}

// ---- pieces ----

status_t export_bytes(export_format_t format, const export_piece_t *piece, arena_t *arena, ProtobufCBinaryData *out, problem_t *problem)
{
    const size_t size = strlen(piece->data);
    if (format != EXPORT_FORMAT(CSV)) {
        *out = (ProtobufCBinaryData){.len = size, .data = (uint8_t *)piece->data};
        return STATUS_OK;
    }
    const bool begins = piece->start == 0, ends = piece->start + size == piece->file_size;
    const size_t head = begins ? TAR_BLOCK : 0;
    const size_t padding = ends ? tar_padding(piece->file_size) : 0;
    const size_t end = piece->last ? TAR_END_SIZE : 0;
    char header[TAR_BLOCK];
    const char *name = arena_printf(arena, "%s.csv", piece->file);
    uint8_t *bytes = arena_alloc(arena, head + size + padding + end + 1);
    if (name == NULL || bytes == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    if (begins && !tar_header(name, piece->file_size, header))
        return problem_set(problem, STATUS_INTERNAL, NULL, "%s is too large for an archive", name);
    memcpy(bytes, header, head);
    memcpy(bytes + head, piece->data, size);
    memset(bytes + head + size, 0, padding + end);
    *out = (ProtobufCBinaryData){.len = head + size + padding + end, .data = bytes};
    return STATUS_OK;
}
