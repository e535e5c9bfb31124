-- Search asked each name that shares letters with what is looked for how like it is, several times over and at 10 µs a time, which with a
-- whole country of names was most of its cost; and its function was planned anew by each call. Now what contains the words comes first and is
-- placed by their lengths alone, what merely resembles them is asked for only where little contains them, and the plan is kept.

-- How far a text that contains `q` is from it: 0 is the same; nearest is what begins with it, then what has it at the beginning of a word; of two
-- such the one of more equal length. At most 300. A folded letter has as many bytes, so that lengths need no count of letters.
CREATE FUNCTION distance_within(q text, candidate text) RETURNS integer IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN lower(candidate COLLATE "C") = lower(q COLLATE "C") THEN 0
        ELSE 1 + least(abs(octet_length(candidate) - octet_length(q)), 99)
            + CASE WHEN starts_with(lower(candidate COLLATE "C"), lower(q COLLATE "C")) THEN 0
                   WHEN strpos(lower(candidate COLLATE "C"), ' ' || lower(q COLLATE "C")) > 0 THEN 100
                   ELSE 200 END END;
END;

-- How far one is that merely resembles it: from 400 on.
CREATE OR REPLACE FUNCTION distance_of(q text, candidate text) RETURNS integer IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 400 + least(abs(octet_length(candidate) - octet_length(q)), 99) + round(1000 * (1 - word_similarity(q, candidate)))::integer;
END;

-- Organisations whose name, former name or name of another day contains `q`, whose code begins with it, or an identifier of which is it; where
-- those are fewer than ten, also those with a name like it. Each once, with the distance of what is nearest. A part of three characters or more
-- is found within words too; shorter ones are beginnings of words. By the indexes, whatever waits in their pending lists: the planner would
-- rather read the whole table then. Not a function of SQL, since those are planned by each statement that calls them.
CREATE OR REPLACE FUNCTION organisations_like(q text) RETURNS TABLE (code text, distance integer) STABLE ROWS 30 LANGUAGE plpgsql
    SET search_path = :schema, pg_temp SET pg_trgm.word_similarity_threshold = '0.55' SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    literal text := regexp_replace(q, '([\\%_])', '\\\1', 'g');
    long boolean := length(q) >= 3;
    first text := CASE WHEN long THEN '%' || literal || '%' ELSE literal || '%' END;
    later text := CASE WHEN NOT long THEN '% ' || literal || '%' END;
BEGIN
    RETURN QUERY
    WITH named AS MATERIALIZED (
        SELECT o.code::text AS code, distance_within(q, o.name) AS distance FROM organisation o
        WHERE o.name::text ILIKE first OR o.name::text ILIKE later
        UNION ALL
        SELECT o.code, distance_within(q, o.code) FROM organisation o
        WHERE (o.code >= lower(q) COLLATE "C" AND o.code < lower(q) || U&'\+10FFFF' COLLATE "C")
           OR (o.code >= upper(q) COLLATE "C" AND o.code < upper(q) || U&'\+10FFFF' COLLATE "C")
        UNION ALL
        SELECT o.code, distance_within(q, n.name)
        FROM organisation o CROSS JOIN LATERAL unnest(o.former_names) n (name)
        WHERE o.former_names <> '{}' AND (words_of(o.former_names) ILIKE first OR words_of(o.former_names) ILIKE later)
          AND (n.name ILIKE first OR n.name ILIKE later)
        UNION ALL
        SELECT o.code, 0 FROM organisation o
        WHERE o.identifiers <> '[]' AND (o.identifiers @> jsonb_build_array(jsonb_build_object('value', q))
                                      OR o.identifiers @> jsonb_build_array(jsonb_build_object('value', upper(q))))
        UNION ALL
        SELECT p.code, distance_within(q, p.name) FROM organisation_past p
        WHERE p.superseded_at IS NULL AND (p.name::text ILIKE first OR p.name::text ILIKE later)),
    enough AS (SELECT FROM named OFFSET 9 LIMIT 1),
    alike AS (
        SELECT o.code::text AS code, distance_of(q, o.name) AS distance FROM organisation o
        WHERE o.name::text %> q AND NOT EXISTS (SELECT FROM enough)
        UNION ALL
        SELECT o.code, distance_of(q, n.name)
        FROM organisation o CROSS JOIN LATERAL unnest(o.former_names) n (name)
        WHERE o.former_names <> '{}' AND words_of(o.former_names) %> q AND NOT EXISTS (SELECT FROM enough)
        UNION ALL
        SELECT p.code, distance_of(q, p.name) FROM organisation_past p
        WHERE p.superseded_at IS NULL AND p.name::text %> q AND NOT EXISTS (SELECT FROM enough))
    SELECT f.code, min(f.distance) FROM (SELECT * FROM named UNION ALL SELECT * FROM alike) f GROUP BY f.code;
END $$;
