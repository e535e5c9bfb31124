// Harmful texts wherever a text comes in, in every method of the contract: stored as the text that it is and read back as it was, or
// refused with the field named. No log line breaks, none shows it, and no table changes but by what was asked. Fault case 26.
#include <libpq-fe.h>

#include "tests/integration/abuse/attack.h"
#include "tests/integration/abuse/vitals.h"

#define TABLES_MAX 200
// Headers mean the same in every method: each method gets a quarter of the texts in them, another one than the method before.
#define HEADER_SHARE 4
// Longer targets are refused before anybody looks for a field.
#define TARGET_ROOM 8000

typedef struct table {
    char name[160];
    long rows;
} table_t;

typedef struct tables {
    table_t list[TABLES_MAX];
    size_t count;
} tables_t;

typedef struct fixture {
    attack_world_t world;
    rig_t *rig;
    PGconn *database;
    unsigned methods;
    int base; // what the method answers to a request as it should be
    unsigned sent, stored, read_back, refused, elsewhere;
} fixture_t;

static PGresult *query(const fixture_t *fixture, const char *sql)
{
    PGresult *result = PQexec(fixture->database, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(fixture->database));
    return result;
}

static void count_rows(const fixture_t *fixture, tables_t *tables)
{
    PGresult *names =
        query(fixture, "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = "
                       "c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\\_%' AND "
                       "n.nspname <> 'information_schema' ORDER BY 1");
    tables->count = (size_t)PQntuples(names);
    assert_in_range(tables->count, 1, TABLES_MAX);
    for (size_t i = 0; i < tables->count; i++) {
        char sql[256];
        snprintf(tables->list[i].name, sizeof tables->list[i].name, "%s", PQgetvalue(names, (int)i, 0));
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables->list[i].name);
        PGresult *rows = query(fixture, sql);
        tables->list[i].rows = atol(PQgetvalue(rows, 0, 0));
        PQclear(rows);
    }
    PQclear(names);
}

static int start(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    char place[256];
    void *rig;
    if (fixture == NULL || rig_start(&rig) != 0)
        return -1;
    *state = fixture;
    fixture->rig = rig;
    fixture->world.rig = rig;
    fixture->world.token = platform_token(
        &fixture->rig->platform,
        "system-manager,practice-reception,practice-clinician,referral-triage,link-worker,urgent-care,operations,auditor", "ics-llr");
    for (int i = 0; i < RAW_PLACES; i++)
        raw_client_init(&fixture->world.clients[i], rig, (raw_place_t)i);
    snprintf(place, sizeof place, "host=%s/run dbname=pcn user=pcn_admin", fixture->rig->platform.state_dir);
    fixture->database = PQconnectdb(place);
    return fixture->world.token != NULL && PQstatus(fixture->database) == CONNECTION_OK ? 0 : -1;
}

static int stop(void **state)
{
    fixture_t *fixture = *state;
    for (int i = 0; i < RAW_PLACES; i++)
        raw_client_deinit(&fixture->world.clients[i]);
    PQfinish(fixture->database);
    free(fixture->world.token);
    void *rig = fixture->rig;
    free(fixture);
    return rig_stop(&rig);
}

// Whether one of the texts of the JSON is exactly this.
static bool holds(const json_t *json, const char *bytes, size_t size)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_string(json))
        return json_string_length(json) == size && memcmp(json_string_value(json), bytes, size) == 0;
    json_object_foreach((json_t *)json, key, value)
    {
        if (holds(value, bytes, size))
            return true;
    }
    json_array_foreach(json, i, value)
    {
        if (holds(value, bytes, size))
            return true;
    }
    return false;
}

static void complain(const attack_t *attack, raw_place_t place, const payload_t *payload, const raw_answer_t *answer, const char *what)
{
    fail_msg("%s, %s, way %d %s, \"%s\": %s: %d %.*s", raw_place_names[place], attack->method->name, attack->way, attack->field,
             payload->name, what, answer->status, (int)(answer->body_size < 600 ? answer->body_size : 600), answer->body);
}

