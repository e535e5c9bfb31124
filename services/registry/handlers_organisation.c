#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/registry/handlers.h"
#include "services/registry/messages.h"
#include "services/registry/rules_aggregate.h"
#include "services/registry/rules_network.h"
#include "services/registry/rules_facts.h"
#include "services/registry/rules_life.h"
#include "services/registry/rules_opening.h"
#include "services/registry/rules_organisation.h"
#include "services/registry/rules_settle.h"

status_t refuse_memory(service_call_t *call)
{
    return problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request takes more memory than one may have");
}

status_t emit(service_call_t *call, const char *type, const char *code, int64_t version, const pb_type_t *data_type, const void *data)
{
    const char *subject = arena_printf(call->arena, "organisations/%s", code);
    if (subject == NULL)
        return refuse_memory(call);
    return service_event(call, type, subject, version, data_type, data) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

status_t decide_get_organisation(service_call_t *call)
{
    const Pcn__Registry__V1__GetOrganisationRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s%s%s", request->code,
                           request->as_of != NULL ? " on " : "", request->as_of != NULL ? request->as_of : "");
    organisation_t *organisation = call->rows[0];
    organisation_end_facts(organisation, call->arena);
    call->reply = organisation;
    call->version = organisation->version;
    return STATUS_OK;
}

status_t emit_organisation(service_call_t *call, const char *type, const organisation_t *organisation, const aggregate_t *facts)
{
    if (organisation->kind != KIND(NETWORK)) {
        // Not the organisation itself: that is often the reply as well.
        organisation_t *shown = arena_alloc(call->arena, sizeof *shown);
        if (shown == NULL)
            return refuse_memory(call);
        *shown = *organisation;
        shown->list_sizes = facts != NULL ? facts->recorded_sizes : NULL;
        shown->n_list_sizes = facts != NULL ? facts->n_recorded_sizes : 0;
        return emit(call, type, shown->code, shown->version, ORGANISATION_TYPE, shown);
    }
    aggregate_t *after = pb_new(AGGREGATE_TYPE, call->arena);
    if (after == NULL)
        return refuse_memory(call);
    // All that hangs on it, and its organisation as it is after the change.
    if (facts != NULL)
        *after = *facts;
    for (unsigned i = 0; i < AGGREGATE_TYPE->descriptor->n_fields; i++) {
        if (pb_field_by_name(ORGANISATION_TYPE, AGGREGATE_TYPE->descriptor->fields[i].name) >= 0)
            pb_clear(AGGREGATE_TYPE, after, i);
    }
    pb_merge(AGGREGATE_TYPE, after, ORGANISATION_TYPE, organisation);
    // Its parent was checked to be a commissioner.
    after->commissioner = organisation->parent;
    char today[DATE_SIZE];
    date_format(call->today, today);
    const network_t *network = network_for_event(after, today, call->arena);
    return network != NULL ? emit(call, type, organisation->code, organisation->version, NETWORK_TYPE, network) : refuse_memory(call);
}

status_t emit_timeline(service_call_t *call, timeline_t *timeline, const aggregate_t *facts, timeline_record_t **record)
{
    *record = timeline_record(timeline);
    if (*record == NULL)
        return refuse_memory(call);
    return emit_organisation(call, timeline_only_coming(timeline) ? EVENT_ANNOUNCED : EVENT_UPDATED, (*record)->head, facts);
}

static size_t list_length(const char *const *list)
{
    size_t length = 0;
    while (list != NULL && list[length] != NULL)
        length++;
    return length;
}

// The conditions are part of the save, so the usual creation is one statement; only a refused one loads the reasons.
status_t decide_create_organisation(service_call_t *call)
{
    const Pcn__Registry__V1__CreateOrganisationRequest *request = call->request;
    organisation_t *organisation = pb_new(ORGANISATION_TYPE, call->arena);
    Pcn__Registry__Store__V1__Creation *after = pb_new(&pcn__registry__store__v1__creation__type, call->arena);
    if (organisation == NULL || after == NULL)
        return refuse_memory(call);
    pb_merge(ORGANISATION_TYPE, organisation, ORGANISATION_TYPE, request->organisation);
    organisation->has_version = 1;
    organisation->version = 1;
    organisation->created_at = organisation->updated_at = (char *)call->now;
    const bool unlimited = service_may(call, SCOPE_ANY);
    char day[DATE_SIZE];
    date_format(call->today, day);
    const char *today = arena_string(call->arena, day);
    if (today == NULL)
        return refuse_memory(call);
    status_t status = organisation_begin(organisation, today, call->now, call->arena, after, call->problem);
    if (status != STATUS_OK)
        return status;
    organisation_end_facts(organisation, call->arena);
    // Before anything was loaded only what the request itself shows can be said.
    if (call->row_count == 0 && organisation->parent == NULL && !unlimited)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "parent",
                           "It needs a parent; only a system manager may leave it out");
    if (call->row_count > 0) {
        status = organisation_check_references(NULL, organisation, call->rows[0], unlimited, call->problem);
        if (status == STATUS_OK)
            status = organisation_check_above(organisation, call->rows[0], after->open_until, call->problem);
        if (status != STATUS_OK)
            return status;
    }
    const char *const *parents = organisation_parent_kinds(organisation->kind);
    after->parent_kinds = (char **)parents;
    after->n_parent_kinds = list_length(parents);
    after->place_kinds = (char **)organisation_place_kinds();
    after->n_place_kinds = list_length(organisation_place_kinds());
    after->has_unlimited = 1;
    after->unlimited = unlimited;
    call->after = after;
    call->reply = organisation;
    call->version = 1;
    call->key = organisation->code;
    return emit_organisation(call, EVENT_CREATED, organisation, NULL);
}

