-- Online consultations: what a patient asked, how urgent it was found, and what became of it.

-- Whether the told caller sees what is done for a patient by `taker` (who takes it) with `others` (who take part): these do, who keeps the
-- patient's record or treats them (not who sees them at an appointment), and who lies above the taker, unless the patient is sensitive.
CREATE FUNCTION care_shown(patient uuid, taker text, others text[]) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    IF coalesce(told_own() OR taker = ANY (told_organisations()) OR others && told_organisations(), false) OR patient_cared_within(patient) THEN
        RETURN true;
    END IF;
    RETURN told_reach(taker) AND EXISTS (SELECT FROM patient p WHERE p.id = care_shown.patient AND NOT p.sensitive);
END $$;

-- Whether the told caller changes it: who takes it, who lies above them unless the patient is sensitive, and who keeps the patient's record. A
-- mere look at the record is not enough.
CREATE FUNCTION care_kept(patient uuid, taker text) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN coalesce(told_own() OR taker = ANY (told_organisations()), false) OR patient_kept_within(patient)
        OR (told_reach(taker) AND NOT patient_sensitive(patient));
END $$;

CREATE TABLE online_consultation (
    -- The service's provider, who takes it.
    organisation organisation_code NOT NULL,
    id uuid NOT NULL,
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    service uuid NOT NULL,
    answers jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('requested', 'triaged', 'answered', 'converted', 'closed')),
    urgency text CHECK (urgency IN ('routine', 'soon', 'same-day', 'emergency')),
    triage_due timestamptz,
    triaged_at timestamptz,
    -- When it was told that it was not triaged in time.
    overdue_at timestamptz,
    outcome channel,
    appointment uuid,
    specialist_service uuid,
    specialist text COLLATE "C",
    close_reason some_text,
    closed_at timestamptz,
    recorded_by text NOT NULL,
    recorded_from text NOT NULL,
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- Place in the list of what is to be done: until it is triaged by its time, then by its urgency; what is closed lies behind all else.
    due_at timestamptz NOT NULL GENERATED ALWAYS AS
        (CASE WHEN status = 'closed' THEN '9999-12-31 12:00:00+00'::timestamptz WHEN status = 'requested' AND triage_due IS NOT NULL THEN triage_due
        ELSE '9999-12-31 00:00:00+00'::timestamptz END) STORED,
    rank integer NOT NULL GENERATED ALWAYS AS
        (CASE urgency WHEN 'emergency' THEN 1 WHEN 'same-day' THEN 2 WHEN 'soon' THEN 3 WHEN 'routine' THEN 4 ELSE 0 END) STORED,
    PRIMARY KEY (organisation, id),
    CONSTRAINT online_consultation_triaged CHECK ((urgency IS NULL) = (triaged_at IS NULL)
        AND (status IN ('requested', 'closed') OR triaged_at IS NOT NULL)),
    CONSTRAINT online_consultation_converted CHECK (status <> 'converted' OR appointment IS NOT NULL),
    CONSTRAINT online_consultation_closed CHECK ((status = 'closed') = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (close_reason IS NULL)),
    CONSTRAINT online_consultation_advised CHECK ((specialist IS NULL) = (specialist_service IS NULL))
);
CREATE TRIGGER online_consultation_patient_stays BEFORE INSERT ON online_consultation FOR EACH ROW EXECUTE FUNCTION patient_stays();
CREATE UNIQUE INDEX online_consultation_by_id ON online_consultation (id);
CREATE INDEX online_consultation_by_due ON online_consultation (organisation, due_at, rank, id);
CREATE INDEX online_consultation_by_specialist ON online_consultation (specialist, due_at, rank, id) WHERE specialist IS NOT NULL;
CREATE INDEX online_consultation_by_patient ON online_consultation (patient, due_at, rank, id);
-- What the job of the overdue looks for.
CREATE INDEX online_consultation_by_triage ON online_consultation (triage_due) WHERE status = 'requested' AND overdue_at IS NULL;

CREATE TABLE online_consultation_message (
    consultation uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    -- Whose words they are.
    sender text NOT NULL CHECK (sender IN ('patient', 'practice', 'specialist')),
    text some_text NOT NULL,
    subject text NOT NULL,
    organisation text NOT NULL,
    PRIMARY KEY (consultation, number)
);
CREATE INDEX online_consultation_message_by_patient ON online_consultation_message (patient);

INSERT INTO patient_holding (relation, link, title, merges) VALUES
    ('online_consultation', 'patient', 'onlineConsultations', true),
    ('online_consultation_message', 'patient', 'onlineConsultationMessages', true);

ALTER TABLE online_consultation ENABLE ROW LEVEL SECURITY;
ALTER TABLE online_consultation FORCE ROW LEVEL SECURITY;
ALTER TABLE online_consultation_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE online_consultation_message FORCE ROW LEVEL SECURITY;
CREATE POLICY online_consultation_owner ON online_consultation TO CURRENT_USER USING (true);
CREATE POLICY online_consultation_message_owner ON online_consultation_message TO CURRENT_USER USING (true);
CREATE POLICY online_consultation_shown ON online_consultation FOR SELECT TO :app USING (care_shown(patient, organisation, ARRAY[specialist]));
CREATE POLICY online_consultation_made ON online_consultation FOR INSERT TO :app WITH CHECK (
    care_shown(patient, organisation, ARRAY[specialist]));
CREATE POLICY online_consultation_kept ON online_consultation FOR UPDATE TO :app USING (
    care_kept(patient, organisation) OR told_reach(specialist));
-- A message is seen by who sees its consultation.
CREATE POLICY online_consultation_message_shown ON online_consultation_message TO :app USING (
    EXISTS (SELECT FROM online_consultation c WHERE c.id = consultation));
GRANT SELECT, INSERT, UPDATE ON online_consultation TO :app;
GRANT SELECT, INSERT ON online_consultation_message TO :app;

-- Whose it is, for the audit trail alone: a refused look is an entry about that patient.
CREATE FUNCTION patient_of_consultation(consultation uuid) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT c.patient FROM online_consultation c WHERE c.id = consultation;
END;

-- Ids of those whose time for triage is over, for the job that tells of them.
CREATE FUNCTION consultations_overdue(at timestamptz) RETURNS SETOF uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT c.id FROM online_consultation c WHERE c.status = 'requested' AND c.overdue_at IS NULL AND c.triage_due <= at
        ORDER BY c.triage_due LIMIT 256;
END;
