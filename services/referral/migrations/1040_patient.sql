-- Patients. Rows are seen by reach alone: the database repeats the rule of the handlers (rules_patient.h) for the application's role, whatever
-- statement it is. Who asks is told by the platform before each statement, which names its own request (told(), 0008_principal.sql).
--
-- Tables of other files that hold something of a patient do three things: row-level security that is forced, with a policy by
-- patient_within(patient) or by the organisations that take part; the owner's policy; and a row in `patient_holding`, by which merging,
-- export and erasure find them.

CREATE TABLE patient (
    id uuid PRIMARY KEY,
    nhs_number text NOT NULL CONSTRAINT patient_nhs_number_key UNIQUE CHECK (nhs_number ~ '^[0-9]{10}$'),
    name some_text NOT NULL,
    birth_date date NOT NULL,
    sex text CHECK (sex IN ('female', 'male')),
    -- The practice of today, or of the day of death; NULL where the patient is with none.
    practice text COLLATE "C",
    registered_from date,
    died_on date CHECK (died_on >= birth_date),
    sensitive boolean NOT NULL DEFAULT false,
    merged_into uuid REFERENCES patient (id),
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT patient_registered_whole CHECK ((practice IS NULL) = (registered_from IS NULL))
);
CREATE INDEX patient_by_practice ON patient (practice, id);
CREATE INDEX patient_by_merger ON patient (merged_into) WHERE merged_into IS NOT NULL;

-- History is never rewritten: one that was taken over on its first day ends the day before it, and has no day.
CREATE TABLE registration (
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number > 0),
    practice text COLLATE "C" NOT NULL,
    from_on date NOT NULL,
    to_on date CHECK (to_on >= from_on - 1),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (patient, number),
    CONSTRAINT registration_one_practice EXCLUDE USING gist (patient WITH =, daterange(from_on, to_on + 1, '[)') WITH &&)
);

-- Who may see a patient out of reach, and why: who sees them at an appointment, who opened a case, who broke the glass (that one person alone), the
-- practice that they leave today, until the end of the day.
CREATE TABLE patient_grant (
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    organisation text COLLATE "C" NOT NULL,
    subject text,
    manner text NOT NULL CHECK (manner IN ('appointment', 'case', 'break-glass', 'leaving')),
    from_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (patient, id)
);

-- What a practice has to know. Not where the patient went.
CREATE TABLE notice (
    practice text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('patient-left', 'break-glass')),
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    break_glass uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (practice, id)
);
CREATE INDEX notice_by_patient ON notice (patient);

-- Tables that hold something of patients. `link` is the column with the patient's id; `merges`: rows go to the record that is left.
CREATE TABLE patient_holding (
    relation text PRIMARY KEY,
    link text NOT NULL,
    -- The member of an export; NULL where it is no part of one.
    title text,
    merges boolean NOT NULL
);
INSERT INTO patient_holding (relation, link, title, merges) VALUES
    ('patient_grant', 'patient', 'grants', true), ('notice', 'patient', NULL, true);

-- ---- who sees what ----

-- Whether one of the told organisations keeps the record: it is the registered practice, or lies above it and the patient is not sensitive.
CREATE FUNCTION patient_kept(practice text, sensitive boolean) RETURNS boolean STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT coalesce(told_own() OR patient_kept.practice = ANY (told_organisations())
        OR (NOT patient_kept.sensitive AND within_reach(patient_kept.practice, told_organisations())), false);
END;

-- Whether the told caller sees the patient: keeps the record, or was granted it. A case does not open a sensitive one.
CREATE FUNCTION patient_shown(patient uuid, practice text, sensitive boolean) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    IF patient_kept(practice, sensitive) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM patient_grant g WHERE g.patient = patient_shown.patient AND g.organisation = ANY (told_organisations())
        AND (g.subject IS NULL OR g.subject = told_subject()) AND now() >= g.from_at AND now() < g.until
        AND (g.manner <> 'case' OR NOT patient_shown.sensitive));
END $$;

-- The same by the id; a merged record is seen where that one is which is left.
CREATE FUNCTION patient_within(patient uuid) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM patient p JOIN patient l ON l.id = coalesce(p.merged_into, p.id)
        WHERE p.id = patient_within.patient AND patient_shown(l.id, l.practice, l.sensitive));
