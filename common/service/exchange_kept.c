// Reads whose answers are kept: the place of what is recorded is read first, by a statement that costs next to nothing, and while it is
// that of the kept answer, this one is given again. What was made is kept with the place that was read before it, so what is recorded
// meanwhile makes it one of before.
#include <string.h>

#include "common/service/exchange_internal.h"

static kept_key_t key_of(const exchange_t *exchange)
{
    kept_key_t key = {.method = exchange->method->method, .today = exchange->call.today};
    SHA256(exchange->rpc->body, exchange->rpc->body_size, key.request);
    return key;
}

static void place_done(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    exchange_t *exchange = query->data;
    exchange_host_t *host = exchange->host;
    if (problem->status != STATUS_OK) {
        exchange_refuse(exchange, problem);
        return;
    }
    const char *place = rows->count > 0 ? db_row_text(rows, 0, "place") : NULL;
    const kept_key_t key = key_of(exchange);
    kept_answer_t answer;
    if (place == NULL || !kept_find(host->kept, &key, place, &answer)) {
        exchange->place = place != NULL ? arena_string(exchange->rpc->arena, place) : NULL;
        exchange_load(exchange);
        return;
    }
    void *copy = arena_copy(exchange->rpc->arena, answer.bytes, answer.size);
    if (copy == NULL) {
        exchange_out_of_memory(exchange);
        return;
    }
    host->kept_answers->value++;
    exchange_answer_bytes(exchange, copy, answer.size, false, 0, false);
}

void exchange_look(exchange_t *exchange)
{
    if ((exchange->method->handler->flags & SERVICE_KEPT) == 0 || exchange->host->kept == NULL || exchange->host->plan->place == NULL)
        exchange_load(exchange);
    else
        exchange_run(exchange, exchange->host->plan->place, false, NULL, place_done);
}

void exchange_keep(exchange_t *exchange, const void *bytes, size_t size)
{
    if (exchange->place == NULL)
        return;
    const kept_key_t key = key_of(exchange);
    kept_put(exchange->host->kept, &key, exchange->place, bytes, size);
}
