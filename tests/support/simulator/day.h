// A day of booking as acts in the order of time: the rush at eight o'clock, urgent care by day and night, cancellations in the morning,
// arrivals while surgeries last, online consultations until late. Drawn by a seed; nothing here looks at a clock.
#ifndef PCN_TESTS_SUPPORT_SIMULATOR_DAY_H
#define PCN_TESTS_SUPPORT_SIMULATOR_DAY_H

#include <stddef.h>
#include <stdint.h>

// What is done, and how often: of a thousand acts. The names are those of the operations of mix_booking.h.
#define DAY_ACTS(X)                                                                                                                        \
    X(register_patient, 90)                                                                                                                \
    X(search, 300)                                                                                                                         \
    X(find_patient, 60)                                                                                                                    \
    X(hold, 50)                                                                                                                            \
    X(book, 220)                                                                                                                           \
    X(book_held, 45)                                                                                                                       \
    X(open_case, 25)                                                                                                                       \
    X(cancel, 45)                                                                                                                          \
    X(reschedule, 25)                                                                                                                      \
    X(amend, 15)                                                                                                                           \
    X(arrive, 30)                                                                                                                          \
    X(complete, 25)                                                                                                                        \
    X(miss, 5)                                                                                                                             \
    X(read, 35)                                                                                                                            \
    X(consult, 15)                                                                                                                         \
    X(go_on_consulting, 15)

#define DAY_KIND(name, weight) DAY_##name,
typedef enum day_kind { DAY_ACTS(DAY_KIND) DAY_KINDS } day_kind_t;

typedef struct day_act {
    int32_t second; // since midnight
    day_kind_t kind;
    size_t practice; // below the number of practices
} day_act_t;

const char *day_kind_name(day_kind_t kind);
unsigned day_kind_weight(day_kind_t kind);

// So many acts at so many practices, in the order of time; the caller frees them. NULL without memory.
day_act_t *day_make(uint64_t seed, size_t practices, size_t count);

#endif
