-- Organisations of every level. Two trees over the same rows: `parent` is the one of commissioning, `place` the one of council areas.
-- The primary key is the code that a distributed PostgreSQL would shard by; rows are never deleted, so plain references suffice.
CREATE TABLE organisation (
    code text COLLATE "C" PRIMARY KEY CHECK (code ~ '^([a-z0-9][a-z0-9-]{1,63}|[A-Z0-9]{3,12})$'),
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('ics', 'ccg', 'sub-icb', 'local-authority', 'trust', 'provider', 'ambulance', 'federation',
        'governance-group', 'partnership', 'representative-body', 'local-system', 'network', 'practice', 'voluntary', 'supplier')),
    level text CHECK (level IN ('system', 'place', 'neighbourhood', 'practice')),
    parent text REFERENCES organisation (code) CHECK (parent <> code),
    place text REFERENCES organisation (code) CHECK (place <> code),
    status text NOT NULL CHECK (status IN ('proposed', 'active', 'closed')),
    opened_on date,
    closed_on date CHECK (closed_on >= opened_on),
    former_names text[] NOT NULL DEFAULT '{}',
    identifiers jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(identifiers) = 'array'),
    stated_population bigint CHECK (stated_population >= 0),
    stated_practice_count bigint CHECK (stated_practice_count >= 0),
    source text,
    notes text,
    payee text REFERENCES organisation (code),
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (status <> 'closed' OR closed_on IS NOT NULL),
    CHECK (payee IS NULL OR kind = 'network')
);

-- Lists page by code within their filter.
CREATE INDEX organisation_by_kind ON organisation (kind, code);
CREATE INDEX organisation_by_parent ON organisation (parent, code) WHERE parent IS NOT NULL;
CREATE INDEX organisation_by_place ON organisation (place, code) WHERE place IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON organisation TO :app;
GRANT SELECT ON organisation TO :job;
