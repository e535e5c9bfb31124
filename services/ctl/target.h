// Which platform a command speaks to, and with which token.
//
// The address is --url; else that of --context; else PCN_URL; else that of the context PCN_CONTEXT, or the current one. The token is
// --token or
// --token-file; else that of --context; else PCN_TOKEN; else that of the context which gave the address. A context's token never goes to an
// address that is not the context's.
#ifndef PCN_CTL_TARGET_H
#define PCN_CTL_TARGET_H

#include "services/ctl/command.h"
#include "services/ctl/http.h"

typedef struct target_options {
    const char *url, *token, *token_file, *context;
} target_options_t;

// Rows of a table of options.
#define TARGET_OPTIONS(options)                                                                                                            \
    {"--url", &(options).url, NULL, false}, {"--token", &(options).token, NULL, false},                                                    \
        {"--token-file", &(options).token_file, NULL, false},                                                                              \
    {                                                                                                                                      \
        "--context", &(options).context, NULL, false                                                                                       \
    }

// What help says of them.
extern const char target_help[];

// A client of the platform; COMMAND_OK, or the exit code of what was said on standard error. Without `anonymous` a token must be there.
int target_open(const command_t *command, const target_options_t *options, bool anonymous, http_t **http);

#endif
