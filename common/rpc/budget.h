// The retry budget: repeating a call adds load when the service is least able to bear it, so repeats are at most a tenth of the calls.
// A small floor by time lets a quiet client repeat at all.
#ifndef PCN_RPC_BUDGET_H
#define PCN_RPC_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BUDGET_REPEAT = 1000, // what a repeat costs
    BUDGET_CALL = 100,    // what a call brings
    BUDGET_SECOND = 5000, // what a second brings
    BUDGET_MAX = 100 * BUDGET_REPEAT,
    BUDGET_START = 10 * BUDGET_REPEAT,
};

typedef struct rpc_budget {
    int64_t balance;
    int64_t filled_us;
} rpc_budget_t;

static inline void rpc_budget_init(rpc_budget_t *budget, int64_t now_us)
{
    *budget = (rpc_budget_t){BUDGET_START, now_us};
}

static inline void rpc_budget_earn(rpc_budget_t *budget)
{
    budget->balance = budget->balance + BUDGET_CALL < BUDGET_MAX ? budget->balance + BUDGET_CALL : BUDGET_MAX;
}

// Whether one more repeat is allowed; takes its price.
static inline bool rpc_budget_spend(rpc_budget_t *budget, int64_t now_us)
{
    int64_t earned = (now_us - budget->filled_us) * BUDGET_SECOND / 1000000;
    // The floor fills up to what it starts with, never above: quiet hours save nothing for a storm.
    if (earned > 0) {
        budget->filled_us += earned * 1000000 / BUDGET_SECOND;
        if (budget->balance < BUDGET_START) {
            budget->balance = budget->balance + earned < BUDGET_START ? budget->balance + earned : BUDGET_START;
        }
    }
    if (budget->balance < BUDGET_REPEAT) {
        return false;
    }
    budget->balance -= BUDGET_REPEAT;
    return true;
}

#endif
