// Text for a terminal: what it takes of a line, and what must not reach it. UTF-8 in, UTF-8 out; bytes that are none become U+FFFD.
#ifndef PCN_CTL_TEXT_H
#define PCN_CTL_TEXT_H

#include "common/base/buf.h"

// Columns of a terminal: none for a combining mark, two for most of East Asia's and for emoji.
size_t text_width(const char *text);
// Appends the text without what could steer a terminal: controls, also of Latin-1, and marks that turn the direction become blanks.
void text_add_plain(buf_t *out, const char *text);
// The same, at most `width` columns: where something is cut off the last one is "…". Returns the columns that it took.
size_t text_add_cut(buf_t *out, const char *text, size_t width);
// Appends words in lines of at most `width` columns, each after `indent` blanks; the first line goes on where `at` columns are taken
// already. Ends with a line end.
void text_add_wrapped(buf_t *out, const char *text, size_t indent, size_t at, size_t width);

#endif
