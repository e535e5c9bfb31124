#include "tests/support/simulator/scene.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "services/ctl/token.h"
#include "tests/support/load.h"

#define SYSTEM "ics-llr"
#define PROVIDER "provider-dhu"

enum { PATH_SIZE = 512, TOKEN_ROOM = 4096, DAY_S = 86400, SIZE_UNKNOWN = 8000, WEIGHT_LEAST = 500, WEIGHT_DRAWN = 1000 };

bool scene_fail(scene_t *scene, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(scene->problem, sizeof scene->problem, format, arguments);
    va_end(arguments);
    return false;
}

char *scene_token(scene_t *scene, const char *roles, const char *organisation)
{
    problem_t problem = {0};
    buf_t text;
    char *token = NULL;
    const token_claims_t claims = {.roles = roles, .organisations = organisation, .ttl_s = DAY_S};
    buf_init(&text, TOKEN_ROOM);
    if (token_make(scene->issuer, &claims, clock_wall_us(), &text, &problem) != STATUS_OK)
        (void)scene_fail(scene, "a token for %s of %s: %s", roles, organisation, problem.detail);
    else if (!buf_ok(&text) || (token = strndup(text.data, text.size)) == NULL)
        (void)scene_fail(scene, "no memory");
    buf_deinit(&text);
    return token;
}

bool scene_open(scene_t *scene, const char *url, const char *socket, const char *issuer_dir, uint64_t seed)
{
    problem_t problem = {0};
    *scene = (scene_t){.url = url, .socket = socket, .seed = seed};
    if (issuer_load(issuer_dir, &scene->issuer, &problem) != STATUS_OK)
        return scene_fail(scene, "the issuer in %s: %s", issuer_dir, problem.detail);
    scene->manager = scene_token(scene, "system-manager", SYSTEM);
    return scene->manager != NULL;
}

void scene_clear(scene_t *scene)
{
    for (size_t i = 0; i < scene->count; i++) {
        free(scene->places[i].name);
        free(scene->places[i].token);
    }
    free(scene->places);
    free(scene->manager);
    issuer_destroy(&scene->issuer);
    *scene = (scene_t){0};
}

plan_offerer_t scene_offerer(const scene_place_t *place)
{
    return (plan_offerer_t){
        .owner = place->owner, .code = place->code, .name = place->name, .list_size = place->list_size, .number = place->number};
}

scene_place_t *scene_find(const scene_t *scene, const char *code)
{
    for (size_t i = 0; code != NULL && i < scene->count; i++) {
        if (strcmp(scene->places[i].code, code) == 0)
            return &scene->places[i];
    }
    return NULL;
}

json_t *scene_get(scene_t *scene, const char *token, const char *path)
{
    http_answer_t answer;
    json_t *json = NULL;
    const http_call_t call = {.url = scene->url, .socket = scene->socket, .path = path, .token = token};
    if (!http_send(&call, &answer) || answer.status != 200 || answer.json == NULL)
        (void)scene_fail(scene, "GET %s: %ld %.200s", path, answer.status, answer.body != NULL ? answer.body : "");
    else
        json = json_incref(answer.json);
    http_answer_clear(&answer);
    return json;
}

// ---- places ----

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "";
}

// Every row of a list, page by page.
typedef bool on_row_t(scene_t *scene, const json_t *row, const void *context);

static bool read_list(scene_t *scene, const char *token, const char *path, const char *key, on_row_t *on_row, const void *context)
{
    char page_path[PATH_SIZE], page_token[256] = "";
    bool good = true;
    do {
        snprintf(page_path, sizeof page_path, "%s%cpageSize=1000%s%s", path, strchr(path, '?') != NULL ? '&' : '?',
                 page_token[0] != '\0' ? "&pageToken=" : "", page_token);
        json_t *page = scene_get(scene, token, page_path);
        size_t i;
        const json_t *row;
        good = page != NULL;
        json_array_foreach(json_object_get(page, key), i, row)
        {
            good = good && on_row(scene, row, context);
        }
        snprintf(page_token, sizeof page_token, "%s", text_of(page, "nextPageToken"));
        json_decref(page);
    } while (good && page_token[0] != '\0');
    return good;
}

static bool add_place(scene_t *scene, plan_owner_t owner, const json_t *row)
{
    static const char *const roles[] = {
        [PLAN_PRACTICE] = "practice-reception", [PLAN_NETWORK] = "network-manager", [PLAN_PROVIDER] = "urgent-care"};
    if (scene->count == scene->room) {
        const size_t room = scene->room > 0 ? 2 * scene->room : 256;
        scene_place_t *grown = realloc(scene->places, room * sizeof *grown);
        if (grown == NULL)
            return scene_fail(scene, "no memory");
        scene->places = grown;
        scene->room = room;
    }
    scene_place_t *place = &scene->places[scene->count];
    *place = (scene_place_t){.owner = owner, .list_size = owner == PLAN_PROVIDER ? 0 : SIZE_UNKNOWN};
    snprintf(place->code, sizeof place->code, "%s", text_of(row, "code"));
    place->name = strdup(text_of(row, "name"));
    place->token = scene_token(scene, roles[owner], place->code);
    scene->count++;
    return place->name != NULL && place->token != NULL;
}

