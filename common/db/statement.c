#include "common/db/statement.h"

#include <stdlib.h>
#include <string.h>

#include "common/db/internal.h"

#define SQL_MAX (256u * 1024u)

static int param_find(const db_statement_t *statement, const char *name, size_t size)
{
    for (int i = 0; i < statement->param_count; i++)
        if (statement->params[i].name_size == size && memcmp(statement->params[i].name, name, size) == 0)
            return i;
    return -1;
}

static status_t refuse(const db_statement_t *statement, const char *name, size_t size, const char *why, problem_t *problem)
{
    char field[128];
    size_t kept = size < sizeof(field) ? size : sizeof(field) - 1;
    memcpy(field, name, kept);
    field[kept] = '\0';
    return problem_set(problem, STATUS_INTERNAL, field, "Statement %s: %s", statement->name, why);
}

// ":request.code" is the root "request" and the path "code" from there.
static status_t param_resolve(db_statement_t *statement, const char *name, size_t size, const db_root_t *roots, size_t root_count,
                              problem_t *problem)
{
    if (statement->param_count == DB_PARAMS_MAX)
        return refuse(statement, name, size, "more parameters than a statement may have", problem);
    const char *dot = memchr(name, '.', size);
    char path[256];
    if (dot == NULL || size - (size_t)(dot - name) > sizeof(path))
        return refuse(statement, name, size, "a parameter is a root and a path", problem);
    size_t root_size = (size_t)(dot - name);
    size_t path_size = size - root_size - 1;
    memcpy(path, dot + 1, path_size);
    path[path_size] = '\0';
    for (size_t i = 0; i < root_count; i++) {
        if (strlen(roots[i].name) != root_size || memcmp(roots[i].name, name, root_size) != 0)
            continue;
        db_param_t *param = &statement->params[statement->param_count];
        *param = (db_param_t){.name = name, .name_size = size, .root = (unsigned)i};
        if (!pb_path_resolve(roots[i].type, path, &param->path))
            return refuse(statement, name, size, "no such field", problem);
        statement->param_count++;
        return STATUS_OK;
    }
    return refuse(statement, name, size, "no such root", problem);
}

static bool is_word(const char *name, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(name, word, size) == 0;
}

