// CURVE keys as files: <dir>/<name>.secret and <name>.public, one Z85 text each, 0600 and 0644. Whoever has a .public file there
// is on the allow list under that name; adding or removing a file takes effect without a restart.
#ifndef PCN_RPC_KEYS_H
#define PCN_RPC_KEYS_H

#include "common/base/status.h"

#define RPC_KEY_SIZE 41 // Z85 text and NUL
#define RPC_NAME_SIZE 64

typedef struct rpc_keys {
    char name[RPC_NAME_SIZE];
    char public_key[RPC_KEY_SIZE];
    char secret_key[RPC_KEY_SIZE]; // wiped by rpc_keys_wipe
} rpc_keys_t;

// Makes the pair where it is missing (atomically: two that race end with the same pair). UNAVAILABLE with the path's last part in the
// detail where the folder cannot be written.
MUST_CHECK status_t rpc_keys_ensure(const char *dir, const char *name, problem_t *problem);
MUST_CHECK status_t rpc_keys_load(const char *dir, const char *name, rpc_keys_t *keys, problem_t *problem);
MUST_CHECK status_t rpc_keys_load_public(const char *dir, const char *name, char public_key[RPC_KEY_SIZE], problem_t *problem);
// The name under which this public key (Z85) is on the allow list; false where it is not. Reads the folder each time.
bool rpc_keys_find(const char *dir, const char public_key[RPC_KEY_SIZE], char name[RPC_NAME_SIZE]);
// Whether the name still stands for the key.
typedef enum rpc_key_standing {
    RPC_KEY_VALID,
    RPC_KEY_REVOKED,    // its file is gone, holds another key or none
    RPC_KEY_UNREADABLE, // it cannot be known now: no descriptor, no memory, an error of the disk
} rpc_key_standing_t;
rpc_key_standing_t rpc_keys_standing(const char *dir, const char *name, const char public_key[RPC_KEY_SIZE]);
// Puts a public key that was made elsewhere on the allow list. INVALID_ARGUMENT for a name or a text that is none; ALREADY_EXISTS where
// another key has the name, or the key another name. Once more with the same key changes nothing.
MUST_CHECK status_t rpc_keys_enrol(const char *dir, const char *name, const char *public_key, problem_t *problem);
// Takes the name off the allow list, and away a secret that lies beside it. NOT_FOUND where neither is there.
MUST_CHECK status_t rpc_keys_revoke(const char *dir, const char *name, problem_t *problem);
void rpc_keys_wipe(rpc_keys_t *keys);

#endif
