-- A booking in one statement: $1 the caller's organisations, $2 subject, $3 key, $4 the request's hash, $5 now, $6 patient, $7 slot, $8 appointment,
-- $9 event, $10 request. A record of the answer is kept only where a booking was made; who comes second finds no slot.
WITH seen AS (
    SELECT answer, request_hash FROM bench_rival.idempotency
    WHERE organisation = ($1::text[])[1] AND subject = $2::text AND method = 'CreateAppointment' AND key = $3::text
), caller AS MATERIALIZED (
    SELECT array_agg(DISTINCT r.above) AS above FROM referral.reach r WHERE r.organisation = ANY ($1::text[])
), who AS MATERIALIZED (
    SELECT p.id FROM referral.patient p
    WHERE p.id = $6::uuid AND p.died_on IS NULL AND p.merged_into IS NULL AND (p.practice = ANY ($1::text[]) OR NOT p.sensitive
        AND EXISTS (SELECT FROM referral.reach r WHERE r.organisation = p.practice AND r.above = ANY ($1::text[])))
), wanted AS MATERIALIZED (
    SELECT s.organisation, s.id, s.start_at, s.start_at + s.minutes * interval '1 minute' AS end_at, t.service, t.kind, t.channel
    FROM referral.slot s JOIN referral.schedule_template t ON t.id = s.template JOIN referral.service v ON v.id = t.service CROSS JOIN caller c
    WHERE s.id = $7::uuid AND s.status = 'free' AND NOT s.off_plan AND (s.held_until IS NULL OR s.held_until <= $5::timestamptz)
      AND s.start_at > $5::timestamptz + t.notice_minutes * interval '1 minute' AND s.start_at < referral.seen_before(t, $5::timestamptz)
      AND v.status = 'active' AND (t.organisations IS NULL OR t.organisations && c.above)
      AND (t.organisation_types IS NULL OR EXISTS (SELECT FROM referral.organisation o WHERE o.code = ANY ($1::text[]) AND o.kind = ANY (t.organisation_types)))
      AND EXISTS (SELECT FROM who) AND NOT EXISTS (SELECT FROM seen) FOR UPDATE OF s
), taken AS (
    UPDATE referral.slot s SET status = 'booked', version = s.version + 1 FROM wanted w WHERE s.organisation = w.organisation AND s.id = w.id
), made AS (
    INSERT INTO bench_rival.appointment (id, patient, organisation, service, slots, start_at, end_at, channel, kind, status, booked_by_subject, booked_by,
        version, created_at, updated_at)
    SELECT $8::uuid, p.id, w.organisation, w.service, ARRAY[w.id], w.start_at, w.end_at, w.channel, w.kind, 'booked', $2::text, ($1::text[])[1], 1,
        $5::timestamptz, $5::timestamptz FROM wanted w CROSS JOIN who p
    RETURNING id, patient, organisation, end_at, jsonb_build_object('id', id, 'slots', slots, 'patient', patient, 'service', service,
        'organisation', organisation, 'start', referral.instant_text(start_at), 'end', referral.instant_text(end_at), 'channel', channel,
        'kind', kind, 'status', status, 'bookedBy', jsonb_build_object('subject', booked_by_subject, 'organisation', booked_by), 'version', 1,
        'createdAt', referral.instant_text(created_at), 'updatedAt', referral.instant_text(updated_at))::text AS answer
), linked AS (
    INSERT INTO bench_rival.appointment_slot (appointment, version, slot, overbooked) SELECT m.id, 1, $7::uuid, false FROM made m
), granted AS (
    INSERT INTO bench_rival.patient_grant (patient, id, organisation, manner, from_at, until)
    SELECT m.patient, m.id, m.organisation, 'appointment', $5::timestamptz, m.end_at + interval '30 days' FROM made m
), kept AS (
    INSERT INTO bench_rival.idempotency (organisation, subject, method, key, request_hash, answer, created_at)
    SELECT ($1::text[])[1], $2::text, 'CreateAppointment', $3::text, $4::bytea, m.answer, $5::timestamptz FROM made m
), told AS (
    INSERT INTO bench_rival.event (id, type, subject, version, time, data)
    SELECT $9::uuid, 'pcn.referral.appointment.booked', 'appointments/' || m.id, 1, $5::timestamptz, m.answer FROM made m
), noted AS (
    INSERT INTO bench_rival.audit (at, request_id, subject, organisation, method, target)
    SELECT $5::timestamptz, $10::uuid, $2::text, ($1::text[])[1], 'CreateAppointment', 'appointments/' || m.id FROM made m
)
SELECT NOT EXISTS (SELECT FROM seen) AS is_new, coalesce((SELECT request_hash = $4::bytea FROM seen), true) AS same, EXISTS (SELECT FROM who) AS shown,
    coalesce((SELECT answer FROM made), (SELECT answer FROM seen)) AS answer
