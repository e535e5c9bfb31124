#include "services/ctl/scrape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A line of the page: name{labels} value.
typedef struct sample {
    const char *labels, *value; // labels NULL where there are none
    size_t labels_size;
} sample_t;

// The next sample of that name from *at on, which moves behind it.
static bool next_sample(const char **at, const char *name, sample_t *sample)
{
    const size_t size = strlen(name);
    for (const char *line = *at; *line != '\0';) {
        const char *end = strchrnul(line, '\n');
        const char *rest = line + size;
        *at = *end == '\n' ? end + 1 : end;
        if ((size_t)(end - line) > size && memcmp(line, name, size) == 0 && (*rest == ' ' || *rest == '{')) {
            const char *close = *rest == '{' ? memrchr(rest, '}', (size_t)(end - rest)) : NULL;
            sample->labels = close != NULL ? rest + 1 : NULL;
            sample->labels_size = close != NULL ? (size_t)(close - rest) - 1 : 0;
            sample->value = close != NULL ? close + 1 : rest;
            return true;
        }
        line = *at;
    }
    return false;
}

// The label's value with its escapes, which none of ours has.
static const char *find_label(const sample_t *sample, const char *label, size_t *size)
{
    const size_t name_size = strlen(label);
    if (sample->labels == NULL)
        return NULL;
    const char *end = sample->labels + sample->labels_size;
    for (const char *at = sample->labels; at < end;) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (equals == NULL || equals + 1 >= end || equals[1] != '"')
            return NULL;
        const char *value = equals + 2, *close = memchr(value, '"', (size_t)(end - value));
        if (close == NULL)
            return NULL;
        if ((size_t)(equals - at) == name_size && memcmp(at, label, name_size) == 0) {
            *size = (size_t)(close - value);
            return value;
        }
        at = close + 1 < end && close[1] == ',' ? close + 2 : close + 1;
    }
    return NULL;
}

bool scrape_number(const char *page, const char *name, const char *label, const char *of, double *value)
{
    sample_t sample;
    while (next_sample(&page, name, &sample)) {
        size_t size = 0;
        const char *found = label != NULL ? find_label(&sample, label, &size) : NULL;
        if (label != NULL && (found == NULL || strlen(of) != size || memcmp(found, of, size) != 0))
            continue;
        char *end;
        *value = strtod(sample.value, &end);
        return end != sample.value;
    }
    return false;
}

bool scrape_label(const char *page, const char *name, const char *label, size_t index, char *out, size_t room)
{
    sample_t sample;
    for (size_t i = 0; next_sample(&page, name, &sample); i++) {
        size_t size = 0;
        const char *found = i == index ? find_label(&sample, label, &size) : NULL;
        if (found == NULL)
            continue;
        snprintf(out, room, "%.*s", (int)size, found);
        return true;
    }
    return false;
}

bool scrape_quantile(const char *page, const char *name, double share, double *bound)
{
    char part[128], text[32];
    double count, below;
    snprintf(part, sizeof part, "%s_count", name);
    if (!scrape_number(page, part, NULL, NULL, &count) || count <= 0)
        return false;
    snprintf(part, sizeof part, "%s_bucket", name);
    for (size_t i = 0; scrape_label(page, part, "le", i, text, sizeof text); i++) {
        char *end;
        *bound = strtod(text, &end);
        if (end == text || *end != '\0' || !scrape_number(page, part, "le", text, &below))
            return false;
        if (below >= share * count)
            return strcmp(text, "+Inf") != 0;
    }
    return false;
}
