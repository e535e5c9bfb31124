#include "services/registry/handlers_beside.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/registry/handlers.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_beside.h"
#include "services/registry/rules_network.h"

#define FACT_TYPE (&pcn__registry__v1__stated_fact__type)
#define PROFILE_TYPE (&pcn__registry__v1__system_profile__type)
#define ALIGNMENT_TYPE (&pcn__registry__v1__alignment__type)

// What the change recorded, in a resource of either type. Lists of one, which live as long as `recorded`.
#define SHOW_LIST(resource, list, item)                                                                                                    \
    do {                                                                                                                                   \
        (resource)->list = &(item);                                                                                                        \
        (resource)->n_##list = (item) != NULL;                                                                                             \
    } while (0)
#define SHOW_RECORDED(resource, recorded)                                                                                                  \
    do {                                                                                                                                   \
        SHOW_LIST(resource, stated_facts, (recorded)->fact);                                                                               \
        SHOW_LIST(resource, systems, (recorded)->system);                                                                                  \
        SHOW_LIST(resource, alignments, (recorded)->alignment);                                                                            \
        SHOW_LIST(resource, superseded_facts, (recorded)->wrong_fact);                                                                     \
        SHOW_LIST(resource, superseded_systems, (recorded)->wrong_system);                                                                 \
        SHOW_LIST(resource, superseded_alignments, (recorded)->wrong_alignment);                                                           \
    } while (0)

status_t beside_record(service_call_t *call, const aggregate_t *row, recorded_t recorded)
{
    char today[DATE_SIZE];
    date_format(call->today, today);
    recorded_t *kept = arena_alloc(call->arena, sizeof *kept);
    aggregate_t *facts = arena_alloc(call->arena, sizeof *facts);
    if (kept == NULL || facts == NULL)
        return refuse_memory(call);
    *kept = recorded;
    *facts = *row;
    facts->version++;
    facts->updated_at = (char *)call->now;
    call->version = facts->version;
    call->key = facts->code;
    const char *type = recorded.since != NULL && strcmp(recorded.since, today) > 0 ? EVENT_ANNOUNCED : EVENT_UPDATED;
    if (facts->kind == KIND(NETWORK)) {
        network_t *network = network_for_event(facts, today, call->arena);
        if (network == NULL)
            return refuse_memory(call);
        SHOW_RECORDED(network, kept);
        return emit(call, type, facts->code, facts->version, NETWORK_TYPE, network);
    }
    organisation_t *organisation = organisation_for_event(facts, call->arena);
    if (organisation == NULL)
        return refuse_memory(call);
    SHOW_RECORDED(organisation, kept);
    return emit(call, type, facts->code, facts->version, ORGANISATION_TYPE, organisation);
}

// A copy of the request's part, which is also the reply. NULL without memory.
static void *taken_over(service_call_t *call, const pb_type_t *type, const void *part)
{
    void *copy = pb_new(type, call->arena);
    if (copy != NULL)
        pb_merge(type, copy, type, part);
    call->after = call->reply = copy;
    return copy;
}

status_t decide_add_fact(service_call_t *call)
{
    const Pcn__Registry__V1__AddFactRequest *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "organisation", &status);
    if (row == NULL)
        return status;
    status = fact_check(row, request->fact, call->problem);
    if (status != STATUS_OK)
        return status;
    stated_fact_t *fact = taken_over(call, FACT_TYPE, request->fact);
    if (fact == NULL)
        return refuse_memory(call);
    fact->organisation = row->code;
    return beside_record(call, row, (recorded_t){.fact = fact});
}

status_t decide_add_system(service_call_t *call)
{
    const Pcn__Registry__V1__AddSystemRequest *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "organisation", &status);
    if (row == NULL)
        return status;
    status = system_check(row, request->system, call->problem);
    if (status != STATUS_OK)
        return status;
    system_profile_t *system = taken_over(call, PROFILE_TYPE, request->system);
    if (system == NULL)
        return refuse_memory(call);
    system->practice = row->code;
    return beside_record(call, row, (recorded_t){.system = system, .since = system->from});
}

status_t decide_add_alignment(service_call_t *call)
{
    const Pcn__Registry__V1__AddAlignmentRequest *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "organisation", &status);
    if (row == NULL)
        return status;
    status = alignment_check(row, request->alignment, call->problem);
    if (status != STATUS_OK)
        return status;
    alignment_t *alignment = taken_over(call, ALIGNMENT_TYPE, request->alignment);
    if (alignment == NULL)
        return refuse_memory(call);
    alignment->organisation = row->code;
    return beside_record(call, row, (recorded_t){.alignment = alignment, .since = alignment->from});
}
