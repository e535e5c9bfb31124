// What opens a patient out of reach, and who looked.
#include <ctype.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/handlers_patient.h"
#include "services/referral/rules_patient.h"

typedef Pcn__Referral__V1__BreakGlass glass_t;
typedef Pcn__Referral__Store__V1__BehindGlass behind_glass_t;
typedef Pcn__Referral__Store__V1__LoadedBreakGlass loaded_glass_t;
typedef Pcn__Referral__Store__V1__LoadedNotice loaded_notice_t;
typedef Pcn__Referral__Store__V1__LoadedAccess loaded_access_t;

#define GLASS_TYPE (&pcn__referral__v1__break_glass__type)
#define GLASS_STATE_TYPE (&pcn__referral__v1__break_glass_state__type)
#define LOADED_GLASS_TYPE (&pcn__referral__store__v1__loaded_break_glass__type)

#define US_PER_HOUR INT64_C(3600000000)
// How long a patient stays open who is out of reach.
#define GLASS_HOURS 4

char *opening_organisation(service_call_t *call, status_t *status)
{
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    if (principal != NULL && principal->n_organisations > 0 && principal->subject != NULL && principal->subject[0] != '\0')
        return principal->organisations[0];
    *status = problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                          "Who opens a patient's record does so for an organisation: the token names none");
    return NULL;
}

status_t refuse_unfit_number(service_call_t *call)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "nhsNumber", "There is no patient with this number and birth date");
}

char *hours_on(service_call_t *call, int64_t hours)
{
    char until[INSTANT_SIZE];
    instant_format(call->now_us + hours * US_PER_HOUR, until);
    return arena_string(call->arena, until);
}

// ---- break-glass ----

// Leaves it as the reply; its event tells neither who nor why.
static status_t emit_glass(service_call_t *call, const char *type, glass_t *glass)
{
    void *state = pb_new(GLASS_STATE_TYPE, call->arena);
    if (state == NULL)
        return refuse_memory(call);
    pb_merge(GLASS_STATE_TYPE, state, GLASS_TYPE, glass);
    status_t status = emit(call, type, "break-glass", glass->id, glass->version, GLASS_STATE_TYPE, state);
    call->after = call->reply = glass;
    return status;
}

// The answer without the practice that reviews it: where somebody was is not told to who opens the record.
static status_t conceal_practice(service_call_t *call, const glass_t *glass)
{
    glass_t *reply = pb_new(GLASS_TYPE, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    pb_merge(GLASS_TYPE, reply, GLASS_TYPE, glass);
    reply->practice = NULL;
    call->reply = reply;
    return STATUS_OK;
}

// Opens the record to the caller, for a reason.
static status_t open_record(service_call_t *call, const behind_glass_t *behind, char *organisation, char *reason)
{
    if (behind->kept)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "The patient is within reach without it");
    glass_t *glass = pb_new(GLASS_TYPE, call->arena);
    Pcn__Referral__Store__V1__BreakGlassChange *change = pb_new(&pcn__referral__store__v1__break_glass_change__type, call->arena);
    if (glass == NULL || change == NULL || (glass->id = new_id(call)) == NULL || (change->notice = new_id(call)) == NULL ||
        (glass->until = hours_on(call, GLASS_HOURS)) == NULL)
        return refuse_memory(call);
    glass->patient = behind->id;
    glass->practice = behind->practice;
    glass->subject = call->header->principal->subject;
    glass->organisation = organisation;
    glass->reason = reason;
    glass->at = (char *)(uintptr_t)call->now;
    glass->has_version = 1;
    glass->version = 1;
    status_t status = emit_glass(call, "pcn.referral.break-glass.opened", glass);
    change->break_glass = glass;
    call->after = change;
    return status == STATUS_OK && behind->former ? conceal_practice(call, glass) : status;
}

