// A job of the platform, followed until it ends, and what came of it in words.
#ifndef PCN_CTL_JOB_H
#define PCN_CTL_JOB_H

#include "pcn/registry/v1/registry.pb-c.h"
#include "services/ctl/ask.h"
#include "services/ctl/progress.h"

// Asks for the job until it has ended, well or not. `job` comes in as it was answered first; it and the arena's other content are replaced.
MUST_CHECK status_t job_follow(http_t *http, int64_t patience_us, progress_t *progress, arena_t *arena, Pcn__Registry__V1__Job **job,
                               problem_t *problem);

// What an import came to: one line on `out` where it succeeded; else each problem on `err`, "folder/file:line: column: what is wrong", and
// how many are not shown. True where it succeeded.
bool job_say_import(const Pcn__Registry__V1__Job *job, const char *folder, FILE *out, FILE *err);

#endif
