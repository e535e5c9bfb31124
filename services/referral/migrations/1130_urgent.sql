-- Urgent care: what somebody needs, which service answers it, and the clock until they are seen.

-- Urgency classes with a target each, as data. Where nothing says how soon, the target is left out.
CREATE TABLE disposition (
    code organisation_code PRIMARY KEY,
    name some_text NOT NULL,
    urgency text NOT NULL CHECK (urgency IN ('routine', 'soon', 'same-day', 'emergency')),
    -- Kinds of services that answer it; none where it is answered outside of the platform.
    kinds text[] NOT NULL,
    target_minutes integer CHECK (target_minutes > 0),
    source some_text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('verified', 'derived', 'unconfirmed'))
);
INSERT INTO disposition (code, name, urgency, kinds, target_minutes, source, confidence) VALUES
    ('ambulance', 'Ambulance', 'emergency', '{}', NULL, 'Outside of the platform; the ambulance service has its own clocks', 'derived'),
    ('emergency-department', 'Emergency department', 'emergency', '{}', NULL, 'Outside of the platform; the department has its own clocks', 'derived'),
    ('crisis-response', 'Crisis response within two hours', 'same-day', '{crisis-response}', 120,
        'Rules of the field: crisis response within two hours', 'verified'),
    ('same-day-emergency-care', 'Same day emergency care', 'same-day', '{same-day-emergency-care}', 240,
        '002_14b2ec4da8d9c2f3.txt sections 9.2 to 9.4 (the service); the interval is ours', 'unconfirmed'),
    ('palliative-triage', 'Palliative triage hub', 'same-day', '{palliative-triage-hub}', 60,
        'Rules of the field name the hub; the interval is ours', 'unconfirmed'),
    ('urgent-appointment', 'Urgent appointment, from slots for NHS 111', 'same-day', '{general-practice,extended-access-hub}', 1440,
        'Rules of the field name the slots; the interval is ours', 'unconfirmed'),
    ('pharmacy', 'Community pharmacy', 'soon', '{community-pharmacy}', NULL, '002_14b2ec4da8d9c2f3.txt section 5.4 (the service)', 'derived'),
    ('optometry', 'Minor eye conditions', 'soon', '{optometry}', NULL, '002_14b2ec4da8d9c2f3.txt section 5.4 (the service)', 'derived'),
    ('dental', 'Dental care', 'soon', '{dental}', NULL, '002_14b2ec4da8d9c2f3.txt section 5.4 (the service)', 'derived'),
    ('self-care', 'Self-care with advice', 'routine', '{}', NULL, 'By the patient; nobody has to respond', 'derived');

-- Somebody whom urgent care sees: found by number and birth date, open to who asked for as long as the case is.
CREATE TABLE urgent_case (
    -- Who opened it.
    organisation text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    subject text NOT NULL,
    need text,
    opened_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('opened', 'disposed', 'assigned', 'accepted', 'booked', 'responded', 'closed')),
    disposition text,
    urgency text CHECK (urgency IN ('routine', 'soon', 'same-day', 'emergency')),
    disposed_at timestamptz,
    target_minutes integer CHECK (target_minutes > 0),
    due_at timestamptz,
    -- When it was told that the target was missed.
    breached_at timestamptz,
    service uuid,
    provider text COLLATE "C",
    -- The provider's grant.
    assignment uuid,
    assigned_at timestamptz,
    accepted_at timestamptz,
    appointment uuid,
    booked_for timestamptz,
    -- When the patient arrived for the appointment: what the job settles by.
    appeared_at timestamptz,
    responded_at timestamptz,
    response text CHECK (response IN ('arrived', 'attended')),
    outcome text,
    reason some_text,
    closed_at timestamptz,
    -- The contract's UrgentCaseStep, the oldest first.
    history jsonb NOT NULL,
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    -- Place on the board: by what is due, then what has no target, then what was responded to, then what is closed.
    board_at timestamptz NOT NULL GENERATED ALWAYS AS
        (CASE state WHEN 'closed' THEN '9999-12-31 12:00:00+00'::timestamptz WHEN 'responded' THEN '9999-12-31 00:00:00+00'::timestamptz
        ELSE coalesce(due_at, '9999-12-30 00:00:00+00'::timestamptz) END) STORED,
    PRIMARY KEY (organisation, id),
    CONSTRAINT urgent_case_disposed CHECK (num_nulls(disposition, urgency, disposed_at) IN (0, 3)
        AND (state IN ('opened', 'closed') OR disposed_at IS NOT NULL)),
    CONSTRAINT urgent_case_due CHECK ((due_at IS NULL) = (target_minutes IS NULL) AND (due_at IS NULL OR disposed_at IS NOT NULL)),
    CONSTRAINT urgent_case_assigned CHECK (num_nulls(service, provider, assignment, assigned_at) IN (0, 4)
        AND (state NOT IN ('assigned', 'accepted') OR service IS NOT NULL)),
    CONSTRAINT urgent_case_booked CHECK ((appointment IS NULL) = (booked_for IS NULL) AND (state <> 'booked' OR appointment IS NOT NULL)),
    CONSTRAINT urgent_case_responded CHECK ((responded_at IS NULL) = (response IS NULL) AND (state <> 'responded' OR responded_at IS NOT NULL)),
    CONSTRAINT urgent_case_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX urgent_case_by_id ON urgent_case (id);
