#include "common/app/endpoints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/base/arena.h"
#include "common/base/id.h"

// Replicas of a service; and all texts together.
enum { REPLICAS_MAX = 64, TEXTS_CAP = 256 * 1024, PORT_LAST = 65535 };

#define IPC "ipc://"
#define TCP "tcp://"
#define IPC_SIZE (sizeof IPC - 1)
#define TCP_SIZE (sizeof TCP - 1)

typedef struct place {
    struct place *next;
    const char *service;
    // Ended by NULL.
    const char *rpc[REPLICAS_MAX + 1];
    const char *pub[REPLICAS_MAX + 1];
    size_t count;
} place_t;

struct endpoints {
    arena_t *arena;
    const char *state_dir;
    place_t *places;
};

static status_t refuse(problem_t *problem, const char *what, const char *text)
{
    return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_SERVICES", "PCN_SERVICES: %s: %.80s", what, text);
}

static status_t no_memory(problem_t *problem)
{
    return problem_set(problem, STATUS_RESOURCE_EXHAUSTED, NULL, "out of memory");
}

static place_t *find_place(const endpoints_t *endpoints, const char *service)
{
    for (place_t *place = endpoints->places; place != NULL; place = place->next) {
        if (strcmp(place->service, service) == 0) {
            return place;
        }
    }
    return NULL;
}

static place_t *add_place(endpoints_t *endpoints, const char *service)
{
    place_t *place = arena_zero(endpoints->arena, sizeof *place);
    if (place != NULL && (place->service = arena_string(endpoints->arena, service)) == NULL) {
        return NULL;
    }
    if (place != NULL) {
        place->next = endpoints->places;
        endpoints->places = place;
    }
    return place;
}

// The port after the last colon, 0 where there is none up to `last`. *host_size counts what stands before the colon.
static unsigned tcp_port(const char *text, unsigned last, size_t *host_size)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5) {
        return 0;
    }
    unsigned long port = strtoul(colon + 1, NULL, 10);
    *host_size = (size_t)(colon - text);
    return port <= last ? (unsigned)port : 0;
}

static char *pub_of(arena_t *arena, const char *rpc)
{
    if (strncmp(rpc, TCP, TCP_SIZE) == 0) {
        size_t host_size = 0;
        unsigned port = tcp_port(rpc + TCP_SIZE, PORT_LAST - 1, &host_size);
        return arena_printf(arena, "tcp://%.*s:%u", (int)host_size, rpc + TCP_SIZE, port + 1);
    }
    size_t size = strlen(rpc);
    size_t stem = size >= 4 && strcmp(rpc + size - 4, ".rpc") == 0 ? size - 4 : size;
    return arena_printf(arena, "%.*s.pub", (int)stem, rpc);
}

// What is wrong with an endpoint; NULL where nothing is. `more` is what a path must have room for behind it.
static const char *fault_of(const char *text, unsigned port_last, size_t more)
{
    if (strncmp(text, TCP, TCP_SIZE) == 0) {
        size_t host_size = 0;
        return tcp_port(text + TCP_SIZE, port_last, &host_size) > 0 ? NULL
               : port_last == PORT_LAST                             ? "needs an address and a port from 1 to 65535"
                                                                    : "needs a host and a port from 1 to 65534";
    }
    if (strncmp(text, IPC, IPC_SIZE) != 0 || text[IPC_SIZE] == '\0') {
        return "not an ipc:// or tcp:// endpoint";
    }
    return strlen(text + IPC_SIZE) + more < sizeof((struct sockaddr_un *)NULL)->sun_path ? NULL : "the path is too long";
}

static status_t check_endpoint(const char *text, problem_t *problem)
{
    const char *fault = fault_of(text, PORT_LAST - 1, strlen(".pub"));
    return fault != NULL ? refuse(problem, fault, text) : STATUS_OK;
}

static status_t add_endpoint(endpoints_t *endpoints, place_t *place, const char *text, problem_t *problem)
{
    status_t status = check_endpoint(text, problem);
    if (status != STATUS_OK) {
        return status;
    }
    if (place->count == REPLICAS_MAX) {
        return refuse(problem, "too many replicas", place->service);
    }
    const char *rpc = arena_string(endpoints->arena, text);
    const char *pub = rpc != NULL ? pub_of(endpoints->arena, rpc) : NULL;
    if (pub == NULL) {
        return no_memory(problem);
    }
    place->rpc[place->count] = rpc;
    place->pub[place->count++] = pub;
    return STATUS_OK;
}

