-- What is to come for a patient: it ends with their death, and of what two records wait for twice only one is left.

-- What is to come of patients whose record the told caller keeps: `data` is the store's member of that kind, `mark` another text as soon as it
-- changes. Everything about one patient is few rows.
CREATE FUNCTION pending_care(patients uuid[], at timestamptz) RETURNS TABLE (kind text, since timestamptz, id uuid, mark text, data jsonb)
    STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT 'appointment', a.start_at, a.id, a.id || ' ' || a.version, jsonb_strip_nulls(jsonb_build_object('id', a.id, 'slots', a.slots,
        'patient', a.patient, 'service', a.service, 'organisation', a.organisation, 'start', instant_text(a.start_at),
        'end', instant_text(a.end_at), 'channel', a.channel, 'kind', a.kind, 'status', a.status, 'bookedBy', a.booked_by, 'former', a.former,
        'overbooked', a.overbook_reason IS NOT NULL, 'hold', a.hold, 'synthetic', nullif(a.synthetic, false), 'version', a.version,
        'createdAt', instant_text(a.created_at), 'updatedAt', instant_text(a.updated_at)))
        FROM patient p JOIN appointment a ON a.patient = p.id AND a.status = 'booked' AND a.start_at > pending_care.at
        WHERE p.id = ANY (patients) AND patient_kept(p.practice, p.sensitive)
    UNION ALL
    SELECT 'entry', w.created_at, w.id, concat_ws(' ', w.id, w.version, h.version), waiting_entry_json(w) || jsonb_strip_nulls(
        jsonb_build_object('holdStatus', h.status, 'holdVersion', h.version))
        FROM patient p JOIN waiting_entry w ON w.patient = p.id AND w.status IN ('waiting', 'offered') LEFT JOIN hold h ON h.id = w.hold
        WHERE p.id = ANY (patients) AND patient_kept(p.practice, p.sensitive)
    UNION ALL
    SELECT 'consultation', c.created_at, c.id, c.id || ' ' || c.version, jsonb_strip_nulls(jsonb_build_object('id', c.id,
        'patient', c.patient, 'service', c.service, 'organisation', c.organisation, 'status', c.status, 'urgency', c.urgency,
        'triageDue', instant_text(c.triage_due), 'triagedAt', instant_text(c.triaged_at), 'outcome', c.outcome, 'appointment', c.appointment,
        'specialistService', c.specialist_service, 'specialist', c.specialist, 'synthetic', nullif(c.synthetic, false), 'version', c.version,
        'createdAt', instant_text(c.created_at), 'updatedAt', instant_text(c.updated_at)))
        FROM patient p JOIN online_consultation c ON c.patient = p.id AND c.status <> 'closed'
        WHERE p.id = ANY (patients) AND patient_kept(p.practice, p.sensitive)
    UNION ALL
    SELECT 'referral', r.created_at, r.id, r.id || ' ' || r.version, jsonb_strip_nulls(jsonb_build_object('id', r.id, 'patient', r.patient,
        'pathway', r.pathway, 'pathwayVersion', r.pathway_version, 'specialty', r.specialty, 'priority', r.priority, 'referrer', r.referrer,
        'service', r.service, 'performer', r.performer, 'triager', r.triager, 'state', r.state, 'contactBy', r.contact_by,
        'appointment', r.appointment, 'bookedFor', instant_text(r.booked_for), 'clock', (SELECT jsonb_strip_nulls(jsonb_build_object(
            'startedOn', k.started_on, 'stoppedOn', k.stopped_on, 'stop', k.stop)) FROM referral_clock k WHERE k.referral = r.id
            ORDER BY k.number DESC LIMIT 1), 'standardDays', (SELECT e.days FROM referral_rule e WHERE e.code = 'referral-to-treatment'),
        'synthetic', nullif(r.synthetic, false), 'version', r.version, 'createdAt', instant_text(r.created_at),
        'updatedAt', instant_text(r.updated_at)))
        FROM patient p JOIN referral r ON r.patient = p.id AND r.closed_on IS NULL
        WHERE p.id = ANY (patients) AND patient_kept(p.practice, p.sensitive)
    UNION ALL
    SELECT 'advice', a.created_at, a.id, a.id || ' ' || a.version, jsonb_strip_nulls(jsonb_build_object('id', a.id, 'patient', a.patient,
        'service', a.service, 'provider', a.provider, 'referrer', a.referrer, 'specialty', a.specialty, 'priority', a.priority,
        'mayConvert', a.may_convert, 'state', a.state, 'responseDue', a.response_due, 'synthetic', nullif(a.synthetic, false),
        'version', a.version, 'createdAt', instant_text(a.created_at), 'updatedAt', instant_text(a.updated_at)))
        FROM patient p JOIN advice a ON a.patient = p.id AND a.state NOT IN ('advice-converted', 'conversation-ended')
        WHERE p.id = ANY (patients) AND patient_kept(p.practice, p.sensitive)
    UNION ALL
    SELECT 'prescription', s.created_at, s.id, s.id || ' ' || s.version, jsonb_strip_nulls(jsonb_build_object('id', s.id,
        'patient', s.patient, 'referrer', s.referrer, 'network', s.network, 'organisation', s.organisation, 'state', s.state,
        'offeredAt', instant_text(s.offered_at), 'synthetic', nullif(s.synthetic, false), 'version', s.version,
        'createdAt', instant_text(s.created_at), 'updatedAt', instant_text(s.updated_at)))
        FROM patient p JOIN social_prescription s ON s.patient = p.id AND NOT s.ended
        WHERE p.id = ANY (patients) AND patient_kept(p.practice, p.sensitive)
    UNION ALL
    -- Who came to the appointment was seen, and the clock stopped then.
    SELECT 'case', c.opened_at, c.id, c.id || ' ' || c.version, jsonb_strip_nulls(jsonb_build_object('id', c.id, 'patient', c.patient,
        'organisation', c.organisation, 'openedAt', instant_text(c.opened_at), 'until', instant_text(c.until), 'state', c.state,
        'disposition', c.disposition, 'urgency', c.urgency, 'disposedAt', instant_text(c.disposed_at), 'dueAt', instant_text(c.due_at),
        'breached', coalesce(c.responded_at, c.appeared_at, pending_care.at) > c.due_at, 'breachedAt', instant_text(c.breached_at),
        'service', c.service, 'provider', c.provider, 'appointment', c.appointment, 'bookedFor', instant_text(c.booked_for),
        'respondedAt', instant_text(coalesce(c.responded_at, c.appeared_at)), 'synthetic', nullif(c.synthetic, false),
        'version', c.version, 'updatedAt', instant_text(c.updated_at)))
        FROM patient p JOIN urgent_case c ON c.patient = p.id AND c.state <> 'closed'
        WHERE p.id = ANY (patients) AND patient_kept(p.practice, p.sensitive);
