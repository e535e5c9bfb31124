#include "tests/support/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HTTP_TIMEOUT_MS = 60000 };

typedef struct text {
    char *data;
    size_t size;
} text_t;

static size_t on_bytes(char *bytes, size_t one, size_t count, void *data)
{
    (void)one;
    text_t *text = data;
    char *grown = realloc(text->data, text->size + count + 1);
    if (grown == NULL) {
        return 0;
    }
    text->data = grown;
    memcpy(grown + text->size, bytes, count);
    text->size += count;
    grown[text->size] = '\0';
    return count;
}

static struct curl_slist *headers_make(const http_call_t *call)
{
    struct curl_slist *list = NULL;
    bool has_type = false;
    for (size_t i = 0; call->headers != NULL && call->headers[i] != NULL; i++) {
        has_type = has_type || strncasecmp(call->headers[i], "Content-Type:", 13) == 0;
        list = curl_slist_append(list, call->headers[i]);
    }
    if (call->body != NULL && !has_type) {
        list = curl_slist_append(list, "Content-Type: application/json");
    }
    // A body that waits for "100 Continue" only makes a test slower.
    list = curl_slist_append(list, "Expect:");
    if (call->token != NULL) {
        size_t size = strlen(call->token) + sizeof "Authorization: Bearer ";
        char *line = malloc(size);
        if (line != NULL) {
            snprintf(line, size, "Authorization: Bearer %s", call->token);
            list = curl_slist_append(list, line);
            free(line);
        }
    }
    return list;
}

bool http_send(const http_call_t *call, http_answer_t *answer)
{
    *answer = (http_answer_t){0};
    CURL *curl = curl_easy_init();
    char *url = NULL;
    if (curl == NULL || asprintf(&url, "%s%s", call->url, call->path) < 0) {
        curl_easy_cleanup(curl);
        return false;
    }
    text_t headers = {0};
    text_t body = {0};
    struct curl_slist *list = headers_make(call);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, call->timeout_ms > 0 ? call->timeout_ms : (long)HTTP_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &headers);
    if (call->socket != NULL) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, call->socket);
    }
    if (call->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
    }
    if (call->method != NULL) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
        curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(call->method, "HEAD") == 0 ? 1L : 0L);
    }
    bool whole = curl_easy_perform(curl) == CURLE_OK;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->headers = headers.data;
    answer->body = body.data;
    answer->size = body.size;
    if (body.data != NULL) {
        answer->json = json_loadb(body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
    }
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    free(url);
    return whole;
}

bool http_header(const http_answer_t *answer, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    for (const char *line = answer->headers; line != NULL && *line != '\0';) {
        const char *end = strstr(line, "\r\n");
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *text = line + length + 1;
            text += strspn(text, " \t");
            snprintf(value, size, "%.*s", (int)(end != NULL ? end - text : (ptrdiff_t)strlen(text)), text);
            return true;
        }
        line = end != NULL ? end + 2 : NULL;
    }
    return false;
}

const char *http_text(const http_answer_t *answer, const char *key)
{
    return json_string_value(json_object_get(answer->json, key));
}

void http_answer_clear(http_answer_t *answer)
{
    free(answer->headers);
    free(answer->body);
    json_decref(answer->json);
    *answer = (http_answer_t){0};
}
