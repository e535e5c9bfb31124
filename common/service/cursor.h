// Page tokens of lists whose key has several parts: base64url of "2|<hash of the list>|<part>|<part>…". A token is bound to its list, its
// filters included. It guards against mistakes, not against forgery: rows of the registry are public.
#ifndef PCN_SERVICE_CURSOR_H
#define PCN_SERVICE_CURSOR_H

#include "common/base/arena.h"
#include "common/base/status.h"

#define CURSOR_PARTS_MAX 4

// `list` names the list and its filters, each NULL where it is not given; parts hold no '|'. NULL without memory.
char *cursor_make(const char *const *list, size_t list_count, const char *const *parts, size_t part_count, arena_t *arena);
// The parts of a token, in the arena. INVALID_ARGUMENT `pageToken` for one that is none, or of another list.
MUST_CHECK status_t cursor_read(const char *token, const char *const *list, size_t list_count, char **parts, size_t part_count,
                                arena_t *arena, problem_t *problem);

#endif
