#include "common/rpc/due.h"

#include <assert.h>
#include <stdlib.h>

bool rpc_due_init(rpc_due_t *due, unsigned room)
{
    *due = (rpc_due_t){.heap = calloc(room, sizeof(rpc_request_t *)), .room = room};
    return due->heap != NULL;
}

void rpc_due_deinit(rpc_due_t *due)
{
    free(due->heap);
    *due = (rpc_due_t){.heap = NULL};
}

static void heap_put(rpc_due_t *due, unsigned at, rpc_request_t *request)
{
    due->heap[at] = request;
    request->due_index = at;
}

static void heap_up(rpc_due_t *due, unsigned at)
{
    rpc_request_t *request = due->heap[at];
    while (at > 0 && due->heap[(at - 1) / 2]->due_us > request->due_us) {
        heap_put(due, at, due->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(due, at, request);
}

static void heap_down(rpc_due_t *due, unsigned at)
{
    rpc_request_t *request = due->heap[at];
    for (;;) {
        unsigned child = 2 * at + 1;
        if (child + 1 < due->count && due->heap[child + 1]->due_us < due->heap[child]->due_us) {
            child++;
        }
        if (child >= due->count || due->heap[child]->due_us >= request->due_us) {
            break;
        }
        heap_put(due, at, due->heap[child]);
        at = child;
    }
    heap_put(due, at, request);
}

void rpc_due_add(rpc_due_t *due, rpc_request_t *request)
{
    assert(due->count < due->room);
    due->heap[due->count] = request;
    due->count++;
    heap_up(due, due->count - 1);
}

void rpc_due_remove(rpc_due_t *due, rpc_request_t *request)
{
    unsigned at = request->due_index;
    assert(at < due->count && due->heap[at] == request);
    due->count--;
    if (at < due->count) {
        heap_put(due, at, due->heap[due->count]);
        // It goes one way or the other, not both.
        heap_up(due, at);
        heap_down(due, at);
    }
}

rpc_request_t *rpc_due_first(const rpc_due_t *due)
{
    return due->count > 0 ? due->heap[0] : NULL;
}