status_t decide_break_glass(service_call_t *call)
{
    const Pcn__Referral__V1__BreakGlassRequest *request = call->request;
    const behind_glass_t *behind = call->row_count > 0 ? call->rows[0] : NULL;
    status_t status = STATUS_OK;
    if (behind == NULL || behind->practice == NULL)
        return refuse_patient(call, "id");
    if (!about_patient(call, behind->id))
        return refuse_memory(call);
    char *organisation = opening_organisation(call, &status);
    return organisation != NULL ? open_record(call, behind, organisation, request->reason) : status;
}

status_t decide_break_glass_by_number(service_call_t *call)
{
    const Pcn__Referral__V1__BreakGlassByNumberRequest *request = call->request;
    const behind_glass_t *behind = call->row_count > 0 ? call->rows[0] : NULL;
    status_t status = patient_check_number(request->nhs_number, call->problem);
    if (status != STATUS_OK)
        return status;
    if (behind != NULL && !about_patient(call, behind->about))
        return refuse_memory(call);
    char *organisation = opening_organisation(call, &status);
    if (organisation == NULL)
        return status;
    return behind != NULL && behind->practice != NULL ? open_record(call, behind, organisation, request->reason) : refuse_unfit_number(call);
}

// The one that the caller reviews; NULL with the refusal in *status.
static glass_t *reviewed(service_call_t *call, status_t *status)
{
    const loaded_glass_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || !row->within_reach) {
        *status = problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no such opening of a record");
        return NULL;
    }
    glass_t *glass = pb_new(GLASS_TYPE, call->arena);
    if (glass == NULL || !about_patient(call, row->patient)) {
        *status = refuse_memory(call);
        return NULL;
    }
    pb_merge(GLASS_TYPE, glass, LOADED_GLASS_TYPE, row);
    return glass;
}

status_t decide_get_break_glass(service_call_t *call)
{
    status_t status = STATUS_OK;
    glass_t *glass = reviewed(call, &status);
    if (glass == NULL)
        return status;
    call->reply = glass;
    call->version = glass->version;
    return STATUS_OK;
}

status_t decide_review_break_glass(service_call_t *call)
{
    const Pcn__Referral__V1__ReviewBreakGlassRequest *request = call->request;
    status_t status = STATUS_OK;
    glass_t *glass = reviewed(call, &status);
    if (glass == NULL)
        return status;
    const char *subject = call->header->principal != NULL ? call->header->principal->subject : NULL;
    if (subject == NULL || strcmp(glass->subject, subject) == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "id", "Nobody reviews what they opened themselves");
    if (glass->reviewed_at != NULL)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "It was reviewed before");
    glass->reviewed_by = (char *)(uintptr_t)subject;
    glass->reviewed_at = (char *)(uintptr_t)call->now;
    glass->has_justified = 1;
    glass->justified = request->justified;
    glass->version++;
    return emit_glass(call, "pcn.referral.break-glass.reviewed", glass);
}

// ---- lists of a practice ----

static const page_part_t parts_of_practice[] = {PAGE_ID};

status_t prepare_of_practice(service_call_t *call)
{
    return page_prepare(call, parts_of_practice, 1);
}

static status_t refuse_practice(service_call_t *call, const char *practice)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "practice", "There is no practice %s", practice);
}