END $$;

-- Whether the told caller keeps the patient's record (the practice that they leave today did), or treats them by a case or by break-glass: what
-- others do for the patient is theirs to see.
CREATE FUNCTION patient_cared_within(patient uuid) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM patient p WHERE p.id = patient_cared_within.patient AND (patient_kept(p.practice, p.sensitive)
        OR EXISTS (SELECT FROM patient_grant g WHERE g.patient = p.id AND g.organisation = ANY (told_organisations())
            AND (g.subject IS NULL OR g.subject = told_subject()) AND now() >= g.from_at AND now() < g.until
            AND (g.manner IN ('break-glass', 'leaving') OR (g.manner = 'case' AND NOT p.sensitive)))));
END $$;

-- Whether a patient is sensitive: then nothing of them is for who lies above those that take part.
CREATE FUNCTION patient_sensitive(patient uuid) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM patient p WHERE p.id = patient_sensitive.patient AND p.sensitive);
END $$;

-- Whether the told caller's organisations keep the patient's record.
CREATE FUNCTION patient_kept_within(patient uuid) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM patient p WHERE p.id = patient_kept_within.patient AND patient_kept(p.practice, p.sensitive));
END $$;

-- Whether an organisation is within the told caller's reach.
CREATE FUNCTION told_reach(organisation text) RETURNS boolean STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT coalesce(told_own() OR within_reach(told_reach.organisation, told_organisations()), false);
END;

-- Whether what a practice is told of a patient is for the told caller: is the practice, or lies above it and the patient is not sensitive.
CREATE FUNCTION told_of_practice(practice text, patient uuid) RETURNS boolean STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT coalesce(told_own() OR told_of_practice.practice = ANY (told_organisations())
        OR (within_reach(told_of_practice.practice, told_organisations()) AND NOT patient_sensitive(told_of_practice.patient)), false);
END;

ALTER TABLE patient ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient FORCE ROW LEVEL SECURITY;
ALTER TABLE registration ENABLE ROW LEVEL SECURITY;
ALTER TABLE registration FORCE ROW LEVEL SECURITY;
ALTER TABLE patient_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_grant FORCE ROW LEVEL SECURITY;
ALTER TABLE notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE notice FORCE ROW LEVEL SECURITY;

-- The owner's functions below see all: each says what it lets out.
CREATE POLICY patient_owner ON patient TO CURRENT_USER USING (true);
CREATE POLICY registration_owner ON registration TO CURRENT_USER USING (true);
CREATE POLICY patient_grant_owner ON patient_grant TO CURRENT_USER USING (true);
CREATE POLICY notice_owner ON notice TO CURRENT_USER USING (true);

-- Who keeps the record asks most of the time: that is told before a function is called that takes the owner's part, which costs some forty
-- microseconds.
CREATE POLICY patient_shown ON patient FOR SELECT TO :app USING (CASE WHEN merged_into IS NULL
    THEN patient_kept(practice, sensitive) OR patient_shown(id, practice, sensitive) ELSE patient_within(merged_into) END);
CREATE POLICY patient_registered ON patient FOR INSERT TO :app WITH CHECK (patient_kept(practice, sensitive));
CREATE POLICY patient_kept ON patient FOR UPDATE TO :app USING (patient_kept(practice, sensitive));
-- Where somebody was, or went, is seen by whom it concerns.
CREATE POLICY registration_shown ON registration FOR SELECT TO :app USING (told_reach(practice));
CREATE POLICY registration_made ON registration FOR INSERT TO :app WITH CHECK (told_reach(practice));
CREATE POLICY patient_grant_shown ON patient_grant FOR SELECT TO :app USING (
    told_own() OR organisation = ANY (told_organisations())
    OR (manner IN ('case', 'break-glass') AND patient_kept_within(patient)));
-- Who sees a patient may have them seen at an appointment. Other grants are made by functions that check what they rest on.
CREATE POLICY patient_grant_made ON patient_grant FOR INSERT TO :app WITH CHECK (manner = 'appointment' AND patient_within(patient));
CREATE POLICY notice_shown ON notice FOR SELECT TO :app USING (told_of_practice(practice, patient));

