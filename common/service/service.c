#include "common/service/service.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/app/app.h"
#include "common/app/endpoints.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/db/session.h"
#include "common/event/epoch.h"
#include "common/event/audit.h"
#include "common/service/errands.h"
#include "common/service/exchange.h"
#include "common/service/jobs.h"
#include "common/service/settings.h"
#include "pcn/common/v1/envelope.meta.h"

#define KEPT_BYTES (64 * 1024 * 1024)
#define SCRATCH_CAP (1024u * 1024u)
#define FOLLOWERS_MAX 16

typedef struct settings {
    app_config_t app;
    const char *dsn, *owner_dsn, *job_dsn;
    const char *rpc_listen, *pub_listen;
    int64_t read_connections, write_connections, batch_max;
    int64_t event_partition, event_retention_days;
    bool migrate; // at start
    const char *today;
} settings_t;

static const config_key_t keys[] = {
    {"DATABASE_URL", CONFIG_STRING, CONFIG_SECRET | CONFIG_REQUIRED | CONFIG_COMMON, offsetof(settings_t, dsn), NULL, 0, 0,
     "libpq connection string of the application role"},
    {"OWNER_DATABASE_URL", CONFIG_STRING, CONFIG_SECRET, offsetof(settings_t, owner_dsn), NULL, 0, 0,
     "the same for the schema's owner, who migrates; the application's where it is not given"},
    {"JOB_DATABASE_URL", CONFIG_STRING, CONFIG_SECRET, offsetof(settings_t, job_dsn), NULL, 0, 0,
     "the same for the job role, who numbers events; the application's where it is not given"},
    {"RPC_LISTEN", CONFIG_STRING, 0, offsetof(settings_t, rpc_listen), NULL, 0, 0,
     "ZeroMQ endpoints for calls, ipc:// and tcp://, separated by commas; the first of PCN_SERVICES where it is not given"},
    {"PUB_LISTEN", CONFIG_STRING, 0, offsetof(settings_t, pub_listen), NULL, 0, 0,
     "ZeroMQ endpoints for change events, as for calls; beside the first of PCN_SERVICES where it is not given"},
    {"READ_CONNECTIONS", CONFIG_NUMBER, 0, offsetof(settings_t, read_connections), "2", 1, 32,
     "database connections for reads, besides the one for lookups by key"},
    {"WRITE_CONNECTIONS", CONFIG_NUMBER, 0, offsetof(settings_t, write_connections), "2", 1, 32, "database connections for changes"},
    {"BATCH_MAX", CONFIG_NUMBER, 0, offsetof(settings_t, batch_max), "128", 1, 1024, "statements of one transaction"},
    {"EVENT_PARTITION", CONFIG_NUMBER, 0, offsetof(settings_t, event_partition), "1000000", 100, 1000000000,
     "events of one partition of the change log"},
    {"EVENT_RETENTION_DAYS", CONFIG_NUMBER, 0, offsetof(settings_t, event_retention_days), "0", 0, 36500,
     "partitions whose newest event is older are dropped; 0 keeps events for ever"},
    {"MIGRATE", CONFIG_FLAG, 0, offsetof(settings_t, migrate), "true", 0, 0, "apply missing migrations at start"},
    {"TODAY", CONFIG_STRING, 0, offsetof(settings_t, today), NULL, 0, 0,
     "a date that counts as today, to try out what happens on a day; not in production"},
    {NULL, CONFIG_STRING, 0, 0, NULL, 0, 0, NULL},
};

typedef struct host {
    const service_t *service;
    plan_t *plan;
    endpoint_list_t calls_at, events_at;
    rpc_context_t *rpc;
    rpc_publisher_t *publisher;
    db_t *db;
    event_log_t *log;
    rpc_server_t *server;
    exchange_host_t exchange;
    uv_timer_t last_answers;
    follower_t *followers[FOLLOWERS_MAX + 1]; // ended by NULL
    jobs_t *jobs;
    errands_t *errands;
    figures_t *figures;
} host_t;

// A page of a thousand events takes the one connection for reads some ten milliseconds, for which everybody else waits. Who follows the
// log asks for three at a time at most.
enum { FOLLOWER_CALLS_A_KEY = 8, FOLLOWER_CALLS_MAX = 64 };

