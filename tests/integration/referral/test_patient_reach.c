// Who sees a patient, twice: what the database's policies say by themselves, whatever statement it is, and what the handlers say where
// there are no policies. One world for all.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/id.h"
#include "common/db/pool.h"
#include "pcn/platform/v1/call.pb-c.h"
#include "services/referral/messages.h"
#include "tests/integration/referral/patients.h"

#define REQUEST "0198c0de-0000-7000-8000-00000000aaaa"
#define OTHER_REQUEST "0198c0de-0000-7000-8000-00000000bbbb"

enum { PLAIN, SENSITIVE, GONE, PATIENTS };
enum { NO_GRANT, APPOINTMENT, CASE, GLASS, PAST };

static char ids[PATIENTS][40];
static const char *const numbers[PATIENTS] = {"9996000222", "9996000230", "9996000249"};

static int setup(void **state)
{
    if (world_setup(state) != 0)
        return -1;
    world_t *world = *state;
    world->unlimited = false;
    for (size_t i = 0; i < PATIENTS; i++)
        assert_registered(world, "gp-a1", numbers[i], "Vera", ids[i]);
    world->organisation = "gp-a1";
    assert_call(world, "SetSensitive", "{\"id\":\"%s\",\"sensitive\":true}", ids[SENSITIVE]);
    assert_call(world, "DeregisterPatient", "{\"id\":\"%s\"}", ids[GONE]);
    return 0;
}

typedef struct reach_case {
    const char *organisation;
    int grant; // of provider-a
    bool plain, sensitive, gone;
} reach_case_t;

static const reach_case_t cases[] = {
    {NULL, NO_GRANT, false, false, false},         {"gp-a1", NO_GRANT, true, true, false},    {"gp-a2", NO_GRANT, false, false, false},
    {"pcn-a", NO_GRANT, true, false, false},       {"pcn-b", NO_GRANT, false, false, false},  {"la-a", NO_GRANT, true, false, false},
    {"ccg-a", NO_GRANT, true, false, false},       {"ics-a", NO_GRANT, true, false, false},   {"ics-x", NO_GRANT, false, false, false},
    {"gp-x", NO_GRANT, false, false, false},       {"nobody", NO_GRANT, false, false, false}, {"provider-a", NO_GRANT, false, false, false},
    {"provider-a", APPOINTMENT, true, true, true}, {"provider-a", CASE, true, false, true},   {"provider-a", GLASS, true, true, true},
    {"provider-a", PAST, false, false, false},     {"gp-x", GLASS, false, false, false},
};

static void grant(world_t *world, int manner)
{
    static const char *const manners[] = {"", "'appointment', now(), now() + interval '1 hour'", "'case', now(), now() + interval '1 hour'",
                                          "'break-glass', now(), now() + interval '1 hour'",
                                          "'break-glass', now() - interval '2 hours', now()"};
    char sql[400];
    free(test_database_query(world->database, "DELETE FROM patient_grant"));
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO patient_grant (patient, id, organisation, subject, manner, from_at, until) "
                   "SELECT id, gen_random_uuid(), 'provider-a', %s, %s FROM patient",
                   manner == APPOINTMENT ? "NULL" : "'tester'", manners[manner]);
    if (manner != NO_GRANT)
        free(test_database_query(world->database, sql));
}

static void the_policies_alone_show_what_is_within_reach(void **state)
{
    world_t *world = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const reach_case_t *c = &cases[i];
        const bool expected[PATIENTS] = {c->plain, c->sensitive, c->gone};
        grant(world, c->grant);
        for (size_t k = 0; k < PATIENTS; k++) {
            char sql[200];
            (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM patient WHERE id = '%s'", ids[k]);
            const char *seen = asked_as(world, c->organisation != NULL ? c->organisation : "", "tester", REQUEST, sql);
            if (strcmp(seen, expected[k] ? "1" : "0") != 0)
                fail_msg("case %zu, patient %zu: %s rows", i, k, seen);
            // A grant of one person is no other's.
            if (c->grant != NO_GRANT && c->grant != APPOINTMENT)
                assert_string_equal(asked_as(world, c->organisation, "another", REQUEST, sql), "0");
        }
    }
    grant(world, NO_GRANT);
}

