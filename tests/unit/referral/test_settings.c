#include "services/referral/settings.h"
#include "tests/unit/referral/support.h"

static void an_address_has_one_token(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        status_t status;
    } cases[] = {
        {NULL, STATUS_OK},
        {"", STATUS_OK},
        {"https://video.example/{token}", STATUS_OK},
        {"https://video.example/join?t={token}&lang=en", STATUS_OK},
        {"http://video.example/{token}", STATUS_INVALID_ARGUMENT},
        {"https://video.example/", STATUS_INVALID_ARGUMENT},
        {"https://video.example/{token}/{token}", STATUS_INVALID_ARGUMENT},
        {"{token}", STATUS_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem_t problem = {0};
        const referral_settings_t settings = {.video_url = cases[i].url};
        assert_int_equal(referral_check_settings(&settings, &problem), cases[i].status);
        assert_string_equal(problem.field, cases[i].status == STATUS_OK ? "" : "PCN_REFERRAL_VIDEO_URL");
    }
}

static void the_token_stands_in_it(void **state)
{
    const referral_settings_t settings = {.video_url = "https://video.example/{token}?lang=en"}, none = {.video_url = NULL};
    assert_string_equal(referral_join_url(&settings, "abc", *state), "https://video.example/abc?lang=en");
    assert_null(referral_join_url(&settings, NULL, *state));
    assert_null(referral_join_url(&none, "abc", *state));
    assert_null(referral_join_url(NULL, "abc", *state));
}

static void what_may_be_held_has_a_default(void **state)
{
    (void)state;
    const referral_settings_t settings = {.holds_max = 7};
    assert_int_equal(referral_holds_max(&settings), 7);
    assert_int_equal(referral_holds_max(NULL), 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_one_token),
        cmocka_unit_test(what_may_be_held_has_a_default),
        cmocka_unit_test_setup_teardown(the_token_stands_in_it, arena_setup, arena_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
