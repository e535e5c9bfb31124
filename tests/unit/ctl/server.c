#include "tests/unit/ctl/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POST_BUFFER = 16384, ARGUMENTS_MAX = 24 };

typedef struct upload {
    server_t *server;
    struct MHD_PostProcessor *form;
    char files[SERVER_TEXT_SIZE], content[SERVER_TEXT_SIZE];
    char name[256];
    size_t size, bytes;
} upload_t;

static void append(char *text, const char *more, size_t size)
{
    const size_t before = strlen(text), room = SERVER_TEXT_SIZE - 1 - before, taken = size < room ? size : room;
    memcpy(text + before, more, taken);
    text[before + taken] = '\0';
}

static void end_file(upload_t *upload)
{
    char line[512];
    if (upload->name[0] == '\0')
        return;
    const int size = snprintf(line, sizeof line, "%s %zu;", upload->name, upload->size);
    append(upload->files, line, (size_t)size);
}

static enum MHD_Result take_form(void *data, enum MHD_ValueKind kind, const char *key, const char *name, const char *type,
                                 const char *encoding, const char *bytes, uint64_t offset, size_t size)
{
    (void)kind, (void)encoding;
    upload_t *upload = data;
    if (offset == 0) {
        end_file(upload);
        snprintf(upload->name, sizeof upload->name, "%s %s %s", key, name != NULL ? name : "-", type != NULL ? type : "-");
        upload->size = 0;
    }
    upload->size += size;
    upload->bytes += size;
    append(upload->content, bytes, size);
    return MHD_YES;
}

static enum MHD_Result add_argument(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    char *asked = data;
    const size_t size = strlen(asked);
    snprintf(asked + size, 256 - size, "%c%s=%s", strchr(asked, '?') == NULL ? '?' : '&', name, value != NULL ? value : "");
    return MHD_YES;
}

typedef struct piece {
    const char *body;
    size_t size, cut_at;
} piece_t;

static ssize_t give(void *data, uint64_t at, char *room, size_t size)
{
    const piece_t *piece = data;
    const size_t end = piece->cut_at > 0 ? piece->cut_at : piece->size;
    if (at >= end)
        return piece->cut_at > 0 ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    const size_t left = end - (size_t)at, taken = left < size ? left : size;
    memcpy(room, piece->body + at, taken);
    return (ssize_t)taken;
}

static enum MHD_Result answer(server_t *server, struct MHD_Connection *connection, const server_answer_t *what)
{
    if (what->code == 0)
        return MHD_NO;
    piece_t *piece = malloc(sizeof *piece);
    assert_non_null(piece);
    *piece = (piece_t){what->body, what->size > 0 ? what->size : strlen(what->body), what->cut_at};
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, give, piece, free);
    (void)server;
    enum MHD_Result result = MHD_queue_response(connection, what->code, response);
    MHD_destroy_response(response);
    return result;
}

static void take_headers(server_t *server, struct MHD_Connection *connection)
{
    const struct {
        const char *name;
        char *room;
        size_t size;
    } headers[] = {{"If-Match", server->match, sizeof server->match},
                   {"Last-Event-ID", server->last_event_id, sizeof server->last_event_id},
                   {"Authorization", server->authorization, sizeof server->authorization},
                   {"Accept", server->accept, sizeof server->accept}};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, headers[i].name);
        snprintf(headers[i].room, headers[i].size, "%s", value != NULL ? value : "");
    }
}