// The handlers' rule, with policies that let everything through.
static void the_handlers_alone_show_what_is_within_reach(void **state)
{
    world_t *world = *state;
    free(test_database_query(world->database, "ALTER TABLE patient DISABLE ROW LEVEL SECURITY; ALTER TABLE patient_grant DISABLE ROW LEVEL "
                                              "SECURITY; ALTER TABLE registration DISABLE ROW LEVEL SECURITY"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const reach_case_t *c = &cases[i];
        const bool expected[PATIENTS] = {c->plain, c->sensitive, c->gone};
        grant(world, c->grant);
        world->organisation = c->organisation;
        for (size_t k = 0; k < PATIENTS; k++) {
            const status_t got = world_call(world, "GetPatient", "{\"id\":\"%s\"}", ids[k]);
            if (got != (expected[k] ? STATUS_OK : STATUS_NOT_FOUND))
                fail_msg("case %zu, patient %zu: %s", i, k, status_name(got));
            assert_call(world, "FindPatients", "{\"nhsNumber\":\"%s\"}", numbers[k]);
            assert_true((strstr(world->reply, ids[k]) != NULL) == expected[k]);
            // Who was granted a look changes nothing.
            const bool keeps = expected[k] && c->grant == NO_GRANT;
            if (!keeps) {
                assert_refusal(world, STATUS_NOT_FOUND, "id", "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Eve\"}}", ids[k]);
                assert_refusal(world, STATUS_NOT_FOUND, "id", "RecordDeath", "{\"id\":\"%s\",\"on\":\"2026-11-25\"}", ids[k]);
                assert_refusal(world, STATUS_NOT_FOUND, "id", "DeregisterPatient", "{\"id\":\"%s\"}", ids[k]);
                assert_refusal(world, STATUS_NOT_FOUND, "id", "SetSensitive", "{\"id\":\"%s\",\"sensitive\":false}", ids[k]);
                assert_refusal(world, STATUS_NOT_FOUND, "id", "ListAccesses", "{\"id\":\"%s\"}", ids[k]);
                assert_refusal(world, STATUS_NOT_FOUND, "id", "ExportPatient", "{\"id\":\"%s\"}", ids[k]);
            }
        }
    }
    grant(world, NO_GRANT);
    free(test_database_query(world->database, "ALTER TABLE patient ENABLE ROW LEVEL SECURITY; ALTER TABLE patient_grant ENABLE ROW LEVEL "
                                              "SECURITY; ALTER TABLE registration ENABLE ROW LEVEL SECURITY"));
}

// Whatever table holds something of a patient: forced row-level security, a place among the holdings, and nothing for who was not told of.
static void every_table_of_patients_is_guarded(void **state)
{
    world_t *world = *state;
    assert_string_equal(world_query(world, "SELECT coalesce(string_agg(conrelid::regclass::text, ', '), '') FROM pg_constraint "
                                           "WHERE contype = 'f' AND confrelid = 'patient'::regclass AND conrelid NOT IN "
                                           "('patient'::regclass, 'registration'::regclass) AND conrelid::regclass::text NOT IN "
                                           "(SELECT relation FROM patient_holding)"),
                        "");
    char *tables = strdup(world_query(world, "SELECT 'patient,registration,' || string_agg(relation, ',') FROM patient_holding"));
    assert_non_null(tables);
    for (char *rest = tables, *table; (table = strsep(&rest, ",")) != NULL;) {
        char sql[300];
        (void)snprintf(sql, sizeof sql, "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = '%s'::regclass", table);
        if (strcmp(world_query(world, sql), "t") != 0)
            fail_msg("%s has no forced row-level security", table);
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
        assert_string_equal(asked_untold(world, sql), "0");
        assert_string_equal(asked_as(world, "", "", REQUEST, sql), "0");
        assert_string_equal(asked_as(world, "gp-x", "tester", REQUEST, sql), "0");
    }
    free(tables);
}

// A statement says which request it is of: what another caller was told of is not for it.
static void a_statement_that_another_was_told_for_sees_nothing(void **state)
{
    world_t *world = *state;
    char sql[200];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM patient WHERE id = '%s' AND told('" OTHER_REQUEST "')", ids[PLAIN]);
    assert_string_equal(asked_as(world, "gp-a1", "tester", REQUEST, sql), "0");
    assert_string_equal(asked_as(world, "gp-a1", "tester", OTHER_REQUEST, sql), "1");
    assert_string_equal(asked_untold(world, sql), "0");
}

static void the_policies_alone_let_nobody_write_out_of_reach(void **state)
{
    world_t *world = *state;
    char sql[400];
    static const char insert[] =
        "INSERT INTO patient (id, nhs_number, name, birth_date, practice, registered_from, version, created_at, "
        "updated_at) VALUES (gen_random_uuid(), '9996000257', 'Eve', '1956-03-14', 'gp-a1', '2026-11-25', 1, now(), now())";
    assert_string_equal(refused_as(world, "gp-a2", "tester", REQUEST, insert), "42501");
    assert_string_equal(refused_as(world, "", "", REQUEST, insert), "42501");
    assert_string_equal(asked_as(world, "gp-a1", "tester", REQUEST, insert), "");
    (void)snprintf(sql, sizeof sql, "UPDATE patient SET name = 'Eve' WHERE id = '%s' RETURNING 'changed'", ids[PLAIN]);
    assert_string_equal(asked_as(world, "gp-a2", "tester", REQUEST, sql), "");
    assert_string_equal(asked_as(world, "pcn-a", "tester", REQUEST, sql), "changed");
    grant(world, GLASS);
    assert_string_equal(asked_as(world, "provider-a", "tester", REQUEST, sql), "");
    grant(world, NO_GRANT);
    // Nor move somebody out of reach, nor take rows away, nor make a grant by oneself.
    (void)snprintf(sql, sizeof sql, "UPDATE patient SET practice = 'gp-x' WHERE id = '%s'", ids[PLAIN]);
    assert_string_equal(refused_as(world, "gp-a1", "tester", REQUEST, sql), "42501");
    assert_string_equal(refused_as(world, "gp-a1", "tester", REQUEST, "DELETE FROM patient"), "42501");
    assert_string_equal(refused_as(world, "gp-a1", "tester", REQUEST, "DELETE FROM notice"), "42501");
    static const char *const manners[] = {"appointment", "case", "break-glass"};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(sql, sizeof sql, "INSERT INTO patient_grant VALUES ('%s', gen_random_uuid(), 'gp-x', NULL, '%s', now(), now())",
                       ids[PLAIN], manners[i]);
        assert_string_equal(refused_as(world, "gp-x", "tester", REQUEST, sql), "42501");
        if (i > 0)
            assert_string_equal(refused_as(world, "gp-a1", "tester", REQUEST, sql), "42501");
        else
            assert_string_equal(asked_as(world, "gp-a1", "tester", REQUEST, sql), "");
    }
    // The functions that make what the policies do not, ask themselves who was told of.
    (void)snprintf(sql, sizeof sql, "SELECT patient_leave('%s', 1, '2026-11-25', now())", ids[PLAIN]);
    assert_string_equal(asked_as(world, "gp-x", "tester", REQUEST, sql), "");
    assert_string_equal(asked_untold(world, sql), "");
    (void)snprintf(
        sql, sizeof sql,
        "SELECT patient_merge('%1$s', 1, '%2$s', 3, '2026-11-25', now(), pending_mark(ARRAY['%1$s', '%2$s']::uuid[], now()), '{}')",
        ids[PLAIN], ids[SENSITIVE]);
    assert_string_equal(asked_as(world, "pcn-a", "tester", REQUEST, sql), "");
    (void)snprintf(sql, sizeof sql,
                   "SELECT patient_break_glass('%s', 'gp-a1', gen_random_uuid(), 'gp-x', 'why', gen_random_uuid(), now(), now())",
                   ids[PLAIN]);
    assert_string_equal(asked_as(world, "gp-b1", "tester", REQUEST, sql), "");
    assert_string_equal(asked_untold(world, sql), "");
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM patient_accesses('%s', NULL, NULL, 10)", ids[PLAIN]);
    assert_string_equal(asked_as(world, "gp-x", "tester", REQUEST, sql), "0");
    assert_string_equal(asked_untold(world, sql), "0");
    assert_string_not_equal(asked_as(world, "gp-a1", "tester", REQUEST, sql), "0");
}

