#include "services/registry/handlers_changes.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_network.h"

status_t changes_begin(service_call_t *call, size_t more, changes_t **changes)
{
    char day[DATE_SIZE];
    date_format(call->today, day);
    const char *today = arena_string(call->arena, day);
    if (today == NULL)
        return refuse_memory(call);
    return changes_new(call->rows, call->row_count, more, today, call->now, call->arena, changes, call->problem);
}

status_t changes_reach(service_call_t *call, const changes_t *changes, const char *field, const char *code, bool network)
{
    const changed_t *changed = changes_find(changes, code);
    const aggregate_t *row = changed != NULL ? changed->before : NULL;
    if (row == NULL || (network && row->kind != KIND(NETWORK)) || (!row->within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, field, "There is no %s %s", network ? "network" : "organisation", code);
    if (strcmp(field, "code") == 0 && call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "%s is at version %lld now", code, (long long)row->version);
    return STATUS_OK;
}

static const char *event_type(const changed_t *changed)
{
    if (changed->before == NULL)
        return EVENT_CREATED;
    return changed->announced ? EVENT_ANNOUNCED : EVENT_UPDATED;
}

// With what stands beside it, which only an event shows.
static status_t emit_changed(service_call_t *call, const changed_t *changed)
{
    organisation_t *shown = arena_alloc(call->arena, sizeof *shown);
    if (shown == NULL)
        return refuse_memory(call);
    *shown = *changed->head;
    if (changed->beside != NULL)
        pb_merge(ORGANISATION_TYPE, shown, ORGANISATION_TYPE, changed->beside);
    return emit_organisation(call, event_type(changed), shown, changed->after);
}

status_t changes_end(service_call_t *call, changes_t *changes, const char *code)
{
    const changed_t *changed = changes_find(changes, code);
    status_t status = changes_record(changes);
    if (status != STATUS_OK)
        return status;
    if (changes_count(changes) > SERVICE_EVENTS_MAX)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                           "%zu organisations would change; one request may change %d: move some of them first", changes_count(changes),
                           SERVICE_EVENTS_MAX);
    call->key = changed->after->code;
    call->unchanged = changed->head == NULL;
    call->version = call->unchanged ? changed->before->version : changed->head->version;
    for (size_t i = 0; i < changes->count && status == STATUS_OK; i++) {
        if (changes->all[i].head != NULL)
            status = emit_changed(call, &changes->all[i]);
    }
    call->after = changes->record;
    return status;
}

status_t changes_reply_organisation(service_call_t *call, const changes_t *changes, const char *code)
{
    call->reply = (void *)(uintptr_t)changes_find(changes, code)->head;
    return STATUS_OK;
}

status_t changes_reply_network(service_call_t *call, const changes_t *changes, const char *code, const char *day)
{
    const changed_t *changed = changes_find(changes, code);
    aggregate_t *facts = arena_alloc(call->arena, sizeof *facts);
    if (facts == NULL)
        return refuse_memory(call);
    *facts = *changed->after;
    if (changed->head != NULL) {
        for (unsigned i = 0; i < AGGREGATE_TYPE->descriptor->n_fields; i++) {
            if (pb_field_by_name(ORGANISATION_TYPE, AGGREGATE_TYPE->descriptor->fields[i].name) >= 0)
                pb_clear(AGGREGATE_TYPE, facts, i);
        }
        pb_merge(AGGREGATE_TYPE, facts, ORGANISATION_TYPE, changed->head);
    }
    network_t *network = network_on(facts, day, call->arena);
    if (network == NULL)
        return refuse_memory(call);
    call->reply = network;
    return STATUS_OK;
}
