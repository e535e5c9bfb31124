#include "tests/integration/registry/world.h"

#include <stdio.h>

#include "services/registry/service.h"

int world_setup(void **state)
{
    return world_open(state, &registry_service);
}

void world_populate(world_t *world)
{
    static const char *const organisations[] = {
        "{'code':'ics-a','name':'System A','kind':'ics','statedPopulation':100000,'statedPracticeCount':3}",
        "{'code':'ccg-a','name':'Commissioner A','kind':'ccg','parent':'ics-a','statedPopulation':60000,'statedPracticeCount':2}",
        "{'code':'ccg-b','name':'Commissioner B','kind':'ccg','parent':'ics-a'}",
        "{'code':'la-a','name':'Council A','kind':'local-authority','parent':'ics-a'}",
        "{'code':'pcn-a','name':'Network A','kind':'network','parent':'ccg-a','place':'la-a','statedPracticeCount':2}",
        "{'code':'gp-a','name':'Practice A','kind':'practice','parent':'pcn-a'}",
        "{'code':'gp-b','name':'Practice B','kind':'practice','parent':'ccg-a'}",
    };
    for (size_t i = 0; i < sizeof organisations / sizeof *organisations; i++) {
        char json[1024];
        (void)snprintf(json, sizeof json, "{'organisation':%s}", organisations[i]);
        for (char *c = json; *c != '\0'; c++)
            *c = *c == '\'' ? '"' : *c;
        assert_call(world, "CreateOrganisation", "%s", json);
    }
}
