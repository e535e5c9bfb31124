-- Tables of the rival and of pgbench: those of the registry that a read and a create touch, with the same keys, checks and indexes.
-- Made anew by every run.
DROP SCHEMA IF EXISTS bench_rival CASCADE;
CREATE SCHEMA bench_rival;
SET search_path = bench_rival;

CREATE TABLE organisation (
    code text COLLATE "C" PRIMARY KEY CHECK (code ~ '^([a-z0-9][a-z0-9-]{1,63}|[A-Z0-9]{3,12})$'),
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('ics', 'ccg', 'sub-icb', 'local-authority', 'trust', 'provider', 'ambulance', 'federation',
        'governance-group', 'partnership', 'representative-body', 'local-system', 'network', 'practice', 'voluntary', 'supplier')),
    level text CHECK (level IN ('system', 'place', 'neighbourhood', 'practice')),
    parent text REFERENCES organisation (code) CHECK (parent <> code),
    status text NOT NULL CHECK (status IN ('proposed', 'active', 'closed')),
    stated_population bigint CHECK (stated_population >= 0),
    source text,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX organisation_by_kind ON organisation (kind, code);
CREATE INDEX organisation_by_parent ON organisation (parent, code) WHERE parent IS NOT NULL;

CREATE TABLE event (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    subject text NOT NULL,
    version bigint NOT NULL,
    time timestamptz NOT NULL,
    traceparent text,
    data text NOT NULL
);

CREATE TABLE idempotency (
    organisation text NOT NULL,
    subject text NOT NULL,
    method text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    answer text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation, subject, method, key)
);
CREATE INDEX idempotency_created ON idempotency USING brin (created_at);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    subject text NOT NULL,
    organisation text NOT NULL,
    method text NOT NULL,
    target text NOT NULL
);
