// What every command of pcnctl shares: its row in commands.c's table, its exit codes, its way of reading arguments and of complaining.
//
// Options are `--name value` or `--name=value`, flags `--name`; everything else, and everything after `--`, is a positional. Nothing
// here owns memory: values point into argv.
#ifndef PCN_CTL_COMMAND_H
#define PCN_CTL_COMMAND_H

#include <stdbool.h>

#include "common/base/status.h"

// FAILED: anything else, from a defect to a full disk, and a proof that found a fault. The last three are what the platform said.
enum { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2, COMMAND_NOT_FOUND = 3, COMMAND_REFUSED = 4, COMMAND_UNAVAILABLE = 5 };

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

// All commands but those of the contract, ended by one without a name; and one of them, NULL where there is none.
const command_t *command_list(void);
const command_t *command_find(const char *name);

// The option that an argument names, and its value where it is written behind "="; NULL where the table has none of the name.
const command_option_t *command_option_find(const command_option_t *options, const char *argument, const char **value);
// Takes the option's value or raises its flag. `next` is the argument behind it, NULL where there is none, and *used whether it was taken.
MUST_CHECK status_t command_option_take(const command_option_t *option, const char *value, const char *next, bool *used,
                                        problem_t *problem);
// Fills the options' values and moves the positionals to the front of argv (from argv[0] on), with their number in `positionals`. The
// table is ended by an option without a name. INVALID_ARGUMENT for an unknown, doubled, missing or empty option, with its name as field.
MUST_CHECK status_t command_options(const command_option_t *options, int argc, char **argv, int *positionals, problem_t *problem);

// Say on stderr what was wrong, and return the exit code: with the usage for COMMAND_USAGE.
int command_usage_error(const command_t *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
int command_failed(const command_t *command, const problem_t *problem);

// The exit code of an HTTP status that is no success; 0 is a server that does not answer.
int command_code_of_http(long status);

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
int events_command(const command_t *command, int argc, char **argv);
int status_command(const command_t *command, int argc, char **argv);
int context_command(const command_t *command, int argc, char **argv);
int completion_command(const command_t *command, int argc, char **argv);

#endif
