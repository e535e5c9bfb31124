#include "services/ctl/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    REPLY_CAP = 16 * 1024 * 1024,
    HEADER_MAX = 8192,
    CALL_TIMEOUT_MS = 30000,
    STALL_TIMEOUT_S = 60, // of a large body that does not move on
    CONNECT_TIMEOUT_MS = 5000,
    IDLE_MAX = 64
};

struct http {
    CURLM *multi;
    char *url;
    char *authorization; // NULL where there is no token
    int watched;         // descriptor, -1 for none
    long refusal;
    bool direct; // a proxy of the environment is not for this machine itself
    CURL *idle[IDLE_MAX];
    size_t idle_count;
};

// Whether the address is one that http_request can append a path to, and whether it is this machine.
static bool check_url(const char *url, bool *direct)
{
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL, *path = NULL, *query = NULL;
    bool ok = parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK && curl_url_get(parsed, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
              curl_url_get(parsed, CURLUPART_QUERY, &query, 0) == CURLUE_NO_QUERY && strcmp(path, "/") == 0 &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    *direct = ok && (strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0);
    curl_free(scheme);
    curl_free(host);
    curl_free(path);
    curl_free(query);
    curl_url_cleanup(parsed);
    return ok;
}

// A line end in a header would be a header of somebody else's.
static bool header_safe(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
            return false;
    }
    return true;
}

status_t http_new(const char *url, const char *token, unsigned connections, http_t **http, problem_t *problem)
{
    bool direct;
    if (!check_url(url, &direct))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "--url", "\"%s\" is no address as in http://127.0.0.1:8080", url);
    if (token != NULL && (!header_safe(token) || strlen(token) > HEADER_MAX))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "--token", "the token has characters that no token has, or is too long");
    http_t *made = calloc(1, sizeof *made);
    if (made == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(made);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    }
    made->direct = direct;
    made->multi = curl_multi_init();
    made->url = strdup(url);
    made->watched = -1;
    made->refusal = -1;
    bool ok = made->multi != NULL && made->url != NULL;
    if (token != NULL && asprintf(&made->authorization, "Authorization: Bearer %s", token) < 0) {
        made->authorization = NULL;
        ok = false;
    }
    *http = made;
    if (!ok) {
        http_destroy(http);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    }
    size_t size = strlen(made->url);
    if (made->url[size - 1] == '/')
        made->url[size - 1] = '\0';
    curl_multi_setopt(made->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
    curl_multi_setopt(made->multi, CURLMOPT_MAXCONNECTS, (long)connections);
    return STATUS_OK;
}

void http_destroy(http_t **http)
{
    if (*http == NULL)
        return;
    for (size_t i = 0; i < (*http)->idle_count; i++)
        curl_easy_cleanup((*http)->idle[i]);
    curl_multi_cleanup((*http)->multi);
    free((*http)->url);
    free((*http)->authorization);
    free(*http);
    *http = NULL;
    curl_global_cleanup();
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    http_request_t *request = data;
    long code = 0;
    if (request->take != NULL)
        curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &code);
    if (code >= 200 && code < 300)
        return request->take(request->stream, bytes, size * count) ? size * count : 0;
    buf_add(&request->reply, bytes, size * count);
    return buf_ok(&request->reply) ? size * count : 0;
}

static size_t read_part(char *room, size_t size, size_t count, void *data)
{
    http_part_t *part = data;
    const int64_t left = part->size - part->at;
    const size_t wanted = left < (int64_t)(size * count) ? (size_t)left : size * count;
    ssize_t got;
    do {
        got = pread(part->fd, room, wanted, part->at);
    } while (got < 0 && errno == EINTR);
    // A file that has become shorter meanwhile cannot keep what was promised of it.
    if (got < 0 || (got == 0 && wanted > 0))
        return CURL_READFUNC_ABORT;
    part->at += got;
    return (size_t)got;
}

static int seek_part(void *data, curl_off_t offset, int origin)
{
    http_part_t *part = data;
    if (origin != SEEK_SET || offset < 0 || offset > part->size)
        return CURL_SEEKFUNC_FAIL;
    part->at = offset;
    return CURL_SEEKFUNC_OK;
}

