#include "services/referral/settings.h"

#include <stddef.h>
#include <string.h>

#define TOKEN "{token}"
#define SECURE "https://"
#define HOLDS_MAX_DEFAULT 32
#define HOLDS_MAX_TEXT(number) HOLDS_MAX_TEXT_OF(number)
#define HOLDS_MAX_TEXT_OF(number) #number

const config_key_t referral_keys[] = {
    {"VIDEO_URL", CONFIG_STRING, 0, offsetof(referral_settings_t, video_url), NULL, 0, 0,
     "where a video appointment is joined: https://…/{token}; without it they have no link"},
    {"HOLDS_MAX", CONFIG_NUMBER, 0, offsetof(referral_settings_t, holds_max), HOLDS_MAX_TEXT(HOLDS_MAX_DEFAULT), 1, 10000,
     "most slots that one organisation holds of another at a time"},
    {NULL, CONFIG_STRING, 0, 0, NULL, 0, 0, NULL},
};

status_t referral_check_settings(const void *settings, problem_t *problem)
{
    const char *url = ((const referral_settings_t *)settings)->video_url;
    if (url == NULL || url[0] == '\0')
        return STATUS_OK;
    const char *token = strstr(url, TOKEN);
    if (strncmp(url, SECURE, strlen(SECURE)) != 0 || token == NULL || strstr(token + 1, TOKEN) != NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "PCN_REFERRAL_VIDEO_URL", "Must be an https address with {token} in it");
    return STATUS_OK;
}

int64_t referral_holds_max(const referral_settings_t *settings)
{
    return settings != NULL ? settings->holds_max : HOLDS_MAX_DEFAULT;
}

char *referral_join_url(const referral_settings_t *settings, const char *token, arena_t *arena)
{
    const char *url = settings != NULL ? settings->video_url : NULL;
    const char *place = url != NULL ? strstr(url, TOKEN) : NULL;
    if (place == NULL || token == NULL)
        return NULL;
    return arena_printf(arena, "%.*s%s%s", (int)(place - url), url, token, place + strlen(TOKEN));
}
