-- The waiting list. Whoever waits for a service is offered, in the order of entry, what becomes free: it is held for them for a while, then for
-- the next.

-- How long an offer stands: a kind's own time, else the default's. No document says it: it is ours to change.
ALTER TABLE service_kind ADD COLUMN offer_minutes integer CHECK (offer_minutes BETWEEN 1 AND 10080);
CREATE TABLE waiting_default (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    offer_minutes integer NOT NULL CHECK (offer_minutes BETWEEN 1 AND 10080),
    source some_text NOT NULL
);
INSERT INTO waiting_default (offer_minutes, source) VALUES (120, 'Ours: no document says how long an offer stands');

CREATE TABLE waiting_entry (
    -- The service's provider.
    organisation organisation_code NOT NULL,
    id uuid NOT NULL,
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    service uuid NOT NULL,
    kind text,
    channel channel,
    from_on date,
    to_on date CHECK (to_on >= from_on),
    status text NOT NULL CHECK (status IN ('waiting', 'offered', 'booked', 'withdrawn', 'lapsed')),
    -- Of an offer.
    hold uuid,
    slot uuid,
    slot_start timestamptz,
    slot_end timestamptz,
    slot_channel channel,
    offered_until timestamptz,
    offers integer NOT NULL DEFAULT 0 CHECK (offers >= 0),
    appointment uuid,
    recorded_by text NOT NULL,
    recorded_from text COLLATE "C" NOT NULL,
    -- The patient went to another practice, and who recorded it does not see them any more: it is about to lapse.
    left_behind boolean NOT NULL DEFAULT false,
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (organisation, id),
    CONSTRAINT waiting_entry_offered CHECK (CASE WHEN status = 'offered' THEN num_nulls(hold, slot, slot_start, slot_end, slot_channel,
        offered_until) = 0 ELSE num_nonnulls(hold, slot, slot_start, slot_end, slot_channel, offered_until) = 0 END),
    CONSTRAINT waiting_entry_booked CHECK ((status = 'booked') = (appointment IS NOT NULL))
);
CREATE TRIGGER waiting_entry_patient_stays BEFORE INSERT ON waiting_entry FOR EACH ROW EXECUTE FUNCTION patient_stays();
CREATE UNIQUE INDEX waiting_entry_by_id ON waiting_entry (id);
CREATE INDEX waiting_entry_by_service ON waiting_entry (service, created_at, id);
CREATE INDEX waiting_entry_waiting ON waiting_entry (service, created_at, id) WHERE status IN ('waiting', 'offered');
CREATE INDEX waiting_entry_by_patient ON waiting_entry (patient, created_at, id);
CREATE UNIQUE INDEX waiting_entry_by_hold ON waiting_entry (hold) WHERE hold IS NOT NULL;
CREATE INDEX waiting_entry_by_offer ON waiting_entry (offered_until) WHERE status = 'offered';
CREATE INDEX waiting_entry_by_end ON waiting_entry (to_on) WHERE status = 'waiting' AND to_on IS NOT NULL;
CREATE INDEX waiting_entry_left_behind ON waiting_entry (id) WHERE status = 'waiting' AND left_behind;

-- What an entry was offered: not twice the same.
CREATE TABLE waiting_offer (
    entry uuid NOT NULL,
    slot uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (entry, slot)
);
-- It goes with its entry.
CREATE FUNCTION waiting_entry_erased() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    DELETE FROM waiting_offer o USING gone g WHERE o.entry = g.id;
    RETURN NULL;
END $$;
CREATE TRIGGER waiting_entry_erased AFTER DELETE ON waiting_entry REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
    EXECUTE FUNCTION waiting_entry_erased();

-- Slots that became free: cancelled, moved from, put back, given back. A row says nothing of what the slot is now.
CREATE TABLE vacancy (
    service uuid NOT NULL,
    slot uuid NOT NULL,
    organisation organisation_code NOT NULL,
    start_at timestamptz NOT NULL,
    PRIMARY KEY (service, slot)
);
CREATE INDEX vacancy_by_start ON vacancy (start_at);

-- The hold of a slot that became free while somebody waits for it, until the job offers it to them: nobody comes in between. It runs out by itself.
CREATE FUNCTION waiting_mark() RETURNS uuid IMMUTABLE LANGUAGE sql RETURN '00000000-0000-0000-0000-000000000000'::uuid;

