// The token that a command calls the platform with, from wherever it was given.
#ifndef PCN_CTL_CREDENTIAL_H
#define PCN_CTL_CREDENTIAL_H

#include "common/base/buf.h"
#include "services/ctl/command.h"

#define CREDENTIAL_CAP 65536u

// `token` of --token, else the content of `file` of --token-file without what surrounds it there, else PCN_CTL_TOKEN of the environment.
// COMMAND_OK or the exit code, with the reason said. The caller gives the buffer back.
int credential_take(const command_t *command, const char *token, const char *file, buf_t *out);

#endif
