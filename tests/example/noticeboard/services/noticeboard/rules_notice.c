#include "services/noticeboard/rules_notice.h"

#include <string.h>

bool notice_is_of(const char *organisation, char *const *organisations, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(organisations[i], organisation) == 0)
            return true;
    }
    return false;
}

// Days as the contract writes them are in order as text.
status_t notice_put_up_check(const notice_t *notice, const loaded_t *row, const char *today, problem_t *problem)
{
    if (row->author_status == NULL)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "organisation", "There is no organisation %s", notice->organisation);
    if (strcmp(row->author_status, "closed") == 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "organisation", "%s is closed", notice->organisation);
    if (notice->until != NULL && strcmp(notice->until, today) < 0)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "until", "That day is over");
    if (row->code != NULL)
        return problem_set(problem, STATUS_ALREADY_EXISTS, "code", "There is a notice %s already", notice->code);
    return STATUS_OK;
}

status_t notice_take_down_check(const loaded_t *row, problem_t *problem)
{
    if (row->taken_down_on != NULL)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, NULL, "It was taken down on %s", row->taken_down_on);
    return STATUS_OK;
}

bool notice_is_over(const loaded_t *row, const char *today)
{
    return row->taken_down_on == NULL && row->until != NULL && strcmp(row->until, today) < 0;
}
