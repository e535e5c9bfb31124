// The client's inside, shared by client.c (life, calls, answers) and dispatch.c (which replica, when, and once more).
//
// A call is always in exactly one list: `waiting` for a replica, a replica's queue until the end of the turn, `sent`, or `refused` until
// it is told so at the end of the turn.
#ifndef PCN_RPC_CALLS_H
#define PCN_RPC_CALLS_H

#include "common/rpc/budget.h"
#include "common/rpc/due.h"
#include "common/rpc/loop.h"
#include "common/rpc/meter.h"
#include "common/rpc/replica.h"

struct rpc_client {
    rpc_context_t *context;
    rpc_replica_t *replicas;
    unsigned replica_count;
    rpc_requests_t waiting;
    rpc_requests_t sent;
    rpc_requests_t refused;
    rpc_due_t due;
    uv_timer_t timer;
    int64_t armed_us; // when the timer rings; 0 for never
    rpc_turn_t turn;
    rpc_request_t **slots; // by the lower bits of the correlation
    uint32_t *free_slots;
    unsigned in_flight;
    unsigned in_flight_max;
    uint64_t generation;
    rpc_budget_t budget;
    bool closing;
    rpc_meter_t *meter;
    counter_t *repeated;
    counter_t *left_out;
    counter_t *late;
    counter_t *bad_frames;
};

// ---- client.c

// Ends the call and tells its caller.
void rpc_calls_finish(rpc_client_t *client, rpc_request_t *request, const Pcn__Common__V1__ReplyHeader *reply, const uint8_t *body,
                      size_t body_size, const problem_t *problem);
// Ends it at the end of the turn.
void rpc_calls_refuse(rpc_client_t *client, rpc_request_t *request, status_t outcome);
// Ends it now, in our own words.
void rpc_calls_fail(rpc_client_t *client, rpc_request_t *request, status_t outcome);

// ---- dispatch.c

// Assigns what waits and sends what is assigned.
void rpc_dispatch_turn(rpc_client_t *client);
// Makes the timer ring in time for the earliest call.
void rpc_dispatch_arm(rpc_client_t *client, int64_t now_us);
// Looks again at the call at `due_us`.
void rpc_dispatch_set_due(rpc_client_t *client, rpc_request_t *request, int64_t due_us);
// Takes the call from the replica: it did not or will not answer.
void rpc_dispatch_withdraw(rpc_request_t *request, rpc_replica_t *replica);
// Gives the call to another replica than those that have or had it, within the budget. False where there is none.
bool rpc_dispatch_elsewhere(rpc_client_t *client, rpc_request_t *request, uint64_t except, int64_t now_us);
void rpc_dispatch_connected(void *data, rpc_replica_t *replica);
void rpc_dispatch_lost(void *data, rpc_replica_t *replica);

#define RPC_NOT_DUE UINT32_MAX

#endif
