#include "services/gateway/keyurl.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/app/version.h"
#include "common/base/clock.h"
#include "common/base/log.h"

// After a failure: doubled each time, until it is a minute or the refresh.
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 60000

// What a worker thread has to itself while it runs, and the loop otherwise.
typedef struct answer {
    char text[JWKS_SIZE_MAX];
    size_t size;
    bool too_large;
    jwks_t *jwks; // NULL where the text is the one before
    status_t status;
    problem_t problem;
} answer_t;

struct keyurl {
    uv_timer_t timer;
    uv_work_t work;
    uv_loop_t *loop;
    keyurl_options_t options;
    verifier_t *verifier;
    counter_t *requests, *failures;
    gauge_t *read_at;
    bool running, hinted, closed;
    uint64_t begun_ms; // by the loop's clock
    int64_t retry_ms;
    answer_t answer, good; // the one that comes, and the last that counts
    atomic_bool ending;
};

// ---- on a worker thread ----

static size_t take(char *bytes, size_t one, size_t count, void *data)
{
    answer_t *answer = data;
    const size_t size = one * count;
    if (size > sizeof answer->text - answer->size) {
        answer->too_large = true;
        return 0;
    }
    memcpy(answer->text + answer->size, bytes, size);
    answer->size += size;
    return size;
}

static int progress(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    (void)total, (void)now, (void)up_total, (void)up_now;
    return atomic_load(&((keyurl_t *)data)->ending) ? 1 : 0;
}

static bool set_up(CURL *curl, keyurl_t *keyurl, struct curl_slist *headers)
{
    const keyurl_options_t *options = &keyurl->options;
    bool good = curl_easy_setopt(curl, CURLOPT_URL, options->url) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    if (options->authorities != NULL && options->authorities[0] != '\0') {
        good = good && curl_easy_setopt(curl, CURLOPT_CAINFO, options->authorities) == CURLE_OK;
        good = good && curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
    }
    good = good && curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_USERAGENT, "pcn-gateway/" PCN_VERSION) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_WRITEDATA, &keyurl->answer) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
    good = good && curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress) == CURLE_OK;
    return good && curl_easy_setopt(curl, CURLOPT_XFERINFODATA, keyurl) == CURLE_OK;
}