// Only the gateway speaks for a caller; any known key may follow the events.
static const rpc_permission_t permissions[] = {
    {.peer = EXCHANGE_SPEAKER, .method = "", .with_principal = true},
    {.peer = "*", .method = "pcn.events.v1.Events/", .in_flight_a_key = FOLLOWER_CALLS_A_KEY, .in_flight_max = FOLLOWER_CALLS_MAX},
    {.peer = NULL},
};

static const char *first_text(const char *a, const char *b)
{
    return a != NULL && a[0] != '\0' ? a : b;
}

static void serve(void *data, rpc_call_t *call)
{
    exchange_serve(&((host_t *)data)->exchange, call);
}

// The role in a connection string, for the grants of migrations; NULL where it names none.
static char *role_of(const char *dsn)
{
    char *role = NULL;
    PQconninfoOption *options = PQconninfoParse(dsn, NULL);
    for (const PQconninfoOption *option = options; role == NULL && option != NULL && option->keyword != NULL; option++) {
        if (strcmp(option->keyword, "user") == 0 && option->val != NULL)
            role = strdup(option->val);
    }
    PQconninfoFree(options);
    return role;
}

static status_t migrate(const service_t *service, const settings_t *settings, problem_t *problem)
{
    const char *owner_dsn = first_text(settings->owner_dsn, settings->dsn);
    char *app_role = role_of(settings->dsn), *job_role = role_of(first_text(settings->job_dsn, settings->dsn));
    const db_migration_t *const sets[] = {event_migrations, service->migrations, NULL};
    const db_migrate_options_t options = {.schema = service->name, .app_role = app_role, .job_role = job_role, .sets = sets};
    db_session_t *session = NULL;
    unsigned applied = 0;
    status_t status = db_session_open(settings->migrate ? owner_dsn : settings->dsn, "pcn migrate", service->name, &session, problem);
    if (status == STATUS_OK)
        status = settings->migrate ? db_migrate(session, &options, &applied, problem) : db_migrate_check(session, &options, problem);
    db_session_close(&session);
    free(app_role);
    free(job_role);
    if (applied > 0)
        log_info("schema migrated", LOG_NUMBER("applied", applied));
    return status;
}

// "PCN_REGISTRY_RPC_LISTEN", for the problem's words.
static void variable_name(const service_t *service, const char *key, char name[96])
{
    int size = snprintf(name, 96, "PCN_%s_%s", service->name, key);
    for (int i = 0; i < size && i < 95; i++)
        name[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
}

static status_t read_endpoints(host_t *host, app_t *app, const settings_t *settings, problem_t *problem)
{
    char variable[96];
    const char *name = host->service->name;
    variable_name(host->service, "RPC_LISTEN", variable);
    status_t status =
        endpoint_list_init(&host->calls_at, variable, first_text(settings->rpc_listen, app_endpoints(app, name, "rpc")[0]), problem);
    if (status != STATUS_OK)
        return status;
    variable_name(host->service, "PUB_LISTEN", variable);
    return endpoint_list_init(&host->events_at, variable, first_text(settings->pub_listen, app_endpoints(app, name, "pub")[0]), problem);
}

static status_t renew_epoch(const service_t *service, const settings_t *settings, problem_t *problem)
{
    db_session_t *owner = NULL;
    char epoch[EVENT_EPOCH_SIZE];
    status_t status = db_session_open(first_text(settings->owner_dsn, settings->dsn), "pcn new epoch", service->name, &owner, problem);
    if (status == STATUS_OK)
        status = event_epoch_renew(owner, epoch, problem);
    if (status == STATUS_OK)
        (void)printf("%s\n", epoch);
    db_session_close(&owner);
    return status;
}

static status_t open_sockets(host_t *host, app_t *app, const settings_t *settings, problem_t *problem)
{
    char keys_dir[256];
    snprintf(keys_dir, sizeof keys_dir, "%s/keys", settings->app.state_dir);
    status_t status = rpc_keys_ensure(keys_dir, host->service->name, problem);
    if (status == STATUS_OK)
        status = rpc_context_new(app_loop(app), keys_dir, host->service->name, app_metrics(app), &host->rpc, problem);
    if (status != STATUS_OK)
        return status;
    status = rpc_publisher_new(host->rpc, host->events_at.at, &host->publisher, problem);
    if (status != STATUS_OK)
        return status;
    const rpc_server_options_t options = {.endpoints = host->calls_at.at, .permissions = permissions, .serve = serve, .data = host};
    return rpc_server_new(host->rpc, &options, app_metrics(app), &host->server, problem);
}

static bool has_slow(const service_t *service)
{
    const service_handler_t *handler;
    for (size_t i = 0; (handler = service_handler(service, i)) != NULL; i++) {
        if ((handler->flags & SERVICE_SLOW) != 0)
            return true;
    }
    return false;
}

static status_t open_database(host_t *host, app_t *app, const settings_t *settings, problem_t *problem)
{
    char name[96];
    snprintf(name, sizeof name, "pcn-%s", host->service->name);
    const db_options_t options = {.dsn = settings->dsn,
                                  .application_name = name,
                                  .schema = host->service->name,
                                  .lookup_connections = 1,
                                  .read_connections = (unsigned)settings->read_connections,
                                  .slow_connections = has_slow(host->service) ? 1 : 0,
                                  .write_connections = (unsigned)settings->write_connections,
                                  .batch_max = (unsigned)settings->batch_max};
    return db_new(app_loop(app), &options, app_metrics(app), &host->db, problem);
}

static status_t start_followers(host_t *host, app_t *app, const settings_t *settings, problem_t *problem)
{
    const service_follower_t *declared = host->service->followers;
    char keys_dir[256];
    snprintf(keys_dir, sizeof keys_dir, "%s/keys", settings->app.state_dir);
    status_t status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && declared != NULL && declared[i].source != NULL; i++) {
        if (i == FOLLOWERS_MAX)
            return problem_set(problem, STATUS_FAILED_PRECONDITION, declared[i].source, "A service follows at most %d others",
                               FOLLOWERS_MAX);
        const follower_options_t options = {.declared = &declared[i],
                                            .service = host->service->name,
                                            .dsn = settings->dsn,
                                            .schema = host->service->name,
                                            .context = host->rpc,
                                            .keys_dir = keys_dir,
                                            .rpc_endpoints = app_endpoints(app, declared[i].source, "rpc"),
                                            .pub_endpoints = app_endpoints(app, declared[i].source, "pub")};
        status = follower_new(app_loop(app), &options, app_metrics(app), &host->followers[i], problem);
    }
    return status;
}

