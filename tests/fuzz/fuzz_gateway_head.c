// Any bytes as the head that libmicrohttpd left, with any places for the texts on its request line: nothing is read beyond its end, and
// what is accepted consists of its texts and nothing else. The first byte says where the target begins, the second its length, the third
// how many headers there are said to be.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/gateway/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(const char *head, size_t size, unsigned headers)
{
    // Verb, target, version, then two texts a header; each line has one NUL more, and the empty one two.
    size_t texts = 0, at = 0;
    while (at < size) {
        const size_t length = strnlen(head + at, size - at);
        texts += length > 0;
        at += length + 1;
    }
    assert(size >= 4 && memcmp(head + size - 4, "\0\0\0", 4) == 0);
    assert(texts >= headers && texts <= 3 + 2 * (size_t)headers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    const size_t left = size - 3;
    // Exactly as large as it is, so that a byte too far is noticed; a text that is not ended is the version's or a header's.
    char *head = malloc(left);
    if (head == NULL)
        return 0;
    memcpy(head, data + 3, left);
    const size_t verb = strnlen(head, left), target = data[0], target_size = data[1];
    // The target is a text that is ended inside of it.
    if (verb < left && target < left && target + target_size + 1 < left && strnlen(head + target, left - target) == target_size &&
        guard_head(head, head + target, target_size, head + target + target_size + 1, head + left, data[2]))
        check_accepted(head, left, data[2]);
    free(head);
    return 0;
}
