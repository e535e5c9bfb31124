// The search of the directory, as parts of statements: what is meant, ranked, and what the rules of rules_directory.h ask of each.
#ifndef PCN_REFERRAL_STORE_DIRECTORY_PARTS_H
#define PCN_REFERRAL_STORE_DIRECTORY_PARTS_H

// CTEs `asked`, `page` and `cut (id, metres, rank)`: services of a row `s` of kind `k` for which `which` holds, nearest first where a place
// is given, else by likeness where words are, those after a place `after` of the list and `most` of them at most. Words are found in names,
// specialties and descriptions, or as the name of the kind, and in what is much like them: the indexes of 1010 serve all three. A page
// looks at so many rows at most: what hides them is decided row by row.
#define DIRECTORY_FOUND(latitude, longitude, words, instant, which, after, most)                                                           \
    "asked AS (SELECT " latitude "::float8 AS latitude, " longitude "::float8 AS longitude, lower(" words "::text) AS q, "                 \
    "        EXISTS (SELECT FROM bank_holiday b WHERE b.day = (" instant " AT TIME ZONE 'Europe/London')::date) AS bank_holiday), "        \
    "page AS (SELECT s.id, d.metres, CASE WHEN a.latitude IS NOT NULL THEN coalesce(d.metres, 2147483647) "                                \
    "             WHEN a.q IS NOT NULL THEN (1000 * (1 - greatest(word_similarity(a.q, s.words), word_similarity(a.q, "                    \
    "lower(k.name)))))::int "                                                                                                              \
    "             ELSE 0 END AS rank "                                                                                                     \
    "    FROM asked a CROSS JOIN service s JOIN service_kind k ON k.code = s.kind "                                                        \
    "    CROSS JOIN LATERAL (SELECT metres_between(a.latitude, a.longitude, s.latitude::float8, s.longitude::float8) AS metres) d "        \
    "    WHERE " which " "                                                                                                                 \
    "      AND (a.q IS NULL OR s.words LIKE '%' || a.q || '%' OR a.q <% s.words OR lower(k.name) LIKE '%' || a.q || '%' "                  \
    "           OR a.q <% lower(k.name))), "                                                                                               \
    "cut AS (SELECT * FROM page p WHERE " after " ORDER BY p.rank, p.id LIMIT " most ")"

// The rows of `cut` as `o`, with `a` (asked), `s` and `k`; and what is judged of them.
#define DIRECTORY_FROM "FROM cut o JOIN service s ON s.id = o.id JOIN service_kind k ON k.code = s.kind CROSS JOIN asked a"
#define DIRECTORY_RULES "service_rules(s, k)"
#define DIRECTORY_ACCEPTS "service_accepts(s, k, :header.principal.organisations::text[])"
#define DIRECTORY_CLOSED "coalesce(s.closes_at <= :call.now::timestamptz, false)"
#define DIRECTORY_SERVES(practice) "(s.areas = '{}' OR within_reach(" practice ", s.areas))"

#endif
