#include "common/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
// Under AddressSanitizer what was given back is poisoned, so that a use after the reset is found although the block stays.
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define ARENA_CLOSE(bytes, size) ASAN_POISON_MEMORY_REGION((bytes), (size))
#define ARENA_OPEN(bytes, size) ASAN_UNPOISON_MEMORY_REGION((bytes), (size))
#else
#define ARENA_CLOSE(bytes, size) ((void)(bytes), (void)(size))
#define ARENA_OPEN(bytes, size) ((void)(bytes), (void)(size))
#endif

enum { ALIGNMENT = 16, FIRST_BLOCK = 8 * 1024, LARGEST_BLOCK = 256 * 1024 };

typedef struct block {
    struct block *next;
    size_t room;
    alignas(ALIGNMENT) char bytes[];
} block_t;

struct arena {
    size_t cap;
    size_t handed_out;
    // Bytes taken from the newest shared block.
    size_t taken;
    size_t next_room;
    block_t *current;
    // Newest first; without the first block, which is part of this allocation.
    block_t *blocks;
    block_t *first;
    // Links pooled arenas.
    struct arena *next;
};

struct arena_pool {
    size_t cap;
    size_t kept;
    size_t count;
    arena_t *arenas;
};

static size_t round_up(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

arena_t *arena_new(size_t cap)
{
    size_t head = round_up(sizeof(arena_t));
    char *memory = malloc(FIRST_BLOCK);
    if (memory == NULL) {
        return NULL;
    }
    arena_t *arena = (arena_t *)(void *)memory;
    block_t *first = (block_t *)(void *)(memory + head);
    first->next = NULL;
    first->room = FIRST_BLOCK - head - sizeof(block_t);
    *arena = (arena_t){.cap = cap, .next_room = 2 * FIRST_BLOCK, .current = first, .first = first};
    ARENA_CLOSE(first->bytes, first->room);
    return arena;
}

static void free_blocks(arena_t *arena)
{
    block_t *block = arena->blocks;
    while (block != NULL) {
        block_t *next = block->next;
        free(block);
        block = next;
    }
    arena->blocks = NULL;
}

void arena_destroy(arena_t **arena)
{
    if (arena == NULL || *arena == NULL) {
        return;
    }
    free_blocks(*arena);
    ARENA_OPEN((*arena)->first->bytes, (*arena)->first->room);
    free(*arena);
    *arena = NULL;
}

void arena_reset(arena_t *arena)
{
    free_blocks(arena);
    ARENA_CLOSE(arena->first->bytes, arena->first->room);
    arena->current = arena->first;
    arena->taken = 0;
    arena->handed_out = 0;
    arena->next_room = 2 * FIRST_BLOCK;
}

static block_t *add_block(arena_t *arena, size_t room)
{
    block_t *block = malloc(sizeof(block_t) + room);
    if (block == NULL) {
        return NULL;
    }
    block->next = arena->blocks;
    block->room = room;
    arena->blocks = block;
    ARENA_CLOSE(block->bytes, room);
    return block;
}

void *arena_alloc(arena_t *arena, size_t size)
{
    if (size > SIZE_MAX / 4 || size > arena->cap || arena->handed_out > arena->cap - size) {
        return NULL;
    }
    // Nothing also gets an address of its own.
    size_t rounded = size == 0 ? ALIGNMENT : round_up(size);
    char *bytes;
    if (rounded <= arena->current->room - arena->taken) {
        bytes = arena->current->bytes + arena->taken;
        arena->taken += rounded;
    } else if (rounded > arena->next_room / 4) {
        // A big piece has its block to itself, and the current one goes on serving small ones.
        block_t *block = add_block(arena, rounded);
        if (block == NULL) {
            return NULL;
        }
        bytes = block->bytes;
    } else {
        block_t *block = add_block(arena, arena->next_room - sizeof(block_t));
        if (block == NULL) {
            return NULL;
        }
        if (arena->next_room < LARGEST_BLOCK) {
            arena->next_room *= 2;
        }
        arena->current = block;
        bytes = block->bytes;
        arena->taken = rounded;
    }
    arena->handed_out += rounded;
    ARENA_OPEN(bytes, size);
    return bytes;
}

void *arena_zero(arena_t *arena, size_t size)
{
    void *bytes = arena_alloc(arena, size);
    if (bytes != NULL) {
        memset(bytes, 0, size);
    }
    return bytes;
}

char *arena_copy(arena_t *arena, const void *bytes, size_t size)
{
    if (size == SIZE_MAX) {
        return NULL;
    }
    char *copy = arena_alloc(arena, size + 1);
    if (copy == NULL) {
        return NULL;
    }
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    copy[size] = '\0';
    return copy;
}

char *arena_string(arena_t *arena, const char *string)
{
    return arena_copy(arena, string, strlen(string));
}

char *arena_printf(arena_t *arena, const char *format, ...)
{
    // Most texts are short: formatted once.
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char *out = NULL;
    if (length >= 0 && (size_t)length < sizeof text) {
        out = arena_copy(arena, text, (size_t)length);
    } else if (length >= 0 && (out = arena_alloc(arena, (size_t)length + 1)) != NULL) {
        vsnprintf(out, (size_t)length + 1, format, again);
    }
    va_end(again);
    return out;
}

size_t arena_used(const arena_t *arena)
{
    return arena->handed_out;
}

arena_pool_t *arena_pool_new(size_t cap, size_t kept)
{
    arena_pool_t *pool = calloc(1, sizeof *pool);
    if (pool != NULL) {
        pool->cap = cap;
        pool->kept = kept;
    }
    return pool;
}

void arena_pool_clear(arena_pool_t *pool)
{
    while (pool->arenas != NULL) {
        arena_t *arena = pool->arenas;
        pool->arenas = arena->next;
        arena_destroy(&arena);
    }
    pool->count = 0;
}

void arena_pool_destroy(arena_pool_t **pool)
{
    if (pool == NULL || *pool == NULL) {
        return;
    }
    arena_pool_clear(*pool);
    free(*pool);
    *pool = NULL;
}

arena_t *arena_pool_take(arena_pool_t *pool)
{
    arena_t *arena = pool->arenas;
    if (arena == NULL) {
        return arena_new(pool->cap);
    }
    pool->arenas = arena->next;
    pool->count--;
    arena->next = NULL;
    return arena;
}

void arena_pool_give(arena_pool_t *pool, arena_t **arena)
{
    if (arena == NULL || *arena == NULL) {
        return;
    }
    assert((*arena)->next == NULL);
    if (pool->count >= pool->kept) {
        arena_destroy(arena);
        return;
    }
    arena_reset(*arena);
    (*arena)->next = pool->arenas;
    pool->arenas = *arena;
    pool->count++;
    *arena = NULL;
}
