#include "tests/integration/follower/copy.h"

extern const db_migration_t copy_migrations[];

static const db_stmt_t copy_organisations = {
    "copy_organisations",
    "gone AS (DELETE FROM organisation_copy c USING news n WHERE c.subject = n.subject AND n.data IS NULL), "
    "kept AS (INSERT INTO organisation_copy (subject, name, version) SELECT n.subject, n.data ->> 'name', n.version FROM news n "
    "    WHERE n.data IS NOT NULL ON CONFLICT (subject) DO UPDATE SET name = excluded.name, version = excluded.version), "
    "counted AS (INSERT INTO application (subject, version, gone) SELECT n.subject, n.version, n.data IS NULL FROM news n)"};

static const service_follower_t followers[] = {
    {.source = "registry", .type = "pcn.registry.organisation.", .apply = &copy_organisations},
    {.source = NULL},
};

static const pb_service_t contract = {.name = "pcn.copy.v1.Copy", .comment = "Nothing of its own."};
static const service_handler_t handlers[] = {{.method = NULL}};

const service_t copy_service = {
    .name = "copy", .contract = &contract, .handlers = {handlers}, .migrations = copy_migrations, .followers = followers};
