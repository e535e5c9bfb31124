-- Social prescribing: whom a link worker sees, with which plan, and what came of it.

-- Questionnaires, outcomes and principles on which agencies agreed, as data.
CREATE TABLE outcome_measure (
    code organisation_code PRIMARY KEY,
    name some_text NOT NULL,
    lowest integer NOT NULL,
    highest integer NOT NULL CHECK (highest > lowest),
    -- The contract's OutcomeMeasureItem.
    items jsonb NOT NULL,
    source some_text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('verified', 'derived', 'unconfirmed'))
);
INSERT INTO outcome_measure (code, name, lowest, highest, items, source, confidence) VALUES
    ('ons4', 'Personal well-being of the Office for National Statistics, four questions', 0, 10,
        '[{"code": "life-satisfaction", "name": "How satisfied with life nowadays"}, {"code": "worthwhile", "name": "How far what one does is worthwhile"}, {"code": "happiness", "name": "How happy yesterday"}, {"code": "anxiety", "name": "How anxious yesterday: less is better"}]',
        'Office for National Statistics, personal well-being; as link workers use it, not read there', 'unconfirmed');

CREATE TABLE prescription_term (
    kind text NOT NULL CHECK (kind IN ('outcome', 'principle')),
    code organisation_code NOT NULL,
    name some_text NOT NULL,
    source some_text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('verified', 'derived', 'unconfirmed')),
    PRIMARY KEY (kind, code)
);
INSERT INTO prescription_term (kind, code, name, source, confidence) VALUES
    ('outcome', 'goals-reached', 'The goals of the plan were reached', 'Ours', 'unconfirmed'),
    ('outcome', 'goals-reached-in-part', 'Some of the goals were reached', 'Ours', 'unconfirmed'),
    ('outcome', 'connected', 'The patient goes on with what they found in the community', 'Ours', 'unconfirmed'),
    ('outcome', 'no-change', 'Nothing changed', 'Ours', 'unconfirmed'),
    ('principle', 'no-wrong-door', 'Wherever somebody asks, they are led to who can help and not sent away', '002_14b2ec4da8d9c2f3.txt section 10', 'derived'),
    ('principle', 'lead-agency', 'Who knows the patient best leads', 'Ours', 'unconfirmed'),
    ('principle', 'nearest-to-home', 'Who is nearest to the patient''s home takes it', 'Ours', 'unconfirmed');

-- Who works for which network on which days, both inclusive; wherever they are employed.
CREATE TABLE link_worker_alignment (
    network organisation_code NOT NULL,
    id uuid NOT NULL,
    subject some_text NOT NULL,
    employer organisation_code NOT NULL,
    from_on date NOT NULL,
    to_on date CHECK (to_on >= from_on),
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (network, id),
    CONSTRAINT link_worker_once EXCLUDE USING gist (network WITH =, subject WITH =, daterange(from_on, to_on, '[]') WITH &&)
);
CREATE UNIQUE INDEX link_worker_alignment_by_id ON link_worker_alignment (id);

CREATE TABLE social_prescription (
    id uuid PRIMARY KEY,
    patient uuid NOT NULL REFERENCES patient (id) ON DELETE CASCADE,
    needs text[] NOT NULL CHECK (needs <> '{}'),
    reason some_text,
    referrer text COLLATE "C" NOT NULL,
    referred_by text NOT NULL,
    network text COLLATE "C",
    -- Who takes it, and whoever took part until now: the referrer, and each agency that had it.
    organisation text COLLATE "C" NOT NULL,
    agencies text[] COLLATE "C" NOT NULL CHECK (referrer = ANY (agencies) AND organisation = ANY (agencies)),
    link_worker text,
    state text NOT NULL CHECK (state IN ('offered', 'accepted', 'in-plan', 'completed', 'declined', 'closed')),
    -- The contract's goals, actions, contacts, scores, redirects and steps.
    goals jsonb,
    actions jsonb,
    contacts jsonb,
    scores jsonb,
    redirects jsonb,
    history jsonb NOT NULL,
    outcome text,
    end_reason some_text,
    offered_at timestamptz NOT NULL,
    -- The local day on which it was offered: what counts are by.
    offered_on date NOT NULL,
    ended_at timestamptz,
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended boolean NOT NULL GENERATED ALWAYS AS (state IN ('completed', 'declined', 'closed')) STORED,
    CONSTRAINT social_prescription_planned CHECK (state NOT IN ('in-plan', 'completed') OR goals IS NOT NULL),
    CONSTRAINT social_prescription_ended CHECK ((ended_at IS NOT NULL) = (state IN ('completed', 'declined', 'closed'))
        AND (outcome IS NOT NULL) = (state = 'completed') AND (end_reason IS NOT NULL) = (state IN ('declined', 'closed')))
);
CREATE TRIGGER social_prescription_patient_stays BEFORE INSERT ON social_prescription FOR EACH ROW EXECUTE FUNCTION patient_stays();
CREATE INDEX social_prescription_by_agency ON social_prescription USING gin (agencies);
CREATE INDEX social_prescription_by_patient ON social_prescription (patient, ended, offered_at, id);
CREATE INDEX social_prescription_by_network ON social_prescription (network, offered_on);
CREATE INDEX social_prescription_by_worker ON social_prescription (organisation, link_worker) WHERE NOT ended;

