-- Appointments. One slot, one live booking; at most one more that was put beside it on purpose.

CREATE TABLE appointment (
    id uuid PRIMARY KEY,
    patient uuid NOT NULL REFERENCES patient (id),
    -- Who sees the patient.
    organisation organisation_code NOT NULL,
    service uuid NOT NULL,
    slots uuid[] NOT NULL CHECK (slots <> '{}'),
    start_at timestamptz NOT NULL,
    end_at timestamptz NOT NULL,
    channel channel NOT NULL,
    kind text NOT NULL,
    status text NOT NULL CHECK (status IN ('booked', 'arrived', 'completed', 'cancelled', 'did-not-attend')),
    booked_by_subject text NOT NULL,
    booked_by text NOT NULL,
    description some_text,
    comment some_text,
    cancelled_by text CHECK (cancelled_by IN ('patient', 'provider')),
    cancel_reason some_text,
    -- Why, where nobody chose to.
    cancel_code text CHECK (cancel_code IN ('patient-died')),
    overbook_reason some_text,
    -- Times before, the contract's FormerTime, the latest last.
    former jsonb,
    hold uuid,
    video_token text,
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT appointment_ordered CHECK (end_at > start_at),
    CONSTRAINT appointment_cancelled CHECK ((status = 'cancelled') = (cancelled_by IS NOT NULL))
);
CREATE TRIGGER appointment_patient_stays BEFORE INSERT ON appointment FOR EACH ROW EXECUTE FUNCTION patient_stays();
CREATE INDEX appointment_by_day ON appointment (organisation, start_at, id);
CREATE INDEX appointment_by_patient ON appointment (patient, start_at, id);

-- Which slots an appointment has, and had. It takes them with a version of its own.
CREATE TABLE appointment_slot (
    appointment uuid NOT NULL,
    version bigint NOT NULL,
    slot uuid NOT NULL,
    live boolean NOT NULL DEFAULT true,
    overbooked boolean NOT NULL,
    PRIMARY KEY (appointment, version, slot)
);
CREATE UNIQUE INDEX appointment_slot_live ON appointment_slot (slot, overbooked) WHERE live;

-- They go with their appointment. No foreign key: it would look at the appointment once more for each slot of each booking, which the same statement has just
-- written, and nothing else writes here.
CREATE FUNCTION appointment_erased() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    DELETE FROM appointment_slot b USING gone g WHERE b.appointment = g.id;
    RETURN NULL;
END $$;
CREATE TRIGGER appointment_erased AFTER DELETE ON appointment REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
    EXECUTE FUNCTION appointment_erased();

-- ---- who sees what ----

INSERT INTO patient_holding (relation, link, title, merges) VALUES ('appointment', 'patient', 'appointments', true);

ALTER TABLE appointment ENABLE ROW LEVEL SECURITY;
ALTER TABLE appointment FORCE ROW LEVEL SECURITY;
CREATE POLICY appointment_owner ON appointment TO CURRENT_USER USING (true);
-- Of a sensitive patient only the organisations themselves that take part, and not who lies above them.
CREATE FUNCTION appointment_reached(patient uuid, organisation text, booked_by text) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    IF NOT told_reach(organisation) AND NOT told_reach(booked_by) THEN
        RETURN false;
    END IF;
    RETURN told_own() OR NOT EXISTS (SELECT FROM patient p WHERE p.id = appointment_reached.patient AND p.sensitive);
END $$;

-- Who sees the patient at it, who booked it, and who keeps the patient's record or treats them; not who sees them at another appointment. First
-- what costs least: functions are called for who lies above alone.
CREATE POLICY appointment_shown ON appointment FOR SELECT TO :app USING (
    organisation = ANY (told_organisations()) OR booked_by = ANY (told_organisations())
    OR appointment_reached(patient, organisation, booked_by) OR patient_cared_within(patient));
-- For an organisation of one's own, and for a patient whose record one sees.
CREATE POLICY appointment_booked ON appointment FOR INSERT TO :app WITH CHECK (
    (told_own() OR booked_by = ANY (told_organisations())) AND EXISTS (SELECT FROM patient p WHERE p.id = appointment.patient));
-- A mere look at the record is not enough to change what others arranged.
CREATE POLICY appointment_kept ON appointment FOR UPDATE TO :app USING (
    organisation = ANY (told_organisations()) OR booked_by = ANY (told_organisations())
    OR appointment_reached(patient, organisation, booked_by) OR patient_kept_within(patient));

-- Who sees a patient at an appointment sees their record until thirty days after it; not for the sake of one that was cancelled.
CREATE FUNCTION appointment_grants() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO patient_grant (patient, id, organisation, manner, from_at, until)
            VALUES (NEW.patient, NEW.id, NEW.organisation, 'appointment', NEW.created_at, NEW.end_at + interval '30 days');
    ELSE
        UPDATE patient_grant g SET until = CASE WHEN NEW.status = 'cancelled' THEN NEW.updated_at ELSE NEW.end_at + interval '30 days' END
            WHERE g.patient = NEW.patient AND g.id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER appointment_grants_made AFTER INSERT ON appointment FOR EACH ROW EXECUTE FUNCTION appointment_grants();
CREATE TRIGGER appointment_grants_moved AFTER UPDATE OF status, end_at ON appointment FOR EACH ROW
    WHEN (NEW.end_at IS DISTINCT FROM OLD.end_at OR (NEW.status = 'cancelled' AND OLD.status <> 'cancelled'))
    EXECUTE FUNCTION appointment_grants();

-- Whose an appointment is, for the audit trail alone: a refused look is an entry about that patient.
CREATE FUNCTION patient_of_appointment(appointment uuid) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT a.patient FROM appointment a WHERE a.id = patient_of_appointment.appointment;
END;

GRANT SELECT, INSERT, UPDATE ON appointment, appointment_slot TO :app;
