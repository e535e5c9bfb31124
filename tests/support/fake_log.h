// A service's change log that a test writes the script of: a ROUTER that answers Events/Read and Events/Snapshot and a PUB that publishes,
// with every fault that the real ones can show. Events are made from their number alone, so that whoever reads can check them.
//
// One loop, one thread: the test's.
#ifndef PCN_TESTS_SUPPORT_FAKE_LOG_H
#define PCN_TESTS_SUPPORT_FAKE_LOG_H

#include "common/rpc/publisher.h"
#include "common/rpc/server.h"
#include "pcn/events/v1/events.pb-c.h"

#define FAKE_SUBJECTS 97 // event n is about subject n % FAKE_SUBJECTS

// Of a thousand.
typedef struct fake_faults {
    unsigned drop;     // published events that nobody hears
    unsigned swap;     // published events that come after the next one
    unsigned twice;    // published events that come twice
    unsigned rubbish;  // published frames of no meaning beside one
    unsigned fail;     // calls that are answered UNAVAILABLE
    unsigned silent;   // calls that are not answered
    unsigned page_max; // most events of a page, as if ended by its size; 0 for as many as asked for
} fake_faults_t;

typedef struct fake_log {
    uv_loop_t *loop;
    metrics_t *metrics;
    char dir[64]; // keys "registry" and "follower", and the sockets
    char rpc[96], pub[96];
    char key[RPC_KEY_SIZE]; // the service's public one
    rpc_context_t *context;
    rpc_server_t *server;
    rpc_publisher_t *publisher;
    uv_timer_t beat;
    char epoch[40];
    int64_t head;
    int64_t pruned;
    int64_t held_back; // an event that was not published in its turn; 0 for none
    size_t data_size;  // of an event; 0 for a small one
    fake_faults_t faults;
    uint64_t seed;
    status_t refuse;       // all calls, where it is not OK
    int64_t broken;        // an event that is given without its subject; 0 for none
    int64_t prune_on_page; // of a snapshot's second page: the place is gone then
    unsigned reads, snapshots;
    unsigned read_ahead; // most reads in one frame's time
    unsigned unanswered;
    rpc_call_t *hung[256];
    unsigned hung_count;
} fake_log_t;

// Keys and sockets in a folder of its own below /tmp; the service is up at once.
void fake_log_init(fake_log_t *log, uv_loop_t *loop, metrics_t *metrics);
void fake_log_deinit(fake_log_t *log);
// The service goes and comes; the log stays.
void fake_log_stop(fake_log_t *log);
void fake_log_start(fake_log_t *log);
// So many events more, published as the faults have it.
void fake_log_append(fake_log_t *log, unsigned count);
void fake_log_publish(fake_log_t *log, int64_t sequence);
// Once; fake_log_beats for ever, once a second.
void fake_log_heartbeat(fake_log_t *log);
void fake_log_beats(fake_log_t *log, bool on);
// A number below `below`, by the seed.
unsigned fake_log_random(fake_log_t *log, unsigned below);

// Event n: its texts stand in `texts`.
typedef struct fake_texts {
    char id[40], subject[64], time[40];
    char *data;
} fake_texts_t;
void fake_event_init(Pcn__Events__V1__Event *event, fake_texts_t *texts, int64_t sequence, size_t data_size);
void fake_event_deinit(fake_texts_t *texts);
// Whether an event is number n of the script.
bool fake_event_is(const Pcn__Events__V1__Event *event, int64_t sequence);

#endif
