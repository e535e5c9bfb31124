#include "services/ctl/plan.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "services/ctl/plan_rows.h"

// A stage in the making: not asked yet, or being asked (whoever meets that has gone round in a circle).
#define STAGE_UNKNOWN 0u
#define STAGE_VISITING UINT32_MAX
enum { DEPTH_MAX = 64 };

struct plan {
    plan_call_t *calls;
    size_t count, room;
    json_t *organisations; // code → index in calls
    json_t *as_of;         // network → day of its list size, for those of its sub-groups
    const char *start;
};

plan_t *plan_new(const char *start)
{
    plan_t *plan = calloc(1, sizeof *plan);
    if (plan == NULL)
        return NULL;
    plan->start = start;
    plan->organisations = json_object();
    plan->as_of = json_object();
    if (plan->organisations == NULL || plan->as_of == NULL)
        plan_destroy(&plan);
    return plan;
}

void plan_destroy(plan_t **plan)
{
    if (*plan == NULL)
        return;
    for (size_t i = 0; i < (*plan)->count; i++) {
        plan_call_t *call = &(*plan)->calls[i];
        json_decref(call->content);
        free(call->code);
        free(call->path);
        free(call->body);
        free(call->look);
    }
    free((*plan)->calls);
    json_decref((*plan)->organisations);
    json_decref((*plan)->as_of);
    free(*plan);
    *plan = NULL;
}

const char *plan_start(const plan_t *plan)
{
    return plan->start;
}

json_t *plan_as_of(plan_t *plan)
{
    return plan->as_of;
}

plan_call_t *plan_organisation(plan_t *plan, const char *code)
{
    json_t *index = json_object_get(plan->organisations, code);
    return index != NULL ? &plan->calls[json_integer_value(index)] : NULL;
}

bool plan_push(plan_t *plan, plan_kind_t kind, const row_t *row, const char *code, json_t *content)
{
    if (plan->count == plan->room) {
        size_t room = plan->room > 0 ? plan->room * 2 : 256;
        plan_call_t *grown = reallocarray(plan->calls, room, sizeof *grown);
        if (grown == NULL) {
            json_decref(content);
            return false;
        }
        plan->calls = grown;
        plan->room = room;
    }
    plan_call_t *call = &plan->calls[plan->count++];
    *call =
        (plan_call_t){.kind = kind, .file = row->file, .line = row->line, .content = content, .code = strdup(code), .order = plan->count};
    if (call->code == NULL || content == NULL)
        return false;
    if (kind != PLAN_ORGANISATION)
        return true;
    return json_object_set_new(plan->organisations, code, json_integer((json_int_t)plan->count - 1)) == 0;
}

// The stage of an organisation is one more than those above it in either tree; an organisation that is not in the plan counts as there.
// Stages are counted from 1 here, so that 0 can mean unknown. 0 for a circle.
static uint32_t stage_of(plan_t *plan, plan_call_t *call, unsigned depth)
{
    static const char *const above[] = {"parent", "place"};
    if (call->stage == STAGE_VISITING || depth > DEPTH_MAX)
        return STAGE_UNKNOWN;
    if (call->stage != STAGE_UNKNOWN)
        return call->stage;
    call->stage = STAGE_VISITING;
    uint32_t stage = 1;
    for (size_t i = 0; i < sizeof above / sizeof *above; i++) {
        const char *code = json_string_value(json_object_get(call->content, above[i]));
        plan_call_t *upper = code != NULL ? plan_organisation(plan, code) : NULL;
        uint32_t upper_stage = upper != NULL ? stage_of(plan, upper, depth + 1) : 0;
        if (upper != NULL && upper_stage == STAGE_UNKNOWN) {
            call->stage = STAGE_UNKNOWN;
            return STAGE_UNKNOWN;
        }
        if (upper_stage >= stage)
            stage = upper_stage + 1;
    }
    call->stage = stage;
    return stage;
}

