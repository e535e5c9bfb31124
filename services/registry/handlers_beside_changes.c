// What stands beside organisations ends, or was wrong. The replies are lists: what is on record in the place of what was changed, if
// anything.
#include <string.h>

#include "common/pb/message.h"
#include "services/registry/handlers_beside.h"
#include "services/registry/rules_beside_changes.h"
#include "services/registry/rules_difference.h"

#define PROFILE_TYPE (&pcn__registry__v1__system_profile__type)
#define ALIGNMENT_TYPE (&pcn__registry__v1__alignment__type)

// What the save writes, or nothing where all was right already.
static status_t end(service_call_t *call, const aggregate_t *row, void *changed, recorded_t recorded)
{
    call->after = changed;
    call->key = row->code;
    call->version = row->version;
    call->unchanged = changed == NULL;
    return call->unchanged ? STATUS_OK : beside_record(call, row, recorded);
}

// ---- stated facts ----

static status_t reply_fact(service_call_t *call, stated_fact_t *fact)
{
    Pcn__Registry__V1__ListFactsReply *reply = pb_new(&pcn__registry__v1__list_facts_reply__type, call->arena);
    if (reply == NULL || (reply->facts = arena_alloc(call->arena, sizeof *reply->facts)) == NULL)
        return refuse_memory(call);
    reply->facts[0] = fact;
    reply->n_facts = fact != NULL;
    call->reply = reply;
    return STATUS_OK;
}

status_t decide_correct_fact(service_call_t *call)
{
    const correct_fact_request_t *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "organisation", &status);
    if (row == NULL)
        return status;
    changed_fact_t *changed;
    status = fact_correct(row, request, call->arena, &changed, call->problem);
    if (status == STATUS_OK)
        status = reply_fact(call, changed != NULL ? changed->after : row->stated);
    if (status != STATUS_OK)
        return status;
    return end(call, row, changed,
               changed != NULL ? (recorded_t){.fact = changed->after, .wrong_fact = changed->wrong} : (recorded_t){.fact = NULL});
}

// ---- clinical systems ----

static status_t end_system(service_call_t *call, const aggregate_t *row, changed_system_t *changed, system_profile_t *shown,
                           const char *since)
{
    Pcn__Registry__V1__ListSystemsReply *reply = pb_new(&pcn__registry__v1__list_systems_reply__type, call->arena);
    if (reply == NULL || (reply->systems = arena_alloc(call->arena, sizeof *reply->systems)) == NULL)
        return refuse_memory(call);
    reply->systems[0] = shown;
    reply->n_systems = shown != NULL;
    call->reply = reply;
    return end(call, row, changed,
               changed != NULL ? (recorded_t){.system = changed->after, .wrong_system = changed->wrong, .since = since}
                               : (recorded_t){.fact = NULL});
}

status_t decide_end_system(service_call_t *call)
{
    const end_system_request_t *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "organisation", &status);
    if (row == NULL)
        return status;
    changed_system_t *changed;
    status = system_end(row, request, call->arena, &changed, call->problem);
    return status == STATUS_OK ? end_system(call, row, changed, changed->after, request->on) : status;
}

status_t decide_correct_system(service_call_t *call)
{
    const correct_system_request_t *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "organisation", &status);
    if (row == NULL)
        return status;
    changed_system_t *changed;
    status = system_correct(row, request, call->arena, &changed, call->problem);
    if (status != STATUS_OK)
        return status;
    system_profile_t *shown = changed != NULL ? changed->after : NULL;
    for (size_t i = 0; changed == NULL && i < row->n_all_systems; i++) {
        if (strcmp(row->all_systems[i]->from, request->from) == 0)
            shown = row->all_systems[i];
    }
    return end_system(call, row, changed, shown,
                      changed != NULL ? dated_difference(PROFILE_TYPE, changed->wrong, changed->after, call->arena) : NULL);
}

// ---- alignments ----

static status_t end_alignment(service_call_t *call, const aggregate_t *row, changed_alignment_t *changed, alignment_t *shown,
                              const char *since)
{
    Pcn__Registry__V1__ListAlignmentsReply *reply = pb_new(&pcn__registry__v1__list_alignments_reply__type, call->arena);
    if (reply == NULL || (reply->alignments = arena_alloc(call->arena, sizeof *reply->alignments)) == NULL)
        return refuse_memory(call);
    reply->alignments[0] = shown;
    reply->n_alignments = shown != NULL;
    call->reply = reply;
    return end(call, row, changed,
               changed != NULL ? (recorded_t){.alignment = changed->after, .wrong_alignment = changed->wrong, .since = since}
                               : (recorded_t){.fact = NULL});
}

status_t decide_end_alignment(service_call_t *call)
{
    const end_alignment_request_t *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "organisation", &status);
    if (row == NULL)
        return status;
    changed_alignment_t *changed;
    status = alignment_end(row, request, call->arena, &changed, call->problem);
    return status == STATUS_OK ? end_alignment(call, row, changed, changed->after, request->on) : status;
}

status_t decide_correct_alignment(service_call_t *call)
{
    const correct_alignment_request_t *request = call->request;
    status_t status = STATUS_OK;
    const aggregate_t *row = changeable(call, request->code, "organisation", &status);
    if (row == NULL)
        return status;
    changed_alignment_t *changed;
    status = alignment_correct(row, request, call->arena, &changed, call->problem);
    if (status != STATUS_OK)
        return status;
    alignment_t *shown = changed != NULL ? changed->after : NULL;
    for (size_t i = 0; changed == NULL && i < row->n_all_alignments; i++) {
        if (strcmp(row->all_alignments[i]->from, request->from) == 0)
            shown = row->all_alignments[i];
    }
    return end_alignment(call, row, changed, shown,
                         changed != NULL ? dated_difference(ALIGNMENT_TYPE, changed->wrong, changed->after, call->arena) : NULL);
}
