#include "services/referral/store_variation.h"

#define TOLD "told(:header.request_id::text)"
#define AREA ":request.organisation::text"

// Most rows that an answer has room for, and one more.
#define ROWS "4001"

#define STANDARDS                                                                                                                          \
    "(SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('code', u.code, 'days', u.days, 'shareThousandths', s.share_thousandths, "     \
    "    'source', u.source, 'confidence', u.confidence)) ORDER BY u.days DESC) FROM referral_rule u "                                     \
    "LEFT JOIN wait_standard s ON s.rule = u.code WHERE u.code IN ('referral-to-treatment', 'fifty-two-weeks', 'two-week-wait'))"

const db_stmt_t get_waits = {
    "get_waits",
    "SELECT w.organisation, o.name, w.specialty, w.incomplete, w.within, w.beyond_long, w.longest, w.two_week_waits, w.two_week_breaches, "
    "CASE WHEN w.organisation IS NULL AND w.specialty IS NULL THEN " STANDARDS " END AS standards "
    "FROM waits_counted(" AREA ", coalesce(:request.by::text = 'performer', false), coalesce(:request.day::date, :call.today::date), "
    "    :call.now::timestamptz, :request.specialty::text, coalesce(:request.synthetic::boolean, false)) w "
    "LEFT JOIN organisation o ON o.code = w.organisation WHERE " TOLD
    " ORDER BY w.organisation NULLS FIRST, w.specialty NULLS FIRST LIMIT " ROWS};

#define REFERENCE "coalesce(:request.reference::text, " AREA ")"
// The version that is asked for, else the first.
#define PATHWAY                                                                                                                            \
    "(SELECT p.version, p.effective_from, p.specialty FROM pathway p WHERE p.code = :request.pathway::text "                               \
    "    AND (:request.pathway_version::int IS NULL OR p.version = :request.pathway_version::int) ORDER BY p.version LIMIT 1)"
#define KNOWN "EXISTS (SELECT FROM organisation o WHERE o.code = "

const db_stmt_t get_referral_variation = {
    "get_referral_variation",
    "SELECT v.organisation, v.name, v.bands, v.bands IS NOT NULL OR v.organisation IS NOT NULL AS counted, "
    "a.area AS is_shown, a.reference AS reference_shown, a.above AS reference_above, "
    "p.version AS pathway_version, p.effective_from AS in_force_from, coalesce(:request.specialty::text, p.specialty) AS specialty, "
    "(SELECT r.value FROM variation_rule r WHERE r.code = 'least-shown') AS least_shown "
    "FROM (SELECT told_reach(" AREA ") AND " KNOWN AREA ") AS area, told_reach(" REFERENCE ") AND " KNOWN REFERENCE ") AS reference, "
    "    within_reach(" AREA ", ARRAY[" REFERENCE "]) AS above WHERE " TOLD ") a "
    "LEFT JOIN " PATHWAY " p ON true "
    "LEFT JOIN LATERAL variation_counted(" AREA ", " REFERENCE ", :request.from::date, :request.to::date, p.effective_from, "
    "    coalesce(:request.specialty::text, p.specialty), coalesce(:request.synthetic::boolean, false)) v ON a.area AND a.reference "
    "ORDER BY v.organisation NULLS FIRST LIMIT 502"};
