-- Referrals: who refers whom, where it stands, how that came about, and how long it takes.

INSERT INTO service_kind (code, name, target_minutes, criteria, accepts_from, non_medical, minimum_offer, source, confidence) VALUES
    ('referral-support', 'Referral support service: triages what practices of its areas refer', NULL, '{}', '{}', false, false,
        '002_14b2ec4da8d9c2f3.txt sections 8.2, 8.3, 11.1', 'derived');

-- Spans of days that rules rest on, as data.
CREATE TABLE referral_rule (
    code organisation_code PRIMARY KEY,
    days integer NOT NULL CHECK (days > 0),
    source some_text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('verified', 'derived', 'unconfirmed'))
);
INSERT INTO referral_rule (code, days, source, confidence) VALUES
    ('referral-to-treatment', 126, 'Referral to treatment, NHS Constitution: 18 weeks', 'verified'),
    ('duplicate', 90, 'Ours: how long after its end a referral is pointed out beside a new one of the same patient', 'unconfirmed');

-- Within how many working days after it was submitted the patient is to be contacted. '*': every specialty without a row of its own.
CREATE TABLE contact_rule (
    specialty text COLLATE "C" NOT NULL,
    priority text NOT NULL CHECK (priority IN ('routine', 'urgent', 'two-week-wait')),
    working_days integer NOT NULL CHECK (working_days BETWEEN 0 AND 250),
    source some_text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('verified', 'derived', 'unconfirmed')),
    PRIMARY KEY (specialty, priority)
);
INSERT INTO contact_rule (specialty, priority, working_days, source, confidence) VALUES
    ('*', 'routine', 10, 'Ours: no document says it', 'unconfirmed'),
    ('*', 'urgent', 3, 'Ours: no document says it', 'unconfirmed'),
    ('*', 'two-week-wait', 1, 'Ours: no document says it', 'unconfirmed');

-- Specialties that no consultant leads: a referral to one starts no clock. All that have no row are led by consultants.
CREATE TABLE specialty_rule (
    specialty text COLLATE "C" PRIMARY KEY,
    consultant_led boolean NOT NULL,
    source some_text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('verified', 'derived', 'unconfirmed'))
);
INSERT INTO specialty_rule (specialty, consultant_led, source, confidence) VALUES
    ('physiotherapy', false, 'Therapies are no consultant-led specialty', 'derived'),
    ('podiatry', false, 'Therapies are no consultant-led specialty', 'derived'),
    ('dietetics', false, 'Therapies are no consultant-led specialty', 'derived'),
    ('occupational-therapy', false, 'Therapies are no consultant-led specialty', 'derived'),
    ('speech-and-language-therapy', false, 'Therapies are no consultant-led specialty', 'derived'),
    ('optometry', false, 'Primary care', 'derived'),
    ('social-prescribing', false, 'No health care', 'derived');

-- What references are made from (rules_referral.c): each number once.
CREATE SEQUENCE referral_number;

