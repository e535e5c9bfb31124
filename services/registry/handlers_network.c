#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/registry/handlers.h"
#include "services/registry/messages.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_difference.h"
#include "services/registry/rules_membership.h"
#include "services/registry/rules_network.h"
#include "services/registry/rules_term.h"
#include "services/registry/rules_waiver.h"

status_t decide_get_network(service_call_t *call)
{
    const Pcn__Registry__V1__GetNetworkRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no network %s", request->code);
    aggregate_t *facts = call->rows[0];
    char today[DATE_SIZE];
    date_format(call->today, today);
    // The loaded one is today's. A network's parent is a commissioner by its rules.
    if (request->as_of != NULL)
        facts->commissioner = facts->parent;
    network_t *network = network_on(facts, request->as_of != NULL ? request->as_of : today, call->arena);
    if (network == NULL)
        return refuse_memory(call);
    call->reply = network;
    call->version = facts->version;
    return STATUS_OK;
}

const aggregate_t *changeable(service_call_t *call, const char *code, const char *what, status_t *status)
{
    const aggregate_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || (!row->within_reach && !service_may(call, SCOPE_ANY))) {
        *status = problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no %s %s", what, code);
        return NULL;
    }
    if (call->header->has_expected_version && call->header->expected_version != row->version) {
        *status = problem_set(call->problem, STATUS_ABORTED, NULL, "%s is at version %lld now", code, (long long)row->version);
        return NULL;
    }
    return row;
}

// Version and time of the change, the event, and the reply: the network of today, or of the first day of what was added where that does
// not hold today. `row` is the network as it was.
static status_t change_network(service_call_t *call, const aggregate_t *row, aggregate_t *facts, const char *from, const char *to)
{
    char today[DATE_SIZE];
    date_format(call->today, today);
    const char *first = aggregate_difference(row, facts, call->arena);
    const char *type = first != NULL && strcmp(first, today) > 0 ? EVENT_ANNOUNCED : EVENT_UPDATED;
    facts->version++;
    facts->updated_at = (char *)call->now;
    const network_t *data = network_for_event(facts, today, call->arena);
    network_t *reply = network_on(facts, term_holds(from, to, today) ? today : from, call->arena);
    if (data == NULL || reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    call->version = facts->version;
    call->key = facts->code;
    return emit(call, type, facts->code, facts->version, NETWORK_TYPE, data);
}

// The network with the days on which it opened and closes, as what is on record of it on a day says: what begins beside it on that day is
// held against those. Its own facts are today's.
static status_t as_on(service_call_t *call, const aggregate_t *row, const char *day, aggregate_t *network)
{
    char today[DATE_SIZE];
    date_format(call->today, today);
    timeline_t *timeline;
    status_t status = timeline_new(row, today, call->now, call->arena, &timeline, call->problem);
    if (status != STATUS_OK)
        return status;
    *network = *row;
    network->opened_on = timeline_on(timeline, day)->opened_on;
    network->closed_on = (char *)(uintptr_t)timeline_closed_from(timeline);
    return STATUS_OK;
}

status_t decide_add_director(service_call_t *call)
{
    const Pcn__Registry__V1__AddDirectorRequest *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "network", &status);
    if (row == NULL)
        return status;
    aggregate_t network;
    status = as_on(call, row, request->director->from, &network);
    if (status == STATUS_OK)
        status = director_check(&network, request->director, call->problem);
    if (status != STATUS_OK)
        return status;
    director_t *director = pb_new(DIRECTOR_TYPE, call->arena);
    if (director == NULL)
        return refuse_memory(call);
    pb_merge(DIRECTOR_TYPE, director, DIRECTOR_TYPE, request->director);
    call->after = director;
    aggregate_t *facts = aggregate_with_director(row, director, call->arena);
    return facts != NULL ? change_network(call, row, facts, director->from, director->to) : refuse_memory(call);
}

