-- The directory of services.

-- Kinds with their rules and targets, as data. What the documents or public sources say stands with its confidence; where nothing does, the
-- target is left out.
CREATE TABLE service_kind (
    code organisation_code PRIMARY KEY,
    name some_text NOT NULL,
    target_minutes integer CHECK (target_minutes > 0),
    criteria jsonb NOT NULL DEFAULT '{}',
    accepts_from jsonb NOT NULL DEFAULT '{}',
    non_medical boolean NOT NULL DEFAULT false,
    minimum_offer boolean NOT NULL DEFAULT false,
    source text,
    confidence text CHECK (confidence IN ('verified', 'derived', 'unconfirmed')),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Leads with the organisation that a distributed PostgreSQL would shard by; a service's id is found by its own index.
CREATE TABLE service (
    provider organisation_code NOT NULL,
    id uuid NOT NULL,
    name some_text NOT NULL,
    site text,
    kind text NOT NULL REFERENCES service_kind (code),
    specialty text,
    channels text[] NOT NULL CHECK (channels <@ ARRAY['in-person', 'telephone', 'video', 'online-message'] AND channels <> '{}'),
    hours jsonb NOT NULL DEFAULT '{}',
    criteria jsonb NOT NULL DEFAULT '{}',
    areas text[] NOT NULL DEFAULT '{}',
    target_minutes integer CHECK (target_minutes > 0),
    accepts_from jsonb NOT NULL DEFAULT '{}',
    places integer CHECK (places >= 0),
    free integer CHECK (free BETWEEN 0 AND places),
    capacity_as_of timestamptz,
    latitude numeric(8, 6) CHECK (latitude BETWEEN -90 AND 90),
    longitude numeric(9, 6) CHECK (longitude BETWEEN -180 AND 180),
    address text,
    location_synthetic boolean NOT NULL DEFAULT false,
    telephone text,
    url text,
    description text,
    status text NOT NULL CHECK (status IN ('active', 'suspended', 'closed')),
    -- From when its provider is closed, as the registry has it: here, where every search and booking looks already.
    closes_at timestamptz,
    source text,
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- What a search looks for words in.
    words text NOT NULL GENERATED ALWAYS AS (lower(name || coalesce(' ' || specialty, '') || coalesce(' ' || description, ''))) STORED,
    PRIMARY KEY (provider, id),
    CONSTRAINT service_holds_together CHECK ((places IS NULL) = (free IS NULL) AND (latitude IS NULL) = (longitude IS NULL))
);
CREATE UNIQUE INDEX service_by_id ON service (id);
CREATE INDEX service_by_kind ON service (kind, provider);
CREATE INDEX service_by_words ON service USING gin (words gin_trgm_ops);

CREATE FUNCTION follow_closing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    UPDATE service s SET closes_at = NEW.closed_on::timestamp AT TIME ZONE 'Europe/London' WHERE s.provider = NEW.code;
    RETURN NULL;
END $$;
CREATE TRIGGER follow_closing_insert AFTER INSERT ON organisation FOR EACH ROW WHEN (NEW.closed_on IS NOT NULL)
    EXECUTE FUNCTION follow_closing();
CREATE TRIGGER follow_closing_update AFTER UPDATE ON organisation FOR EACH ROW WHEN (NEW.closed_on IS DISTINCT FROM OLD.closed_on)
    EXECUTE FUNCTION follow_closing();

-- A service that is made while the close is on record, or becomes so at that moment: the provider's row is locked as the trigger above has it.
CREATE FUNCTION service_closing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
BEGIN
    NEW.closes_at := (SELECT o.closed_on::timestamp AT TIME ZONE 'Europe/London' FROM organisation o WHERE o.code = NEW.provider FOR SHARE);
    RETURN NEW;
END $$;
CREATE TRIGGER service_closing BEFORE INSERT ON service FOR EACH ROW EXECUTE FUNCTION service_closing();

-- STABLE, as to_char is: what is called more than it is becomes no part of the statement, and costs a plan of its own in each execution.
CREATE FUNCTION instant_text(at timestamptz) RETURNS text STABLE LANGUAGE sql
    RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- Along the sphere; NULL where a place is not known.
CREATE FUNCTION metres_between(latitude_a float8, longitude_a float8, latitude_b float8, longitude_b float8) RETURNS integer
    IMMUTABLE LANGUAGE sql
    RETURN (2 * 6371008.8 * asin(least(1, sqrt(power(sind((latitude_b - latitude_a) / 2), 2)
        + cosd(latitude_a) * cosd(latitude_b) * power(sind((longitude_b - longitude_a) / 2), 2)))))::integer;

CREATE FUNCTION capacity_json(s service) RETURNS jsonb STABLE LANGUAGE sql
    RETURN CASE WHEN s.places IS NOT NULL
        THEN jsonb_build_object('places', s.places, 'free', s.free, 'asOf', instant_text(s.capacity_as_of)) END;

CREATE FUNCTION location_json(s service) RETURNS jsonb STABLE LANGUAGE sql
    RETURN CASE WHEN s.latitude IS NOT NULL THEN jsonb_strip_nulls(jsonb_build_object('latitude', trim_scale(s.latitude)::text,
        'longitude', trim_scale(s.longitude)::text, 'address', s.address, 'synthetic', nullif(s.location_synthetic, false))) END;

-- As the contract's Service.
CREATE FUNCTION service_json(s service) RETURNS jsonb STABLE LANGUAGE sql
    RETURN jsonb_strip_nulls(jsonb_build_object('id', s.id, 'name', s.name, 'provider', s.provider, 'site', s.site, 'kind', s.kind,
        'specialty', s.specialty, 'channels', s.channels, 'hours', nullif(s.hours, '{}'), 'criteria', nullif(s.criteria, '{}'),
        'areas', s.areas, 'targetMinutes', s.target_minutes, 'acceptsFrom', nullif(s.accepts_from, '{}'), 'capacity', capacity_json(s),
        'location', location_json(s), 'telephone', s.telephone, 'url', s.url, 'description', s.description, 'status', s.status,
        'source', s.source, 'synthetic', nullif(s.synthetic, false), 'version', s.version, 'createdAt', instant_text(s.created_at),
        'updatedAt', instant_text(s.updated_at)));

-- Whether a caller of these organisations may refer to what accepts from `rule`, an AcceptsFrom of the contract.
CREATE FUNCTION accepts_caller(rule jsonb, callers text[]) RETURNS boolean STABLE LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (rule ? 'kinds' OR rule ? 'organisations') THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM organisation o WHERE o.code = ANY (callers) AND rule -> 'kinds' ? o.kind)
        OR EXISTS (SELECT FROM reach r WHERE r.organisation = ANY (callers) AND rule -> 'organisations' ? r.above);
