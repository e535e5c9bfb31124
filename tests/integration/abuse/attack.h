// Requests for every method of the contract, made from its descriptors: what is required is filled in, and one text, wherever texts come in
// (path, query, body at any depth, header, a name where none is known), is a payload. A service that is added is attacked by itself;
// it needs an entry in attack.c's `places` only where something has to be there before (a practice that becomes a member).
#ifndef PCN_TESTS_INTEGRATION_ABUSE_ATTACK_H
#define PCN_TESTS_INTEGRATION_ABUSE_ATTACK_H

#include "common/pb/type.h"
#include "tests/integration/abuse/payload.h"
#include "tests/integration/abuse/raw.h"

#define ATTACK_DEPTH 4

typedef enum attack_way {
    ATTACK_NONE, // the request as it should be
    ATTACK_PATH,
    ATTACK_QUERY,
    ATTACK_BODY,
    ATTACK_HEADER,
    ATTACK_QUERY_NAME, // a parameter that is none
    ATTACK_BODY_NAME,  // a field that is none
} attack_way_t;

// One place where a text comes in.
typedef struct attack {
    const pb_method_t *method;
    attack_way_t way;
    unsigned index[ATTACK_DEPTH]; // fields from the request, or from the body, down to the text
    unsigned depth;
    const char *header;
    char field[256]; // as a problem has to name it
} attack_t;

typedef struct attack_world {
    const rig_t *rig;
    char *token;
    raw_client_t clients[RAW_PLACES];
    unsigned serial;
    unsigned organisations; // created
    char path[512];         // of the last request, and
    char etag[32];          // what it said it expects
} attack_world_t;

// Calls `each` for every place of the method.
void attack_each(const pb_method_t *method, void (*each)(void *data, const attack_t *attack), void *data);
// Sends it; `payload` is NULL for ATTACK_NONE. The answer is valid until the next call. Fails the test where none comes.
void attack_send(attack_world_t *world, raw_place_t place, const attack_t *attack, const payload_t *payload, raw_answer_t *answer);
// GET by the same token.
void attack_get(attack_world_t *world, raw_place_t place, const char *path, raw_answer_t *answer);

#endif