static int take_progress(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    (void)down_total;
    (void)up_total;
    const http_request_t *request = data;
    return request->moved(request->stream, request->part_count > 0 ? up : down) ? 0 : 1;
}

// The value of a header line of that name, or NULL. The line has no NUL.
static const char *header_value(const char *line, size_t size, const char *name, size_t *value_size)
{
    size_t length = strlen(name);
    if (size <= length || strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    const char *value = line + length + 1, *end = line + size;
    while (value < end && *value == ' ')
        value++;
    while (end > value && (unsigned char)end[-1] <= ' ')
        end--;
    *value_size = (size_t)(end - value);
    return value;
}

static size_t take_header(char *line, size_t size, size_t count, void *data)
{
    http_request_t *request = data;
    size_t value_size;
    const char *value = header_value(line, size * count, "Retry-After", &value_size);
    if (value != NULL && value_size > 0 && value_size < 6 && value[0] >= '0' && value[0] <= '9')
        request->retry_after_s = strtol(value, NULL, 10);
    value = header_value(line, size * count, "Idempotent-Replayed", &value_size);
    if (value != NULL && value_size == 4 && strncasecmp(value, "true", 4) == 0)
        request->replayed = true;
    return size * count;
}

// NULL where there is no memory for it; the list is then gone.
static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char line[HEADER_MAX + 32];
    if (value == NULL || list == NULL)
        return list;
    const int size = snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = size > 0 && (size_t)size < sizeof line ? curl_slist_append(list, line) : NULL;
    if (longer == NULL)
        curl_slist_free_all(list);
    return longer;
}

static const char *accept_of(const http_request_t *request)
{
    if (request->accept != NULL)
        return request->accept;
    return request->take != NULL ? "*/*" : "application/json, application/problem+json";
}

static struct curl_slist *make_headers(const http_t *http, const http_request_t *request)
{
    // Without this libcurl waits for "100 Continue" before it sends a larger body.
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    list = add_header(list, "Accept", accept_of(request));
    // A form names its type itself.
    list = add_header(list, "Content-Type", request->body != NULL ? "application/json" : NULL);
    list = add_header(list, "Idempotency-Key", request->key);
    list = add_header(list, "If-Match", request->match);
    list = add_header(list, "Last-Event-ID", request->last_event_id);
    // A daemon's own socket is asked without a token.
    if (list == NULL || http->authorization == NULL || request->socket != NULL)
        return list;
    struct curl_slist *longer = curl_slist_append(list, http->authorization);
    if (longer == NULL)
        curl_slist_free_all(list);
    return longer;
}

static bool set_form(CURL *easy, http_request_t *request)
{
    curl_mime *form = curl_mime_init(easy);
    request->form = form;
    bool ok = form != NULL;
    for (size_t i = 0; ok && i < request->part_count; i++) {
        http_part_t *file = &request->parts[i];
        curl_mimepart *part = curl_mime_addpart(form);
        file->at = 0;
        ok = part != NULL && curl_mime_name(part, "file") == CURLE_OK && curl_mime_filename(part, file->name) == CURLE_OK &&
             curl_mime_type(part, file->type) == CURLE_OK &&
             curl_mime_data_cb(part, file->size, read_part, seek_part, NULL, file) == CURLE_OK;
    }
    return ok && curl_easy_setopt(easy, CURLOPT_MIMEPOST, form) == CURLE_OK;
}

// A body that may be large is bound by how it goes on, any other by how long it takes.
static bool set_times(CURL *easy, http_request_t *request)
{
    if (curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS) != CURLE_OK)
        return false;
    if (request->moved != NULL &&
        (curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) != CURLE_OK || curl_easy_setopt(easy, CURLOPT_XFERINFODATA, request) != CURLE_OK ||
         curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, take_progress) != CURLE_OK))
        return false;
    if (request->part_count == 0 && request->take == NULL)
        return curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)CALL_TIMEOUT_MS) == CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_TIMEOUT_S) == CURLE_OK;
}

static bool set_verb(CURL *easy, const http_request_t *request)
{
    if (strcmp(request->verb, "GET") == 0)
        return true;
    // What changes something without saying anything has an empty body, not none.
    if (request->body == NULL && request->part_count == 0 && strcmp(request->verb, "DELETE") != 0 &&
        (curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L) != CURLE_OK || curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "") != CURLE_OK))
        return false;
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->verb) == CURLE_OK;
}

