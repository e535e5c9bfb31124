#include "common/service/page.h"

#include "pcn/registry/v1/registry.meta.h"
#include "tests/unit/registry/support.h"

#define ROWS_MAX 100
#define CODES_MAX 30000
// Longer than a frame.
#define NAME_SIZE_MAX ((size_t)1024 * 1024)

typedef Pcn__Registry__V1__ListSitesRequest request_t;
typedef Pcn__Registry__V1__Site site_t;
#define SITE_TYPE (&pcn__registry__v1__site__type)

static const page_part_t kinds[] = {PAGE_CODE, PAGE_DATE};
static const char *const parts[] = {"site-a", "2019-06-20"};

static const pb_method_t method = {.name = "pcn.registry.v1.Registry/ListSites", .request = &pcn__registry__v1__list_sites_request__type};
static const pb_method_t another = {.name = "pcn.registry.v1.Registry/ListOthers", .request = &pcn__registry__v1__list_sites_request__type};

typedef struct fixture {
    service_call_t call;
    request_t request;
    problem_t problem;
    void *rows[ROWS_MAX];
} fixture_t;

static fixture_t *a_call(arena_t *arena)
{
    fixture_t *fixture = arena_alloc(arena, sizeof *fixture);
    assert_non_null(fixture);
    *fixture = (fixture_t){.request = PCN__REGISTRY__V1__LIST_SITES_REQUEST__INIT};
    fixture->call = (service_call_t){
        .method = &method, .request = &fixture->request, .arena = arena, .problem = &fixture->problem, .rows = fixture->rows};
    return fixture;
}

static char *a_token(fixture_t *fixture)
{
    char *token = NULL;
    assert_int_equal(page_end(&fixture->call, parts, 2, &token), STATUS_OK);
    assert_non_null(token);
    return token;
}

static void add_rows(fixture_t *fixture, size_t count, size_t name_size)
{
    static char names[NAME_SIZE_MAX + 1];
    memset(names, 'a', NAME_SIZE_MAX);
    char *name = names + NAME_SIZE_MAX - name_size;
    for (size_t i = 0; i < count; i++) {
        site_t *site = pb_new(SITE_TYPE, fixture->call.arena);
        assert_non_null(site);
        site->name = name;
        fixture->rows[fixture->call.row_count++] = site;
    }
}

// ---- the place ----

static void the_first_page_has_no_place(void **state)
{
    fixture_t *fixture = a_call(*state);
    char *back[2] = {(char *)"", (char *)""};
    assert_int_equal(page_prepare(&fixture->call, kinds, 2), STATUS_OK);
    assert_null(fixture->call.prepared);
    assert_int_equal(page_parts(&fixture->call, kinds, 2, back), STATUS_OK);
    assert_null(back[0]);
    assert_null(back[1]);
}

static void a_place_comes_back(void **state)
{
    fixture_t *fixture = a_call(*state);
    fixture->request.organisation = (char *)"pcn-a";
    fixture->request.page_token = a_token(fixture);
    assert_int_equal(page_prepare(&fixture->call, kinds, 2), STATUS_OK);
    const Pcn__Platform__V1__PagePlace *place = fixture->call.prepared;
    assert_int_equal(place->n_parts, 2);
    assert_string_equal(place->parts[0], parts[0]);
    assert_string_equal(place->parts[1], parts[1]);
    // How the list is cut does not matter.
    fixture->request.has_page_size = 1;
    fixture->request.page_size = 7;
    assert_int_equal(page_prepare(&fixture->call, kinds, 2), STATUS_OK);
    // What the token stood in is as it was.
    assert_int_equal(fixture->request.page_size, 7);
    assert_non_null(fixture->request.page_token);
}

static void assert_token_refused(fixture_t *fixture, const page_part_t *wanted, size_t count)
{
    fixture->call.prepared = NULL;
    assert_int_equal(page_prepare(&fixture->call, wanted, count), STATUS_INVALID_ARGUMENT);
    assert_string_equal(fixture->problem.field, "pageToken");
}

