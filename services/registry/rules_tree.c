#include "services/registry/rules_tree.h"

#include <string.h>

#include "common/pb/message.h"
#include "common/pb/wire.h"

typedef Pcn__Registry__Store__V1__TreeRow row_t;
typedef Pcn__Registry__V1__TreeNode node_t;

// A node has at most six fields on the wire, its place among its parent's children included.
#define NODE_FIELDS 6

static status_t refuse_size(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, "depth",
                       "The tree is larger than an answer may be: ask for less depth, or for one of the organisations below");
}

static node_t *node_of(const row_t *row, arena_t *arena)
{
    node_t *node = pb_new(&pcn__registry__v1__tree_node__type, arena);
    if (node != NULL)
        pb_merge(&pcn__registry__v1__tree_node__type, node, &pcn__registry__store__v1__tree_row__type, row);
    return node;
}

// The parent of each row by place, from their depths; the first has none. False where a row's parent is not there: our own defect.
static bool find_parents(row_t *const *rows, size_t count, size_t *parents)
{
    size_t above[TREE_DEPTH_MAX + 1] = {0};
    for (size_t i = 0; i < count; i++) {
        const uint32_t depth = rows[i]->depth;
        if (depth > TREE_DEPTH_MAX || (depth == 0) != (i == 0) || (i > 0 && depth > rows[i - 1]->depth + 1))
            return false;
        above[depth] = i;
        parents[i] = depth > 0 ? above[depth - 1] : 0;
    }
    return true;
}

status_t tree_build(row_t *const *rows, size_t count, size_t most, arena_t *arena, node_t **tree, problem_t *problem)
{
    if (count > most || count * NODE_FIELDS > PB_REPLY_FIELDS_MAX)
        return refuse_size(problem);
    node_t **nodes = arena_zero(arena, count * sizeof *nodes);
    size_t *parents = arena_zero(arena, count * sizeof *parents);
    if (nodes == NULL || parents == NULL)
        return refuse_size(problem);
    if (!find_parents(rows, count, parents))
        return problem_set(problem, STATUS_INTERNAL, NULL, "A node of the tree has no parent");
    for (size_t i = 0; i < count; i++) {
        if ((nodes[i] = node_of(rows[i], arena)) == NULL)
            return refuse_size(problem);
        nodes[parents[i]]->n_children += i > 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (nodes[i]->n_children > 0 && (nodes[i]->children = arena_alloc(arena, nodes[i]->n_children * sizeof(node_t *))) == NULL)
            return refuse_size(problem);
        nodes[i]->n_children = 0;
        if (i > 0)
            nodes[parents[i]]->children[nodes[parents[i]]->n_children++] = nodes[i];
    }
    if (pcn__registry__v1__tree_node__get_packed_size(nodes[0]) > PB_FRAME_MAX)
        return refuse_size(problem);
    *tree = nodes[0];
    return STATUS_OK;
}
