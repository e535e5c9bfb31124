// What a program writes to stdout and stderr, kept in <log dir>/<name>.log: 10 MiB a file, five older ones (.1 to .5).
//
// One pipe a program, over all of its runs: its write end is inherited by every run, so nothing that a dying run said gets lost. A full
// disk drops what does not fit and goes on, and a program never waits for the disk longer than one write.
#ifndef PCN_SUPERVISOR_CAPTURE_H
#define PCN_SUPERVISOR_CAPTURE_H

#include <uv.h>

#include "common/base/status.h"

typedef struct capture capture_t;

// Opens file and pipe. The caller closes.
MUST_CHECK status_t capture_new(uv_loop_t *loop, const char *dir, const char *name, capture_t **capture, problem_t *problem);
// The end to write to; borrowed, close on exec.
int capture_fd(const capture_t *capture);
// Reads what is still in the pipe, then closes; memory goes with the loop's last turn.
void capture_close(capture_t **capture);

#endif
