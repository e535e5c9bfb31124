#include "tests/integration/abuse/attack.h"

#include <regex.h>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/pb/field.h"

#define REQUEST_MAX (1024u * 1024u)
#define FIRST_DAY 11000 // in 2000
#define DAYS 9000

static const char *const headers[] = {"Idempotency-Key", "If-Match", "traceparent", "X-Request-Id", "X-Forwarded-For", NULL};

static void create(attack_world_t *world, const char *kind, char *code, size_t size)
{
    char request[4096], body[256];
    raw_answer_t answer;
    snprintf(code, size, "abuse-%u", world->serial++);
    const int length =
        snprintf(body, sizeof body, "{\"code\":\"%s\",\"name\":\"Abuse\",\"kind\":\"%s\",\"parent\":\"ics-llr\"}", code, kind);
    const int used = snprintf(request, sizeof request,
                              "POST /v1/organisations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                              "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                              world->token, length, body);
    assert_true(raw_ask(&world->clients[RAW_GATEWAY], request, (size_t)used, &answer));
    assert_int_equal(answer.status, 201);
    world->organisations++;
}

// What has to be there before: the field of a request that names it, and the kind of organisation that it is.
static const struct {
    const char *type, *field, *kind;
} places[] = {
    {"pcn.registry.v1.GetOrganisationRequest", "code", "trust"}, {"pcn.registry.v1.UpdateOrganisationRequest", "code", "trust"},
    {"pcn.registry.v1.AddListSizeRequest", "code", "practice"},  {"pcn.registry.v1.GetNetworkRequest", "code", "network"},
    {"pcn.registry.v1.AddMemberRequest", "code", "network"},     {"pcn.registry.v1.AddDirectorRequest", "code", "network"},
    {"pcn.registry.v1.Member", "practice", "practice"},
};

// Fields of which a request needs one or another.
static const struct {
    const char *type, *field;
} needed_besides[] = {
    {"pcn.referral.v1.ListSlotsRequest", "organisation"},       {"pcn.referral.v1.ListOnlineConsultationsRequest", "organisation"},
    {"pcn.referral.v1.ListReferralsRequest", "organisation"},   {"pcn.referral.v1.ListAdviceRequest", "organisation"},
    {"pcn.referral.v1.ListShiftedWorkRequest", "organisation"}, {"pcn.referral.v1.ListWaitingEntriesRequest", "service"},
    {"pcn.referral.v1.ListAppointmentsRequest", "patient"},     {"pcn.referral.v1.CreateAppointmentRequest", "slots"},
    {"pcn.referral.v1.RescheduleAppointmentRequest", "slots"},  {"pcn.referral.v1.ListSocialPrescriptionsRequest", "organisation"}};

static bool is_needed(const pb_type_t *type, unsigned index)
{
    bool needed = (type->fields[index].flags & PB_REQUIRED) != 0;
    for (size_t i = 0; i < sizeof needed_besides / sizeof needed_besides[0]; i++)
        needed = needed || (strcmp(needed_besides[i].type, type->name) == 0 &&
                            strcmp(needed_besides[i].field, type->descriptor->fields[index].name) == 0);
    return needed;
}