END $$;

-- The same of a service of a kind: by its own rule, and by its kind's where it has none. Who provides it may always.
CREATE FUNCTION service_accepts(s service, k service_kind, callers text[]) RETURNS boolean STABLE LANGUAGE sql
    RETURN CASE WHEN s.accepts_from <> '{}' THEN s.provider = ANY (callers) OR accepts_caller(s.accepts_from, callers)
        WHEN k.accepts_from <> '{}' THEN s.provider = ANY (callers) OR accepts_caller(k.accepts_from, callers) ELSE true END;

-- Whom it takes at all, as its kind has it where it says nothing of its own, member by member.
CREATE FUNCTION service_rules(s service, k service_kind) RETURNS jsonb STABLE LANGUAGE sql
    RETURN CASE WHEN s.criteria = '{}' THEN nullif(k.criteria, '{}') ELSE k.criteria || s.criteria END;

-- As the store's Taking.
CREATE FUNCTION taking_json(s service, k service_kind, callers text[], serves boolean, birth_date date, sex text) RETURNS jsonb
    STABLE LANGUAGE sql
    RETURN jsonb_strip_nulls(jsonb_build_object('acceptsCaller', service_accepts(s, k, callers), 'serves', serves,
        'rules', service_rules(s, k), 'birthDate', birth_date, 'sex', sex));

CREATE TABLE signposting (
    practice organisation_code NOT NULL,
    id uuid NOT NULL,
    need text NOT NULL,
    service uuid NOT NULL,
    non_medical boolean NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('suggested', 'taken', 'declined')),
    avoided_appointment boolean NOT NULL DEFAULT false,
    at timestamptz NOT NULL,
    -- The local day: what measures count by.
    day date NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (practice, id)
);
CREATE UNIQUE INDEX signposting_by_id ON signposting (id);
CREATE INDEX signposting_by_day ON signposting (practice, day);