END;

CREATE FUNCTION pending_mark(patients uuid[], at timestamptz) RETURNS text STABLE LANGUAGE sql
    RETURN (SELECT md5(coalesce(string_agg(c.mark, ',' ORDER BY c.mark), '')) FROM pending_care(patients, at) c);

-- The store's PendingCare.
CREATE FUNCTION pending_json(patients uuid[], at timestamptz) RETURNS jsonb STABLE LANGUAGE sql
    RETURN (SELECT jsonb_build_object('mark', md5(coalesce(string_agg(c.mark, ',' ORDER BY c.mark), '')),
        'appointments', coalesce(jsonb_agg(c.data ORDER BY c.since, c.id) FILTER (WHERE c.kind = 'appointment'), '[]'),
        'waitingEntries', coalesce(jsonb_agg(c.data ORDER BY c.since, c.id) FILTER (WHERE c.kind = 'entry'), '[]'),
        'consultations', coalesce(jsonb_agg(c.data ORDER BY c.since, c.id) FILTER (WHERE c.kind = 'consultation'), '[]'),
        'referrals', coalesce(jsonb_agg(c.data ORDER BY c.since, c.id) FILTER (WHERE c.kind = 'referral'), '[]'),
        'advice', coalesce(jsonb_agg(c.data ORDER BY c.since, c.id) FILTER (WHERE c.kind = 'advice'), '[]'),
        'socialPrescriptions', coalesce(jsonb_agg(c.data ORDER BY c.since, c.id) FILTER (WHERE c.kind = 'prescription'), '[]'),
        'urgentCases', coalesce(jsonb_agg(c.data ORDER BY c.since, c.id) FILTER (WHERE c.kind = 'case'), '[]'))
        FROM pending_care(patients, at) c);

