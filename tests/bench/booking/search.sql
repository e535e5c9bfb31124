-- Free slots of a practice, or of all practices below a network, that the caller sees: $1 the caller's organisations, $2 practice, $3 network,
-- $4 from, $5 to, $6 and $7 the slot that the page begins after, $8 now, $9 how many. What restricts is decided once a plan, as referral does: the index
-- of free slots has all that is told of one.
WITH caller AS MATERIALIZED (SELECT ARRAY(SELECT r.above FROM referral.reach r WHERE r.organisation = ANY ($1::text[])) AS above),
caller_types AS MATERIALIZED (SELECT ARRAY(SELECT (SELECT o.kind FROM referral.organisation o WHERE o.code = u.code) FROM unnest($1::text[]) AS u (code))
    AS types),
meant AS MATERIALIZED (
    SELECT t.id, t.service, t.organisation, t.kind, t.channel, t.window_days, t.notice_minutes,
        greatest($4::timestamptz, $6::timestamptz, $8::timestamptz + greatest(t.notice_minutes * interval '1 minute', interval '1 microsecond')) AS seen_from,
        CASE WHEN t.window_days IS NULL AND t.embargo_until IS NULL THEN $5::timestamptz
            ELSE least($5::timestamptz, referral.seen_before(t, $8::timestamptz)) END AS seen_before, $5::timestamptz - interval '8 hours' AS surely_to
    FROM referral.schedule_template t
    WHERE t.organisation = ANY (ARRAY(SELECT $2::text UNION ALL SELECT r.organisation FROM referral.reach r WHERE r.above = $3::text))
      AND (t.organisation_types IS NULL OR t.organisation_types && (SELECT y.types FROM caller_types y))
      AND (t.organisations IS NULL OR t.organisations && (SELECT c.above FROM caller c))
      AND (SELECT v.status FROM referral.service v WHERE v.id = t.service) = 'active'
)
SELECT f.id, f.service, f.schedule, f.organisation, f.start_at, f.start_at + f.minutes * interval '1 minute' AS end_at, f.minutes, f.kind, f.channel,
    f.window_days, nullif(f.notice_minutes, 0) AS notice_minutes, f.version
FROM (SELECT f.*, m.service, m.id AS schedule, m.organisation, m.kind, m.channel, m.window_days, m.notice_minutes FROM meant m CROSS JOIN LATERAL (
        SELECT s.id, s.start_at, s.minutes, s.version FROM referral.slot s
        WHERE s.template = m.id AND s.status = 'free' AND NOT s.off_plan AND s.reclaimed_at IS NULL
          AND (s.held_until IS NULL OR s.held_until <= $8::timestamptz)
          AND s.start_at >= m.seen_from AND s.start_at < m.seen_before
          AND (s.start_at <= m.surely_to OR s.start_at + s.minutes * interval '1 minute' <= $5::timestamptz)
          AND ($6::timestamptz IS NULL OR (s.start_at, s.id) > ($6::timestamptz, $7::uuid))
        ORDER BY s.start_at, s.id LIMIT $9::integer) f
    ORDER BY start_at, id LIMIT $9::integer) f
ORDER BY f.start_at, f.id
