// The keys command: who is on the allow list, and enrolling somebody.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/rpc/keys.h"
#include "services/ctl/command.h"

static const char suffix[] = ".public";

// A name becomes a file's, so it must not lead anywhere else.
static bool name_valid(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size < RPC_NAME_SIZE && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size && name[0] != '-';
}

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

static int add(const command_t *command, const char *dir, int count, char **names)
{
    if (count != 1)
        return command_usage_error(command, "keys add takes one name");
    struct stat stat_buffer;
    char path[4096];
    int size = snprintf(path, sizeof path, "%s/%s%s", dir, names[0], suffix);
    if (size < 0 || (size_t)size >= sizeof path)
        return command_usage_error(command, "--dir is too long");
    bool there = stat(path, &stat_buffer) == 0;
    int code = ensure(command, dir, count, names);
    if (code != COMMAND_OK)
        return code;
    problem_t problem = {0};
    char public_key[RPC_KEY_SIZE];
    if (rpc_keys_load_public(dir, names[0], public_key, &problem) != STATUS_OK)
        return command_failed(command, &problem);
    printf("%s %s\n", names[0], there ? "was enrolled already" : "is enrolled");
    printf("public key   %s\n", public_key);
    printf("public file  %s\n", path);
    printf("secret file  %s/%s.secret   (move it to the subscriber; nothing here needs it)\n", dir, names[0]);
    return COMMAND_OK;
}

static int filter_public(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size >= sizeof suffix && strcmp(entry->d_name + size - (sizeof suffix - 1), suffix) == 0;
}

static int list(const command_t *command, const char *dir)
{
    struct dirent **entries;
    int count = scandir(dir, &entries, filter_public, alphasort);
    if (count < 0) {
        problem_t problem = {0};
        (void)problem_set(&problem, STATUS_UNAVAILABLE, "--dir", "cannot read the folder %s: %s", dir, strerror(errno));
        return command_failed(command, &problem);
    }
    int code = COMMAND_OK;
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;
        name[strlen(name) - (sizeof suffix - 1)] = '\0';
        problem_t problem = {0};
        char public_key[RPC_KEY_SIZE];
        // One damaged file must not hide the others.
        if (rpc_keys_load_public(dir, name, public_key, &problem) == STATUS_OK)
            printf("%-24s %s\n", name, public_key);
        else
            code = command_failed(command, &problem);
        free(entries[i]);
    }
    free(entries);
    return code;
}

int keys_command(const command_t *command, int argc, char **argv)
{
    const char *dir = NULL;
    const command_option_t options[] = {{"--dir", &dir, NULL, true}, {0}};
    problem_t problem = {0};
    int count = 0;
    if (command_options(options, argc - 1, argv + 1, &count, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    if (count == 0)
        return command_usage_error(command, "ensure, list or add?");
    const char *verb = argv[1];
    int names = count - 1;
    if (strcmp(verb, "list") == 0)
        return names == 0 ? list(command, dir) : command_usage_error(command, "keys list takes no name");
    int code = check_names(command, names, argv + 2);
    if (code != COMMAND_OK)
        return code;
    if (strcmp(verb, "add") == 0)
        return add(command, dir, names, argv + 2);
    if (strcmp(verb, "ensure") == 0)
        return names > 0 ? ensure(command, dir, names, argv + 2) : command_usage_error(command, "keys ensure needs a name");
    return command_usage_error(command, "there is no keys %s", verb);
}
