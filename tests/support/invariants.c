#include "tests/support/invariants.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/http.h"
#include "tests/support/load.h"

enum { MEMORY_SLACK_KIB = 512, DESCRIPTORS_SLACK = 2 };

void invariants_note(invariants_t *report, size_t *kind, const char *format, ...)
{
    (*kind)++;
    if (report->finding_count == INVARIANTS_FINDINGS)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->findings[report->finding_count++], sizeof report->findings[0], format, arguments);
    va_end(arguments);
}

void invariants_check_log(invariants_t *report, const replay_t *replay)
{
    if (replay->gaps > 0)
        invariants_note(report, &report->gaps, "%s", replay->first);
    if (replay->doubles > 0)
        invariants_note(report, &report->doubled, "%s", replay->first);
    // The first one was counted with its note.
    report->gaps += replay->gaps > 0 ? replay->gaps - 1 : 0;
    report->doubled += replay->doubles > 0 ? replay->doubles - 1 : 0;
}

// Events of one request, by its subjects.
typedef struct doing {
    uint16_t events[JOURNAL_SUBJECTS_MAX];
    int64_t version; // of the first subject's event
} doing_t;

// One that nobody could name, since no answer came, is any of its kind.
static bool is_meant(const char *named, const char *subject)
{
    const size_t length = strlen(named);
    if (length > 0 && named[length - 1] == '/')
        return strncmp(subject, named, length) == 0;
    return strcmp(named, subject) == 0;
}

static void collect(invariants_t *report, const journal_t *journal, const replay_t *replay, doing_t *doings)
{
    for (size_t i = 0; i < replay->count; i++) {
        const replay_event_t *event = &replay->events[i];
        const char *subject = replay->subjects.texts[event->subject];
        const journal_entry_t *entry = journal_by_trace(journal, event->traceparent);
        size_t k = 0;
        if (entry == NULL)
            continue;
        while (k < JOURNAL_SUBJECTS_MAX && entry->subjects[k] != NULL && !is_meant(entry->subjects[k], subject))
            k++;
        if (k == JOURNAL_SUBJECTS_MAX || entry->subjects[k] == NULL) {
            invariants_note(report, &report->undone, "request %" PRIu64 " (%s %s) changed %s, which it does not name", entry->number,
                            entry->method, entry->path, subject);
            continue;
        }
        doing_t *doing = &doings[entry->number - 1];
        doing->events[k]++;
        if (k == 0)
            doing->version = event->version;
    }
}

static void check_entry(invariants_t *report, const journal_entry_t *entry, const doing_t *doing)
{
    const bool acknowledged = journal_is_success(entry->status);
    // Refused for good; after a 5xx or silence it may have taken place.
    const bool refused = entry->status >= 400 && entry->status < 500 && !journal_asks_again(entry->status) && entry->status != 408;
    size_t there = 0, subjects = 0;
    for (; subjects < JOURNAL_SUBJECTS_MAX && entry->subjects[subjects] != NULL; subjects++) {
        const char *subject = entry->subjects[subjects];
        there += doing->events[subjects] > 0;
        if (doing->events[subjects] > 1)
            invariants_note(report, &report->doubled, "request %" PRIu64 " (%s %s) has %u events about %s", entry->number, entry->method,
                            entry->path, doing->events[subjects], subject);
        if (acknowledged && doing->events[subjects] == 0)
            invariants_note(report, &report->lost, "request %" PRIu64 " (%s %s, %ld) has no event about %s", entry->number, entry->method,
                            entry->path, entry->status, subject);
    }
    if (acknowledged && subjects > 0 && doing->events[0] > 0 && entry->version != doing->version)
        invariants_note(report, &report->lost, "request %" PRIu64 " was told version %" PRId64 " of %s, its event has %" PRId64,
                        entry->number, entry->version, entry->subjects[0], doing->version);
    if (refused && there > 0)
        invariants_note(report, &report->undone, "request %" PRIu64 " (%s %s) was refused with %ld and took place", entry->number,
                        entry->method, entry->path, entry->status);
    else if (!acknowledged && there > 0 && there < subjects)
        invariants_note(report, &report->undone, "request %" PRIu64 " (%s %s) took place in part", entry->number, entry->method,
                        entry->path);
    if (entry->differing && subjects > 0)
        invariants_note(report, &report->differing, "request %" PRIu64 " (%s %s) was answered in two ways", entry->number, entry->method,
                        entry->path);
    report->acknowledged += acknowledged && subjects > 0;
}

void invariants_check_journal(invariants_t *report, const journal_t *journal, const replay_t *replay)
{
    const size_t count = journal_count(journal);
    doing_t *doings = calloc(count > 0 ? count : 1, sizeof *doings);
    if (doings == NULL) {
        invariants_note(report, &report->unplanned, "no memory for the check");
        return;
    }
    collect(report, journal, replay, doings);
    for (size_t i = 0; i < count; i++)
        check_entry(report, journal_at(journal, i), &doings[i]);
    free(doings);
}

bool invariants_same(const json_t *answer, const json_t *data)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)answer, key, value)
    {
        if (!json_equal(value, json_object_get(data, key)))
            return false;
    }
    return json_object_size(answer) > 0;
}