static bool matches(const char *pattern, const char *text)
{
    char anchored[512];
    regex_t compiled;
    snprintf(anchored, sizeof anchored, "^(%s)$", pattern);
    if (regcomp(&compiled, anchored, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    const bool found = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

// A text that the field's rules allow.
static void good_text(attack_world_t *world, const pb_type_t *type, unsigned index, char *out, size_t size)
{
    static const char *const samples[] = {"registry", "0.5", "1", "A1", "a", "text"};
    const pb_field_t *meta = &type->fields[index];
    const char *const name = type->descriptor->fields[index].name;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (strcmp(places[i].type, type->name) == 0 && strcmp(places[i].field, name) == 0) {
            create(world, places[i].kind, out, size);
            return;
        }
    }
    // A code names one thing: each gets its own.
    if (meta->enumeration != NULL || (meta->example != NULL && meta->format != PB_FORMAT_CODE)) {
        snprintf(out, size, "%s", meta->enumeration != NULL ? meta->enumeration->json[1] : meta->example);
        return;
    }
    if (meta->pattern != NULL) {
        for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
            if (matches(meta->pattern, samples[i])) {
                snprintf(out, size, "%s", samples[i]);
                return;
            }
        }
        fail_msg("no sample matches %s of %s: add one", meta->pattern, name);
    }
    char id[ID_SIZE];
    switch (meta->format) {
    case PB_FORMAT_CODE:
        snprintf(out, size, "abuse-%u", world->serial++);
        break;
    case PB_FORMAT_DATE:
        date_format(FIRST_DAY + (int32_t)(world->serial++ % DAYS), out);
        break;
    case PB_FORMAT_INSTANT:
        snprintf(out, size, "2020-01-01T00:00:00Z");
        break;
    case PB_FORMAT_UUID:
        id_make(clock_wall_us(), id);
        snprintf(out, size, "%s", id);
        break;
    default:
        snprintf(out, size, "Text %u", world->serial++);
        break;
    }
}

static bool in_path(const pb_method_t *method, const char *name)
{
    char brace[80];
    snprintf(brace, sizeof brace, "{%s}", name);
    return strstr(method->path, brace) != NULL;
}

static const pb_type_t *body_type(const pb_method_t *method)
{
    if (method->body == NULL)
        return NULL;
    return strcmp(method->body, "*") == 0 ? method->request : method->request->fields[pb_field_by_name(method->request, method->body)].type;
}

static void write_message(attack_world_t *world, const attack_t *attack, const payload_t *payload, const pb_type_t *type, unsigned depth,
                          bool on_way, buf_t *out);

static void write_value(attack_world_t *world, const attack_t *attack, const payload_t *payload, const pb_type_t *type, unsigned index,
                        unsigned depth, bool on_way, buf_t *out)
{
    const pb_field_t *meta = &type->fields[index];
    const ProtobufCFieldDescriptor *field = &type->descriptor->fields[index];
    const bool list = pb_is_list(field);
    char text[128];
    buf_add_string(out, list ? "[" : "");
    if (on_way && depth + 1 == attack->depth)
        payload_write_json(payload, out);
    else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        write_message(world, attack, payload, meta->type, depth + 1, on_way, out);
    else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        const bool kind = strcmp(type->name, "pcn.registry.v1.Organisation") == 0 && strcmp(field->name, "kind") == 0;
        buf_printf(out, "\"%s\"", kind ? "voluntary" : meta->enumeration->json[1]);
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        good_text(world, type, index, text, sizeof text);
        buf_add_json_string(out, text, strlen(text));
    } else if (field->type == PROTOBUF_C_TYPE_BOOL)
        buf_add_string(out, "true");
    else
        buf_printf(out, "%lld", (long long)((meta->flags & PB_HAS_MINIMUM) != 0 ? meta->minimum : 1));
    buf_add_string(out, list ? "]" : "");
}

// What a PATCH changes where nothing else is said: the first text that may be changed freely.
static void write_some_text(const pb_type_t *type, buf_t *out)
{
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const pb_field_t *meta = &type->fields[i];
        const bool free_text = (meta->format == PB_FORMAT_LINE || meta->format == PB_FORMAT_TEXT) && meta->pattern == NULL &&
                               type->descriptor->fields[i].type == PROTOBUF_C_TYPE_STRING;
        if (free_text && !pb_is_list(&type->descriptor->fields[i]) && (meta->flags & (PB_OUTPUT_ONLY | PB_IMMUTABLE)) == 0) {
            buf_printf(out, "\"%s\":\"Text\"", meta->json);
            return;
        }
    }
    fail_msg("%s has no text that may be changed", type->name);
}

static void write_message(attack_world_t *world, const attack_t *attack, const payload_t *payload, const pb_type_t *type, unsigned depth,
                          bool on_way, buf_t *out)
{
    const bool part = depth == 0 && (attack->method->flags & PB_PATCHES) != 0;
    const bool whole = type == attack->method->request;
    bool first = true;
    buf_add_char(out, '{');
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const bool here = on_way && attack->way == ATTACK_BODY && depth < attack->depth && attack->index[depth] == i;
        const bool needed = is_needed(type, i) && !part;
        if ((!here && !needed) || (type->fields[i].flags & PB_OUTPUT_ONLY) != 0)
            continue;
        if (whole && in_path(attack->method, type->descriptor->fields[i].name))
            continue;
        buf_printf(out, "%s\"%s\":", first ? "" : ",", type->fields[i].json);
        write_value(world, attack, payload, type, i, depth, here, out);
        first = false;
    }
    if (depth == 0 && attack->way == ATTACK_BODY_NAME) {
        buf_add_string(out, first ? "" : ",");
        payload_write_json(payload, out);
        buf_add_string(out, ":1");
    } else if (depth == 0 && first && part) {
        write_some_text(type, out);
    }
    buf_add_char(out, '}');
}

static void write_path(attack_world_t *world, const attack_t *attack, const payload_t *payload, buf_t *out)
{
    const pb_type_t *type = attack->method->request;
    for (const char *at = attack->method->path; *at != '\0'; at++) {
        char name[64], text[128];
        if (*at != '{') {
            buf_add_char(out, *at);
            continue;
        }
        const char *end = strchr(at, '}');
        snprintf(name, sizeof name, "%.*s", (int)(end - at - 1), at + 1);
        const int index = pb_field_by_name(type, name);
        assert_true(index >= 0);
        if (attack->way == ATTACK_PATH && attack->index[0] == (unsigned)index) {
            payload_write_encoded(payload, out);
        } else {
            good_text(world, type, (unsigned)index, text, sizeof text);
            buf_add_string(out, text);
        }
        at = end;
    }
    snprintf(world->path, sizeof world->path, "%.*s", (int)out->size, out->data);
}

