// What every test here includes: cmocka and what it wants first.
#ifndef PCN_TESTS_BASE_SUPPORT_H
#define PCN_TESTS_BASE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