// What is kept of an answer for a repeated request is there for its own caller alone, told of for this statement.
static void a_kept_answer_is_its_callers(void **state)
{
    world_t *world = *state;
    char sql[300];
    world->organisation = "gp-a1";
    world->key = "kept";
    assert_call(world, "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Kept Example\"}}", ids[PLAIN]);
    assert_string_equal(world->verdict, "done");
    // What nobody's row is shown by: a service is not the patient's affair.
    world->scopes[0] = "services.clinical";
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"Chiropody\",\"kind\":\"general-practice\",\"provider\":\"gp-a1\",\"channels\":[\"in-person\"]}}");
    world->scopes[0] = NULL;
    world->key = NULL;
    assert_string_equal(
        world_query(world, "SELECT string_agg(reaches::text, ' ' ORDER BY reaches DESC) FROM idempotency WHERE key = 'kept'"),
        "true false");
    // The name is in it, by whoever may read everything.
    assert_string_equal(world_query(world, "SELECT position('Kept Example'::bytea IN answer) > 0 FROM idempotency WHERE key = 'kept' AND "
                                           "reaches"),
                        "t");
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM idempotency WHERE key = 'kept' AND reaches");
    assert_string_equal(asked_as(world, "gp-a1", "tester", REQUEST, sql), "1");
    assert_string_equal(asked_as(world, "gp-a1", "another", REQUEST, sql), "0");
    assert_string_equal(asked_as(world, "gp-a1,gp-a2", "tester", REQUEST, sql), "0");
    assert_string_equal(asked_as(world, "gp-x", "tester", REQUEST, sql), "0");
    assert_string_equal(asked_untold(world, sql), "0");
    assert_string_equal(asked_untold(world, "SELECT count(*) FROM idempotency WHERE reaches"), "0");
    assert_string_equal(asked_untold(world, "SELECT count(*) FROM idempotency WHERE key = 'kept'"), "1");
    // Nobody leaves an answer for another to find, and the role that prunes them cannot read them.
    assert_string_equal(
        refused_as(world, "gp-x", "tester", REQUEST, "INSERT INTO idempotency SELECT 'gp-a1', 'tester', 'm', 'k', '', 'x', 1, now(), true"),
        "42501");
    (void)snprintf(sql, sizeof sql,
                   "SELECT has_column_privilege('%1$s', 'idempotency', 'answer', 'SELECT') OR NOT "
                   "has_table_privilege('%1$s', 'idempotency', 'DELETE')",
                   world->job);
    assert_string_equal(world_query(world, sql), "f");
    // The same request again finds it.
    world->key = "kept";
    assert_call(world, "UpdatePatient", "{\"id\":\"%s\",\"patient\":{\"name\":\"Kept Example\"}}", ids[PLAIN]);
    assert_string_equal(world->verdict, "replayed");
    world->key = NULL;
}

