#include "common/event/pages.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#define SOURCE "/pcn/registry"

static Pcn__Events__V1__Event events[10];
static Pcn__Events__V1__Event *list[10];

// Events after + 1 … after + count.
static Pcn__Events__V1__Event **make(int64_t after, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        events[i] = (Pcn__Events__V1__Event)PCN__EVENTS__V1__EVENT__INIT;
        events[i].id = events[i].type = events[i].subject = events[i].data = (char *)(uintptr_t) "x";
        events[i].source = (char *)(uintptr_t)SOURCE;
        events[i].has_sequence = 1;
        events[i].sequence = after + 1 + (int64_t)i;
        list[i] = &events[i];
    }
    return list;
}

static void assert_hole(const event_pages_t *pages, int64_t place, int64_t target, int64_t after, int64_t until)
{
    int64_t from = -1;
    int64_t to = -1;
    assert_int_equal(event_pages_hole(pages, place, target, &from, &to), after < until);
    assert_int_equal(from, after);
    assert_true(after >= until || to == until);
}

static void finds_holes(void **state)
{
    (void)state;
    event_pages_t pages = {.count = 0};
    assert_hole(&pages, 5, 5, 5, 5);
    assert_hole(&pages, 5, -1, 5, -1); // nothing is known
    assert_hole(&pages, 5, 100, 5, 100);
    (void)event_pages_add(&pages, 15, 25);
    assert_hole(&pages, 5, 100, 5, 15); // before it
    (void)event_pages_add(&pages, 5, 15);
    assert_int_equal(pages.page[0].after, 5); // in order
    assert_hole(&pages, 5, 100, 25, 100);
    assert_hole(&pages, 5, 20, 25, 20);    // all is on its way, and more
    assert_hole(&pages, 40, 100, 40, 100); // published events were faster
    (void)event_pages_arrive(&pages.page[0], make(5, 4), 4, SOURCE);
    assert_hole(&pages, 5, 100, 9, 15); // shorter than asked for
    event_pages_clear(&pages);
    assert_int_equal(pages.count, 0);
}

static void gives_in_order(void **state)
{
    (void)state;
    event_pages_t pages = {.count = 0};
    assert_null(event_pages_next(&pages, 0));
    event_page_t *page = event_pages_add(&pages, 0, 10);
    assert_true(event_pages_waited(&pages));
    assert_null(event_pages_next(&pages, 0));
    assert_int_equal(event_pages_arrive(page, make(0, 4), 4, SOURCE), 0);
    assert_false(event_pages_waited(&pages));
    for (int64_t place = 0; place < 4; place++) {
        assert_int_equal(event_pages_next(&pages, place)->sequence, place + 1);
        assert_int_equal(event_pages_next(&pages, place)->sequence, place + 1); // again
    }
    assert_int_equal(pages.count, 1);
    assert_null(event_pages_next(&pages, 4));
    assert_int_equal(pages.count, 0); // it was passed
    // A place in the middle: the rest came from elsewhere.
    page = event_pages_add(&pages, 10, 20);
    (void)event_pages_arrive(page, make(10, 10), 10, SOURCE);
    assert_null(event_pages_next(&pages, 8));
    assert_int_equal(event_pages_next(&pages, 15)->sequence, 16);
    event_pages_clear(&pages);
}

static void takes_what_is_whole(void **state)
{
    (void)state;
    for (int kind = 0; kind < 9; kind++) {
        event_pages_t pages = {.count = 0};
        event_page_t *page = event_pages_add(&pages, 7, kind == 8 ? 10 : 17);
        make(7, 10);
        switch (kind) {
        case 0:
            events[3].sequence = 12; // a gap
            break;
        case 1:
            events[3].sequence = 10; // twice
            break;
        case 2:
            events[3].has_sequence = 0;
            break;
        case 3:
            events[3].id = NULL;
            break;
        case 4:
            events[3].type = NULL;
            break;
        case 5:
            events[3].subject = (char *)(uintptr_t) "";
            break;
        case 6:
            events[3].data = NULL;
            break;
        case 7:
            events[3].source = (char *)(uintptr_t) "/pcn/finance";
            break;
        default:
            break; // more than was asked for
        }
        assert_int_equal(event_pages_arrive(page, list, 10, SOURCE), 7);
        assert_int_equal(page->count, 3);
        assert_int_equal(page->until, 10);
        event_pages_clear(&pages);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_holes),
        cmocka_unit_test(gives_in_order),
        cmocka_unit_test(takes_what_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
