-- How a service keeps a read copy of another's data: where it stands in that log, what it has of each resource, and what it could not
-- apply. The copy itself is the service's own tables.

-- One row a log that is followed. Every step moves `version`, so a step that was sent twice, or by a replica whose turn is over, does
-- nothing.
CREATE TABLE follower (
    source text COLLATE "C" PRIMARY KEY,
    state text NOT NULL DEFAULT 'snapshot' CHECK (state IN ('snapshot', 'following', 'stopped')),
    -- The last place that was applied; the epoch is empty until there is one.
    sequence bigint NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    epoch text NOT NULL DEFAULT '',
    -- Counts the snapshots.
    generation bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    moved_at timestamptz NOT NULL DEFAULT now(),
    -- What it stands before.
    dead_letter uuid,
    CHECK ((state = 'stopped') = (dead_letter IS NOT NULL))
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What the copy has: the version and epoch of each resource, the type of its newest event, and the snapshot that named it last.
CREATE TABLE follower_subject (
    source text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    type text NOT NULL,
    version bigint NOT NULL,
    epoch text NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (source, subject)
) WITH (fillfactor = 80);
-- What a snapshot did not name is found by it.
CREATE INDEX follower_subject_generation ON follower_subject (source, generation, subject);

-- What could not be applied, for an operator to decide on. Kept for good.
CREATE TABLE dead_letter (
    id uuid PRIMARY KEY,
    source text COLLATE "C" NOT NULL,
    -- NULL for a resource of a snapshot.
    sequence bigint,
    type text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    -- As it came, JSON or not; NULL for a resource that the snapshot lacks.
    data text,
    time timestamptz,
    problem text NOT NULL,
    at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'skipped', 'retried')),
    decided_by text,
    decided_at timestamptz,
    reason text,
    CHECK ((state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL) AND (state = 'open') = (reason IS NULL))
);
-- What was skipped is left out of a later snapshot too.
CREATE INDEX dead_letter_skipped ON dead_letter (source, subject) WHERE state = 'skipped';

GRANT SELECT, INSERT, UPDATE ON follower TO :app;
GRANT SELECT, INSERT, UPDATE, DELETE ON follower_subject TO :app;
GRANT SELECT, INSERT ON dead_letter TO :app;
GRANT UPDATE (state, decided_by, decided_at, reason) ON dead_letter TO :app;
