// What is done with a social prescription, step by step.
#include <string.h>

#include "common/pb/message.h"
#include "services/referral/prescriptions.h"

typedef Pcn__Referral__V1__PrescriptionContact contact_t;
typedef Pcn__Referral__V1__PrescriptionRedirect redirect_t;

#define CONTACT_TYPE (&pcn__referral__v1__prescription_contact__type)
#define REDIRECT_TYPE (&pcn__referral__v1__prescription_redirect__type)
// Notes of all contacts together: an answer has room for them.
#define NOTES_BYTES ((size_t)200 * 1024)
#define REDIRECTS_MAX 20
#define SCORES_MAX 200

// The change without the list that a step adds to; a copy with room for so many more. NULL without memory.
static void **with_room(service_call_t *call, void *const *list, size_t count, size_t more)
{
    void **longer = arena_alloc(call->arena, (count + more + 1) * sizeof *longer);
    if (longer != NULL && count > 0)
        memcpy(longer, list, count * sizeof *longer);
    return longer;
}

// The prescription to be changed by a step, with its next version and status; NULL with the refusal in *status.
static prescription_change_t *begin(service_call_t *call, const char *id, prescription_step_t step, status_t *status)
{
    const loaded_prescription_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    if (row == NULL || row->id == NULL) {
        *status = row != NULL && !about_patient(call, row->about) ? refuse_memory(call) : prescription_refuse(call, id);
        return NULL;
    }
    prescription_change_t *change = pb_new(PRESCRIPTION_CHANGE_TYPE, call->arena);
    if (change == NULL || !about_patient(call, row->about) || (change->prescription = prescription_of(call, row)) == NULL) {
        *status = refuse_memory(call);
        return NULL;
    }
    prescription_status_t to;
    if (!prescription_may(step, row->takes, row->refers))
        *status = problem_set(call->problem, STATUS_PERMISSION_DENIED, NULL,
                              row->refers ? "The practice declines and closes alone: all else is for who takes it"
                                          : "It is changed by who takes it");
    else if (call->header->has_expected_version && call->header->expected_version != row->version)
        *status = problem_set(call->problem, STATUS_ABORTED, NULL, "It is at version %lld now", (long long)row->version);
    else if ((*status = prescription_go(row->state, step, &to, call->problem)) == STATUS_OK && row->n_history >= PRESCRIPTION_STEPS_MAX &&
             step != PRESCRIPTION_CLOSE && step != PRESCRIPTION_COMPLETE)
        *status =
            problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "The prescription has too many steps: end it and make another");
    if (*status != STATUS_OK)
        return NULL;
    change->prescription->state = to;
    change->prescription->version++;
    change->prescription->updated_at = (char *)(uintptr_t)call->now;
    change->agencies = row->agencies;
    change->n_agencies = row->n_agencies;
    return change;
}

static status_t done(service_call_t *call, const char *type, prescription_change_t *change, char *reason)
{
    const loaded_prescription_t *row = call->rows[0];
    if (!prescription_add_step(call, change->prescription, row->state, reason))
        return refuse_memory(call);
    return prescription_emit(call, type, change);
}

status_t decide_accept_prescription(service_call_t *call)
{
    const Pcn__Referral__V1__AcceptPrescriptionRequest *request = call->request;
    status_t status = STATUS_OK;
    prescription_change_t *change = begin(call, request->id, PRESCRIPTION_ACCEPT, &status);
    if (change == NULL)
        return status;
    if (call->header->principal == NULL || call->header->principal->subject == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "Who accepts is a link worker: the token names nobody");
    change->prescription->link_worker = call->header->principal->subject;
    return done(call, "pcn.referral.social-prescription.accepted", change, NULL);
}

// Declined or closed, for a reason.
static status_t end_for(service_call_t *call, const char *id, prescription_step_t step, const char *type, char *reason)
{
    status_t status = STATUS_OK;
    prescription_change_t *change = begin(call, id, step, &status);
    if (change == NULL)
        return status;
    change->prescription->end_reason = reason;
    change->prescription->ended_at = (char *)(uintptr_t)call->now;
    return done(call, type, change, reason);
}

