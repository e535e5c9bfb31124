// Bytes as text: base64 in JSON, as protobuf's own mapping has it, and PostgreSQL's hex form \x… in parameters.
#ifndef PCN_PB_BYTES_H
#define PCN_PB_BYTES_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/pb/type.h"

// Appends standard base64 with its padding.
void pb_base64_write(const ProtobufCBinaryData *bytes, buf_t *out);
// False where the text is not base64 with its padding. `out` has room for size / 4 * 3 bytes.
bool pb_base64_read(const char *text, size_t size, uint8_t *out, size_t *out_size);

// Writes 2 + 2 × len characters: \x0aff. Returns how many.
size_t pb_hex_write(const ProtobufCBinaryData *bytes, char *out);
// False where the text is not \x and pairs of hex digits. `out` has room for size / 2 bytes.
bool pb_hex_read(const char *text, size_t size, uint8_t *out, size_t *out_size);

#endif
