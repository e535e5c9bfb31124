// What a contract's rule says about one text: its format, pattern and length.
#ifndef PCN_PB_RULE_H
#define PCN_PB_RULE_H

#include "common/base/status.h"
#include "common/pb/type.h"

// INVALID_ARGUMENT with a sentence, without a field. The text is UTF-8.
MUST_CHECK status_t rule_text(const pb_field_t *meta, const char *text, problem_t *problem);
// Whether the text is empty or only blanks.
bool rule_blank(const char *text);

#endif
