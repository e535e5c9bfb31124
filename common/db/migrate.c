#include "common/db/migrate.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/db/internal.h"

#define SQL_MAX (4u * 1024u * 1024u)
#define HASH_SIZE 65

static bool migration_hash(const char *sql, char out[HASH_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(sql, strlen(sql), digest, &size, EVP_sha256(), NULL) != 1)
        return false;
    for (unsigned i = 0; i < size; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return true;
}

static bool name_is(const char *name, size_t size, const char *word)
{
    return strlen(word) == size && memcmp(name, word, size) == 0;
}

static void add_role(buf_t *out, const char *role)
{
    if (role != NULL)
        sql_add_identifier(out, role);
    else
        buf_add_string(out, "CURRENT_USER");
}

// Other words behind a colon (slices, named arguments) stay as they are.
static void substitute(const db_migrate_options_t *options, const char *sql, buf_t *out)
{
    const char *from = sql;
    const char *at = sql;
    const char *name;
    size_t size;
    while (sql_next_parameter(&at, &name, &size)) {
        size_t word = strcspn(name, "."); // ":schema.organisation"
        word = word < size ? word : size;
        buf_add(out, from, (size_t)(name - 1 - from));
        if (name_is(name, word, "schema"))
            sql_add_identifier(out, options->schema);
        else if (name_is(name, word, "app"))
            add_role(out, options->app_role);
        else if (name_is(name, word, "job"))
            add_role(out, options->job_role);
        else
            buf_add(out, name - 1, word + 1);
        from = name + word;
    }
    buf_add_string(out, from);
}

// Runs what stands in the buffer and empties it.
static status_t run(db_session_t *session, buf_t *sql, problem_t *problem)
{
    if (!buf_ok(sql))
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The statement is too long");
    PGresult *result = db_session_exec(session, sql->data, problem);
    buf_clear(sql);
    bool done = result != NULL;
    PQclear(result);
    return done ? STATUS_OK : problem != NULL ? problem->status : STATUS_INTERNAL;
}

static status_t failed(db_session_t *session, const PGresult *result, const char *name, problem_t *problem)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (PQstatus(db_session_connection(session)) != CONNECTION_OK)
        return problem_set(problem, STATUS_UNAVAILABLE, name, "The database is not available");
    return problem_set(problem, STATUS_INTERNAL, name, "Migration %s: %s %s", name, sqlstate != NULL ? sqlstate : "",
                       message != NULL ? message : "no answer");
}

static status_t lock(db_session_t *session, const char *schema, const char *function, problem_t *problem)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT %s(hashtextextended('pcn migrations of ' || $1, 0))", function);
    PGresult *result = PQexecParams(db_session_connection(session), sql, 1, NULL, &schema, NULL, NULL, 0);
    status_t status = PQresultStatus(result) == PGRES_TUPLES_OK ? STATUS_OK : failed(session, result, "lock", problem);
    PQclear(result);
    return status;
}

// CREATE SCHEMA IF NOT EXISTS asks for the right to create even where the schema is there.
static status_t schema_ensure(db_session_t *session, const db_migrate_options_t *options, buf_t *sql, problem_t *problem)
{
    PGresult *result = PQexecParams(db_session_connection(session), "SELECT FROM pg_namespace WHERE nspname = $1", 1, NULL,
                                    &options->schema, NULL, NULL, 0);
    bool known = PQresultStatus(result) == PGRES_TUPLES_OK;
    bool exists = known && PQntuples(result) == 1;
    status_t status = known ? STATUS_OK : failed(session, result, "schema", problem);
    PQclear(result);
    if (status != STATUS_OK)
        return status;
    if (!exists) {
        buf_add_string(sql, "CREATE SCHEMA IF NOT EXISTS ");
        sql_add_identifier(sql, options->schema);
        buf_add_string(sql, "; ");
    }
    buf_add_string(sql, "SET search_path = ");
    sql_add_identifier(sql, options->schema);
    buf_add_string(sql, DB_EXTENSIONS_PATH "; CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, "
                        "applied_at timestamptz NOT NULL DEFAULT now())");
    const char *const roles[] = {options->app_role, options->job_role};
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (roles[i] == NULL)
            continue;
        buf_add_string(sql, "; GRANT USAGE ON SCHEMA ");
        sql_add_identifier(sql, options->schema);
        buf_add_string(sql, " TO ");
        sql_add_identifier(sql, roles[i]);
        buf_add_string(sql, "; GRANT SELECT ON migration TO ");
        sql_add_identifier(sql, roles[i]);
    }
    return run(session, sql, problem);
}

