// The scan before unpacking: protobuf-c follows nesting on the stack and takes up to 72 times the input, so a hostile frame is
// recognised on its bytes.
#ifndef PCN_PB_WIRE_H
#define PCN_PB_WIRE_H

#include "common/pb/type.h"

#define PB_FRAME_MAX (1024u * 1024u)
#define PB_DEPTH_MAX 16
#define PB_FIELDS_MAX 4096

// True if the bytes are well-formed for the type and within the limits. Does not allocate, does not recurse deeper than PB_DEPTH_MAX.
bool pb_wire_scan(const pb_type_t *type, const void *bytes, size_t size);

#endif
