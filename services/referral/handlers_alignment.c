// Which link workers work for which network.
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/message.h"
#include "services/referral/prescriptions.h"

typedef Pcn__Referral__V1__LinkWorkerAlignment alignment_t;
typedef Pcn__Referral__Store__V1__LoadedAlignment loaded_alignment_t;

#define ALIGNMENT_STATE_TYPE (&pcn__referral__v1__link_worker_alignment_state__type)

// Its event names no person.
static status_t emit_alignment(service_call_t *call, const char *type, alignment_t *alignment)
{
    void *state = pb_new(ALIGNMENT_STATE_TYPE, call->arena);
    if (state == NULL)
        return refuse_memory(call);
    pb_merge(ALIGNMENT_STATE_TYPE, state, ALIGNMENT_TYPE, alignment);
    status_t status = emit(call, type, "link-worker-alignments", alignment->id, alignment->version, ALIGNMENT_STATE_TYPE, state);
    call->after = call->reply = alignment;
    return status;
}

status_t decide_create_link_worker_alignment(service_call_t *call)
{
    const Pcn__Referral__V1__CreateLinkWorkerAlignmentRequest *request = call->request;
    const alignment_t *asked = request->alignment;
    const loaded_alignment_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    char today[DATE_SIZE];
    if (row == NULL || row->network_kind == NULL || strcmp(row->network_kind, "network") != 0 ||
        (!row->within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, "network", "There is no network %s", asked->network);
    if (!row->employer_there)
        return problem_set(call->problem, STATUS_FAILED_PRECONDITION, "employer", "There is no organisation %s", asked->employer);
    date_format(call->today, today);
    if (asked->to != NULL && strcmp(asked->to, asked->from != NULL ? asked->from : today) < 0)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "to", "The last day is before the first");
    if (row->overlaps)
        return problem_set(call->problem, STATUS_ALREADY_EXISTS, "subject",
                           "The link worker is aligned to the network in those days already");
    alignment_t *alignment = pb_new(ALIGNMENT_TYPE, call->arena);
    if (alignment == NULL)
        return refuse_memory(call);
    pb_merge(ALIGNMENT_TYPE, alignment, ALIGNMENT_TYPE, asked);
    if ((alignment->id = new_id(call)) == NULL || (asked->from == NULL && (alignment->from = arena_string(call->arena, today)) == NULL))
        return refuse_memory(call);
    alignment->has_version = 1;
    alignment->version = 1;
    alignment->created_at = alignment->updated_at = (char *)(uintptr_t)call->now;
    return emit_alignment(call, "pcn.referral.link-worker-alignment.created", alignment);
}

status_t decide_end_link_worker_alignment(service_call_t *call)
{
    const Pcn__Referral__V1__EndLinkWorkerAlignmentRequest *request = call->request;
    const loaded_alignment_t *row = call->row_count > 0 ? call->rows[0] : NULL;
    char today[DATE_SIZE];
    if (row == NULL || (!row->within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, "id", "There is no such alignment");
    if (call->header->has_expected_version && call->header->expected_version != row->version)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "It is at version %lld now", (long long)row->version);
    date_format(call->today, today);
    const char *on = request->on != NULL ? request->on : today;
    if (strcmp(on, row->from) < 0)
        return problem_set(call->problem, STATUS_INVALID_ARGUMENT, "on", "The last day is before the first");
    if (row->to != NULL && strcmp(row->to, on) <= 0)
        return problem_set(call->problem, STATUS_ABORTED, NULL, "It ends on %s already", row->to);
    alignment_t *alignment = pb_new(ALIGNMENT_TYPE, call->arena);
    if (alignment == NULL)
        return refuse_memory(call);
    pb_merge(ALIGNMENT_TYPE, alignment, LOADED_ALIGNMENT_TYPE, row);
    if ((alignment->to = arena_string(call->arena, on)) == NULL)
        return refuse_memory(call);
    alignment->version++;
    alignment->updated_at = (char *)(uintptr_t)call->now;
    return emit_alignment(call, "pcn.referral.link-worker-alignment.ended", alignment);
}

status_t decide_list_link_worker_alignments(service_call_t *call)
{
    const Pcn__Referral__V1__ListLinkWorkerAlignmentsRequest *request = call->request;
    const loaded_alignment_t *first = call->row_count > 0 ? call->rows[0] : NULL;
    if (first == NULL || (!first->within_reach && !service_may(call, SCOPE_ANY)))
        return problem_set(call->problem, STATUS_NOT_FOUND, "network", "There is no network %s", request->network);
    Pcn__Referral__V1__ListLinkWorkerAlignmentsReply *reply =
        pb_new(&pcn__referral__v1__list_link_worker_alignments_reply__type, call->arena);
    if (reply == NULL || (reply->alignments = arena_alloc(call->arena, (call->row_count + 1) * sizeof(void *))) == NULL)
        return refuse_memory(call);
    for (size_t i = 0; first->id != NULL && i < call->row_count; i++) {
        alignment_t *alignment = pb_new(ALIGNMENT_TYPE, call->arena);
        if (alignment == NULL)
            return refuse_memory(call);
        pb_merge(ALIGNMENT_TYPE, alignment, LOADED_ALIGNMENT_TYPE, call->rows[i]);
        reply->alignments[reply->n_alignments++] = alignment;
    }
    call->reply = reply;
    return STATUS_OK;
}
