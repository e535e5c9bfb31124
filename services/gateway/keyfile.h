// The token issuer's keys from a file, read again when it changes or on SIGHUP. A new file that is broken keeps the keys that were good.
// The other source is an address, keyurl.h.
#ifndef PCN_GATEWAY_KEYFILE_H
#define PCN_GATEWAY_KEYFILE_H

#include <uv.h>

#include "services/gateway/verifier.h"

typedef struct keyfile keyfile_t;

// Reads the file and watches it; one that is not there yet is waited for. RESOURCE_EXHAUSTED without memory.
MUST_CHECK status_t keyfile_new(uv_loop_t *loop, const char *path, verifier_t *verifier, keyfile_t **keyfile, problem_t *problem);
void keyfile_reload(keyfile_t *keyfile);
// Before the verifier. The loop must run on until the handle is closed.
void keyfile_destroy(keyfile_t **keyfile);

#endif
