// Where a daemon can be killed between two steps, and the file by which a test tells it: shared by the preloaded library (killer_preload.c)
// and by who arms it (killer.h).
#ifndef PCN_TESTS_SUPPORT_KILLER_POINTS_H
#define PCN_TESTS_SUPPORT_KILLER_POINTS_H

#include <stdatomic.h>
#include <stdint.h>

// Not PCN_…: a daemon refuses settings that it does not know.
#define KILLER_ENV "TEST_KILLER_FILE"

typedef enum killer_point {
    KILLER_NONE,
    KILLER_ANY,          // each of those below
    KILLER_RPC_RECEIVED, // a ROUTER socket gave a frame: a request came, and nothing was done about it
    KILLER_RPC_REPLY,    // before a ROUTER socket takes a frame: decided and committed, and nobody was told
    KILLER_RPC_ANSWERED, // a DEALER socket gave a frame: the service replied, and the caller was not told
    KILLER_DB_SENT,      // after a batch was closed with a Sync and before it is flushed
    KILLER_DB_FLUSHED,   // a batch may have left
    KILLER_DB_RESULT,    // something of the database was read: it may be a COMMIT's result
    KILLER_PUBLISH,      // before the first frame of an event goes to a PUB socket: it is committed with its number
    KILLER_HTTP_ANSWER,  // before an answer of 2xx other than 200 is handed to the HTTP server
    KILLER_POINTS
} killer_point_t;

typedef struct killer_file {
    _Atomic uint32_t point;    // killer_point_t; NONE: not armed
    _Atomic int64_t countdown; // it ends at the call with which this reaches 0
    _Atomic uint32_t fired;    // how often it has ended a process
    _Atomic uint64_t calls[KILLER_POINTS];
} killer_file_t;

#endif
