#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/db/pool_internal.h"

static void expect(db_queue_t *queue, db_query_t *const *queries, unsigned count)
{
    assert_int_equal(queue->count, count);
    for (unsigned i = 0; i < count; i++)
        assert_ptr_equal(queue_pop(queue), queries[i]);
    assert_null(queue_pop(queue));
    assert_null(queue->head);
    assert_null(queue->tail);
    assert_int_equal(queue->count, 0);
}

static void test_first_in_first_out(void **state)
{
    (void)state;
    db_query_t a = {0}, b = {0}, c = {0};
    db_queue_t queue = {0};
    assert_null(queue_pop(&queue));
    queue_push(&queue, &a);
    queue_push(&queue, &b);
    assert_ptr_equal(queue_pop(&queue), &a);
    queue_push(&queue, &c);
    expect(&queue, (db_query_t *[]){&b, &c}, 2);
}

static void test_prepend(void **state)
{
    (void)state;
    db_query_t a = {0}, b = {0}, c = {0};
    db_queue_t queue = {0}, front = {0};
    queue_prepend(&queue, &front);
    expect(&queue, NULL, 0);
    queue_push(&front, &a);
    queue_push(&front, &b);
    queue_prepend(&queue, &front);
    assert_int_equal(front.count, 0);
    assert_null(front.head);
    queue_push(&queue, &c);
    expect(&queue, (db_query_t *[]){&a, &b, &c}, 3);
    queue_push(&queue, &c);
    queue_push(&front, &a);
    queue_push(&front, &b);
    queue_prepend(&queue, &front);
    expect(&queue, (db_query_t *[]){&a, &b, &c}, 3);
}

static void test_append_list(void **state)
{
    (void)state;
    db_query_t a = {0}, b = {0}, c = {0};
    db_queue_t queue = {0};
    queue_push(&queue, &a);
    b.next = &c;
    queue_append_list(&queue, &b);
    queue_append_list(&queue, NULL);
    expect(&queue, (db_query_t *[]){&a, &b, &c}, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_prepend),
        cmocka_unit_test(test_append_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
