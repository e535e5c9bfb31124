#include <string.h>

#include "common/event/tail_state.h"
#include "pcn/events/v1/events.meta.h"

static void retry_over(uv_timer_t *timer)
{
    event_tail_t *tail = timer->data;
    rpc_turn_ask(&tail->turn);
}

static void fail(event_tail_t *tail, const problem_t *problem)
{
    if (problem->status == STATUS_OUT_OF_RANGE) {
        tail->is_gone = true;
        tail->gone_problem = *problem;
    } else if (!uv_is_active((uv_handle_t *)&tail->retry)) { // calls that fail together are one failure
        (void)uv_timer_start(&tail->retry, retry_over, event_retry_after(&tail->retrying, problem), 0);
    }
    rpc_turn_ask(&tail->turn);
}

static void fail_as(event_tail_t *tail, status_t status, const char *detail)
{
    problem_t problem = {.status = STATUS_OK};
    (void)problem_set(&problem, status, NULL, "%s", detail);
    fail(tail, &problem);
}

// False where it is not the known one: then there is no way on from the place.
static bool learn_epoch(event_tail_t *tail, const char *epoch)
{
    if (epoch == NULL || *epoch == '\0' || strlen(epoch) >= sizeof tail->place.epoch) {
        fail_as(tail, STATUS_INTERNAL, "The log tells no epoch");
        return false;
    }
    if (tail->place.epoch[0] != '\0' && strcmp(tail->place.epoch, epoch) != 0) {
        fail_as(tail, STATUS_OUT_OF_RANGE, "The log was rebuilt: take a snapshot and follow from its place");
        return false;
    }
    memcpy(tail->place.epoch, epoch, strlen(epoch) + 1);
    return true;
}

// ---- the log's end

static void located(void *data, event_call_t *call, const void *answer, const problem_t *problem)
{
    event_tail_t *tail = data;
    const Pcn__Events__V1__SnapshotReply *reply = answer;
    if (reply == NULL) {
        fail(tail, problem);
    } else if (!reply->has_sequence || reply->sequence < 0 || reply->sequence > EVENT_SEQUENCE_MAX) {
        fail_as(tail, STATUS_INTERNAL, "The snapshot has no place");
    } else if (learn_epoch(tail, reply->epoch)) {
        tail->place.sequence = reply->sequence;
        tail->latest = reply->sequence > tail->latest ? reply->sequence : tail->latest;
        tail->progressed = true;
        event_retry_over(&tail->retrying);
        event_arrivals_pass(&tail->arrivals, tail->place.sequence);
        rpc_turn_ask(&tail->turn);
    }
    (void)call;
    event_call_destroy(&tail->locating);
}

// A snapshot is of the log's end, and one can be had however much of the log is pruned.
static void locate(event_tail_t *tail)
{
    Pcn__Events__V1__SnapshotRequest request = PCN__EVENTS__V1__SNAPSHOT_REQUEST__INIT;
    request.service = tail->service;
    request.has_page_size = 1;
    request.page_size = 1;
    tail->locating =
        event_call_new(tail->client, "pcn.events.v1.Events/Snapshot", &request.base, &pcn__events__v1__snapshot_reply__type, located, tail);
    if (tail->locating == NULL) {
        fail_as(tail, STATUS_RESOURCE_EXHAUSTED, "No memory to ask for the log's end");
    }
}

// ---- pages

// A page that is ended by its size tells how many events fit one, so that the next ones are asked for without a hole between them.
static void learn_stride(event_tail_t *tail, int64_t asked, int64_t came, int64_t left)
{
    if (came < asked && left > 0 && came > 0) {
        tail->stride = came;
    } else if (came == asked && asked == tail->stride) {
        tail->stride += tail->stride / 4 + 1;
        tail->stride = tail->stride < TAIL_PAGE ? tail->stride : TAIL_PAGE;
    }
}

