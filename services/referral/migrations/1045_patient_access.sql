-- What opens a patient out of reach, and what is told of who looked.

CREATE TABLE break_glass (
    -- Who reviews it: the practice at that time.
    practice text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    subject text NOT NULL,
    organisation text NOT NULL,
    reason some_text NOT NULL,
    at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    reviewed_by text,
    reviewed_at timestamptz,
    justified boolean,
    version bigint NOT NULL,
    PRIMARY KEY (practice, id),
    CONSTRAINT break_glass_reviewed_whole CHECK (num_nulls(reviewed_by, reviewed_at, justified) IN (0, 3))
);
CREATE UNIQUE INDEX break_glass_by_id ON break_glass (id);
CREATE INDEX break_glass_by_patient ON break_glass (patient);
CREATE INDEX break_glass_open ON break_glass (practice, id) WHERE reviewed_at IS NULL;

INSERT INTO patient_holding (relation, link, title, merges) VALUES ('break_glass', 'patient', 'breakGlass', true);

ALTER TABLE break_glass ENABLE ROW LEVEL SECURITY;
ALTER TABLE break_glass FORCE ROW LEVEL SECURITY;
CREATE POLICY break_glass_owner ON break_glass TO CURRENT_USER USING (true);
-- Who reviews it, and who keeps the record now: what was opened is the patient's to know.
CREATE POLICY break_glass_shown ON break_glass FOR SELECT TO :app USING (told_of_practice(practice, patient) OR patient_kept_within(patient));
CREATE POLICY break_glass_reviewed ON break_glass FOR UPDATE TO :app USING (told_of_practice(practice, patient));
GRANT SELECT ON break_glass TO :app;
GRANT UPDATE (reviewed_by, reviewed_at, justified, version) ON break_glass TO :app;

-- One that was not justified ends with that review.
CREATE FUNCTION break_glass_ended() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    UPDATE patient_grant g SET until = least(g.until, NEW.reviewed_at) WHERE g.patient = NEW.patient AND g.id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER break_glass_ended AFTER UPDATE OF justified ON break_glass FOR EACH ROW WHEN (NOT NEW.justified)
    EXECUTE FUNCTION break_glass_ended();

-- Who reviews when the glass before a patient is broken: the practice, or the one that was the last. A merged record is the one that is left.
CREATE FUNCTION patient_behind_glass(patient uuid) RETURNS TABLE (id uuid, practice text, sensitive boolean, kept boolean,
    former boolean) STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT l.id, coalesce(l.practice, (SELECT r.practice FROM registration r WHERE r.patient = l.id ORDER BY r.number DESC LIMIT 1)),
        l.sensitive, patient_kept(l.practice, l.sensitive), l.practice IS NULL
    FROM patient p JOIN patient l ON l.id = coalesce(p.merged_into, p.id) WHERE p.id = patient_behind_glass.patient;
END;

-- The grant, what is to be reviewed, and the practice's notice; for the told caller alone.
CREATE FUNCTION patient_break_glass(patient_id uuid, glass_practice text, glass_id uuid, by_organisation text, why text, notice_id uuid,
    from_instant timestamptz, until_instant timestamptz) RETURNS text VOLATILE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    IF by_organisation <> ALL (told_organisations()) OR told_subject() IS NULL
        OR NOT EXISTS (SELECT FROM patient_behind_glass(patient_id) b WHERE b.id = patient_id AND b.practice = glass_practice) THEN
        RETURN NULL;
    END IF;
    INSERT INTO break_glass (practice, id, patient, subject, organisation, reason, at, until, version)
        VALUES (glass_practice, glass_id, patient_id, told_subject(), by_organisation, why, from_instant, until_instant, 1);
    INSERT INTO patient_grant (patient, id, organisation, subject, manner, from_at, until)
        VALUES (patient_id, glass_id, by_organisation, told_subject(), 'break-glass', from_instant, until_instant);
    INSERT INTO notice (practice, id, kind, patient, break_glass, at)
        VALUES (glass_practice, notice_id, 'break-glass', patient_id, glass_id, from_instant);
    RETURN glass_id::text;
