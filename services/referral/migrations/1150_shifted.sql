-- Transferring care safely: work that was shifted to a practice without agreement, and what both sides say about it.

CREATE TABLE shifted_work_theme (
    code organisation_code PRIMARY KEY,
    name some_text NOT NULL,
    source some_text NOT NULL,
    confidence confidence NOT NULL
);
INSERT INTO shifted_work_theme (code, name, source, confidence) VALUES
    ('fit-note', 'A fit note that was not given where the patient was treated', 'Ours, after what national contracts ask of hospitals', 'unconfirmed'),
    ('onward-referral', 'The practice is asked to refer to another specialty', 'Ours, after what national contracts ask of hospitals', 'unconfirmed'),
    ('results', 'Tests that the provider asked for are to be chased, acted on or explained by the practice', 'Ours, after what national contracts ask of hospitals', 'unconfirmed'),
    ('test-request', 'The practice is asked to do or order tests for the provider', 'Ours', 'unconfirmed'),
    ('discharge-medication', 'Medicines at discharge or after a clinic are missing or too few', 'Ours, after what national contracts ask of hospitals', 'unconfirmed'),
    ('prescribing', 'The practice is asked to prescribe without shared care being agreed', 'Ours', 'unconfirmed'),
    ('follow-up', 'Follow-up, a rebooking or a missed appointment is left to the practice', 'Ours', 'unconfirmed'),
    ('communication', 'A letter or discharge summary is late, missing or unclear', 'Ours, after what national contracts ask of hospitals', 'unconfirmed'),
    ('other', 'Any other work', 'Ours', 'unconfirmed');

CREATE TABLE shifted_work (
    practice organisation_code NOT NULL,
    id uuid NOT NULL,
    provider organisation_code NOT NULL,
    theme text COLLATE "C" NOT NULL REFERENCES shifted_work_theme (code),
    happened_on date NOT NULL,
    description some_text NOT NULL,
    patient uuid REFERENCES patient (id) ON DELETE CASCADE,
    status text NOT NULL CHECK (status IN ('open', 'closed')),
    outcome text CHECK (outcome IN ('taken-back', 'agreed', 'done', 'withdrawn')),
    recorded_by text NOT NULL,
    recorded_from text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (practice, id),
    CONSTRAINT shifted_work_between_two CHECK (practice <> provider),
    CONSTRAINT shifted_work_closed CHECK ((status = 'closed') = (outcome IS NOT NULL))
);
CREATE TRIGGER shifted_work_patient_stays BEFORE INSERT ON shifted_work FOR EACH ROW WHEN (NEW.patient IS NOT NULL)
    EXECUTE FUNCTION patient_stays();
CREATE UNIQUE INDEX shifted_work_by_id ON shifted_work (id);
CREATE INDEX shifted_work_by_practice ON shifted_work (practice, created_at, id);
CREATE INDEX shifted_work_by_provider ON shifted_work (provider, created_at, id);
CREATE INDEX shifted_work_by_patient ON shifted_work (patient, created_at, id) WHERE patient IS NOT NULL;
-- What a summary counts.
CREATE INDEX shifted_work_by_day ON shifted_work (practice, happened_on);

CREATE TABLE shifted_work_message (
    work uuid NOT NULL REFERENCES shifted_work (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number > 0),
    patient uuid REFERENCES patient (id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    -- Whose words they are.
    sender text NOT NULL CHECK (sender IN ('practice', 'provider')),
    text some_text NOT NULL,
    subject text NOT NULL,
    organisation text NOT NULL,
    PRIMARY KEY (work, number)
);
CREATE INDEX shifted_work_message_by_patient ON shifted_work_message (patient) WHERE patient IS NOT NULL;

INSERT INTO patient_holding (relation, link, title, merges) VALUES
    ('shifted_work', 'patient', 'shiftedWork', true),
    ('shifted_work_message', 'patient', 'shiftedWorkMessages', true);

-- Who sees a report is who would see a request for advice between the same two: both, who lies above one of them unless it names a sensitive patient,
-- and who keeps the record of the patient whom it names or treats them.
ALTER TABLE shifted_work ENABLE ROW LEVEL SECURITY;
ALTER TABLE shifted_work FORCE ROW LEVEL SECURITY;
ALTER TABLE shifted_work_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE shifted_work_message FORCE ROW LEVEL SECURITY;
CREATE POLICY shifted_work_owner ON shifted_work TO CURRENT_USER USING (true);
CREATE POLICY shifted_work_message_owner ON shifted_work_message TO CURRENT_USER USING (true);
CREATE POLICY shifted_work_shown ON shifted_work FOR SELECT TO :app USING (advice_shown(patient, provider, practice));
CREATE POLICY shifted_work_made ON shifted_work FOR INSERT TO :app WITH CHECK (
    told_reach(practice) AND (patient IS NULL OR EXISTS (SELECT FROM patient p WHERE p.id = shifted_work.patient)));
-- A patient's new practice does not change what the old one reported.
CREATE POLICY shifted_work_kept ON shifted_work FOR UPDATE TO :app USING (advice_provides(patient, practice) OR advice_provides(patient, provider));
-- A message is seen by who sees its report; nobody writes in another's name.
CREATE POLICY shifted_work_message_shown ON shifted_work_message FOR SELECT TO :app USING (
    EXISTS (SELECT FROM shifted_work w WHERE w.id = work));
CREATE POLICY shifted_work_message_made ON shifted_work_message FOR INSERT TO :app WITH CHECK (
    subject = told_subject() AND organisation = ANY (told_organisations()) AND EXISTS (SELECT FROM shifted_work w WHERE w.id = work));
GRANT SELECT ON shifted_work_theme TO :app;
GRANT SELECT, INSERT ON shifted_work, shifted_work_message TO :app;
GRANT UPDATE (status, outcome, version, updated_at) ON shifted_work TO :app;

-- Whose it is, for the audit trail alone: a refused look is an entry about that patient. NULL for one that names nobody.
CREATE FUNCTION patient_of_shifted_work(work uuid) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT w.patient FROM shifted_work w WHERE w.id = patient_of_shifted_work.work;
END;

-- Counts by theme and provider of what practices below an organisation reported, whoever asks; `hidden` are those that name a patient and are not
-- shown to the told caller. Small ones are withheld by the rules.
CREATE FUNCTION shifted_work_cells(above text, from_day date, to_day date)
    RETURNS TABLE (theme text, provider text, reports bigint, hidden bigint) STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT w.theme, w.provider, count(*), count(*) FILTER (WHERE w.patient IS NOT NULL AND NOT advice_shown(w.patient, w.provider, w.practice))
        FROM reach r JOIN shifted_work w ON w.practice = r.organisation
        WHERE r.above = shifted_work_cells.above AND w.happened_on BETWEEN from_day AND to_day GROUP BY w.theme, w.provider;
END;
