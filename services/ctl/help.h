// What --help says, at each level; made from the contract and from the commands' own texts, so that it knows what the program knows.
#ifndef PCN_CTL_HELP_H
#define PCN_CTL_HELP_H

#include "services/ctl/command.h"
#include "services/ctl/flag.h"

// `pcnctl --help`.
void help_overview(buf_t *out);
// `pcnctl registry --help`; false where there is neither a group nor a command of the name.
bool help_topic(const char *name, buf_t *out);
// `pcnctl registry get-organisation --help`.
void help_call(const pb_method_t *method, buf_t *out);
// Its first lines: "usage: pcnctl registry get-organisation --code CODE [--as-of DATE]".
void help_usage(const pb_method_t *method, buf_t *out);
// A flag and its value: "--as-of DATE"; "NAME" where there are many choices.
void help_flag(const flag_t *flag, buf_t *out);

// Lines of these are also the manual's.
extern const char *const help_exit_codes[];  // ended by NULL
extern const char *const help_environment[]; // name, meaning, …, NULL
// Options that every call has: name with its value, meaning, …, NULL.
extern const char *const help_options[];

#endif
