// The keys command: who is on the allow list, enrolling somebody, and revoking that. Daemons see it in the folder, without a restart.
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/rpc/keys.h"
#include "services/ctl/command.h"
#include "services/ctl/rows.h"

static const char suffix[] = ".public";

// A name becomes a file's, so it must not lead anywhere else.
static bool name_valid(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size < RPC_NAME_SIZE && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size && name[0] != '-';
}

// A daemon's own key, or the one under which it follows the logs ("gateway-events").
static bool is_daemon(const char *name)
{
    static const char *const daemons[] = {PCN_DAEMONS};
    for (size_t i = 0; i < sizeof daemons / sizeof *daemons; i++) {
        const size_t size = strlen(daemons[i]);
        if (strncmp(daemons[i], name, size) == 0 && (name[size] == '\0' || strcmp(name + size, "-events") == 0))
            return true;
    }
    return false;
}

typedef struct keys_arguments {
    const char *dir, *public_key;
    bool force, json, table;
    int count; // of names
    char **names;
} keys_arguments_t;

static int check_names(const command_t *command, int count, char **names)
{
    for (int i = 0; i < count; i++) {
        if (!name_valid(names[i]))
            return command_usage_error(command, "\"%s\" is no name for a key: up to %d small letters, digits and hyphens", names[i],
                                       RPC_NAME_SIZE - 1);
    }
    return COMMAND_OK;
}

static status_t make_dir(const char *dir, problem_t *problem)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return problem_set(problem, STATUS_UNAVAILABLE, "--dir", "cannot make the folder %s: %s", dir, strerror(errno));
    return STATUS_OK;
}

static int ensure(const command_t *command, const char *dir, int count, char **names)
{
    problem_t problem = {0};
    if (make_dir(dir, &problem) != STATUS_OK)
        return command_failed(command, &problem);
    for (int i = 0; i < count; i++) {
        if (rpc_keys_ensure(dir, names[i], &problem) != STATUS_OK)
            return command_failed(command, &problem);
    }
    return COMMAND_OK;
}

// Its file's path; false where it does not fit.
static bool public_path(const char *dir, const char *name, char path[PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/%s%s", dir, name, suffix);
    return size > 0 && size < PATH_MAX;
}

// A subscriber that made its pair itself sends the public half: no secret is ever here.
static int add_public(const command_t *command, const char *dir, const char *name, const char *public_key, const char *path)
{
    problem_t problem = {0};
    struct stat stat_buffer;
    bool there = stat(path, &stat_buffer) == 0;
    if (make_dir(dir, &problem) != STATUS_OK || rpc_keys_enrol(dir, name, public_key, &problem) != STATUS_OK)
        return command_failed(command, &problem);
    printf("%s %s\n", name, there ? "was enrolled already" : "is enrolled");
    printf("public key   %s\n", public_key);
    printf("public file  %s\n", path);
    return COMMAND_OK;
}

static int add_pair(const command_t *command, const char *dir, char *name, const char *path)
{
    struct stat stat_buffer;
    bool there = stat(path, &stat_buffer) == 0;
    int code = ensure(command, dir, 1, &name);
    if (code != COMMAND_OK)
        return code;
    problem_t problem = {0};
    char public_key[RPC_KEY_SIZE];
    if (rpc_keys_load_public(dir, name, public_key, &problem) != STATUS_OK)
        return command_failed(command, &problem);
    printf("%s %s\n", name, there ? "was enrolled already" : "is enrolled");
    printf("public key   %s\n", public_key);
    printf("public file  %s\n", path);
    printf("secret file  %s/%s.secret   (move it to the subscriber; nothing here needs it)\n", dir, name);
    return COMMAND_OK;
}

static int add(const command_t *command, const keys_arguments_t *arguments)
{
    char path[PATH_MAX];
    if (arguments->count != 1)
        return command_usage_error(command, "keys add takes one name");
    if (!public_path(arguments->dir, arguments->names[0], path))
        return command_usage_error(command, "--dir is too long");
    if (arguments->public_key != NULL)
        return add_public(command, arguments->dir, arguments->names[0], arguments->public_key, path);
    return add_pair(command, arguments->dir, arguments->names[0], path);
}

static int revoke(const command_t *command, const keys_arguments_t *arguments)
{
    if (arguments->count != 1)
        return command_usage_error(command, "keys revoke takes one name");
    const char *name = arguments->names[0];
    problem_t problem = {0};
    if (is_daemon(name) && !arguments->force) {
        (void)problem_set(&problem, STATUS_FAILED_PRECONDITION, NULL,
                          "%s is a daemon of this platform, which is cut off without its key: --force if that is meant", name);
        return command_failed(command, &problem);
    }
    if (rpc_keys_revoke(arguments->dir, name, &problem) != STATUS_OK)
        return command_failed(command, &problem);
    printf("%s is revoked: its connections end within a second\n", name);
    return COMMAND_OK;
}

static int filter_public(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size >= sizeof suffix && strcmp(entry->d_name + size - (sizeof suffix - 1), suffix) == 0;
}

static int collect(const command_t *command, const char *dir, struct dirent **entries, int count, json_t *rows)
{
    int code = COMMAND_OK;
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;
        name[strlen(name) - (sizeof suffix - 1)] = '\0';
        problem_t problem = {0};
        char public_key[RPC_KEY_SIZE];
        // One damaged file must not hide the others.
        if (rpc_keys_load_public(dir, name, public_key, &problem) == STATUS_OK)
            json_array_append_new(rows, json_pack("{s:s, s:s, s:b}", "name", name, "publicKey", public_key, "daemon", is_daemon(name)));
        else
            code = command_failed(command, &problem);
    }
    return code;
}

