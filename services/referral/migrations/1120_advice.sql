-- Advice and guidance: what a practice asks a service about a patient, and what came of it.

-- In how many working days an answer is due. '*': every specialty without a row of its own.
CREATE TABLE advice_rule (
    specialty text COLLATE "C" NOT NULL,
    priority text NOT NULL CHECK (priority IN ('routine', 'urgent', 'two-week-wait')),
    working_days integer NOT NULL CHECK (working_days BETWEEN 0 AND 250),
    source some_text NOT NULL,
    confidence confidence NOT NULL,
    PRIMARY KEY (specialty, priority)
);
INSERT INTO advice_rule (specialty, priority, working_days, source, confidence) VALUES
    ('*', 'routine', 2, 'Ours, after the two working days of a national incentive of 2017 to 2019: to be checked', 'unconfirmed'),
    ('*', 'urgent', 1, 'Ours: no document says it', 'unconfirmed'),
    ('*', 'two-week-wait', 1, 'Ours: no document says it', 'unconfirmed');

CREATE FUNCTION advice_working_days(of_specialty text, of_priority text) RETURNS integer STABLE LANGUAGE sql
    RETURN (SELECT r.working_days FROM advice_rule r WHERE r.specialty IN (of_specialty, '*') AND r.priority = of_priority
        ORDER BY r.specialty = '*' LIMIT 1);

CREATE TABLE advice (
    provider organisation_code NOT NULL,
    id uuid NOT NULL,
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    service uuid NOT NULL,
    referrer organisation_code NOT NULL,
    specialty text COLLATE "C" NOT NULL,
    priority text NOT NULL CHECK (priority IN ('routine', 'urgent', 'two-week-wait')),
    question some_text NOT NULL,
    may_convert boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('provider-response-required', 'referrer-to-review-response',
        'referrer-to-submit-further-information', 'advice-converted', 'conversation-ended')),
    ended text CHECK (ended IN ('closed', 'cancelled')),
    response_due date NOT NULL,
    referral uuid,
    recorded_by text NOT NULL,
    recorded_from text NOT NULL,
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- Place in the list of what is to be done: what waits for the provider by its day, then what waits for the referrer, then what is over.
    due_on date NOT NULL GENERATED ALWAYS AS (CASE state WHEN 'provider-response-required' THEN response_due
        WHEN 'advice-converted' THEN '9999-12-31'::date WHEN 'conversation-ended' THEN '9999-12-31'::date ELSE '9999-12-30'::date END) STORED,
    PRIMARY KEY (provider, id),
    CONSTRAINT advice_ended CHECK ((state = 'conversation-ended') = (ended IS NOT NULL)),
    CONSTRAINT advice_converted CHECK ((state = 'advice-converted') = (referral IS NOT NULL) AND (referral IS NULL OR may_convert))
);
CREATE TRIGGER advice_patient_stays BEFORE INSERT ON advice FOR EACH ROW EXECUTE FUNCTION patient_stays();
CREATE UNIQUE INDEX advice_by_id ON advice (id);
CREATE INDEX advice_by_due ON advice (provider, due_on, id);
CREATE INDEX advice_by_referrer ON advice (referrer, due_on, id);
CREATE INDEX advice_by_patient ON advice (patient, due_on, id);

CREATE TABLE advice_message (
    advice uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    -- Whose words they are.
    sender text NOT NULL CHECK (sender IN ('referrer', 'provider')),
    kind text NOT NULL CHECK (kind IN ('response', 'information-asked', 'information', 'conversion', 'closing', 'cancellation')),
    text some_text,
    subject text NOT NULL,
    organisation text NOT NULL,
    PRIMARY KEY (advice, number),
    CONSTRAINT advice_message_said CHECK (text IS NOT NULL OR kind IN ('closing', 'conversion'))
);
CREATE INDEX advice_message_by_patient ON advice_message (patient);

INSERT INTO patient_holding (relation, link, title, merges) VALUES
    ('advice', 'patient', 'adviceRequests', true),
    ('advice_message', 'patient', 'adviceMessages', true);

-- Whether the told caller sees it: who asked, who answers, who keeps the patient's record or treats them, and who lies above one of both, unless the
-- patient is sensitive.
CREATE FUNCTION advice_shown(patient uuid, provider text, referrer text) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    IF coalesce(told_own() OR ARRAY[provider, referrer] && told_organisations(), false) OR patient_cared_within(patient) THEN
        RETURN true;
    END IF;
    RETURN (told_reach(provider) OR told_reach(referrer)) AND NOT patient_sensitive(patient);
END $$;

-- Whether the told caller is on the side that asks: asked, lies above who did unless the patient is sensitive, or keeps the patient's record.
CREATE FUNCTION advice_refers(patient uuid, referrer text) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN coalesce(told_own() OR referrer = ANY (told_organisations()), false) OR patient_kept_within(patient)
        OR (told_reach(referrer) AND NOT patient_sensitive(patient));
END $$;

-- Whether the told caller is on the side that answers.
CREATE FUNCTION advice_provides(patient uuid, provider text) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN coalesce(told_own() OR provider = ANY (told_organisations()), false) OR (told_reach(provider) AND NOT patient_sensitive(patient));
END $$;

