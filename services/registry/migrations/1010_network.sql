-- Equality on text within the exclusion constraints below. A trusted extension: the schema's owner may install it.
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA :schema;

-- The neighbourhood teams of a network that is larger than the band.
CREATE TABLE sub_group (
    network text NOT NULL REFERENCES organisation (code),
    code text NOT NULL,
    source text,
    PRIMARY KEY (network, code)
);

-- Core memberships. Days are inclusive; no last day: still a member. The key leads with the practice, which the rule is about.
CREATE TABLE membership (
    practice text NOT NULL REFERENCES organisation (code),
    network text NOT NULL REFERENCES organisation (code),
    sub_group text,
    from_on date NOT NULL,
    to_on date CHECK (to_on >= from_on),
    source text,
    from_assumed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (practice, network, from_on),
    FOREIGN KEY (network, sub_group) REFERENCES sub_group (network, code),
    CONSTRAINT membership_one_core_network EXCLUDE USING gist (practice WITH =, daterange(from_on, to_on, '[]') WITH &&)
);
CREATE INDEX membership_by_network ON membership (network, practice);

-- Terms of clinical directors; several at once share the job.
CREATE TABLE director_term (
    network text NOT NULL REFERENCES organisation (code),
    name text NOT NULL CHECK (name <> ''),
    from_on date NOT NULL,
    to_on date CHECK (to_on >= from_on),
    share numeric(4, 3) CHECK (share > 0 AND share <= 1),
    source text,
    from_assumed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (network, name, from_on),
    CONSTRAINT director_term_once EXCLUDE USING gist (network WITH =, name WITH =, daterange(from_on, to_on, '[]') WITH &&)
);

-- Counted lists; '' for the sub-group means the whole organisation. Kinds are not interchangeable, and a synthetic figure never
-- stands in the way of a real one.
CREATE TABLE list_size (
    organisation text NOT NULL REFERENCES organisation (code),
    kind text NOT NULL CHECK (kind IN ('registered', 'weighted', 'adjusted')),
    sub_group text NOT NULL DEFAULT '',
    as_of date NOT NULL,
    synthetic boolean NOT NULL DEFAULT false,
    count bigint NOT NULL CHECK (count >= 0),
    source text NOT NULL,
    PRIMARY KEY (organisation, kind, sub_group, as_of, synthetic)
);

GRANT SELECT, INSERT ON sub_group, list_size TO :app;
GRANT SELECT, INSERT, UPDATE ON membership, director_term TO :app;
GRANT SELECT ON sub_group, membership, director_term, list_size TO :job;
