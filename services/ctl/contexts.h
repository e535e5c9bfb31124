// The platforms that somebody works with, each under a name: $XDG_CONFIG_HOME/pcn/contexts.json, or ~/.config/pcn/contexts.json; 0600,
// since it may hold tokens. One that others can read is refused.
#ifndef PCN_CTL_CONTEXTS_H
#define PCN_CTL_CONTEXTS_H

#include <jansson.h>

#include "common/base/status.h"
#include "services/ctl/file.h"

typedef struct contexts {
    char path[FILE_PATH_SIZE];
    json_t *document;
} contexts_t;

// Texts belong to the contexts. At most one of the last three is there.
typedef struct context {
    const char *name, *url;
    const char *token, *token_file, *token_command;
} context_t;

// A file that is not there holds none. INVALID_ARGUMENT where it cannot be understood, PERMISSION_DENIED where others can read it.
MUST_CHECK status_t contexts_load(contexts_t *contexts, problem_t *problem);
void contexts_unload(contexts_t *contexts);
MUST_CHECK status_t contexts_save(const contexts_t *contexts, problem_t *problem);

// NULL where none is.
const char *contexts_current(const contexts_t *contexts);
// False where there is none of the name.
bool contexts_get(const contexts_t *contexts, const char *name, context_t *context);
size_t contexts_count(const contexts_t *contexts);
bool contexts_at(const contexts_t *contexts, size_t index, context_t *context);
// Puts it in the place of one of that name, or behind the others. The first one is the current one.
MUST_CHECK status_t contexts_put(contexts_t *contexts, const context_t *context, problem_t *problem);
// NOT_FOUND where there is none of the name. The current one leaves none behind.
MUST_CHECK status_t contexts_remove(contexts_t *contexts, const char *name, problem_t *problem);
MUST_CHECK status_t contexts_use(contexts_t *contexts, const char *name, problem_t *problem);

// Small letters, digits, hyphens, full stops and underscores, at most 64.
bool context_name_valid(const char *name);

#endif
