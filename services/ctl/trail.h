// Proves an audit trail: takes its entries in order, makes every hash anew as pcn/audit/v1/audit.proto says, and tells each fault. It goes
// on after a fault with the hash that stands there, so that it finds them all.
//
// What it can prove: nothing between the first place and a head that somebody keeps was altered, added or taken away. Who may rewrite
// the whole database could make a new chain; only a head that was kept elsewhere tells that.
#ifndef PCN_CTL_TRAIL_H
#define PCN_CTL_TRAIL_H

#include "common/base/buf.h"
#include "common/base/status.h"
#include "pcn/audit/v1/audit.pb-c.h"

#define TRAIL_HASH_SIZE 32
#define TRAIL_HEX_SIZE (2 * TRAIL_HASH_SIZE + 1)

typedef struct trail_place {
    int64_t place;
    char hash[TRAIL_HEX_SIZE]; // lower case
} trail_place_t;

// Says one fault: "place 17: …".
typedef void (*trail_fault_fn)(void *data, const char *sentence);

typedef struct trail {
    trail_fault_fn fault;
    void *data;
    const trail_place_t *kept; // a head of an earlier time; NULL for none
    uint64_t entries, faults;
    int64_t last; // place
    uint8_t hash[TRAIL_HASH_SIZE];
    bool known; // `hash` is the last place's
    bool met;   // the kept place was there
    buf_t scratch;
} trail_t;

void trail_init(trail_t *trail, trail_fault_fn fault, void *data, const trail_place_t *kept);
void trail_deinit(trail_t *trail);
// The next entry. RESOURCE_EXHAUSTED without memory.
MUST_CHECK status_t trail_add(trail_t *trail, const Pcn__Audit__V1__Entry *entry, problem_t *problem);
// The end: the head as the service has it.
void trail_end(trail_t *trail, int64_t place, const char *hash);

// SHA-256 over the hash before and the entry's fields. False without memory.
bool trail_hash(const uint8_t before[TRAIL_HASH_SIZE], const Pcn__Audit__V1__Entry *entry, buf_t *scratch, uint8_t hash[TRAIL_HASH_SIZE]);
// "PLACE:HASH" of 64 hexadecimal digits. False for anything else.
bool trail_place_parse(const char *text, trail_place_t *place);

#endif
