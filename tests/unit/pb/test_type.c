#include "support.h"

#include "common/pb/field.h"

static void fields_are_found_by_both_names(void **state)
{
    (void)state;
    assert_int_equal(pb_field_by_name(ORGANISATION, "opened_on"), 7);
    assert_int_equal(pb_field_by_json(ORGANISATION, "openedOn", 8), 7);
    assert_int_equal(pb_field_by_name(ORGANISATION, "openedOn"), -1);
    assert_int_equal(pb_field_by_json(ORGANISATION, "opened_on", 9), -1);
    assert_int_equal(pb_field_by_name(ORGANISATION, ""), -1);
    assert_int_equal(pb_field_by_json(ORGANISATION, "code", 3), -1);
    assert_int_equal(pb_field_by_json(ORGANISATION, "codex", 5), -1);
    // A NUL within the given size ends no comparison.
    assert_int_equal(pb_field_by_json(ORGANISATION, "code\0x", 6), -1);
    assert_int_equal(pb_field_by_name(&pcn__registry__v1__get_checks_request__type, "code"), -1);
}

static void every_field_of_every_type_is_found(void **state)
{
    (void)state;
    for (const pb_type_t *const *type = pcn_types; *type != NULL; type++)
        for (unsigned i = 0; i < (*type)->descriptor->n_fields; i++) {
            const char *json = (*type)->fields[i].json;
            assert_int_equal(pb_field_by_name(*type, (*type)->descriptor->fields[i].name), i);
            assert_int_equal(pb_field_by_json(*type, json, strlen(json)), i);
        }
}

static void methods_are_found_by_their_full_name(void **state)
{
    (void)state;
    const pb_method_t *method = pb_method_by_name("pcn.registry.v1.Registry/GetOrganisation");
    assert_non_null(method);
    assert_string_equal(method->short_name, "GetOrganisation");
    assert_ptr_equal(method->reply, ORGANISATION);
    assert_null(pb_method_by_name("pcn.registry.v1.Registry/GetOrganisatio"));
    assert_null(pb_method_by_name("pcn.registry.v1.Registry/GetOrganisations"));
    assert_null(pb_method_by_name("pcn.registry.v1.Registry"));
    assert_null(pb_method_by_name("pcn.registry.v1.RegistryX/GetOrganisation"));
    assert_null(pb_method_by_name("/"));
    assert_null(pb_method_by_name(""));
}

static void enum_names_go_both_ways(void **state)
{
    (void)state;
    const pb_enum_t *kind = &pcn__registry__v1__organisation_kind__enum;
    assert_string_equal(pb_enum_json(kind, PCN__REGISTRY__V1__ORGANISATION_KIND__ORGANISATION_KIND_LOCAL_AUTHORITY), "local-authority");
    assert_null(pb_enum_json(kind, 0));
    assert_null(pb_enum_json(kind, 99));
    assert_null(pb_enum_json(kind, -1));
    int value = -1;
    assert_true(pb_enum_by_json(kind, "sub-icb", 7, &value));
    assert_int_equal(value, PCN__REGISTRY__V1__ORGANISATION_KIND__ORGANISATION_KIND_SUB_ICB);
    assert_false(pb_enum_by_json(kind, "", 0, &value));
    assert_false(pb_enum_by_json(kind, "sub-ic", 6, &value));
    assert_false(pb_enum_by_json(kind, "Network", 7, &value));
    assert_false(pb_enum_by_json(kind, "unspecified", 11, &value));
    // Numbers with a gap are searched.
    const pb_enum_t *colour = sample_type.fields[COLOUR].enumeration;
    assert_string_equal(pb_enum_json(colour, 7), "dark-blue");
    assert_null(pb_enum_json(colour, 2));
    assert_true(pb_enum_has(colour->descriptor, 0));
    assert_false(pb_enum_has(colour->descriptor, 6));
    assert_false(pb_enum_has(colour->descriptor, INT32_MIN));
}

static void enum_names_are_listed_within_their_room(void **state)
{
    (void)state;
    char names[64];
    pb_enum_names(sample_type.fields[COLOUR].enumeration, names, sizeof names);
    assert_string_equal(names, "one of red, dark-blue");
    pb_enum_names(&pcn__registry__v1__organisation_kind__enum, names, sizeof names);
    assert_true(strlen(names) < sizeof names);
    assert_string_equal(names + strlen(names) - strlen(", …"), ", …");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fields_are_found_by_both_names),
                                       cmocka_unit_test(every_field_of_every_type_is_found),
                                       cmocka_unit_test(methods_are_found_by_their_full_name), cmocka_unit_test(enum_names_go_both_ways),
                                       cmocka_unit_test(enum_names_are_listed_within_their_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
