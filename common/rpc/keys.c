#include "common/rpc/keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define KEY_TEXT (RPC_KEY_SIZE - 1)
#define KEY_BYTES 32
#define SUFFIX_SECRET ".secret"
#define SUFFIX_PUBLIC ".public"

// ---- names and paths

// Names are daemons' and subscribers' names; none can lead out of the folder or look like a file that is still being written.
static bool name_valid(const char *name, size_t size)
{
    if (size == 0 || size >= RPC_NAME_SIZE || name[0] == '-' || name[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (!fits) {
            return false;
        }
    }
    return true;
}

static bool key_path(char path[PATH_MAX], const char *dir, const char *name, const char *suffix)
{
    int length = snprintf(path, PATH_MAX, "%s/%s%s", dir, name, suffix);
    return length > 0 && length < PATH_MAX;
}

static status_t key_problem(problem_t *problem, const char *name, const char *suffix, const char *what)
{
    return problem_set(problem, STATUS_UNAVAILABLE, NULL, "%s%s: %s", name, suffix, what);
}

static status_t check_name(const char *name, problem_t *problem)
{
    if (!name_valid(name, strlen(name))) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "A key's name has 1 to %d lower-case letters, digits, '-', '_' or '.'.",
                           RPC_NAME_SIZE - 1);
    }
    return STATUS_OK;
}

// ---- reading

typedef enum key_state { KEY_READ, KEY_MISSING, KEY_BAD } key_state_t;

// One Z85 key, with or without a line end. `closed` wants a file that others cannot read. errno tells of KEY_BAD, 0 for wrong content.
static key_state_t key_read(const char *path, bool closed, char key[RPC_KEY_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? KEY_MISSING : KEY_BAD;
    }
    struct stat info;
    char text[KEY_TEXT + 3];
    ssize_t size = -1;
    bool fits = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (!closed || (info.st_mode & S_IRWXO) == 0);
    if (fits) {
        size = read(fd, text, sizeof text - 1);
    }
    (void)close(fd);
    while (size > KEY_TEXT && (text[size - 1] == '\n' || text[size - 1] == '\r')) {
        size--;
    }
    uint8_t bytes[KEY_BYTES];
    key_state_t state = KEY_BAD;
    errno = 0;
    if (size == KEY_TEXT) {
        memcpy(key, text, KEY_TEXT);
        key[KEY_TEXT] = '\0';
        state = strlen(key) == KEY_TEXT && zmq_z85_decode(bytes, key) != NULL ? KEY_READ : KEY_BAD;
        errno = 0;
    }
    explicit_bzero(text, sizeof text);
    explicit_bzero(bytes, sizeof bytes);
    return state;
}

static status_t key_load(const char *dir, const char *name, const char *suffix, bool closed, char key[RPC_KEY_SIZE], problem_t *problem)
{
    char path[PATH_MAX];
    if (!key_path(path, dir, name, suffix)) {
        return key_problem(problem, name, suffix, "the path is too long");
    }
    switch (key_read(path, closed, key)) {
    case KEY_READ:
        return STATUS_OK;
    case KEY_MISSING:
        return key_problem(problem, name, suffix, "there is no such key");
    default:
        return key_problem(problem, name, suffix, errno != 0 ? strerror(errno) : "not a key that only its owner may read");
    }
}

status_t rpc_keys_load_public(const char *dir, const char *name, char public_key[RPC_KEY_SIZE], problem_t *problem)
{
    status_t status = check_name(name, problem);
    return status == STATUS_OK ? key_load(dir, name, SUFFIX_PUBLIC, false, public_key, problem) : status;
}

