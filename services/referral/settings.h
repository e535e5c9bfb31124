// Referral's own configuration.
#ifndef PCN_REFERRAL_SETTINGS_H
#define PCN_REFERRAL_SETTINGS_H

#include "common/base/arena.h"
#include "common/base/config.h"

typedef struct referral_settings {
    const char *video_url; // where a video appointment is joined, with {token}; empty for none
    int64_t holds_max;     // most slots that one organisation holds of another at a time
} referral_settings_t;

extern const config_key_t referral_keys[];
// INVALID_ARGUMENT where the address is not one of https with {token} in it, once.
MUST_CHECK status_t referral_check_settings(const void *settings, problem_t *problem);
// Of no settings the default. A provider of NHS 111 that holds for the five minutes of a call keeps hundreds of calls an hour going with it
// at each practice; who polls for slots cannot have a practice's whole day.
int64_t referral_holds_max(const referral_settings_t *settings);
// The address for a token, in the arena; NULL where there is none, or no memory.
char *referral_join_url(const referral_settings_t *settings, const char *token, arena_t *arena);

#endif
