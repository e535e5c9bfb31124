#include "tests/support/load.h"

#include <assert.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/base/clock.h"

enum { ATTEMPT_MS = 12000, AGAIN_MS = 25, WAIT_MS = 10, DRAWS_MAX = 64, KEY_SIZE = 64 };

typedef enum client_state { CLIENT_IDLE, CLIENT_RUNNING, CLIENT_WAITING } client_state_t;

typedef struct client {
    load_t *load;
    CURL *curl;
    struct curl_slist *headers;
    client_state_t state;
    int64_t due_us; // WAITING: when it is sent again
    const load_operation_t *operation;
    load_request_t request;
    journal_entry_t *entry;
    bool again; // sent once more after its acknowledgement
    char *body;
    size_t size, room;
    int64_t version;
    bool replayed;
} client_t;

struct load {
    load_options_t options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    CURLM *multi;
    client_t *clients;
    char *url;
    load_random_t random;
    unsigned weight_sum;
    int64_t begun_us;
    load_counts_t counts;
    bool stop, ended;
    int64_t give_up_us; // 0: not yet
};

uint64_t load_draw(load_random_t *random, uint64_t below)
{
    uint64_t value = (random->state += UINT64_C(0x9e3779b97f4a7c15));
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (value ^ (value >> 31)) % below;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *data)
{
    client_t *client = data;
    (void)one;
    if (client->size + count + 1 > client->room) {
        const size_t room = 2 * (client->size + count + 1);
        char *grown = realloc(client->body, room);
        if (grown == NULL)
            return 0;
        client->body = grown;
        client->room = room;
    }
    memcpy(client->body + client->size, bytes, count);
    client->size += count;
    client->body[client->size] = '\0';
    return count;
}

static size_t on_header(char *bytes, size_t one, size_t count, void *data)
{
    client_t *client = data;
    (void)one;
    if (count > 7 && strncasecmp(bytes, "etag: \"", 7) == 0)
        client->version = strtoll(bytes + 7, NULL, 10);
    else if (count > 20 && strncasecmp(bytes, "idempotent-replayed:", 20) == 0)
        client->replayed = true;
    return count;
}

// The body of a 2xx names what was created.
static void name_subjects(client_t *client)
{
    json_t *body = NULL;
    for (size_t i = 0; i < client->request.subject_count; i++) {
        char *subject = client->request.subjects[i];
        const size_t length = strlen(subject);
        if (length == 0 || subject[length - 1] != '/')
            continue;
        if (body == NULL)
            body = json_loadb(client->body != NULL ? client->body : "", client->size, 0, NULL);
        const char *member = client->request.named_by[i];
        const char *id = json_string_value(json_object_get(body, member != NULL ? member : "id"));
        if (id != NULL) {
            snprintf(subject + length, LOAD_SUBJECT_SIZE - length, "%s", id);
            journal_name(client->load->options.journal, client->entry, i, subject);
        }
    }
    json_decref(body);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char line[2048];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *grown = curl_slist_append(list, line);
    return grown != NULL ? grown : list;
}

static struct curl_slist *add_authorization(const char *token)
{
    char value[1984];
    snprintf(value, sizeof value, "Bearer %s", token);
    return add_header(NULL, "Authorization", value);
}

static void send_attempt(client_t *client)
{
    load_t *load = client->load;
    const journal_entry_t *entry = client->entry;
    char url[64 + LOAD_PATH_SIZE];
    snprintf(url, sizeof url, "%s%s", load->url, client->request.path);
    client->size = 0;
    client->version = 0;
    client->replayed = false;
    if (client->body != NULL)
        client->body[0] = '\0';
    curl_slist_free_all(client->headers);
    client->headers = add_authorization(client->request.token != NULL ? client->request.token : load->options.token);
    client->headers = add_header(client->headers, "traceparent", entry->traceparent);
    client->headers = curl_slist_append(client->headers, "Expect:");
    if (entry->body != NULL)
        client->headers = add_header(client->headers, "Content-Type", "application/json");
    if (entry->key != NULL)
        client->headers = add_header(client->headers, "Idempotency-Key", entry->key);
    if (entry->match != NULL)
        client->headers = add_header(client->headers, "If-Match", entry->match);
    CURL *curl = client->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ATTEMPT_MS);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, client);
    if (load->options.socket != NULL)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, load->options.socket);
    if (entry->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(entry->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, entry->body);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, entry->method);
    client->state = CLIENT_RUNNING;
    load->counts.attempts++;
    journal_sent(load->options.journal, client->entry);
    curl_multi_add_handle(load->multi, curl);
}

