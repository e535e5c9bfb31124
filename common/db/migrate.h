// Migrations: numbered SQL files of a service, embedded in its daemon, applied in order under an advisory lock, each in a transaction
// of its own, recorded with a hash in <schema>.migration. A schema newer than the binary, or a file that changed after it was applied,
// refuses to start.
#ifndef PCN_DB_MIGRATE_H
#define PCN_DB_MIGRATE_H

#include "common/db/session.h"

typedef struct db_migration {
    int number;
    const char *name; // "0001_organisation"
    const char *sql;
} db_migration_t;

// `applied` receives how many ran. Sequences of `sets` run in order: the platform's own tables (events, idempotency, audit) are numbers
// 1 to 999, a service's begin at 1000. Each set ends with an entry whose sql is NULL. In the SQL, :schema, :app and :job stand for the
// schema and the application's and the jobs' roles (quoted identifiers).
typedef struct db_migrate_options {
    const char *schema;
    const char *app_role; // NULL where one role does everything
    const char *job_role;
    const db_migration_t *const *sets; // NULL-terminated
} db_migrate_options_t;

MUST_CHECK status_t db_migrate(db_session_t *owner, const db_migrate_options_t *options, unsigned *applied, problem_t *problem);
// Whether the schema is exactly what the binary brings: FAILED_PRECONDITION where it is older or newer.
MUST_CHECK status_t db_migrate_check(db_session_t *session, const db_migrate_options_t *options, problem_t *problem);

#endif
