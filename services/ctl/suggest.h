// What somebody may have meant by a word that is not known: of those offered the one with the fewest letters wrong.
#ifndef PCN_CTL_SUGGEST_H
#define PCN_CTL_SUGGEST_H

#include <stddef.h>

#define SUGGEST_SIZE 128

typedef struct suggest {
    char word[SUGGEST_SIZE], best[SUGGEST_SIZE]; // empty where none is near
    size_t distance;
} suggest_t;

void suggest_init(suggest_t *suggest, const char *word);
void suggest_offer(suggest_t *suggest, const char *word);

#endif