status_t decide_list_break_glass(service_call_t *call)
{
    const Pcn__Referral__V1__ListBreakGlassRequest *request = call->request;
    const loaded_glass_t *first = call->row_count > 0 ? call->rows[0] : NULL;
    if (first == NULL || !first->within_reach)
        return refuse_practice(call, request->practice);
    Pcn__Referral__V1__ListBreakGlassReply *reply = pb_new(&pcn__referral__v1__list_break_glass_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    if (first->id == NULL)
        return STATUS_OK;
    reply->break_glass = page_merge(call, GLASS_TYPE, LOADED_GLASS_TYPE, &reply->n_break_glass);
    if (reply->break_glass == NULL)
        return refuse_memory(call);
    if (reply->n_break_glass == call->row_count)
        return STATUS_OK;
    return page_end(call, (const char *const[]){reply->break_glass[reply->n_break_glass - 1]->id}, 1, &reply->next_page_token);
}

status_t decide_list_notices(service_call_t *call)
{
    const Pcn__Referral__V1__ListNoticesRequest *request = call->request;
    const loaded_notice_t *first = call->row_count > 0 ? call->rows[0] : NULL;
    if (first == NULL || !first->within_reach)
        return refuse_practice(call, request->practice);
    Pcn__Referral__V1__ListNoticesReply *reply = pb_new(&pcn__referral__v1__list_notices_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    if (first->id == NULL)
        return STATUS_OK;
    reply->notices = page_merge(call, &pcn__referral__v1__notice__type, &pcn__referral__store__v1__loaded_notice__type, &reply->n_notices);
    if (reply->notices == NULL)
        return refuse_memory(call);
    if (reply->n_notices == call->row_count)
        return STATUS_OK;
    return page_end(call, (const char *const[]){reply->notices[reply->n_notices - 1]->id}, 1, &reply->next_page_token);
}

// ---- who looked, and what is held ----

static const page_part_t parts_of_access[] = {PAGE_INSTANT, PAGE_ID};

status_t prepare_list_accesses(service_call_t *call)
{
    return page_prepare(call, parts_of_access, 2);
}

// "pcn.referral.v1.Referral/GetPatient" as "get-patient".
static char *action_of(const char *method, arena_t *arena)
{
    const char *name = strrchr(method, '/');
    name = name != NULL ? name + 1 : method;
    char *action = arena_alloc(arena, 2 * strlen(name) + 1), *at = action;
    for (; action != NULL && *name != '\0'; name++) {
        if (isupper((unsigned char)*name) && at != action)
            *at++ = '-';
        *at++ = (char)tolower((unsigned char)*name);
    }
    if (action != NULL)
        *at = '\0';
    return action;
}

static Pcn__Referral__V1__Access *access_of(service_call_t *call, const loaded_access_t *row)
{
    Pcn__Referral__V1__Access *access = pb_new(&pcn__referral__v1__access__type, call->arena);
    if (access == NULL || (access->action = action_of(row->method, call->arena)) == NULL)
        return NULL;
    access->at = row->at;
    access->subject = row->subject;
    access->organisation = row->organisation;
    access->verdict = (char *)(uintptr_t)(strcmp(row->audited, "done") == 0 ? "allowed" : "refused");
    access->request_id = row->request_id;
    return access;
}

status_t decide_list_accesses(service_call_t *call)
{
    const loaded_access_t *first = call->row_count > 0 ? call->rows[0] : NULL;
    if (first == NULL || !patient_kept(first->reach))
        return refuse_patient(call, "id");
    Pcn__Referral__V1__ListAccessesReply *reply = pb_new(&pcn__referral__v1__list_accesses_reply__type, call->arena);
    if (reply == NULL || (reply->accesses = arena_alloc(call->arena, call->row_count * sizeof *reply->accesses)) == NULL)
        return refuse_memory(call);
    call->reply = reply;
    page_t page = page_begin(call);
    for (size_t i = 0; first->at != NULL && i < call->row_count; i++) {
        Pcn__Referral__V1__Access *access = access_of(call, call->rows[i]);
        if (access == NULL)
            return refuse_memory(call);
        if (!page_take(&page, &pcn__referral__v1__access__type, access)) {
            const Pcn__Referral__V1__Access *last = reply->accesses[reply->n_accesses - 1];
            return page_end(call, (const char *const[]){last->at, last->request_id}, 2, &reply->next_page_token);
        }
        reply->accesses[reply->n_accesses++] = access;
    }
    return STATUS_OK;
}

status_t decide_export_patient(service_call_t *call)
{
    const loaded_patient_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || !patient_kept(row->reach))
        return refuse_patient(call, "id");
    Pcn__Referral__V1__PatientExport *export = pb_new(&pcn__referral__v1__patient_export__type, call->arena);
    if (export == NULL || (export->patient = patient_of(call, row)) == NULL)
        return refuse_memory(call);
    export->held = row->held;
    export->exported_at = (char *)(uintptr_t)call->now;
    call->reply = export;
    return STATUS_OK;
}
