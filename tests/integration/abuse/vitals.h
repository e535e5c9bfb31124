// What must not change however a platform is treated: its programs run on, their memory and descriptors stay, their logs stay lines of JSON
// without anything of the requests in them. Invariants I6 and I7.
#ifndef PCN_TESTS_INTEGRATION_ABUSE_VITALS_H
#define PCN_TESTS_INTEGRATION_ABUSE_VITALS_H

#include "tests/integration/platform/rig.h"

enum { VITALS_GATEWAY, VITALS_REGISTRY, VITALS_HAPROXY, VITALS_PROGRAMS };

typedef struct vitals {
    pid_t pid[VITALS_PROGRAMS];
    long rss_kib[VITALS_PROGRAMS];
    long descriptors[VITALS_PROGRAMS];
} vitals_t;

void vitals_take(const rig_t *rig, vitals_t *vitals);
// The same processes, memory and descriptors within 10% of what they were; what is still being let go of gets ten seconds.
void vitals_check(const rig_t *rig, const vitals_t *before, const char *after_what);
// The largest resident set that a process has had so far, in KiB.
long vitals_peak_kib(pid_t pid);
// Begins that measure anew.
void vitals_reset_peak(pid_t pid);
// Every line of the daemons' logs is one JSON object, and no log of any program holds one of the words (ended by NULL).
void vitals_check_logs(const rig_t *rig, const char *const *words);

#endif