static status_t ask(keyurl_t *keyurl, CURL *curl, struct curl_slist *headers)
{
    answer_t *answer = &keyurl->answer;
    if (curl == NULL || headers == NULL || !set_up(curl, keyurl, headers))
        return problem_set(&answer->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory to ask for the keys");
    const CURLcode code = curl_easy_perform(curl);
    long status = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (answer->too_large)
        return problem_set(&answer->problem, STATUS_INVALID_ARGUMENT, NULL, "The key set is too large");
    if (code != CURLE_OK)
        return problem_set(&answer->problem, STATUS_UNAVAILABLE, NULL, "%s", curl_easy_strerror(code));
    if (status != 200)
        return problem_set(&answer->problem, STATUS_UNAVAILABLE, NULL, "The issuer answers with %ld", status);
    return STATUS_OK;
}

static void run(uv_work_t *work)
{
    keyurl_t *keyurl = work->data;
    answer_t *answer = &keyurl->answer;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    answer->status = ask(keyurl, curl, headers);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    // The loop leaves what was good alone while this runs.
    const answer_t *good = &keyurl->good;
    const bool same = answer->size == good->size && memcmp(answer->text, good->text, good->size) == 0;
    if (answer->status == STATUS_OK && !(same && good->size > 0))
        answer->status = jwks_parse(answer->text, answer->size, &answer->jwks, &answer->problem);
}

// ---- in the loop ----

static void begin(uv_timer_t *timer);

static void wait_for(keyurl_t *keyurl, int64_t wait_ms)
{
    (void)uv_timer_start(&keyurl->timer, begin, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

// How long the floor still lasts.
static int64_t floor_left(const keyurl_t *keyurl)
{
    return keyurl->options.floor_ms - (int64_t)(uv_now(keyurl->loop) - keyurl->begun_ms);
}

static int64_t next_retry(keyurl_t *keyurl)
{
    const int64_t longest = keyurl->options.refresh_ms < RETRY_MAX_MS ? keyurl->options.refresh_ms : RETRY_MAX_MS;
    keyurl->retry_ms = keyurl->retry_ms == 0 ? RETRY_MIN_MS : keyurl->retry_ms * 2;
    keyurl->retry_ms = keyurl->retry_ms < longest ? keyurl->retry_ms : longest;
    return keyurl->retry_ms;
}

static int64_t after_failure(keyurl_t *keyurl)
{
    const problem_t *problem = &keyurl->answer.problem;
    keyurl->failures->value++;
    log_warning("the token issuer's keys were not read", LOG_TEXT("field", problem->field), LOG_TEXT("detail", problem->detail),
                LOG_NUMBER("kept", verifier_has_keys(keyurl->verifier)));
    return next_retry(keyurl);
}

static int64_t after_success(keyurl_t *keyurl)
{
    keyurl->retry_ms = 0;
    keyurl->read_at->value = clock_wall_us() / 1000000;
    if (keyurl->answer.jwks != NULL) {
        log_info("the token issuer's keys were read", LOG_NUMBER("keys", jwks_count(keyurl->answer.jwks)));
        verifier_set_keys(keyurl->verifier, &keyurl->answer.jwks);
        memcpy(keyurl->good.text, keyurl->answer.text, keyurl->answer.size);
        keyurl->good.size = keyurl->answer.size;
    }
    return keyurl->options.refresh_ms;
}

static void free_all(keyurl_t *keyurl)
{
    jwks_destroy(&keyurl->answer.jwks);
    free(keyurl);
    curl_global_cleanup();
}

static void on_closed(uv_handle_t *handle)
{
    free_all(handle->data);
}

static void done(uv_work_t *work, int status)
{
    keyurl_t *keyurl = work->data;
    keyurl->running = false;
    if (keyurl->closed) {
        uv_close((uv_handle_t *)&keyurl->timer, on_closed);
        return;
    }
    int64_t wait_ms = status == 0 && keyurl->answer.status == STATUS_OK ? after_success(keyurl) : after_failure(keyurl);
    if (keyurl->hinted && floor_left(keyurl) < wait_ms)
        wait_ms = floor_left(keyurl);
    wait_for(keyurl, wait_ms);
}

static void begin(uv_timer_t *timer)
{
    keyurl_t *keyurl = timer->data;
    answer_t *answer = &keyurl->answer;
    answer->size = 0;
    answer->too_large = false;
    answer->problem = (problem_t){0};
    keyurl->hinted = false;
    keyurl->begun_ms = uv_now(keyurl->loop);
    keyurl->requests->value++;
    if (uv_queue_work(keyurl->loop, &keyurl->work, run, done) == 0)
        keyurl->running = true;
    else
        wait_for(keyurl, next_retry(keyurl));
}

void keyurl_hint(keyurl_t *keyurl)
{
    keyurl->hinted = true;
    if (!keyurl->running && floor_left(keyurl) < (int64_t)uv_timer_get_due_in(&keyurl->timer))
        wait_for(keyurl, floor_left(keyurl));
}

static void unknown_key(void *data)
{
    keyurl_hint(data);
}

// ---- life ----

status_t keyurl_check(const char *url, bool loopback, problem_t *problem)
{
    static const char *const local[] = {"127.0.0.1", "localhost", "[::1]"};
    const bool https = strncmp(url, "https://", 8) == 0, http = strncmp(url, "http://", 7) == 0;
    const char *host = url + (https ? 8 : 7);
    const size_t size = https || http ? strcspn(host, "/?#") : 0;
    if (size == 0 || strpbrk(url, " \t\r\n@#") != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Not an address as in https://issuer.example/jwks.json");
    if (https)
        return STATUS_OK;
    for (size_t i = 0; loopback && i < sizeof local / sizeof *local; i++) {
        const size_t length = strlen(local[i]);
        if (strncmp(host, local[i], length) == 0 && (size == length || host[length] == ':'))
            return STATUS_OK;
    }
    return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "Keys come by https, or in development from this machine");
}

status_t keyurl_new(uv_loop_t *loop, const keyurl_options_t *options, verifier_t *verifier, metrics_t *metrics, keyurl_t **out,
                    problem_t *problem)
{
    *out = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for the keys");
    keyurl_t *keyurl = calloc(1, sizeof *keyurl);
    if (keyurl == NULL) {
        curl_global_cleanup();
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory for the keys");
    }
    keyurl->loop = loop;
    keyurl->options = *options;
    keyurl->verifier = verifier;
    keyurl->timer.data = keyurl->work.data = keyurl;
    atomic_init(&keyurl->ending, false);
    keyurl->requests = metrics_counter(metrics, "pcn_gateway_keys_requests_total", NULL, "Times that the issuer was asked for its keys.");
    keyurl->failures = metrics_counter(metrics, "pcn_gateway_keys_failures_total", NULL, "Times that no keys could be had of it.");
    keyurl->read_at = metrics_gauge(metrics, "pcn_gateway_keys_timestamp_seconds", NULL, "When they were had last, as Unix time.");
    (void)uv_timer_init(loop, &keyurl->timer);
    verifier_on_unknown(verifier, unknown_key, keyurl);
    begin(&keyurl->timer);
    *out = keyurl;
    return STATUS_OK;
}

void keyurl_destroy(keyurl_t **held)
{
    keyurl_t *keyurl = *held;
    *held = NULL;
    if (keyurl == NULL)
        return;
    verifier_on_unknown(keyurl->verifier, NULL, NULL);
    keyurl->closed = true;
    atomic_store(&keyurl->ending, true);
    (void)uv_timer_stop(&keyurl->timer);
    // Where it runs its end closes; a work that has not begun yet is taken back and ends as well.
    if (keyurl->running)
        (void)uv_cancel((uv_req_t *)&keyurl->work);
    else
        uv_close((uv_handle_t *)&keyurl->timer, on_closed);
}
