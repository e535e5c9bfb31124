// The head of a form's part: which file it is.
#ifndef PCN_GATEWAY_MULTIPART_HEAD_H
#define PCN_GATEWAY_MULTIPART_HEAD_H

#include "services/gateway/multipart.h"

// One parameter of a header's value: `*at` stands before its semicolon, and after it in the end. The value is decoded into `value` with a
// NUL after it. 1: there is one; 0: the text has ended; -1: that is no parameter, or the value has no room.
int multipart_parameter(const char **at, const char *end, const char **name, size_t *name_size, char *value, size_t room);
// Takes one line of the head, without its end. NULL, or what is wrong with it.
const char *multipart_head_line(multipart_t *form);
// At the head's end. NULL, or what is wrong.
const char *multipart_head_end(const multipart_t *form);

#endif
