-- The free slots of its service that are nearest to one that is taken: $1 the slot, $2 now.
SELECT x.id, y.service, y.id AS schedule, x.organisation, x.start_at, x.start_at + x.minutes * interval '1 minute' AS end_at, x.minutes, y.kind, y.channel,
    y.window_days, nullif(y.notice_minutes, 0) AS notice_minutes, x.version
FROM referral.slot s JOIN referral.schedule_template t ON t.id = s.template JOIN referral.schedule_template y ON y.service = t.service
CROSS JOIN LATERAL (
    SELECT a.* FROM referral.slot a WHERE a.template = y.id AND a.status = 'free' AND NOT a.off_plan AND a.reclaimed_at IS NULL
      AND (a.held_until IS NULL OR a.held_until <= $2::timestamptz) AND a.start_at > $2::timestamptz + y.notice_minutes * interval '1 minute'
      AND a.start_at < referral.seen_before(y, $2::timestamptz)
      AND a.start_at BETWEEN s.start_at - interval '1 day' AND s.start_at + interval '7 days'
    ORDER BY abs(extract(epoch FROM a.start_at - s.start_at)), a.id LIMIT 5) x
WHERE s.id = $1::uuid AND y.organisation_types IS NULL AND y.organisations IS NULL
ORDER BY abs(extract(epoch FROM x.start_at - s.start_at)), x.id LIMIT 5