GRANT SELECT, INSERT, UPDATE ON service_kind, service, signposting TO :app;
GRANT SELECT ON service_kind, service TO :job;

-- Needs are codes that callers share; these are the ones that the kinds below name.
INSERT INTO service_kind (code, name, target_minutes, criteria, accepts_from, non_medical, minimum_offer, source, confidence) VALUES
    ('general-practice', 'General practice', NULL, '{}', '{}', false, true,
        '002_14b2ec4da8d9c2f3.txt sections 9.2, 9.3', 'derived'),
    ('extended-access-hub', 'Extended access hub', NULL, '{}', '{}', false, true,
        '002_14b2ec4da8d9c2f3.txt sections 9.1 to 9.3', 'derived'),
    ('community-pharmacy', 'Community pharmacy, minor ailments', NULL,
        '{"ageFrom": 1, "accepts": ["athletes-foot", "cold", "constipation", "cough", "diarrhoea", "hay-fever", "head-lice", "insect-bite", "sore-throat", "thrush"], "excludes": ["chest-pain", "breathlessness", "head-injury", "sepsis"]}',
        '{}', false, true, '002_14b2ec4da8d9c2f3.txt section 5.4 (the service); needs and ages are ours', 'unconfirmed'),
    ('optometry', 'Optometry, minor eye conditions', NULL,
        '{"accepts": ["dry-eye", "flashes-or-floaters", "foreign-body-in-eye", "red-eye"], "excludes": ["chemical-eye-injury", "sudden-loss-of-sight"]}',
        '{}', false, false, '002_14b2ec4da8d9c2f3.txt section 5.4 (the service); needs are ours', 'unconfirmed'),
    ('dental', 'Dental care', NULL, '{"accepts": ["toothache", "lost-filling", "dental-swelling"], "excludes": ["airway-swelling"]}', '{}', false,
        false, '002_14b2ec4da8d9c2f3.txt section 5.4 (the service); needs are ours', 'unconfirmed'),
    ('first-contact-physiotherapy', 'First contact physiotherapy', NULL,
        '{"ageFrom": 16, "accepts": ["back-pain", "joint-pain", "neck-pain", "sprain"], "excludes": ["cauda-equina", "fracture"]}', '{}', false, true,
        '002_14b2ec4da8d9c2f3.txt section 8.2 (the service); needs and ages are ours', 'unconfirmed'),
    ('diagnostic-hub', 'Diagnostic hub', NULL, '{}', '{"kinds": ["practice", "network", "provider", "trust"]}', false, true,
        '002_14b2ec4da8d9c2f3.txt sections 8.2 to 8.4', 'derived'),
    ('same-day-emergency-care', 'Same day emergency care', 240, '{"ageFrom": 16}',
        '{"kinds": ["practice", "network", "provider", "ambulance", "trust"]}', false, false,
        '002_14b2ec4da8d9c2f3.txt sections 9.2 to 9.4 (the service); the interval is ours', 'unconfirmed'),
    ('crisis-response', 'Crisis response within two hours', 120, '{"ageFrom": 18}',
        '{"kinds": ["practice", "network", "provider", "ambulance", "trust", "local-authority"]}', false, false,
        'Rules of the field: crisis response within two hours', 'verified'),
    ('palliative-triage-hub', 'Palliative triage hub', 60, '{"ageFrom": 18}',
        '{"kinds": ["practice", "network", "provider", "ambulance", "trust"]}', false, false,
        'Rules of the field name the hub; the interval is ours', 'unconfirmed'),
    ('community-hub', 'Community hub of a network', NULL, '{}', '{}', false, false, '003_d2e488d7828a9a23.txt', 'derived'),
    ('specialist-clinic', 'Specialist clinic or therapy in a network', NULL, '{}', '{"kinds": ["practice", "network", "provider", "trust"]}', false,
        false, '002_14b2ec4da8d9c2f3.txt sections 7.2, 16.5', 'derived'),
    ('voluntary-service', 'Voluntary service', NULL, '{}', '{}', true, false, '002_14b2ec4da8d9c2f3.txt sections 10.1, 10.3', 'derived'),
    ('community-group', 'Community group', NULL, '{}', '{}', true, false, '002_14b2ec4da8d9c2f3.txt sections 10.1, 10.3', 'derived');