static const load_operation_t *draw_operation(load_t *load)
{
    uint64_t drawn = load_draw(&load->random, load->weight_sum);
    const load_operation_t *operation = load->options.operations;
    while (drawn >= operation->weight) {
        drawn -= operation->weight;
        operation++;
    }
    return operation;
}

static bool client_begin(client_t *client)
{
    load_t *load = client->load;
    bool made = false;
    for (unsigned i = 0; i < DRAWS_MAX && !made; i++) {
        client->operation = draw_operation(load);
        client->request = (load_request_t){0};
        made = client->operation->make(load->options.world, &load->random, &client->request);
    }
    if (!made)
        return false;
    const load_request_t *request = &client->request;
    char key[KEY_SIZE], match[32];
    journal_request_t noted = {.operation = client->operation->name, .method = request->method, .path = request->path};
    noted.body = request->body[0] != '\0' ? request->body : NULL;
    snprintf(match, sizeof match, "\"%" PRId64 "\"", request->match);
    noted.match = request->match > 0 ? match : NULL;
    for (size_t i = 0; i < request->subject_count; i++)
        noted.subjects[i] = request->subjects[i];
    // One key a request, whatever becomes of it.
    snprintf(key, sizeof key, "load-%016" PRIx64 "-%zu", load->options.seed, journal_count(load->options.journal) + 1);
    noted.key = request->subject_count > 0 ? key : NULL;
    client->entry = journal_open(load->options.journal, &noted);
    client->again = false;
    load->counts.requests++;
    load->counts.in_flight++;
    send_attempt(client);
    return true;
}

static void client_end(client_t *client, const load_answer_t *answer)
{
    load_t *load = client->load;
    client->state = CLIENT_IDLE;
    load->counts.in_flight--;
    if (answer->status == 0)
        load->counts.unanswered++;
    else if (!journal_is_success(answer->status))
        load->counts.refused++;
    if (client->operation->answered != NULL && !client->operation->answered(load->options.world, &client->request, answer))
        load->counts.stale++;
    client->entry = NULL;
}

static void client_answered(client_t *client, CURLcode code)
{
    load_t *load = client->load;
    long status = 0;
    if (code == CURLE_OK)
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(load->multi, client->curl);
    const journal_answer_t noted = {.status = status,
                                    .version = client->version,
                                    .replayed = client->replayed,
                                    .body = client->body != NULL ? client->body : "",
                                    .size = client->size};
    journal_answered(load->options.journal, client->entry, &noted);
    if (journal_asks_again(status)) {
        client->state = CLIENT_WAITING;
        client->due_us = clock_steady_us() + AGAIN_MS * INT64_C(1000);
        return;
    }
    const bool changed = journal_is_success(status) && client->request.subject_count > 0;
    if (changed && !client->again) {
        load->counts.acknowledged++;
        name_subjects(client);
        if (load_draw(&load->random, 100) < load->options.again_percent) {
            client->again = true;
            send_attempt(client);
            return;
        }
    }
    client_end(client, &(load_answer_t){.status = status, .version = client->version, .body = noted.body, .size = client->size});
}

// Nothing new is begun any more.
static bool is_through(const load_t *load, int64_t now_us)
{
    return load->stop || (load->give_up_us != 0 && now_us >= load->give_up_us) ||
           (load->options.requests_max > 0 && load->counts.requests >= load->options.requests_max);
}

static bool may_begin(const load_t *load, int64_t now_us)
{
    if (is_through(load, now_us))
        return false;
    return load->options.rate <= 0 || (double)load->counts.requests < load->options.rate * (double)(now_us - load->begun_us) / 1e6;
}

static void clients_turn(load_t *load)
{
    const int64_t now_us = clock_steady_us();
    const bool give_up = load->give_up_us != 0 && now_us >= load->give_up_us;
    for (unsigned i = 0; i < load->options.clients; i++) {
        client_t *client = &load->clients[i];
        if (client->state == CLIENT_RUNNING && give_up) {
            curl_multi_remove_handle(load->multi, client->curl);
            client_end(client, &(load_answer_t){.body = ""});
        } else if (client->state == CLIENT_WAITING && give_up) {
            client_end(client, &(load_answer_t){.body = ""});
        } else if (client->state == CLIENT_WAITING && now_us >= client->due_us) {
            load->counts.repeats++;
            send_attempt(client);
        } else if (client->state == CLIENT_IDLE && may_begin(load, now_us) && !client_begin(client)) {
            break;
        }
    }
}