// Only for trying out: what is recorded under another day cannot be told apart later.
static status_t read_today(host_t *host, const settings_t *settings, problem_t *problem)
{
    char variable[96];
    if (settings->today == NULL || settings->today[0] == '\0')
        return STATUS_OK;
    variable_name(host->service, "TODAY", variable);
    if (strcmp(settings->app.environment, "production") == 0)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, variable, "In production today is the clock's");
    if (!date_parse(settings->today, &host->exchange.today))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, variable, "Must be a date: 2026-11-25");
    log_warning("today is not the clock's", LOG_TEXT("today", settings->today));
    return STATUS_OK;
}

static status_t start_errands(host_t *host, app_t *app, const settings_t *settings, problem_t *problem)
{
    const errands_options_t options = {.service = host->service->name,
                                       .dsn = settings->dsn,
                                       .errands = host->service->errands,
                                       .log = host->log,
                                       .today = host->exchange.today};
    status_t status = errands_new(app_loop(app), &options, app_metrics(app), &host->errands, problem);
    host->exchange.errands = host->errands;
    return status;
}

static status_t start(app_t *app, int argc, char **argv, problem_t *problem)
{
    host_t *host = app_data(app);
    const settings_t *settings = app_settings(app);
    const bool new_epoch = argc > 0 && strcmp(argv[0], "--new-epoch") == 0;
    const bool migrate_only = argc > 0 && strcmp(argv[0], "--migrate") == 0;
    const int known = new_epoch || migrate_only ? 1 : 0;
    if (argc > known)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, argv[known], "Unknown option");
    status_t status = read_endpoints(host, app, settings, problem);
    if (status == STATUS_OK)
        status = read_today(host, settings, problem);
    const void *own = settings + 1;
    if (status == STATUS_OK && host->service->check_settings != NULL)
        status = host->service->check_settings(own, problem);
    const int32_t today = host->exchange.today;
    if (status == STATUS_OK)
        status = migrate(host->service, settings, problem);
    if (status != STATUS_OK)
        return status;
    if (new_epoch)
        status = renew_epoch(host->service, settings, problem);
    if (new_epoch || migrate_only) {
        app_quit(app, 0);
        return status;
    }
    status = plan_new(host->service, &host->plan, problem);
    if (status == STATUS_OK)
        status = open_database(host, app, settings, problem);
    if (status == STATUS_OK)
        status = open_sockets(host, app, settings, problem);
    if (status != STATUS_OK)
        return status;
    const event_log_options_t options = {.service = host->service->name,
                                         .dsn = first_text(settings->job_dsn, settings->dsn),
                                         .schema = host->service->name,
                                         .publisher = host->publisher,
                                         .partition = settings->event_partition,
                                         .retention_days = settings->event_retention_days};
    status = event_log_new(app_loop(app), &options, app_metrics(app), &host->log, problem);
    if (status != STATUS_OK)
        return status;
    host->exchange =
        (exchange_host_t){.plan = host->plan, .server = host->server, .db = host->db, .log = host->log, .settings = own, .today = today};
    buf_init(&host->exchange.scratch, SCRATCH_CAP);
    if ((host->exchange.kept = kept_new()) == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    host->exchange.replays = metrics_counter(app_metrics(app), "pcn_replays_total", NULL, "Answers given again for a repeated key.");
    host->exchange.kept_answers =
        metrics_counter(app_metrics(app), "pcn_kept_answers_total", NULL, "Answers given again because nothing was recorded since.");
    host->exchange.conflicts =
        metrics_counter(app_metrics(app), "pcn_conflicts_total", NULL, "Decisions made again because the version had moved on.");
    host->exchange.shed = metrics_counter(app_metrics(app), "pcn_calls_shed_total", NULL,
                                          "Calls refused at once, since more waited for the database than it gets done in time.");
    host->exchange.audit_refusals =
        metrics_counter(app_metrics(app), "pcn_audit_refusals_total", NULL, "Refused changes and looks that the audit trail tells of.");
    host->exchange.audit_failures =
        metrics_counter(app_metrics(app), "pcn_audit_failures_total", NULL, "Entries of the audit trail that could not be written.");
    status = start_followers(host, app, settings, problem);
    if (status == STATUS_OK)
        status = figures_new(app_loop(app), host->plan, host->db, app_metrics(app), &host->figures, problem);
    host->exchange.figures = host->figures;
    if (status == STATUS_OK)
        status = jobs_new(app_loop(app), &host->exchange, app_metrics(app), &host->jobs, problem);
    return status == STATUS_OK ? start_errands(host, app, settings, problem) : status;
}

