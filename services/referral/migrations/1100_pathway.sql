-- Pathways (PRISM): what a referral of a kind needs. A version stays as it was recorded, but for the day it ends.

-- Versions are recorded one change after the other: each moves this on from what it looked at.
CREATE TABLE pathway_state (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    revision bigint NOT NULL
);
INSERT INTO pathway_state (revision) VALUES (0);

CREATE TABLE pathway (
    code text COLLATE "C" NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    title some_text NOT NULL,
    specialty text COLLATE "C" NOT NULL,
    effective_from date NOT NULL,
    effective_to date CHECK (effective_to >= effective_from),
    consultant_led boolean NOT NULL,
    criteria text[] NOT NULL,
    questions jsonb NOT NULL,
    required_data text[] NOT NULL,
    try_first jsonb NOT NULL,
    destinations jsonb NOT NULL,
    priorities_allowed text[] NOT NULL CHECK (priorities_allowed <> '{}' AND priorities_allowed <@ ARRAY['routine', 'urgent', 'two-week-wait']),
    age_from integer,
    age_to integer,
    source some_text NOT NULL,
    confidence confidence NOT NULL,
    revision bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (code, version),
    CONSTRAINT pathway_ages CHECK (age_to >= age_from),
    CONSTRAINT pathway_one_a_day EXCLUDE USING gist (code WITH =, daterange(effective_from, effective_to, '[]') WITH &&)
);

-- Nothing of a recorded version changes but its end.
CREATE FUNCTION pathway_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'effective_to' - 'revision' <> to_jsonb(OLD) - 'effective_to' - 'revision' THEN
        RAISE EXCEPTION 'version % of the pathway % is recorded', OLD.version, OLD.code USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER pathway_stays BEFORE UPDATE ON pathway FOR EACH ROW EXECUTE FUNCTION pathway_stays();

GRANT SELECT, UPDATE ON pathway_state TO :app;
GRANT SELECT, INSERT, UPDATE ON pathway TO :app;

CREATE FUNCTION pathway_json(p pathway) RETURNS jsonb STABLE LANGUAGE sql
    RETURN jsonb_strip_nulls(jsonb_build_object('code', p.code, 'version', p.version, 'title', p.title, 'specialty', p.specialty,
        'effectiveFrom', p.effective_from, 'effectiveTo', p.effective_to, 'consultantLed', p.consultant_led, 'criteria', p.criteria,
        'questions', p.questions, 'requiredData', p.required_data, 'tryFirst', p.try_first, 'destinations', p.destinations,
        'prioritiesAllowed', p.priorities_allowed, 'ageFrom', p.age_from, 'ageTo', p.age_to, 'source', p.source, 'confidence', p.confidence,
        'revision', p.revision, 'recordedAt', instant_text(p.recorded_at)));

-- The version that is in force on a day, as the contract's Pathway; NULL for none.
CREATE FUNCTION pathway_on(pathway_code text, day date) RETURNS jsonb STABLE LANGUAGE sql
    RETURN (SELECT pathway_json(p) FROM pathway p WHERE p.code = pathway_code AND p.effective_from <= day
        AND (p.effective_to IS NULL OR p.effective_to >= day));
