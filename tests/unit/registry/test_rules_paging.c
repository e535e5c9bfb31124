#include "services/registry/rules_paging.h"
#include "tests/unit/registry/support.h"

typedef Pcn__Registry__V1__ListOrganisationsRequest request_t;

static request_t *make_request(arena_t *arena, const char *parent, const char *q)
{
    request_t *request = pb_new(&pcn__registry__v1__list_organisations_request__type, arena);
    assert_non_null(request);
    request->parent = text(arena, parent);
    request->q = text(arena, q);
    return request;
}

static void a_list_without_a_token_begins(void **state)
{
    problem_t problem = {0};
    assert_int_equal(page_token_check(make_request(*state, NULL, NULL), *state, &problem), STATUS_OK);
}

static void a_token_of_the_same_list_is_good(void **state)
{
    problem_t problem = {0};
    static const char *const codes[] = {"pcn-rutland", "x1", "A81001", "a-code-of-sixty-four-characters-which-is-the-longest-there-can-b"};
    for (size_t i = 0; i < 4; i++) {
        request_t *request = make_request(*state, "ccg-elr", "Rut%land");
        request->page_token = page_token_make(request, codes[i], 0, *state);
        assert_non_null(request->page_token);
        assert_true(strlen(request->page_token) <= 200);
        assert_null(strpbrk(request->page_token, "+/=. "));
        assert_int_equal(page_token_check(request, *state, &problem), STATUS_OK);
        // Another size of page is the same list.
        request->has_page_size = 1;
        request->page_size = 7;
        assert_int_equal(page_token_check(request, *state, &problem), STATUS_OK);
    }
}

static void a_token_of_another_list_is_refused(void **state)
{
    problem_t problem = {0};
    request_t *request = make_request(*state, "ccg-elr", NULL);
    char *token = page_token_make(request, "pcn-rutland", 0, *state);
    request_t *others[] = {make_request(*state, "ccg-wl", NULL),  make_request(*state, NULL, "ccg-elr"),
                           make_request(*state, NULL, NULL),      make_request(*state, "ccg-elr", ""),
                           make_request(*state, "ccg-elr", NULL), make_request(*state, "ccg-elr", NULL)};
    others[4]->has_kind = 1;
    others[4]->kind = KIND(NETWORK);
    others[5]->has_level = 1;
    others[5]->level = LEVEL(PLACE);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        others[i]->page_token = token;
        assert_refused(page_token_check(others[i], *state, &problem), STATUS_INVALID_ARGUMENT, problem, "pageToken");
    }
}

static void what_is_no_token_is_refused(void **state)
{
    problem_t problem = {0};
    request_t *request = make_request(*state, NULL, NULL);
    char *good = page_token_make(request, "pcn-rutland", 0, *state);
    char *longer = arena_printf(*state, "%sA", good);
    char *shorter = arena_copy(*state, good, strlen(good) - 8);
    static const char *const bad[] = {"", "A", "%%%", "a b", "MS4", "pcn-rutland", "1.0.pcn-rutland", "AAAA====", "_____"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        request->page_token = text(*state, bad[i]);
        assert_refused(page_token_check(request, *state, &problem), STATUS_INVALID_ARGUMENT, problem, "pageToken");
    }
    request->page_token = longer;
    assert_refused(page_token_check(request, *state, &problem), STATUS_INVALID_ARGUMENT, problem, "pageToken");
    request->page_token = shorter; // by whole groups: the place of another code
    assert_int_equal(page_token_check(request, *state, &problem), STATUS_OK);
    // Every single character that is changed either makes another place of the same list or is refused; nothing breaks.
    for (size_t i = 0; i < strlen(good); i++) {
        request->page_token = arena_string(*state, good);
        request->page_token[i] = request->page_token[i] == 'A' ? 'B' : 'A';
        const status_t status = page_token_check(request, *state, &problem);
        assert_true(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_list_without_a_token_begins), TEST(a_token_of_the_same_list_is_good),
                                       TEST(a_token_of_another_list_is_refused), TEST(what_is_no_token_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
