#include "tests/integration/referral/cases.h"

#include <stdio.h>
#include <stdlib.h>

char crisis[40], far_crisis[40], case_id[40];

void add_service(world_t *world, char to[40], const char *name, const char *rest)
{
    world->unlimited = true;
    assert_call(world, "CreateService", "{\"service\":{\"name\":\"%s\",\"channels\":[\"telephone\",\"in-person\"],%s}}", name, rest);
    world->unlimited = false;
    keep_id(world, to);
}

// gp-x takes calls of 111 and has nothing to do with the patient; provider-a answers crises.
int cases_setup(void **state)
{
    if (booking_setup(state) != 0)
        return -1;
    world_t *world = *state;
    add_service(world, crisis, "Crisis team",
                "\"kind\":\"crisis-response\",\"provider\":\"provider-a\"," ALWAYS
                ",\"location\":{\"latitude\":\"52.60\",\"longitude\":\"-1.10\"}");
    add_service(world, far_crisis, "Far crisis team",
                "\"kind\":\"crisis-response\",\"provider\":\"pcn-b\",\"targetMinutes\":60," ALWAYS
                ",\"location\":{\"latitude\":\"52.90\",\"longitude\":\"-1.10\"}");
    return 0;
}

// One world for all: what a test made goes, and the caller is who takes calls.
int cases_afresh(void **state)
{
    world_t *world = *state;
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "DELETE FROM service WHERE id NOT IN ('%s', '%s', '%s'); TRUNCATE urgent_case, audit_queue; "
                   "UPDATE patient SET sensitive = false",
                   crisis, far_crisis, booking.service);
    if (booking_afresh(state) != 0)
        return -1;
    free(test_database_query(world->database, sql));
    world->organisation = "gp-x";
    world->subject = "handler";
    world->own = world->unlimited = false;
    return 0;
}

void open_case(world_t *world, const char *rest)
{
    world->organisation = "gp-x";
    world->subject = "handler";
    assert_call(world, "CreateUrgentCase", "{\"nhsNumber\":\"" NUMBER_ADA "\",\"birthDate\":\"1956-03-14\"%s}", rest);
    keep_id(world, case_id);
}

void step(world_t *world, const char *method)
{
    assert_call(world, method, "{\"id\":\"%s\"}", case_id);
}
