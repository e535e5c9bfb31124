#include "services/gateway/keyfile.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"

#define LOOK_EVERY_MS 1000

struct keyfile {
    uv_fs_poll_t poll;
    verifier_t *verifier;
    char *path;
};

void keyfile_reload(keyfile_t *keyfile)
{
    problem_t problem = {0};
    jwks_t *jwks;
    if (jwks_load(keyfile->path, &jwks, &problem) != STATUS_OK) {
        log_warning("The token issuer's keys were not read.", LOG_TEXT("field", problem.field), LOG_TEXT("detail", problem.detail),
                    LOG_NUMBER("kept", verifier_has_keys(keyfile->verifier)));
        return;
    }
    log_info("The token issuer's keys were read.", LOG_NUMBER("keys", jwks_count(jwks)));
    verifier_set_keys(keyfile->verifier, &jwks);
}

static void on_change(uv_fs_poll_t *poll, int status, const uv_stat_t *before, const uv_stat_t *now)
{
    (void)before, (void)now;
    // A file that went away keeps its keys, too; when it is back it differs.
    if (status == 0)
        keyfile_reload(poll->data);
}

status_t keyfile_new(uv_loop_t *loop, const char *path, verifier_t *verifier, keyfile_t **out, problem_t *problem)
{
    keyfile_t *keyfile = calloc(1, sizeof(*keyfile));
    *out = NULL;
    if (keyfile == NULL || (keyfile->path = strdup(path)) == NULL) {
        free(keyfile);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "no memory for the keys");
    }
    keyfile->verifier = verifier;
    keyfile->poll.data = keyfile;
    uv_fs_poll_init(loop, &keyfile->poll);
    *out = keyfile;
    if (uv_fs_poll_start(&keyfile->poll, on_change, path, LOOK_EVERY_MS) != 0) {
        keyfile_destroy(out);
        return problem_set(problem, STATUS_UNAVAILABLE, NULL, "the keys cannot be watched");
    }
    keyfile_reload(keyfile);
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
    uv_close((uv_handle_t *)&(*keyfile)->poll, on_closed);
    *keyfile = NULL;
}
