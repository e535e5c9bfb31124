// Sockets of programs that ended: who ends by itself does not always take its file away.
#ifndef PCN_SUPERVISOR_SOCKETS_H
#define PCN_SUPERVISOR_SOCKETS_H

// Removes every socket file of dir/run. Only for the holder of the lock while nothing runs.
void sockets_remove(const char *dir);

#endif