static bool ready(app_t *app, problem_t *problem)
{
    const host_t *host = app_data(app);
    if (host->db != NULL && db_ready(host->db))
        return true;
    (void)problem_set(problem, STATUS_UNAVAILABLE, NULL, "The database is not connected");
    return false;
}

static void drain(app_t *app)
{
    host_t *host = app_data(app);
    if (host->server != NULL)
        rpc_server_drain(host->server);
    if (host->jobs != NULL)
        jobs_drain(host->jobs);
    if (host->errands != NULL)
        errands_drain(host->errands);
}

static bool drained(app_t *app)
{
    const host_t *host = app_data(app);
    return (host->server == NULL || rpc_server_in_flight(host->server) == 0) && (host->jobs == NULL || jobs_idle(host->jobs)) &&
           (host->errands == NULL || errands_idle(host->errands));
}

static void rest(app_t *app)
{
    const host_t *host = app_data(app);
    if (host->server != NULL)
        rpc_server_rest(host->server);
}

static void close_sockets(host_t *host)
{
    rpc_server_destroy(&host->server);
    rpc_publisher_destroy(&host->publisher);
    rpc_context_destroy(&host->rpc);
}

static void await_last_answers(uv_timer_t *timer)
{
    host_t *host = timer->data;
    if (rpc_server_in_flight(host->server) > 0)
        return;
    close_sockets(host);
    uv_close((uv_handle_t *)timer, NULL);
}