static bool set_options(const http_t *http, CURL *easy, http_request_t *request)
{
    char url[HEADER_MAX];
    int size = snprintf(url, sizeof url, "%s%s", http->url, request->path);
    bool ok = size > 0 && (size_t)size < sizeof url && curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PRIVATE, request) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_WRITEDATA, request) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HEADERDATA, request) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error) == CURLE_OK && set_times(easy, request) &&
              curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    if (ok && (http->direct || request->socket != NULL))
        ok = curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
    if (ok && request->socket != NULL)
        ok = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket) == CURLE_OK;
    // The body is the caller's and lives until `done`.
    if (ok && request->body != NULL)
        ok = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request->body)) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK;
    if (ok && request->part_count > 0)
        ok = set_form(easy, request);
    if (ok && request->verb != NULL)
        ok = set_verb(easy, request);
    return ok;
}

status_t http_start(http_t *http, http_request_t *request, problem_t *problem)
{
    CURL *easy = http->idle_count > 0 ? http->idle[--http->idle_count] : curl_easy_init();
    buf_init(&request->reply, REPLY_CAP);
    request->code = 0;
    request->replayed = false;
    request->retry_after_s = -1;
    request->error[0] = '\0';
    request->form = NULL;
    request->easy = easy;
    request->headers = make_headers(http, request);
    if (easy == NULL || request->headers == NULL || !set_options(http, easy, request) ||
        curl_multi_add_handle(http->multi, easy) != CURLM_OK) {
        curl_easy_cleanup(easy);
        curl_mime_free(request->form);
        curl_slist_free_all(request->headers);
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "cannot start a call");
    }
    return STATUS_OK;
}

// Gives back what belongs to the request alone.
static void release(http_t *http, http_request_t *request)
{
    CURL *easy = request->easy;
    curl_multi_remove_handle(http->multi, easy);
    curl_slist_free_all(request->headers);
    request->headers = NULL;
    // Reset before the request's buffers go away; connections belong to the multi handle and stay.
    curl_easy_reset(easy);
    curl_mime_free(request->form);
    request->form = NULL;
    request->easy = NULL;
    if (http->idle_count < IDLE_MAX)
        http->idle[http->idle_count++] = easy;
    else
        curl_easy_cleanup(easy);
}

static void finish(http_t *http, CURL *easy, CURLcode result)
{
    http_request_t *request = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
    if (result == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &request->code);
    else if (request->error[0] == '\0')
        snprintf(request->error, sizeof request->error, "%s", curl_easy_strerror(result));
    release(http, request);
    request->done(request);
}

void http_cancel(http_t *http, http_request_t *request)
{
    if (request->easy != NULL)
        release(http, request);
}

status_t http_turn(http_t *http, int wait_ms, problem_t *problem)
{
    int running = 0, queued = 0;
    CURLMcode code = curl_multi_perform(http->multi, &running);
    CURLMsg *message = curl_multi_info_read(http->multi, &queued);
    if (code == CURLM_OK && message == NULL) {
        struct curl_waitfd watched = {.fd = http->watched, .events = CURL_WAIT_POLLIN};
        code = curl_multi_poll(http->multi, http->watched >= 0 ? &watched : NULL, http->watched >= 0 ? 1 : 0, wait_ms, NULL);
        if (code == CURLM_OK)
            code = curl_multi_perform(http->multi, &running);
        message = curl_multi_info_read(http->multi, &queued);
    }
    for (; message != NULL; message = curl_multi_info_read(http->multi, &queued)) {
        if (message->msg == CURLMSG_DONE)
            finish(http, message->easy_handle, message->data.result);
    }
    return code == CURLM_OK ? STATUS_OK : problem_set(problem, STATUS_INTERNAL, NULL, "HTTP: %s", curl_multi_strerror(code));
}

void http_watch(http_t *http, int fd)
{
    http->watched = fd;
}

long http_refusal(const http_t *http)
{
    return http->refusal;
}

void http_note_refusal(http_t *http, long code)
{
    http->refusal = code;
}

const char *http_url(const http_t *http)
{
    return http->url;
}