// ---- many callers in one transaction ----

#define CALLERS 60

typedef struct caller {
    db_query_t query;
    Pcn__Referral__V1__GetPatientRequest request;
    Pcn__Common__V1__RequestHeader header;
    Pcn__Common__V1__Principal principal;
    Pcn__Platform__V1__Call call;
    char id[ID_SIZE];
    char *organisation;
    arena_t *arena;
    int rows;
    status_t status;
} caller_t;

static void answered(db_query_t *query, const db_rows_t *rows, const problem_t *problem)
{
    caller_t *caller = query->data;
    caller->rows = rows->count;
    caller->status = problem->status;
}

static void assert_sent(db_t *db, const world_t *world, const plan_method_t *method, caller_t *caller, const char *organisation,
                        bool forgotten)
{
    caller->request = (Pcn__Referral__V1__GetPatientRequest)PCN__REFERRAL__V1__GET_PATIENT_REQUEST__INIT;
    pcn__common__v1__request_header__init(&caller->header);
    pcn__common__v1__principal__init(&caller->principal);
    pcn__platform__v1__call__init(&caller->call);
    id_make(1, caller->id);
    caller->arena = arena_new(65536);
    assert_non_null(caller->arena);
    caller->organisation = (char *)(uintptr_t)organisation;
    caller->request.id = ids[PLAIN];
    caller->principal.organisations = &caller->organisation;
    caller->principal.n_organisations = 1;
    caller->header.principal = &caller->principal;
    caller->header.request_id = caller->id;
    caller->call.organisation = caller->organisation;
    caller->call.subject = (char *)(uintptr_t) "tester";
    caller->call.now = (char *)(uintptr_t) "2026-11-25T12:00:00Z";
    caller->query = (db_query_t){
        .statement = method->load,
        .before = forgotten ? NULL : world->plan->tell,
        .roots = {[PLAN_ROOT_REQUEST] = &caller->request, [PLAN_ROOT_HEADER] = &caller->header, [PLAN_ROOT_CALL] = &caller->call},
        .arena = caller->arena,
        .done = answered,
        .data = caller};
    db_read(db, &caller->query);
}

