-- The audit trail as a chain. Whoever writes only puts a row into `audit_queue`, in the transaction of what it tells of; the job role (the
-- relay) moves it into `audit` under the next place, with a hash over the row and the hash before it. The application can neither read what
-- it queued nor change or delete anything of the trail.

-- A service of the version before must not write meanwhile.
LOCK TABLE audit IN ACCESS EXCLUSIVE MODE;

-- A row lives for half a second: the table is swept by number, not by share, and never given back to the operating system, which would lock
-- it.
CREATE TABLE audit_queue (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    subject text NOT NULL,
    organisation text NOT NULL,
    -- Address of the client and name of the key; NULL where they are not known.
    origin text,
    peer text,
    method text NOT NULL,
    resource text NOT NULL,
    verdict text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1,
        autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);

-- What was written before there was a chain comes first, in its order. Its resources are what was kept of them: the aggregates' codes.
INSERT INTO audit_queue (at, request_id, subject, organisation, method, resource, verdict)
    SELECT at, request_id, subject, organisation, method, target, 'done' FROM audit ORDER BY id;
DROP TABLE audit;

CREATE TABLE audit (
    place bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    subject text NOT NULL,
    organisation text NOT NULL,
    origin text,
    peer text,
    method text NOT NULL,
    resource text NOT NULL,
    verdict text NOT NULL,
    hash bytea NOT NULL
);

-- One row: the latest place and its hash, so that an end that is cut off shows.
CREATE TABLE audit_head (
    place bigint NOT NULL,
    hash bytea NOT NULL,
    single boolean PRIMARY KEY DEFAULT true CHECK (single)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO audit_head (place, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- The bytes of an entry that are hashed: each field as a netstring of its text, see pcn/audit/v1/audit.proto.
CREATE FUNCTION audit_content(place bigint, at timestamptz, request_id uuid, subject text, organisation text, origin text, peer text,
                              method text, resource text, verdict text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT convert_to(concat(
        octet_length(place::text), ':', place, ',',
        '27:', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), ',',
        '36:', request_id, ',',
        octet_length(subject), ':', subject, ',',
        octet_length(organisation), ':', organisation, ',',
        coalesce(octet_length(origin), 0), ':', origin, ',',
        coalesce(octet_length(peer), 0), ':', peer, ',',
        octet_length(method), ':', method, ',',
        octet_length(resource), ':', resource, ',',
        octet_length(verdict), ':', verdict, ','), 'UTF8')
$$;

-- The next hash. `head` is the one before the batch, for its first row.
CREATE FUNCTION audit_link(before bytea, head bytea, content bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF before IS NULL THEN
        RETURN sha256(head || content);
    END IF;
    RETURN sha256(before || content);
END
$$;
CREATE AGGREGATE audit_chain(head bytea, content bytea) (SFUNC = audit_link, STYPE = bytea);

GRANT INSERT ON audit_queue TO :app;
GRANT SELECT ON audit, audit_head TO :app;
GRANT SELECT, DELETE ON audit_queue TO :job;
GRANT SELECT, INSERT ON audit TO :job;
GRANT SELECT, UPDATE ON audit_head TO :job;