CREATE TABLE referral (
    referrer organisation_code NOT NULL,
    id uuid NOT NULL,
    reference text COLLATE "C" NOT NULL CONSTRAINT referral_reference_key UNIQUE CHECK (reference ~ '^[0-9]{12}$'),
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    pathway text COLLATE "C",
    pathway_version integer,
    specialty text COLLATE "C" NOT NULL,
    priority text NOT NULL CHECK (priority IN ('routine', 'urgent', 'two-week-wait')),
    reason some_text NOT NULL,
    -- Where to, and its provider.
    service uuid,
    performer text COLLATE "C",
    triager text COLLATE "C",
    redirected_to uuid,
    redirected_provider text COLLATE "C",
    -- A redirected one that goes on in this.
    redirected_from uuid,
    answers jsonb NOT NULL DEFAULT '[]',
    state text NOT NULL CHECK (state IN ('draft', 'triage', 'accepted', 'deferred', 'booked', 'completed', 'returned', 'rejected', 'redirected',
        'cancelled')),
    -- When it was last submitted; NULL for what nobody but the referrer was ever sent.
    submitted_at timestamptz,
    contact_by date,
    -- When it was told that nobody triaged it by then.
    overdue_at timestamptz,
    appointment uuid,
    booked_for timestamptz,
    outcome text CHECK (outcome IN ('treated', 'not-to-treat', 'patient-declined', 'active-monitoring', 'returned-to-primary-care')),
    closed_on date,
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- Whose it is: a draft is the referrer's alone.
    parties text[] COLLATE "C" NOT NULL GENERATED ALWAYS AS (CASE WHEN submitted_at IS NULL THEN ARRAY[referrer::text]
        ELSE array_remove(ARRAY[referrer::text, performer, triager, redirected_provider], NULL) END) STORED,
    PRIMARY KEY (referrer, id),
    CONSTRAINT referral_performed CHECK ((service IS NULL OR performer IS NOT NULL) AND (redirected_to IS NULL) = (redirected_provider IS NULL)),
    CONSTRAINT referral_submitted CHECK ((submitted_at IS NULL) = (contact_by IS NULL) AND (state <> 'draft' OR submitted_at IS NULL)
        AND (state IN ('draft', 'cancelled') OR submitted_at IS NOT NULL)),
    CONSTRAINT referral_closed CHECK ((state IN ('completed', 'rejected', 'redirected', 'cancelled')) = (closed_on IS NOT NULL)),
    CONSTRAINT referral_completed CHECK ((state = 'completed') = (outcome IS NOT NULL))
);
CREATE TRIGGER referral_patient_stays BEFORE INSERT ON referral FOR EACH ROW EXECUTE FUNCTION patient_stays();
CREATE UNIQUE INDEX referral_by_id ON referral (id);
CREATE INDEX referral_by_referrer ON referral (referrer, created_at, id);
CREATE INDEX referral_by_performer ON referral (performer, created_at, id) WHERE performer IS NOT NULL;
CREATE INDEX referral_by_triager ON referral (triager, created_at, id) WHERE triager IS NOT NULL;
CREATE INDEX referral_by_patient ON referral (patient, created_at, id);
CREATE UNIQUE INDEX referral_redirected_once ON referral (redirected_from) WHERE redirected_from IS NOT NULL AND state <> 'cancelled';
CREATE INDEX referral_in_triage ON referral (contact_by, id) WHERE state = 'triage';
-- What the job of the overdue looks for.
CREATE INDEX referral_untold ON referral (contact_by) WHERE state = 'triage' AND overdue_at IS NULL;

-- Who took it from where to where, when and why.
CREATE TABLE referral_step (
    referral uuid NOT NULL REFERENCES referral (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number > 0),
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    from_state text,
    to_state text NOT NULL,
    at timestamptz NOT NULL,
    -- NULL: the service itself.
    subject text,
    organisation text,
    reason some_text,
    PRIMARY KEY (referral, number),
    CONSTRAINT referral_step_by_whole CHECK ((subject IS NULL) = (organisation IS NULL))
);
CREATE INDEX referral_step_by_patient ON referral_step (patient);

CREATE TABLE referral_message (
    referral uuid NOT NULL REFERENCES referral (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number > 0),
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    -- Whose words they are.
    sender text NOT NULL CHECK (sender IN ('referrer', 'triage')),
    text some_text NOT NULL,
    subject text NOT NULL,
    organisation text NOT NULL,
    PRIMARY KEY (referral, number)
);
CREATE INDEX referral_message_by_patient ON referral_message (patient);

-- Clocks from referral to treatment; the last one is the referral's.
CREATE TABLE referral_clock (
    referral uuid NOT NULL REFERENCES referral (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number > 0),
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    started_on date NOT NULL,
    -- Since when one that started in a redirected referral runs in this; until then it is that one's.
    continued_on date CHECK (continued_on >= started_on),
    stopped_on date,
    -- Why it stopped: words of rules_wait.h, or died.
    stop some_text,
    PRIMARY KEY (referral, number),
    CONSTRAINT referral_clock_stopped CHECK ((stopped_on IS NULL) = (stop IS NULL) AND stopped_on >= started_on)
);
CREATE INDEX referral_clock_by_patient ON referral_clock (patient);
CREATE UNIQUE INDEX referral_clock_running ON referral_clock (referral) WHERE stopped_on IS NULL;

-- What is over leaves no clock running: nobody could stop it.
CREATE FUNCTION referral_clock_ends() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM referral_clock k WHERE k.referral = NEW.id AND k.stopped_on IS NULL) THEN
        RAISE check_violation USING MESSAGE = 'a referral that is over has a running clock', CONSTRAINT = 'referral_clock_ends';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER referral_clock_ends AFTER UPDATE OF closed_on ON referral FOR EACH ROW WHEN (NEW.closed_on IS NOT NULL)
    EXECUTE FUNCTION referral_clock_ends();

