// Somebody without a key, at a socket of a daemon, with bytes that are no ZMTP or a handshake that goes wrong; and somebody with a key,
// whose frames are none. Tables of kinds, filled at random.
#ifndef PCN_TESTS_RPC_STRANGER_H
#define PCN_TESTS_RPC_STRANGER_H

#include "tests/integration/rpc/daemon.h"

// ---- without a key: raw connections

enum { STRANGER_ROOM = 2048 };

size_t stranger_kinds(void);
// Bytes of that kind.
size_t stranger_fill(size_t kind, chance_t *chance, uint8_t bytes[STRANGER_ROOM]);
// Connects to ipc:// or tcp://, sends and leaves the connection open. The descriptor; -1 where nobody listens.
int stranger_connect(const char *endpoint, const uint8_t *bytes, size_t size);

// ---- with a key: frames

typedef enum frame_fate {
    FRAME_COUNTED, // dropped, as pcn_rpc_bad_frames_total
    FRAME_REFUSED, // answered with a refusal, one or more
    FRAME_CUT,     // the connection ends
} frame_fate_t;

typedef struct frame_kind {
    const char *name;
    frame_fate_t fate;
} frame_kind_t;

size_t frame_kinds(void);
const frame_kind_t *frame_kind(size_t kind);
// Sends a message of that kind. How many refusals it is to bring, -1 where it was not taken.
int frame_send(size_t kind, chance_t *chance, void *socket);

// A bare socket of libzmq with a pair of the daemon's folder, or with one of its own where `key` is NULL.
void *bare_socket(void *context, int type, const daemon_t *daemon, const char *key, const char *endpoint);

#endif
