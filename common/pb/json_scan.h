// What jansson does not tell: how deep a text goes before it is parsed, and which field a place in it belongs to.
#ifndef PCN_PB_JSON_SCAN_H
#define PCN_PB_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define PB_JSON_DEPTH_MAX 16

// False where brackets nest deeper than PB_JSON_DEPTH_MAX; *offset is then the bracket's. Whether they match is the parser's business.
bool pb_json_shallow(const char *text, size_t size, size_t *offset);

// The path ("identifiers[0].value") of the value that the first `offset` bytes end in, empty at the top. With `at_key`, the key that
// ends there is the last part. What does not fit is left out. For the way of a refusal: it reads the text from its beginning.
void pb_json_locate(const char *text, size_t offset, bool at_key, char *out, size_t room);

#endif
