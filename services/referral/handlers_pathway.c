#include "services/referral/handlers_pathway.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/handlers_patient.h"
#include "services/referral/rules_pathway.h"
#include "services/referral/rules_pathway_version.h"

typedef Pcn__Referral__Store__V1__PathwaysChange change_t;

// Of a problem's list: a field and a sentence each.
#define PROBLEMS_BYTES ((size_t)64 * 1024)
#define PROBLEMS_MAX 100

// ---- recording ----

// What is being recorded, on top of what is known.
typedef struct recording {
    service_call_t *call;
    change_t *change;
    pathway_t **known; // with room for what is recorded
    size_t known_count, unchanged;
    pathway_faults_t faults;
} recording_t;

static status_t begin(service_call_t *call, size_t most, recording_t *recording)
{
    const loaded_pathways_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    *recording = (recording_t){.call = call};
    if (row == NULL)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "What the pathways meet is missing");
    pathway_faults_init(&recording->faults, call->arena);
    recording->change = pb_new(PATHWAYS_CHANGE_TYPE, call->arena);
    recording->known = arena_alloc(call->arena, (row->n_known + most + 1) * sizeof(void *));
    if (recording->change == NULL || recording->known == NULL)
        return refuse_memory(call);
    recording->change->recorded = arena_alloc(call->arena, (most + 1) * sizeof(void *));
    recording->change->ended = arena_alloc(call->arena, (most + 1) * sizeof(void *));
    if (recording->change->recorded == NULL || recording->change->ended == NULL)
        return refuse_memory(call);
    if (row->n_known > 0)
        memcpy(recording->known, row->known, row->n_known * sizeof(void *));
    recording->known_count = row->n_known;
    return STATUS_OK;
}

static bool is_new(const recording_t *recording, const pathway_t *pathway)
{
    for (size_t i = 0; i < recording->change->n_recorded; i++) {
        if (recording->change->recorded[i] == pathway)
            return true;
    }
    return false;
}

// A version ends on a day; what is on record is never written into, since the decision may be made again. False without memory.
static bool end_on(recording_t *recording, const pathway_t *pathway, int32_t last_day)
{
    char text[DATE_SIZE];
    date_format(last_day, text);
    for (size_t i = 0; i < recording->known_count; i++) {
        pathway_t *ended = recording->known[i];
        if (ended != pathway)
            continue;
        if (!is_new(recording, pathway)) {
            if ((ended = pb_new(PATHWAY_TYPE, recording->call->arena)) == NULL)
                return false;
            pb_merge(PATHWAY_TYPE, ended, PATHWAY_TYPE, pathway);
            ended->revision++;
            recording->known[i] = ended;
            recording->change->ended[recording->change->n_ended++] = ended;
        }
        ended->effective_to = arena_string(recording->call->arena, text);
        return ended->effective_to != NULL;
    }
    return false;
}

// Takes one version in, or notes what is wrong with it. False without memory.
static bool record(recording_t *recording, const pathway_t *asked, const char *path)
{
    const loaded_pathways_t *row = recording->call->rows[0];
    const size_t faults = recording->faults.count;
    pathway_place_t place;
    int32_t from;
    pathway_validate(asked, path, &recording->faults);
    pathway_check_kinds(asked, row->kinds, row->n_kinds, path, &recording->faults);
    pathway_find_place(asked, recording->known, recording->known_count, path, &recording->faults, &place);
    if (recording->faults.failed)
        return false;
    if (recording->faults.count > faults)
        return true;
    if (place.there != NULL) {
        recording->unchanged++;
        return true;
    }
    pathway_t *pathway = pb_new(PATHWAY_TYPE, recording->call->arena);
    if (pathway == NULL || !date_parse(asked->effective_from, &from) || (place.ends != NULL && !end_on(recording, place.ends, from - 1)))
        return false;
    pb_merge(PATHWAY_TYPE, pathway, PATHWAY_TYPE, asked);
    pathway->has_consultant_led = 1;
    pathway->has_revision = 1;
    pathway->revision = 1;
    pathway->recorded_at = (char *)(uintptr_t)recording->call->now;
    recording->known[recording->known_count++] = pathway;
    recording->change->recorded[recording->change->n_recorded++] = pathway;
    return true;
}

