// A platform of a test's own for pcnctl: takes forms apart, answers as the test says, and can break a connection off. In a thread of its
// own.
#ifndef PCN_TESTS_UNIT_CTL_SERVER_H
#define PCN_TESTS_UNIT_CTL_SERVER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "services/ctl/command.h"

#define SERVER_TEXT_SIZE 8192

typedef struct server server_t;

typedef struct server_answer {
    unsigned code; // 0: the connection is broken off without an answer
    const char *body;
    size_t size;   // of the body; 0 for that of a text
    size_t cut_at; // not 0: so many bytes of it come, and then the connection breaks
} server_answer_t;

// Called with the lock held, once the whole request is there; `call` counts from 1.
typedef server_answer_t (*server_answer_fn)(server_t *server, unsigned call);

struct server {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    server_answer_fn answer;
    unsigned calls;
    // Of the last request: "POST /v1/imports?dryRun=true", its key, and "pcns.csv text/csv 12;…" for the files of its form with their
    // content.
    char asked[256], key[128], files[SERVER_TEXT_SIZE], content[SERVER_TEXT_SIZE];
    char first_key[128], all[SERVER_TEXT_SIZE]; // of the first one, and all that was asked, a line each
    char body[SERVER_TEXT_SIZE];                // of the last request, where it was no form
    char match[64], last_event_id[256], authorization[256], accept[128];
    size_t form_bytes;
    char url[64];
    void *data;
};

void server_start(server_t *server, server_answer_fn answer);
void server_stop(server_t *server);

// Runs the command with these arguments up to NULL, the server's address and a token; without both where `server` is NULL. What it said
// goes to `output` and `errors`, of SERVER_TEXT_SIZE each.
int server_run(const server_t *server, int (*command)(const command_t *, int, char **), char *output, char *errors,
               const char *const *arguments);
#define SERVER_RUN(server, command, output, errors, ...)                                                                                   \
    server_run(server, command, output, errors, (const char *const[]){__VA_ARGS__, NULL})

// A folder of the test's own, and one file in it. Removed with all that is in it.
void server_folder(char path[64]);
void server_file(const char *folder, const char *name, const char *content, size_t size);
void server_folder_end(const char *path);

#endif
