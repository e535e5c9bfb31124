#ifndef PCN_TESTS_REFERRAL_SUPPORT_H
#define PCN_TESTS_REFERRAL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/pb/json.h"
#include "common/pb/message.h"

// An arena as each test's state.
static inline int arena_setup(void **state)
{
    *state = arena_new((size_t)1024 * 1024);
    return *state != NULL ? 0 : -1;
}

static inline int arena_teardown(void **state)
{
    arena_t *arena = *state;
    arena_destroy(&arena);
    return 0;
}

// A message from JSON whose quotes may be single.
static inline void *message(arena_t *arena, const pb_type_t *type, const char *json)
{
    char *text = arena_string(arena, json);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    problem_t problem = {0};
    void *made = NULL;
    if (pb_json_read(type, text, strlen(text), PB_JSON_TRUSTED, arena, &made, NULL, NULL, &problem) != STATUS_OK)
        fail_msg("%s: %s %s", json, problem.field, problem.detail);
    return made;
}

static inline int32_t day_of(const char *date)
{
    int32_t day = 0;
    assert_true(date_parse(date, &day));
    return day;
}

#endif