static void write_query(attack_world_t *world, const attack_t *attack, const payload_t *payload, buf_t *out)
{
    const pb_type_t *type = attack->method->request;
    char mark = '?';
    for (unsigned i = 0; attack->method->body == NULL && i < type->descriptor->n_fields; i++) {
        const bool here = attack->way == ATTACK_QUERY && attack->index[0] == i;
        char text[128];
        if (in_path(attack->method, type->descriptor->fields[i].name) || (!here && !is_needed(type, i)))
            continue;
        buf_printf(out, "%c%s=", mark, type->fields[i].json);
        mark = '&';
        if (here) {
            payload_write_encoded(payload, out);
        } else {
            good_text(world, type, i, text, sizeof text);
            buf_add_string(out, text);
        }
    }
    if (attack->way == ATTACK_QUERY_NAME) {
        buf_add_char(out, mark);
        payload_write_encoded(payload, out);
        buf_add_string(out, "=1");
    }
}

static void ask(attack_world_t *world, raw_place_t place, const buf_t *request, raw_answer_t *answer)
{
    assert_true(buf_ok(request));
    if (!raw_ask(&world->clients[place], request->data, request->size, answer))
        fail_msg("%s: no answer to %.*s", raw_place_names[place], (int)(request->size < 2000 ? request->size : 2000), request->data);
}

void attack_send(attack_world_t *world, raw_place_t place, const attack_t *attack, const payload_t *payload, raw_answer_t *answer)
{
    const pb_method_t *method = attack->method;
    buf_t request, target, body;
    buf_init(&request, REQUEST_MAX);
    buf_init(&target, REQUEST_MAX);
    buf_init(&body, REQUEST_MAX);
    write_path(world, attack, payload, &target);
    write_query(world, attack, payload, &target);
    if (method->body != NULL)
        write_message(world, attack, payload, body_type(method), 0, true, &body);
    buf_printf(&request, "%s %.*s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n", method->verb, (int)target.size, target.data,
               world->token);
    const bool match_attacked = attack->way == ATTACK_HEADER && strcmp(attack->header, "If-Match") == 0;
    if ((method->flags & PB_PATCHES) != 0 && !match_attacked)
        buf_add_string(&request, "If-Match: \"1\"\r\n");
    if (attack->way == ATTACK_HEADER) {
        buf_printf(&request, "%s: ", attack->header);
        payload_write(payload, &request);
        buf_add_string(&request, "\r\n");
    }
    if (method->body != NULL)
        buf_printf(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.size);
    buf_add_string(&request, "\r\n");
    buf_add(&request, body.data, body.size);
    ask(world, place, &request, answer);
    world->organisations += answer->status == 201 && strcmp(method->path, "/v1/organisations") == 0;
    buf_deinit(&request);
    buf_deinit(&target);
    buf_deinit(&body);
}

void attack_get(attack_world_t *world, raw_place_t place, const char *path, raw_answer_t *answer)
{
    buf_t request;
    buf_init(&request, REQUEST_MAX);
    buf_printf(&request, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path, world->token);
    ask(world, place, &request, answer);
    buf_deinit(&request);
}

typedef void (*each_t)(void *data, const attack_t *attack);

// Every text below the type, with its JSON path.
static void each_in_body(attack_t *attack, const pb_type_t *type, each_t each, void *data)
{
    const size_t length = strlen(attack->field);
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->descriptor->fields[i];
        if ((type->fields[i].flags & PB_OUTPUT_ONLY) != 0 || (type == attack->method->request && in_path(attack->method, field->name)))
            continue;
        if (attack->depth == ATTACK_DEPTH)
            fail_msg("%s nests deeper than this test goes", type->name);
        snprintf(attack->field + length, sizeof attack->field - length, "%s%s%s", length > 0 ? "." : "", type->fields[i].json,
                 pb_is_list(field) ? "[0]" : "");
        attack->index[attack->depth++] = i;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            each_in_body(attack, type->fields[i].type, each, data);
        else if (field->type == PROTOBUF_C_TYPE_STRING)
            each(data, attack);
        attack->depth--;
        attack->field[length] = '\0';
    }
}

void attack_each(const pb_method_t *method, each_t each, void *data)
{
    const pb_type_t *type = method->request;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        const bool path = in_path(method, type->descriptor->fields[i].name);
        attack_t attack = {.method = method, .way = path ? ATTACK_PATH : ATTACK_QUERY, .index = {i}, .depth = 1};
        snprintf(attack.field, sizeof attack.field, "%s", type->fields[i].json);
        // Numbers and enums come as text too, there.
        if ((path || method->body == NULL) && type->descriptor->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
            each(data, &attack);
    }
    for (const char *const *header = headers; *header != NULL; header++) {
        attack_t attack = {.method = method, .way = ATTACK_HEADER, .header = *header};
        snprintf(attack.field, sizeof attack.field, "%s", *header);
        each(data, &attack);
    }
    attack_t attack = {.method = method, .way = ATTACK_QUERY_NAME};
    each(data, &attack);
    if (method->body == NULL)
        return;
    attack.way = ATTACK_BODY_NAME;
    each(data, &attack);
    attack.way = ATTACK_BODY;
    each_in_body(&attack, body_type(method), each, data);
}
