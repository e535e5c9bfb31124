// The manual page pcnctl(1), made from what --help is made from: it cannot say anything else.
#ifndef PCN_CTL_MAN_H
#define PCN_CTL_MAN_H

#include "common/base/buf.h"

// Appends the page in man(7)'s macros.
void man_write(buf_t *out);

#endif
