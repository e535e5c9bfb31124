#include "tests/support/journal.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"

struct journal {
    pthread_mutex_t lock;
    uint64_t run;
    journal_entry_t **entries;
    size_t count, room;
    FILE *file;
    char *path;
};

// A test without memory has nothing to say.
static void *require(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "journal: no memory\n");
        abort();
    }
    return memory;
}

static char *copy(const char *text)
{
    return text != NULL ? require(strdup(text)) : NULL;
}

static uint64_t hash_of(const char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

bool journal_is_success(long status)
{
    return status >= 200 && status < 300;
}

bool journal_asks_again(long status)
{
    return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

journal_t *journal_new(const char *path, uint64_t run)
{
    journal_t *journal = calloc(1, sizeof *journal);
    if (journal == NULL || run == 0) {
        free(journal);
        return NULL;
    }
    journal->run = run;
    journal->path = copy(path);
    if (path != NULL && (journal->file = fopen(path, "wxe")) == NULL) {
        free(journal->path);
        free(journal);
        return NULL;
    }
    pthread_mutex_init(&journal->lock, NULL);
    return journal;
}

static void entry_free(journal_entry_t *entry)
{
    for (size_t i = 0; i < JOURNAL_SUBJECTS_MAX; i++)
        free(entry->subjects[i]);
    free(entry->operation);
    free(entry->method);
    free(entry->path);
    free(entry->body);
    free(entry->key);
    free(entry->match);
    free(entry);
}

void journal_destroy(journal_t **journal)
{
    journal_t *self = *journal;
    if (self == NULL)
        return;
    for (size_t i = 0; i < self->count; i++)
        entry_free(self->entries[i]);
    free(self->entries);
    if (self->file != NULL)
        fclose(self->file);
    free(self->path);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *journal = NULL;
}

static void write_line(journal_t *journal, json_t *line)
{
    if (journal->file != NULL) {
        json_dumpf(line, journal->file, JSON_COMPACT);
        fputc('\n', journal->file);
    }
    json_decref(line);
}

journal_entry_t *journal_open(journal_t *journal, const journal_request_t *request)
{
    journal_entry_t *entry = require(calloc(1, sizeof *entry));
    entry->operation = copy(request->operation);
    entry->method = copy(request->method);
    entry->path = copy(request->path);
    entry->body = copy(request->body);
    entry->key = copy(request->key);
    entry->match = copy(request->match);
    for (size_t i = 0; i < JOURNAL_SUBJECTS_MAX; i++)
        entry->subjects[i] = copy(request->subjects[i]);
    pthread_mutex_lock(&journal->lock);
    if (journal->count == journal->room) {
        journal->room = journal->room > 0 ? 2 * journal->room : 1024;
        journal->entries = require(realloc(journal->entries, journal->room * sizeof *journal->entries));
    }
    journal->entries[journal->count++] = entry;
    entry->number = journal->count;
    snprintf(entry->traceparent, sizeof entry->traceparent, "00-%016" PRIx64 "%016" PRIx64 "-%016" PRIx64 "-01", journal->run,
             entry->number, entry->number);
    pthread_mutex_unlock(&journal->lock);
    return entry;
}

void journal_name(journal_t *journal, journal_entry_t *entry, size_t subject, const char *name)
{
    pthread_mutex_lock(&journal->lock);
    free(entry->subjects[subject]);
    entry->subjects[subject] = copy(name);
    if (journal->file != NULL)
        write_line(journal, json_pack("{s:I, s:s}", "named", (json_int_t)entry->number, "subject", name));
    pthread_mutex_unlock(&journal->lock);
}

void journal_sent(journal_t *journal, journal_entry_t *entry)
{
    entry->attempts++;
    if (journal->file == NULL)
        return;
    json_t *line =
        json_pack("{s:I, s:i, s:I, s:s*, s:s, s:s, s:s*, s:s*, s:s*, s:s}", "sent", (json_int_t)entry->number, "attempt",
                  (int)entry->attempts, "at", (json_int_t)clock_wall_us(), "operation", entry->operation, "method", entry->method, "path",
                  entry->path, "key", entry->key, "match", entry->match, "body", entry->body, "traceparent", entry->traceparent);
    pthread_mutex_lock(&journal->lock);
    write_line(journal, line);
    pthread_mutex_unlock(&journal->lock);
}

void journal_answered(journal_t *journal, journal_entry_t *entry, const journal_answer_t *answer)
{
    if (answer->status != 0) {
        const uint64_t hash = hash_of(answer->body != NULL ? answer->body : "", answer->size);
        entry->answers++;
        if (!journal_is_success(entry->status)) {
            entry->status = answer->status;
            entry->version = answer->version;
            entry->body_hash = hash;
        } else if (journal_asks_again(answer->status)) {
            // Somebody is away now; the first answer stands.
        } else if (answer->status != entry->status || answer->version != entry->version || hash != entry->body_hash) {
            entry->differing = true;
        }
    }
    if (journal->file == NULL)
        return;
    char hash[24];
    snprintf(hash, sizeof hash, "%016" PRIx64, hash_of(answer->body != NULL ? answer->body : "", answer->size));
    json_t *line =
        json_pack("{s:I, s:I, s:i, s:I, s:b, s:s}", "answered", (json_int_t)entry->number, "at", (json_int_t)clock_wall_us(), "status",
                  (int)answer->status, "version", (json_int_t)answer->version, "replayed", answer->replayed, "hash", hash);
    // What was refused is worth its words.
    if (answer->status >= 400 && answer->body != NULL)
        json_object_set_new(line, "said", json_stringn(answer->body, answer->size));
    pthread_mutex_lock(&journal->lock);
    write_line(journal, line);
    pthread_mutex_unlock(&journal->lock);
}

size_t journal_count(const journal_t *journal)
{
    return journal->count;
}

const journal_entry_t *journal_at(const journal_t *journal, size_t index)
{
    return index < journal->count ? journal->entries[index] : NULL;
}

const journal_entry_t *journal_by_trace(const journal_t *journal, const char *traceparent)
{
    char run[17] = "", number[17] = "";
    if (traceparent == NULL || strlen(traceparent) != JOURNAL_TRACE_SIZE - 1 || strncmp(traceparent, "00-", 3) != 0)
        return NULL;
    memcpy(run, traceparent + 3, 16);
    memcpy(number, traceparent + 19, 16);
    if (strtoull(run, NULL, 16) != journal->run)
        return NULL;
    const uint64_t place = strtoull(number, NULL, 16);
    return place > 0 && place <= journal->count ? journal->entries[place - 1] : NULL;
}

void journal_flush(journal_t *journal)
{
    pthread_mutex_lock(&journal->lock);
    if (journal->file != NULL)
        fflush(journal->file);
    pthread_mutex_unlock(&journal->lock);
}

const char *journal_path(const journal_t *journal)
{
    return journal->path;
}
