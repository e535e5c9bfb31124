#include "services/referral/handlers_shifted.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/referral/about.h"
#include "services/referral/handlers_patient.h"
#include "services/referral/rules_consultation.h"
#include "services/referral/rules_shifted.h"

typedef Pcn__Referral__V1__ShiftedWork work_t;
typedef Pcn__Referral__V1__ShiftedWorkState state_t;
typedef Pcn__Referral__V1__ShiftedWorkMessage message_t;
typedef Pcn__Referral__V1__ListShiftedWorkRequest list_request_t;
typedef Pcn__Referral__V1__ListShiftedWorkReply list_t;
typedef Pcn__Referral__V1__ShiftedWorkSummaryRequest summary_request_t;
typedef Pcn__Referral__Store__V1__ShiftedWorkReferences references_t;
typedef Pcn__Referral__Store__V1__LoadedShiftedWork loaded_t;
typedef Pcn__Referral__Store__V1__ShiftedWorkChange change_t;

#define WORK_TYPE (&pcn__referral__v1__shifted_work__type)
#define STATE_TYPE (&pcn__referral__v1__shifted_work_state__type)
#define MESSAGE_TYPE (&pcn__referral__v1__shifted_work_message__type)
#define LIST_TYPE (&pcn__referral__v1__list_shifted_work_reply__type)
#define SUMMARY_TYPE (&pcn__referral__v1__shifted_work_summary__type)
// Days before the end of a summary's last month at which its first one lies, unless one is asked for: eleven months.
#define DAYS_OF_ELEVEN_MONTHS 335

static status_t refuse(service_call_t *call, const char *id)
{
    return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no report %s", id);
}

static status_t emit_work(service_call_t *call, const char *type, change_t *change)
{
    work_t *work = change->work;
    state_t *state = pb_new(STATE_TYPE, call->arena);
    if (state == NULL)
        return refuse_memory(call);
    pb_merge(STATE_TYPE, state, WORK_TYPE, work);
    status_t status = emit(call, type, "shifted-work", work->id, work->version, STATE_TYPE, state);
    call->reply = work;
    call->after = change;
    return status;
}

// ---- creation ----

static status_t check_new(service_call_t *call, const references_t *row, const work_t *asked, const char *practice)
{
    int32_t day;
    if (row->practice_kind == NULL || strcmp(row->practice_kind, "practice") != 0 || !row->practice_reached)
        return problem_set(call->problem, STATUS_NOT_FOUND, "practice", "There is no practice %s", practice);
    if (asked->patient != NULL && row->patient == NULL)
        return refuse_patient(call, "patient");
    if (row->patient_gone)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "patient",
                           "The patient has died, or the record was merged into another");
    if (!row->provider_there || strcmp(asked->provider, practice) == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "provider", "There is no other organisation %s", asked->provider);
    if (!row->theme_there)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "theme", "There is no theme %s", asked->theme);
    if (!date_parse(asked->happened_on, &day) || day > call->today)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "happenedOn", "It was today or before");
    return STATUS_OK;
}

status_t decide_create_shifted_work(service_call_t *call)
{
    const Pcn__Referral__V1__CreateShiftedWorkRequest *request = call->request;
    const work_t *asked = request->shifted_work;
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    if (!about_patient(call, asked->patient))
        return refuse_memory(call);
    if (principal == NULL || principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                           "Who reports does so for an organisation: the token names none");
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_INTERNAL, NULL, "What the report refers to is missing");
    char *practice = asked->practice != NULL ? asked->practice : principal->organisations[0];
    status_t status = check_new(call, call->rows[0], asked, practice);
    if (status != STATUS_OK)
        return status;
    change_t *change = pb_new(SHIFTED_WORK_CHANGE_TYPE, call->arena);
    work_t *work = pb_new(WORK_TYPE, call->arena);
    if (change == NULL || work == NULL)
        return refuse_memory(call);
    pb_merge(WORK_TYPE, work, WORK_TYPE, asked);
    if ((work->id = new_id(call)) == NULL)
        return refuse_memory(call);
    work->practice = practice;
    work->has_status = 1;
    work->status = SHIFTED_STATUS(OPEN);
    work->recorded_by = principal->subject;
    work->recorded_from = principal->organisations[0];
    work->has_version = 1;
    work->version = 1;
    work->created_at = work->updated_at = (char *)(uintptr_t)call->now;
    change->work = work;
    return emit_work(call, "pcn.referral.shifted-work.reported", change);
}

