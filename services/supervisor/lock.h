// One state has one supervisor: who holds the lock of its folder.
#ifndef PCN_SUPERVISOR_LOCK_H
#define PCN_SUPERVISOR_LOCK_H

// A descriptor that holds the lock until it is closed, by its owner or by the end of the process; -1 where another has it.
int lock_take(const char *dir);

#endif