status_t rpc_keys_load(const char *dir, const char *name, rpc_keys_t *keys, problem_t *problem)
{
    memset(keys, 0, sizeof *keys);
    status_t status = check_name(name, problem);
    if (status == STATUS_OK) {
        status = key_load(dir, name, SUFFIX_SECRET, true, keys->secret_key, problem);
    }
    if (status == STATUS_OK) {
        status = key_load(dir, name, SUFFIX_PUBLIC, false, keys->public_key, problem);
    }
    char derived[RPC_KEY_SIZE];
    if (status == STATUS_OK && (zmq_curve_public(derived, keys->secret_key) != 0 || strcmp(derived, keys->public_key) != 0)) {
        status = key_problem(problem, name, SUFFIX_PUBLIC, "does not belong to the secret key beside it");
    }
    if (status != STATUS_OK) {
        rpc_keys_wipe(keys);
        return status;
    }
    memcpy(keys->name, name, strlen(name) + 1);
    return STATUS_OK;
}

bool rpc_keys_find(const char *dir, const char public_key[RPC_KEY_SIZE], char name[RPC_NAME_SIZE])
{
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        return false;
    }
    bool found = false;
    for (struct dirent *entry = readdir(folder); entry != NULL && !found; entry = readdir(folder)) {
        size_t size = strlen(entry->d_name);
        size_t suffix = strlen(SUFFIX_PUBLIC);
        if (size <= suffix || strcmp(entry->d_name + size - suffix, SUFFIX_PUBLIC) != 0 || !name_valid(entry->d_name, size - suffix)) {
            continue;
        }
        char path[PATH_MAX];
        char key[RPC_KEY_SIZE];
        if (key_path(path, dir, entry->d_name, "") && key_read(path, false, key) == KEY_READ && strcmp(key, public_key) == 0) {
            memcpy(name, entry->d_name, size - suffix);
            name[size - suffix] = '\0';
            found = true;
        }
    }
    (void)closedir(folder);
    return found;
}

rpc_key_standing_t rpc_keys_standing(const char *dir, const char *name, const char public_key[RPC_KEY_SIZE])
{
    char path[PATH_MAX];
    char key[RPC_KEY_SIZE];
    if (!name_valid(name, strlen(name)) || !key_path(path, dir, name, SUFFIX_PUBLIC)) {
        return RPC_KEY_REVOKED;
    }
    switch (key_read(path, false, key)) {
    case KEY_READ:
        return strcmp(key, public_key) == 0 ? RPC_KEY_VALID : RPC_KEY_REVOKED;
    case KEY_BAD:
        // What says nothing about the file itself is no reason to send everybody away.
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO || errno == EINTR ? RPC_KEY_UNREADABLE
                                                                                                       : RPC_KEY_REVOKED;
    case KEY_MISSING:
    default:
        return RPC_KEY_REVOKED;
    }
}

// ---- making

// A whole file beside the place it is for, so that no reader ever meets half a key. `path` becomes the temporary one's.
static bool key_write_aside(const char *dir, mode_t mode, const char key[RPC_KEY_SIZE], char path[PATH_MAX])
{
    if (!key_path(path, dir, "", ".new-XXXXXX")) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    char line[RPC_KEY_SIZE + 1];
    (void)snprintf(line, sizeof line, "%s\n", key);
    bool written = fchmod(fd, mode) == 0 && write(fd, line, RPC_KEY_SIZE) == RPC_KEY_SIZE && fsync(fd) == 0;
    explicit_bzero(line, sizeof line);
    int error = errno;
    (void)close(fd);
    if (!written) {
        (void)unlink(path);
        errno = error;
    }
    return written;
}