-- A death ends the registration; all else that ends one is done by functions.
CREATE POLICY registration_ended ON registration FOR UPDATE TO :app USING (told_reach(practice));

GRANT SELECT, INSERT, UPDATE ON patient TO :app;
GRANT SELECT, INSERT ON registration, patient_grant TO :app;
GRANT UPDATE (to_on) ON registration TO :app;
GRANT SELECT ON notice, patient_holding TO :app;

-- ---- what the application is told beyond what it sees ----

-- Whether a service of these areas (none: of all) serves the patient's practice. Who had the patient registered, and neither keeps nor treats them
-- now, is not told so: it would say where the patient went.
CREATE FUNCTION area_serves(areas text[], patient uuid, practice text) RETURNS boolean STABLE LANGUAGE plpgsql AS $$
BEGIN
    IF areas = '{}' THEN
        RETURN true;
    END IF;
    IF NOT within_reach(practice, areas) THEN
        RETURN false;
    END IF;
    IF practice = ANY (told_organisations()) OR patient_cared_within(patient) THEN
        RETURN true;
    END IF;
    RETURN NOT EXISTS (SELECT FROM registration r WHERE r.patient = area_serves.patient);
END $$;

-- The id of a number's record, for the audit trail alone: a refused look is an entry about that patient.
CREATE FUNCTION patient_of_number(number text) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT coalesce(p.merged_into, p.id) FROM patient p WHERE p.nhs_number = number;
END;

-- What a registration meets of the number's record. Neither a name nor a practice.
CREATE FUNCTION patient_met(number text, birth_date date, practice text)
    RETURNS TABLE (id uuid, version bigint, same_birth_date boolean, same_practice boolean, registered boolean, deceased boolean,
        merged boolean, sensitive boolean, latest_from date, latest_to date, created_at timestamptz, synthetic boolean)
    STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT p.id, p.version, p.birth_date = patient_met.birth_date, coalesce(p.practice = patient_met.practice, false),
        p.practice IS NOT NULL, p.died_on IS NOT NULL, p.merged_into IS NOT NULL, p.sensitive, r.from_on, r.to_on, p.created_at, p.synthetic
    FROM patient p LEFT JOIN LATERAL (SELECT g.from_on, g.to_on FROM registration g WHERE g.patient = p.id
        ORDER BY g.number DESC LIMIT 1) r ON true
    WHERE p.nhs_number = patient_met.number;
END;

-- Registers the number's record with another practice, within the told caller's reach: ends the registration before, tells the practice that is
-- left, and enters it into the trail on its side, under the same request. The id; NULL where the record moved on meanwhile.
CREATE FUNCTION patient_take_over(patient_id uuid, seen bigint, number text, born date, to_practice text, first_day date, called text,
    of_sex text, notice_id uuid, at timestamptz, request uuid, method text) RETURNS text VOLATILE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
DECLARE
    was patient;
BEGIN
    IF NOT told_reach(to_practice) THEN
        RETURN NULL;
    END IF;
    SELECT p.* INTO was FROM patient p WHERE p.id = patient_id AND p.version = seen AND p.nhs_number = number AND p.birth_date = born
        AND p.died_on IS NULL AND p.merged_into IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE registration r SET to_on = first_day - 1 WHERE r.patient = patient_id AND (r.to_on IS NULL OR r.to_on >= first_day);
    INSERT INTO registration (patient, number, practice, from_on, recorded_at)
        SELECT patient_id, coalesce(max(r.number), 0) + 1, to_practice, first_day, at FROM registration r WHERE r.patient = patient_id;
    UPDATE patient p SET practice = to_practice, registered_from = first_day, name = called, sex = coalesce(of_sex, p.sex),
        version = p.version + 1, updated_at = at WHERE p.id = patient_id;
    -- Who left today and is registered elsewhere on the same day was with the other practice no more.
    UPDATE patient_grant g SET until = least(g.until, at) WHERE g.patient = patient_id AND g.manner = 'leaving';
    IF was.practice IS NOT NULL THEN
        INSERT INTO notice (practice, id, kind, patient, at) VALUES (was.practice, notice_id, 'patient-left', patient_id, at);
        INSERT INTO audit_queue (at, request_id, subject, organisation, method, resource, verdict)
            VALUES (at, request, 'pcn-referral', was.practice, method, 'notices/' || notice_id, 'done');
    END IF;
    RETURN patient_id::text;
