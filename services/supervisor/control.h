// The supervisor's socket, <state>/run/supervisor.sock: one request line a connection, answered by lines, the last of which is `ok` or
// `failed: <why>`.
//
//   status        a line a program: name, pid, state, restarts, ready since
//   wait          answers when all are ready, or when one failed three times in a row
//   restart NAME  stops and starts it; answers when it is ready again, or failed
//   reload        signals those that have a reload signal
//   watch         a line for every program that died or came back, until the supervisor ends
//   stop          stops everything; the connection closes at the end
#ifndef PCN_SUPERVISOR_CONTROL_H
#define PCN_SUPERVISOR_CONTROL_H

#include "services/supervisor/fleet.h"

typedef struct control control_t;

// The socket's path for a state folder; INVALID_ARGUMENT beyond what a socket can have.
MUST_CHECK status_t control_path(const char *dir, char *path, size_t size, problem_t *problem);
// Listens. The fleet outlives it.
MUST_CHECK status_t control_new(uv_loop_t *loop, fleet_t *fleet, control_t **control, problem_t *problem);
// To be told of every change.
void control_changed(control_t *control, const child_t *child);
// Closes all connections and the socket; memory goes with the loop's last turn.
void control_close(control_t **control);

#endif