// link() refuses an existing name: of two that race one wins, and both go on with what is there.
static bool key_publish(const char *dir, const char *name, const char *suffix, mode_t mode, const char key[RPC_KEY_SIZE])
{
    char aside[PATH_MAX];
    char path[PATH_MAX];
    if (!key_path(path, dir, name, suffix)) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (!key_write_aside(dir, mode, key, aside)) {
        return false;
    }
    bool done = link(aside, path) == 0 || errno == EEXIST;
    int error = errno;
    (void)unlink(aside);
    errno = error;
    return done;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static status_t folder_problem(problem_t *problem, const char *dir)
{
    return problem_set(problem, STATUS_UNAVAILABLE, NULL, "The keys folder %s cannot be written: %s", last_part(dir), strerror(errno));
}

status_t rpc_keys_ensure(const char *dir, const char *name, problem_t *problem)
{
    status_t status = check_name(name, problem);
    if (status != STATUS_OK) {
        return status;
    }
    char path[PATH_MAX];
    if (!key_path(path, dir, name, SUFFIX_SECRET)) {
        return key_problem(problem, name, SUFFIX_SECRET, "the path is too long");
    }
    rpc_keys_t keys = {.name = ""};
    if (key_read(path, true, keys.secret_key) == KEY_MISSING) {
        if (zmq_curve_keypair(keys.public_key, keys.secret_key) != 0) {
            return problem_set(problem, STATUS_UNAVAILABLE, NULL, "No key can be made: %s", zmq_strerror(errno));
        }
        if (!key_publish(dir, name, SUFFIX_SECRET, S_IRUSR | S_IWUSR, keys.secret_key)) {
            status = folder_problem(problem, dir);
        }
    }
    // The secret is the truth: the public key is made from the one that is there now, whoever put it there.
    if (status == STATUS_OK) {
        status = key_load(dir, name, SUFFIX_SECRET, true, keys.secret_key, problem);
    }
    if (status == STATUS_OK && (zmq_curve_public(keys.public_key, keys.secret_key) != 0 ||
                                !key_publish(dir, name, SUFFIX_PUBLIC, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, keys.public_key))) {
        status = folder_problem(problem, dir);
    }
    if (status == STATUS_OK) {
        status = rpc_keys_load(dir, name, &keys, problem); // the public key may have been there before, and be another's
    }
    rpc_keys_wipe(&keys);
    return status;
}

// ---- the allow list

status_t rpc_keys_enrol(const char *dir, const char *name, const char *public_key, problem_t *problem)
{
    status_t status = check_name(name, problem);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t bytes[KEY_BYTES];
    if (strlen(public_key) != KEY_TEXT || zmq_z85_decode(bytes, public_key) == NULL) {
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "A public key is %d characters of Z85", KEY_TEXT);
    }
    char other[RPC_NAME_SIZE];
    if (rpc_keys_find(dir, public_key, other) && strcmp(other, name) != 0) {
        return problem_set(problem, STATUS_ALREADY_EXISTS, NULL, "This key is enrolled already, as %s", other);
    }
    // link() leaves what is there, so a look afterwards tells whose it is.
    if (!key_publish(dir, name, SUFFIX_PUBLIC, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, public_key)) {
        return folder_problem(problem, dir);
    }
    char there[RPC_KEY_SIZE];
    status = key_load(dir, name, SUFFIX_PUBLIC, false, there, problem);
    if (status == STATUS_OK && strcmp(there, public_key) != 0) {
        return problem_set(problem, STATUS_ALREADY_EXISTS, NULL, "%s is enrolled with another key: revoke that first", name);
    }
    return status;
}

status_t rpc_keys_revoke(const char *dir, const char *name, problem_t *problem)
{
    status_t status = check_name(name, problem);
    if (status != STATUS_OK) {
        return status;
    }
    static const char *const suffixes[] = {SUFFIX_PUBLIC, SUFFIX_SECRET}; // the door first
    bool found = false;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[PATH_MAX];
        if (!key_path(path, dir, name, suffixes[i])) {
            return key_problem(problem, name, suffixes[i], "the path is too long");
        }
        if (unlink(path) == 0) {
            found = true;
        } else if (errno != ENOENT) {
            return folder_problem(problem, dir);
        }
    }
    return found ? STATUS_OK : problem_set(problem, STATUS_NOT_FOUND, NULL, "There is no key of %s", name);
}

void rpc_keys_wipe(rpc_keys_t *keys)
{
    explicit_bzero(keys, sizeof *keys);
}