// Finds the parameters, and whether the statement gathers.
static status_t resolve_all(db_statement_t *statement, const db_root_t *roots, size_t root_count, problem_t *problem)
{
    const char *at = statement->source;
    const char *name;
    size_t size;
    while (sql_next_parameter(&at, &name, &size)) {
        if (is_word(name, size, "inputs")) {
            statement->gathers = true;
        } else if (!is_word(name, size, "input") && param_find(statement, name, size) < 0) {
            status_t status = param_resolve(statement, name, size, roots, root_count, problem);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

// What `input` is made of.
static void add_inputs(const db_statement_t *statement, buf_t *out)
{
    buf_add_string(out, "SELECT * FROM unnest(");
    for (int i = 1; i <= statement->param_count; i++)
        buf_printf(out, "%s$%d::text[]", i > 1 ? ", " : "", i);
    buf_add_string(out, ") WITH ORDINALITY AS given (");
    for (int i = 1; i <= statement->param_count; i++)
        buf_printf(out, "p%d, ", i);
    buf_add_string(out, "n)");
}

static status_t parse(db_statement_t *statement, const db_root_t *roots, size_t root_count, buf_t *out, problem_t *problem)
{
    status_t status = resolve_all(statement, roots, root_count, problem);
    if (status != STATUS_OK)
        return status;
    const char *from = statement->source;
    const char *at = from;
    const char *name;
    size_t size;
    while (sql_next_parameter(&at, &name, &size)) {
        buf_add(out, from, (size_t)(name - 1 - from));
        int index = param_find(statement, name, size);
        if (is_word(name, size, "inputs"))
            add_inputs(statement, out);
        else if (is_word(name, size, "input"))
            buf_add_string(out, "SELECT 1::bigint AS n");
        else
            buf_printf(out, statement->gathers ? "i.p%d" : "$%d", index + 1);
        from = at;
    }
    buf_add_string(out, from);
    return buf_ok(out) ? STATUS_OK : problem_set(problem, STATUS_INTERNAL, NULL, "Statement %s is too long", statement->name);
}

// One key a query: a list or a message would not tell rows apart.
static status_t coalesce_resolve(db_statement_t *statement, const char *coalesce, problem_t *problem)
{
    statement->coalesce_param = param_find(statement, coalesce, strlen(coalesce));
    if (statement->coalesce_param < 0)
        return refuse(statement, coalesce, strlen(coalesce), "a coalesced read has the parameter that it is coalesced by", problem);
    const pb_path_t *path = &statement->params[statement->coalesce_param].path;
    unsigned last = path->depth - 1;
    const ProtobufCFieldDescriptor *field = &path->type[last]->descriptor->fields[path->index[last]];
    if (field->label == PROTOBUF_C_LABEL_REPEATED || field->type == PROTOBUF_C_TYPE_MESSAGE)
        return refuse(statement, coalesce, strlen(coalesce), "a coalesced read's parameter is a single value", problem);
    statement->coalesce_column = strdup(field->name);
    return statement->coalesce_column != NULL ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
}

status_t db_statement_new(const char *name, const char *sql, const db_root_t *roots, size_t root_count, const char *coalesce,
                          db_statement_t **statement, problem_t *problem)
{
    *statement = NULL;
    if (root_count > DB_ROOTS_MAX)
        return problem_set(problem, STATUS_INTERNAL, NULL, "Statement %s has more roots than a statement may have", name);
    db_statement_t *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    made->name = strdup(name);
    made->source = strdup(sql);
    made->params = calloc(DB_PARAMS_MAX, sizeof(*made->params));
    buf_t out;
    buf_init(&out, SQL_MAX);
    status_t status = STATUS_OK;
    if (made->name == NULL || made->source == NULL || made->params == NULL)
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    if (status == STATUS_OK)
        status = parse(made, roots, root_count, &out, problem);
    if (status == STATUS_OK && coalesce != NULL)
        status = coalesce_resolve(made, coalesce, problem);
    if (status == STATUS_OK && (made->sql = strdup(out.data != NULL ? out.data : "")) == NULL)
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "No memory");
    buf_deinit(&out);
    if (status == STATUS_OK)
        *statement = made;
    else
        db_statement_destroy(&made);
    return status;
}

void db_statement_destroy(db_statement_t **statement)
{
    if (*statement == NULL)
        return;
    free((*statement)->name);
    free((*statement)->source);
    free((*statement)->sql);
    free((*statement)->params);
    free((*statement)->coalesce_column);
    free(*statement);
    *statement = NULL;
}

const char *db_statement_name(const db_statement_t *statement)
{
    return statement->name;
}

const char *db_statement_sql(const db_statement_t *statement)
{
    return statement->sql;
}

static status_t key_array(const char **value, arena_t *arena, problem_t *problem)
{
    buf_t literal;
    buf_init(&literal, SQL_MAX);
    array_open(&literal);
    if (*value != NULL)
        array_add(&literal, *value);
    array_close(&literal);
    *value = buf_ok(&literal) ? arena_copy(arena, literal.data, literal.size) : NULL;
    buf_deinit(&literal);
    return *value != NULL ? STATUS_OK : problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "The request is too large");
}

static status_t bind_refuse(const db_param_t *param, status_t status, problem_t *problem)
{
    if (status == STATUS_RESOURCE_EXHAUSTED)
        return problem_set(problem, status, NULL, "The request is too large");
    const char *dot = memchr(param->name, '.', param->name_size);
    char field[128];
    size_t size = param->name_size - (size_t)(dot + 1 - param->name);
    size = size < sizeof(field) ? size : sizeof(field) - 1;
    memcpy(field, dot + 1, size);
    field[size] = '\0';
    return problem_set(problem, status, field, "The value is not known");
}

status_t db_statement_bind_plain(const db_statement_t *statement, const void *const *roots, arena_t *arena, const char **values,
                                 problem_t *problem)
{
    for (int i = 0; i < statement->param_count; i++) {
        const db_param_t *param = &statement->params[i];
        const void *root = roots != NULL ? roots[param->root] : NULL;
        values[i] = NULL;
        size_t size;
        if (root == NULL)
            continue;
        status_t status = pb_param(&param->path, root, arena, &values[i], &size);
        if (status != STATUS_OK)
            return bind_refuse(param, status, problem);
    }
    return STATUS_OK;
}

status_t db_statement_bind(const db_statement_t *statement, const void *const *roots, arena_t *arena, const char **values,
                           problem_t *problem)
{
    status_t status = db_statement_bind_plain(statement, roots, arena, values, problem);
    return status == STATUS_OK && statement->coalesce_column != NULL ? key_array(&values[statement->coalesce_param], arena, problem)
                                                                     : status;
}
