// The scan before unpacking: protobuf-c follows nesting on the stack and takes up to 72 times the input, so a hostile frame is
// recognised on its bytes. What protobuf-c would accept silently is refused in the same pass: text that is not UTF-8 or holds a NUL
// (a C string would end there), and enum numbers that the contract does not know.
#ifndef PCN_PB_WIRE_H
#define PCN_PB_WIRE_H

#include "common/base/status.h"
#include "common/pb/type.h"

#define PB_FRAME_MAX (1024u * 1024u)
#define PB_DEPTH_MAX 16
#define PB_FIELDS_MAX 4096
// Of a service's own reply: a page of 1,000 rows passes PB_FIELDS_MAX. The frame's size and the arena's cap still bound it.
#define PB_REPLY_FIELDS_MAX 65536

// True if the bytes are well-formed for the type and within the limits. Does not allocate, does not recurse deeper than PB_DEPTH_MAX.
// Items of a packed list count as fields.
bool pb_wire_scan(const pb_type_t *type, const void *bytes, size_t size);

// The same with at most `fields_max` fields and with the reason: INVALID_ARGUMENT, with the JSON path of the field where one is to blame.
MUST_CHECK status_t pb_wire_check(const pb_type_t *type, const void *bytes, size_t size, unsigned fields_max, problem_t *problem);

#endif
