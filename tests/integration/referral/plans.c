#include "tests/integration/referral/plans.h"

#include <stdio.h>
#include <stdlib.h>

void plans_sql(world_t *world, const char *sql)
{
    free(test_database_query(world->database, sql));
}

void plans_begin(world_t *world)
{
    plans_sql(world, "INSERT INTO service (provider, id, name, kind, channels, status, version, created_at, updated_at) "
                     "VALUES ('gp-a1', '" PLANS_SERVICE "', 'Surgery', 'general-practice', '{in-person}', 'active', 1, now(), now())");
}

void plans_add(world_t *world, int number, const char *organisation, const char *kind)
{
    char sql[600];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO schedule_template (organisation, id, service, name, kind, channel, sessions, valid_from, version, "
                   "created_at, updated_at) VALUES ('%s', '00000000-0000-7000-8000-%012d', '" PLANS_SERVICE
                   "', 'Plan', '%s', 'in-person', '[]', '2026-01-01', 1, now(), now())",
                   organisation, number, kind);
    plans_sql(world, sql);
}

const char *plans_slot(world_t *world, int number, const char *at, int minutes, const char *status)
{
    char sql[600];
    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO slot (organisation, id, template, start_at, minutes, status) SELECT t.organisation, gen_random_uuid(), t.id, "
        "timestamp '%s' AT TIME ZONE 'Europe/London', %d, '%s' FROM schedule_template t "
        "WHERE t.id = '00000000-0000-7000-8000-%012d' RETURNING id",
        at, minutes, status, number);
    // Those of a test, which the next call's arena would forget.
    static char ids[16][40];
    static unsigned made;
    char *id = ids[made++ % 16];
    (void)snprintf(id, sizeof *ids, "%s", world_query(world, sql));
    return id;
}
