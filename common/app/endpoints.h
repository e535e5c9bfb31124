// Where services listen, from PCN_SERVICES: "registry=ipc:///a.rpc,tcp://host:7001;finance=tcp://other:7001", several endpoints being
// replicas. A service that is not named listens in the instance's own run folder. One thread; the lists live as long as the object.
#ifndef PCN_APP_ENDPOINTS_H
#define PCN_APP_ENDPOINTS_H

#include "common/base/status.h"

typedef struct endpoints endpoints_t;

typedef enum endpoint_kind { ENDPOINT_RPC, ENDPOINT_PUB } endpoint_kind_t;

// INVALID_ARGUMENT for PCN_SERVICES where the text is malformed: a name that is not a daemon's, twice, without an endpoint; an endpoint
// that is neither ipc:// with a path that fits a socket's address nor tcp:// with host and port 1 to 65534.
MUST_CHECK status_t endpoints_new(const char *services, const char *state_dir, endpoints_t **endpoints, problem_t *problem);
void endpoints_destroy(endpoints_t **endpoints);
// Never NULL, ended by NULL; the same list each time. Empty only without memory. Of pub: tcp's port plus one, ipc's path with .pub in
// place of .rpc (or after it, where it ends otherwise).
const char *const *endpoints_get(endpoints_t *endpoints, const char *service, endpoint_kind_t kind);

// Where a daemon itself listens: one endpoint, or several separated by commas, so that a port can be open beside the socket of the run
// folder.
#define ENDPOINT_LIST_MAX 8

typedef struct endpoint_list {
    char *text;                            // cut up
    const char *at[ENDPOINT_LIST_MAX + 1]; // ended by NULL
} endpoint_list_t;

// INVALID_ARGUMENT, with the variable's name in it, for an endpoint that is neither ipc:// with a path that fits a socket's address nor
// tcp:// with an address and a port from 1 to 65535, for one named twice, and for more than ENDPOINT_LIST_MAX.
MUST_CHECK status_t endpoint_list_init(endpoint_list_t *list, const char *variable, const char *text, problem_t *problem);
// Also for one that is all zero or whose init failed.
void endpoint_list_deinit(endpoint_list_t *list);

#endif