CREATE INDEX urgent_case_by_patient ON urgent_case (patient);
CREATE INDEX urgent_case_by_board ON urgent_case (organisation, board_at, id);
CREATE INDEX urgent_case_by_provider ON urgent_case (provider, board_at, id) WHERE provider IS NOT NULL;
-- What the job of the clocks and the figures look for.
CREATE INDEX urgent_case_by_due ON urgent_case (due_at) WHERE state IN ('disposed', 'assigned', 'accepted', 'booked') AND breached_at IS NULL;
CREATE INDEX urgent_case_by_appointment ON urgent_case (appointment) WHERE state = 'booked';
CREATE INDEX urgent_case_appeared ON urgent_case (appeared_at) WHERE state = 'booked' AND appeared_at IS NOT NULL;
CREATE INDEX urgent_case_running ON urgent_case (disposition) WHERE state IN ('disposed', 'assigned', 'accepted', 'booked');

INSERT INTO patient_holding (relation, link, title, merges) VALUES ('urgent_case', 'patient', 'urgentCases', true);

-- ---- who sees what ----

-- Whether the told caller is an organisation that takes part, or lies above it; of a sensitive patient only the organisation itself.
CREATE FUNCTION takes_part(patient uuid, organisation text) RETURNS boolean STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT coalesce(told_own() OR takes_part.organisation = ANY (told_organisations())
        OR (told_reach(takes_part.organisation) AND NOT patient_sensitive(takes_part.patient)), false);
END;

ALTER TABLE urgent_case ENABLE ROW LEVEL SECURITY;
ALTER TABLE urgent_case FORCE ROW LEVEL SECURITY;
CREATE POLICY urgent_case_owner ON urgent_case TO CURRENT_USER USING (true);
CREATE POLICY urgent_case_shown ON urgent_case FOR SELECT TO :app USING (
    takes_part(patient, organisation) OR takes_part(patient, provider) OR patient_cared_within(patient));
-- The practice looks on. A case is opened by a function alone.
CREATE POLICY urgent_case_kept ON urgent_case FOR UPDATE TO :app USING (
    takes_part(patient, organisation) OR takes_part(patient, provider));
GRANT SELECT ON disposition TO :app;
GRANT SELECT, UPDATE ON urgent_case TO :app;

-- Whose it is, for the audit trail alone: a refused look is an entry about that patient.
CREATE FUNCTION patient_of_urgent_case(case_id uuid) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT c.patient FROM urgent_case c WHERE c.id = case_id;
END;

-- Whether it is about somebody who was made up: nothing else is told of the patient of a number.
CREATE FUNCTION patient_synthetic(patient_id uuid) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT p.synthetic FROM patient p WHERE p.id = patient_id;
END;

-- Whom the directory's answer to a case is for: for who sees the record, and of one who is not sensitive for all on a side, since an answer that nothing of
-- the patient decides would lead them to the wrong service.
CREATE FUNCTION urgent_case_person(case_id uuid) RETURNS TABLE (birth_date date, sex text, practice text) STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT p.birth_date, p.sex, p.practice FROM urgent_case c JOIN patient p ON p.id = c.patient
    WHERE c.id = case_id AND (patient_within(p.id)
        OR (NOT p.sensitive AND (takes_part(c.patient, c.organisation) OR takes_part(c.patient, c.provider))));
END;

-- The case and its grant, for the told caller alone.
CREATE FUNCTION patient_open_case(number text, birth_date date, case_id uuid, by_organisation text, what text, from_instant timestamptz,
    until_instant timestamptz, disposed_as text, disposed_urgency text, minutes integer, due timestamptz, steps jsonb) RETURNS text VOLATILE
    SECURITY DEFINER LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    found_id uuid := patient_of_case(number, birth_date);