static int applied_find(const PGresult *applied, int number)
{
    for (int i = 0; i < PQntuples(applied); i++)
        if (atoi(PQgetvalue(applied, i, 0)) == number)
            return i;
    return -1;
}

static bool sets_have(const db_migrate_options_t *options, int number)
{
    for (size_t i = 0; options->sets[i] != NULL; i++)
        for (const db_migration_t *migration = options->sets[i]; migration->sql != NULL; migration++)
            if (migration->number == number)
                return true;
    return false;
}

// One sequence: numbers ascend, what was applied is unchanged, and nothing is missing below what was applied.
static status_t set_compare(const db_migration_t *set, const PGresult *applied, unsigned *pending, problem_t *problem)
{
    bool missing = false;
    for (const db_migration_t *migration = set; migration->sql != NULL; migration++) {
        char hash[HASH_SIZE];
        if (migration > set && migration->number <= migration[-1].number)
            return problem_set(problem, STATUS_INTERNAL, migration->name, "Migrations are not in the order of their numbers");
        if (!migration_hash(migration->sql, hash))
            return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, migration->name, "No memory");
        int row = applied_find(applied, migration->number);
        if (row < 0) {
            missing = true;
            ++*pending;
        } else if (missing) {
            return problem_set(problem, STATUS_FAILED_PRECONDITION, migration->name, "A migration before it was never applied");
        } else if (strcmp(PQgetvalue(applied, row, 1), hash) != 0) {
            return problem_set(problem, STATUS_FAILED_PRECONDITION, migration->name, "The migration was changed after it was applied");
        }
    }
    return STATUS_OK;
}

static status_t compare(const db_migrate_options_t *options, const PGresult *applied, unsigned *pending, problem_t *problem)
{
    *pending = 0;
    for (int i = 0; i < PQntuples(applied); i++) {
        const char *number = PQgetvalue(applied, i, 0);
        if (!sets_have(options, atoi(number)))
            return problem_set(problem, STATUS_FAILED_PRECONDITION, number,
                               "The schema is newer than the program: it has a migration that the program does not know");
    }
    for (size_t i = 0; options->sets[i] != NULL; i++) {
        status_t status = set_compare(options->sets[i], applied, pending, problem);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static status_t record(db_session_t *session, const db_migration_t *migration, problem_t *problem)
{
    char number[16];
    char hash[HASH_SIZE];
    if (!migration_hash(migration->sql, hash))
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, migration->name, "No memory");
    snprintf(number, sizeof(number), "%d", migration->number);
    const char *const values[] = {number, migration->name, hash};
    PGresult *result = PQexecParams(db_session_connection(session), "INSERT INTO migration (number, name, sha256) VALUES ($1, $2, $3)", 3,
                                    NULL, values, NULL, NULL, 0);
    status_t status = PQresultStatus(result) == PGRES_COMMAND_OK ? STATUS_OK : failed(session, result, migration->name, problem);
    PQclear(result);
    return status;
}

static status_t execute(db_session_t *session, const char *sql, const char *name, problem_t *problem)
{
    PGresult *result = PQexec(db_session_connection(session), sql);
    ExecStatusType code = PQresultStatus(result);
    bool good = code == PGRES_COMMAND_OK || code == PGRES_TUPLES_OK || code == PGRES_EMPTY_QUERY;
    status_t status = good ? STATUS_OK : failed(session, result, name, problem);
    PQclear(result);
    return status;
}

static status_t apply(db_session_t *session, const db_migrate_options_t *options, const db_migration_t *migration, buf_t *sql,
                      problem_t *problem)
{
    buf_clear(sql);
    substitute(options, migration->sql, sql);
    if (!buf_ok(sql))
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, migration->name, "The migration is too long");
    status_t status = execute(session, "BEGIN", migration->name, problem);
    if (status == STATUS_OK && sql->size > 0)
        status = execute(session, sql->data, migration->name, problem);
    if (status == STATUS_OK && PQtransactionStatus(db_session_connection(session)) != PQTRANS_INTRANS)
        status = problem_set(problem, STATUS_INTERNAL, migration->name, "A migration neither begins nor ends a transaction");
    if (status == STATUS_OK)
        status = record(session, migration, problem);
    if (status == STATUS_OK)
        status = execute(session, "COMMIT", migration->name, problem);
    if (status != STATUS_OK && execute(session, "ROLLBACK", migration->name, NULL) != STATUS_OK)
        log_warning("no rollback of a migration", LOG_TEXT("migration", migration->name));
    if (status == STATUS_OK)
        log_info("migration applied", LOG_TEXT("schema", options->schema), LOG_TEXT("migration", migration->name));
    return status;
}