static void check_resource(invariants_t *report, const replay_t *replay, const char *url, const char *token, const char *subject,
                           int64_t acknowledged)
{
    char path[160];
    http_answer_t answer;
    snprintf(path, sizeof path, "/v1/%s", subject);
    const bool whole = http_send(&(http_call_t){.url = url, .path = path, .token = token}, &answer);
    const int64_t version = json_integer_value(json_object_get(answer.json, "version"));
    const replay_subject_t *state = replay != NULL ? replay_state(replay, subject) : NULL;
    if (!whole || answer.status != 200)
        invariants_note(report, &report->lost, "%s was acknowledged and is answered %ld", path, answer.status);
    else if (version < acknowledged)
        invariants_note(report, &report->lost, "%s was acknowledged with version %" PRId64 " and has %" PRId64, path, acknowledged,
                        version);
    else if (state != NULL && state->data != NULL && state->version == version && !invariants_same(answer.json, state->data))
        invariants_note(report, &report->lost, "%s of version %" PRId64 " is not what its event says: %.80s", path, version, answer.body);
    http_answer_clear(&answer);
}

void invariants_check_resources(invariants_t *report, const journal_t *journal, const replay_t *replay, const char *url, const char *token,
                                size_t most, uint64_t seed)
{
    table_t subjects = {0};
    load_random_t random = {.state = seed};
    int64_t *versions = calloc(JOURNAL_SUBJECTS_MAX * (journal_count(journal) + 1), sizeof *versions);
    for (size_t i = 0; versions != NULL && i < journal_count(journal); i++) {
        const journal_entry_t *entry = journal_at(journal, i);
        for (size_t k = 0; k < JOURNAL_SUBJECTS_MAX && entry->subjects[k] != NULL && journal_is_success(entry->status); k++) {
            const size_t number = table_add(&subjects, entry->subjects[k], NULL);
            if (k == 0 && entry->version > versions[number])
                versions[number] = entry->version;
        }
    }
    // All of them, or each with the same chance until there are enough.
    size_t left = subjects.count, wanted = subjects.count < most ? subjects.count : most;
    for (size_t i = 0; versions != NULL && i < subjects.count && wanted > 0; i++, left--) {
        if (load_draw(&random, left) >= wanted)
            continue;
        check_resource(report, replay, url, token, subjects.texts[i], versions[i]);
        wanted--;
    }
    free(versions);
    table_clear(&subjects);
}

static invariants_kills_t kills_of(const invariants_kills_t *kills, const char *name)
{
    for (; kills != NULL && kills->name != NULL; kills++) {
        if (strcmp(kills->name, name) == 0)
            return *kills;
    }
    return (invariants_kills_t){0};
}

static bool within_a_tenth(long before, long after, long slack)
{
    return after <= before + (before / 10 > slack ? before / 10 : slack);
}

void invariants_check_processes(invariants_t *report, const processes_t *before, const processes_t *after, const invariants_kills_t *kills,
                                bool steady)
{
    for (size_t i = 0; i < before->count; i++) {
        const process_t *was = &before->of[i];
        const process_t *is = processes_find(after, was->name);
        const invariants_kills_t killed = kills_of(kills, was->name);
        const unsigned restarts = is != NULL ? is->restarts - was->restarts : 0;
        if (is == NULL || (was->pid > 0 && is->pid <= 0)) {
            invariants_note(report, &report->unplanned, "%s is gone", was->name);
            continue;
        }
        if (restarts < killed.restarts || restarts > killed.restarts + killed.failed_starts_most)
            invariants_note(report, &report->unplanned, "%s was killed %u times and started again %u times", was->name, killed.restarts,
                            restarts);
        if (is->pid != was->pid && is->restarts == was->restarts)
            invariants_note(report, &report->unplanned, "%s has another pid, without a restart", was->name);
        if (!steady || restarts > 0 || !was->ours)
            continue;
        if (!within_a_tenth(was->memory_kib, is->memory_kib, MEMORY_SLACK_KIB))
            invariants_note(report, &report->unplanned, "%s grew from %ld to %ld KiB", was->name, was->memory_kib, is->memory_kib);
        if (!within_a_tenth(was->descriptors, is->descriptors, DESCRIPTORS_SLACK))
            invariants_note(report, &report->unplanned, "%s has %ld descriptors after %ld", was->name, is->descriptors, was->descriptors);
    }
}

void invariants_check_logs(invariants_t *report, leaks_t *leaks, const char *state_dir)
{
    char keys[192], secrets[192], issuer[192], logs[192];
    snprintf(keys, sizeof keys, "%s/keys", state_dir);
    snprintf(secrets, sizeof secrets, "%s/secrets", state_dir);
    snprintf(issuer, sizeof issuer, "%s/issuer", state_dir);
    snprintf(logs, sizeof logs, "%s/log", state_dir);
    if (!leaks_add_files(leaks, keys, ".secret") || !leaks_add_files(leaks, secrets, "") || !leaks_add_files(leaks, issuer, ".pem") ||
        !leaks_scan_folder(leaks, logs) || leaks->lines == 0)
        invariants_note(report, &report->leaks, "secrets or logs below %s cannot be read", state_dir);
    if (leaks->found > 0) {
        invariants_note(report, &report->leaks, "%s", leaks->first);
        report->leaks += leaks->found - 1;
    }
}

bool invariants_hold(const invariants_t *report)
{
    return report->lost + report->doubled + report->gaps + report->undone + report->differing + report->unplanned + report->leaks == 0;
}

void invariants_print(const invariants_t *report, const char *what)
{
    printf("%s: %zu acknowledged, %zu killed, %zu lost, %zu doubled; %zu gaps, %zu undone, %zu differing, %zu unplanned, %zu leaks\n", what,
           report->acknowledged, report->killed, report->lost, report->doubled, report->gaps, report->undone, report->differing,
           report->unplanned, report->leaks);
    for (size_t i = 0; i < report->finding_count; i++)
        printf("  %s\n", report->findings[i]);
    fflush(stdout);
}
