#include "services/referral/rules_digital.h"

#include <string.h>

#define WHOLE 1000 // a share of all, in thousandths

static bool offers(const digital_row_t *practice, int offer)
{
    switch (offer) {
    case DIGITAL_ONLINE:
        return practice->online;
    case DIGITAL_VIDEO:
        return practice->video;
    default:
        return practice->online && practice->video;
    }
}

void digital_count(digital_tally_t *tally, const digital_row_t *practice)
{
    tally->practices++;
    tally->synthetic = tally->synthetic || practice->synthetic || (practice->has_list_size && practice->list_size_synthetic);
    if (practice->has_list_size) {
        tally->patients += practice->list_size;
    } else {
        tally->unknown = true;
        tally->missing = tally->missing != NULL ? tally->missing : practice->code;
        tally->missing_count++;
    }
    for (int offer = 0; offer < DIGITAL_OFFERS; offer++) {
        const bool offered = offers(practice, offer);
        tally->offering[offer] += offered ? 1 : 0;
        tally->offered[offer] += offered && practice->has_list_size ? practice->list_size : 0;
        tally->offered_unknown[offer] = tally->offered_unknown[offer] || !practice->has_list_size;
    }
}

void digital_state(digital_tally_t *tally, const digital_row_t *network)
{
    if (!tally->unknown || !network->has_list_size)
        return;
    tally->unknown = false;
    tally->patients = network->list_size;
    tally->synthetic = tally->synthetic || network->list_size_synthetic;
    bool all = true;
    for (int offer = 0; offer < DIGITAL_OFFERS; offer++) {
        if (tally->offering[offer] > 0 && tally->offering[offer] < tally->practices) {
            all = false;
            continue;
        }
        tally->offered_unknown[offer] = false;
        tally->offered[offer] = tally->offering[offer] > 0 ? network->list_size : 0;
    }
    if (all) {
        tally->missing = NULL;
        tally->missing_count = 0;
    }
}

void digital_add(digital_tally_t *tally, const digital_tally_t *part)
{
    tally->practices += part->practices;
    tally->patients += part->patients;
    tally->unknown = tally->unknown || part->unknown;
    tally->missing = tally->missing != NULL ? tally->missing : part->missing;
    tally->missing_count += part->missing_count;
    tally->synthetic = tally->synthetic || part->synthetic;
    for (int offer = 0; offer < DIGITAL_OFFERS; offer++) {
        tally->offering[offer] += part->offering[offer];
        tally->offered[offer] += part->offered[offer];
        tally->offered_unknown[offer] = tally->offered_unknown[offer] || part->offered_unknown[offer];
    }
}

// ---- shares ----

// Part and whole of a share; false where it is not known. Of nothing there is no share.
static bool share_of(const digital_tally_t *tally, int offer, bool of_patients, int64_t *part, int64_t *whole)
{
    *part = tally->offering[offer];
    *whole = tally->practices;
    if (tally->practices == 0 || !of_patients || *part == 0 || *part == *whole)
        return tally->practices > 0;
    *part = tally->offered[offer];
    *whole = tally->patients;
    return !tally->unknown && !tally->offered_unknown[offer] && tally->patients > 0;
}

// Halves up; what is not all of it never shows as such.
static int64_t thousandths(int64_t part, int64_t whole)
{
    const int64_t rounded = (2 * WHOLE * part + whole) / (2 * whole);
    return rounded == WHOLE && part < whole ? WHOLE - 1 : rounded;
}

static char *decimal(int64_t value, const char *sign, arena_t *arena)
{
    return arena_printf(arena, "%s%lld.%03lld", sign, (long long)(value / WHOLE), (long long)(value % WHOLE));
}

char *digital_patient_share(const digital_tally_t *tally, int offer, arena_t *arena)
{
    int64_t part, whole;
    return share_of(tally, offer, true, &part, &whole) ? decimal(thousandths(part, whole), "", arena) : NULL;
}

char *digital_practice_share(const digital_tally_t *tally, int offer, arena_t *arena)
{
    int64_t part, whole;
    return share_of(tally, offer, false, &part, &whole) ? decimal(thousandths(part, whole), "", arena) : NULL;
}

char *digital_detail(const digital_tally_t *tally, arena_t *arena)
{
    if (tally->practices == 0)
        return arena_string(arena, "There are no open practices on record");
    if (tally->missing_count > 1)
        return arena_printf(arena, "List sizes are not known: that of %s and %lld more", tally->missing,
                            (long long)(tally->missing_count - 1));
    return tally->missing_count > 0 ? arena_printf(arena, "The list size of %s is not known", tally->missing) : NULL;
}

// ---- targets ----

// "patients-online": of whom, and what they are offered.
static int offer_of(const char *measure, bool *of_patients)
{
    *of_patients = strncmp(measure, "patients-", 9) == 0;
    const char *offer = strchr(measure, '-') + 1;
    if (strcmp(offer, "online") == 0)
        return DIGITAL_ONLINE;
    return strcmp(offer, "video") == 0 ? DIGITAL_VIDEO : DIGITAL_BOTH;
}

bool digital_compare(digital_target_t *target, int64_t stated_thousandths, const digital_tally_t *tally, const char *note, arena_t *arena)
{
    bool of_patients;
    const int offer = offer_of(target->measure, &of_patients);
    int64_t part, whole;
    target->stated = decimal(stated_thousandths, "", arena);
    target->detail = (char *)(uintptr_t)note;
    if (!share_of(tally, offer, of_patients, &part, &whole)) {
        target->detail = digital_detail(tally, arena);
        return target->stated != NULL && target->detail != NULL;
    }
    const int64_t computed = thousandths(part, whole), difference = computed - stated_thousandths;
    target->computed = decimal(computed, "", arena);
    target->difference = decimal(difference < 0 ? -difference : difference, difference < 0 ? "-" : "+", arena);
    target->has_met = 1;
    target->met = part * WHOLE >= stated_thousandths * whole;
    return target->stated != NULL && target->computed != NULL && target->difference != NULL;
}
