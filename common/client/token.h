// The text by which a subscription is resumed. Opaque to whoever keeps it: it begins with its version and ends with a check, so that a cut
// or foreign one is refused and never taken for another place.
#ifndef PCN_CLIENT_TOKEN_H
#define PCN_CLIENT_TOKEN_H

#include "common/event/tail.h"

#define CLIENT_TOKEN_SIZE 320

typedef enum client_phase {
    CLIENT_PHASE_LOG,      // go on behind the place
    CLIENT_PHASE_SNAPSHOT, // within a snapshot: only a new one is whole
} client_phase_t;

typedef struct client_token {
    char service[RPC_NAME_SIZE];
    client_phase_t phase;
    event_place_t place;
} client_token_t;

void client_token_write(const client_token_t *token, char out[CLIENT_TOKEN_SIZE]);
// INVALID_ARGUMENT with a sentence for any text that client_token_write did not make.
MUST_CHECK status_t client_token_read(const char *text, client_token_t *token, problem_t *problem);

#endif
