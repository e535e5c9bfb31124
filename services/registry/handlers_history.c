#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/registry/handlers.h"

// By first day, "since ever" first, then by when they were recorded.
static int by_day(const void *a, const void *b)
{
    const history_entry_t *left = *(history_entry_t *const *)a, *right = *(history_entry_t *const *)b;
    const char *left_from = left->from != NULL ? left->from : "", *right_from = right->from != NULL ? right->from : "";
    const int order = strcmp(left_from, right_from);
    return order != 0 ? order : strcmp(left->recorded_at, right->recorded_at);
}

// Moves what never held out of the row's past, to the end of the entries. The row is as the timeline wants it then.
static size_t take_superseded(aggregate_t *row, history_entry_t **entries)
{
    size_t kept = 0, taken = 0;
    for (size_t i = 0; i < row->n_past; i++) {
        history_entry_t *entry = row->past[i];
        if (entry->superseded_at == NULL) {
            row->past[kept++] = entry;
            continue;
        }
        entry->organisation->code = row->code;
        entry->organisation->has_kind = row->has_kind;
        entry->organisation->kind = row->kind;
        entries[taken++] = entry;
    }
    row->n_past = kept;
    return taken;
}

status_t decide_get_history(service_call_t *call)
{
    const Pcn__Registry__V1__GetHistoryRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    aggregate_t *row = call->rows[0];
    char today[DATE_SIZE];
    date_format(call->today, today);
    Pcn__Registry__V1__GetHistoryReply *reply = pb_new(&pcn__registry__v1__get_history_reply__type, call->arena);
    history_entry_t **entries = arena_alloc(call->arena, (2 * row->n_past + row->n_coming + 1) * sizeof *entries);
    history_entry_t **spans;
    size_t count;
    if (reply == NULL || entries == NULL)
        return refuse_memory(call);
    const size_t superseded = take_superseded(row, entries);
    timeline_t *timeline;
    status_t status = timeline_new(row, today, call->now, call->arena, &timeline, call->problem);
    if (status != STATUS_OK)
        return status;
    if (!timeline_entries(timeline, &spans, &count))
        return refuse_memory(call);
    memcpy(entries + superseded, spans, count * sizeof *entries);
    qsort(entries, superseded + count, sizeof *entries, by_day);
    reply->entries = entries;
    reply->n_entries = superseded + count;
    call->reply = reply;
    call->version = row->version;
    return STATUS_OK;
}
