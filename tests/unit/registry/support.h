// Builders of what the registry's rules work on, for their tests.
#ifndef PCN_TESTS_REGISTRY_SUPPORT_H
#define PCN_TESTS_REGISTRY_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/arena.h"
#include "common/pb/message.h"
#include "services/registry/messages.h"

#define ARENA_CAP ((size_t)1024 * 1024)

static inline int arena_setup(void **state)
{
    *state = arena_new(ARENA_CAP);
    return *state == NULL;
}

static inline int arena_teardown(void **state)
{
    arena_destroy((arena_t **)state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

// A copy that may be written to.
static inline char *text(arena_t *arena, const char *literal)
{
    return literal != NULL ? arena_string(arena, literal) : NULL;
}

static inline organisation_t *make_organisation(arena_t *arena, const char *code, organisation_kind_t kind, const char *parent)
{
    organisation_t *organisation = pb_new(ORGANISATION_TYPE, arena);
    assert_non_null(organisation);
    organisation->code = text(arena, code);
    organisation->name = text(arena, code);
    organisation->has_kind = 1;
    organisation->kind = kind;
    organisation->parent = text(arena, parent);
    return organisation;
}

static inline aggregate_t *make_network(arena_t *arena, const char *code)
{
    aggregate_t *network = pb_new(AGGREGATE_TYPE, arena);
    assert_non_null(network);
    network->code = text(arena, code);
    network->name = text(arena, "Network");
    network->has_kind = network->has_level = network->has_status = network->has_version = 1;
    network->level = LEVEL(NEIGHBOURHOOD);
    network->kind = KIND(NETWORK);
    network->status = STATUS_OF(ACTIVE);
    network->version = 7;
    network->commissioner = network->parent = text(arena, "ccg-elr");
    return network;
}

// A list with one more, in the arena.
static inline void *appended(arena_t *arena, void *list, size_t *count, void *item)
{
    void **longer = arena_alloc(arena, (*count + 1) * sizeof *longer);
    assert_non_null(longer);
    if (*count > 0)
        memcpy(longer, list, *count * sizeof *longer);
    longer[(*count)++] = item;
    return longer;
}

static inline member_t *add_member(arena_t *arena, aggregate_t *network, const char *practice, const char *from, const char *to,
                                   const char *sub_group)
{
    member_t *member = pb_new(MEMBER_TYPE, arena);
    assert_non_null(member);
    member->practice = text(arena, practice);
    member->from = text(arena, from);
    member->to = text(arena, to);
    member->sub_group = text(arena, sub_group);
    network->all_members = appended(arena, network->all_members, &network->n_all_members, member);
    return member;
}

static inline director_t *make_director(arena_t *arena, const char *name, const char *from, const char *to, const char *share)
{
    director_t *director = pb_new(DIRECTOR_TYPE, arena);
    assert_non_null(director);
    director->name = text(arena, name);
    director->from = text(arena, from);
    director->to = text(arena, to);
    director->share = text(arena, share);
    return director;
}

static inline director_t *add_director(arena_t *arena, aggregate_t *network, const char *name, const char *from, const char *to,
                                       const char *share)
{
    director_t *director = make_director(arena, name, from, to, share);
    network->all_directors = appended(arena, network->all_directors, &network->n_all_directors, director);
    return director;
}

static inline list_size_t *add_size(arena_t *arena, aggregate_t *network, const char *organisation, const char *sub_group,
                                    const char *as_of, int64_t count)
{
    list_size_t *size = pb_new(LIST_SIZE_TYPE, arena);
    assert_non_null(size);
    size->organisation = text(arena, organisation);
    size->sub_group = text(arena, sub_group);
    size->as_of = text(arena, as_of);
    size->has_count = size->has_kind = 1;
    size->count = count;
    size->kind = SIZE_KIND(REGISTERED);
    size->source = text(arena, "Appendix 3");
    network->all_sizes = appended(arena, network->all_sizes, &network->n_all_sizes, size);
    return size;
}

static inline sub_group_t *add_sub_group(arena_t *arena, aggregate_t *network, const char *code)
{
    sub_group_t *group = pb_new(SUB_GROUP_TYPE, arena);
    assert_non_null(group);
    group->code = text(arena, code);
    network->all_sub_groups = appended(arena, network->all_sub_groups, &network->n_all_sub_groups, group);
    return group;
}

#define assert_refused(status, expected, problem, expected_field)                                                                          \
    do {                                                                                                                                   \
        assert_int_equal(status, expected);                                                                                                \
        assert_string_equal((problem).field, expected_field);                                                                              \
        assert_true((problem).detail[0] != '\0');                                                                                          \
    } while (0)

#endif