-- ---- who sees what ----

INSERT INTO patient_holding (relation, link, title, merges) VALUES
    ('referral', 'patient', 'referrals', true), ('referral_step', 'patient', 'referralSteps', true),
    ('referral_message', 'patient', 'referralMessages', true), ('referral_clock', 'patient', 'referralClocks', true);

-- Whether the told caller sees what is done for a patient by these: they do, who keeps the record or treats the patient, and who lies above one of
-- them, unless the patient is sensitive.
CREATE FUNCTION referral_shown(patient uuid, parties text[]) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    IF coalesce(told_own() OR parties && told_organisations(), false) OR patient_cared_within(patient) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM reach r WHERE r.organisation = ANY (parties) AND r.above = ANY (told_organisations()))
        AND NOT patient_sensitive(patient);
END $$;

-- Whether the told caller is on the referrer's side: refers, lies above who does, or keeps the record. A mere look at it is not enough.
CREATE FUNCTION referral_refers(patient uuid, referrer text) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN coalesce(told_own() OR referrer = ANY (told_organisations()), false) OR patient_kept_within(patient)
        OR (told_reach(referrer) AND NOT patient_sensitive(patient));
END $$;

-- Whether the told caller is told who did something with what is done for a patient, whom else it says nothing about: all who keep the record or treat
-- the patient are; others of their own, of `parties`, and of whom lies above the referrer. Anything else would say with whom the patient is now.
CREATE FUNCTION told_party(organisation text, referrer text, parties text[], patient uuid) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN coalesce(organisation = ANY (parties), false) OR told_reach(organisation) OR patient_cared_within(patient)
        OR EXISTS (SELECT FROM reach r WHERE r.organisation = referrer AND r.above = told_party.organisation);
END $$;

-- Whether the told caller triages it, or performs it: is one of `takers` (performer, triager) or lies above one, or lies above the referrer and is
-- not the referrer. Of a sensitive patient only the takers themselves.
CREATE FUNCTION referral_triages(patient uuid, referrer text, takers text[]) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    IF coalesce(told_own() OR takers && told_organisations(), false) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM reach r WHERE r.above = ANY (told_organisations()) AND (r.organisation = ANY (takers)
            OR (r.organisation = referrer AND r.above <> referrer)))
        AND NOT patient_sensitive(patient);
END $$;

ALTER TABLE referral ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral FORCE ROW LEVEL SECURITY;
ALTER TABLE referral_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_step FORCE ROW LEVEL SECURITY;
ALTER TABLE referral_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_message FORCE ROW LEVEL SECURITY;
ALTER TABLE referral_clock ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_clock FORCE ROW LEVEL SECURITY;
CREATE POLICY referral_owner ON referral TO CURRENT_USER USING (true);
CREATE POLICY referral_step_owner ON referral_step TO CURRENT_USER USING (true);
CREATE POLICY referral_message_owner ON referral_message TO CURRENT_USER USING (true);
CREATE POLICY referral_clock_owner ON referral_clock TO CURRENT_USER USING (true);
CREATE POLICY referral_shown ON referral FOR SELECT TO :app USING (
    referrer = ANY (told_organisations()) OR referral_shown(patient, parties));
-- For who refers oneself, or is below, and a patient whose record one sees.
CREATE POLICY referral_made ON referral FOR INSERT TO :app WITH CHECK (
    told_reach(referrer) AND EXISTS (SELECT FROM patient p WHERE p.id = referral.patient));
CREATE POLICY referral_kept ON referral FOR UPDATE TO :app USING (
    referral_refers(patient, referrer) OR referral_triages(patient, referrer, ARRAY[performer, triager])) WITH CHECK (true);
-- What hangs on a referral is seen by who sees it. Nobody writes in another's name.
CREATE POLICY referral_step_shown ON referral_step FOR SELECT TO :app USING (EXISTS (SELECT FROM referral r WHERE r.id = referral));
CREATE POLICY referral_step_made ON referral_step FOR INSERT TO :app WITH CHECK (
    told_own() OR (subject = told_subject() AND organisation = ANY (told_organisations())));