INSERT INTO patient_holding (relation, link, title, merges) VALUES ('social_prescription', 'patient', 'socialPrescriptions', true);

ALTER TABLE social_prescription ENABLE ROW LEVEL SECURITY;
ALTER TABLE social_prescription FORCE ROW LEVEL SECURITY;
CREATE POLICY social_prescription_owner ON social_prescription TO CURRENT_USER USING (true);
-- Who took part until now, or lies above one of them unless the patient is sensitive; and who keeps the record or treats the patient.
CREATE FUNCTION prescription_shown(patient uuid, agencies text[]) RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    IF coalesce(told_own() OR agencies && told_organisations(), false) OR patient_cared_within(patient) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM unnest(agencies) a (code) WHERE takes_part(prescription_shown.patient, a.code));
END $$;
CREATE POLICY social_prescription_shown ON social_prescription FOR SELECT TO :app USING (prescription_shown(patient, agencies));
-- By who keeps the patient's record, for an organisation of their own.
CREATE POLICY social_prescription_made ON social_prescription FOR INSERT TO :app WITH CHECK (
    referrer = ANY (told_organisations()) AND patient_kept_within(patient));
-- By who takes it; and, to its end, by who referred or keeps the record. What the row becomes may be another's: it was redirected.
CREATE POLICY social_prescription_kept ON social_prescription FOR UPDATE TO :app USING (
    takes_part(patient, organisation) OR referrer = ANY (told_organisations()) OR patient_kept_within(patient))
    WITH CHECK (prescription_shown(patient, agencies));
GRANT SELECT ON outcome_measure, prescription_term TO :app;
GRANT SELECT, INSERT, UPDATE ON social_prescription, link_worker_alignment TO :app;

-- Whose it is, for the audit trail alone: a refused look is an entry about that patient.
CREATE FUNCTION patient_of_prescription(prescription uuid) RETURNS uuid STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT s.patient FROM social_prescription s WHERE s.id = prescription;
END;

-- A practice's network on a day: by its membership, or where none is known by what lies above it.
CREATE FUNCTION network_of(practice text, day date) RETURNS text STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT coalesce((SELECT m.network FROM membership m WHERE m.practice = network_of.practice AND m.from_on <= day
            AND (m.to_on IS NULL OR m.to_on >= day) ORDER BY m.from_on DESC LIMIT 1),
        (SELECT r.above FROM reach r JOIN organisation o ON o.code = r.above AND o.kind = 'network'
            WHERE r.organisation = network_of.practice ORDER BY r.above LIMIT 1));
END;

-- Who of a network's link workers (of an employer, where one is named) has the fewest prescriptions that are not over: a number, and of whom none is told.
CREATE FUNCTION link_worker_of(network text, day date, employer text) RETURNS TABLE (subject text, employer text) STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    SELECT a.subject::text, a.employer::text FROM link_worker_alignment a
    WHERE a.network = link_worker_of.network AND a.from_on <= day AND (a.to_on IS NULL OR a.to_on >= day)
      AND (link_worker_of.employer IS NULL OR a.employer = link_worker_of.employer)
    ORDER BY (SELECT count(*) FROM social_prescription s WHERE s.organisation = a.employer AND s.link_worker = a.subject AND NOT s.ended), a.subject
    LIMIT 1;
END;
