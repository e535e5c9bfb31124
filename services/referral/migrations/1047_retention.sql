-- How long patients' records are kept, as data, and what was erased. Only a period that a source confirms is applied; all else is kept.

CREATE TABLE retention_rule (
    code organisation_code PRIMARY KEY,
    name some_text NOT NULL,
    -- What the years count from; erasing is there for a death alone.
    basis text NOT NULL CHECK (basis IN ('death', 'deregistration', 'event')),
    -- NULL: no period was found.
    years integer CHECK (years > 0),
    source some_text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('verified', 'derived', 'unconfirmed')),
    -- What of the records it is about, where it is not all that hangs on a patient.
    note text
);
INSERT INTO retention_rule (code, name, basis, years, source, confidence, note) VALUES
    ('deceased', 'Record of a patient who died, with all that hangs on it', 'death', 10,
        'Records Management Code of Practice 2021 (NHS England), appendix II: GP patient records; read in a summary of it', 'unconfirmed',
        'The Code asks for a review before records are destroyed: applied once whoever is responsible has confirmed the period'),
    ('deregistered', 'Record of a patient who is with no practice', 'deregistration', 100,
        'Records Management Code of Practice 2021 (NHS England), appendix II: deregistered, reason unknown; under review there', 'unconfirmed',
        'Kept until the review is over'),
    ('notices', 'What a practice was told of', 'event', NULL, 'No period found', 'unconfirmed', 'Kept with the record'),
    ('break-glass', 'Openings of a record, with their review', 'event', NULL, 'No period found', 'unconfirmed', 'Kept with the record'),
    ('audit', 'The audit trail', 'event', NULL, 'No period found', 'unconfirmed', 'A chain: nothing is taken out of it');

-- That a record was erased: what a restored backup must lose again. An id says nothing of anybody.
CREATE TABLE erasure (
    patient uuid PRIMARY KEY,
    rule text NOT NULL REFERENCES retention_rule (code),
    rows_erased bigint NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX patient_by_death ON patient (died_on) WHERE died_on IS NOT NULL;

GRANT SELECT ON retention_rule, erasure TO :app;

-- Records whose time is over by a confirmed rule; one that others were merged into with these. Their ids, no more.
CREATE FUNCTION patients_over(today date) RETURNS TABLE (id uuid, rule text) STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT p.id, r.code::text FROM retention_rule r JOIN patient p ON p.died_on <= today - make_interval(years => r.years)
        WHERE r.basis = 'death' AND r.confidence = 'verified' AND r.years IS NOT NULL AND p.merged_into IS NULL;
END;

-- Erases one, by the service itself alone: what hangs on it, what was merged into it, and itself. The id; NULL where it is not over.
CREATE FUNCTION patient_erase(patient_id uuid, seen bigint, today date, at timestamptz) RETURNS text VOLATILE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
DECLARE
    by_rule text;
    gone uuid[];
    holding patient_holding;
    erased bigint := 0;
    part bigint;
BEGIN
    IF NOT told_own() THEN
        RETURN NULL;
    END IF;
    PERFORM FROM patient p WHERE p.id = patient_id AND p.version = seen FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT o.rule INTO by_rule FROM patients_over(today) o WHERE o.id = patient_id;
    IF by_rule IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(p.id) INTO gone FROM patient p WHERE p.id = patient_id OR p.merged_into = patient_id;
    FOR holding IN SELECT h.* FROM patient_holding h ORDER BY h.relation LOOP
        EXECUTE format('DELETE FROM %I WHERE %I = ANY ($1)', holding.relation, holding.link) USING gone;
        GET DIAGNOSTICS part = ROW_COUNT;
        erased := erased + part;
    END LOOP;
    DELETE FROM registration r WHERE r.patient = ANY (gone);
    GET DIAGNOSTICS part = ROW_COUNT;
    erased := erased + part;
    DELETE FROM patient p WHERE p.id = ANY (gone) AND p.id <> patient_id;
    DELETE FROM patient p WHERE p.id = patient_id;
    INSERT INTO erasure (patient, rule, rows_erased, at) SELECT g.id, by_rule, erased, patient_erase.at FROM unnest(gone) g (id);
    RETURN patient_id::text;
END $$;