status_t decide_decline_prescription(service_call_t *call)
{
    const Pcn__Referral__V1__DeclinePrescriptionRequest *request = call->request;
    return end_for(call, request->id, PRESCRIPTION_DECLINE, "pcn.referral.social-prescription.declined", request->reason);
}

status_t decide_close_prescription(service_call_t *call)
{
    const Pcn__Referral__V1__ClosePrescriptionRequest *request = call->request;
    return end_for(call, request->id, PRESCRIPTION_CLOSE, "pcn.referral.social-prescription.closed", request->reason);
}

status_t decide_plan_prescription(service_call_t *call)
{
    const Pcn__Referral__V1__PlanPrescriptionRequest *request = call->request;
    status_t status = STATUS_OK;
    prescription_change_t *change = begin(call, request->id, PRESCRIPTION_PLAN, &status);
    if (change == NULL)
        return status;
    const loaded_prescription_t *row = call->rows[0];
    status = prescription_check_plan(request, call->problem);
    if (status != STATUS_OK)
        return status;
    if (row->missing_service != NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "actions", "The directory has no service %s", row->missing_service);
    prescription_t *prescription = change->prescription;
    prescription->goals = request->goals;
    prescription->n_goals = request->n_goals;
    prescription->actions = request->actions;
    prescription->n_actions = request->n_actions;
    return done(call, "pcn.referral.social-prescription.planned", change, NULL);
}

status_t decide_add_prescription_contact(service_call_t *call)
{
    const Pcn__Referral__V1__AddPrescriptionContactRequest *request = call->request;
    status_t status = STATUS_OK;
    prescription_change_t *change = begin(call, request->id, PRESCRIPTION_CONTACT, &status);
    if (change == NULL)
        return status;
    prescription_t *prescription = change->prescription;
    const Pcn__Common__V1__Principal *principal = call->header->principal;
    size_t bytes = request->contact->note != NULL ? strlen(request->contact->note) : 0;
    for (size_t i = 0; i < prescription->n_contacts; i++)
        bytes += prescription->contacts[i]->note != NULL ? strlen(prescription->contacts[i]->note) : 0;
    if (prescription->n_contacts >= PRESCRIPTION_CONTACTS_MAX || bytes > NOTES_BYTES)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL,
                           "The prescription has no room for more contacts: end it and make another");
    contact_t *contact = pb_new(CONTACT_TYPE, call->arena);
    contact_t **contacts = (contact_t **)with_room(call, (void *const *)prescription->contacts, prescription->n_contacts, 1);
    if (contact == NULL || contacts == NULL)
        return refuse_memory(call);
    pb_merge(CONTACT_TYPE, contact, CONTACT_TYPE, request->contact);
    contact->at = (char *)(uintptr_t)call->now;
    contact->subject = principal != NULL ? principal->subject : NULL;
    contact->organisation = principal != NULL && principal->n_organisations > 0 ? principal->organisations[0] : NULL;
    contacts[prescription->n_contacts++] = contact;
    prescription->contacts = contacts;
    return prescription_emit(call, "pcn.referral.social-prescription.contacted", change);
}

// What is given takes the place of what was of that item. False without memory or room.
static bool merge_scores(service_call_t *call, prescription_t *prescription, prescription_score_t *const *given, size_t count)
{
    prescription_score_t **scores =
        (prescription_score_t **)with_room(call, (void *const *)prescription->scores, prescription->n_scores, count);
    if (scores == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < prescription->n_scores &&
               (strcmp(scores[k]->measure, given[i]->measure) != 0 || strcmp(scores[k]->item, given[i]->item) != 0))
            k++;
        if (k == prescription->n_scores) {
            scores[prescription->n_scores++] = given[i];
            continue;
        }
        if (given[i]->has_before) {
            scores[k]->has_before = 1;
            scores[k]->before = given[i]->before;
        }
        if (given[i]->has_after) {
            scores[k]->has_after = 1;
            scores[k]->after = given[i]->after;
        }
    }
    prescription->scores = scores;
    return true;
}

