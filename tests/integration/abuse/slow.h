// A crowd of connections that are slow in every way there is, beside clients that are not.
#ifndef PCN_TESTS_INTEGRATION_ABUSE_SLOW_H
#define PCN_TESTS_INTEGRATION_ABUSE_SLOW_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/integration/abuse/raw.h"

#define SLOW_CROWD 1000

typedef enum slow_way { SLOW_HEAD, SLOW_BODY, SLOW_READER, SLOW_IDLE, SLOW_WAYS } slow_way_t;

extern const char *const slow_way_names[SLOW_WAYS];

typedef struct slow_client {
    slow_way_t way;
    int fd; // -1 once it was cut
    int64_t opened_us, ended_us;
    int status; // of an answer that came before the end
} slow_client_t;

typedef struct slow_crowd {
    const rig_t *rig;
    slow_client_t clients[SLOW_CROWD];
} slow_crowd_t;

// Opens all of them at the edge, and waits for the answers of those that stay idle after one.
void slow_crowd_open(slow_crowd_t *crowd, const rig_t *rig);
// A byte more from each that still sends, until that time; notes who was cut.
void slow_crowd_drip(slow_crowd_t *crowd, int64_t until_us);
// Reads what the slow readers left, to the connection's end.
void slow_crowd_drain(slow_crowd_t *crowd);
void slow_crowd_close(slow_crowd_t *crowd);

#define SLOW_LOADERS 4

// Clients that ask again and again, each on a connection of its own.
typedef struct slow_load {
    const rig_t *rig;
    pthread_t threads[SLOW_LOADERS];
    atomic_bool stop;
    atomic_ulong answered, failed;
} slow_load_t;

void slow_load_start(slow_load_t *load, const rig_t *rig);
void slow_load_stop(slow_load_t *load);

#endif
