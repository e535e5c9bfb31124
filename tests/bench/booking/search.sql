-- Free slots of a practice, or of all practices below a network, that the caller sees: $1 the caller's organisations, $2 practice, $3 network,
-- $4 from, $5 to, $6 and $7 the slot that the page begins after, $8 now, $9 how many. What restricts is decided once a plan.
WITH caller AS MATERIALIZED (SELECT array_agg(DISTINCT r.above) AS above FROM referral.reach r WHERE r.organisation = ANY ($1::text[])),
meant AS MATERIALIZED (
    SELECT t.id, t.service, t.organisation, t.kind, t.channel, t.window_days, t.notice_minutes, referral.seen_before(t, $8::timestamptz) AS seen_before
    FROM referral.schedule_template t JOIN referral.service v ON v.id = t.service AND v.status = 'active' CROSS JOIN caller c
    WHERE (t.organisation = $2::text OR t.organisation IN (SELECT r.organisation FROM referral.reach r WHERE r.above = $3::text))
      AND (t.organisation_types IS NULL OR EXISTS (SELECT FROM referral.organisation o WHERE o.code = ANY ($1::text[]) AND o.kind = ANY (t.organisation_types)))
      AND (t.organisations IS NULL OR t.organisations && c.above)
)
SELECT f.id, m.service, m.id AS schedule, m.organisation, f.start_at, f.start_at + f.minutes * interval '1 minute' AS end_at, f.minutes, m.kind,
    m.channel, m.window_days, nullif(m.notice_minutes, 0) AS notice_minutes, f.version
FROM meant m CROSS JOIN LATERAL (
    SELECT s.id, s.start_at, s.minutes, s.version FROM referral.slot s
    WHERE s.template = m.id AND s.status = 'free' AND NOT s.off_plan AND (s.held_until IS NULL OR s.held_until <= $8::timestamptz)
      AND s.start_at >= $4::timestamptz AND s.start_at > $8::timestamptz + m.notice_minutes * interval '1 minute' AND s.start_at < m.seen_before
      AND s.start_at + s.minutes * interval '1 minute' <= $5::timestamptz AND s.start_at < $5::timestamptz
      AND ($6::timestamptz IS NULL OR (s.start_at, s.id) > ($6::timestamptz, $7::uuid))
    ORDER BY s.start_at, s.id LIMIT $9::integer) f
ORDER BY f.start_at, f.id LIMIT $9::integer
