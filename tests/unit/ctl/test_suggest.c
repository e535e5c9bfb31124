// What may have been meant by a word.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "services/ctl/suggest.h"

static const char *nearest(suggest_t *suggest, const char *word)
{
    static const char *const words[] = {"parent", "place", "page-size", "q", "kind"};
    suggest_init(suggest, word);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        suggest_offer(suggest, words[i]);
    return suggest->best;
}

static void near_and_far(void **state)
{
    (void)state;
    suggest_t suggest;
    assert_string_equal(nearest(&suggest, "parnet"), "parent");
    assert_string_equal(nearest(&suggest, "pagesize"), "page-size");
    assert_string_equal(nearest(&suggest, "pace"), "place");
    assert_string_equal(nearest(&suggest, "kinds"), "kind");
    assert_string_equal(nearest(&suggest, "colour"), "");
    assert_string_equal(nearest(&suggest, ""), "");
    assert_string_equal(nearest(&suggest, "x"), "");
    char word[4 * SUGGEST_SIZE];
    memset(word, 'p', sizeof word);
    word[sizeof word - 1] = '\0';
    assert_string_equal(nearest(&suggest, word), "");
    suggest_init(&suggest, "parent");
    suggest_offer(&suggest, word);
    assert_string_equal(suggest.best, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(near_and_far)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
