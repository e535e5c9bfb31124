#include "support.h"

static void paths_lead_through_single_messages(void **state)
{
    (void)state;
    const pb_type_t *root = &pcn__registry__v1__create_organisation_request__type;
    pb_path_t path;
    assert_true(pb_path_resolve(root, "organisation.opened_on", &path));
    assert_int_equal(path.depth, 2);
    assert_ptr_equal(path.type[0], root);
    assert_ptr_equal(path.type[1], ORGANISATION);
    assert_int_equal(path.index[1], field_of(ORGANISATION, "opened_on"));
    // The last may be anything.
    assert_true(pb_path_resolve(root, "organisation", &path));
    assert_true(pb_path_resolve(root, "organisation.identifiers", &path));
    assert_int_equal(path.depth, 2);
}

static void what_is_not_there_is_refused(void **state)
{
    (void)state;
    const pb_type_t *root = &pcn__registry__v1__create_organisation_request__type;
    static const char *const bad[] = {"",
                                      ".",
                                      "organisation.",
                                      ".organisation",
                                      "organisation..code",
                                      "organisation.openedOn",
                                      "organisation.code.x",
                                      "organisation.identifiers.value",
                                      "code",
                                      "a-name-that-is-far-longer-than-any-name-of-a-field-could-ever-be-in-the-contract"};
    pb_path_t path;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(pb_path_resolve(root, bad[i], &path));
}

static void a_path_has_an_end(void **state)
{
    (void)state;
    pb_path_t path;
    assert_true(pb_path_resolve(&sample_type, "nested.nested.nested.nested.nested.i32", &path));
    assert_int_equal(path.depth, PB_PATH_MAX);
    assert_false(pb_path_resolve(&sample_type, "nested.nested.nested.nested.nested.nested.i32", &path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths_lead_through_single_messages), cmocka_unit_test(what_is_not_there_is_refused),
                                       cmocka_unit_test(a_path_has_an_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