// The node, where it is of a kind that offers something, and what lies below it. As deep as the registry's trees are, which is bounded.
// NOLINTNEXTLINE(misc-no-recursion)
static bool add_tree(scene_t *scene, const json_t *node)
{
    const char *code = text_of(node, "code"), *kind = text_of(node, "kind");
    bool good = true;
    size_t i;
    const json_t *child;
    if (strcmp(text_of(node, "status"), "active") == 0 && scene_find(scene, code) == NULL) {
        if (strcmp(kind, "practice") == 0)
            good = add_place(scene, PLAN_PRACTICE, node);
        else if (strcmp(kind, "network") == 0)
            good = add_place(scene, PLAN_NETWORK, node);
        else if (strcmp(code, PROVIDER) == 0)
            good = add_place(scene, PLAN_PROVIDER, node);
    }
    json_array_foreach(json_object_get(node, "children"), i, child)
    {
        good = good && add_tree(scene, child);
    }
    return good;
}

static int compare_places(const void *a, const void *b)
{
    const scene_place_t *left = a, *right = b;
    return left->owner != right->owner ? (int)left->owner - (int)right->owner : strcmp(left->code, right->code);
}

static bool read_places(scene_t *scene)
{
    json_t *tree = scene_get(scene, scene->manager, "/v1/organisations/" SYSTEM "/tree");
    const bool good = tree != NULL && add_tree(scene, tree);
    json_decref(tree);
    if (!good)
        return false;
    if (scene->count == 0)
        return scene_fail(scene, "the registry has no practices");
    qsort(scene->places, scene->count, sizeof *scene->places, compare_places);
    for (size_t i = 1; i < scene->count; i++)
        scene->places[i].number = scene->places[i].owner == scene->places[i - 1].owner ? scene->places[i - 1].number + 1 : 0;
    return true;
}

// ---- list sizes ----

// What a network's list comes to is shared out among its practices by drawn weights; the last one gets what is left, so that the sum is the
// network's.
static void share_out(scene_t *scene, const scene_place_t *network, const json_t *members, uint64_t stated, const char *day)
{
    scene_place_t *practices[64];
    uint64_t weights[64], sum = 0, left = stated;
    size_t count = 0, i;
    const json_t *member;
    load_random_t random = {.state = scene->seed ^ (network->number + 1)};
    json_array_foreach(members, i, member)
    {
        scene_place_t *practice = scene_find(scene, text_of(member, "practice"));
        if (practice == NULL || practice->owner != PLAN_PRACTICE || count == sizeof practices / sizeof *practices)
            continue;
        practices[count] = practice;
        sum += weights[count++] = WEIGHT_LEAST + load_draw(&random, WEIGHT_DRAWN);
    }
    for (i = 0; i < count; i++) {
        practices[i]->list_size = i + 1 < count ? stated * weights[i] / sum : left;
        left -= practices[i]->list_size;
        snprintf(practices[i]->network, sizeof practices[i]->network, "%s", network->code);
        snprintf(practices[i]->list_day, sizeof practices[i]->list_day, "%s", day);
    }
}

static bool read_networks(scene_t *scene)
{
    for (size_t i = 0; i < scene->count; i++) {
        scene_place_t *place = &scene->places[i];
        char path[PATH_SIZE];
        if (place->owner != PLAN_NETWORK)
            continue;
        snprintf(path, sizeof path, "/v1/networks/%s", place->code);
        json_t *network = scene_get(scene, scene->manager, path);
        if (network == NULL)
            return false;
        const json_t *size = json_object_get(network, "listSize"), *stated = json_object_get(size, "stated");
        const json_t *members = json_object_get(network, "members");
        if (json_is_integer(stated))
            place->list_size = (uint64_t)json_integer_value(stated);
        snprintf(place->list_day, sizeof place->list_day, "%s", text_of(size, "asOf"));
        share_out(scene, place, members, json_is_integer(stated) ? place->list_size : SIZE_UNKNOWN * json_array_size(members),
                  place->list_day);
        json_decref(network);
    }
    return true;
}

// ---- what is offered already ----

static bool note_service(scene_t *scene, const json_t *row, const void *context)
{
    (void)context;
    scene_place_t *place = scene_find(scene, text_of(row, "provider"));
    const size_t count = place != NULL && json_is_true(json_object_get(row, "synthetic")) ? plan_service_count(place->owner) : 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(plan_service_kind(place->owner, i), text_of(row, "kind")) == 0)
            snprintf(place->services[i].id, SCENE_ID_SIZE, "%s", text_of(row, "id"));
    }
    return true;
}

static bool note_plan(scene_t *scene, const json_t *row, const void *context)
{
    (void)context;
    scene_place_t *place = scene_find(scene, text_of(row, "organisation"));
    const size_t count = place != NULL ? plan_service_count(place->owner) : 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(place->services[i].id, text_of(row, "service")) != 0)
            continue;
        for (size_t k = 0; k < plan_count(place->owner, i); k++) {
            if (strcmp(plan_name(place->owner, i, k), text_of(row, "name")) != 0)
                continue;
            place->services[i].planned[k] = true;
            const char *generated_to = text_of(row, "generatedTo");
            if (place->generated_to[0] == '\0' || strcmp(generated_to, place->generated_to) < 0)
                snprintf(place->generated_to, sizeof place->generated_to, "%s", generated_to);
        }
    }
    return true;
}

bool scene_read_offers(scene_t *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        scene->places[i].generated_to[0] = '\0';
    // As a practice, whom all of them accept; practices come first.
    return read_list(scene, scene->places[0].token, "/v1/services?network=" SYSTEM, "services", note_service, NULL) &&
           read_list(scene, scene->manager, "/v1/schedule-templates", "scheduleTemplates", note_plan, NULL);
}

bool scene_read(scene_t *scene)
{
    return read_places(scene) && read_networks(scene) && scene_read_offers(scene);
}