static status_t add_event(service_call_t *call, const char *type, const pathway_t *pathway)
{
    const char *subject = arena_printf(call->arena, "pathways/%s/versions/%u", pathway->code, pathway->version);
    if (subject == NULL)
        return refuse_memory(call);
    return service_event(call, type, subject, pathway->revision, PATHWAY_TYPE, pathway) ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED;
}

// Every fault, the first of which is the problem. NULL without memory.
static const char *problems_of(service_call_t *call, const pathway_faults_t *faults)
{
    buf_t text;
    size_t count = 0;
    buf_init(&text, PROBLEMS_BYTES);
    buf_add_string(&text, "\"problems\":[");
    for (const pathway_fault_t *fault = faults->first; fault != NULL && count < PROBLEMS_MAX; fault = fault->next) {
        buf_add_string(&text, count++ > 0 ? ",{\"field\":" : "{\"field\":");
        buf_add_json_string(&text, fault->field, strlen(fault->field));
        buf_add_string(&text, ",\"detail\":");
        buf_add_json_string(&text, fault->detail, strlen(fault->detail));
        buf_add_char(&text, '}');
    }
    buf_add_char(&text, ']');
    const char *members = buf_ok(&text) ? arena_copy(call->arena, text.data, text.size) : NULL;
    buf_deinit(&text);
    return members;
}

static status_t finish(recording_t *recording)
{
    service_call_t *call = recording->call;
    const pathway_fault_t *fault = recording->faults.first;
    if (fault != NULL) {
        status_t status = problem_set(call->problem, fault->status, fault->field, "%s", fault->detail);
        call->problem->members = recording->faults.count > 1 ? problems_of(call, &recording->faults) : NULL;
        return status;
    }
    const change_t *change = recording->change;
    status_t status = STATUS_OK;
    for (size_t i = 0; i < change->n_ended && status == STATUS_OK; i++)
        status = add_event(call, "pcn.referral.pathway.ended", change->ended[i]);
    for (size_t i = 0; i < change->n_recorded && status == STATUS_OK; i++)
        status = add_event(call, "pcn.referral.pathway.recorded", change->recorded[i]);
    call->key = "pathways";
    call->after = recording->change;
    call->unchanged = change->n_recorded + change->n_ended == 0;
    return status;
}

status_t decide_create_pathway(service_call_t *call)
{
    const Pcn__Referral__V1__CreatePathwayRequest *request = call->request;
    recording_t recording;
    status_t status = begin(call, 1, &recording);
    if (status != STATUS_OK)
        return status;
    if (!record(&recording, request->pathway, ""))
        return refuse_memory(call);
    // Of one that is imported again it is known that it is there; who records one means a new one.
    if (recording.unchanged > 0)
        return problem_set(call->problem, STATUS_ALREADY_EXISTS, "version", "There is a version %u already", request->pathway->version);
    status = finish(&recording);
    if (status == STATUS_OK) {
        call->reply = recording.change->recorded[0];
        call->version = recording.change->recorded[0]->revision;
    }
    return status;
}

typedef struct place {
    const pathway_t *pathway;
    size_t index;
} place_t;

static int compare_places(const void *a, const void *b)
{
    const place_t *left = a, *right = b;
    const int by_code = strcmp(left->pathway->code, right->pathway->code);
    if (by_code != 0)
        return by_code;
    if (left->pathway->version != right->pathway->version)
        return left->pathway->version < right->pathway->version ? -1 : 1;
    return left->index < right->index ? -1 : 1;
}

status_t decide_import_pathways(service_call_t *call)
{
    const Pcn__Referral__V1__ImportPathwaysRequest *request = call->request;
    const size_t count = request->n_pathways;
    recording_t recording;
    status_t status = begin(call, count, &recording);
    if (status != STATUS_OK)
        return status;
    Pcn__Referral__V1__ImportPathwaysReply *reply = pb_new(&pcn__referral__v1__import_pathways_reply__type, call->arena);
    place_t *order = arena_alloc(call->arena, count * sizeof *order);
    if (reply == NULL || order == NULL)
        return refuse_memory(call);
    for (size_t i = 0; i < count; i++)
        order[i] = (place_t){.pathway = request->pathways[i], .index = i};
    qsort(order, count, sizeof *order, compare_places);
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_printf(call->arena, "pathways[%zu].", order[i].index);
        if (path == NULL || !record(&recording, order[i].pathway, path))
            return refuse_memory(call);
    }
    status = finish(&recording);
    reply->has_recorded = reply->has_unchanged = 1;
    reply->recorded = (uint32_t)recording.change->n_recorded;
    reply->unchanged = (uint32_t)recording.unchanged;
    call->reply = reply;
    return status;
}

