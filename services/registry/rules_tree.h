// A tree out of the rows that a walk through it gives.
#ifndef PCN_REGISTRY_RULES_TREE_H
#define PCN_REGISTRY_RULES_TREE_H

#include "common/base/arena.h"
#include "common/base/status.h"
#include "services/registry/messages.h"

#define TREE_DEPTH_MAX 8

// `rows` in the order of a walk: a node, then each child with all that is below it. At least one, the root. RESOURCE_EXHAUSTED where
// there are more than `most`, where the tree does not fit a frame, or without memory.
MUST_CHECK status_t tree_build(Pcn__Registry__Store__V1__TreeRow *const *rows, size_t count, size_t most, arena_t *arena,
                               Pcn__Registry__V1__TreeNode **tree, problem_t *problem);

#endif
