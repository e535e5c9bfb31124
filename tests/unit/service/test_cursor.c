#include "common/service/cursor.h"
#include "tests/unit/registry/support.h"

static const char *const list[] = {"list-sizes", "pcn-a", NULL};
static const char *const parts[] = {"2019-06-20", "", "f"};

static void parts_come_back(void **state)
{
    problem_t problem = {0};
    char *back[3];
    char *token = cursor_make(list, 3, parts, 3, *state);
    assert_non_null(token);
    assert_null(strpbrk(token, "+/=. |"));
    assert_int_equal(cursor_read(token, list, 3, back, 3, *state, &problem), STATUS_OK);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(back[i], parts[i]);
}

static void another_list_is_refused(void **state)
{
    problem_t problem = {0};
    char *back[3];
    char *token = cursor_make(list, 3, parts, 3, *state);
    static const char *const others[][3] = {
        {"list-sizes", "pcn-b", NULL}, {"sites", "pcn-a", NULL}, {"list-sizes", "pcn-a", ""}, {"list-sizes", NULL, "pcn-a"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_refused(cursor_read(token, others[i], 3, back, 3, *state, &problem), STATUS_INVALID_ARGUMENT, problem, "pageToken");
}

static void what_is_no_token_is_refused(void **state)
{
    problem_t problem = {0};
    char *back[3];
    static const char *const bad[] = {"", "A", "====", "%%%", "MXwx", "MnwxMjM0", "pcn-a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(cursor_read(bad[i], list, 3, back, 3, *state, &problem), STATUS_INVALID_ARGUMENT, problem, "pageToken");
    // Of more or fewer parts.
    assert_refused(cursor_read(cursor_make(list, 3, parts, 2, *state), list, 3, back, 3, *state, &problem), STATUS_INVALID_ARGUMENT,
                   problem, "pageToken");
    assert_refused(cursor_read(cursor_make(list, 3, parts, 3, *state), list, 3, back, 2, *state, &problem), STATUS_INVALID_ARGUMENT,
                   problem, "pageToken");
    // Every changed character is refused or makes another place.
    char *good = cursor_make(list, 3, parts, 3, *state);
    for (size_t i = 0; i < strlen(good); i++) {
        char *changed = arena_string(*state, good);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        const status_t status = cursor_read(changed, list, 3, back, 3, *state, &problem);
        assert_true(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(parts_come_back), TEST(another_list_is_refused), TEST(what_is_no_token_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
