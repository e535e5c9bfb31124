// A service is four things: its contract (.proto), its rules, its SQL and its handlers. Everything between the frame and the handler is
// here, once: unpacking and checking, scopes, validation by the contract, load, decide, save, group commit, idempotency, events,
// audit, metrics, the reply.
//
// A handler is data: `load` is at most one SELECT, `decide` a pure function, `save` at most one change. Parameters come from messages by
// name, see common/db/statement.h. Roots of a load: request, header, call, prepared. Roots of a save: those, row (the first row loaded),
// after.
//
// `save` is a list of CTEs over `input i`, the changes, one of them named `changed`, which holds a row with the aggregate's code as `key`
// if and only if its change took place:
//     changed AS (UPDATE organisation o SET … FROM input i WHERE o.code = :request.code AND o.version = :row.version::bigint
//                 AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING o.code AS key)
// The platform puts before it `seen` (an earlier answer under the same key) and after it the idempotency record, the events and the audit
// row, all fed from `changed`, and reads the verdict. Where `changed` is empty and nothing was seen, the version moved on: load and
// decide again. A save of one row that is written so may run for many changes at once (SERVICE_GATHERS): then each parameter is text, so
// every one that is not text carries its cast.
#ifndef PCN_SERVICE_SERVICE_H
#define PCN_SERVICE_SERVICE_H

#include "common/base/config.h"
#include "common/db/migrate.h"
#include "common/db/statement.h"
#include "common/service/errand.h"
#include "common/service/follower.h"
#include "pcn/common/v1/envelope.pb-c.h"

// A changed aggregate. `data_type`/`data` is the resource after the change, with its version.
typedef struct service_event {
    const char *type;    // "pcn.registry.organisation.updated"
    const char *subject; // "organisations/pcn-rutland"
    int64_t version;
    const pb_type_t *data_type;
    const void *data;
} service_event_t;

#define SERVICE_EVENTS_MAX 64

// A figure of the service's own among the daemon's metrics, by a label whose values are few.
typedef struct service_figure {
    const char *name;  // "pcn_urgent_cases_open"
    const char *label; // "disposition"
    const char *help;
} service_figure_t;

// How long something took that a change brings to its end.
typedef struct service_observation {
    const char *name; // of one of the service's durations; NULL for none
    const char *label;
    int64_t duration_us;
} service_observation_t;

typedef struct service_call {
    const pb_method_t *method;
    const Pcn__Common__V1__RequestHeader *header;
    const void *request; // of method->request, checked
    void *const *rows;   // of handler->row; what load found
    size_t row_count;
    int64_t now_us;       // wall clock
    const char *now;      // the same as RFC 3339
    int32_t today;        // days, the field's date
    const void *settings; // the service's own
    arena_t *arena;
    // Out.
    void *prepared;          // of handler->prepared; what `prepare` made of the request
    void *after;             // of handler->after; :after in the save
    void *reply;             // of method->reply
    int64_t version;         // of the resource in the reply; 0 for none
    const char *key;         // the aggregate that a save changes, sorts batches: "pcn-rutland"
    service_event_t *events; // room for SERVICE_EVENTS_MAX
    size_t event_count;
    bool unchanged; // decided that there is nothing to do: answer without a save
    // What the call is about, for the audit trail, where that is not its path: paths of resources ("patients/…"). An audited look has an
    // entry for each, also where it is refused; a change has one, for the first.
    char **about;
    size_t about_count;
    // The answer withholds what was asked for, as if it were not there: to the audit trail the look was refused.
    bool withheld;
    // Counted once the change is committed, not where it is answered again.
    service_observation_t observed;
    problem_t *problem;
} service_call_t;

// Pure: everything it needs is in the call. A refusal returns its status with the problem filled.
typedef status_t (*service_decide_fn)(service_call_t *call);

enum {
    // Save first, without a load; only where nothing changed load and decide again to say why. `decide` then meets row_count 0 the
    // first time. For creations.
    SERVICE_OPTIMISTIC = 1,
    // Changes of different aggregates that are ready together are one execution of the save. For what is changed often: PostgreSQL starts
    // and ends a statement once for all of them. The save must work row by row: no aggregates over `input`.
    SERVICE_GATHERS = 2,
    // A read of what must be accounted for: each look, refused ones too, is an entry of the audit trail, committed before the answer. One
    // that cannot be written is answered UNAVAILABLE. The contract says `audited` of its method, so that what is refused for want of a scope
    // is among them.
    SERVICE_AUDITED = 4,
    // What a change of this method commits may be work for the service's errands: they look at once.
    SERVICE_HINTS_ERRANDS = 8,
    // A read whose load takes long, or writes by the way, such as a copy that is read on in pages: it waits for others of its kind alone,
    // and
    // is answered once what it wrote is committed.
    SERVICE_SLOW = 16,
    // A read over everything, whose answer depends on nothing but the request, the day and what is recorded, not on who asks: while the
    // service's `place` says what it said before, it is given again (kept.h).
    SERVICE_KEPT = 32,
    // Its load and save touch rows that are seen by reach alone (patients): right before each the database is told, for its transaction,
    // who asks and of which request they are, by which the policies of row-level security decide (0008_principal.sql). Each of both statements
    // says `told(:header.request_id)` where it reads such rows, so that one that nobody was told for sees none. Never gathered or
    // coalesced.
    SERVICE_REACHES = 64,
};

