#include "common/base/id.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/utf8.h"

// Parts of a millisecond that the 12 bits after the version count (RFC 9562, section 6.2, method 3).
#define PARTS 4096

// The newest stamp given out, in 1/4096 ms. Process-wide by its nature: ids of one process ascend whoever asks. Nothing else
// depends on it, and a child of fork may go on from it, since the random bits differ.
static _Atomic uint64_t newest;

static uint64_t next_stamp(int64_t wall_us)
{
    uint64_t us = wall_us > 0 ? (uint64_t)wall_us : 0;
    uint64_t stamp = us / 1000 * PARTS + us % 1000 * PARTS / 1000;
    uint64_t last = atomic_load_explicit(&newest, memory_order_relaxed);
    uint64_t next;
    do {
        // Within a second before the newest the count goes on from there; a clock that was set back further starts anew.
        next = stamp <= last && last - stamp < 1000 * PARTS ? last + 1 : stamp;
    } while (!atomic_compare_exchange_weak_explicit(&newest, &last, next, memory_order_relaxed, memory_order_relaxed));
    return next;
}

// Random words in stock, since a call of the kernel for each id costs more than all the rest of making it. A stock belongs to one thread
// and to one process: a child of fork finds the generation changed and throws its copy away.
enum { STOCK = 32 };
static _Thread_local struct {
    uint64_t words[STOCK];
    unsigned left;
    unsigned generation;
} stock;
static _Atomic unsigned generation = 1;
static pthread_once_t fork_watched = PTHREAD_ONCE_INIT;

static void on_fork_in_child(void)
{
    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
}

static void watch_forks(void)
{
    if (pthread_atfork(NULL, NULL, on_fork_in_child) != 0) {
        abort();
    }
}

static uint64_t take_random(void)
{
    unsigned now = atomic_load_explicit(&generation, memory_order_relaxed);
    if (stock.left == 0 || stock.generation != now) {
        pthread_once(&fork_watched, watch_forks);
        // At most 256 bytes a call, which are all or none. An id without randomness must not go out.
        if (getentropy(stock.words, sizeof stock.words) != 0) {
            abort();
        }
        stock.left = STOCK;
        stock.generation = now;
    }
    return stock.words[--stock.left];
}

void id_make(int64_t wall_us, char out[ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t stamp = next_stamp(wall_us);
    uint64_t random = take_random();
    uint64_t high = (stamp / PARTS) << 16 | 0x7000 | stamp % PARTS;
    uint64_t low = (random & UINT64_C(0x3FFFFFFFFFFFFFFF)) | UINT64_C(0x8000000000000000);
    char *at = out;
    for (int nibble = 0; nibble < 32; nibble++) {
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) {
            *at++ = '-';
        }
        uint64_t half = nibble < 16 ? high : low;
        *at++ = digits[half >> (60 - 4 * (nibble % 16)) & 15];
    }
    *at = '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool id_valid(const char *text)
{
    size_t i = 0;
    for (; text[i] != '\0' && i < ID_SIZE - 1; i++) {
        char c = text[i];
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? c != '-' : !is_digit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F')) {
            return false;
        }
    }
    return i == ID_SIZE - 1 && text[i] == '\0';
}

bool code_valid(const char *text)
{
    size_t size = strnlen(text, 65);
    bool slug = size >= 2 && size <= 64 && text[0] != '-';
    bool ods = size >= 3 && size <= 12;
    for (size_t i = 0; i < size && (slug || ods); i++) {
        char c = text[i];
        slug = slug && (is_digit(c) || is_lower(c) || c == '-');
        ods = ods && (is_digit(c) || is_upper(c));
    }
    return slug || ods;
}

bool utf8_valid(const char *text, uint64_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    uint64_t left = size;
    while (left > 0) {
        // Eight plain ASCII bytes at a time: nothing has the high bit, nothing is zero.
        uint64_t eight;
        if (left >= sizeof eight) {
            memcpy(&eight, at, sizeof eight);
            if (((eight | (eight - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof eight;
                left -= sizeof eight;
                continue;
            }
        }
        size_t length = *at == 0 ? 0 : utf8_sequence(at, (size_t)left);
        if (length == 0) {
            return false;
        }
        at += length;
        left -= length;
    }
    return true;
}