status_t decide_add_waiver(service_call_t *call)
{
    const Pcn__Registry__V1__AddWaiverRequest *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "network", &status);
    if (row == NULL)
        return status;
    aggregate_t network;
    status = as_on(call, row, request->waiver->from, &network);
    if (status == STATUS_OK)
        status = waiver_check(&network, request->waiver, call->problem);
    if (status != STATUS_OK)
        return status;
    waiver_t *waiver = pb_new(WAIVER_TYPE, call->arena);
    if (waiver == NULL)
        return refuse_memory(call);
    pb_merge(WAIVER_TYPE, waiver, WAIVER_TYPE, request->waiver);
    call->after = waiver;
    aggregate_t *facts = aggregate_with_waiver(row, waiver, call->arena);
    return facts != NULL ? change_network(call, row, facts, waiver->from, waiver->to) : refuse_memory(call);
}

// The network of today after the change, or of the day where that is to come.
static status_t change_waiver(service_call_t *call, const aggregate_t *row, changed_waiver_t *changed, const char *day)
{
    call->after = changed;
    if (changed != NULL) {
        aggregate_t *facts = aggregate_with_changed_waiver(row, changed, call->arena);
        return facts != NULL ? change_network(call, row, facts, day, NULL) : refuse_memory(call);
    }
    char today[DATE_SIZE];
    date_format(call->today, today);
    network_t *reply = network_on(row, today, call->arena);
    call->reply = reply;
    call->version = row->version;
    call->key = row->code;
    call->unchanged = true;
    return reply != NULL ? STATUS_OK : refuse_memory(call);
}

status_t decide_end_waiver(service_call_t *call)
{
    const end_waiver_request_t *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "network", &status);
    if (row == NULL)
        return status;
    changed_waiver_t *changed;
    status = waiver_end(row, request, call->arena, &changed, call->problem);
    return status == STATUS_OK ? change_waiver(call, row, changed, request->on) : status;
}

status_t decide_correct_waiver(service_call_t *call)
{
    const correct_waiver_request_t *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "network", &status);
    if (row == NULL)
        return status;
    aggregate_t network;
    changed_waiver_t *changed = NULL;
    status = as_on(call, row, request->new_from != NULL ? request->new_from : request->from, &network);
    if (status == STATUS_OK)
        status = waiver_correct(&network, request, call->arena, &changed, call->problem);
    if (status != STATUS_OK)
        return status;
    char today[DATE_SIZE];
    date_format(call->today, today);
    const char *day = arena_string(call->arena, today);
    return day != NULL ? change_waiver(call, row, changed, day) : refuse_memory(call);
}

static status_t emit_sized(service_call_t *call, const aggregate_t *facts, const char *today)
{
    if (facts->kind == KIND(NETWORK)) {
        const network_t *network = network_for_event(facts, today, call->arena);
        return network != NULL ? emit(call, EVENT_UPDATED, facts->code, facts->version, NETWORK_TYPE, network) : refuse_memory(call);
    }
    const organisation_t *organisation = organisation_for_event(facts, call->arena);
    return organisation != NULL ? emit(call, EVENT_UPDATED, facts->code, facts->version, ORGANISATION_TYPE, organisation)
                                : refuse_memory(call);
}

status_t decide_add_list_size(service_call_t *call)
{
    const Pcn__Registry__V1__AddListSizeRequest *request = call->request;
    char today[DATE_SIZE];
    date_format(call->today, today);
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "organisation", &status);
    if (row == NULL)
        return status;
    status = list_size_check(row, request->list_size, request->correction, today, call->problem);
    if (status != STATUS_OK)
        return status;
    list_size_t *size = pb_new(LIST_SIZE_TYPE, call->arena);
    if (size == NULL)
        return refuse_memory(call);
    pb_merge(LIST_SIZE_TYPE, size, LIST_SIZE_TYPE, request->list_size);
    size->organisation = row->code;
    call->after = call->reply = size;
    call->key = row->code;
    call->version = row->version;
    if (row->list_size_taken != NULL && row->list_size_taken->count == size->count &&
        strcmp(row->list_size_taken->source, size->source) == 0) {
        call->unchanged = true;
        return STATUS_OK;
    }
    aggregate_t *facts = aggregate_with_list_size(row, size, call->arena);
    if (facts == NULL)
        return refuse_memory(call);
    facts->version++;
    facts->updated_at = (char *)call->now;
    call->version = facts->version;
    return emit_sized(call, facts, today);
}
