-- Search by something like a name. A trusted extension: the schema's owner may install it.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA :schema;

-- A creation adds to the pending list of one index alone, and of the name alone: codes are found by the primary key, and former names and
-- identifiers have indexes of their own, which the usual new organisation is not in. The list is short, since every search reads it to its
-- end.
CREATE INDEX organisation_by_words ON organisation USING gin ((name::text) gin_trgm_ops) WITH (gin_pending_list_limit = 512);

-- Immutable for text, though not for every array: an index may use it.
CREATE FUNCTION words_of(names text[]) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT array_to_string(names, ' ');
END;
CREATE INDEX organisation_by_former_names ON organisation USING gin (words_of(former_names) gin_trgm_ops) WHERE former_names <> '{}';
CREATE INDEX organisation_by_identifier ON organisation USING gin (identifiers jsonb_path_ops) WHERE identifiers <> '[]';
CREATE INDEX organisation_past_by_name ON organisation_past USING gin ((name::text) gin_trgm_ops) WHERE superseded_at IS NULL;

-- How far a text is from what is looked for: 0 is the same, up to 2100. A whole number, so that a page can go on after it. Of two that are
-- equally like it the one of more equal length is nearer.
CREATE FUNCTION distance_of(q text, candidate text) RETURNS integer IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN lower(candidate) = lower(q) THEN 0
        ELSE 1 + least(abs(length(candidate) - length(q)), 99) + round(1000 * (2 - similarity(q, candidate)
            - CASE WHEN strpos(lower(candidate), lower(q)) > 0 THEN 1 ELSE word_similarity(q, candidate) END))::integer END;
END;

-- Organisations with a name, former name, or name of another day like `q`, a code that begins with it, or an identifier that is it,
-- each once with the distance of what is nearest. A part of three characters or more is found within words too; shorter ones are beginnings of words.
CREATE FUNCTION organisations_like(q text) RETURNS TABLE (code text, distance integer) STABLE ROWS 30 LANGUAGE sql
    SET pg_trgm.word_similarity_threshold = '0.5'
BEGIN ATOMIC
    SELECT f.code, min(f.distance)
    FROM (
        SELECT o.code, distance_of(q, o.name) AS distance FROM organisation o
        WHERE o.name::text %> q
           OR o.name::text ILIKE CASE WHEN length(q) >= 3 THEN '%' || regexp_replace(q, '([\\%_])', '\\\1', 'g') || '%' END
        UNION ALL
        SELECT o.code, distance_of(q, o.code) FROM organisation o
        WHERE (o.code >= lower(q) COLLATE "C" AND o.code < lower(q) || U&'\+10FFFF' COLLATE "C")
           OR (o.code >= upper(q) COLLATE "C" AND o.code < upper(q) || U&'\+10FFFF' COLLATE "C")
        UNION ALL
        SELECT o.code, distance_of(q, n.name)
        FROM organisation o CROSS JOIN LATERAL unnest(o.former_names) n (name)
        WHERE o.former_names <> '{}' AND words_of(o.former_names) %> q
        UNION ALL
        SELECT o.code, 0 FROM organisation o
        WHERE o.identifiers <> '[]' AND (o.identifiers @> jsonb_build_array(jsonb_build_object('value', q))
                                      OR o.identifiers @> jsonb_build_array(jsonb_build_object('value', upper(q))))
        UNION ALL
        SELECT p.code, distance_of(q, p.name) FROM organisation_past p WHERE p.superseded_at IS NULL AND p.name::text %> q
    ) f
    GROUP BY f.code;
END;

-- The distance in the page token of a search, -1 for none or for what is no such token.
CREATE FUNCTION page_after_distance(token text) RETURNS integer IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN token ~ '^[A-Za-z0-9_-]+$' AND length(token) % 4 <> 1
        THEN coalesce((regexp_match(encode(decode(translate(token, '-_', '+/') || repeat('=', (4 - length(token) % 4) % 4), 'base64'),
            'escape'), '\.([0-9]{1,4})$'))[1]::integer, -1)
        ELSE -1 END;
END;
