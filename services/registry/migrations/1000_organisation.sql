-- Single-column rules are domains: PostgreSQL keeps a domain's rule ready, while it reads a table's CHECK anew for every statement, which
-- was a fifth of the cost of a creation.
CREATE DOMAIN organisation_code AS text COLLATE "C" CHECK (VALUE ~ '^([a-z0-9][a-z0-9-]{1,63}|[A-Z0-9]{3,12})$');
CREATE DOMAIN organisation_kind AS text CHECK (VALUE IN ('ics', 'ccg', 'sub-icb', 'local-authority', 'trust', 'provider', 'ambulance',
    'federation', 'governance-group', 'partnership', 'representative-body', 'local-system', 'network', 'practice', 'voluntary', 'supplier'));
CREATE DOMAIN organisation_level AS text CHECK (VALUE IN ('system', 'place', 'neighbourhood', 'practice'));
CREATE DOMAIN organisation_status AS text CHECK (VALUE IN ('proposed', 'active', 'closed'));
CREATE DOMAIN some_text AS text CHECK (VALUE <> '');
CREATE DOMAIN whole_count AS bigint CHECK (VALUE >= 0);

-- Organisations of every level. Two trees over the same rows: `parent` is the one of commissioning, `place` the one of council areas.
-- The primary key is the code that a distributed PostgreSQL would shard by; rows are never deleted, so plain references suffice.
CREATE TABLE organisation (
    code organisation_code PRIMARY KEY,
    name some_text NOT NULL,
    kind organisation_kind NOT NULL,
    level organisation_level,
    parent text REFERENCES organisation (code),
    place text REFERENCES organisation (code),
    status organisation_status NOT NULL,
    opened_on date,
    closed_on date,
    former_names text[] NOT NULL DEFAULT '{}',
    identifiers jsonb NOT NULL DEFAULT '[]',
    stated_population whole_count,
    stated_practice_count whole_count,
    source text,
    notes text,
    payee text REFERENCES organisation (code),
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT organisation_holds_together CHECK (parent <> code AND place <> code AND closed_on >= opened_on
        AND (status <> 'closed' OR closed_on IS NOT NULL) AND (payee IS NULL OR kind = 'network'))
);

-- Lists page by code within their filter.
CREATE INDEX organisation_by_kind ON organisation (kind, code);
CREATE INDEX organisation_by_parent ON organisation (parent, code) WHERE parent IS NOT NULL;
CREATE INDEX organisation_by_place ON organisation (place, code) WHERE place IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON organisation TO :app;
GRANT SELECT ON organisation TO :job;
