#include "tests/integration/referral/world.h"

#include <stdlib.h>

#include "services/referral/service.h"

int world_setup(void **state)
{
    if (world_open(state, &referral_service) != 0)
        return -1;
    const world_t *world = *state;
    free(test_database_query(
        world->database,
        "INSERT INTO organisation (code, name, kind, parent, place, status, version) VALUES "
        "('ics-a', 'System A', 'ics', NULL, NULL, 'active', 1), ('ccg-a', 'Commissioner A', 'ccg', 'ics-a', NULL, 'active', 1), "
        "('la-a', 'Council A', 'local-authority', 'ics-a', NULL, 'active', 1), "
        "('pcn-a', 'Network A', 'network', 'ccg-a', 'la-a', 'active', 1), ('pcn-b', 'Network B', 'network', 'ccg-a', NULL, 'active', 1), "
        "('gp-a1', 'Practice A1', 'practice', 'pcn-a', NULL, 'active', 1), ('gp-a2', 'Practice A2', 'practice', 'pcn-a', NULL, 'active', "
        "1), "
        "('gp-b1', 'Practice B1', 'practice', 'pcn-b', NULL, 'active', 1), "
        "('provider-a', 'Provider A', 'provider', 'ics-a', NULL, 'active', 1), "
        "('vol-a', 'Helpers A', 'voluntary', 'ics-a', NULL, 'active', 1), "
        "('ics-x', 'System X', 'ics', NULL, NULL, 'active', 1), ('gp-x', 'Practice X', 'practice', 'ics-x', NULL, 'active', 1)"));
    return 0;
}

const char *world_query(world_t *world, const char *sql)
{
    char *text = test_database_query(world->database, sql);
    const char *kept = arena_string(world->arena, text != NULL ? text : "");
    free(text);
    assert_non_null(kept);
    return kept;
}
