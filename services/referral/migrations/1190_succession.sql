-- Patients of a practice that another goes on for: each goes along from the day on which it closed.

-- What the job of successions looks for.
CREATE INDEX organisation_by_close ON organisation (closed_on) WHERE closed_on IS NOT NULL;

-- The practice that goes on in the place of a closed one on a day: its only successor, or where that is closed by then, the only one of that. NULL
-- where nobody does, or several do: who goes where is not on record then.
CREATE FUNCTION practice_successor(practice text, day date) RETURNS text STABLE LANGUAGE sql
BEGIN ATOMIC
    WITH RECURSIVE onward (code, steps) AS (
        SELECT o.successors[1], 1 FROM organisation o WHERE o.code = practice_successor.practice AND cardinality(o.successors) = 1
        UNION ALL
        SELECT o.successors[1], w.steps + 1 FROM onward w JOIN organisation o ON o.code = w.code
        WHERE o.closed_on <= day AND cardinality(o.successors) = 1 AND w.steps < 16
    )
    SELECT o.code FROM onward w JOIN organisation o ON o.code = w.code AND o.kind = 'practice' AND (o.closed_on IS NULL OR o.closed_on > day)
    ORDER BY w.steps LIMIT 1;
END;

-- Ids of those who are with a practice that is closed, and for which another goes on.
CREATE FUNCTION patients_to_follow(today date) RETURNS SETOF uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT p.id FROM organisation o JOIN patient p ON p.practice = o.code AND p.died_on IS NULL AND p.merged_into IS NULL
    WHERE o.closed_on <= today AND o.kind = 'practice' AND cardinality(o.successors) = 1
        AND practice_successor(o.code, greatest(o.closed_on, p.registered_from)) IS NOT NULL
    LIMIT 256;
END;

-- Registers a patient with the practice that goes on, from the day of the close, or from the last registration's first day where that was later: as
-- another practice's own registration does. What the patient waits for is the other practice's to see to. NULL where the record moved on meanwhile, and
-- for whoever is not the service itself.
CREATE FUNCTION patient_follow(patient_id uuid, seen bigint, today date, notice_id uuid, at timestamptz, request uuid, method text) RETURNS text
    VOLATILE SECURITY DEFINER LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    was patient;
    first_day date;
    heir text;
BEGIN
    IF told_own() IS NOT TRUE THEN
        RETURN NULL;
    END IF;
    -- In the order in which booking locks: holds, entries, then the patient.
    PERFORM FROM hold h WHERE h.id = ANY (ARRAY(SELECT w.hold FROM waiting_entry w WHERE w.patient = patient_id AND w.status = 'offered'))
        ORDER BY h.id FOR UPDATE;
    PERFORM FROM waiting_entry w WHERE w.patient = patient_id AND w.status IN ('waiting', 'offered') ORDER BY w.id FOR UPDATE;
    SELECT p.* INTO was FROM patient p WHERE p.id = patient_id AND p.version = seen FOR UPDATE;
    SELECT greatest(o.closed_on, was.registered_from), practice_successor(o.code, greatest(o.closed_on, was.registered_from))
        INTO first_day, heir FROM organisation o WHERE o.code = was.practice AND o.closed_on <= today;
    IF heir IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE hold h SET holder = heir FROM waiting_entry w WHERE w.patient = patient_id AND w.status = 'offered' AND h.id = w.hold
        AND h.holder = was.practice;
    UPDATE waiting_entry w SET recorded_from = heir WHERE w.patient = patient_id AND w.status IN ('waiting', 'offered')
        AND w.recorded_from = was.practice;
    RETURN patient_take_over(patient_id, seen, was.nhs_number, was.birth_date, heir, first_day, was.name, NULL, notice_id, at, request, method);
END $$;
