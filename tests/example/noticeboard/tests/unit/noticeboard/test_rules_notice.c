#include "services/noticeboard/rules_notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TODAY "2026-11-26"

static void own_organisations_alone(void **state)
{
    (void)state;
    char *organisations[] = {"pcn-a", "gp-b"};
    assert_true(notice_is_of("gp-b", organisations, 2));
    assert_false(notice_is_of("gp-c", organisations, 2));
    assert_false(notice_is_of("pcn-a", NULL, 0));
}

static void refused(status_t expected, const char *field, const notice_t *notice, const loaded_t *row)
{
    problem_t problem = {0};
    assert_int_equal(notice_put_up_check(notice, row, TODAY, &problem), expected);
    assert_string_equal(problem.field, field);
}

static void what_may_be_put_up(void **state)
{
    (void)state;
    notice_t notice = PCN__NOTICEBOARD__V1__NOTICE__INIT;
    notice.code = "flu", notice.organisation = "pcn-a";
    loaded_t row = PCN__NOTICEBOARD__STORE__V1__LOADED_NOTICE__INIT;
    refused(STATUS_FAILED_PRECONDITION, "organisation", &notice, &row);
    row.author_status = "closed";
    refused(STATUS_FAILED_PRECONDITION, "organisation", &notice, &row);
    row.author_status = "active";
    refused(STATUS_OK, "", &notice, &row);
    notice.until = "2026-11-25";
    refused(STATUS_FAILED_PRECONDITION, "until", &notice, &row);
    notice.until = TODAY;
    refused(STATUS_OK, "", &notice, &row);
    row.code = "flu";
    refused(STATUS_ALREADY_EXISTS, "code", &notice, &row);
}

static void what_hangs_is_taken_down_once(void **state)
{
    (void)state;
    problem_t problem = {0};
    loaded_t row = PCN__NOTICEBOARD__STORE__V1__LOADED_NOTICE__INIT;
    assert_int_equal(notice_take_down_check(&row, &problem), STATUS_OK);
    assert_false(notice_is_over(&row, TODAY));
    row.until = TODAY;
    assert_false(notice_is_over(&row, TODAY));
    row.until = "2026-11-25";
    assert_true(notice_is_over(&row, TODAY));
    row.taken_down_on = TODAY;
    assert_false(notice_is_over(&row, TODAY));
    assert_int_equal(notice_take_down_check(&row, &problem), STATUS_FAILED_PRECONDITION);
    assert_string_equal(problem.detail, "It was taken down on " TODAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_organisations_alone),
        cmocka_unit_test(what_may_be_put_up),
        cmocka_unit_test(what_hangs_is_taken_down_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
