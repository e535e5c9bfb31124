#include "services/registry/store_move.h"

#include "services/registry/store_changes.h"

#define OF(codes) CHANGES_FROM "WHERE o.code IN (" codes ") ORDER BY o.code"
// With those that may lie above the networks.
#define OF_MEMBERS(codes)                                                                                                                  \
    CHANGES_FROM "WHERE o.code = ANY (ARRAY(SELECT unnest(ARRAY[" codes "]) UNION SELECT * FROM commissioners_of(ARRAY[" codes "]))) "     \
                 "ORDER BY o.code"
// A correction may reach back before the day that is on record.
#define WRONG_OR_RIGHT "least(:request.from::date, :request.new_from::date)"

const db_stmt_t add_member_load = {"add_member_load",
                                   "SELECT " CHANGES_COLUMNS(":request.member.from::date") ", " PRACTICE_MEMBERSHIPS OF_MEMBERS(
                                       ":request.code::text, :request.member.practice::text")};
const db_stmt_t add_member_save = {"add_member_save", CHANGES_SAVE};

const db_stmt_t move_member_load = {"move_member_load", "SELECT " CHANGES_COLUMNS(":request.on::date") ", " PRACTICE_MEMBERSHIPS OF_MEMBERS(
                                                            ":request.code::text, :request.practice::text, :request.network::text")};
const db_stmt_t move_member_save = {"move_member_save", CHANGES_SAVE};

const db_stmt_t leave_member_load = {
    "leave_member_load",
    "SELECT " CHANGES_COLUMNS(":request.on::date") ", " PRACTICE_MEMBERSHIPS OF_MEMBERS(":request.code::text, :request.practice::text")};
const db_stmt_t leave_member_save = {"leave_member_save", CHANGES_SAVE};

const db_stmt_t correct_member_load = {
    "correct_member_load",
    "SELECT " CHANGES_COLUMNS(WRONG_OR_RIGHT) ", " PRACTICE_MEMBERSHIPS OF_MEMBERS(":request.code::text, :request.practice::text")};
const db_stmt_t correct_member_save = {"correct_member_save", CHANGES_SAVE};

const db_stmt_t correct_director_load = {"correct_director_load", "SELECT " CHANGES_COLUMNS(WRONG_OR_RIGHT) OF(":request.code::text")};
const db_stmt_t correct_director_save = {"correct_director_save", CHANGES_SAVE};
