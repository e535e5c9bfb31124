// HTTP by hand: any bytes on a socket of the edge or of the gateway's own, and what came back, taken apart. libcurl would mend what a test
// wants to be wrong.
#ifndef PCN_TESTS_INTEGRATION_ABUSE_RAW_H
#define PCN_TESTS_INTEGRATION_ABUSE_RAW_H

#include "tests/integration/platform/rig.h"

typedef enum raw_place { RAW_EDGE, RAW_GATEWAY, RAW_PLACES } raw_place_t;

extern const char *const raw_place_names[RAW_PLACES];

// One answer inside of the bytes that came.
typedef struct raw_answer {
    int status;
    const char *head; // from the status line to the empty line, without it
    size_t head_size;
    const char *body;
    size_t body_size;
} raw_answer_t;

// A connected socket that does not block; fails the test where there is none.
int raw_connect(const rig_t *rig, raw_place_t place);
// The first whole answer, interim ones (1xx) left out. The bytes it took, 0 where it is not whole yet, -1 for what is no answer.
long raw_parse(const char *bytes, size_t size, raw_answer_t *answer);
// The value of a header in `value`; false where it is not there.
bool raw_header(const raw_answer_t *answer, const char *name, char *value, size_t size);

// A connection that is used again and again, opened anew where the other end closed it.
typedef struct raw_client {
    const rig_t *rig;
    raw_place_t place;
    int fd; // -1 for none
    char *bytes;
    size_t size, room;
} raw_client_t;

void raw_client_init(raw_client_t *client, const rig_t *rig, raw_place_t place);
void raw_client_deinit(raw_client_t *client);
// Sends and waits for the answer, which is valid until the next call. False where none came within ten seconds or the connection ended.
bool raw_ask(raw_client_t *client, const char *request, size_t size, raw_answer_t *answer);

#endif