static enum MHD_Result serve(void *data, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                             const char *bytes, size_t *size, void **state)
{
    (void)version;
    server_t *server = data;
    upload_t *upload = *state;
    if (upload == NULL) {
        *state = upload = calloc(1, sizeof *upload);
        if (upload != NULL)
            upload->form = MHD_create_post_processor(connection, POST_BUFFER, take_form, upload);
        return upload != NULL ? MHD_YES : MHD_NO;
    }
    if (*size > 0) {
        enum MHD_Result result = upload->form != NULL ? MHD_post_process(upload->form, bytes, *size) : MHD_YES;
        if (upload->form == NULL)
            append(upload->content, bytes, *size);
        *size = 0;
        return result;
    }
    end_file(upload);
    pthread_mutex_lock(&server->lock);
    const char *key = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Idempotency-Key");
    snprintf(server->key, sizeof server->key, "%s", key != NULL ? key : "");
    take_headers(server, connection);
    snprintf(server->body, sizeof server->body, "%s", upload->form == NULL ? upload->content : "");
    if (server->calls++ == 0)
        snprintf(server->first_key, sizeof server->first_key, "%s", server->key);
    snprintf(server->asked, sizeof server->asked, "%s %s", method, url);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, server->asked);
    append(server->all, server->asked, strlen(server->asked));
    append(server->all, "\n", 1);
    if (upload->form != NULL) {
        memcpy(server->files, upload->files, sizeof server->files);
        memcpy(server->content, upload->content, sizeof server->content);
        server->form_bytes = upload->bytes;
    }
    const server_answer_t what = server->answer(server, server->calls);
    enum MHD_Result result = answer(server, connection, &what);
    pthread_mutex_unlock(&server->lock);
    return result;
}

static void completed(void *data, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    (void)data, (void)connection, (void)code;
    upload_t *upload = *state;
    if (upload != NULL && upload->form != NULL)
        MHD_destroy_post_processor(upload->form);
    free(upload);
}

void server_start(server_t *server, server_answer_fn answer_with)
{
    *server = (server_t){.answer = answer_with};
    pthread_mutex_init(&server->lock, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, serve, server, MHD_OPTION_SOCK_ADDR, &address,
                                      MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    assert_non_null(server->daemon);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u", MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
}

void server_stop(server_t *server)
{
    MHD_stop_daemon(server->daemon);
    pthread_mutex_destroy(&server->lock);
}

// A stream into a file of its own, until it is given back.
static int divert(FILE *stream, FILE **file)
{
    *file = tmpfile();
    assert_non_null(*file);
    fflush(stream);
    const int before = dup(fileno(stream));
    assert_true(dup2(fileno(*file), fileno(stream)) >= 0);
    return before;
}

static void give_back(FILE *stream, FILE *file, int before, char *text)
{
    fflush(stream);
    assert_true(dup2(before, fileno(stream)) >= 0);
    close(before);
    rewind(file);
    text[fread(text, 1, SERVER_TEXT_SIZE - 1, file)] = '\0';
    fclose(file);
}

int server_run(const server_t *server, int (*command)(const command_t *, int, char **), char *output, char *errors,
               const char *const *arguments)
{
    const command_t row = {.name = "command", .usage = "usage\n"};
    // Copies: a command may cut its arguments.
    char *argv[ARGUMENTS_MAX] = {strdup("command")}, *kept[ARGUMENTS_MAX];
    int argc = 1;
    for (; *arguments != NULL; arguments++)
        argv[argc++] = strdup(*arguments);
    const char *const always[] = {"--url", server != NULL ? server->url : "", "--token", "token"};
    for (size_t i = 0; server != NULL && i < sizeof always / sizeof *always; i++)
        argv[argc++] = strdup(always[i]);
    memcpy(kept, argv, sizeof kept);
    FILE *out, *err;
    const int out_before = divert(stdout, &out), err_before = divert(stderr, &err);
    const int code = command(&row, argc, argv);
    give_back(stdout, out, out_before, output);
    give_back(stderr, err, err_before, errors);
    for (int i = 0; i < argc; i++)
        free(kept[i]);
    return code;
}

void server_folder(char path[64])
{
    snprintf(path, 64, "/tmp/pcn-ctl-XXXXXX");
    assert_non_null(mkdtemp(path));
}

void server_file(const char *folder, const char *name, const char *content, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void server_folder_end(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
    }
    closedir(folder);
    assert_int_equal(rmdir(path), 0);
}
