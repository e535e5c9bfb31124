// The tail's inside, shared by tail.c (what is published, and giving) and tail_read.c (what is read from the log).
#ifndef PCN_EVENT_TAIL_STATE_H
#define PCN_EVENT_TAIL_STATE_H

#include "common/event/arrivals.h"
#include "common/event/pages.h"
#include "common/event/tail.h"
#include "common/rpc/loop.h"

#define TAIL_PAGE 1000 // most events of a page
// One published event with what is unpacked from it.
#define TAIL_ARENA_CAP (4u * 1024u * 1024u)

struct event_tail {
    rpc_context_t *context;
    rpc_client_t *client;
    bool (*event)(void *data, const Pcn__Events__V1__Event *event);
    void (*progress)(void *data, const event_place_t *place, int64_t latest);
    void (*gone)(void *data, const problem_t *problem);
    void *data;
    char service[RPC_NAME_SIZE];
    char source[RPC_NAME_SIZE + 8];
    char beat_topic[RPC_NAME_SIZE + 16];

    rpc_turn_t turn; // everything is read and given at its end
    rpc_subscriber_t *subscriber;
    uv_timer_t silence;
    uv_timer_t retry; // while it runs nothing is asked
    unsigned handles;
    uint64_t heard_ms; // when anything of the log was heard last, by the loop's clock
    arena_t *arena;    // of one published event or heartbeat

    event_place_t place;
    int64_t latest;    // known to be there; -1 before anything is known
    int64_t published; // place of the last published event, so that a step back is seen
    // Each reason to distrust what is published (a new connection, a step back) adds to `doubt`; a page that was asked for since then
    // and came under the known epoch makes `confirmed` equal. Only then are published events given.
    uint64_t doubt;
    uint64_t confirmed;
    bool look;      // ask for what comes next, though nothing is known to be there
    int64_t stride; // events of a page that are likely to fit it

    event_call_t *locating; // asks where the log's end is
    event_pages_t pages;
    event_arrivals_t arrivals;
    event_retry_t retrying;

    bool held;       // the owner took none
    bool progressed; // something to tell
    bool is_gone;
    bool stopped;
    problem_t gone_problem;

    gauge_t *sequence_gauge, *latest_gauge;
    counter_t *gaps, *pages_read, *bad_events;
};

// Asks for what is missing, as far as there is room for it.
void event_tail_read(event_tail_t *tail);

#endif
