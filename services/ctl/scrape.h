// Figures out of a page of Prometheus' text format, as a daemon's /metrics gives it.
#ifndef PCN_CTL_SCRAPE_H
#define PCN_CTL_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>

// The value of a sample: "pcn_ready", or with one label's value, "pcn_follower_lag_events" of `source` "registry" (label NULL: the first
// sample of the name). False where the page has none.
bool scrape_number(const char *page, const char *name, const char *label, const char *of, double *value);
// The value of a label of the name's sample number `index`, from 0; false where there are not so many.
bool scrape_label(const char *page, const char *name, const char *label, size_t index, char *out, size_t room);
// The bound of a histogram without labels below which the share (0 to 1) of its samples lies; false where it has none or there is no bound.
bool scrape_quantile(const char *page, const char *name, double share, double *bound);

#endif