static void *load_run(void *data)
{
    load_t *load = data;
    bool more = true;
    load->begun_us = clock_steady_us();
    while (more) {
        int running = 0, left = 0;
        pthread_mutex_lock(&load->lock);
        clients_turn(load);
        pthread_mutex_unlock(&load->lock);
        curl_multi_perform(load->multi, &running);
        pthread_mutex_lock(&load->lock);
        for (CURLMsg *message; (message = curl_multi_info_read(load->multi, &left)) != NULL;) {
            client_t *client = NULL;
            if (message->msg != CURLMSG_DONE)
                continue;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&client);
            client_answered(client, message->data.result);
        }
        clients_turn(load);
        more = load->counts.in_flight > 0 || !is_through(load, clock_steady_us());
        load->ended = !more;
        pthread_cond_broadcast(&load->changed);
        pthread_mutex_unlock(&load->lock);
        // With a rate the next one may be due before anything comes.
        if (more)
            curl_multi_poll(load->multi, NULL, 0, load->options.rate > 0 ? 1 : WAIT_MS, NULL);
    }
    return NULL;
}

static void load_free(load_t *load)
{
    for (unsigned i = 0; load->clients != NULL && i < load->options.clients; i++) {
        curl_easy_cleanup(load->clients[i].curl);
        curl_slist_free_all(load->clients[i].headers);
        free(load->clients[i].body);
    }
    curl_multi_cleanup(load->multi);
    pthread_mutex_destroy(&load->lock);
    pthread_cond_destroy(&load->changed);
    free(load->clients);
    free(load->url);
    free(load);
}

load_t *load_start(const load_options_t *options)
{
    load_t *load = calloc(1, sizeof *load);
    if (load == NULL)
        return NULL;
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&load->lock, NULL);
    pthread_cond_init(&load->changed, &steady);
    pthread_condattr_destroy(&steady);
    load->options = *options;
    load->random.state = options->seed;
    for (const load_operation_t *operation = options->operations; operation->name != NULL; operation++)
        load->weight_sum += operation->weight;
    load->multi = curl_multi_init();
    load->clients = calloc(options->clients, sizeof *load->clients);
    load->url = strdup(options->url);
    bool good = load->multi != NULL && load->clients != NULL && load->url != NULL && load->weight_sum > 0;
    for (unsigned i = 0; good && i < options->clients; i++) {
        load->clients[i].load = load;
        load->clients[i].curl = curl_easy_init();
        good = load->clients[i].curl != NULL;
    }
    if (good)
        curl_multi_setopt(load->multi, CURLMOPT_MAXCONNECTS, (long)options->clients);
    if (!good || pthread_create(&load->thread, NULL, load_run, load) != 0) {
        load_free(load);
        return NULL;
    }
    return load;
}

load_counts_t load_count(load_t *load)
{
    pthread_mutex_lock(&load->lock);
    const load_counts_t counts = load->counts;
    pthread_mutex_unlock(&load->lock);
    return counts;
}

bool load_await(load_t *load, size_t acknowledged, long limit_ms)
{
    const int64_t until_us = clock_steady_us() + limit_ms * INT64_C(1000);
    const struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = (until_us % 1000000) * 1000};
    int late = 0;
    pthread_mutex_lock(&load->lock);
    while (load->counts.acknowledged < acknowledged && !load->ended && late == 0)
        late = pthread_cond_timedwait(&load->changed, &load->lock, &until);
    const bool reached = load->counts.acknowledged >= acknowledged;
    pthread_mutex_unlock(&load->lock);
    return reached;
}

static load_counts_t load_join(load_t **load, long limit_ms, bool stop)
{
    load_t *self = *load;
    pthread_mutex_lock(&self->lock);
    self->stop = stop;
    self->give_up_us = clock_steady_us() + limit_ms * INT64_C(1000);
    pthread_mutex_unlock(&self->lock);
    curl_multi_wakeup(self->multi);
    pthread_join(self->thread, NULL);
    const load_counts_t counts = self->counts;
    load_free(self);
    *load = NULL;
    return counts;
}

load_counts_t load_stop(load_t **load, long limit_ms)
{
    return load_join(load, limit_ms, true);
}

load_counts_t load_finish(load_t **load, long limit_ms)
{
    assert((*load)->options.requests_max > 0);
    return load_join(load, limit_ms, false);
}
