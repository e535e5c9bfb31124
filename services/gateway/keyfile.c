#include "services/gateway/keyfile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/log.h"

#define LOOK_EVERY_MS 1000

struct keyfile {
    uv_timer_t timer;
    verifier_t *verifier;
    char *path;
    struct stat seen; // of the file that was read last; zeroes for none
};

void keyfile_reload(keyfile_t *keyfile)
{
    problem_t problem = {0};
    jwks_t *jwks;
    // Before reading: what changes after this differs at the next look.
    if (stat(keyfile->path, &keyfile->seen) != 0)
        keyfile->seen = (struct stat){0};
    if (jwks_load(keyfile->path, &jwks, &problem) != STATUS_OK) {
        log_warning("the token issuer's keys were not read", LOG_TEXT("field", problem.field), LOG_TEXT("detail", problem.detail),
                    LOG_NUMBER("kept", verifier_has_keys(keyfile->verifier)));
        return;
    }
    log_info("the token issuer's keys were read", LOG_NUMBER("keys", jwks_count(jwks)));
    verifier_set_keys(keyfile->verifier, &jwks);
}

// A stat of a local file takes about a microsecond. libuv's own watcher of files takes what it meets first for what was there before, so
// a file that comes between the first reading and its first look would never be read.
static void on_timer(uv_timer_t *timer)
{
    keyfile_t *keyfile = timer->data;
    struct stat now;
    // A file that went away keeps its keys; when it is back it differs.
    if (stat(keyfile->path, &now) != 0)
        return;
    const struct stat *seen = &keyfile->seen;
    if (now.st_ino != seen->st_ino || now.st_size != seen->st_size || now.st_mtim.tv_sec != seen->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != seen->st_mtim.tv_nsec)
        keyfile_reload(keyfile);
}

status_t keyfile_new(uv_loop_t *loop, const char *path, verifier_t *verifier, keyfile_t **out, problem_t *problem)
{
    keyfile_t *keyfile = calloc(1, sizeof(*keyfile));
    *out = NULL;
    if (keyfile == NULL || (keyfile->path = strdup(path)) == NULL) {
        free(keyfile);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for the keys");
    }
    keyfile->verifier = verifier;
    keyfile->timer.data = keyfile;
    uv_timer_init(loop, &keyfile->timer);
    uv_timer_start(&keyfile->timer, on_timer, LOOK_EVERY_MS, LOOK_EVERY_MS);
    keyfile_reload(keyfile);
    *out = keyfile;
    return STATUS_OK;
}

static void on_closed(uv_handle_t *handle)
{
    keyfile_t *keyfile = handle->data;
    free(keyfile->path);
    free(keyfile);
}

void keyfile_destroy(keyfile_t **keyfile)
{
    if (*keyfile == NULL)
        return;
    uv_close((uv_handle_t *)&(*keyfile)->timer, on_closed);
    *keyfile = NULL;
}
