// Configuration that every daemon has: the common keys, who else's variables are passed over, and the checks that the table of keys
// cannot express.
#ifndef PCN_APP_SETTINGS_H
#define PCN_APP_SETTINGS_H

#include "common/app/app.h"

typedef struct settings {
    config_t *config;
    // The daemon's own struct, which begins with app_config_t.
    void *values;
    // For config_print and config_print_help.
    const config_key_t *keys[3];
    const char **others;
    config_spec_t spec;
} settings_t;

// Makes the tables; reads nothing. RESOURCE_EXHAUSTED without memory.
MUST_CHECK status_t settings_init(settings_t *settings, const app_spec_t *app, problem_t *problem);
// Reads the environment. INVALID_ARGUMENT names the variable.
MUST_CHECK status_t settings_load(settings_t *settings, const char *const *environment, problem_t *problem);
void settings_deinit(settings_t *settings);
const app_config_t *settings_common(const settings_t *settings);
// The folder of sockets, $state_dir/run, made with mode 0700 where it is missing, closed to others where it was open.
MUST_CHECK status_t settings_make_run_folder(const settings_t *settings, problem_t *problem);

#endif