// ---- reads ----

static work_t *work_of(service_call_t *call, const loaded_t *row)
{
    work_t *work = pb_new(WORK_TYPE, call->arena);
    if (work != NULL)
        pb_merge(WORK_TYPE, work, LOADED_SHIFTED_WORK_TYPE, row);
    return work;
}

status_t decide_get_shifted_work(service_call_t *call)
{
    const Pcn__Referral__V1__GetShiftedWorkRequest *request = call->request;
    const loaded_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row != NULL && !about_patient(call, row->about))
        return refuse_memory(call);
    if (row == NULL || row->id == NULL)
        return refuse(call, request->id);
    work_t *work = work_of(call, row);
    if (work == NULL)
        return refuse_memory(call);
    call->reply = work;
    call->version = work->version;
    return STATUS_OK;
}

static const page_part_t parts_of_list[] = {PAGE_INSTANT, PAGE_ID};

#define PARTS (sizeof parts_of_list / sizeof *parts_of_list)

status_t prepare_list_shifted_work(service_call_t *call)
{
    const list_request_t *request = call->request;
    if ((request->organisation != NULL) == (request->patient != NULL))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, request->patient != NULL ? "patient" : "organisation",
                           "Those of an organisation or those about a patient are asked for");
    return page_prepare(call, parts_of_list, PARTS);
}

status_t decide_list_shifted_work(service_call_t *call)
{
    list_t *list = pb_new(LIST_TYPE, call->arena);
    if (list == NULL || (list->shifted_work = page_merge(call, STATE_TYPE, LOADED_SHIFTED_WORK_TYPE, &list->n_shifted_work)) == NULL ||
        !about_listed(call, STATE_TYPE, list->shifted_work, list->n_shifted_work, ((const list_request_t *)call->request)->patient))
        return refuse_memory(call);
    call->reply = list;
    if (list->n_shifted_work == call->row_count)
        return STATUS_OK;
    const state_t *last = list->shifted_work[list->n_shifted_work - 1];
    return page_end(call, (const char *const[PARTS]){last->created_at, last->id}, PARTS, &list->next_page_token);
}

status_t decide_list_shifted_work_themes(service_call_t *call)
{
    Pcn__Referral__V1__ListShiftedWorkThemesReply *reply = pb_new(&pcn__referral__v1__list_shifted_work_themes_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    reply->themes = (Pcn__Referral__V1__ShiftedWorkTheme **)call->rows;
    reply->n_themes = call->row_count;
    call->reply = reply;
    return STATUS_OK;
}

// ---- changes ----

// The report to be changed, with its next version; NULL with the refusal in *status.
static change_t *begin(service_call_t *call, const char *id, bool closes, status_t *status)
{
    const loaded_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || row->id == NULL) {
        *status = row != NULL && !about_patient(call, row->about) ? refuse_memory(call) : refuse(call, id);
        return NULL;
    }
    change_t *change = pb_new(SHIFTED_WORK_CHANGE_TYPE, call->arena);
    if (change == NULL || !about_patient(call, row->about) || (change->work = work_of(call, row)) == NULL) {
        *status = refuse_memory(call);
        return NULL;
    }
    *status = closes ? shifted_check_close(row->reports, call->problem) : shifted_check_feedback(row->reports, row->answers, call->problem);
    if (*status == STATUS_OK && call->header->has_expected_version && call->header->expected_version != row->version)
        *status = problem_set(call->problem, STATUS_ABORTED, NULL, "It is at version %lld now", (long long)row->version);
    if (*status == STATUS_OK)
        *status = shifted_check_open(row->status, call->problem);
    change->work->version++;
    change->work->updated_at = (char *)(uintptr_t)call->now;
    return *status == STATUS_OK ? change : NULL;
}

