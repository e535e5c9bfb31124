#include "common/rpc/peers.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/rpc/binding.h"
#include "common/rpc/loop.h"

enum {
    PEERS_SETTLE_MS = 50,  // one revocation is often several changes of the folder, and a file may be half written
    PEERS_UNSURE_MS = 250, // a file that could not be read now
    PEERS_LOOK_MS = 5000,  // besides the watch
    PEERS_LOOK_ALONE_MS = 500,
};

typedef struct peer {
    char name[RPC_NAME_SIZE];
    char key[RPC_KEY_SIZE];
    struct peer *next;
} peer_t;

struct rpc_peers {
    rpc_context_t *context;
    char *keys_dir;
    peer_t *first; // a pair each, however many connections it has; as many as keys were ever let in and are still valid
    uv_fs_event_t watch;
    uv_timer_t settle;
    uv_timer_t look;
    unsigned handles; // still open
    bool watching;    // asked for
    bool watched;     // and had
    counter_t *revoked;
};

// ---- who is no longer on the list

// Takes out those whose name no longer stands for their key; says how many. `unsure` where a file could not be read.
static unsigned drop_revoked(rpc_peers_t *peers, bool *unsure)
{
    unsigned dropped = 0;
    for (peer_t **at = &peers->first; *at != NULL;) {
        peer_t *peer = *at;
        rpc_key_standing_t standing = rpc_keys_standing(peers->keys_dir, peer->name, peer->key);
        *unsure = *unsure || standing == RPC_KEY_UNREADABLE;
        if (standing != RPC_KEY_REVOKED) {
            at = &peer->next;
            continue;
        }
        log_warning("a key was revoked: its connections end", LOG_TEXT("key", peer->name));
        peers->revoked->value++;
        dropped++;
        *at = peer->next;
        free(peer);
    }
    return dropped;
}

static void look_soon(rpc_peers_t *peers, uint64_t ms);

static void look(rpc_peers_t *peers)
{
    bool unsure = false;
    if (drop_revoked(peers, &unsure) > 0) {
        rpc_bindings_renew(peers->context);
    }
    if (unsure) {
        look_soon(peers, PEERS_UNSURE_MS);
    }
}

static void settled(uv_timer_t *timer)
{
    look(timer->data);
}

// Not later because of a further change: somebody may write to the folder all the time.
static void look_soon(rpc_peers_t *peers, uint64_t ms)
{
    if (!uv_is_active((uv_handle_t *)&peers->settle)) {
        (void)uv_timer_start(&peers->settle, settled, ms, 0);
    }
}

// ---- watching

static void folder_changed(uv_fs_event_t *watch, const char *file, int events, int status)
{
    (void)file;
    (void)events;
    (void)status; // looked at all the same
    look_soon(watch->data, PEERS_SETTLE_MS);
}

// Anew each time: the folder may be another one under the same name by now.
static void watch_folder(rpc_peers_t *peers)
{
    (void)uv_fs_event_stop(&peers->watch);
    bool watched = uv_fs_event_start(&peers->watch, folder_changed, peers->keys_dir, 0) == 0;
    if (peers->watched && !watched) {
        log_warning("the keys folder cannot be watched: it is looked at twice a second", LOG_TEXT("metric", "pcn_zap_revoked_total"));
    }
    peers->watched = watched;
}

static void look_anyway(uv_timer_t *timer)
{
    rpc_peers_t *peers = timer->data;
    watch_folder(peers);
    look(peers);
    (void)uv_timer_start(timer, look_anyway, peers->watched ? PEERS_LOOK_MS : PEERS_LOOK_ALONE_MS, 0);
}

// Before the first look into the folder, so that nothing that happens after it is missed. A daemon that lets nobody in watches nothing.
static void begin_watching(rpc_peers_t *peers)
{
    if (!peers->watching) {
        peers->watching = true;
        peers->watched = true;
        watch_folder(peers);
        (void)uv_timer_start(&peers->look, look_anyway, peers->watched ? PEERS_LOOK_MS : PEERS_LOOK_ALONE_MS, 0);
    }
}

bool rpc_peers_admit(rpc_peers_t *peers, const char key[RPC_KEY_SIZE], char name[RPC_NAME_SIZE])
{
    begin_watching(peers);
    if (!rpc_keys_find(peers->keys_dir, key, name)) {
        return false;
    }
    for (const peer_t *peer = peers->first; peer != NULL; peer = peer->next) {
        if (strcmp(peer->key, key) == 0 && strcmp(peer->name, name) == 0) {
            return true;
        }
    }
    peer_t *peer = calloc(1, sizeof *peer);
    if (peer == NULL) {
        return false; // whoever could not be sent away again does not come in
    }
    memcpy(peer->name, name, strlen(name) + 1);
    memcpy(peer->key, key, RPC_KEY_SIZE);
    peer->next = peers->first;
    peers->first = peer;
    return true;
}

// ---- life

static void handle_closed(uv_handle_t *handle)
{
    rpc_peers_t *peers = handle->data;
    peers->handles--;
    if (peers->handles == 0) {
        free(peers);
    }
}

static void add_handle(rpc_peers_t *peers, uv_handle_t *handle)
{
    handle->data = peers;
    uv_unref(handle); // it lives as long as the context and is no reason for the loop to go on
    peers->handles++;
}

status_t rpc_peers_new(rpc_context_t *context, const char *keys_dir, metrics_t *metrics, rpc_peers_t **out, problem_t *problem)
{
    *out = NULL;
    rpc_peers_t *peers = calloc(1, sizeof *peers);
    char *dir = strdup(keys_dir);
    if (peers == NULL || dir == NULL) {
        free(dir);
        free(peers);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No memory for the allow list");
    }
    peers->context = context;
    peers->keys_dir = dir;
    peers->revoked = metrics_counter(metrics, "pcn_zap_revoked_total", NULL, "Keys with connections that left the allow list.");
    uv_loop_t *loop = rpc_context_loop(context);
    (void)uv_timer_init(loop, &peers->settle);
    (void)uv_timer_init(loop, &peers->look);
    (void)uv_fs_event_init(loop, &peers->watch);
    add_handle(peers, (uv_handle_t *)&peers->settle);
    add_handle(peers, (uv_handle_t *)&peers->look);
    add_handle(peers, (uv_handle_t *)&peers->watch);
    *out = peers;
    return STATUS_OK;
}

void rpc_peers_destroy(rpc_peers_t **peers)
{
    rpc_peers_t *self = *peers;
    if (self == NULL) {
        return;
    }
    *peers = NULL;
    while (self->first != NULL) {
        peer_t *peer = self->first;
        self->first = peer->next;
        free(peer);
    }
    free(self->keys_dir);
    self->keys_dir = NULL;
    uv_close((uv_handle_t *)&self->settle, handle_closed);
    uv_close((uv_handle_t *)&self->look, handle_closed);
    uv_close((uv_handle_t *)&self->watch, handle_closed);
}