-- Each vacancy that is added takes along some that are past, so that they do not gather. A hold that is given up is news only where the slot had
-- become free before; where nobody waits for the service it ends with one look into an index.
CREATE FUNCTION slot_became_free() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
DECLARE
    plan schedule_template;
BEGIN
    SELECT t.* INTO plan FROM schedule_template t WHERE t.id = NEW.template;
    IF NOT FOUND OR NEW.start_at <= now() THEN
        RETURN NEW;
    END IF;
    IF OLD.status <> 'free' OR (OLD.reclaimed_at IS NULL AND NEW.reclaimed_at IS NOT NULL) THEN
        INSERT INTO vacancy (service, slot, organisation, start_at) VALUES (plan.service, NEW.id, NEW.organisation, NEW.start_at)
            ON CONFLICT DO NOTHING;
        DELETE FROM vacancy v USING (SELECT p.service, p.slot FROM vacancy p WHERE p.start_at < now() ORDER BY p.start_at LIMIT 4
            FOR UPDATE SKIP LOCKED) g WHERE v.service = g.service AND v.slot = g.slot;
    ELSIF NOT EXISTS (SELECT FROM vacancy v WHERE v.service = plan.service AND v.slot = NEW.id) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM waiting_entry w WHERE w.service = plan.service AND w.status = 'waiting')
        AND EXISTS (SELECT FROM service d WHERE d.id = plan.service AND service_offers(d, plan, NEW.start_at))
        AND slot_open(NEW, plan, now()) AND first_waiting(NEW, plan) IS NOT NULL THEN
        NEW.hold := waiting_mark();
        NEW.held_until := now() + interval '30 seconds';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER slot_became_free BEFORE UPDATE OF status, reclaimed_at, hold ON slot FOR EACH ROW
    WHEN (NEW.status = 'free' AND NEW.hold IS NULL AND (OLD.status <> 'free' OR OLD.hold IS NOT NULL
        OR OLD.reclaimed_at IS NULL AND NEW.reclaimed_at IS NOT NULL)) EXECUTE FUNCTION slot_became_free();

-- ---- who sees what ----

INSERT INTO patient_holding (relation, link, title, merges) VALUES ('waiting_entry', 'patient', 'waitingEntries', true);

ALTER TABLE waiting_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE waiting_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY waiting_entry_owner ON waiting_entry TO CURRENT_USER USING (true);
CREATE POLICY waiting_entry_shown ON waiting_entry TO :app USING (care_shown(patient, organisation, ARRAY[recorded_from]));

GRANT SELECT ON waiting_default, vacancy TO :app;
GRANT SELECT, INSERT ON waiting_offer TO :app;
GRANT SELECT, INSERT, UPDATE ON waiting_entry TO :app;

-- ---- what a booking does besides taking slots, for who calls ----

-- Locks a hold that stands; false where it does not.
CREATE FUNCTION hold_locked(hold_id uuid, at timestamptz) RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM hold h WHERE h.id = hold_id AND h.status = 'held' AND h.expires_at > at FOR UPDATE;
    RETURN FOUND;
END $$;

-- Locks an entry that is as it was seen; false where it moved on.
CREATE FUNCTION waiting_entry_locked(entry_id uuid, seen bigint) RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM waiting_entry w WHERE w.id = entry_id AND w.version = seen FOR UPDATE;
    RETURN FOUND;
END $$;

-- Of what is locked: the hold is used, the entry booked.
CREATE FUNCTION booking_settles(appointment_id uuid, hold_id uuid, entry_id uuid, at timestamptz) RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hold h SET status = 'used', version = h.version + 1 WHERE h.id = hold_id;
    UPDATE waiting_entry w SET status = 'booked', appointment = appointment_id, hold = NULL, slot = NULL, slot_start = NULL, slot_end = NULL,
        slot_channel = NULL, offered_until = NULL, version = w.version + 1, updated_at = at WHERE w.id = entry_id;
    RETURN true;
END $$;

-- As the store's LoadedWaitingEntry.
CREATE FUNCTION waiting_entry_json(w waiting_entry) RETURNS jsonb STABLE LANGUAGE sql
    RETURN jsonb_strip_nulls(jsonb_build_object('id', w.id, 'patient', w.patient, 'service', w.service, 'organisation', w.organisation,
        'kind', w.kind, 'channel', w.channel, 'from', w.from_on, 'to', w.to_on, 'status', w.status, 'offer', CASE WHEN w.hold IS NOT NULL
            THEN jsonb_build_object('hold', w.hold, 'slot', w.slot, 'start', instant_text(w.slot_start), 'end', instant_text(w.slot_end),
            'channel', w.slot_channel, 'until', instant_text(w.offered_until)) END, 'offers', nullif(w.offers, 0),
        'recordedBy', w.recorded_by, 'recordedFrom', w.recorded_from, 'synthetic', nullif(w.synthetic, false), 'version', w.version,
        'createdAt', instant_text(w.created_at), 'updatedAt', instant_text(w.updated_at)));