static int list(const command_t *command, const keys_arguments_t *arguments)
{
    static const rows_column_t columns[] = {
        {"NAME", "name", false, true}, {"PUBLIC KEY", "publicKey", false, true}, {"DAEMON", "daemon", false, true}};
    struct dirent **entries;
    problem_t problem = {0};
    show_t show;
    const int count = scandir(arguments->dir, &entries, filter_public, alphasort);
    if (count < 0) {
        (void)problem_set(&problem, STATUS_UNAVAILABLE, "--dir", "cannot read the folder %s: %s", arguments->dir, strerror(errno));
        return command_failed(command, &problem);
    }
    json_t *rows = json_array();
    int code = collect(command, arguments->dir, entries, count, rows);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    show_init(&show, stdout, arguments->json, arguments->table, NULL);
    if (rows_show(&show, rows, columns, sizeof columns / sizeof *columns, &problem) != STATUS_OK)
        code = command_failed(command, &problem);
    json_decref(rows);
    return code;
}

// An option that the verb does not know would be taken for done.
static int check_options(const command_t *command, const char *verb, const keys_arguments_t *arguments)
{
    if (arguments->public_key != NULL && strcmp(verb, "add") != 0)
        return command_usage_error(command, "--public-key is for keys add");
    if (arguments->force && strcmp(verb, "revoke") != 0)
        return command_usage_error(command, "--force is for keys revoke");
    if ((arguments->json || arguments->table) && strcmp(verb, "list") != 0)
        return command_usage_error(command, "--json and --table are for keys list");
    return check_names(command, arguments->count, arguments->names);
}

int keys_command(const command_t *command, int argc, char **argv)
{
    keys_arguments_t arguments = {0};
    const command_option_t options[] = {{"--dir", &arguments.dir, NULL, true},      {"--public-key", &arguments.public_key, NULL, false},
                                        {"--force", NULL, &arguments.force, false}, {"--json", NULL, &arguments.json, false},
                                        {"--table", NULL, &arguments.table, false}, {0}};
    problem_t problem = {0};
    int count = 0;
    if (command_options(options, argc - 1, argv + 1, &count, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    if (count == 0)
        return command_usage_error(command, "add, revoke, list or ensure?");
    const char *verb = argv[1];
    arguments.count = count - 1;
    arguments.names = argv + 2;
    int code = check_options(command, verb, &arguments);
    if (code != COMMAND_OK)
        return code;
    if (strcmp(verb, "list") == 0)
        return arguments.count == 0 ? list(command, &arguments) : command_usage_error(command, "keys list takes no name");
    if (strcmp(verb, "add") == 0)
        return add(command, &arguments);
    if (strcmp(verb, "revoke") == 0)
        return revoke(command, &arguments);
    if (strcmp(verb, "ensure") == 0)
        return arguments.count > 0 ? ensure(command, arguments.dir, arguments.count, arguments.names)
                                   : command_usage_error(command, "keys ensure needs a name");
    return command_usage_error(command, "there is no keys %s", verb);
}
