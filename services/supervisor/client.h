// The other side of the supervisor's socket, for the command line.
#ifndef PCN_SUPERVISOR_CLIENT_H
#define PCN_SUPERVISOR_CLIENT_H

#include "common/base/status.h"

// Sends the line, prints what is answered to stdout (a failure to stderr). timeout_ms < 0 waits for ever.
// 0: ok · 1: failed, or too late · 3: no supervisor runs here, or it went away.
int client_ask(const char *dir, const char *line, int timeout_ms);
// Ends the instance and waits until nothing of it is left; 0 also where nothing ran. Prints what it did.
int client_stop(const char *dir);

#endif
