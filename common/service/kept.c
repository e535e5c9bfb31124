#include "common/service/kept.h"

#include <stdlib.h>
#include <string.h>

typedef struct slot {
    kept_key_t key;
    char place[KEPT_PLACE_SIZE];
    uint8_t *bytes; // NULL: free
    size_t size;
    uint64_t used; // when, by the number of the look
} slot_t;

struct kept {
    slot_t slots[KEPT_MAX];
    size_t bytes;
    uint64_t looks;
};

kept_t *kept_new(void)
{
    return calloc(1, sizeof(kept_t));
}

static void slot_free(kept_t *kept, slot_t *slot)
{
    kept->bytes -= slot->size;
    free(slot->bytes);
    *slot = (slot_t){0};
}

void kept_destroy(kept_t **kept)
{
    for (size_t i = 0; *kept != NULL && i < KEPT_MAX; i++)
        slot_free(*kept, &(*kept)->slots[i]);
    free(*kept);
    *kept = NULL;
}

static slot_t *slot_of(kept_t *kept, const kept_key_t *key)
{
    for (size_t i = 0; i < KEPT_MAX; i++) {
        slot_t *slot = &kept->slots[i];
        if (slot->bytes != NULL && slot->key.method == key->method && slot->key.today == key->today &&
            memcmp(slot->key.request, key->request, sizeof key->request) == 0)
            return slot;
    }
    return NULL;
}

// The one that nobody has asked for the longest; one that is free before all.
static slot_t *oldest(kept_t *kept)
{
    slot_t *found = &kept->slots[0];
    for (size_t i = 1; i < KEPT_MAX && found->bytes != NULL; i++) {
        if (kept->slots[i].bytes == NULL || kept->slots[i].used < found->used)
            found = &kept->slots[i];
    }
    return found;
}

// The used one that nobody has asked for the longest; NULL where there is none.
static slot_t *oldest_used(kept_t *kept)
{
    slot_t *found = NULL;
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (kept->slots[i].bytes != NULL && (found == NULL || kept->slots[i].used < found->used))
            found = &kept->slots[i];
    }
    return found;
}

bool kept_find(kept_t *kept, const kept_key_t *key, const char *place, kept_answer_t *answer)
{
    slot_t *slot = slot_of(kept, key);
    if (slot == NULL || strcmp(slot->place, place) != 0)
        return false;
    slot->used = ++kept->looks;
    *answer = (kept_answer_t){.bytes = slot->bytes, .size = slot->size};
    return true;
}

void kept_put(kept_t *kept, const kept_key_t *key, const char *place, const void *bytes, size_t size)
{
    slot_t *slot = slot_of(kept, key);
    if (slot != NULL)
        slot_free(kept, slot);
    if (size > KEPT_ANSWER_MAX || strlen(place) >= KEPT_PLACE_SIZE)
        return;
    uint8_t *copy = malloc(size + 1); // an empty answer has a place to be, too
    if (copy == NULL)
        return;
    if (size > 0)
        memcpy(copy, bytes, size);
    for (slot = oldest_used(kept); slot != NULL && kept->bytes + size > KEPT_BYTES_MAX; slot = oldest_used(kept))
        slot_free(kept, slot);
    slot = oldest(kept);
    slot_free(kept, slot);
    *slot = (slot_t){.key = *key, .bytes = copy, .size = size, .used = ++kept->looks};
    memcpy(slot->place, place, strlen(place) + 1);
    kept->bytes += size;
}
