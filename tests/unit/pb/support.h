// What every test of this folder begins with: cmocka, an arena for each test, and the contract's types.
#ifndef PCN_TESTS_UNIT_PB_SUPPORT_H
#define PCN_TESTS_UNIT_PB_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/pb/json.h"
#include "common/pb/message.h"
#include "pcn/events/v1/events.meta.h"
#include "pcn/platform/v1/call.meta.h"
#include "pcn/registry/v1/registry.meta.h"
#include "sample.h"

#define ORGANISATION (&pcn__registry__v1__organisation__type)
#define NETWORK (&pcn__registry__v1__network__type)

static inline int arena_setup(void **state)
{
    *state = arena_new(1024 * 1024);
    return *state == NULL;
}

static inline int arena_teardown(void **state)
{
    arena_destroy((arena_t **)state);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, arena_setup, arena_teardown)

static inline unsigned field_of(const pb_type_t *type, const char *name)
{
    int index = pb_field_by_name(type, name);
    assert_true(index >= 0);
    return (unsigned)index;
}

// Reads a text that must be right.
static inline void *read_json(const pb_type_t *type, const char *text, pb_json_mode_t mode, arena_t *arena)
{
    void *message = NULL;
    problem_t problem = {0};
    status_t status = pb_json_read(type, text, strlen(text), mode, arena, &message, NULL, NULL, &problem);
    if (status != STATUS_OK)
        fail_msg("%s: %s: %s", text, problem.field, problem.detail);
    return message;
}

// Compares what the message reads as.
static inline void assert_json(const pb_type_t *type, const void *message, const char *expected)
{
    buf_t out;
    buf_init(&out, 1024 * 1024);
    pb_json_write(type, message, &out);
    assert_true(buf_ok(&out));
    assert_string_equal(out.data, expected);
    buf_deinit(&out);
}

#endif