static status_t apply_missing(db_session_t *session, const db_migrate_options_t *options, const PGresult *before, buf_t *sql,
                              unsigned *applied, problem_t *problem)
{
    for (size_t i = 0; options->sets[i] != NULL; i++) {
        for (const db_migration_t *migration = options->sets[i]; migration->sql != NULL; migration++) {
            if (applied_find(before, migration->number) >= 0)
                continue;
            status_t status = apply(session, options, migration, sql, problem);
            if (status != STATUS_OK)
                return status;
            ++*applied;
        }
    }
    return STATUS_OK;
}

static status_t migrate_locked(db_session_t *session, const db_migrate_options_t *options, unsigned *applied, problem_t *problem)
{
    buf_t sql;
    buf_init(&sql, SQL_MAX);
    PGresult *before = NULL;
    unsigned pending = 0;
    status_t status = schema_ensure(session, options, &sql, problem);
    if (status == STATUS_OK) {
        before = PQexec(db_session_connection(session), "SELECT number, sha256 FROM migration ORDER BY number");
        if (PQresultStatus(before) != PGRES_TUPLES_OK)
            status = failed(session, before, "migration", problem);
    }
    if (status == STATUS_OK)
        status = compare(options, before, &pending, problem);
    if (status == STATUS_OK)
        status = apply_missing(session, options, before, &sql, applied, problem);
    PQclear(before);
    buf_deinit(&sql);
    return status;
}

status_t db_migrate(db_session_t *owner, const db_migrate_options_t *options, unsigned *applied, problem_t *problem)
{
    *applied = 0;
    status_t status = lock(owner, options->schema, "pg_advisory_lock", problem);
    if (status != STATUS_OK)
        return status;
    status = migrate_locked(owner, options, applied, problem);
    // The end of the session would give it back as well.
    if (lock(owner, options->schema, "pg_advisory_unlock", NULL) != STATUS_OK)
        log_warning("the migrations' lock was not given back", LOG_TEXT("schema", options->schema));
    return status;
}

status_t db_migrate_check(db_session_t *session, const db_migrate_options_t *options, problem_t *problem)
{
    buf_t sql;
    buf_init(&sql, SQL_MAX);
    buf_add_string(&sql, "SELECT number, sha256 FROM ");
    sql_add_identifier(&sql, options->schema);
    buf_add_string(&sql, ".migration ORDER BY number");
    PGresult *applied = buf_ok(&sql) ? PQexec(db_session_connection(session), sql.data) : NULL;
    buf_deinit(&sql);
    unsigned pending = 0;
    status_t status;
    const char *sqlstate = PQresultErrorField(applied, PG_DIAG_SQLSTATE);
    if (PQresultStatus(applied) == PGRES_TUPLES_OK)
        status = compare(options, applied, &pending, problem);
    else if (sqlstate != NULL && (strcmp(sqlstate, "42P01") == 0 || strcmp(sqlstate, "3F000") == 0))
        status = problem_set(problem, STATUS_FAILED_PRECONDITION, NULL, "The schema %s was never migrated", options->schema);
    else
        status = failed(session, applied, "migration", problem);
    PQclear(applied);
    if (status == STATUS_OK && pending > 0)
        status = problem_set(problem, STATUS_FAILED_PRECONDITION, NULL, "The schema %s lacks %u migrations", options->schema, pending);
    return status;
}