// Of both kinds of callers, and every third a query whose caller nobody told of, right behind one who may see.
static void callers_of_one_pipeline_see_their_own(void **state)
{
    world_t *world = *state;
    const plan_method_t *method = plan_find(world->plan, "pcn.referral.v1.Referral/GetPatient");
    assert_non_null(method);
    char dsn[512];
    (void)snprintf(dsn, sizeof dsn, "%s options='-c role=%s'", test_database_dsn(world->database), world->app);
    uv_loop_t loop;
    db_t *db = NULL;
    problem_t problem = {0};
    metrics_t *metrics = metrics_new();
    assert_int_equal(uv_loop_init(&loop), 0);
    const db_options_t options = {.dsn = dsn, .application_name = "reach", .schema = "referral", .read_connections = 1};
    assert_int_equal(db_new(&loop, &options, metrics, &db, &problem), STATUS_OK);
    caller_t *callers = calloc(CALLERS, sizeof *callers);
    assert_non_null(callers);
    static const char *const organisations[] = {"gp-a1", "gp-x", "gp-a1"};
    for (size_t i = 0; i < CALLERS; i++)
        assert_sent(db, world, method, &callers[i], organisations[i % 3], i % 3 == 2);
    while (!db_idle(db))
        uv_run(&loop, UV_RUN_ONCE);
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(callers[i].status, STATUS_OK);
        assert_int_equal(callers[i].rows, i % 3 == 0);
        arena_destroy(&callers[i].arena);
    }
    assert_true(metrics_counter(metrics, "pcn_db_batch_size_count", "kind=\"read\"", "")->value < CALLERS / 2);
    free(callers);
    db_destroy(&db);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    metrics_destroy(&metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policies_alone_show_what_is_within_reach),
        cmocka_unit_test(the_handlers_alone_show_what_is_within_reach),
        cmocka_unit_test(every_table_of_patients_is_guarded),
        cmocka_unit_test(a_statement_that_another_was_told_for_sees_nothing),
        cmocka_unit_test(the_policies_alone_let_nobody_write_out_of_reach),
        cmocka_unit_test(a_kept_answer_is_its_callers),
        cmocka_unit_test(callers_of_one_pipeline_see_their_own),
    };
    return cmocka_run_group_tests(tests, setup, world_teardown);
}
