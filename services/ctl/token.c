#include "services/ctl/token.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/app/issuer.h"
#include "common/app/roles.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/base64url.h"
#include "services/ctl/command.h"

enum { SUBJECT_MAX = 128, LIST_MAX = 64, ITEM_MAX = 64, TOKEN_CAP = 65536 };

typedef status_t (*check_fn)(const char *item, problem_t *problem);

static status_t check_role(const char *role, problem_t *problem)
{
    if (role_by_name(role) != NULL)
        return STATUS_OK;
    char known[320] = "";
    size_t used = 0;
    for (const role_t *known_role = role_list(); known_role->name != NULL && used < sizeof known; known_role++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", known_role->name);
    return problem_set(problem, STATUS_INVALID_ARGUMENT, "--role", "there is no role \"%s\"; there are %s", role, known);
}

static status_t check_code(const char *code, problem_t *problem)
{
    if (code_valid(code))
        return STATUS_OK;
    return problem_set(problem, STATUS_INVALID_ARGUMENT, "--org", "\"%s\" is no code of an organisation", code);
}

// A list of distinct items, each checked.
static status_t split(const char *text, const char *field, check_fn check, json_t *list, problem_t *problem)
{
    while (true) {
        size_t size = strcspn(text, ",");
        char item[ITEM_MAX + 1];
        if (size == 0 || size > ITEM_MAX || json_array_size(list) >= LIST_MAX)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "%s takes a list as in \"a,b\"", field);
        memcpy(item, text, size);
        item[size] = '\0';
        status_t status = check(item, problem);
        if (status != STATUS_OK)
            return status;
        for (size_t i = 0; i < json_array_size(list); i++) {
            if (strcmp(json_string_value(json_array_get(list, i)), item) == 0)
                return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "%s names \"%s\" twice", field, item);
        }
        if (json_array_append_new(list, json_string(item)) != 0)
            return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
        if (text[size] == '\0')
            return STATUS_OK;
        text += size + 1;
    }
}

static bool scope_known(const char *scope)
{
    for (const role_t *role = role_list(); role->name != NULL; role++) {
        if (role_has_scope(role, scope))
            return true;
    }
    return false;
}

// A misspelt scope would only show as a puzzling 403.
static status_t check_scope(const char *scope, problem_t *problem)
{
    for (const char *at = scope; *at != '\0';) {
        size_t size = strcspn(at, " ");
        char item[ITEM_MAX + 1];
        int written = snprintf(item, sizeof item, "%.*s", (int)(size <= ITEM_MAX ? size : ITEM_MAX), at);
        if (size > ITEM_MAX || (written > 0 && !scope_known(item)))
            return problem_set(problem, STATUS_INVALID_ARGUMENT, "--scope", "there is no scope \"%s\"", item);
        at += size + (at[size] == ' ');
    }
    return STATUS_OK;
}

static status_t check_subject(const char *subject, problem_t *problem)
{
    size_t size = strlen(subject);
    if (size == 0 || size > SUBJECT_MAX)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "--sub", "a subject has 1 to %d characters; give one by --sub", SUBJECT_MAX);
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)subject[i] <= 0x20 || (unsigned char)subject[i] >= 0x7f)
            return problem_set(problem, STATUS_INVALID_ARGUMENT, "--sub", "a subject has no blanks and only ASCII characters");
    }
    return STATUS_OK;
}

static void default_subject(const token_claims_t *claims, buf_t *out)
{
    buf_printf(out, "dev-%s-%s", claims->roles, claims->organisations);
    for (size_t i = 0; buf_ok(out) && i < out->size; i++) {
        if (out->data[i] == ',')
            out->data[i] = '+';
    }
}

static status_t fill(const token_claims_t *claims, const char *subject, int64_t now_us, json_t *payload, problem_t *problem)
{
    json_t *roles = json_array(), *organisations = json_array();
    char id[ID_SIZE];
    id_make(now_us, id);
    int64_t now_s = now_us / 1000000;
    status_t status = split(claims->roles, "--role", check_role, roles, problem);
    if (status == STATUS_OK)
        status = split(claims->organisations, "--org", check_code, organisations, problem);
    if (status == STATUS_OK)
        status = check_subject(subject, problem);
    if (status == STATUS_OK && claims->scope != NULL)
        status = check_scope(claims->scope, problem);
    if (status == STATUS_OK && (claims->ttl_s < 1 || claims->ttl_s > TOKEN_TTL_MAX))
        status = problem_set(problem, STATUS_INVALID_ARGUMENT, "--ttl", "a token holds for 1 to %d seconds", TOKEN_TTL_MAX);
    int failed =
        json_object_set_new(payload, "iss", json_string(ISSUER_DEVELOPMENT)) |
        json_object_set_new(payload, "aud", json_string(ISSUER_AUDIENCE)) | json_object_set_new(payload, "sub", json_string(subject)) |
        json_object_set_new(payload, "roles", roles) | json_object_set_new(payload, "org", organisations) |
        json_object_set_new(payload, "iat", json_integer(now_s)) | json_object_set_new(payload, "nbf", json_integer(now_s)) |
        json_object_set_new(payload, "exp", json_integer(now_s + claims->ttl_s)) | json_object_set_new(payload, "jti", json_string(id));
    if (claims->scope != NULL)
        failed |= json_object_set_new(payload, "scope", json_string(claims->scope));
    if (status == STATUS_OK && failed != 0)
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    return status;
}

