-- What referral keeps of the registry: who is who, and who lies below whom. Fed by the registry's events alone.

-- As the registry reads it (its 1100_code_rule.sql): `{1,63}` would take ten times as long.
CREATE DOMAIN organisation_code AS text COLLATE "C"
    CHECK (VALUE ~ '^[a-z0-9][a-z0-9-]+$' AND length(VALUE) <= 64 OR VALUE ~ '^[A-Z0-9]{3,12}$');
CREATE DOMAIN some_text AS text CHECK (VALUE <> '');
CREATE DOMAIN channel AS text CHECK (VALUE IN ('in-person', 'telephone', 'video', 'online-message'));

-- As strict as the registry promises to be, and no stricter: what breaks it stops the follower. Analyzed once half as many have come, as there.
CREATE TABLE organisation (
    code organisation_code PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL,
    parent text COLLATE "C",
    place text COLLATE "C",
    status text NOT NULL,
    version bigint NOT NULL,
    -- The first day on which it is closed, also one to come, and what goes on in its place from then on.
    closed_on date,
    successors text[] NOT NULL DEFAULT '{}'
) WITH (autovacuum_analyze_scale_factor = 0.5);
CREATE INDEX organisation_by_parent ON organisation (parent) WHERE parent IS NOT NULL;
CREATE INDEX organisation_by_place ON organisation (place) WHERE place IS NOT NULL;

-- Reach: everything above an organisation over both trees, itself included. Row-level security asks it for every patient, so it is a table.
-- Of the same collation as codes: an index of another one does not serve a comparison with them.
CREATE TABLE reach (
    organisation text COLLATE "C" NOT NULL,
    above text COLLATE "C" NOT NULL,
    PRIMARY KEY (organisation, above)
) WITH (autovacuum_analyze_scale_factor = 0.5);
CREATE INDEX reach_by_above ON reach (above, organisation);

-- What lies above each of these now. UNION ends what a circle would not.
CREATE FUNCTION reach_of(codes text[]) RETURNS TABLE (organisation text, above text) STABLE LANGUAGE sql
BEGIN ATOMIC
    WITH RECURSIVE upward (organisation, above) AS (
        SELECT c.code COLLATE "C", c.code COLLATE "C" FROM unnest(codes) AS c (code)
        UNION
        SELECT u.organisation, s.code
        FROM upward u CROSS JOIN LATERAL (SELECT k.parent, k.place FROM organisation k WHERE k.code = u.above OFFSET 0) o
        CROSS JOIN LATERAL (VALUES (o.parent), (o.place)) AS s (code)
        WHERE s.code IS NOT NULL
    )
    SELECT u.organisation, u.above FROM upward u;
END;

-- Whoever moves takes along all that lies below, which is looked up for each: left to itself the planner reads all of `reach` whenever anything
-- arrives.
CREATE FUNCTION follow_reach() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp AS $$
DECLARE
    moved text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT code) INTO moved FROM (
            SELECT n.code FROM arrived n
            UNION ALL
            SELECT r.organisation FROM arrived n CROSS JOIN LATERAL (
                SELECT l.organisation FROM reach l WHERE l.above = n.code OFFSET 0) r) m (code);
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(DISTINCT r.organisation) INTO moved
        FROM (SELECT n.code, n.parent, n.place FROM arrived n EXCEPT SELECT o.code, o.parent, o.place FROM gone o) n
        CROSS JOIN LATERAL (SELECT l.organisation FROM reach l WHERE l.above = n.code OFFSET 0) r;
    ELSE
        SELECT array_agg(DISTINCT r.organisation) INTO moved FROM gone o CROSS JOIN LATERAL (
            SELECT l.organisation FROM reach l WHERE l.above = o.code OFFSET 0) r;
    END IF;
    IF moved IS NULL THEN
        RETURN NULL;
    END IF;
    DELETE FROM reach r WHERE r.organisation = ANY (moved);
    INSERT INTO reach SELECT u.organisation, u.above FROM reach_of(ARRAY(SELECT o.code FROM organisation o WHERE o.code = ANY (moved))) u;
    RETURN NULL;
END $$;
CREATE TRIGGER follow_reach_insert AFTER INSERT ON organisation REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT
    EXECUTE FUNCTION follow_reach();
CREATE TRIGGER follow_reach_update AFTER UPDATE ON organisation REFERENCING OLD TABLE AS gone NEW TABLE AS arrived FOR EACH STATEMENT
    EXECUTE FUNCTION follow_reach();
CREATE TRIGGER follow_reach_delete AFTER DELETE ON organisation REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
    EXECUTE FUNCTION follow_reach();

-- Whether it is one of these organisations or lies below one. What reads tables and cannot become part of the statement that asks is plpgsql,
-- here and in the files after this: its plan stays with the connection, while that of LANGUAGE sql is made anew in each execution.
CREATE FUNCTION within_reach(code text, organisations text[]) RETURNS boolean STABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN EXISTS (SELECT FROM reach r WHERE r.organisation = code AND r.above = ANY (organisations));
END $$;

-- Registered lists of whole organisations, what is owed rests on them. A synthetic one stands beside a real one and never in its place.
CREATE TABLE list_size (
    organisation text COLLATE "C" NOT NULL,
    as_of date NOT NULL,
    synthetic boolean NOT NULL,
    count bigint NOT NULL CHECK (count >= 0),
    source text,
    PRIMARY KEY (organisation, synthetic, as_of)
);

-- Who belongs to which network on which days, both inclusive.
CREATE TABLE membership (
    network text COLLATE "C" NOT NULL,
    practice text COLLATE "C" NOT NULL,
    from_on date NOT NULL,
    to_on date,
    PRIMARY KEY (network, practice, from_on)
);
CREATE INDEX membership_by_practice ON membership (practice);

GRANT SELECT, INSERT, UPDATE, DELETE ON organisation, list_size, membership TO :app;
GRANT SELECT ON reach TO :app;
GRANT SELECT ON organisation, reach TO :job;
