-- Imports on their way into the registry: rows as they were read, by file and line, until all of them go in together or none does.
CREATE TABLE import (
    id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('receiving', 'waiting', 'checking', 'applying', 'succeeded', 'failed', 'cancelled')),
    dry_run boolean NOT NULL,
    start date NOT NULL,
    -- Pieces that are read; the next is one more.
    pieces integer NOT NULL DEFAULT 0,
    -- Where the reading stands between two pieces: ImportReading in proto/pcn/registry/store/v1/imports.proto, packed.
    reading bytea,
    -- ImportFile by file, in the order of sending: [{"name": …, "bytes": …, "rows": …}].
    files jsonb NOT NULL DEFAULT '[]',
    rows bigint NOT NULL DEFAULT 0,
    problem_count bigint NOT NULL DEFAULT 0,
    progress integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    -- How often applying it began: what ends the server each time is given up.
    attempts integer NOT NULL DEFAULT 0,
    -- Organisations and sites that it made and changed.
    created bigint,
    changed bigint,
    -- Of its rows: those of which something was recorded, and those that were on record already.
    added_rows bigint,
    unchanged_rows bigint,
    created_at timestamptz NOT NULL,
    -- When the newest piece came.
    received_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    -- What ended stays ended: one that is cancelled while its turn begins is not applied.
    CONSTRAINT import_is_over CHECK (finished_at IS NULL OR state IN ('succeeded', 'failed', 'cancelled'))
);
CREATE INDEX import_by_state ON import (state, created_at) WHERE state NOT IN ('succeeded', 'failed', 'cancelled');
CREATE INDEX import_by_end ON import (finished_at) WHERE finished_at IS NOT NULL;

-- A row that is well-formed by itself. One line of the data set may be several: a network's line is its list size and its directors. Without
-- a foreign key, which would be checked row by row: rows come with a change of their import in one statement, and an import is forgotten
-- after its rows.
CREATE TABLE import_row (
    import uuid NOT NULL,
    -- Place in import.files, from 1.
    file integer NOT NULL,
    line integer NOT NULL,
    -- A member of RegistryFiles that is exported, or "organisation_parts": fields that another file adds to an organisation.
    kind text NOT NULL,
    -- The message of that kind in JSON.
    data jsonb NOT NULL,
    -- Which of the import's rows it comes from, from 1: a document may have all of its rows on one line.
    place integer NOT NULL,
    -- Of a JSON document: the row's path, as in organisations[2].
    path text
);
CREATE INDEX import_row_by_kind ON import_row (import, kind);

CREATE TABLE import_problem (
    import uuid NOT NULL REFERENCES import (id) ON DELETE CASCADE,
    file integer NOT NULL,
    line integer NOT NULL,
    field text,
    reason text NOT NULL
);
CREATE INDEX import_problem_by_import ON import_problem (import, file, line);

GRANT SELECT, INSERT, UPDATE, DELETE ON import, import_row, import_problem TO :app;
GRANT SELECT ON import, import_row, import_problem TO :job;