-- ---- what the application is told beyond what it sees ----

-- Whose it is, for the audit trail alone: a refused look is an entry about that patient.
CREATE FUNCTION patient_of_waiting_entry(entry uuid) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT w.patient FROM waiting_entry w WHERE w.id = entry;
END;

-- How many wait for the service before an entry does, itself included: a number alone.
CREATE FUNCTION waiting_place(service uuid, created_at timestamptz, id uuid) RETURNS bigint STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT count(*) FROM waiting_entry w WHERE w.service = waiting_place.service AND w.status IN ('waiting', 'offered')
        AND (w.created_at, w.id) <= (waiting_place.created_at, waiting_place.id);
END;

-- Whether a slot can be offered to who waits at an instant.
CREATE FUNCTION slot_open(s slot, t schedule_template, at timestamptz) RETURNS boolean STABLE LANGUAGE sql
    RETURN s.status = 'free' AND NOT s.off_plan AND (s.held_until IS NULL OR s.held_until <= at OR s.hold = waiting_mark()) AND s.start_at > at
        AND (s.reclaimed_at IS NOT NULL OR (s.start_at > at + t.notice_minutes * interval '1 minute' AND s.start_at < seen_before(t, at)));

-- Whether the organisation that recorded an entry sees its patient, as patient_shown: what is offered is held for that one, which could not book it
-- otherwise.
CREATE FUNCTION waiting_recorder_sees(w waiting_entry) RETURNS boolean STABLE LANGUAGE sql
    RETURN EXISTS (SELECT FROM patient p WHERE p.id = w.patient AND (p.practice = w.recorded_from
        OR (NOT p.sensitive AND within_reach(p.practice, ARRAY[w.recorded_from]))
        OR EXISTS (SELECT FROM patient_grant g WHERE g.patient = p.id AND g.organisation = w.recorded_from
            AND (g.subject IS NULL OR g.subject = w.recorded_by) AND now() >= g.from_at AND now() < g.until
            AND (g.manner <> 'case' OR NOT p.sensitive))));

CREATE FUNCTION patient_went() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    UPDATE waiting_entry w SET left_behind = NOT waiting_recorder_sees(w) WHERE w.patient = NEW.id AND w.status IN ('waiting', 'offered');
    RETURN NULL;
END $$;
CREATE TRIGGER patient_went AFTER UPDATE OF practice ON patient FOR EACH ROW WHEN (NEW.practice IS DISTINCT FROM OLD.practice)
    EXECUTE FUNCTION patient_went();

-- Whether somebody is of the age and sex that a service is for, on a day: as rules_taking.h says it of one; a test holds both against each other.
CREATE FUNCTION criteria_fit(rules jsonb, birth_date date, sex text, day date) RETURNS boolean IMMUTABLE LANGUAGE sql
    RETURN rules IS NULL OR (coalesce(extract(year FROM age(day::timestamp, birth_date::timestamp)) >= (rules ->> 'ageFrom')::integer, true)
        AND coalesce(extract(year FROM age(day::timestamp, birth_date::timestamp)) <= (rules ->> 'ageTo')::integer, true)
        AND coalesce(nullif(rules -> 'sexes', '[]') ? sex, true));