ALTER TABLE advice ENABLE ROW LEVEL SECURITY;
ALTER TABLE advice FORCE ROW LEVEL SECURITY;
ALTER TABLE advice_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE advice_message FORCE ROW LEVEL SECURITY;
CREATE POLICY advice_owner ON advice TO CURRENT_USER USING (true);
CREATE POLICY advice_message_owner ON advice_message TO CURRENT_USER USING (true);
CREATE POLICY advice_shown ON advice FOR SELECT TO :app USING (advice_shown(patient, provider, referrer));
-- For who asks oneself, or is below, and a patient whom one sees.
CREATE POLICY advice_made ON advice FOR INSERT TO :app WITH CHECK (
    told_reach(referrer) AND EXISTS (SELECT FROM patient p WHERE p.id = advice.patient));
CREATE POLICY advice_kept ON advice FOR UPDATE TO :app USING (advice_refers(patient, referrer) OR advice_provides(patient, provider));
-- A message is seen by who sees its request; nobody writes in another's name.
CREATE POLICY advice_message_shown ON advice_message FOR SELECT TO :app USING (EXISTS (SELECT FROM advice a WHERE a.id = advice));
CREATE POLICY advice_message_made ON advice_message FOR INSERT TO :app WITH CHECK (
    subject = told_subject() AND organisation = ANY (told_organisations()) AND EXISTS (SELECT FROM advice a WHERE a.id = advice));
GRANT SELECT ON advice_rule TO :app;
GRANT SELECT, INSERT ON advice, advice_message TO :app;
GRANT UPDATE (state, ended, response_due, referral, version, updated_at) ON advice TO :app;

-- Whose it is, for the audit trail alone: a refused look is an entry about that patient.
CREATE FUNCTION patient_of_advice(advice uuid) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT a.patient FROM advice a WHERE a.id = patient_of_advice.advice;
END;

-- Whether the patient of a request has died or was merged into another, for whoever sees the request.
CREATE FUNCTION advice_patient_gone(patient uuid) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM patient p WHERE p.id = advice_patient_gone.patient AND (p.died_on IS NOT NULL OR p.merged_into IS NOT NULL));
END;

-- The provider makes a referral of the referrer of a request that may become one and waits for the provider: in triage, with its history and what
-- was written so far. Its parts are those of `made`, the contract's PatientReferral; its key, or NULL where the request is not as it was seen.
CREATE FUNCTION advice_convert(advice_id uuid, seen bigint, made jsonb, message jsonb, message_number integer, now_at timestamptz) RETURNS text
    VOLATILE SECURITY DEFINER LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    was advice;
    made_id uuid := (made ->> 'id')::uuid;
BEGIN
    SELECT a.* INTO was FROM advice a WHERE a.id = advice_id AND a.version = seen AND a.state = 'provider-response-required' AND a.may_convert
        FOR UPDATE;
    IF NOT FOUND OR NOT advice_provides(was.patient, was.provider) THEN
        RETURN NULL;
    END IF;
    INSERT INTO referral (referrer, id, reference, patient, specialty, priority, reason, service, performer, triager, state, submitted_at,
            contact_by, synthetic, version, created_at, updated_at)
        VALUES (was.referrer, made_id, replace(made ->> 'reference', ' ', ''), was.patient, was.specialty, made ->> 'priority', was.question,
            was.service, was.provider, made ->> 'triager', 'triage', now_at, (made ->> 'contactBy')::date, was.synthetic, 1, now_at, now_at);
    INSERT INTO referral_step (referral, number, patient, from_state, to_state, at, subject, organisation, reason)
        SELECT made_id, h.n, was.patient, h.v ->> 'from', h.v ->> 'to', now_at, h.v #>> '{by,subject}', h.v #>> '{by,organisation}', h.v ->> 'reason'
        FROM jsonb_array_elements(made -> 'history') WITH ORDINALITY AS h (v, n);
    INSERT INTO referral_clock (referral, number, patient, started_on)
        SELECT made_id, 1, was.patient, (made #>> '{clock,startedOn}')::date WHERE made ? 'clock';
    INSERT INTO advice_message (advice, number, patient, at, sender, kind, text, subject, organisation)
        VALUES (was.id, message_number, was.patient, now_at, 'provider', 'conversion', message ->> 'text', message ->> 'subject',
            message ->> 'organisation');
    -- As it stands, whoever of them the caller is told of.
    INSERT INTO referral_message (referral, number, patient, at, sender, text, subject, organisation)
        SELECT made_id, row_number() OVER (ORDER BY m.number), was.patient, m.at, CASE m.sender WHEN 'provider' THEN 'triage' ELSE 'referrer' END,
            m.text, m.subject, m.organisation
        FROM advice_message m WHERE m.advice = was.id AND m.text IS NOT NULL;
    UPDATE advice a SET state = 'advice-converted', referral = made_id, version = was.version + 1, updated_at = now_at WHERE a.id = was.id;
    RETURN was.id::text;
END $$;
