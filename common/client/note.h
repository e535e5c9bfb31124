// A library has no log of its own: what the platform's code would write there is kept, as far as it warns, for pcn_error. This stands in
// place of common/base/log.c, which the linker then leaves out.
#ifndef PCN_CLIENT_NOTE_H
#define PCN_CLIENT_NOTE_H

#define CLIENT_NOTE_SIZE 512

// Warnings of this thread go there from now on; NULL for nowhere.
void client_note_into(char *note);

#endif
