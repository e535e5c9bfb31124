#include "tests/support/mix_registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

enum { MEMBERS_MAX = 300, NETWORKS = 8, DRAWS = 8 };

// An organisation of the load's own.
struct mix_item {
    char code[48];
    int64_t version; // acknowledged; 0: not there yet, or not known for sure
    bool practice, member;
    bool busy;    // a request that changes it is on its way
    size_t sizes; // list sizes that were asked for
};

static const char *const networks[NETWORKS] = {"pcn-rutland", "pcn-slam",     "pcn-fosseway", "pcn-rutland",
                                               "pcn-slam",    "pcn-fosseway", "pcn-slam",     "pcn-rutland"};

void mix_registry_init(mix_registry_t *mix, const char *prefix, size_t items_max)
{
    *mix = (mix_registry_t){.items_max = items_max};
    snprintf(mix->prefix, sizeof mix->prefix, "%s", prefix);
}

void mix_registry_clear(mix_registry_t *mix)
{
    for (size_t i = 0; i < mix->count; i++)
        free(mix->items[i]);
    free(mix->items);
    *mix = (mix_registry_t){0};
}

static mix_item_t *item_add(mix_registry_t *mix)
{
    if (mix->items_max > 0 && mix->count >= mix->items_max)
        return NULL;
    if (mix->count == mix->room) {
        const size_t room = mix->room > 0 ? 2 * mix->room : 256;
        mix_item_t **grown = realloc(mix->items, room * sizeof(mix_item_t *));
        if (grown == NULL)
            return NULL;
        mix->items = grown;
        mix->room = room;
    }
    mix_item_t *item = calloc(1, sizeof *item);
    if (item != NULL)
        mix->items[mix->count++] = item;
    return item;
}

// One that is there, known by its version and, for a change, not being changed; NULL where a few draws find none.
static mix_item_t *item_draw(mix_registry_t *mix, load_random_t *random, bool practice, bool changes)
{
    for (unsigned i = 0; i < DRAWS && mix->count > 0; i++) {
        mix_item_t *item = mix->items[load_draw(random, mix->count)];
        if (item->version > 0 && (!practice || item->practice) && !(changes && item->busy))
            return item;
    }
    return NULL;
}

static void subject_add(load_request_t *request, const char *code)
{
    snprintf(request->subjects[request->subject_count++], LOAD_SUBJECT_SIZE, "organisations/%s", code);
}

static bool make_creation(void *world, load_random_t *random, load_request_t *request)
{
    mix_registry_t *mix = world;
    mix_item_t *item = item_add(mix);
    if (item == NULL)
        return false;
    item->practice = load_draw(random, 3) == 0;
    item->busy = true;
    snprintf(item->code, sizeof item->code, "%s-%zu", mix->prefix, mix->serial++);
    request->method = "POST";
    snprintf(request->path, sizeof request->path, "/v1/organisations");
    snprintf(request->body, sizeof request->body, "{\"code\":\"%s\",\"name\":\"Load %s\",\"kind\":\"%s\",\"parent\":\"%s\"}", item->code,
             item->code, item->practice ? "practice" : "voluntary", item->practice ? "ccg-elr" : "ics-llr");
    request->about = item;
    subject_add(request, item->code);
    return true;
}

static bool make_patch(void *world, load_random_t *random, load_request_t *request)
{
    mix_item_t *item = item_draw(world, random, false, true);
    if (item == NULL)
        return false;
    item->busy = true;
    request->method = "PATCH";
    snprintf(request->path, sizeof request->path, "/v1/organisations/%s", item->code);
    snprintf(request->body, sizeof request->body, "{\"notes\":\"change %" PRIu64 "\"}", load_draw(random, 1000000));
    request->match = item->version;
    request->about = item;
    subject_add(request, item->code);
    return true;
}

static bool make_list_size(void *world, load_random_t *random, load_request_t *request)
{
    mix_item_t *item = item_draw(world, random, true, true);
    char day[DATE_SIZE];
    int32_t first;
    if (item == NULL || !date_parse("2001-01-01", &first))
        return false;
    item->busy = true;
    // A day of its own: one count a day and kind.
    date_format(first + (int32_t)(item->sizes++ % 9000), day);
    request->method = "POST";
    snprintf(request->path, sizeof request->path, "/v1/organisations/%s/list-sizes", item->code);
    snprintf(request->body, sizeof request->body, "{\"kind\":\"registered\",\"count\":%" PRIu64 ",\"asOf\":\"%s\",\"source\":\"load\"}",
             1000 + load_draw(random, 9000), day);
    request->about = item;
    subject_add(request, item->code);
    return true;
}

static bool make_member(void *world, load_random_t *random, load_request_t *request)
{
    mix_registry_t *mix = world;
    mix_item_t *item = mix->joined < MEMBERS_MAX ? item_draw(mix, random, true, true) : NULL;
    if (item == NULL || item->member)
        return false;
    const char *network = networks[load_draw(random, NETWORKS)];
    item->busy = true;
    item->member = true;
    mix->joined++;
    request->method = "POST";
    snprintf(request->path, sizeof request->path, "/v1/networks/%s/members", network);
    snprintf(request->body, sizeof request->body, "{\"practice\":\"%s\",\"from\":\"2020-04-01\"}", item->code);
    request->about = item;
    // The network has a new member, and the practice another parent.
    subject_add(request, network);
    subject_add(request, item->code);
    return true;
}

static bool make_read(void *world, load_random_t *random, load_request_t *request)
{
    mix_item_t *item = item_draw(world, random, false, false);
    if (item == NULL)
        return false;
    request->method = "GET";
    snprintf(request->path, sizeof request->path, "/v1/organisations/%s", item->code);
    request->about = item;
    request->floor = item->version;
    return true;
}

static bool make_list(void *world, load_random_t *random, load_request_t *request)
{
    (void)world;
    request->method = "GET";
    snprintf(request->path, sizeof request->path, load_draw(random, 2) == 0 ? "/v1/networks/%s" : "/v1/organisations?parent=%s&pageSize=20",
             networks[load_draw(random, NETWORKS)]);
    return true;
}

// A change of the item itself: the answer says its version.
static bool on_change(void *world, const load_request_t *request, const load_answer_t *answer)
{
    (void)world;
    mix_item_t *item = request->about;
    item->busy = false;
    if (journal_is_success(answer->status))
        item->version = answer->version;
    else if (answer->status == 0)
        item->version = 0; // nobody knows: it is left alone
    return true;
}

// The answer's version is the network's; the practice's own grew by one.
static bool on_member(void *world, const load_request_t *request, const load_answer_t *answer)
{
    (void)world;
    mix_item_t *item = request->about;
    item->busy = false;
    if (journal_is_success(answer->status))
        item->version++;
    else
        item->version = answer->status == 0 ? 0 : item->version;
    return true;
}

static bool on_read(void *world, const load_request_t *request, const load_answer_t *answer)
{
    mix_registry_t *mix = world;
    const bool good = answer->status == 0 || (answer->status == 200 && answer->version >= request->floor);
    mix->stale += !good;
    return good;
}

const load_operation_t mix_registry_all[] = {
    {"create", 30, make_creation, on_change},
    {"patch", 25, make_patch, on_change},
    {"list-size", 12, make_list_size, on_change},
    {"member", 3, make_member, on_member},
    {"read", 27, make_read, on_read},
    {"list", 3, make_list, NULL},
    {NULL, 0, NULL, NULL},
};

const load_operation_t mix_registry_creations[] = {
    {"create", 1, make_creation, on_change},
    {NULL, 0, NULL, NULL},
};