END $$;

-- The record that a number and a birth date fit together; none where they do not.
CREATE FUNCTION patient_of_case(number text, birth_date date) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT l.id FROM patient p JOIN patient l ON l.id = coalesce(p.merged_into, p.id)
        WHERE p.nhs_number = number AND l.birth_date = patient_of_case.birth_date;
END;

-- ---- who looked ----

-- Entries about a patient are found without reading the trail: the first 45 characters are the path of the patient itself.
CREATE INDEX audit_by_patient ON audit (left(resource, 45), at) WHERE resource LIKE 'patients/%';

-- Looks at a patient and changes of the record, the newest first, also those that were not chained yet; for who keeps the record. What others
-- did before the practice of today registered the patient is not among them: it would tell where the patient was.
CREATE FUNCTION patient_accesses(patient_id uuid, before_at timestamptz, before_request uuid, most integer)
    RETURNS TABLE (at timestamptz, request_id uuid, subject text, organisation text, method text, resource text, verdict text)
    STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    WITH since AS MATERIALIZED (SELECT (SELECT r.recorded_at FROM registration r WHERE r.patient = p.id ORDER BY r.number DESC LIMIT 1) AS at
        FROM patient p WHERE p.id = patient_id AND patient_kept(p.practice, p.sensitive)),
    paths AS MATERIALIZED (SELECT 'patients/' || p.id AS path FROM patient p WHERE p.id = patient_id OR p.merged_into = patient_id),
    entries AS (
        SELECT a.at, a.request_id, a.subject, a.organisation, a.method, a.resource, a.verdict FROM audit a
        WHERE a.resource LIKE 'patients/%' AND left(a.resource, 45) IN (SELECT path FROM paths)
        UNION ALL
        SELECT q.at, q.request_id, q.subject, q.organisation, q.method, q.resource, q.verdict FROM audit_queue q
        WHERE q.resource LIKE 'patients/%' AND left(q.resource, 45) IN (SELECT path FROM paths))
    SELECT DISTINCT ON (e.at, e.request_id) e.* FROM since s JOIN entries e ON e.at >= s.at
        OR EXISTS (SELECT FROM unnest(string_to_array(e.organisation, ',')) o (code) WHERE told_reach(o.code))
    WHERE before_at IS NULL OR (e.at, e.request_id) < (before_at, before_request)
    ORDER BY e.at DESC, e.request_id DESC LIMIT most;
END;

-- ---- what is held of a patient ----

-- snake_case as the contract's lowerCamelCase.
CREATE FUNCTION camel_case(name text) RETURNS text IMMUTABLE LANGUAGE sql
    RETURN left(name, 1) || substr(replace(initcap(replace(name, '_', ' ')), ' ', ''), 2);

-- Everything that hangs on a patient, by `patient_holding`, as far as the caller's role and row-level security show it: rows as they are kept,
-- but for a practice out of the caller's reach, with which the patient was before, and who reviewed something there.
CREATE FUNCTION patient_held(patient_id uuid) RETURNS jsonb STABLE LANGUAGE plpgsql AS $$
DECLARE
    holding patient_holding;
    held jsonb := '{}';
    found jsonb;
BEGIN
    FOR holding IN SELECT h.* FROM patient_holding h WHERE h.title IS NOT NULL ORDER BY h.title LOOP
        EXECUTE format('SELECT coalesce(jsonb_agg((SELECT jsonb_object_agg(camel_case(f.key), f.value) FROM jsonb_each(jsonb_strip_nulls('
            'to_jsonb(t))) f WHERE f.key NOT IN (''practice'', ''reviewed_by'') OR told_reach(to_jsonb(t) ->> ''practice''))), ''[]'') FROM %I t WHERE t.%I = $1', holding.relation, holding.link) INTO found USING patient_id;
        held := held || jsonb_build_object(holding.title, found);
    END LOOP;
    RETURN held;
END $$;