CREATE POLICY referral_message_shown ON referral_message FOR SELECT TO :app USING (EXISTS (SELECT FROM referral r WHERE r.id = referral));
CREATE POLICY referral_message_made ON referral_message FOR INSERT TO :app WITH CHECK (
    subject = told_subject() AND organisation = ANY (told_organisations()));
CREATE POLICY referral_clock_shown ON referral_clock FOR SELECT TO :app USING (EXISTS (SELECT FROM referral r WHERE r.id = referral));
CREATE POLICY referral_clock_started ON referral_clock FOR INSERT TO :app WITH CHECK (EXISTS (SELECT FROM referral r WHERE r.id = referral));
CREATE POLICY referral_clock_stopped ON referral_clock FOR UPDATE TO :app USING (EXISTS (SELECT FROM referral r WHERE r.id = referral));
GRANT SELECT, INSERT ON referral TO :app;
GRANT UPDATE (pathway, pathway_version, specialty, priority, reason, service, performer, triager, redirected_to, redirected_provider, answers, state,
    submitted_at, contact_by, overdue_at, appointment, booked_for, outcome, closed_on, version, updated_at) ON referral TO :app;
GRANT SELECT, INSERT ON referral_step, referral_message, referral_clock TO :app;
GRANT UPDATE (stopped_on, stop) ON referral_clock TO :app;
GRANT USAGE ON SEQUENCE referral_number TO :app;
GRANT SELECT ON referral_rule, contact_rule, specialty_rule TO :app, :job;

-- ---- what the application is told beyond what it sees ----

-- As it is printed: NNNN NNNN NNNN.
CREATE FUNCTION referral_text(reference text) RETURNS text IMMUTABLE LANGUAGE sql
    RETURN left(reference, 4) || ' ' || substr(reference, 5, 4) || ' ' || right(reference, 4);

-- Whose it is, for the audit trail alone: a refused look is an entry about that patient.
CREATE FUNCTION patient_of_referral(referral uuid) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT r.patient FROM referral r WHERE r.id = patient_of_referral.referral;
END;

-- What became of the appointment of a referral, which who sees the referral is told.
CREATE FUNCTION appointment_of_referral(appointment uuid) RETURNS TABLE (status text, cancelled_by text, start_at timestamptz) STABLE
    SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT a.status, a.cancelled_by, a.start_at FROM appointment a WHERE a.id = appointment_of_referral.appointment;
END;

-- What whom a service takes, and what a pathway asks, depend on of a patient; `gone`: died, or was merged into another. Nobody is told of it as it
-- stands.
CREATE FUNCTION patient_facts(patient uuid) RETURNS TABLE (birth_date date, sex text, practice text, gone boolean, sensitive boolean) STABLE
    SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT p.birth_date, p.sex, p.practice, p.died_on IS NOT NULL OR p.merged_into IS NOT NULL, p.sensitive
    FROM patient p WHERE p.id = patient_facts.patient;
END;

-- Whole years of a patient on a day: who triages is told the age, and no birth date.
CREATE FUNCTION patient_age(patient uuid, day date) RETURNS integer STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT extract(year FROM age(patient_age.day, p.birth_date))::integer FROM patient p WHERE p.id = patient_age.patient;
END;

-- Ids of those in triage whose day is over, for the job that tells of them.
CREATE FUNCTION referrals_overdue(today date) RETURNS SETOF uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT r.id FROM referral r WHERE r.state = 'triage' AND r.overdue_at IS NULL AND r.contact_by < today ORDER BY r.contact_by LIMIT 256;
END;

-- How many wait in triage, and how many of them longer than they should, by priority.
CREATE FUNCTION referral_figures(at timestamptz) RETURNS TABLE (name text, label text, value bigint) STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    WITH counted AS (SELECT r.priority, count(*) AS waiting,
            count(*) FILTER (WHERE r.contact_by < (at AT TIME ZONE 'Europe/London')::date) AS overdue
        FROM referral r WHERE r.state = 'triage' GROUP BY r.priority)
    SELECT f.name, p.code, f.value FROM unnest(ARRAY['routine', 'urgent', 'two-week-wait']) p (code) LEFT JOIN counted n ON n.priority = p.code
        CROSS JOIN LATERAL (VALUES ('pcn_referrals_triage', coalesce(n.waiting, 0)), ('pcn_referrals_overdue', coalesce(n.overdue, 0))) f (name, value);
END;
