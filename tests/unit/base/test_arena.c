#include "support.h"

#include "common/base/arena.h"

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    arena_t *arena = arena_new(1024 * 1024);
    unsigned char *previous = NULL;
    for (size_t size = 0; size < 300; size++) {
        unsigned char *piece = arena_alloc(arena, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % 16, 0);
        assert_ptr_not_equal(piece, previous);
        memset(piece, (int)(size & 0xFF), size);
        previous = piece;
    }
    arena_destroy(&arena);
    assert_null(arena);
    arena_destroy(&arena);
}

static void pieces_keep_their_content_across_blocks(void **state)
{
    (void)state;
    enum { PIECES = 3000 };
    arena_t *arena = arena_new(16 * 1024 * 1024);
    static unsigned char *piece[PIECES];
    static size_t size[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        // Now and then one that gets a block of its own.
        size[i] = i % 97 == 0 ? 40000 : i * 7 % 900;
        piece[i] = arena_alloc(arena, size[i]);
        assert_non_null(piece[i]);
        memset(piece[i], (int)(i & 0xFF), size[i]);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; k < size[i]; k++) {
            assert_int_equal(piece[i][k], i & 0xFF);
        }
    }
    arena_destroy(&arena);
}

static void the_cap_holds(void **state)
{
    (void)state;
    arena_t *arena = arena_new(1000);
    assert_null(arena_alloc(arena, 1001));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 8));
    assert_non_null(arena_alloc(arena, 1000));
    assert_null(arena_alloc(arena, 1));
    assert_null(arena_copy(arena, "x", 1));
    assert_null(arena_printf(arena, "%d", 1));
    assert_null(arena_copy(arena, "x", SIZE_MAX));
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    size_t count = 0;
    while (arena_alloc(arena, 16) != NULL) {
        count++;
    }
    assert_int_equal(count, 1000 / 16);
    assert_true(arena_used(arena) <= 1000);
    arena_destroy(&arena);
}

static void a_reset_gives_the_first_block_again(void **state)
{
    (void)state;
    arena_t *arena = arena_new(1024 * 1024);
    void *first = arena_alloc(arena, 100);
    assert_non_null(arena_alloc(arena, 300 * 1024));
    assert_non_null(arena_alloc(arena, 10 * 1024));
    assert_true(arena_used(arena) >= 310 * 1024 + 100);
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    assert_ptr_equal(arena_alloc(arena, 100), first);
    arena_destroy(&arena);
}

static void texts_are_copied_and_printed(void **state)
{
    (void)state;
    arena_t *arena = arena_new(64 * 1024);
    char *copy = arena_copy(arena, "ab\0cd", 5);
    assert_memory_equal(copy, "ab\0cd", 6);
    assert_string_equal(arena_copy(arena, NULL, 0), "");
    assert_string_equal(arena_string(arena, "practice"), "practice");
    assert_string_equal(arena_printf(arena, "%s-%d", "pcn", 7), "pcn-7");
    // At and around the length that is formatted in one go.
    for (int width = 250; width < 260; width++) {
        char *text = arena_printf(arena, "%*d", width, 1);
        assert_int_equal(strlen(text), width);
        assert_int_equal(text[width - 1], '1');
    }
    unsigned char *zeros = arena_zero(arena, 500);
    for (size_t i = 0; i < 500; i++) {
        assert_int_equal(zeros[i], 0);
    }
    arena_destroy(&arena);
}

static void a_pool_keeps_a_few_empty_arenas(void **state)
{
    (void)state;
    arena_pool_t *pool = arena_pool_new(5000, 2);
    arena_t *a = arena_pool_take(pool), *b = arena_pool_take(pool), *c = arena_pool_take(pool);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    arena_t *kept = b;
    assert_non_null(arena_alloc(b, 5000));
    arena_pool_give(pool, &a);
    arena_pool_give(pool, &b);
    arena_pool_give(pool, &c);
    assert_null(a);
    assert_null(b);
    assert_null(c);
    arena_pool_give(pool, &c);
    arena_t *again = arena_pool_take(pool);
    assert_ptr_equal(again, kept);
    assert_int_equal(arena_used(again), 0);
    assert_null(arena_alloc(again, 5001));
    assert_non_null(arena_alloc(again, 5000));
    arena_pool_give(pool, &again);
    arena_pool_clear(pool);
    again = arena_pool_take(pool);
    assert_non_null(again);
    assert_non_null(arena_alloc(again, 5000));
    arena_pool_give(pool, &again);
    arena_pool_destroy(&pool);
    assert_null(pool);
    arena_pool_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(pieces_keep_their_content_across_blocks),
        cmocka_unit_test(the_cap_holds),
        cmocka_unit_test(a_reset_gives_the_first_block_again),
        cmocka_unit_test(texts_are_copied_and_printed),
        cmocka_unit_test(a_pool_keeps_a_few_empty_arenas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