typedef struct service_handler {
    const char *method; // short name in the contract
    const db_stmt_t *load;
    const pb_type_t *row;
    const char *coalesce; // parameter of a public read by one key ("request.code"), see db_statement_new
    // The same rows at less cost, instead of `load` where the request says nothing but that key: a plan is set up whole each time, with
    // all that only other parameters would need. May be NULL.
    const db_stmt_t *load_alone;
    // The same rows, instead of `load` for requests that `asks_other` is true of: for what few ask and would make all others dear. Both or
    // neither.
    const db_stmt_t *load_other;
    bool (*asks_other)(const void *request);
    // Before the load, where that needs what the request says only in a wrapping (a page token): fills call->prepared or leaves it NULL,
    // or refuses. Pure as `decide`. May be NULL, and then `prepared` is too.
    service_decide_fn prepare;
    const pb_type_t *prepared;
    service_decide_fn decide;
    const pb_type_t *after;
    const db_stmt_t *save;
    unsigned flags;
} service_handler_t;

// What a service does by itself when its time has come, such as bringing into force what was recorded for a day. `due` lists requests of a
// method that changes and has neither verb nor path: nobody else may call that one. Its only root is `call` (now, today); a row is a
// message of the method's request. Each request goes the way of any other: load, decide, save, events, audit (by the subject
// "pcn-<service>", of no organisation). So every replica may run the job: who comes second meets a moved version and decides
// again, and then has nothing to do.
//
// A job runs at start, every `period_s`, and as soon as the field's date changes; as long as it still changes something, it looks again at
// once. So nothing is lost where the service was down, and `due` must not list what needs no change. At most SERVICE_JOB_ROWS rows count.
typedef struct service_job {
    const char *name;
    const db_stmt_t *due;
    const char *method; // short name in the contract
    unsigned period_s;
    unsigned at_once; // requests under way together, which gather where the handler does; 1: one after the other
} service_job_t;

#define SERVICE_JOB_ROWS 256

// Most tables of handlers.
#define SERVICE_TABLES 15

typedef struct service {
    const char *name; // "registry": its schema, its key, its configuration prefix
    const pb_service_t *contract;
    // One for every method of the contract: tables by topic, each ended by one without a method.
    const service_handler_t *handlers[SERVICE_TABLES + 1];
    const db_migration_t *migrations; // numbers from 1000, ended by one without sql
    // The logs of other services that it keeps a copy of, ended by one without a source; NULL for none.
    const service_follower_t *followers;
    const service_job_t *jobs;       // ended by one without a name; NULL for none
    const service_errand_t *errands; // the same
    // One row with one column, `place`: a text that is another one as soon as anything is recorded that SERVICE_KEPT answers depend on. It
    // has no parameters. NULL where there are none.
    const db_stmt_t *place;
    // Gauges, ended by one without a name, and what reads them every few seconds: rows of pcn.platform.v1.Figure, for each value of a label
    // one, zeros too. Its only root is `call` (now). NULL for none.
    const service_figure_t *figures;
    const db_stmt_t *read_figures;
    // Histograms of `observed`, ended by one without a name; NULL for none.
    const service_figure_t *durations;
    // Configuration of its own beside what every service has: keys, ended by one without a name, of a struct of this size that decisions
    // find as call->settings, and whether the values make sense (INVALID_ARGUMENT names the variable; may be NULL). NULL for none.
    const config_key_t *keys;
    size_t settings_size;
    status_t (*check_settings)(const void *settings, problem_t *problem);
} service_t;

// Whether the caller's token holds the scope.
bool service_may(const service_call_t *call, const char *scope);
// Adds an event; false (and RESOURCE_EXHAUSTED) beyond the room.
bool service_event(service_call_t *call, const char *type, const char *subject, int64_t version, const pb_type_t *data_type,
                   const void *data);

// The daemon's main: configuration, migrations, sockets, loop, drain. `--migrate`, `--new-epoch`, `--help`, `--print-config`.
int service_run(const service_t *service, int argc, char **argv);

// Its handlers one after the other, all tables of it; NULL beyond the last.
const service_handler_t *service_handler(const service_t *service, size_t index);

// Every statement that the service sends, as PostgreSQL gets it, for the test that prepares them all. Calls `visit` for each, whose
// refusal ends the walk.
MUST_CHECK status_t service_statements(const service_t *service, status_t (*visit)(void *data, const db_statement_t *statement), void *data,
                                       problem_t *problem);

#endif
