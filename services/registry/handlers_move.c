#include <string.h>

#include "services/registry/handlers_changes.h"
#include "services/registry/rules_announcement.h"
#include "services/registry/rules_correction.h"
#include "services/registry/rules_move.h"
#include "services/registry/rules_term.h"

// The practice of a membership may be out of the caller's reach: it is reached by its network.
static status_t find_practice(service_call_t *call, const changes_t *changes, const char *code)
{
    const changed_t *practice = changes_find(changes, code);
    if (practice == NULL || practice->before->kind != KIND(PRACTICE))
        return problem_set(call->problem, STATUS_NOT_FOUND, "practice", "There is no practice %s", code);
    return STATUS_OK;
}

// What every change of a network begins with; the practice may be NULL.
static status_t begin(service_call_t *call, const char *network, const char *practice, changes_t **changes)
{
    status_t status = changes_begin(call, 0, changes);
    if (status == STATUS_OK)
        status = changes_reach(call, *changes, "code", network, true);
    return status == STATUS_OK && practice != NULL ? find_practice(call, *changes, practice) : status;
}

// Replies the network of the day, or of today where the day is over.
static const char *shown(const changes_t *changes, const char *day)
{
    return strcmp(day, changes->today) > 0 ? day : changes->today;
}

static status_t end(service_call_t *call, changes_t *changes, const char *code, const char *day)
{
    status_t status = changes_end(call, changes, code);
    return status == STATUS_OK ? changes_reply_network(call, changes, code, day) : status;
}

status_t decide_add_member(service_call_t *call)
{
    const Pcn__Registry__V1__AddMemberRequest *request = call->request;
    changes_t *changes;
    status_t status = begin(call, request->code, NULL, &changes);
    if (status == STATUS_OK)
        status = member_add(changes, request->code, request->member);
    if (status != STATUS_OK)
        return status;
    const member_t *member = request->member;
    return end(call, changes, request->code, term_holds(member->from, member->to, changes->today) ? changes->today : member->from);
}

status_t decide_move_member(service_call_t *call)
{
    const move_request_t *request = call->request;
    changes_t *changes;
    status_t status = begin(call, request->code, NULL, &changes);
    if (status == STATUS_OK)
        status = changes_reach(call, changes, "network", request->network, true);
    if (status == STATUS_OK)
        status = find_practice(call, changes, request->practice);
    if (status == STATUS_OK)
        status = member_move(changes, request);
    if (status == STATUS_OK)
        status = announcement_make(changes, request->code, request->practice, request->on, "move");
    return status == STATUS_OK ? end(call, changes, request->code, shown(changes, request->on)) : status;
}

status_t decide_leave_member(service_call_t *call)
{
    const leave_request_t *request = call->request;
    changes_t *changes;
    status_t status = begin(call, request->code, request->practice, &changes);
    if (status == STATUS_OK)
        status = member_leave(changes, request);
    if (status == STATUS_OK)
        status = announcement_make(changes, request->code, request->practice, request->on, "leave");
    return status == STATUS_OK ? end(call, changes, request->code, shown(changes, request->on)) : status;
}

status_t decide_correct_member(service_call_t *call)
{
    const correct_member_request_t *request = call->request;
    changes_t *changes;
    status_t status = begin(call, request->code, request->practice, &changes);
    if (status == STATUS_OK) {
        changes->corrects = true;
        status = member_correct(changes, request);
    }
    return status == STATUS_OK ? end(call, changes, request->code, changes->today) : status;
}

status_t decide_correct_director(service_call_t *call)
{
    const correct_director_request_t *request = call->request;
    changes_t *changes;
    status_t status = begin(call, request->code, NULL, &changes);
    if (status == STATUS_OK) {
        changes->corrects = true;
        status = director_correct(changes, request);
    }
    return status == STATUS_OK ? end(call, changes, request->code, changes->today) : status;
}