// Whether the method answers with what it stored, and not with how much that was.
static bool shows(const pb_method_t *method)
{
    return strcmp(method->short_name, "ImportPathways") != 0;
}

static void check_stored(fixture_t *fixture, const attack_t *attack, raw_place_t place, const payload_t *payload,
                         const raw_answer_t *answer, const json_t *body)
{
    char location[512];
    buf_t text;
    raw_answer_t again;
    // A path and a query only ask, a header is nothing of the resource.
    if (attack->way != ATTACK_BODY) {
        if (attack->way == ATTACK_BODY_NAME || attack->way == ATTACK_QUERY_NAME)
            complain(attack, place, payload, answer, "a name that is none was taken");
        fixture->elsewhere++;
        return;
    }
    if (!shows(attack->method)) {
        fixture->elsewhere++;
        return;
    }
    buf_init(&text, 1024 * 1024);
    payload_write(payload, &text);
    if (!holds(body, text.data, text.size))
        complain(attack, place, payload, answer, "not stored as it is");
    fixture->stored++;
    if (!raw_header(answer, "Location", location, sizeof location))
        snprintf(location, sizeof location, "%s", strcmp(attack->method->verb, "PATCH") == 0 ? fixture->world.path : "");
    if (location[0] != '\0') {
        attack_get(&fixture->world, place, location, &again);
        json_t *read = json_loadb(again.body, again.body_size, JSON_REJECT_DUPLICATES, NULL);
        if (again.status != 200 || !holds(read, text.data, text.size))
            complain(attack, place, payload, &again, "not read back as it was");
        json_decref(read);
        fixture->read_back++;
    }
    buf_deinit(&text);
}

// Whether a problem names what was sent, something in it, the list that it stands in, or what had to be sent beside it in the same part.
static bool names(const char *field, const char *sent)
{
    if (field == NULL)
        return false;
    const size_t length = strlen(field);
    const char *part = strrchr(sent, '.');
    return strncmp(field, sent, strlen(sent)) == 0 || (strncmp(field, sent, length) == 0 && sent[length] == '[') ||
           (part != NULL && strncmp(field, sent, (size_t)(part - sent) + 1) == 0);
}

static void check_refused(fixture_t *fixture, const attack_t *attack, raw_place_t place, const payload_t *payload,
                          const raw_answer_t *answer, const json_t *problem)
{
    const char *field = json_string_value(json_object_get(problem, "field"));
    fixture->refused++;
    if (!json_is_object(problem) || json_integer_value(json_object_get(problem, "status")) != answer->status)
        complain(attack, place, payload, answer, "no problem");
    if (json_string_value(json_object_get(problem, "detail")) == NULL || json_string_value(json_object_get(problem, "requestId")) == NULL)
        complain(attack, place, payload, answer, "a problem without a sentence");
    if (answer->status != 400)
        return; // a rule of the field, or what it names is not there
    // A path, or the whole head, is malformed before it has fields; a name that is none is its own field.
    const bool unnamed = attack->way == ATTACK_PATH || attack->way == ATTACK_QUERY_NAME || attack->way == ATTACK_BODY_NAME ||
                         (attack->way == ATTACK_HEADER && field == NULL) ||
                         payload->size * (payload->repeat > 0 ? payload->repeat : 1) * 3 > TARGET_ROOM;
    if (!unnamed && !names(field, attack->field))
        complain(attack, place, payload, answer, "the field is not named");
}