// Appends the bytes in base64url.
static void add_encoded(buf_t *out, const char *text, size_t size)
{
    char *room = buf_reserve(out, BASE64URL_SIZE(size));
    if (room == NULL)
        return;
    base64url_encode(text, size, room);
    out->size += BASE64URL_SIZE(size) - 1;
}

static status_t sign(const issuer_t *issuer, const json_t *payload, buf_t *out, problem_t *problem)
{
    char header[128];
    int size = snprintf(header, sizeof header, "{\"alg\":\"" ISSUER_ALGORITHM "\",\"typ\":\"JWT\",\"kid\":\"%s\"}", issuer_kid(issuer));
    char *text = json_dumps(payload, JSON_COMPACT);
    size_t start = out->size;
    add_encoded(out, header, (size_t)size);
    buf_add_char(out, '.');
    if (text != NULL)
        add_encoded(out, text, strlen(text));
    status_t status = STATUS_OK;
    if (text == NULL || !buf_ok(out))
        status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    uint8_t signature[ISSUER_SIGNATURE_SIZE];
    if (status == STATUS_OK)
        status = issuer_sign(issuer, out->data + start, out->size - start, signature, problem);
    if (status == STATUS_OK) {
        buf_add_char(out, '.');
        add_encoded(out, (const char *)signature, sizeof signature);
        if (!buf_ok(out))
            status = problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
    }
    free(text);
    return status;
}

status_t token_make(const issuer_t *issuer, const token_claims_t *claims, int64_t now_us, buf_t *out, problem_t *problem)
{
    buf_t subject;
    buf_init(&subject, TOKEN_CAP);
    if (claims->subject != NULL)
        buf_add_string(&subject, claims->subject);
    else
        default_subject(claims, &subject);
    json_t *payload = json_object();
    status_t status = fill(claims, buf_ok(&subject) && subject.data != NULL ? subject.data : "", now_us, payload, problem);
    if (status == STATUS_OK)
        status = sign(issuer, payload, out, problem);
    json_decref(payload);
    buf_deinit(&subject);
    return status;
}

int token_command(const command_t *command, int argc, char **argv)
{
    const char *dir = NULL, *ttl = NULL;
    token_claims_t claims = {.ttl_s = TOKEN_TTL_DEFAULT};
    const command_option_t options[] = {{"--issuer-dir", &dir, NULL, true},
                                        {"--role", &claims.roles, NULL, true},
                                        {"--org", &claims.organisations, NULL, true},
                                        {"--sub", &claims.subject, NULL, false},
                                        {"--ttl", &ttl, NULL, false},
                                        {"--scope", &claims.scope, NULL, false},
                                        {0}};
    problem_t problem = {0};
    int count = 0;
    if (command_options(options, argc - 1, argv + 1, &count, &problem) != STATUS_OK)
        return command_usage_error(command, "%s", problem.detail);
    if (count != 0)
        return command_usage_error(command, "what is \"%s\"?", argv[1]);
    if (ttl != NULL && !command_number(ttl, 1, TOKEN_TTL_MAX, &claims.ttl_s))
        return command_usage_error(command, "--ttl is a whole number of seconds, 1 to %d", TOKEN_TTL_MAX);
    issuer_t *issuer = NULL;
    if (issuer_load(dir, &issuer, &problem) != STATUS_OK)
        return command_failed(command, &problem);
    buf_t token;
    buf_init(&token, TOKEN_CAP);
    status_t status = token_make(issuer, &claims, clock_wall_us(), &token, &problem);
    if (status == STATUS_OK)
        printf("%s\n", token.data);
    buf_deinit(&token);
    issuer_destroy(&issuer);
    if (status == STATUS_INVALID_ARGUMENT)
        return command_usage_error(command, "%s", problem.detail);
    return status == STATUS_OK ? COMMAND_OK : command_failed(command, &problem);
}