BEGIN
    IF found_id IS NULL OR by_organisation <> ALL (told_organisations()) OR told_subject() IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO urgent_case (organisation, id, patient, subject, need, opened_at, until, state, disposition, urgency, disposed_at, target_minutes,
            due_at, history, synthetic, version, updated_at)
        SELECT by_organisation, case_id, found_id, told_subject(), what, from_instant, until_instant,
            CASE WHEN disposed_as IS NULL THEN 'opened' ELSE 'disposed' END, disposed_as, disposed_urgency,
            CASE WHEN disposed_as IS NOT NULL THEN from_instant END, minutes, due, steps, p.synthetic, 1, from_instant
        FROM patient p WHERE p.id = found_id;
    INSERT INTO patient_grant (patient, id, organisation, subject, manner, from_at, until)
        VALUES (found_id, case_id, by_organisation, told_subject(), 'case', from_instant, until_instant);
    RETURN case_id::text;
END $$;

-- The provider of the service sees the patient from the assignment until twelve hours after the case is closed; of a case that nobody closes until
-- seven days after its last step; where another service takes its place, until then.
CREATE FUNCTION urgent_case_grants() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    IF NEW.assignment IS DISTINCT FROM OLD.assignment THEN
        UPDATE patient_grant g SET until = least(g.until, NEW.updated_at) WHERE g.patient = NEW.patient AND g.id = OLD.assignment;
        INSERT INTO patient_grant (patient, id, organisation, manner, from_at, until)
            SELECT NEW.patient, NEW.assignment, NEW.provider, 'case', NEW.updated_at, NEW.updated_at + interval '7 days'
            WHERE NEW.assignment IS NOT NULL;
    ELSE
        UPDATE patient_grant g SET until = CASE WHEN NEW.closed_at IS NOT NULL THEN NEW.closed_at + interval '12 hours'
            ELSE NEW.updated_at + interval '7 days' END WHERE g.patient = NEW.patient AND g.id = NEW.assignment;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER urgent_case_grants AFTER UPDATE OF version ON urgent_case FOR EACH ROW
    WHEN (NEW.assignment IS NOT NULL OR OLD.assignment IS NOT NULL) EXECUTE FUNCTION urgent_case_grants();

-- Who arrives for the appointment of a case was seen: the job tells it, by the case's own version.
CREATE FUNCTION urgent_case_appears() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    UPDATE urgent_case c SET appeared_at = NEW.updated_at WHERE c.appointment = NEW.id AND c.state = 'booked' AND c.appeared_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER urgent_case_appears AFTER UPDATE OF status ON appointment FOR EACH ROW
    WHEN (NEW.status = 'arrived' AND OLD.status <> 'arrived') EXECUTE FUNCTION urgent_case_appears();

-- ---- the clocks ----

-- Ids of cases whose target is over and nobody was told, or whose patient has arrived.
CREATE FUNCTION urgent_cases_due(at timestamptz) RETURNS SETOF uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT c.id FROM ((SELECT u.id, u.appeared_at AS since FROM urgent_case u WHERE u.state = 'booked' AND u.appeared_at IS NOT NULL LIMIT 256)
        UNION
        (SELECT u.id, u.due_at FROM urgent_case u WHERE u.state IN ('disposed', 'assigned', 'accepted', 'booked') AND u.breached_at IS NULL
            AND u.due_at < at ORDER BY u.due_at LIMIT 256)) c
        ORDER BY c.since LIMIT 256;
END;

-- How many cases wait for a response, and how many of them in vain by then, by disposition.
CREATE FUNCTION urgent_case_figures(at timestamptz) RETURNS TABLE (name text, label text, value bigint) STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    WITH counted AS (SELECT c.disposition, count(*) AS running, count(*) FILTER (WHERE coalesce(c.appeared_at, at) > c.due_at) AS breached
        FROM urgent_case c WHERE c.state IN ('disposed', 'assigned', 'accepted', 'booked') GROUP BY c.disposition)
    SELECT f.name, d.code::text, f.value FROM disposition d LEFT JOIN counted n ON n.disposition = d.code
        CROSS JOIN LATERAL (VALUES ('pcn_urgent_cases_open', coalesce(n.running, 0)), ('pcn_urgent_cases_breached', coalesce(n.breached, 0))) f (name, value);
END;
