-- Search asked each name that shares letters with what is looked for how like it is, several times over and at 10 µs a time, which with a
-- whole country of names was most of its cost; it looked each one up to count it; and its function was planned anew by each call. Now what
-- contains the words is placed by lengths alone, what merely resembles them is asked for only where nothing contains them, nothing is looked
-- up but to be filtered, and the plans are kept.

-- How far a text is from what it contains, given folded and after a space: nearest is what begins with it, then what has it at the beginning of
-- a word; of two such the one of more equal length. 0 is the same, 299 the most. Such names may be thousands: lengths are those of bytes, folding
-- is that of C, and what is asked of a text is asked once.
CREATE FUNCTION distance_within(word text, candidate text) RETURNS integer IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT least(abs(octet_length(candidate) + 1 - octet_length(word)), 99)
        + ('{200,0,100}'::integer[])[1 + least(strpos(' ' || lower(candidate COLLATE "C"), word COLLATE "C"), 2)];
END;

-- How far one is that merely resembles it.
CREATE OR REPLACE FUNCTION distance_of(q text, candidate text) RETURNS integer IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT 400 + least(abs(octet_length(candidate) - octet_length(q)), 99) + round(1000 * (1 - word_similarity(q, candidate)))::integer;
END;

-- Names to come, which few have.
CREATE INDEX organisation_coming_by_name ON organisation_coming USING gin ((changes ->> 'name') gin_trgm_ops) WHERE changes ? 'name';

-- Organisations with a name, former name or name of another day like either pattern, a code that begins with `q`, or an identifier that is it,
-- each once with the distance of what is nearest. By a name to come (300 and more) it is further than by all that it has or had.
CREATE FUNCTION organisations_with(q text, word text, pattern text, other text) RETURNS TABLE (code text, distance integer)
    STABLE ROWS 100 LANGUAGE sql
BEGIN ATOMIC
    SELECT f.code, min(f.distance)
    FROM (
        SELECT o.code::text AS code, distance_within(word, o.name) AS distance FROM organisation o
        WHERE o.name::text ILIKE pattern OR o.name::text ILIKE other
        UNION ALL
        SELECT o.code, distance_within(word, o.code) FROM organisation o
        WHERE (o.code >= lower(q) COLLATE "C" AND o.code < lower(q) || U&'\+10FFFF' COLLATE "C")
           OR (o.code >= upper(q) COLLATE "C" AND o.code < upper(q) || U&'\+10FFFF' COLLATE "C")
        UNION ALL
        SELECT o.code, distance_within(word, n.name)
        FROM organisation o CROSS JOIN LATERAL unnest(o.former_names) n (name)
        WHERE o.former_names <> '{}' AND (words_of(o.former_names) ILIKE pattern OR words_of(o.former_names) ILIKE other)
          AND (n.name ILIKE pattern OR n.name ILIKE other)
        UNION ALL
        SELECT o.code, 0 FROM organisation o
        WHERE o.identifiers <> '[]' AND (o.identifiers @> jsonb_build_array(jsonb_build_object('value', q))
                                      OR o.identifiers @> jsonb_build_array(jsonb_build_object('value', upper(q))))
        UNION ALL
        SELECT p.code, distance_within(word, p.name) FROM organisation_past p
        WHERE p.superseded_at IS NULL AND (p.name::text ILIKE pattern OR p.name::text ILIKE other)
        UNION ALL
        SELECT c.code, 300 + distance_within(word, c.changes ->> 'name') FROM organisation_coming c
        WHERE c.changes ? 'name' AND (c.changes ->> 'name' ILIKE pattern OR c.changes ->> 'name' ILIKE other)
    ) f
    GROUP BY f.code;
END;

-- Those with a name of any of these kinds that resembles `q`.
DROP FUNCTION organisations_like(text);
CREATE FUNCTION organisations_like(q text) RETURNS TABLE (code text, distance integer) STABLE ROWS 30 LANGUAGE sql
BEGIN ATOMIC
    SELECT f.code, min(f.distance)
    FROM (
        SELECT o.code::text AS code, distance_of(q, o.name) AS distance FROM organisation o WHERE o.name::text %> q
        UNION ALL
        SELECT o.code, distance_of(q, n.name)
        FROM organisation o CROSS JOIN LATERAL unnest(o.former_names) n (name)
        WHERE o.former_names <> '{}' AND words_of(o.former_names) %> q
        UNION ALL
        SELECT p.code, distance_of(q, p.name) FROM organisation_past p WHERE p.superseded_at IS NULL AND p.name::text %> q
        UNION ALL
        SELECT c.code, 1500 + distance_of(q, c.changes ->> 'name') FROM organisation_coming c
        WHERE c.changes ? 'name' AND (c.changes ->> 'name') %> q
    ) f
    GROUP BY f.code;
END;

-- What a search finds, of a day or (NULL) as it stands, with the filters of a list, each of which may be NULL. A part of three characters or more
-- is found within words too; shorter ones are beginnings of words. What merely resembles it is found where nothing else is; six letters may
-- have one of them wrong (0.57). By the indexes, whatever waits in their pending lists: the planner would rather read the whole table then.
-- Not a function of SQL, since those are planned by each statement that calls them; the two above become part of these plans.
CREATE FUNCTION organisations_found(q text, day date, of_kind text, of_level text, of_status text, below text)
    RETURNS TABLE (code text, distance integer) STABLE ROWS 30 LANGUAGE plpgsql
    SET search_path = :schema, pcn_extensions, pg_temp SET pg_trgm.word_similarity_threshold = '0.57' SET enable_seqscan = off AS $$
DECLARE
    word text := ' ' || lower(q COLLATE "C");
    literal text := regexp_replace(q, '([\\%_])', '\\\1', 'g');
    pattern text := CASE WHEN length(q) >= 3 THEN '%' || literal || '%' ELSE literal || '%' END;
    other text := CASE WHEN length(q) < 3 THEN '% ' || literal || '%' END;
BEGIN
    IF day IS NULL AND of_kind IS NULL AND of_level IS NULL AND of_status IS NULL AND below IS NULL THEN
        RETURN QUERY SELECT f.code, f.distance FROM organisations_with(q, word, pattern, other) f;
        IF NOT FOUND THEN
            RETURN QUERY SELECT f.code, f.distance FROM organisations_like(q) f;
        END IF;
        RETURN;
    END IF;
    RETURN QUERY SELECT f.code, f.distance FROM organisations_with(q, word, pattern, other) f
        WHERE EXISTS (SELECT FROM organisations_on(day) o WHERE o.code = f.code AND (of_kind IS NULL OR o.kind = of_kind)
            AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status)
            AND (below IS NULL OR o.parent = below OR o.place = below) OFFSET 0);
    IF NOT FOUND THEN
        RETURN QUERY SELECT f.code, f.distance FROM organisations_like(q) f
            WHERE EXISTS (SELECT FROM organisations_on(day) o WHERE o.code = f.code AND (of_kind IS NULL OR o.kind = of_kind)
                AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status)
                AND (below IS NULL OR o.parent = below OR o.place = below) OFFSET 0);
    END IF;
END $$;