status_t decide_score_prescription(service_call_t *call)
{
    const Pcn__Referral__V1__ScorePrescriptionRequest *request = call->request;
    status_t status = STATUS_OK;
    prescription_change_t *change = begin(call, request->id, PRESCRIPTION_SCORE, &status);
    if (change == NULL)
        return status;
    const loaded_prescription_t *row = call->rows[0];
    status = prescription_check_scores(request->scores, request->n_scores, row->measures, row->n_measures, call->problem);
    if (status != STATUS_OK)
        return status;
    if (row->n_scores + request->n_scores > SCORES_MAX)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "scores", "The prescription has no room for more scores");
    if (!merge_scores(call, change->prescription, request->scores, request->n_scores))
        return refuse_memory(call);
    return prescription_emit(call, "pcn.referral.social-prescription.scored", change);
}

status_t decide_complete_prescription(service_call_t *call)
{
    const Pcn__Referral__V1__CompletePrescriptionRequest *request = call->request;
    status_t status = STATUS_OK;
    prescription_change_t *change = begin(call, request->id, PRESCRIPTION_COMPLETE, &status);
    if (change == NULL)
        return status;
    const loaded_prescription_t *row = call->rows[0];
    if (!row->term_there)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "outcome", "There is no outcome %s", request->outcome);
    change->prescription->outcome = request->outcome;
    change->prescription->ended_at = (char *)(uintptr_t)call->now;
    return done(call, "pcn.referral.social-prescription.completed", change, NULL);
}

// The other agency is among those that take part from then on. False without memory.
static bool hand_over(service_call_t *call, prescription_change_t *change, char *to, char *principle)
{
    prescription_t *prescription = change->prescription;
    redirect_t *redirect = pb_new(REDIRECT_TYPE, call->arena);
    redirect_t **redirects = (redirect_t **)with_room(call, (void *const *)prescription->redirects, prescription->n_redirects, 1);
    char **agencies = (char **)with_room(call, (void *const *)change->agencies, change->n_agencies, 1);
    if (redirect == NULL || redirects == NULL || agencies == NULL)
        return false;
    redirect->at = (char *)(uintptr_t)call->now;
    redirect->from = prescription->organisation;
    redirect->to = to;
    redirect->principle = principle;
    redirects[prescription->n_redirects++] = redirect;
    prescription->redirects = redirects;
    bool known = false;
    for (size_t i = 0; i < change->n_agencies; i++)
        known = known || strcmp(agencies[i], to) == 0;
    if (!known)
        agencies[change->n_agencies++] = to;
    change->agencies = agencies;
    prescription->organisation = to;
    prescription->link_worker = NULL;
    return true;
}

status_t decide_redirect_prescription(service_call_t *call)
{
    const Pcn__Referral__V1__RedirectPrescriptionRequest *request = call->request;
    status_t status = STATUS_OK;
    prescription_change_t *change = begin(call, request->id, PRESCRIPTION_REDIRECT, &status);
    if (change == NULL)
        return status;
    const loaded_prescription_t *row = call->rows[0];
    if (row->asked_status == NULL)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "organisation", "There is no organisation %s", request->organisation);
    if (strcmp(row->asked_status, "closed") == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "organisation", "The organisation is closed");
    if (strcmp(row->organisation, request->organisation) == 0)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "organisation", "It is with them already");
    if (!row->term_there)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "principle", "There is no principle %s", request->principle);
    if (row->n_redirects >= REDIRECTS_MAX)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, NULL, "It was redirected too often: close it");
    if (!hand_over(call, change, request->organisation, request->principle))
        return refuse_memory(call);
    return done(call, "pcn.referral.social-prescription.redirected", change, NULL);
}
