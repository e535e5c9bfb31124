// How far something has come, on standard error: one line with a bar that is drawn anew on a terminal, elsewhere one plain line for each
// step. What it says is an aid, never a result.
#ifndef PCN_CTL_PROGRESS_H
#define PCN_CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct progress {
    FILE *out; // NULL: silence
    bool terminal;
    bool drawn;     // a line stands there that is not ended
    char step[128]; // of that line
    char line[256];
} progress_t;

// `step` is what is done ("sending 7 files"), of which `done` of `total` is done; a total of 0 is not known. `bytes`: amounts are bytes.
void progress_show(progress_t *progress, const char *step, int64_t done, int64_t total, bool bytes);
// Takes the line away, so that something else can be said.
void progress_clear(progress_t *progress);
// "27.1 MiB".
#define PROGRESS_AMOUNT_SIZE 32
void progress_amount(int64_t bytes, char out[PROGRESS_AMOUNT_SIZE]);

#endif