-- The first who waits for a slot: in the order of entry, those who wait for such a one, may have it and were not offered it before. Whom the
-- service would not take on that day is passed over. Who died, or whose record was merged, waits no more. In plpgsql, as the two after it, since that
-- keeps its plan: SQL that runs as its definer is planned anew in each statement, which takes longer than all it finds.
CREATE FUNCTION first_waiting(s slot, t schedule_template) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN (SELECT w.id FROM waiting_entry w JOIN patient p ON p.id = w.patient AND p.died_on IS NULL AND p.merged_into IS NULL
            JOIN service d ON d.id = w.service JOIN service_kind k ON k.code = d.kind
        WHERE w.service = t.service AND w.status = 'waiting' AND (w.kind IS NULL OR w.kind = t.kind)
          AND (w.channel IS NULL OR w.channel = t.channel)
          AND (w.from_on IS NULL OR (s.start_at AT TIME ZONE 'Europe/London')::date >= w.from_on)
          AND (w.to_on IS NULL OR (s.start_at AT TIME ZONE 'Europe/London')::date <= w.to_on)
          -- What was taken back is its organisation's own, whomever the plan kept it for.
          AND CASE WHEN s.reclaimed_at IS NOT NULL THEN w.recorded_from = s.organisation
              ELSE types_allow(t, ARRAY[w.recorded_from], '{}') AND (t.organisations IS NULL OR EXISTS (SELECT FROM reach r
                  WHERE r.organisation = w.recorded_from AND r.above = ANY (t.organisations))) END
          AND NOT EXISTS (SELECT FROM waiting_offer o WHERE o.entry = w.id AND o.slot = s.id)
          AND criteria_fit(service_rules(d, k), p.birth_date, p.sex, (s.start_at AT TIME ZONE 'Europe/London')::date)
          AND service_accepts(d, k, ARRAY[w.recorded_from]) AND (d.areas = '{}' OR within_reach(p.practice, d.areas))
          AND waiting_recorder_sees(w)
        ORDER BY w.created_at, w.id LIMIT 1);
END $$;

-- Ids of slots that became free, are so still, and that somebody waits for: for the job that offers them.
CREATE FUNCTION slots_to_offer(at timestamptz) RETURNS SETOF uuid STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT s.id FROM (SELECT DISTINCT w.service FROM waiting_entry w WHERE w.status = 'waiting') w
        JOIN vacancy v ON v.service = w.service AND v.start_at > at
        JOIN slot s ON s.organisation = v.organisation AND s.id = v.slot JOIN schedule_template t ON t.id = s.template
        JOIN service d ON d.id = t.service AND service_offers(d, t, s.start_at)
        WHERE slot_open(s, t, at) AND first_waiting(s, t) IS NOT NULL ORDER BY s.start_at, s.id LIMIT 256;
END $$;

-- Ids of entries whose offer ran out or was given up, and of those whose last day is over or whose patient
-- went away: for the job that settles them.
CREATE FUNCTION waiting_to_settle(at timestamptz, today date) RETURNS SETOF uuid STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT w.id FROM waiting_entry w LEFT JOIN hold h ON h.id = w.hold
        WHERE w.status = 'offered' AND (w.offered_until <= at OR h.status IS DISTINCT FROM 'held')
    UNION ALL SELECT w.id FROM waiting_entry w WHERE w.status = 'waiting' AND (w.to_on < today OR w.left_behind)
    LIMIT 256;
END $$;

-- What hangs on a service from an instant on, in the channels that a change ends: slots that are booked or held (the first by beginning, and how many),
-- plans, and entries of the waiting list that want one of these channels, or any where the whole service ends. Nobody is named.
CREATE FUNCTION service_touched(service uuid, channels text[], whole boolean, at timestamptz, most integer) RETURNS jsonb STABLE
    SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    WITH plan AS MATERIALIZED (SELECT t.id, t.valid_to FROM schedule_template t
            WHERE t.service = service_touched.service AND t.channel = ANY (service_touched.channels)),
        standing AS MATERIALIZED (SELECT s.id, s.start_at, s.minutes, s.lane, s.off_plan, slot_status(s, at) AS status
            FROM plan p JOIN slot s ON s.template = p.id
            WHERE s.start_at > at AND (s.status = 'booked' OR (s.status = 'free' AND s.held_until > at AND s.hold <> waiting_mark())))
    SELECT jsonb_build_object(
        'slots', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', f.id, 'start', instant_text(f.start_at), 'minutes', f.minutes,
            'lane', f.lane, 'status', f.status, 'offPlan', nullif(f.off_plan, false))) ORDER BY f.start_at, f.lane, f.id)
            FROM (SELECT s.* FROM standing s ORDER BY s.start_at, s.lane, s.id LIMIT most) f),
        'slotCount', (SELECT count(*) FROM standing),
        'planCount', (SELECT count(*) FROM plan p WHERE p.valid_to IS NULL OR p.valid_to >= (at AT TIME ZONE 'Europe/London')::date),
        'waitingCount', (SELECT count(*) FROM waiting_entry w WHERE w.service = service_touched.service
            AND w.status IN ('waiting', 'offered') AND (whole OR w.channel = ANY (service_touched.channels))));
END;