END $$;

-- The record is with no practice any more, by who keeps it; the practice sees it to the end of the last day. NULL where it moved on meanwhile.
CREATE FUNCTION patient_leave(patient_id uuid, seen bigint, last_day date, at timestamptz) RETURNS text VOLATILE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
DECLARE
    over_at timestamptz := (last_day + 1)::timestamp AT TIME ZONE 'Europe/London';
    was text;
BEGIN
    SELECT p.practice INTO was FROM patient p WHERE p.id = patient_id AND p.version = seen AND p.merged_into IS NULL
        AND p.practice IS NOT NULL AND patient_kept(p.practice, p.sensitive) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE patient p SET practice = NULL, registered_from = NULL, version = p.version + 1, updated_at = at WHERE p.id = patient_id;
    IF over_at > at THEN
        INSERT INTO patient_grant (patient, id, organisation, manner, from_at, until)
            VALUES (patient_id, gen_random_uuid(), was, 'leaving', at, over_at);
    END IF;
    UPDATE registration r SET to_on = last_day WHERE r.patient = patient_id AND r.to_on IS NULL;
    RETURN patient_id::text;
END $$;

-- A double goes into the record that is left, and with it whatever hangs on it; both by who keeps them. NULL where one moved on meanwhile.
-- Of entries that wait for the same (`doubled`, by who decided over what `mark` stands for) only the earlier one is left.
CREATE FUNCTION patient_merge(double_id uuid, double_seen bigint, left_id uuid, left_seen bigint, day date, at timestamptz, mark text,
    doubled uuid[]) RETURNS text VOLATILE SECURITY DEFINER LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    double patient;
    holding patient_holding;
BEGIN
    PERFORM pending_lock(ARRAY[double_id, left_id], at);
    -- In the order of their ids, as whoever merges them the other way round.
    PERFORM FROM patient p WHERE p.id IN (double_id, left_id) ORDER BY p.id FOR UPDATE;
    IF pending_mark(ARRAY[double_id, left_id], at) IS DISTINCT FROM mark THEN
        RETURN NULL;
    END IF;
    SELECT p.* INTO double FROM patient p WHERE p.id = double_id AND p.version = double_seen AND p.merged_into IS NULL
        AND patient_kept(p.practice, p.sensitive);
    IF NOT FOUND OR double_id = left_id THEN
        RETURN NULL;
    END IF;
    UPDATE patient p SET sensitive = p.sensitive OR double.sensitive, version = p.version + 1, updated_at = at
        WHERE p.id = left_id AND p.version = left_seen AND p.merged_into IS NULL AND patient_kept(p.practice, p.sensitive);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM waiting_withdraw(doubled, at);
    UPDATE patient p SET practice = NULL, registered_from = NULL, merged_into = left_id, version = p.version + 1, updated_at = at
        WHERE p.id = double_id;
    UPDATE patient p SET merged_into = left_id WHERE p.merged_into = double_id;
    UPDATE registration r SET to_on = greatest(day, r.from_on - 1) WHERE r.patient = double_id AND r.to_on IS NULL;
    FOR holding IN SELECT h.* FROM patient_holding h WHERE h.merges ORDER BY h.relation LOOP
        EXECUTE format('UPDATE %I SET %I = $1 WHERE %I = $2', holding.relation, holding.link, holding.link) USING left_id, double_id;
    END LOOP;
    RETURN double_id::text;
END $$;

-- What is recorded for a patient while a death or a merging is, waits for it and is not recorded then; or comes first, and these find it. The
-- save that lost is sent again, sees no patient any more, and is decided anew.
CREATE FUNCTION patient_stays() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    PERFORM FROM patient p WHERE p.id = NEW.patient AND p.died_on IS NULL AND p.merged_into IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The patient is not as they were' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NEW;
END $$;
