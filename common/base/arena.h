// Memory of one request: taken in pieces, given back at once. Capped, so that a request cannot eat the daemon: when the cap is
// reached allocation yields NULL and the request is answered RESOURCE_EXHAUSTED.
//
// One thread. The arena owns everything in it; nobody frees a piece. arena_pool_t keeps emptied arenas for the next request.
#ifndef PCN_BASE_ARENA_H
#define PCN_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

typedef struct arena arena_t;

// NULL without memory. `cap` in bytes counts what is handed out.
arena_t *arena_new(size_t cap);
void arena_destroy(arena_t **arena);
// Everything is given back; the first block stays for the next use.
void arena_reset(arena_t *arena);
// 16-byte aligned, not cleared. NULL at the cap.
void *arena_alloc(arena_t *arena, size_t size);
// The same, cleared.
void *arena_zero(arena_t *arena, size_t size);
// Bytes with a NUL after them.
char *arena_copy(arena_t *arena, const void *bytes, size_t size);
char *arena_string(arena_t *arena, const char *string);
char *arena_printf(arena_t *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t arena_used(const arena_t *arena);

typedef struct arena_pool arena_pool_t;

// Keeps at most `kept` empty arenas of `cap` bytes each.
arena_pool_t *arena_pool_new(size_t cap, size_t kept);
void arena_pool_destroy(arena_pool_t **pool);
arena_t *arena_pool_take(arena_pool_t *pool);
// Resets the arena and keeps or destroys it. *arena becomes NULL.
void arena_pool_give(arena_pool_t *pool, arena_t **arena);
// Destroys those that are kept.
void arena_pool_clear(arena_pool_t *pool);

#endif
