// SQL of slots and holds.
#ifndef PCN_REFERRAL_STORE_SLOT_H
#define PCN_REFERRAL_STORE_SLOT_H

#include "common/db/statement.h"

// Rows of LoadedSlot after the page token's place: those that the caller sees; and for who asks `explain` all of the range.
extern const db_stmt_t list_slots, explain_slots;
extern const db_stmt_t get_slot;
extern const db_stmt_t block_slot_load, block_slot_save;
extern const db_stmt_t unblock_slot_load, unblock_slot_save;
// At most one row of LoadedSlot, with reclaim_minutes; the second pair is the service's own.
extern const db_stmt_t reclaim_slot_load, reclaim_slot_save;
extern const db_stmt_t reclaim_unused_slot_load, reclaim_unused_slot_save;
extern const db_stmt_t due_unused_slots; // rows: ReclaimUnusedSlotRequest
// Rows of LoadedSlot, with alternatives where one is taken.
extern const db_stmt_t hold_slot_load, hold_slot_save;
// At most one row of the store's Hold.
extern const db_stmt_t release_hold_load, release_hold_save;

#endif