status_t decide_give_shifted_work_feedback(service_call_t *call)
{
    const Pcn__Referral__V1__GiveShiftedWorkFeedbackRequest *request = call->request;
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    status_t status;
    change_t *change = begin(call, request->id, false, &status);
    if (change == NULL)
        return status;
    work_t *work = change->work;
    size_t bytes = 0;
    for (size_t i = 0; i < work->n_thread; i++)
        bytes += strlen(work->thread[i]->text);
    status = consultation_room(work->n_thread, bytes, strlen(request->text), call->problem);
    if (status != STATUS_OK)
        return status;
    if (principal == NULL || principal->n_organisations == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "Who writes does so for an organisation: the token names none");
    message_t *message = pb_new(MESSAGE_TYPE, call->arena);
    message_t **thread = arena_alloc(call->arena, (work->n_thread + 1) * sizeof(void *));
    if (message == NULL || thread == NULL)
        return refuse_memory(call);
    message->at = (char *)(uintptr_t)call->now;
    // Who lies above both speaks for the practice.
    message->from = (char *)(uintptr_t)(((const loaded_t *)call->rows[0])->reports ? "practice" : "provider");
    message->text = request->text;
    message->subject = principal->subject;
    message->organisation = principal->organisations[0];
    if (work->n_thread > 0)
        memcpy(thread, work->thread, work->n_thread * sizeof(void *));
    thread[work->n_thread++] = message;
    work->thread = thread;
    change->message = message;
    change->has_number = 1;
    change->number = (uint32_t)work->n_thread;
    return emit_work(call, "pcn.referral.shifted-work.feedback-given", change);
}

status_t decide_close_shifted_work(service_call_t *call)
{
    const Pcn__Referral__V1__CloseShiftedWorkRequest *request = call->request;
    status_t status;
    change_t *change = begin(call, request->id, true, &status);
    if (change == NULL)
        return status;
    change->work->status = SHIFTED_STATUS(CLOSED);
    change->work->has_outcome = 1;
    change->work->outcome = request->outcome;
    return emit_work(call, "pcn.referral.shifted-work.closed", change);
}

// ---- counts ----

static char *date_text(service_call_t *call, int32_t day)
{
    char text[DATE_SIZE];
    date_format(day, text);
    return arena_string(call->arena, text);
}

status_t prepare_summarize_shifted_work(service_call_t *call)
{
    const summary_request_t *request = call->request;
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    int32_t from, to = call->today;
    if (request->to != NULL && !date_parse(request->to, &to))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "Must be a date");
    to = shifted_month_end(to);
    from = to - DAYS_OF_ELEVEN_MONTHS;
    if (request->from != NULL && !date_parse(request->from, &from))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "from", "Must be a date");
    from = shifted_month_begin(from);
    if (from > to)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "Must not lie before from");
    if (request->organisation == NULL && (principal == NULL || principal->n_organisations == 0))
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "organisation", "Is required where the token names no organisation");
    summary_request_t *prepared = pb_new(SHIFTED_WORK_SUMMARY_REQUEST_TYPE, call->arena);
    if (prepared == NULL || (prepared->from = date_text(call, from)) == NULL || (prepared->to = date_text(call, to)) == NULL)
        return refuse_memory(call);
    prepared->organisation = request->organisation != NULL ? request->organisation : principal->organisations[0];
    call->prepared = prepared;
    return STATUS_OK;
}

status_t decide_summarize_shifted_work(service_call_t *call)
{
    const summary_request_t *request = call->request, *prepared = call->prepared;
    const shifted_cell_t *first = call->row_count > 0 ? call->rows[0] : NULL;
    if (first == NULL || !first->reached)
        return problem_set(call->problem, STATUS_NOT_FOUND, "organisation", "There is no organisation %s", prepared->organisation);
    Pcn__Referral__V1__ShiftedWorkSummary *summary = pb_new(SUMMARY_TYPE, call->arena);
    if (summary == NULL)
        return refuse_memory(call);
    shifted_by_t by = SHIFTED_BY_BOTH;
    if (request->by != NULL && strcmp(request->by, "theme") == 0)
        by = SHIFTED_BY_THEME;
    else if (request->by != NULL && strcmp(request->by, "provider") == 0)
        by = SHIFTED_BY_PROVIDER;
    summary->organisation = prepared->organisation;
    summary->from = prepared->from;
    summary->to = prepared->to;
    if (!shifted_summarize((shifted_cell_t *const *)call->rows, first->theme != NULL ? call->row_count : 0, by, call->arena, summary))
        return refuse_memory(call);
    call->reply = summary;
    return STATUS_OK;
}
