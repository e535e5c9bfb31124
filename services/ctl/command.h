// What every command of pcnctl shares: its row in main.c's table, its exit codes, its way of reading arguments and of complaining.
//
// Options are `--name value` or `--name=value`, flags `--name`; everything else, and everything after `--`, is a positional. Nothing
// here owns memory: values point into argv.
#ifndef PCN_CTL_COMMAND_H
#define PCN_CTL_COMMAND_H

#include <stdbool.h>

#include "common/base/status.h"

enum { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

typedef struct command {
    const char *name;
    const char *summary; // one line, for `pcnctl help`
    const char *usage;   // what `pcnctl help NAME` prints
    // argv[0] is the command's name.
    int (*run)(const struct command *command, int argc, char **argv);
} command_t;

typedef struct command_option {
    const char *name; // "--dir"
    const char **value;
    bool *flag; // instead of a value
    bool required;
} command_option_t;

// Fills the options' values and moves the positionals to the front of argv (from argv[0] on), with their number in `positionals`. The
// table is ended by an option without a name. INVALID_ARGUMENT for an unknown, doubled, missing or empty option, with its name as field.
MUST_CHECK status_t command_options(const command_option_t *options, int argc, char **argv, int *positionals, problem_t *problem);

// Say on stderr what was wrong, and return the exit code: with the usage for COMMAND_USAGE.
int command_usage_error(const command_t *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
int command_failed(const command_t *command, const problem_t *problem);

// A whole number in decimal within bounds, nothing around it.
bool command_number(const char *text, long long minimum, long long maximum, long long *value);

int keys_command(const command_t *command, int argc, char **argv);
int issuer_command(const command_t *command, int argc, char **argv);
int token_command(const command_t *command, int argc, char **argv);
int import_command(const command_t *command, int argc, char **argv);
int export_command(const command_t *command, int argc, char **argv);
int audit_command(const command_t *command, int argc, char **argv);
int followers_command(const command_t *command, int argc, char **argv);
int dead_letter_command(const command_t *command, int argc, char **argv);

#endif
