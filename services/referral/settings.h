// Referral's own configuration.
#ifndef PCN_REFERRAL_SETTINGS_H
#define PCN_REFERRAL_SETTINGS_H

#include "common/base/arena.h"
#include "common/base/config.h"

typedef struct referral_settings {
    const char *video_url; // where a video appointment is joined, with {token}; empty for none
} referral_settings_t;

extern const config_key_t referral_keys[];
// INVALID_ARGUMENT where the address is not one of https with {token} in it, once.
MUST_CHECK status_t referral_check_settings(const void *settings, problem_t *problem);
// The address for a token, in the arena; NULL where there is none, or no memory.
char *referral_join_url(const referral_settings_t *settings, const char *token, arena_t *arena);

#endif
