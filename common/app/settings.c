#include "common/app/settings.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/pb/type.h"

static const config_key_t common_keys[] = {
    {"STATE_DIR", CONFIG_STRING, CONFIG_COMMON | CONFIG_REQUIRED, offsetof(app_config_t, state_dir), NULL, 0, 0,
     "folder of the instance: sockets in run/, keys in keys/"},
    {"STATE", CONFIG_STRING, CONFIG_COMMON, offsetof(app_config_t, state), "", 0, 0, "the same as the operator gave it; only shown"},
    {"LOG_LEVEL", CONFIG_STRING, CONFIG_COMMON, offsetof(app_config_t, log_level), "info", 0, 0, "debug, info, warning or error"},
    {"METRICS_LISTEN", CONFIG_STRING, CONFIG_COMMON, offsetof(app_config_t, metrics_listen), "", 0, 0,
     "where /metrics, /healthz and /readyz are: [unix:]/path or a loopback address with its port; empty: run/<daemon>.metrics"},
    {"ENVIRONMENT", CONFIG_STRING, CONFIG_COMMON, offsetof(app_config_t, environment), "development", 0, 0, "development or production"},
    {"SERVICES", CONFIG_STRING, CONFIG_COMMON, offsetof(app_config_t, services), "", 0, 0,
     "where services listen: registry=ipc:///path.rpc,tcp://host:port;finance=…; those left out: run/<service>.rpc"},
    {"DRAIN_TIMEOUT", CONFIG_DURATION, CONFIG_COMMON, offsetof(app_config_t, drain_timeout_ms), "10s", 0, 3600000,
     "longest wait for what is in flight when the daemon is told to end"},
    {"READY_FD", CONFIG_NUMBER, CONFIG_COMMON, offsetof(app_config_t, ready_fd), "-1", -1, 1048576,
     "descriptor that gets a line once the daemon can serve; -1 for none"},
    {0},
};

// Daemons beside the contract's services; their variables stand in the environment that all share.
static const char *const other_daemons[] = {"gateway", "ctl", "supervisor", NULL};

// Variables of the script that starts everything, which daemons inherit.
static const char *const script_variables[] = {"PCN_HTTP_PORT", "PCN_DATABASE_URL", "PCN_DATABASE_URL_FILE", "PCN_BUILD", NULL};

static size_t add_names(const char **out, size_t count, const char *const *names, const char *self)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, self) != 0) {
            out[count++] = *names;
        }
    }
    return count;
}

static size_t count_names(const char *const *names)
{
    size_t count = 0;
    while (names[count] != NULL) {
        count++;
    }
    return count;
}

status_t settings_init(settings_t *settings, const app_spec_t *app, problem_t *problem)
{
    assert(app->config_size >= sizeof(app_config_t));
    *settings = (settings_t){0};
    settings->values = calloc(1, app->config_size);
    settings->others = calloc(count_names(pcn_service_names) + count_names(other_daemons) + 1, sizeof *settings->others);
    if (settings->values == NULL || settings->others == NULL) {
        settings_deinit(settings);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    }
    size_t count = add_names(settings->others, 0, pcn_service_names, app->name);
    add_names(settings->others, count, other_daemons, app->name);
    settings->keys[0] = common_keys;
    settings->keys[1] = app->keys;
    settings->spec =
        (config_spec_t){.daemon = app->name, .keys = settings->keys, .others = settings->others, .tolerated = script_variables};
    return STATUS_OK;
}

// A descriptor that is not open, or one of the standard three, would be somebody else's file later on.
static status_t check_ready_fd(int64_t ready_fd, problem_t *problem)
{
    if (ready_fd < 0) {
        return STATUS_OK;
    }
    if (ready_fd <= STDERR_FILENO || fcntl((int)ready_fd, F_SETFD, FD_CLOEXEC) != 0) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_READY_FD", "PCN_READY_FD must name an open descriptor above 2");
    }
    return STATUS_OK;
}

static status_t check_values(const app_config_t *values, problem_t *problem)
{
    log_level_t level;
    if (!log_level_parse(values->log_level, &level)) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_LOG_LEVEL", "PCN_LOG_LEVEL must be debug, info, warning or error");
    }
    if (strcmp(values->environment, "development") != 0 && strcmp(values->environment, "production") != 0) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_ENVIRONMENT", "PCN_ENVIRONMENT must be development or production");
    }
    return check_ready_fd(values->ready_fd, problem);
}

status_t settings_load(settings_t *settings, const char *const *environment, problem_t *problem)
{
    status_t status = config_load(&settings->spec, environment, settings->values, &settings->config, problem);
    return status == STATUS_OK ? check_values(settings->values, problem) : status;
}

void settings_deinit(settings_t *settings)
{
    config_destroy(&settings->config);
    free(settings->values);
    free(settings->others);
    *settings = (settings_t){0};
}

const app_config_t *settings_common(const settings_t *settings)
{
    return settings->values;
}

status_t settings_make_run_folder(const settings_t *settings, problem_t *problem)
{
    char path[512];
    int length = snprintf(path, sizeof path, "%s/run", settings_common(settings)->state_dir);
    if (length < 0 || (size_t)length >= sizeof path) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_STATE_DIR", "PCN_STATE_DIR is too long");
    }
    struct stat found;
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || stat(path, &found) != 0) {
        return problem_set(problem, STATUS_UNAVAILABLE, "PCN_STATE_DIR", "run/ below PCN_STATE_DIR cannot be made: %s", strerror(errno));
    }
    if (!S_ISDIR(found.st_mode)) {
        return problem_set(problem, STATUS_UNAVAILABLE, "PCN_STATE_DIR", "run below PCN_STATE_DIR is not a folder");
    }
    if ((found.st_mode & 077) != 0 && chmod(path, 0700) != 0) {
        return problem_set(problem, STATUS_UNAVAILABLE, "PCN_STATE_DIR", "run/ below PCN_STATE_DIR is open to others");
    }
    return STATUS_OK;
}