-- Locks what is to come in the order in which booking, moving and offering do: holds, appointments, slots, entries. The patient comes after it, as in
-- a booking; what was recorded until then is told by the mark.
CREATE FUNCTION pending_lock(patients uuid[], at timestamptz) RETURNS void VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM hold h WHERE h.id = ANY (ARRAY(SELECT w.hold FROM waiting_entry w WHERE w.patient = ANY (patients) AND w.status = 'offered'))
        ORDER BY h.id FOR UPDATE;
    PERFORM FROM appointment a WHERE a.patient = ANY (patients) AND a.status = 'booked' AND a.start_at > at ORDER BY a.id FOR UPDATE;
    PERFORM FROM slot s WHERE s.id = ANY (ARRAY(SELECT unnest(a.slots) FROM appointment a WHERE a.patient = ANY (patients)
            AND a.status = 'booked' AND a.start_at > at
        UNION SELECT w.slot FROM waiting_entry w WHERE w.patient = ANY (patients) AND w.status = 'offered')) ORDER BY s.id FOR UPDATE;
    PERFORM FROM waiting_entry w WHERE w.patient = ANY (patients) AND w.status IN ('waiting', 'offered') ORDER BY w.id FOR UPDATE;
    PERFORM FROM online_consultation c WHERE c.patient = ANY (patients) AND c.status <> 'closed' ORDER BY c.id FOR UPDATE;
    PERFORM FROM referral r WHERE r.patient = ANY (patients) AND r.closed_on IS NULL ORDER BY r.id FOR UPDATE;
    PERFORM FROM advice a WHERE a.patient = ANY (patients) AND a.state NOT IN ('advice-converted', 'conversation-ended') ORDER BY a.id FOR UPDATE;
    PERFORM FROM social_prescription s WHERE s.patient = ANY (patients) AND NOT s.ended ORDER BY s.id FOR UPDATE;
    PERFORM FROM urgent_case c WHERE c.patient = ANY (patients) AND c.state <> 'closed' ORDER BY c.id FOR UPDATE;
END $$;

-- Entries that are locked: what they are offered is given up with them.
CREATE FUNCTION waiting_withdraw(entries uuid[], at timestamptz) RETURNS void VOLATILE LANGUAGE plpgsql AS $$
DECLARE
    given_up uuid[] := ARRAY(SELECT h.id FROM waiting_entry w JOIN hold h ON h.id = w.hold AND h.status = 'held' WHERE w.id = ANY (entries));
BEGIN
    UPDATE hold h SET status = 'released', version = h.version + 1 WHERE h.id = ANY (given_up);
    UPDATE slot s SET hold = NULL, held_until = NULL, version = s.version + 1
        WHERE s.id = ANY (ARRAY(SELECT w.slot FROM waiting_entry w WHERE w.id = ANY (entries) AND w.hold = ANY (given_up)))
          AND s.hold = ANY (given_up);
    UPDATE waiting_entry w SET status = 'withdrawn', hold = NULL, slot = NULL, slot_start = NULL, slot_end = NULL, slot_channel = NULL,
        offered_until = NULL, version = w.version + 1, updated_at = at WHERE w.id = ANY (entries);
END $$;

-- Everything that is to come of a patient who died, all of which is locked.
CREATE FUNCTION pending_end(patient_id uuid, at timestamptz) RETURNS void VOLATILE LANGUAGE plpgsql AS $$
DECLARE
    cancelled uuid[] := ARRAY(SELECT a.id FROM appointment a WHERE a.patient = patient_id AND a.status = 'booked' AND a.start_at > at);