status_t decide_end_pathway(service_call_t *call)
{
    const Pcn__Referral__V1__EndPathwayRequest *request = call->request;
    int32_t on, from, to;
    recording_t recording;
    status_t status = begin(call, 1, &recording);
    if (status != STATUS_OK)
        return status;
    // They come by their numbers.
    const pathway_t *last = recording.known_count > 0 ? recording.known[recording.known_count - 1] : NULL;
    if (last == NULL)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no pathway %s", request->code);
    if (!date_parse(request->on, &on) || !date_parse(last->effective_from, &from) || on < from)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "on", "The last version begins on %s", last->effective_from);
    if (on < call->today)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "on", "Referrals of days that are over were checked against it");
    if (last->effective_to != NULL && date_parse(last->effective_to, &to) && to < call->today)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "The last version has ended on %s", last->effective_to);
    if (last->effective_to != NULL && strcmp(last->effective_to, request->on) == 0)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "It ends on that day already");
    if (!end_on(&recording, last, on))
        return refuse_memory(call);
    status = finish(&recording);
    call->reply = recording.change->ended[0];
    call->version = recording.change->ended[0]->revision;
    return status;
}

// ---- reads ----

status_t prepare_get_pathway(service_call_t *call)
{
    const Pcn__Referral__V1__GetPathwayRequest *request = call->request;
    if (request->has_version && request->as_of != NULL)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "asOf", "A version is asked for by its number or by a day");
    return STATUS_OK;
}

status_t decide_get_pathway(service_call_t *call)
{
    const Pcn__Referral__V1__GetPathwayRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no such version of a pathway %s", request->code);
    call->reply = call->rows[0];
    call->version = ((const pathway_t *)call->rows[0])->revision;
    return STATUS_OK;
}

static const page_part_t parts_of_list[] = {PAGE_CODE};

#define PARTS (sizeof parts_of_list / sizeof *parts_of_list)

status_t prepare_list_pathways(service_call_t *call)
{
    return page_prepare(call, parts_of_list, PARTS);
}

status_t decide_list_pathways(service_call_t *call)
{
    Pcn__Referral__V1__ListPathwaysReply *reply = pb_new(&pcn__referral__v1__list_pathways_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    reply->pathways = (pathway_t **)call->rows;
    reply->n_pathways = page_length(call, PATHWAY_TYPE);
    call->reply = reply;
    if (reply->n_pathways == call->row_count)
        return STATUS_OK;
    const char *const parts[] = {reply->pathways[reply->n_pathways - 1]->code};
    return page_end(call, parts, PARTS, &reply->next_page_token);
}

status_t decide_check_pathway(service_call_t *call)
{
    const Pcn__Referral__V1__CheckPathwayRequest *request = call->request;
    const Pcn__Referral__Store__V1__PathwayCheckReferences *row = call->row_count > 0 ? call->rows[0] : NULL;
    Pcn__Referral__V1__PathwayCheck *reply = pb_new(&pcn__referral__v1__pathway_check__type, call->arena);
    pathway_findings_t findings;
    int32_t born;
    if (reply == NULL || !about_patient(call, request->patient))
        return refuse_memory(call);
    if (row == NULL || row->patient == NULL || !date_parse(row->birth_date, &born))
        return refuse_patient(call, "patient");
    if (row->pathway == NULL)
        return problem_set(call->problem, STATUS_NOT_FOUND, "code", "There is no pathway %s in force today", request->code);
    if (request->service != NULL && row->service_kind == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "service", "There is no service %s", request->service);
    const pathway_case_t referral = {.specialty = request->specialty,
                                     .reason = request->reason,
                                     .service = request->service,
                                     .service_kind = row->service_kind,
                                     .service_specialty = row->service_specialty,
                                     .priority = request->priority,
                                     .sex = row->sex,
                                     .answers = request->answers,
                                     .answer_count = request->n_answers};
    if (!pathway_check(row->pathway, &referral, born, call->today, call->arena, &findings))
        return refuse_memory(call);
    reply->pathway = request->code;
    reply->has_version = 1;
    reply->version = row->pathway->version;
    reply->missing = findings.missing;
    reply->n_missing = findings.missing_count;
    reply->try_first = findings.try_first;
    reply->n_try_first = findings.try_first_count;
    call->reply = reply;
    return STATUS_OK;
}