// Organisations by depth, then members, then what is counted and who leads (a sub-group is there once it has members).
static void set_stages(plan_t *plan)
{
    uint32_t last = 0;
    for (size_t i = 0; i < plan->count; i++) {
        plan_call_t *call = &plan->calls[i];
        if (call->kind != PLAN_ORGANISATION)
            continue;
        uint32_t stage = stage_of(plan, call, 0);
        if (stage == STAGE_UNKNOWN) {
            report_problem(call->file, call->line, "parent", "the organisations above %s form a circle, or are more than %d", call->code,
                           DEPTH_MAX);
            // Sent nevertheless it would only be refused once more.
            call->stage = STAGE_VISITING;
        } else if (stage > last) {
            last = stage;
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        plan_call_t *call = &plan->calls[i];
        if (call->kind == PLAN_ORGANISATION)
            call->stage--;
        else
            call->stage = call->kind == PLAN_MEMBER ? last : last + 1;
    }
}

static int compare_calls(const void *left, const void *right)
{
    const plan_call_t *a = left, *b = right;
    if (a->stage != b->stage)
        return a->stage < b->stage ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static bool make_paths(const plan_t *plan, plan_call_t *call)
{
    static const char *const below[] = {[PLAN_MEMBER] = "members", [PLAN_DIRECTOR] = "directors"};
    int made = -1, look = -1;
    switch (call->kind) {
    case PLAN_ORGANISATION:
        made = asprintf(&call->path, "/v1/organisations");
        look = asprintf(&call->look, "/v1/organisations/%s", call->code);
        break;
    case PLAN_MEMBER:
    case PLAN_DIRECTOR:
        made = asprintf(&call->path, "/v1/networks/%s/%s", call->code, below[call->kind]);
        look = asprintf(&call->look, "/v1/networks/%s?asOf=%s", call->code, plan->start);
        break;
    case PLAN_LIST_SIZE:
        made = asprintf(&call->path, "/v1/organisations/%s/list-sizes", call->code);
        look = asprintf(&call->look, "/v1/networks/%s?asOf=%s", call->code, json_string_value(json_object_get(call->content, "asOf")));
        break;
    }
    // What a failed asprintf leaves in its pointer is undefined.
    if (made < 0)
        call->path = NULL;
    if (look < 0)
        call->look = NULL;
    return made >= 0 && look >= 0;
}

// The key is the call itself, so that whoever repeats an import repeats its keys too.
static bool make_key(plan_call_t *call)
{
    static const char method[] = "POST ";
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(context, method, sizeof method - 1) == 1 &&
              EVP_DigestUpdate(context, call->path, strlen(call->path) + 1) == 1 &&
              EVP_DigestUpdate(context, call->body, strlen(call->body)) == 1 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    int used = snprintf(call->key, sizeof call->key, "import:");
    for (size_t i = 0; ok && i < 16; i++)
        used += snprintf(call->key + used, sizeof call->key - (size_t)used, "%02x", digest[i]);
    return ok;
}

status_t plan_finish(plan_t *plan, problem_t *problem)
{
    set_stages(plan);
    if (plan->count > 0)
        qsort(plan->calls, plan->count, sizeof *plan->calls, compare_calls);
    // From here on the indices are not those of before.
    json_object_clear(plan->organisations);
    while (plan->count > 0 && plan->calls[plan->count - 1].stage >= DEPTH_MAX + 4) {
        plan_call_t *call = &plan->calls[--plan->count];
        json_decref(call->content);
        free(call->code);
    }
    for (size_t i = 0; i < plan->count; i++) {
        plan_call_t *call = &plan->calls[i];
        call->body = json_dumps(call->content, JSON_COMPACT);
        if (call->body == NULL || !make_paths(plan, call) || !make_key(call))
            return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    }
    return STATUS_OK;
}

size_t plan_count(const plan_t *plan)
{
    return plan->count;
}

const plan_call_t *plan_call(const plan_t *plan, size_t index)
{
    return &plan->calls[index];
}
