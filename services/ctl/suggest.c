#include "services/ctl/suggest.h"

#include <stdio.h>
#include <string.h>

void suggest_init(suggest_t *suggest, const char *word)
{
    *suggest = (suggest_t){.best = ""};
    snprintf(suggest->word, sizeof suggest->word, "%s", word);
    // A letter of three may be wrong, and three of a long word.
    const size_t size = strlen(suggest->word);
    suggest->distance = size < 3 ? 1 : size < 9 ? size / 3 + 1 : 4;
}

// Letters to put in, take out or replace (Levenshtein).
static size_t distance_of(const char *a, const char *b)
{
    size_t row[SUGGEST_SIZE + 1];
    const size_t size = strnlen(b, SUGGEST_SIZE);
    for (size_t i = 0; i <= size; i++)
        row[i] = i;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < size; j++) {
            const size_t replaced = diagonal + (a[i] != b[j]);
            const size_t less = row[j] < row[j + 1] ? row[j] : row[j + 1];
            diagonal = row[j + 1];
            row[j + 1] = replaced < less + 1 ? replaced : less + 1;
        }
    }
    return row[size];
}

void suggest_offer(suggest_t *suggest, const char *word)
{
    const size_t distance = distance_of(suggest->word, word);
    if (distance >= suggest->distance)
        return;
    suggest->distance = distance;
    snprintf(suggest->best, sizeof suggest->best, "%s", word);
}
