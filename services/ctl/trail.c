#include "services/ctl/trail.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/sha.h>

#define ENTRY_CAP (1024u * 1024u)
#define SENTENCE_SIZE 256

void trail_init(trail_t *trail, trail_fault_fn fault, void *data, const trail_place_t *kept)
{
    // Before the first place stand 32 zero bytes.
    *trail = (trail_t){.fault = fault, .data = data, .kept = kept, .known = true};
    buf_init(&trail->scratch, ENTRY_CAP);
    trail->met = kept == NULL || kept->place == 0;
}

void trail_deinit(trail_t *trail)
{
    buf_deinit(&trail->scratch);
}

static void tell(trail_t *trail, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(trail_t *trail, const char *format, ...)
{
    char sentence[SENTENCE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    trail->faults++;
    trail->fault(trail->data, sentence);
}

static void add_netstring(buf_t *out, const char *text)
{
    const size_t size = text != NULL ? strlen(text) : 0;
    buf_printf(out, "%zu:", size);
    buf_add(out, text != NULL ? text : "", size);
    buf_add_char(out, ',');
}

bool trail_hash(const uint8_t before[TRAIL_HASH_SIZE], const Pcn__Audit__V1__Entry *entry, buf_t *scratch, uint8_t hash[TRAIL_HASH_SIZE])
{
    char place[24];
    snprintf(place, sizeof place, "%" PRId64, entry->place);
    const char *const fields[] = {place,         entry->at,   entry->request_id, entry->subject,  entry->organisation,
                                  entry->origin, entry->peer, entry->method,     entry->resource, entry->verdict};
    buf_clear(scratch);
    buf_add(scratch, before, TRAIL_HASH_SIZE);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        add_netstring(scratch, fields[i]);
    return buf_ok(scratch) && SHA256((const uint8_t *)scratch->data, scratch->size, hash) != NULL;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hash(const char *hex, uint8_t hash[TRAIL_HASH_SIZE])
{
    if (hex == NULL || strlen(hex) != TRAIL_HEX_SIZE - 1)
        return false;
    for (size_t i = 0; i < TRAIL_HASH_SIZE; i++) {
        const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

bool trail_place_parse(const char *text, trail_place_t *place)
{
    const size_t digits = strspn(text, "0123456789");
    uint8_t hash[TRAIL_HASH_SIZE];
    if (digits == 0 || digits > 18 || text[digits] != ':' || !read_hash(text + digits + 1, hash))
        return false;
    place->place = strtoll(text, NULL, 10);
    for (size_t i = 0; i < TRAIL_HASH_SIZE; i++)
        snprintf(place->hash + 2 * i, 3, "%02x", hash[i]);
    return true;
}

static void tell_missing(trail_t *trail, int64_t first, int64_t last, const char *where)
{
    if (first == last)
        tell(trail, "place %" PRId64 " is missing%s", first, where);
    else
        tell(trail, "places %" PRId64 " to %" PRId64 " are missing%s", first, last, where);
}

// The head that was kept must still stand at its place.
static void compare_kept(trail_t *trail, int64_t place, const char *hash)
{
    if (trail->kept == NULL || trail->kept->place != place)
        return;
    trail->met = true;
    if (hash == NULL || strcasecmp(hash, trail->kept->hash) != 0)
        tell(trail, "place %" PRId64 ": its hash is not the one that was kept: the trail up to here was made anew", place);
}

status_t trail_add(trail_t *trail, const Pcn__Audit__V1__Entry *entry, problem_t *problem)
{
    uint8_t expected[TRAIL_HASH_SIZE], stored[TRAIL_HASH_SIZE];
    if (!entry->has_place || entry->place <= trail->last)
        return problem_set(problem, STATUS_INTERNAL, NULL, "the server's entries are not in order after place %" PRId64, trail->last);
    if (entry->place != trail->last + 1) {
        tell_missing(trail, trail->last + 1, entry->place - 1, ", so nothing proves the entry behind");
        trail->known = false;
    }
    const bool readable = read_hash(entry->hash, stored);
    if (!readable) {
        tell(trail, "place %" PRId64 ": it has no hash that can be read", entry->place);
    } else if (trail->known) {
        if (!trail_hash(trail->hash, entry, &trail->scratch, expected))
            return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
        if (memcmp(expected, stored, sizeof expected) != 0)
            tell(trail, "place %" PRId64 ": the entry does not fit its hash: it was altered, or the hash before it was", entry->place);
    }
    compare_kept(trail, entry->place, entry->hash);
    trail->entries++;
    trail->last = entry->place;
    trail->known = readable;
    if (readable)
        memcpy(trail->hash, stored, sizeof stored);
    return STATUS_OK;
}

void trail_end(trail_t *trail, int64_t place, const char *hash)
{
    uint8_t head[TRAIL_HASH_SIZE];
    if (trail->last < place)
        tell_missing(trail, trail->last + 1, place, " from the end");
    else if (trail->last > place)
        tell(trail, "place %" PRId64 ": it lies beyond the head, which is at place %" PRId64, trail->last, place);
    else if (trail->known && (!read_hash(hash, head) || memcmp(head, trail->hash, sizeof head) != 0))
        tell(trail, "place %" PRId64 ": the head has another hash than the entry", place);
    if (!trail->met && trail->kept->place > trail->last)
        tell(trail, "place %" PRId64 ", which was kept, is not there: the trail ends at %" PRId64, trail->kept->place, trail->last);
}