// The page lies at its place; its call is of no more use where nothing of it can be given.
static void take_page(event_tail_t *tail, event_page_t *page, const Pcn__Events__V1__ReadReply *reply)
{
    int64_t asked = page->until - page->after;
    size_t left_out = event_pages_arrive(page, reply->events, reply->n_events, tail->source);
    int64_t came = (int64_t)page->count;
    // Whoever knew no better when asking believes the log, also where it says less.
    if (tail->latest == page->latest || reply->max > tail->latest) {
        tail->latest = reply->max;
    }
    if (reply->max < page->until) { // cannot be: the log would say that it ends before what it holds
        left_out++;
    }
    // What was published before the question and is later than the log's end was never in it.
    tail->bad_events->value += left_out + event_arrivals_disown(&tail->arrivals, reply->max, page->sent_at);
    tail->confirmed = page->stamp > tail->confirmed ? page->stamp : tail->confirmed;
    tail->pages_read->value++;
    tail->progressed = true;
    learn_stride(tail, asked, came, reply->max - page->until);
    bool stuck = came == 0 && (left_out > 0 || reply->max > page->after);
    if (came == 0) {
        event_pages_remove(&tail->pages, page);
    }
    if (stuck) {
        fail_as(tail, STATUS_INTERNAL, "The log's next event cannot be read");
    } else {
        event_retry_over(&tail->retrying);
    }
}

static void page_done(void *data, event_call_t *call, const void *answer, const problem_t *problem)
{
    event_tail_t *tail = data;
    const Pcn__Events__V1__ReadReply *reply = answer;
    event_page_t *page = event_pages_find(&tail->pages, call);
    tail->heard_ms = uv_now(rpc_context_loop(tail->context));
    bool good = reply != NULL && reply->has_max && reply->max >= 0 && reply->max <= EVENT_SEQUENCE_MAX;
    if (reply == NULL && problem->status == STATUS_OUT_OF_RANGE && page->after > tail->place.sequence) {
        // Only a page from the very place decides that: this one was asked for because of a later place that somebody told.
        fail_as(tail, STATUS_UNAVAILABLE, "A page ahead is out of the log's range");
    } else if (reply == NULL) {
        fail(tail, problem);
    } else if (!good) {
        fail_as(tail, STATUS_INTERNAL, "The log does not tell its end");
    } else {
        good = learn_epoch(tail, reply->epoch);
    }
    if (good) {
        take_page(tail, page, reply);
    } else {
        event_pages_remove(&tail->pages, page);
    }
    rpc_turn_ask(&tail->turn);
}

static bool ask_page(event_tail_t *tail, int64_t after, int64_t until)
{
    Pcn__Events__V1__ReadRequest request = PCN__EVENTS__V1__READ_REQUEST__INIT;
    request.service = tail->service;
    request.has_after = 1;
    request.after = after;
    request.has_limit = 1;
    request.limit = (uint32_t)(until - after);
    request.epoch = tail->place.epoch[0] != '\0' ? tail->place.epoch : NULL;
    event_call_t *call =
        event_call_new(tail->client, "pcn.events.v1.Events/Read", &request.base, &pcn__events__v1__read_reply__type, page_done, tail);
    if (call == NULL) {
        fail_as(tail, STATUS_RESOURCE_EXHAUSTED, "No memory for a page of the log");
        return false;
    }
    event_page_t *page = event_pages_add(&tail->pages, after, until);
    page->call = call;
    page->latest = tail->latest;
    page->stamp = tail->doubt;
    page->sent_at = tail->arrivals.number;
    tail->look = false;
    return true;
}

// Whether a page is needed though nothing is known to be missing: somebody asked to look, or doubt that no page on its way will end.
static bool has_to_look(const event_tail_t *tail)
{
    bool doubted = tail->confirmed != tail->doubt;
    for (unsigned i = 0; i < tail->pages.count; i++) {
        doubted = doubted && (tail->pages.page[i].arrived || tail->pages.page[i].stamp != tail->doubt);
    }
    return tail->look || doubted;
}

void event_tail_read(event_tail_t *tail)
{
    if (tail->stopped || tail->is_gone || uv_is_active((uv_handle_t *)&tail->retry)) {
        return;
    }
    if (tail->place.sequence == EVENT_PLACE_END) {
        if (tail->locating == NULL) {
            locate(tail);
        }
        return;
    }
    // Published events that wait need not be read; what stands before them is.
    int64_t target = tail->arrivals.first != NULL ? tail->arrivals.first->sequence - 1 : tail->latest;
    while (tail->pages.count < EVENT_PAGES_MAX) {
        int64_t after = 0;
        int64_t until = 0;
        if (!event_pages_hole(&tail->pages, tail->place.sequence, target, &after, &until)) {
            if (!has_to_look(tail)) {
                return;
            }
            // Behind what is on its way there may be nothing, and a place beyond its end the log would refuse.
            int64_t end = tail->latest > tail->place.sequence ? tail->latest : tail->place.sequence;
            after = after < end ? after : end;
            until = after + tail->stride;
        }
        until = until - after > tail->stride ? after + tail->stride : until;
        if (!ask_page(tail, after, until)) {
            return;
        }
    }
}
