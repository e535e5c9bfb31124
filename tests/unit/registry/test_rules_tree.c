#include "services/registry/rules_tree.h"

#include "common/pb/json.h"
#include "tests/unit/registry/support.h"

typedef Pcn__Registry__Store__V1__TreeRow row_t;
typedef Pcn__Registry__V1__TreeNode node_t;

static row_t *row_of(arena_t *arena, const char *code, uint32_t depth)
{
    row_t *row = pb_new(&pcn__registry__store__v1__tree_row__type, arena);
    assert_non_null(row);
    row->code = text(arena, code);
    row->name = text(arena, "Name");
    row->has_depth = row->has_kind = row->has_status = 1;
    row->depth = depth;
    row->kind = KIND(NETWORK);
    row->status = STATUS_OF(ACTIVE);
    return row;
}

static void a_walk_becomes_a_tree(void **state)
{
    row_t *rows[] = {row_of(*state, "ics", 0),  row_of(*state, "ccg-a", 1), row_of(*state, "pcn-a", 2), row_of(*state, "gp-a", 3),
                     row_of(*state, "gp-b", 3), row_of(*state, "pcn-b", 2), row_of(*state, "ccg-b", 1)};
    problem_t problem = {0};
    node_t *tree;
    assert_int_equal(tree_build(rows, 7, 100, *state, &tree, &problem), STATUS_OK);
    assert_string_equal(tree->code, "ics");
    assert_int_equal(tree->n_children, 2);
    assert_int_equal(tree->children[0]->n_children, 2);
    assert_string_equal(tree->children[0]->children[0]->children[1]->code, "gp-b");
    assert_string_equal(tree->children[0]->children[1]->code, "pcn-b");
    assert_int_equal(tree->children[0]->children[1]->n_children, 0);
    assert_string_equal(tree->children[1]->code, "ccg-b");
    assert_int_equal(tree->children[1]->kind, KIND(NETWORK));
    assert_int_equal(tree_build(rows, 1, 100, *state, &tree, &problem), STATUS_OK);
    assert_int_equal(tree->n_children, 0);
}

static void too_large_is_refused_with_advice(void **state)
{
    row_t *rows[] = {row_of(*state, "ics", 0), row_of(*state, "a", 1), row_of(*state, "b", 1)};
    problem_t problem = {0};
    node_t *tree;
    assert_int_equal(tree_build(rows, 3, 3, *state, &tree, &problem), STATUS_OK);
    assert_refused(tree_build(rows, 3, 2, *state, &tree, &problem), STATUS_RESOURCE_EXHAUSTED, problem, "depth");
    assert_non_null(strstr(problem.detail, "less depth"));
    // Long names do not fit a frame, however few they are.
    char *name = arena_alloc(*state, 400 * 1024);
    memset(name, 'x', 400 * 1024 - 1);
    name[400 * 1024 - 1] = '\0';
    rows[0]->name = rows[1]->name = rows[2]->name = name;
    assert_refused(tree_build(rows, 3, 100, *state, &tree, &problem), STATUS_RESOURCE_EXHAUSTED, problem, "depth");
}

static void a_broken_walk_is_our_defect(void **state)
{
    problem_t problem = {0};
    node_t *tree;
    row_t *jump[] = {row_of(*state, "ics", 0), row_of(*state, "a", 2)};
    assert_int_equal(tree_build(jump, 2, 100, *state, &tree, &problem), STATUS_INTERNAL);
    row_t *roots[] = {row_of(*state, "ics", 0), row_of(*state, "a", 0)};
    assert_int_equal(tree_build(roots, 2, 100, *state, &tree, &problem), STATUS_INTERNAL);
    row_t *deep[] = {row_of(*state, "ics", 0), row_of(*state, "a", 9)};
    assert_int_equal(tree_build(deep, 2, 100, *state, &tree, &problem), STATUS_INTERNAL);
}

static void a_depth_that_cannot_be_names_its_bounds(void **state)
{
    problem_t problem = {0};
    const pb_type_t *type = &pcn__registry__v1__get_tree_request__type;
    const int depth = pb_field_by_name(type, "depth");
    assert_true(depth >= 0);
    static const char *const wrong[] = {"-1", "-9223372036854775808", "4294967296"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        void *request = pb_new(type, *state);
        assert_int_equal(pb_set_text(type, request, (unsigned)depth, wrong[i], *state, &problem), STATUS_INVALID_ARGUMENT);
        assert_string_equal(problem.field, "depth");
        assert_string_equal(problem.detail, "Must be between 0 and 8");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_walk_becomes_a_tree), TEST(too_large_is_refused_with_advice),
                                       TEST(a_broken_walk_is_our_defect), TEST(a_depth_that_cannot_be_names_its_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