// The pool answers what is still open while its handles close, and those answers go out through the server: it ends after them.
static void stop(app_t *app)
{
    host_t *host = app_data(app);
    for (size_t i = 0; host->followers[i] != NULL; i++)
        follower_stop(host->followers[i]);
    if (host->jobs != NULL)
        jobs_stop(host->jobs);
    if (host->errands != NULL)
        errands_stop(host->errands);
    if (host->figures != NULL)
        figures_stop(host->figures);
    if (host->log != NULL)
        event_log_stop(host->log);
    host->exchange.log = NULL;
    if (host->db != NULL)
        db_destroy(&host->db);
    if (host->server == NULL) {
        close_sockets(host);
        return;
    }
    rpc_server_drain(host->server);
    uv_timer_init(app_loop(app), &host->last_answers);
    host->last_answers.data = host;
    uv_timer_start(&host->last_answers, await_last_answers, 0, 1);
}

// A page of events takes megabytes for a moment, again and again. Given back each time, the kernel clears them each time: that was half of
// a page's cost.
static void keep_memory(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES / 2);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
}

// Each connection of a subscriber takes a descriptor, and libzmq ends the process where one comes over ipc and there is none.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int service_run(const service_t *service, int argc, char **argv)
{
    keep_memory();
    raise_descriptor_limit();
    host_t host = {.service = service};
    config_key_t *all = settings_join(keys, sizeof(settings_t), service->keys);
    const app_spec_t spec = {.name = service->name,
                             .keys = all,
                             .config_size = sizeof(settings_t) + service->settings_size,
                             .usage =
                                 "  --migrate        apply missing migrations and end\n"
                                 "  --new-epoch      after a restore from a backup: give the change log a new epoch, print it and end\n",
                             .data = &host,
                             .start = start,
                             .ready = ready,
                             .drain = drain,
                             .drained = drained,
                             .stop = stop,
                             .rest = rest};
    const int code = all != NULL ? app_run(&spec, argc, argv) : 1;
    for (size_t i = 0; host.followers[i] != NULL; i++)
        follower_destroy(&host.followers[i]);
    jobs_destroy(&host.jobs);
    errands_destroy(&host.errands);
    figures_destroy(&host.figures);
    event_log_destroy(&host.log);
    plan_destroy(&host.plan);
    endpoint_list_deinit(&host.calls_at);
    endpoint_list_deinit(&host.events_at);
    buf_deinit(&host.exchange.scratch);
    kept_destroy(&host.exchange.kept);
    free(all);
    return code;
}

status_t service_statements(const service_t *service, status_t (*visit)(void *data, const db_statement_t *statement), void *data,
                            problem_t *problem)
{
    plan_t *plan = NULL;
    db_statement_t *log_statements[EVENT_LOG_STATEMENTS + 1], *chain[EVENT_AUDIT_STATEMENTS + 1] = {NULL};
    status_t status = plan_new(service, &plan, problem);
    if (status != STATUS_OK)
        return status;
    status = visit(data, plan->seen);
    if (status == STATUS_OK && plan->place != NULL)
        status = visit(data, plan->place);
    if (status == STATUS_OK && plan->figures != NULL)
        status = visit(data, plan->figures);
    if (status == STATUS_OK)
        status = visit(data, plan->audit);
    for (size_t i = 0; i < plan->job_count && status == STATUS_OK; i++)
        status = visit(data, plan->jobs[i].due);
    for (size_t i = 0; i < plan->method_count && status == STATUS_OK; i++) {
        if (plan->methods[i].load != NULL)
            status = visit(data, plan->methods[i].load);
        if (status == STATUS_OK && plan->methods[i].load_alone != NULL)
            status = visit(data, plan->methods[i].load_alone);
        if (status == STATUS_OK && plan->methods[i].load_other != NULL)
            status = visit(data, plan->methods[i].load_other);
        if (status == STATUS_OK && plan->methods[i].save != NULL)
            status = visit(data, plan->methods[i].save);
    }
    if (status == STATUS_OK)
        status = event_log_statements(log_statements, problem);
    else
        memset(log_statements, 0, sizeof log_statements);
    for (size_t i = 0; i < EVENT_LOG_STATEMENTS; i++) {
        if (status == STATUS_OK)
            status = visit(data, log_statements[i]);
        db_statement_destroy(&log_statements[i]);
    }
    for (const service_follower_t *declared = service->followers; declared != NULL && declared->source != NULL; declared++) {
        if (status == STATUS_OK)
            status = follower_statements(declared, visit, data, problem);
    }
    if (status == STATUS_OK)
        status = event_audit_statements(chain, problem);
    if (status == STATUS_OK)
        status = visit(data, chain[0]);
    db_statement_destroy(&chain[0]);
    plan_destroy(&plan);
    return status;
}
