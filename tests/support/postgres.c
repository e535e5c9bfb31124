#include "tests/support/postgres.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test_database {
    char name[64];
    char dsn[1024];
    PGconn *server; // to the database that all have
    PGconn *own;
};

static void require(PGconn *connection, const PGresult *result, const char *what)
{
    ExecStatusType status = PQresultStatus(result);
    if (PQstatus(connection) == CONNECTION_OK && (result == NULL || status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK))
        return;
    fprintf(stderr, "%s: %s", what, PQerrorMessage(connection));
    exit(2);
}

test_database_t *test_database_create(void)
{
    const char *url = getenv("PCN_TEST_DATABASE_URL");
    if (url == NULL) {
        fprintf(stderr, "PCN_TEST_DATABASE_URL is not set: run it by ctest\n");
        exit(2);
    }
    test_database_t *database = calloc(1, sizeof(*database));
    if (database == NULL)
        exit(2);
    database->server = PQconnectdb(url);
    require(database->server, NULL, "connect");
    // The process alone is not enough: one binary may make several.
    for (int i = 0; database->name[0] == '\0' && i < 1000; i++) {
        char sql[128];
        char name[32];
        snprintf(name, sizeof(name), "test_%ld_%d", (long)getpid(), i);
        snprintf(sql, sizeof(sql), "CREATE DATABASE %s", name);
        PGresult *result = PQexec(database->server, sql);
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (sqlstate == NULL || strcmp(sqlstate, "42P04") != 0) {
            require(database->server, result, "create");
            snprintf(database->name, sizeof(database->name), "%s", name);
        }
        PQclear(result);
    }
    snprintf(database->dsn, sizeof(database->dsn), "host=%s port=%s user=%s dbname=%s", PQhost(database->server), PQport(database->server),
             PQuser(database->server), database->name);
    database->own = PQconnectdb(database->dsn);
    require(database->own, NULL, "connect");
    return database;
}

const char *test_database_dsn(const test_database_t *database)
{
    return database->dsn;
}

char *test_database_query(test_database_t *database, const char *sql)
{
    PGresult *result = PQexec(database->own, sql);
    require(database->own, result, sql);
    char *value = PQntuples(result) > 0 && PQnfields(result) > 0 && !PQgetisnull(result, 0, 0) ? strdup(PQgetvalue(result, 0, 0)) : NULL;
    PQclear(result);
    return value;
}

long test_database_number(test_database_t *database, const char *sql)
{
    char *value = test_database_query(database, sql);
    long number = value != NULL ? strtol(value, NULL, 10) : -1;
    free(value);
    return number;
}

// Roles and what is granted on databases are shared by all of the cluster, and PostgreSQL refuses two who change them at once.
void test_database_drop_roles(test_database_t *database, const char *app, const char *job)
{
    char sql[512];
    snprintf(sql, sizeof(sql), "DROP OWNED BY %s, %s CASCADE; DROP ROLE %s; DROP ROLE %s", app, job, app, job);
    PGresult *result = PQexec(database->own, sql);
    for (int again = 0; again < 200 && strstr(PQresultErrorMessage(result), "concurrently") != NULL; again++) {
        PQclear(result);
        PQclear(PQexec(database->own, "SELECT pg_sleep(0.01)"));
        result = PQexec(database->own, sql);
    }
    require(database->own, result, sql);
    PQclear(result);
}

void test_database_drop(test_database_t **database)
{
    if (*database == NULL)
        return;
    char sql[128];
    PQfinish((*database)->own);
    snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)", (*database)->name);
    PQclear(PQexec((*database)->server, sql));
    PQfinish((*database)->server);
    free(*database);
    *database = NULL;
}