static void a_token_of_another_list_is_refused(void **state)
{
    fixture_t *fixture = a_call(*state);
    fixture->request.organisation = (char *)"pcn-a";
    fixture->request.page_token = a_token(fixture);
    fixture->request.organisation = (char *)"pcn-b";
    assert_token_refused(fixture, kinds, 2);
    fixture->request.organisation = NULL;
    assert_token_refused(fixture, kinds, 2);
    fixture->request.organisation = (char *)"pcn-a";
    fixture->request.as_of = (char *)"2026-11-26";
    assert_token_refused(fixture, kinds, 2);
    fixture->request.as_of = NULL;
    fixture->call.method = &another;
    assert_token_refused(fixture, kinds, 2);
    fixture->call.method = &method;
    assert_int_equal(page_prepare(&fixture->call, kinds, 2), STATUS_OK);
}

static void parts_that_the_load_could_not_read_are_refused(void **state)
{
    fixture_t *fixture = a_call(*state);
    static const struct {
        page_part_t kind;
        const char *good, *bad[4];
    } cases[] = {
        {PAGE_TEXT, "", {"\xff", "\xed\xa0\x80"}},
        {PAGE_CODE, "pcn-a", {"", "pcn a", "PCN-a"}},
        {PAGE_ID, "0192f0c1-2b3c-7d4e-8f50-112233445566", {"", "0192f0c1", "x192f0c1-2b3c-7d4e-8f50-112233445566"}},
        {PAGE_DATE, "2024-02-29", {"", "2023-02-29", "2024-02-29 "}},
        {PAGE_INSTANT, "2026-11-26T10:00:00Z", {"", "2026-11-26", "2026-11-26T25:00:00Z"}},
        {PAGE_NUMBER, "2147483647", {"", "-1", "2147483648", "99999999999999999999"}},
        {PAGE_FLAG, PAGE_FLAG_TEXT(true), {"", "true", "1"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(page_end(&fixture->call, &cases[i].good, 1, &fixture->request.page_token), STATUS_OK);
        assert_int_equal(page_prepare(&fixture->call, &cases[i].kind, 1), STATUS_OK);
        for (size_t j = 0; j < 4 && cases[i].bad[j] != NULL; j++) {
            assert_int_equal(page_end(&fixture->call, &cases[i].bad[j], 1, &fixture->request.page_token), STATUS_OK);
            assert_token_refused(fixture, &cases[i].kind, 1);
        }
    }
    fixture->request.page_token = a_token(fixture);
    assert_token_refused(fixture, kinds, 1);
    fixture->request.page_token = (char *)"no token";
    assert_token_refused(fixture, kinds, 2);
}

static void without_memory_there_is_no_token(void **state)
{
    fixture_t *fixture = a_call(*state);
    arena_t *small = arena_new(64);
    assert_non_null(small);
    fixture->call.arena = small;
    char *token = NULL;
    assert_int_equal(page_end(&fixture->call, parts, 2, &token), STATUS_RESOURCE_EXHAUSTED);
    assert_null(token);
    fixture->request.page_token = (char *)"AAAA";
    assert_int_equal(page_prepare(&fixture->call, kinds, 2), STATUS_RESOURCE_EXHAUSTED);
    arena_destroy(&small);
}

// ---- the rows ----

static void a_page_has_as_many_rows_as_asked_for(void **state)
{
    fixture_t *fixture = a_call(*state);
    add_rows(fixture, PAGE_SIZE_DEFAULT + 1, 3);
    assert_int_equal(page_length(&fixture->call, SITE_TYPE), PAGE_SIZE_DEFAULT);
    fixture->request.has_page_size = 1;
    fixture->request.page_size = 2;
    assert_int_equal(page_length(&fixture->call, SITE_TYPE), 2);
    fixture->request.page_size = 1000;
    assert_int_equal(page_length(&fixture->call, SITE_TYPE), PAGE_SIZE_DEFAULT + 1);
    fixture->call.row_count = 0;
    assert_int_equal(page_length(&fixture->call, SITE_TYPE), 0);
}

static void a_page_fits_a_frame(void **state)
{
    fixture_t *fixture = a_call(*state);
    fixture->request.has_page_size = 1;
    fixture->request.page_size = 1000;
    add_rows(fixture, 20, 100000);
    assert_int_equal(page_length(&fixture->call, SITE_TYPE), 10);
    // One that is too long alone is for the frame to refuse, not to be passed over for ever.
    fixture->call.row_count = 0;
    add_rows(fixture, 2, NAME_SIZE_MAX);
    assert_int_equal(page_length(&fixture->call, SITE_TYPE), 1);
}

static void a_page_has_no_more_fields_than_a_reply_may(void **state)
{
    fixture_t *fixture = a_call(*state);
    fixture->request.has_page_size = 1;
    fixture->request.page_size = 1000;
    char **codes = arena_alloc(*state, CODES_MAX * sizeof *codes);
    assert_non_null(codes);
    for (size_t i = 0; i < CODES_MAX; i++)
        codes[i] = (char *)"";
    Pcn__Platform__V1__PagePlace row = PCN__PLATFORM__V1__PAGE_PLACE__INIT;
    row.parts = codes;
    row.n_parts = 30000;
    page_t page = page_begin(&fixture->call);
    assert_true(page_take(&page, PAGE_PLACE_TYPE, &row));
    assert_true(page_take(&page, PAGE_PLACE_TYPE, &row));
    assert_false(page_take(&page, PAGE_PLACE_TYPE, &row));
    assert_int_equal(page.rows, 2);
    // A shorter one would still fit.
    row.n_parts = 100;
    assert_true(page_take(&page, PAGE_PLACE_TYPE, &row));
    assert_int_equal(page.fields, 2 * 30001 + 101);
}

static void nested_fields_count(void **state)
{
    fixture_t *fixture = a_call(*state);
    Pcn__Registry__V1__ListSitesReply row = PCN__REGISTRY__V1__LIST_SITES_REPLY__INIT;
    add_rows(fixture, 3, 1);
    row.sites = (site_t **)fixture->rows;
    row.n_sites = 3;
    page_t page = page_begin(&fixture->call);
    assert_true(page_take(&page, &pcn__registry__v1__list_sites_reply__type, &row));
    // The row, its three sites, a name each.
    assert_int_equal(page.fields, 7);
}

static void rows_are_merged_into_what_the_reply_has(void **state)
{
    fixture_t *fixture = a_call(*state);
    add_rows(fixture, 3, 5);
    fixture->request.has_page_size = 1;
    fixture->request.page_size = 2;
    size_t count = 0;
    organisation_t **merged = page_merge(&fixture->call, ORGANISATION_TYPE, SITE_TYPE, &count);
    assert_non_null(merged);
    assert_int_equal(count, 2);
    assert_string_equal(merged[0]->name, "aaaaa");
    assert_string_equal(merged[1]->name, "aaaaa");
    arena_t *small = arena_new(64);
    assert_non_null(small);
    fixture->call.arena = small;
    assert_null(page_merge(&fixture->call, ORGANISATION_TYPE, SITE_TYPE, &count));
    arena_destroy(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_page_has_no_place),
        TEST(a_place_comes_back),
        TEST(a_token_of_another_list_is_refused),
        TEST(parts_that_the_load_could_not_read_are_refused),
        TEST(without_memory_there_is_no_token),
        TEST(a_page_has_as_many_rows_as_asked_for),
        TEST(a_page_fits_a_frame),
        TEST(a_page_has_no_more_fields_than_a_reply_may),
        TEST(nested_fields_count),
        TEST(rows_are_merged_into_what_the_reply_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
