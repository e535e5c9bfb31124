// The exchange's parts. exchange.c carries a call through, exchange_save.c writes what a change decided on, exchange_audit.c what is told
// apart from a change, exchange_kept.c gives kept answers.
#ifndef PCN_SERVICE_EXCHANGE_INTERNAL_H
#define PCN_SERVICE_EXCHANGE_INTERNAL_H

#include <openssl/sha.h>

#include "common/base/clock.h"
#include "common/service/exchange.h"
#include "common/service/resource.h"
#include "pcn/platform/v1/call.pb-c.h"

typedef struct exchange {
    exchange_host_t *host;
    rpc_call_t *rpc;
    const plan_method_t *method;
    exchange_own_t own; // without `done` the call is a peer's
    service_call_t call;
    Pcn__Platform__V1__Call statement; // root `call`
    problem_t problem;                 // of decide
    db_query_t query;
    char now[INSTANT_SIZE];
    char today[DATE_SIZE];
    uint8_t hash[SHA256_DIGEST_LENGTH];
    unsigned attempts, refusals;
    bool saved;
    const char *place; // of what is recorded, with which the answer is kept
} exchange_t;

void exchange_refuse(exchange_t *exchange, const problem_t *problem);
void exchange_refuse_with(exchange_t *exchange, status_t status, const char *field, const char *sentence);
void exchange_out_of_memory(exchange_t *exchange);
// The reply that decide made.
void exchange_answer(exchange_t *exchange);
void exchange_answer_bytes(exchange_t *exchange, const void *bytes, size_t size, bool has_version, int64_t version, bool replayed);
void exchange_run(exchange_t *exchange, const db_statement_t *statement, bool write, const char *key,
                  void (*done)(db_query_t *, const db_rows_t *, const problem_t *));

void exchange_load(exchange_t *exchange);
// Gives the kept answer again, or loads.
void exchange_look(exchange_t *exchange);
// The answer that was made, where the method's are kept.
void exchange_keep(exchange_t *exchange, const void *bytes, size_t size);

// Writes what was decided, with its events, and answers; or loads and decides again, where others were faster.
void exchange_save(exchange_t *exchange);
// A change that is refused now, or changes nothing, may have taken place before, under the same key: then its first answer holds.
void exchange_look_for_earlier(exchange_t *exchange);

// Refuses for exchange->problem, once the audit trail tells so: where a change was decided against, or a look that is audited.
void exchange_decline(exchange_t *exchange);
// Answers a read; one that is audited only after its entry is committed.
void exchange_show(exchange_t *exchange);

#endif
