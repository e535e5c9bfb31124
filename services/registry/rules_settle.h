// Where practices lie once memberships have changed. One rule for every day from the change on, be it past, today or to come:
//
// - While it is a member, a practice lies below its network.
// - While it is none (any more, or yet), and would lie below a network whose member it was, it falls to what lies above that network on
// that
//   very day, by the network's own facts. A commissioner that is closed then is followed to its one successor, where that was loaded.
// - Otherwise it lies where it did. Above all a practice below a network that never had it as a member stays.
//
// It would lie below a network that it was put below by a membership until its parent is changed anyway, as every change of a fact holds
// (rules_timeline.h). A fall on record is no such change: it follows from the membership, and goes with it. So it does not matter whether
// a membership with an end is recorded at once or in two steps, nor what else is recorded first.
//
// Days to come go into what is recorded for them, as any fact. Nothing moves below a network that was not loaded.
//
// Pure.
#ifndef PCN_REGISTRY_RULES_SETTLE_H
#define PCN_REGISTRY_RULES_SETTLE_H

#include "services/registry/rules_changes.h"

// After all that becomes of memberships: for every practice whose memberships change, from the day on, the first on which any of them does.
// `ending` (or NULL) is a network that closes that day: practices below it fall, members or not.
MUST_CHECK status_t changes_settle(changes_t *changes, const char *from, const char *ending);

// After facts were changed by themselves: `practice`, which was loaded with its memberships, lies below its networks on their days again,
// as far as a change from the day on (NULL: a correction) may have gone over them.
MUST_CHECK status_t settle_memberships(timeline_t *timeline, const aggregate_t *practice, const char *from, arena_t *arena,
                                       problem_t *problem);

#endif
