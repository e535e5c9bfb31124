// Reading and writing fields of any message by index, so that JSON, rows, parameters and rules share one way of touching them.
#ifndef PCN_PB_MESSAGE_H
#define PCN_PB_MESSAGE_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "common/pb/type.h"

// protobuf-c's allocator on an arena; valid as long as the arena. Freeing does nothing.
ProtobufCAllocator pb_allocator(arena_t *arena);

// An initialised empty message in the arena; NULL at the cap.
void *pb_new(const pb_type_t *type, arena_t *arena);
// Whether an optional field is set, or a repeated one has items.
bool pb_has(const pb_type_t *type, const void *message, unsigned index);
// Takes a field away.
void pb_clear(const pb_type_t *type, void *message, unsigned index);
// Copies the set fields of `from` over those of `to` (lists are replaced whole; pointers are shared, so both live in one arena). Only
// the fields of `to_type` that `from_type` has under the same name and type; both types may differ.
void pb_merge(const pb_type_t *to_type, void *to, const pb_type_t *from_type, const void *from);

// Makes one field of `to` what it is in `from`, absent included; pointers are shared as in pb_merge.
void pb_copy_field(const pb_type_t *type, void *to, const void *from, unsigned index);
// Whether one field says the same in both, absent included; lists item by item. False also without memory.
bool pb_same_field(const pb_type_t *type, const void *a, const void *b, unsigned index);

// Bytes of the wire in the arena. False at the cap.
bool pb_pack(const void *message, arena_t *arena, uint8_t **bytes, size_t *size);

// The way in for every frame of a peer: size ≤ 1 MiB, nesting ≤ 16 and ≤ 4096 fields counted on the wire before anything is
// unpacked, together with UTF-8 and enum values, then unpacked into the arena. INVALID_ARGUMENT names the field where one is to blame;
// RESOURCE_EXHAUSTED at the arena's cap.
MUST_CHECK status_t pb_unpack(const pb_type_t *type, const void *bytes, size_t size, arena_t *arena, void **message, problem_t *problem);

// The same for the body of a reply that a service of ours made, authenticated by its key: up to PB_REPLY_FIELDS_MAX fields, since a page
// of 1,000 rows has more than a request may have.
MUST_CHECK status_t pb_unpack_reply(const pb_type_t *type, const void *bytes, size_t size, arena_t *arena, void **message,
                                    problem_t *problem);

// Enforces the rules of the contract on a decoded request: required, formats, patterns, ranges, lengths, item counts, output-only.
// The first offence is reported with its JSON path. `part` relaxes `required` and refuses immutable fields: for the body of a PATCH. It
// is about the message itself; what is nested in it is replaced whole and so checked in full.
MUST_CHECK status_t pb_validate(const pb_type_t *type, const void *message, bool part, problem_t *problem);

// The field of a PATCH's request that names what is taken away.
#define PB_CLEAR "clear"

// The same for a method's whole request, as its caller sees it: a field of the body is named relative to the body ("name", not
// "organisation.name"), the others as in the path or query. The body of a PATCH is checked as a part, and each name in `clear` must
// be a field of the body that may be absent and is not given too.
MUST_CHECK status_t pb_validate_request(const pb_method_t *method, const void *request, problem_t *problem);

#endif
