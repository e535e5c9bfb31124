-- What every service has besides its own tables: the change log, the answers kept for repeated requests, the audit trail.
-- The application inserts and reads; only the job role (the relay) numbers and prunes.

-- Insert-only. A row is written by the statement that changed the aggregate, so both are committed or neither.
CREATE TABLE event (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    subject text NOT NULL,
    version bigint NOT NULL,
    time timestamptz NOT NULL,
    traceparent text,
    -- The resource after the change as JSON text, handed on byte by byte.
    data text NOT NULL
);

-- Committed events that the relay has not numbered yet. `position` is taken while the aggregate's row is locked, so the events of one
-- aggregate keep their order.
CREATE TABLE event_queue (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event uuid NOT NULL
);

-- The log's order: 1, 2, 3 … without a gap.
CREATE TABLE event_sequence (
    sequence bigint PRIMARY KEY,
    event uuid NOT NULL
);

-- One row: changes only where a log is rebuilt, so that places of the old one are recognised.
CREATE TABLE log_epoch (
    epoch uuid NOT NULL,
    single boolean PRIMARY KEY DEFAULT true CHECK (single)
);
INSERT INTO log_epoch (epoch) VALUES (gen_random_uuid());

-- First answers, kept 24 hours. Only changes that took place are here.
CREATE TABLE idempotency (
    organisation text NOT NULL,
    subject text NOT NULL,
    method text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    answer bytea NOT NULL,
    version bigint,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation, subject, method, key)
);
CREATE INDEX idempotency_created ON idempotency USING brin (created_at);

-- Insert-only: who changed what.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    subject text NOT NULL,
    organisation text NOT NULL,
    method text NOT NULL,
    target text NOT NULL
);

GRANT USAGE ON SCHEMA :schema TO :app, :job;
GRANT SELECT ON migration TO :app, :job;
GRANT SELECT, INSERT ON event TO :app;
GRANT INSERT ON event_queue TO :app;
GRANT SELECT ON event_sequence, log_epoch TO :app;
GRANT SELECT, INSERT ON idempotency TO :app;
GRANT INSERT ON audit TO :app;
GRANT SELECT ON event, log_epoch TO :job;
GRANT SELECT, DELETE ON event_queue, idempotency TO :job;
GRANT SELECT, INSERT ON event_sequence TO :job;
