// What tests of verbs share: requests with single quotes, and what is on record on a day.
#ifndef PCN_TESTS_REGISTRY_VERBS_H
#define PCN_TESTS_REGISTRY_VERBS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/registry/world.h"

static inline const char *quoted(world_t *world, const char *json)
{
    char *copy = arena_string(world->arena, json);
    assert_non_null(copy);
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    return copy;
}

static inline status_t verb(world_t *world, const char *method, const char *json)
{
    char request[16 * 1024];
    (void)snprintf(request, sizeof request, "%s", quoted(world, json));
    return world_call(world, method, "%s", request);
}

static inline void done(world_t *world, const char *method, const char *json)
{
    if (verb(world, method, json) != STATUS_OK)
        fail_msg("%s: %s %s: %s", method, status_name(world->problem.status), world->problem.field, world->problem.detail);
}

static inline void refused(world_t *world, status_t status, const char *field, const char *method, const char *json)
{
    const status_t got = verb(world, method, json);
    if (got != status || strcmp(world->problem.field, field) != 0)
        fail_msg("%s: %s %s: %s", method, status_name(got), world->problem.field, world->problem.detail);
}

static inline void says(world_t *world, const char *text)
{
    assert_reply_has(world, quoted(world, text));
}

static inline void lacks(world_t *world, const char *text)
{
    assert_reply_lacks(world, quoted(world, text));
}

static inline void create(world_t *world, const char *organisation)
{
    char json[1024];
    (void)snprintf(json, sizeof json, "{'organisation':%s}", organisation);
    done(world, "CreateOrganisation", json);
}

static inline void join(world_t *world, const char *network, const char *practice, const char *from)
{
    char json[512];
    (void)snprintf(json, sizeof json, "{'code':'%s','member':{'practice':'%s','from':'%s'}}", network, practice, from);
    done(world, "AddMember", json);
}

// Codes of the members of the day, by code: "gp-a gp-b"; of the caller.
static inline void assert_members(world_t *world, const char *network, const char *day, const char *expected)
{
    char json[256], list[512] = "";
    (void)snprintf(json, sizeof json, "{'code':'%s','asOf':'%s'}", network, day);
    done(world, "GetNetwork", json);
    const char *members = strstr(world->reply, "\"members\":[");
    const char *end = strstr(world->reply, "],\"directors\"");
    for (const char *at = members; at != NULL && end != NULL && (at = strstr(at, "\"practice\":\"")) != NULL && at < end; at++) {
        const char *code = at + strlen("\"practice\":\"");
        (void)snprintf(list + strlen(list), sizeof list - strlen(list), "%s%.*s", list[0] != '\0' ? " " : "", (int)strcspn(code, "\""),
                       code);
    }
    if (strcmp(list, expected) != 0)
        fail_msg("%s on %s: %s instead of %s", network, day, list, expected);
}

// The parent of the day, "" for none.
static inline void assert_parent(world_t *world, const char *code, const char *day, const char *expected)
{
    char json[256], text[128];
    (void)snprintf(json, sizeof json, "{'code':'%s','asOf':'%s'}", code, day);
    done(world, "GetOrganisation", json);
    (void)snprintf(text, sizeof text, "\"parent\":\"%s\"", expected);
    if (expected[0] == '\0')
        assert_reply_lacks(world, "\"parent\"");
    else
        assert_reply_has(world, text);
}

static inline long version_of(world_t *world, const char *code)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT version FROM organisation WHERE code = '%s'", code);
    return test_database_number(world->database, sql);
}

// The type of the newest event of an organisation, without its prefix; the caller frees it.
static inline void assert_last_event(world_t *world, const char *code, const char *type)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "SELECT substr(type, length('pcn.registry.organisation.') + 1) FROM event_queue e JOIN organisation o "
                   "ON e.subject = 'organisations/' || o.code AND e.version = o.version WHERE o.code = '%s'",
                   code);
    char *last = test_database_query(world->database, sql);
    assert_non_null(last);
    assert_string_equal(last, type);
    free(last);
}

// Every version of every organisation has exactly one event, but for `missing`.
static inline void assert_events_complete(world_t *world, int missing)
{
    assert_int_equal(
        test_database_number(world->database,
                             "SELECT count(*) FROM (SELECT subject FROM event_queue GROUP BY subject, version HAVING count(*) > 1) twice"),
        0);
    assert_int_equal(
        test_database_number(world->database,
                             "SELECT count(*) FROM organisation o CROSS JOIN LATERAL generate_series(1, o.version) v "
                             "LEFT JOIN event_queue e ON e.subject = 'organisations/' || o.code AND e.version = v WHERE e.id IS NULL"),
        missing);
}

#endif
