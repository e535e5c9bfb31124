// Quantiles of the χ² and beta distributions, from which limits are made. Pure. Why they are here and not in a library: decision 0024.
#ifndef PCN_REFERRAL_QUANTILE_H
#define PCN_REFERRAL_QUANTILE_H

// The value below which a variable of that distribution stays with probability p (0 < p < 1). Right to eight digits and more for up to ten
// million degrees of freedom; 0 where the value is less than the smallest positive number.
double quantile_chi_squared(double p, double degrees);
// The same of a beta distribution with positive parameters up to a million.
double quantile_beta(double p, double a, double b);

#endif