// One "service=endpoint,endpoint"; the text is cut up.
static status_t parse_place(endpoints_t *endpoints, char *text, problem_t *problem)
{
    char *list = strchr(text, '=');
    if (list == NULL || list == text || list[1] == '\0') {
        return refuse(problem, "needs service=endpoint", text);
    }
    *list++ = '\0';
    if (!code_valid(text)) {
        return refuse(problem, "not a service's name", text);
    }
    if (find_place(endpoints, text) != NULL) {
        return refuse(problem, "named twice", text);
    }
    place_t *place = add_place(endpoints, text);
    if (place == NULL) {
        return no_memory(problem);
    }
    status_t status = STATUS_OK;
    for (char *item; status == STATUS_OK && (item = strsep(&list, ",")) != NULL;) {
        status = add_endpoint(endpoints, place, item, problem);
    }
    return status;
}

static status_t parse(endpoints_t *endpoints, const char *services, problem_t *problem)
{
    char *rest = arena_string(endpoints->arena, services);
    if (rest == NULL) {
        return no_memory(problem);
    }
    status_t status = STATUS_OK;
    for (char *item; status == STATUS_OK && (item = strsep(&rest, ";")) != NULL;) {
        // A separator at the end is no place.
        status = item[0] != '\0' ? parse_place(endpoints, item, problem) : STATUS_OK;
    }
    return status;
}

status_t endpoints_new(const char *services, const char *state_dir, endpoints_t **endpoints, problem_t *problem)
{
    *endpoints = NULL;
    endpoints_t *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return no_memory(problem);
    }
    made->arena = arena_new(TEXTS_CAP);
    made->state_dir = made->arena != NULL ? arena_string(made->arena, state_dir) : NULL;
    status_t status = made->state_dir == NULL ? no_memory(problem) : services != NULL ? parse(made, services, problem) : STATUS_OK;
    if (status != STATUS_OK) {
        endpoints_destroy(&made);
        return status;
    }
    *endpoints = made;
    return STATUS_OK;
}

void endpoints_destroy(endpoints_t **endpoints)
{
    if (endpoints == NULL || *endpoints == NULL) {
        return;
    }
    arena_destroy(&(*endpoints)->arena);
    free(*endpoints);
    *endpoints = NULL;
}

const char *const *endpoints_get(endpoints_t *endpoints, const char *service, endpoint_kind_t kind)
{
    static const char *const none[] = {NULL};
    place_t *place = find_place(endpoints, service);
    if (place == NULL) {
        char *rpc = arena_printf(endpoints->arena, "ipc://%s/run/%s.rpc", endpoints->state_dir, service);
        char *pub = rpc != NULL ? pub_of(endpoints->arena, rpc) : NULL;
        place = pub != NULL ? add_place(endpoints, service) : NULL;
        if (place == NULL) {
            return none;
        }
        place->rpc[0] = rpc;
        place->pub[0] = pub;
        place->count = 1;
    }
    return kind == ENDPOINT_RPC ? place->rpc : place->pub;
}

// ---- where a daemon itself listens

static status_t refuse_listen(problem_t *problem, const char *variable, const char *what, const char *text)
{
    return problem_set(problem, STATUS_INVALID_ARGUMENT, variable, "%s: %s: %.80s", variable, what, text);
}

static status_t list_add(endpoint_list_t *list, size_t count, const char *variable, const char *text, problem_t *problem)
{
    const char *fault = fault_of(text, PORT_LAST, 0);
    if (fault != NULL) {
        return refuse_listen(problem, variable, fault, text);
    }
    if (count == ENDPOINT_LIST_MAX) {
        return refuse_listen(problem, variable, "too many endpoints", text);
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list->at[i], text) == 0) {
            return refuse_listen(problem, variable, "named twice", text);
        }
    }
    list->at[count] = text;
    return STATUS_OK;
}

status_t endpoint_list_init(endpoint_list_t *list, const char *variable, const char *text, problem_t *problem)
{
    *list = (endpoint_list_t){.text = text != NULL ? strdup(text) : NULL};
    char *rest = list->text;
    if (rest == NULL) {
        return no_memory(problem);
    }
    status_t status = STATUS_OK;
    size_t count = 0;
    for (char *item; status == STATUS_OK && (item = strsep(&rest, ",")) != NULL; count++) {
        status = list_add(list, count, variable, item, problem);
    }
    return status;
}

void endpoint_list_deinit(endpoint_list_t *list)
{
    free(list->text);
    *list = (endpoint_list_t){.text = NULL};
}
