// Configuration: environment variables, declared in a table. A key K of the daemon `registry` is read from PCN_REGISTRY_K and, if it is
// common to all daemons, else from PCN_K. Secrets may come from a file: K_FILE names it (at most 64 KiB; a newline at its end is taken
// off); K and K_FILE of one name exclude each other. A PCN_ variable that no daemon knows stops the start. --help and --print-config
// come from the same table (secrets shown as ***).
//
// Values live in a struct of the daemon's own; strings belong to the config_t.
#ifndef PCN_BASE_CONFIG_H
#define PCN_BASE_CONFIG_H

#include <stdio.h>

#include "common/base/status.h"

typedef enum config_type {
    CONFIG_STRING,   // const char *
    CONFIG_NUMBER,   // int64_t
    CONFIG_DURATION, // int64_t in milliseconds; written 500ms, 5s, 10m, 24h
    CONFIG_FLAG,     // bool; true/false
} config_type_t;

enum { CONFIG_COMMON = 1, CONFIG_SECRET = 2, CONFIG_REQUIRED = 4 };

typedef struct config_key {
    const char *name; // "DATABASE_URL"
    config_type_t type;
    unsigned flags;
    size_t offset;            // of the value in the daemon's struct
    const char *default_text; // NULL: zero
    int64_t minimum, maximum; // of numbers and durations; both 0: unbounded
    const char *help;         // one line
} config_key_t;

typedef struct config config_t;

// A source of variables: the environment, or a test's own list ("NAME=value", …, NULL).
// `others` are the names of the other daemons, whose keys are tolerated; NULL-terminated. `keys` is a NULL-terminated list of tables,
// each ended by a key without a name.
typedef struct config_spec {
    const char *daemon; // "registry"
    const config_key_t *const *keys;
    const char *const *others;
    // Whole names of variables ("PCN_HTTP_PORT") that belong to somebody else and are passed over; NULL-terminated or NULL.
    const char *const *tolerated;
} config_spec_t;

// Fills `values`. INVALID_ARGUMENT with the variable's name as the problem's field: unknown, malformed, out of bounds, missing.
MUST_CHECK status_t config_load(const config_spec_t *spec, const char *const *environment, void *values, config_t **config,
                                problem_t *problem);
void config_destroy(config_t **config);
void config_print_help(const config_spec_t *spec, FILE *out);
void config_print(const config_spec_t *spec, const void *values, FILE *out);

#endif
