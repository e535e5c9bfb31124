#include "services/registry/rules_span.h"

#include <stdio.h>
#include <string.h>

#include "services/registry/rules_term.h"

status_t span_request_check(const span_request_t *request, problem_t *problem)
{
    const bool changes = request->new_from != NULL || request->new_to != NULL || request->ongoing || request->more;
    if (request->never && changes)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "never", "What never held has nothing else that is right");
    if (!request->never && !changes)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "never", "Nothing says what is right");
    if (request->ongoing && request->new_to != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "newTo", "What goes on has no last day");
    return STATUS_OK;
}

char *span_right_to(const span_request_t *request, char *to)
{
    if (request->ongoing)
        return NULL;
    return request->new_to != NULL ? request->new_to : to;
}

status_t span_refusal(status_t status, problem_t *problem)
{
    static const char *const names[][2] = {{"from", "newFrom"},         {"to", "newTo"},
                                           {"name", "newName"},         {"share", "newShare"},
                                           {"provider", "newProvider"}, {"grantedBy", "newGrantedBy"}};
    for (size_t i = 0; status != STATUS_OK && i < sizeof names / sizeof *names; i++) {
        if (strcmp(problem->field, names[i][0]) == 0) {
            (void)snprintf(problem->field, sizeof problem->field, "%s", names[i][1]);
            break;
        }
    }
    return status;
}

bool span_last(const char *from, const char *on, arena_t *arena, char **last)
{
    *last = NULL;
    if (strcmp(from, on) >= 0)
        return true;
    *last = day_before(on, arena);
    return *last != NULL;
}

bool span_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}
