-- What the board knows of the registry's organisations: a copy, kept by the follower.
CREATE TABLE organisation_copy (
    subject text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    status text NOT NULL
);

-- Notices are never deleted; one that was taken down has a day on which it was.
CREATE TABLE notice (
    code text COLLATE "C" PRIMARY KEY,
    organisation text NOT NULL,
    text text NOT NULL CHECK (text <> ''),
    until date,
    taken_down_on date,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL
);

-- What the job looks for.
CREATE INDEX notice_by_last_day ON notice (until) WHERE taken_down_on IS NULL AND until IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON notice TO :app;
GRANT SELECT, INSERT, UPDATE, DELETE ON organisation_copy TO :app;
GRANT SELECT ON notice, organisation_copy TO :job;