// What the request does to the days on which it is open.
static status_t check_life(service_call_t *call, const timeline_t *timeline, const char *day, const organisation_t *before,
                           const char *today)
{
    const Pcn__Registry__V1__UpdateOrganisationRequest *request = call->request;
    const aggregate_t *row = call->rows[0];
    if (!life_touched(request))
        return STATUS_OK;
    if (!request->correction && before->status != STATUS_OF(CLOSED) && timeline_on(timeline, day)->status == STATUS_OF(CLOSED))
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "status",
                           "It is closed by POST /v1/organisations/%s:close, which sees to what hangs on it", row->code);
    timeline_t *stood;
    status_t status = timeline_new(row, today, call->now, call->arena, &stood, call->problem);
    return status == STATUS_OK ? life_check(row, stood, timeline, request->organisation, today, call->arena, call->problem) : status;
}

// What it names above it is open on its days.
static status_t check_above(service_call_t *call, const timeline_t *timeline, const char *today)
{
    const aggregate_t *row = call->rows[0];
    const organisation_t *asked = ((const Pcn__Registry__V1__UpdateOrganisationRequest *)call->request)->organisation;
    const struct {
        const char *field, *code, *closed_from;
    } above[] = {{"parent", asked->parent, row->references->parent_closed_from},
                 {"place", asked->place, row->references->place_closed_from},
                 {"payee", asked->payee, row->references->payee_closed_from}};
    timeline_t *stood = NULL;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < sizeof above / sizeof *above && status == STATUS_OK; i++) {
        if (above[i].code == NULL || above[i].closed_from == NULL)
            continue;
        if (stood == NULL)
            status = timeline_new(row, today, call->now, call->arena, &stood, call->problem);
        if (status == STATUS_OK)
            status = life_check_above(stood, timeline, above[i].field, above[i].code, above[i].closed_from, call->problem);
    }
    return status;
}

status_t decide_update_organisation(service_call_t *call)
{
    const Pcn__Registry__V1__UpdateOrganisationRequest *request = call->request;
    const aggregate_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    const bool unlimited = service_may(call, SCOPE_ANY);
    if (row == NULL || (!unlimited && !row->within_reach))
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no organisation %s", request->code);
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "%s is at version %lld now", request->code, (long long)row->version);
    char text[DATE_SIZE];
    date_format(call->today, text);
    const char *today = arena_string(call->arena, text);
    if (today == NULL)
        return refuse_memory(call);
    const char *day = request->effective_from != NULL ? request->effective_from : today;
    timeline_t *timeline;
    status_t status = timeline_new(row, today, call->now, call->arena, &timeline, call->problem);
    if (status != STATUS_OK)
        return status;
    organisation_t *before = facts_of(timeline_on(timeline, day), call->arena);
    if (before == NULL)
        return refuse_memory(call);
    status = life_change(timeline, request, day, before, today, call->arena, call->problem);
    if (status == STATUS_OK)
        status = check_life(call, timeline, day, before, today);
    if (status == STATUS_OK)
        status = organisation_check_membership(row, before, timeline_on(timeline, day), call->problem);
    if (status == STATUS_OK)
        status = settle_memberships(timeline, row, request->correction ? NULL : day, call->arena, call->problem);
    if (status == STATUS_OK)
        status = organisation_check_references(before, timeline_on(timeline, day), row->references, unlimited, call->problem);
    if (status == STATUS_OK)
        status = check_above(call, timeline, today);
    if (status != STATUS_OK)
        return status;
    call->key = row->code;
    if (!timeline_changed(timeline)) {
        organisation_t *same = organisation_of_aggregate(row, call->arena);
        if (same == NULL)
            return refuse_memory(call);
        organisation_end_facts(same, call->arena);
        call->reply = same;
        call->version = row->version;
        call->unchanged = true;
        return STATUS_OK;
    }
    timeline_record_t *record;
    status = emit_timeline(call, timeline, row, &record);
    if (status != STATUS_OK)
        return status;
    call->after = timelines_of(&record, 1, call->arena);
    call->reply = record->head;
    call->version = record->head->version;
    return call->after != NULL ? STATUS_OK : refuse_memory(call);
}