BEGIN
    UPDATE appointment a SET status = 'cancelled', cancelled_by = 'provider', cancel_reason = 'The patient died', cancel_code = 'patient-died',
        version = a.version + 1, updated_at = at WHERE a.id = ANY (cancelled);
    -- One that was put beside another leaves the slot to it.
    WITH given_up AS (UPDATE appointment_slot b SET live = false WHERE b.appointment = ANY (cancelled) AND b.live RETURNING b.slot, b.overbooked)
    UPDATE slot s SET status = CASE WHEN l.whole THEN 'free' ELSE s.status END, overbooked = s.overbooked AND NOT l.beside,
            version = s.version + 1
        FROM (SELECT g.slot, bool_or(NOT g.overbooked) AS whole, bool_or(g.overbooked) AS beside FROM given_up g GROUP BY g.slot) l
        WHERE s.id = l.slot;
    PERFORM waiting_withdraw(ARRAY(SELECT w.id FROM waiting_entry w WHERE w.patient = patient_id AND w.status IN ('waiting', 'offered')), at);
    UPDATE online_consultation c SET status = 'closed', close_reason = 'The patient died', closed_at = at, version = c.version + 1,
        updated_at = at WHERE c.patient = patient_id AND c.status <> 'closed';
    UPDATE advice a SET state = 'conversation-ended', ended = 'closed', version = a.version + 1, updated_at = at
        WHERE a.patient = patient_id AND a.state NOT IN ('advice-converted', 'conversation-ended');
    UPDATE social_prescription s SET state = 'closed', end_reason = 'The patient died', ended_at = at, version = s.version + 1, updated_at = at,
        history = s.history || jsonb_build_object('from', s.state, 'to', 'closed', 'at', instant_text(at), 'reason', 'The patient died')
        WHERE s.patient = patient_id AND NOT s.ended;
    UPDATE urgent_case c SET state = 'closed', outcome = 'died', reason = 'The patient died', closed_at = at,
        responded_at = coalesce(c.responded_at, c.appeared_at), version = c.version + 1, updated_at = at,
        response = CASE WHEN c.responded_at IS NULL AND c.appeared_at IS NOT NULL THEN 'arrived' ELSE c.response END,
        history = c.history || jsonb_strip_nulls(jsonb_build_object('from', c.state, 'to', 'closed', 'at', instant_text(at),
            'disposition', c.disposition, 'dueAt', instant_text(c.due_at), 'service', c.service, 'appointment', c.appointment,
            'breached', coalesce(coalesce(c.responded_at, c.appeared_at, at) > c.due_at, false)))
        WHERE c.patient = patient_id AND c.state <> 'closed';
    -- A clock stops with the patient, on the day on which it is recorded.
    WITH ended AS (UPDATE referral r SET state = 'cancelled', closed_on = (at AT TIME ZONE 'Europe/London')::date, version = r.version + 1,
            updated_at = at FROM (SELECT o.id, o.state FROM referral o WHERE o.patient = patient_id AND o.closed_on IS NULL) was
            WHERE r.id = was.id RETURNING r.id, r.patient, r.closed_on, was.state),
        stepped AS (INSERT INTO referral_step (referral, number, patient, from_state, to_state, at, reason)
            SELECT e.id, (SELECT count(*) + 1 FROM referral_step s WHERE s.referral = e.id), e.patient, e.state, 'cancelled', pending_end.at,
                'patient-died' FROM ended e)
    UPDATE referral_clock k SET stopped_on = e.closed_on, stop = 'died' FROM ended e WHERE k.referral = e.id AND k.stopped_on IS NULL;
END $$;

-- The patient died, by who keeps the record: the registration ends on that day, and what is to come ends with it. NULL where the record, or what
-- is to come, moved on meanwhile.
CREATE FUNCTION patient_die(patient_id uuid, seen bigint, died date, at timestamptz, mark text) RETURNS text
    VOLATILE SECURITY DEFINER LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    PERFORM pending_lock(ARRAY[patient_id], at);
    PERFORM FROM patient p WHERE p.id = patient_id AND p.version = seen AND p.merged_into IS NULL AND patient_kept(p.practice, p.sensitive)
        FOR UPDATE;
    IF NOT FOUND OR pending_mark(ARRAY[patient_id], at) IS DISTINCT FROM mark THEN
        RETURN NULL;
    END IF;
    UPDATE patient p SET died_on = died, version = p.version + 1, updated_at = at WHERE p.id = patient_id;
    UPDATE registration r SET to_on = greatest(died, r.from_on - 1) WHERE r.patient = patient_id
        AND r.number = (SELECT max(x.number) FROM registration x WHERE x.patient = patient_id);
    PERFORM pending_end(patient_id, at);
    RETURN patient_id::text;
END $$;
