#include "common/service/patch.h"
#include "tests/unit/registry/support.h"

typedef Pcn__Registry__V1__Site site_t;
#define SITE_TYPE (&pcn__registry__v1__site__type)

static site_t *before(arena_t *arena)
{
    site_t *site = pb_new(SITE_TYPE, arena);
    site->code = text(arena, "s-1");
    site->name = text(arena, "Surgery");
    site->tenure = text(arena, "owned");
    site->has_version = 1;
    site->version = 3;
    return site;
}

static void a_patch_changes_what_it_names(void **state)
{
    problem_t problem = {0};
    site_t patch = PCN__REGISTRY__V1__SITE__INIT;
    patch.name = text(*state, "Health centre");
    char *clear[] = {text(*state, "tenure")};
    void *after;
    site_t *site = before(*state);
    assert_int_equal(message_patch(SITE_TYPE, site, &patch, clear, 1, *state, &after, &problem), STATUS_OK);
    assert_string_equal(((site_t *)after)->name, "Health centre");
    assert_string_equal(((site_t *)after)->code, "s-1");
    assert_null(((site_t *)after)->tenure);
    assert_int_equal(((site_t *)after)->version, 3);
    assert_string_equal(site->tenure, "owned"); // as it was
}

static void what_may_not_change_is_refused(void **state)
{
    problem_t problem = {0};
    void *after;
    site_t *site = before(*state);
    site_t patch = PCN__REGISTRY__V1__SITE__INIT;
    patch.code = text(*state, "s-2"); // immutable
    assert_refused(message_patch(SITE_TYPE, site, &patch, NULL, 0, *state, &after, &problem), STATUS_INVALID_ARGUMENT, problem, "code");
    patch.code = NULL;
    patch.has_version = 1; // the service's
    assert_refused(message_patch(SITE_TYPE, site, &patch, NULL, 0, *state, &after, &problem), STATUS_INVALID_ARGUMENT, problem, "version");
    patch.has_version = 0;
    static const char *const kept[] = {"name", "code", "version", "no_such"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        char *clear[] = {text(*state, kept[i])};
        assert_refused(message_patch(SITE_TYPE, site, &patch, clear, 1, *state, &after, &problem), STATUS_INVALID_ARGUMENT, problem,
                       kept[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_patch_changes_what_it_names), TEST(what_may_not_change_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
