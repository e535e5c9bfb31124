#include "services/referral/store_digital.h"

// The list size of a practice or network that is in force today; a made-up one only where it is asked for and there is no other.
#define LIST_SIZE                                                                                                                          \
    "LEFT JOIN LATERAL (SELECT l.count, l.synthetic FROM list_size l WHERE l.organisation = c.code COLLATE \"C\" "                         \
    "    AND l.as_of <= :call.today::date AND (NOT l.synthetic OR :request.synthetic::boolean) "                                           \
    "    ORDER BY l.synthetic, l.as_of DESC LIMIT 1) z ON c.kind IN ('practice', 'network') "
#define NO_TARGET                                                                                                                          \
    "NULL AS organisation, NULL AS measure, NULL::bigint AS stated_thousandths, NULL::date AS due, NULL AS due_as_stated, NULL AS note, "  \
    "NULL AS source"

// The rows in the order in which rules_digital.h counts them: what was asked about, each network before its practices, the practices of
// none, the targets. A practice offers what its active clinical services do.
const db_stmt_t get_digital_coverage = {
    "get_digital_coverage",
    "WITH below AS MATERIALIZED (SELECT o.* FROM reach r JOIN organisation o ON o.code = r.organisation "
    "        WHERE r.above = :request.organisation::text AND o.status = 'active' AND o.kind IN ('practice', 'network')), "
    "network AS MATERIALIZED (SELECT b.* FROM below b WHERE b.kind = 'network' AND b.code <> :request.organisation::text), "
    "offer AS MATERIALIZED (SELECT s.provider, bool_or('online-message' = ANY (s.channels)) AS online, "
    "        bool_or('video' = ANY (s.channels)) AS video, "
    "        bool_or(s.synthetic) FILTER (WHERE s.channels && ARRAY['online-message', 'video']) AS synthetic "
    "    FROM below b JOIN service s ON s.provider = b.code AND s.status = 'active' JOIN service_kind k ON k.code = s.kind "
    "    WHERE b.kind = 'practice' AND NOT k.non_medical GROUP BY s.provider), "
    "counted AS (SELECT 1 AS place, NULL::text AS network, 0 AS step, 'asked' AS part, o.code::text, o.name, o.kind, NULL::boolean AS "
    "online, "
    "        NULL::boolean AS video, NULL::boolean AS synthetic FROM organisation o WHERE o.code = :request.organisation::text "
    "    UNION ALL SELECT 2, n.code::text, 0, 'network', n.code::text, n.name, n.kind, NULL, NULL, NULL FROM network n "
    "    UNION ALL SELECT 2, n.code::text, 1, 'practice', p.code::text, p.name, p.kind, coalesce(f.online, false), "
    "        coalesce(f.video, false), coalesce(f.synthetic, false) "
    "    FROM below p LEFT JOIN network n ON n.code = p.parent LEFT JOIN offer f ON f.provider = p.code WHERE p.kind = 'practice') "
    "SELECT c.part, c.code, c.name, c.kind, c.network, c.online, c.video, c.synthetic, z.count AS list_size, z.synthetic AS "
    "list_size_synthetic, " NO_TARGET ", c.place, c.step "
    "FROM counted c " LIST_SIZE
    "UNION ALL SELECT 'target', t.code, t.name, NULL, NULL, NULL, NULL, NULL, NULL, NULL, t.organisation, t.measure, "
    "    (1000 * t.stated)::bigint, t.due, t.due_as_stated, t.note, t.source, 3, 0 FROM digital_target t "
    "WHERE t.organisation = :request.organisation::text "
    "    OR t.organisation IN (SELECT r.above FROM reach r WHERE r.organisation = :request.organisation::text) "
    "ORDER BY place, network NULLS LAST, step, code"};