static void run_one(fixture_t *fixture, const attack_t *attack, raw_place_t place, const payload_t *payload)
{
    raw_answer_t answer;
    attack_send(&fixture->world, place, attack, payload, &answer);
    fixture->sent++;
    if (memmem(answer.head, answer.head_size, PAYLOAD_MARK, strlen(PAYLOAD_MARK)) != NULL)
        complain(attack, place, payload, &answer, "the answer's head shows it");
    json_t *body = json_loadb(answer.body, answer.body_size, JSON_REJECT_DUPLICATES, NULL);
    if (answer.status >= 200 && answer.status < 300)
        check_stored(fixture, attack, place, payload, &answer, body);
    else if (answer.status >= 400 && answer.status < 500)
        check_refused(fixture, attack, place, payload, &answer, body);
    // A method that nobody serves yet.
    else if (answer.status != 501 || fixture->base != 501)
        complain(attack, place, payload, &answer, "answered");
    json_decref(body);
}

static void run_each(void *data, const attack_t *attack)
{
    fixture_t *fixture = data;
    for (size_t i = 0; i < payload_count; i++) {
        const bool now = attack->way != ATTACK_HEADER || (payload_fits_header(&payloads[i]) && (i + fixture->methods) % HEADER_SHARE == 0);
        if (now)
            run_one(fixture, attack, (raw_place_t)((i + attack->index[0] + attack->depth) % RAW_PLACES), &payloads[i]);
    }
}

static void run_method(fixture_t *fixture, const pb_method_t *method)
{
    raw_answer_t answer;
    const attack_t plain = {.method = method, .way = ATTACK_NONE};
    attack_send(&fixture->world, RAW_GATEWAY, &plain, NULL, &answer);
    fixture->base = answer.status;
    fixture->methods++;
    const unsigned sent = fixture->sent, stored = fixture->stored;
    attack_each(method, run_each, fixture);
    print_message("%s: %d; %u sent, %u stored\n", method->name, fixture->base, fixture->sent - sent, fixture->stored - stored);
    if (fixture->base >= 400 && fixture->base != 404 && fixture->base != 501)
        fail_msg("%s: a request as it should be is answered %d: %.*s", method->name, fixture->base, (int)answer.body_size, answer.body);
}

static void test_every_text(void **state)
{
    fixture_t *fixture = *state;
    tables_t before, after;
    count_rows(fixture, &before);
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++) {
        for (unsigned i = 0; i < (*service)->method_count; i++) {
            // Files have forms and limits of their own: platform/import and the gateway's unit tests.
            const pb_method_t *method = &(*service)->methods[i];
            if (method->path != NULL && method->upload == NULL && (method->flags & PB_DOWNLOAD) == 0)
                run_method(fixture, method);
        }
    }
    print_message("%u sent: %u stored, %u of them read back, %u refused, %u of no consequence\n", fixture->sent, fixture->stored,
                  fixture->read_back, fixture->refused, fixture->elsewhere);
    assert_true(fixture->stored > 0 && fixture->read_back > 0);
    // The same tables, none with fewer rows but queues, which are emptied all the time, and the rows of imports that are over, whose time
    // comes; and as many organisations more as were answered 201.
    count_rows(fixture, &after);
    assert_int_equal(after.count, before.count);
    for (size_t i = 0; i < after.count; i++) {
        assert_string_equal(after.list[i].name, before.list[i].name);
        const bool passing = strstr(after.list[i].name, "_queue") != NULL || strcmp(after.list[i].name, "registry.import_row") == 0;
        if (after.list[i].rows < before.list[i].rows && !passing)
            fail_msg("%s lost rows: %ld of %ld are left", after.list[i].name, after.list[i].rows, before.list[i].rows);
        if (strcmp(after.list[i].name, "registry.organisation") == 0)
            assert_int_equal(after.list[i].rows, before.list[i].rows + (long)fixture->world.organisations);
    }
}

static void test_logs(void **state)
{
    const fixture_t *fixture = *state;
    vitals_check_logs(fixture->rig, (const char *const[]){PAYLOAD_MARK, "jndi", fixture->world.token, fixture->rig->manager, NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_text), cmocka_unit_test(test_logs)};
    return cmocka_run_group_tests(tests, start, stop);
}
