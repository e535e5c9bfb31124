-- Search by something like a name.

-- A creation adds to the pending list of one index alone, and of the name alone: codes are found by the primary key, and former names and
-- identifiers have indexes of their own, which the usual new organisation is not in. The list is short, since every search reads it to its
-- end.
CREATE INDEX organisation_by_words ON organisation USING gin ((name::text) gin_trgm_ops) WITH (gin_pending_list_limit = 256);

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

-- Organisations with a name, former name or name of another day like `q`, a code that begins with it, or an identifier that is it,
-- each once with the distance of what is nearest. A part of three characters or more is found within words too; shorter ones are
-- beginnings of words. By the indexes, whatever waits in their pending lists: the planner would rather read the whole table then.
CREATE FUNCTION organisations_like(q text) RETURNS TABLE (code text, distance integer) STABLE ROWS 30 LANGUAGE sql
    SET pg_trgm.word_similarity_threshold = '0.5' SET enable_seqscan = off
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

-- ---- what stands beside organisations ----

-- Figures as documents state them; '' is no period. One document states a figure once.
CREATE TABLE stated_fact (
    organisation text NOT NULL REFERENCES organisation (code),
    fact text NOT NULL CHECK (fact ~ '^[a-z][a-z0-9_]*$'),
    qualifier text NOT NULL CHECK (qualifier IN ('eq', 'gt', 'ge', 'lt', 'le', 'approx')),
    value text NOT NULL CHECK (value <> ''),
    unit text,
    period text NOT NULL DEFAULT '',
    notes text,
    source text NOT NULL,
    recorded_at timestamptz,
    PRIMARY KEY (organisation, fact, qualifier, period, source)
);

CREATE TABLE site (
    code organisation_code PRIMARY KEY,
    organisation text NOT NULL REFERENCES organisation (code),
    name some_text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('surgery', 'branch', 'extended-access', 'hub', 'team-base', 'other')),
    address text,
    tenure text,
    floor_area text CHECK (floor_area ~ '^[0-9]{1,7}(\.[0-9]{1,2})?$'), -- square metres, as it was stated
    from_on date,
    to_on date,
    source text,
    notes text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT site_ordered CHECK (to_on >= from_on)
);
CREATE INDEX site_by_organisation ON site (organisation, code);

-- A practice works on one clinical system at a time.
CREATE TABLE system_profile (
    practice text NOT NULL REFERENCES organisation (code),
    system text NOT NULL CHECK (system <> ''),
    from_on date NOT NULL,
    to_on date CHECK (to_on >= from_on),
    source text,
    recorded_at timestamptz,
    PRIMARY KEY (practice, from_on),
    CONSTRAINT system_profile_one_a_day EXCLUDE USING gist (practice WITH =, daterange(from_on, to_on, '[]') WITH &&)
);

CREATE TABLE alignment (
    service text NOT NULL COLLATE "C",
    organisation text NOT NULL REFERENCES organisation (code),
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('community-service', 'locality-team', 'federation')),
    provider text REFERENCES organisation (code),
    from_on date NOT NULL,
    to_on date CHECK (to_on >= from_on),
    source text,
    recorded_at timestamptz,
    PRIMARY KEY (service, organisation, from_on),
    CONSTRAINT alignment_once EXCLUDE USING gist (service WITH =, organisation WITH =, daterange(from_on, to_on, '[]') WITH &&)
);
CREATE INDEX alignment_by_organisation ON alignment (organisation, service);

GRANT SELECT, INSERT ON stated_fact, system_profile, alignment TO :app;
GRANT SELECT, INSERT, UPDATE ON site TO :app;
GRANT SELECT ON stated_fact, site, system_profile, alignment TO :job;

-- ---- the registry on a day ----
-- Who was a member where on a day. Not by the index of the constraint, which compares texts a hundred times as slowly.
CREATE INDEX membership_by_day ON membership (practice COLLATE "C", from_on);

-- A code's own collation wins over the default one, in which other tables' indexes are: lookups by them say so.

-- Every organisation of the day with what is above it then. A practice is below the network whose member it is on the day; on a day before
-- or after its memberships of the network that its record names it is below what that network is below. `open`: neither proposed
-- nor closed. `day` NULL is today as it stands.
CREATE FUNCTION kin_on(day date, today date)
    RETURNS TABLE (code text, name text, kind text, level text, status text, parent text, place text, network text, open boolean,
        stated_population bigint, stated_practice_count bigint, source text)
    STABLE ROWS 5000 LANGUAGE sql
BEGIN ATOMIC
    SELECT o.code, o.name, o.kind, o.level, o.status,
        CASE WHEN m.network IS NOT NULL THEN m.network
             WHEN EXISTS (SELECT FROM membership e WHERE e.practice = o.code COLLATE "default" AND e.network = p.code) THEN p.parent
             ELSE o.parent END,
        o.place, m.network, o.status <> 'proposed' AND (o.closed_on IS NULL OR o.closed_on > coalesce(day, today)),
        o.stated_population, o.stated_practice_count, o.source
    FROM organisations_on(day) o
    LEFT JOIN membership m ON m.practice = o.code COLLATE "default" AND o.kind = 'practice' AND m.from_on <= coalesce(day, today)
        AND (m.to_on IS NULL OR m.to_on >= coalesce(day, today))
    LEFT JOIN organisation p ON p.code = o.parent AND p.kind = 'network' AND o.kind = 'practice' AND m.network IS NULL;
END;

-- What a network's record comes to on the day: the set-wise form of the rule in rules_list_size.c, which the tests hold it against.
-- Synthetic sizes are left out. Where sources differ the first of them is named.
CREATE FUNCTION network_figures_on(day date)
    RETURNS TABLE (network text, members bigint, directors bigint, stated bigint, stated_on date, stated_source text, computed bigint,
        computed_source text)
    STABLE ROWS 1000 LANGUAGE sql
BEGIN ATOMIC
    WITH by_member AS (
        SELECT m.network, count(*) AS members, count(l.count) AS known, sum(l.count)::bigint AS sum,
            bool_and(m.sub_group IS NOT NULL) AS grouped, min(l.source) AS source, max(l.source) AS last_source
        FROM membership m
        LEFT JOIN LATERAL (SELECT s.count, s.source FROM list_size s WHERE s.organisation = m.practice AND s.kind = 'registered'
                           AND s.sub_group = '' AND s.as_of <= day AND NOT s.synthetic ORDER BY s.as_of DESC LIMIT 1) l ON true
        WHERE m.from_on <= day AND (m.to_on IS NULL OR m.to_on >= day)
        GROUP BY m.network),
    by_group AS (
        SELECT g.network, count(*) AS groups, count(l.count) AS known, sum(l.count)::bigint AS sum, min(l.source) AS source,
            max(l.source) AS last_source
        FROM sub_group g
        LEFT JOIN LATERAL (SELECT s.count, s.source FROM list_size s WHERE s.organisation = g.network AND s.kind = 'registered'
                           AND s.sub_group = g.code AND s.as_of <= day AND NOT s.synthetic ORDER BY s.as_of DESC LIMIT 1) l ON true
        GROUP BY g.network),
    by_term AS (
        SELECT d.network, count(*) AS directors FROM director_term d
        WHERE d.from_on <= day AND (d.to_on IS NULL OR d.to_on >= day) GROUP BY d.network)
    SELECT o.code, coalesce(m.members, 0), coalesce(t.directors, 0), l.count, l.as_of, l.source,
        CASE WHEN m.known = m.members THEN m.sum WHEN g.known = g.groups AND coalesce(m.grouped, true) THEN g.sum END,
        CASE WHEN m.known = m.members THEN m.source || CASE WHEN m.source < m.last_source THEN ' and others' ELSE '' END
             WHEN g.known = g.groups THEN g.source || CASE WHEN g.source < g.last_source THEN ' and others' ELSE '' END END
    FROM organisation o
    LEFT JOIN by_member m ON m.network = o.code
    LEFT JOIN by_group g ON g.network = o.code
    LEFT JOIN by_term t ON t.network = o.code
    LEFT JOIN LATERAL (SELECT s.count, s.as_of, s.source FROM list_size s WHERE s.organisation = o.code COLLATE "default"
                       AND s.kind = 'registered' AND s.sub_group = '' AND s.as_of <= day AND NOT s.synthetic
                       ORDER BY s.as_of DESC LIMIT 1) l ON true
    WHERE o.kind = 'network';
END;

-- How much the networks cover, by network, council area or system, on a day; a row without a code for what lies in none. A practice
-- lies in its own council area where it has one, else in its network's; an area has what those below it have. Population where each
-- network's is known.
CREATE FUNCTION coverage_on(wanted text, day date, today date)
    RETURNS TABLE (area text, name text, practices bigint, practices_in_networks bigint, population bigint, networks bigint,
        stated_practices bigint)
    STABLE LANGUAGE plpgsql SET search_path = :schema, pg_temp SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        WITH RECURSIVE kin AS MATERIALIZED (SELECT k.* FROM kin_on(day, today) k),
        edge AS MATERIALIZED (
            SELECT k.code, k.kind, k.open, k.network IS NOT NULL AND n.open AS covered,
                CASE wanted WHEN 'neighbourhood' THEN n.code WHEN 'place' THEN coalesce(k.place, n.place) ELSE k.parent END AS up
            FROM kin k LEFT JOIN kin n ON n.code = k.parent AND n.kind = 'network' AND k.kind = 'practice'),
        area AS MATERIALIZED (
            SELECT k.code, k.name, k.stated_practice_count FROM kin k LEFT JOIN (SELECT DISTINCT p.place FROM kin p) p ON p.place = k.code
            WHERE k.open AND CASE wanted WHEN 'neighbourhood' THEN k.kind = 'network'
                WHEN 'place' THEN k.kind = 'local-authority' OR p.place IS NOT NULL ELSE k.kind = 'ics' END),
        below (area, code) AS (
            SELECT a.code, a.code FROM area a UNION SELECT b.area, e.code FROM below b JOIN edge e ON e.up = b.code),
        figure AS MATERIALIZED (SELECT f.network, coalesce(f.computed, f.stated) AS size FROM network_figures_on(coalesce(day, today)) f),
        part AS (
            SELECT b.area, e.code, e.kind, e.covered FROM edge e LEFT JOIN below b ON b.code = e.code
            WHERE e.open AND e.kind IN ('practice', 'network')),
        tally AS (
            SELECT p.area, count(*) FILTER (WHERE p.kind = 'practice') AS practices,
                count(*) FILTER (WHERE p.kind = 'practice' AND p.covered) AS covered, count(*) FILTER (WHERE p.kind = 'network') AS networks,
                count(f.size) AS known, sum(f.size)::bigint AS population
            FROM part p LEFT JOIN figure f ON f.network = p.code GROUP BY p.area)
        SELECT a.code, a.name, coalesce(t.practices, 0), coalesce(t.covered, 0),
            CASE WHEN t.known = t.networks THEN t.population END, coalesce(t.networks, 0), a.stated_practice_count
        FROM (SELECT x.* FROM area x UNION ALL SELECT NULL, NULL, NULL FROM tally x WHERE x.area IS NULL) a
        LEFT JOIN tally t ON t.area IS NOT DISTINCT FROM a.code;
END $$;

-- Everything that the checks look at, on a day: a row for each open network and each other organisation of which something is stated or
-- where a practice is in no network, with what its record comes to. Council areas are summed over the tree of places, all others over that
-- of commissioning.
CREATE FUNCTION survey_on(day date, today date)
    RETURNS TABLE (code text, name text, kind text, level text, source text, stated_population bigint, stated_practice_count bigint,
        members bigint, stated_size bigint, stated_size_source text, computed_size bigint, waivers json, practices bigint,
        practices_source text, practices_in_networks bigint, networks bigint, directors bigint, population bigint, population_source text,
        parts_population bigint, parts_source text, smallest bigint, smallest_network text, smallest_source text, largest bigint,
        largest_network text, largest_source text, facts json)
    STABLE LANGUAGE plpgsql SET search_path = :schema, pg_temp SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        WITH RECURSIVE kin AS MATERIALIZED (SELECT k.* FROM kin_on(day, today) k),
        edge AS MATERIALIZED (
            SELECT false AS placed, k.code, k.parent AS up FROM kin k WHERE k.parent IS NOT NULL
            UNION ALL
            SELECT true, k.code, coalesce(k.place, n.place) FROM kin k
            LEFT JOIN kin n ON n.code = k.parent AND n.kind = 'network' AND k.kind = 'practice' WHERE coalesce(k.place, n.place) IS NOT NULL),
        fact AS MATERIALIZED (
            SELECT s.organisation, json_agg(json_strip_nulls(json_build_object('fact', s.fact, 'qualifier', s.qualifier, 'value', s.value,
                'source', s.source)) ORDER BY s.fact, s.qualifier, s.period, s.source) AS facts
            FROM stated_fact s WHERE s.value ~ '^[0-9]{1,15}$' GROUP BY s.organisation),
        area AS MATERIALIZED (
            SELECT k.code, k.kind = 'local-authority' AS placed FROM kin k LEFT JOIN fact f ON f.organisation = k.code
            WHERE k.open AND k.kind <> 'practice' AND (k.kind IN ('network', 'ics', 'ccg', 'sub-icb', 'local-authority')
                OR k.stated_population IS NOT NULL OR k.stated_practice_count IS NOT NULL OR f.organisation IS NOT NULL)),
        below (area, placed, code) AS (
            SELECT a.code, a.placed, a.code FROM area a
            UNION SELECT b.area, b.placed, e.code FROM below b JOIN edge e ON e.up = b.code AND e.placed = b.placed),
        figure AS MATERIALIZED (
            SELECT f.*, coalesce(f.computed, f.stated) AS size, CASE WHEN f.computed IS NOT NULL THEN f.computed_source ELSE f.stated_source END
                AS size_source
            FROM network_figures_on(coalesce(day, today)) f),
        tally AS (
            SELECT b.area, count(*) FILTER (WHERE k.kind = 'practice') AS practices,
                count(*) FILTER (WHERE k.kind = 'practice' AND n.open) AS covered,
                min(k.source) FILTER (WHERE k.kind = 'practice') AS first_source,
                max(k.source) FILTER (WHERE k.kind = 'practice') AS last_source,
                count(*) FILTER (WHERE k.kind = 'network') AS networks, coalesce(sum(f.directors), 0)::bigint AS directors,
                count(f.size) AS known, sum(f.size)::bigint AS population, min(f.size_source) AS first_size_source,
                max(f.size_source) AS last_size_source,
                -- Size, network and source at once: arrays order by their first element.
                min(ARRAY[lpad(f.size::text, 18, '0'), f.network, f.size_source]) FILTER (WHERE f.size IS NOT NULL) AS smallest,
                max(ARRAY[lpad(f.size::text, 18, '0'), f.network, f.size_source]) FILTER (WHERE f.size IS NOT NULL) AS largest
            FROM below b JOIN kin k ON k.code = b.code AND k.open AND k.kind IN ('practice', 'network')
            LEFT JOIN kin n ON n.code = k.network LEFT JOIN figure f ON f.network = k.code
            GROUP BY b.area),
        parts AS (
            SELECT k.parent AS area, count(*) AS parts, count(k.stated_population) AS known, sum(k.stated_population)::bigint AS population,
                min(k.source) AS source, max(k.source) AS last_source
            FROM kin k WHERE k.open AND k.kind IN ('ccg', 'sub-icb') GROUP BY k.parent)
        SELECT k.code, k.name, k.kind, k.level, k.source, k.stated_population, k.stated_practice_count,
            f.members, f.stated, f.stated_source, f.computed,
            (SELECT json_agg(json_strip_nulls(json_build_object('from', w.from_on, 'to', w.to_on, 'reason', w.reason, 'grantedBy', w.granted_by,
                 'source', w.source)))
             FROM waiver w WHERE w.network = k.code AND w.from_on <= coalesce(day, today)
               AND (w.to_on IS NULL OR w.to_on >= coalesce(day, today))),
            coalesce(t.practices, 0), t.first_source || CASE WHEN t.first_source < t.last_source THEN ' and others' ELSE '' END,
            coalesce(t.covered, 0), coalesce(t.networks, 0), coalesce(t.directors, 0), CASE WHEN t.known = t.networks THEN t.population END,
            t.first_size_source || CASE WHEN t.first_size_source < t.last_size_source THEN ' and others' ELSE '' END,
            CASE WHEN p.known = p.parts THEN p.population END, p.source || CASE WHEN p.source < p.last_source THEN ' and others' ELSE '' END,
            t.smallest[1]::bigint, t.smallest[2], t.smallest[3], t.largest[1]::bigint, t.largest[2], t.largest[3], x.facts
        FROM kin k JOIN area a ON a.code = k.code LEFT JOIN tally t ON t.area = k.code LEFT JOIN figure f ON f.network = k.code
        LEFT JOIN parts p ON p.area = k.code LEFT JOIN fact x ON x.organisation = k.code
        WHERE k.kind = 'network' OR k.stated_population IS NOT NULL OR k.stated_practice_count IS NOT NULL OR x.facts IS NOT NULL
           OR t.practices <> t.covered;
END $$;

-- What is below an organisation on a day (NULL: as it stands today), `deepest` levels of it, parents before their children and siblings by code.
-- In the tree of places a practice is below its network, unless it lies elsewhere, and a council area below the system that its record
-- names. A circle ends where it would close. What is below one is found by the indexes, on whatever day, in the order of kin_on()'s rules:
-- whatever the planner thinks of the tables when it first meets it.
CREATE FUNCTION tree_of(root text, day date, placed boolean, deepest integer)
    RETURNS TABLE (code text, name text, kind text, level text, status text, depth integer, path text[]) STABLE LANGUAGE plpgsql
    SET search_path = :schema, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    IF day IS NULL THEN
        RETURN QUERY
        WITH RECURSIVE down (code, name, kind, level, status, place, depth, path) AS (
            SELECT o.code::text COLLATE "C", o.name::text, o.kind::text, o.level::text, o.status::text, o.place, 0,
                ARRAY[o.code::text COLLATE "C"]
            FROM organisation o WHERE o.code = root
            UNION ALL
            SELECT c.code::text COLLATE "C", c.name::text, c.kind::text, c.level::text, c.status::text, c.place, t.depth + 1,
                t.path || (c.code::text COLLATE "C")
            FROM down t CROSS JOIN LATERAL (
                SELECT o.code, o.name, o.kind, o.level, o.status, o.place FROM organisation o
                WHERE NOT placed AND o.parent = t.code COLLATE "default"
                UNION ALL
                SELECT o.code, o.name, o.kind, o.level, o.status, o.place FROM organisation o
                WHERE placed AND o.place = t.code COLLATE "default" AND NOT (o.kind = 'practice'
                    AND EXISTS (SELECT FROM organisation n WHERE n.code = o.parent AND n.kind = 'network' AND n.place = o.place))
                UNION ALL
                SELECT o.code, o.name, o.kind, o.level, o.status, o.place FROM organisation o
                WHERE placed AND o.parent = t.code COLLATE "default" AND ((o.kind = 'local-authority' AND o.place IS NULL)
                    OR (o.kind = 'practice' AND t.kind = 'network' AND (o.place IS NULL OR o.place = t.place)))
            ) c
            WHERE t.depth < deepest AND c.code::text COLLATE "C" <> ALL (t.path))
        SELECT d.code, d.name, d.kind, d.level, d.status, d.depth, d.path FROM down d;
    ELSE
        RETURN QUERY
        WITH RECURSIVE coming AS MATERIALIZED (SELECT c.* FROM coming_on(day) c),
        down (code, name, kind, level, status, place, depth, path) AS (
            SELECT o.code::text COLLATE "C", o.name::text, o.kind::text, o.level::text, o.status::text, o.place, 0,
                ARRAY[o.code::text COLLATE "C"]
            FROM organisations_on(day) o WHERE o.code = root
            UNION ALL
            SELECT c.code::text COLLATE "C", c.name::text, c.kind::text, c.level::text, c.status::text, c.place, t.depth + 1,
                t.path || (c.code::text COLLATE "C")
            FROM down t CROSS JOIN LATERAL (
                -- A network's members of the day.
                SELECT o.code, o.name, o.kind, o.level, o.status, o.place
                FROM membership m
                CROSS JOIN LATERAL (SELECT s.* FROM standing_on(day) s WHERE s.code = m.practice COLLATE "C"
                                    UNION ALL SELECT s.* FROM past_on(day) s WHERE s.code = m.practice COLLATE "C"
                                    UNION ALL SELECT s.* FROM coming s WHERE s.code = m.practice COLLATE "C" OFFSET 0) o
                WHERE t.kind = 'network' AND m.network = t.code COLLATE "default" AND m.from_on <= day AND (m.to_on IS NULL OR m.to_on >= day) AND o.kind = 'practice'
                  AND (NOT placed OR o.place IS NULL OR o.place = t.place)
                UNION ALL
                -- Those whose record names it, less practices that were members of another network then, or of this one on other days.
                SELECT o.code, o.name, o.kind, o.level, o.status, o.place
                FROM (SELECT s.* FROM standing_on(day) s WHERE s.parent = t.code COLLATE "default"
                      UNION ALL SELECT s.* FROM past_on(day) s WHERE s.parent = t.code COLLATE "default"
                      UNION ALL SELECT s.* FROM coming s WHERE s.parent = t.code COLLATE "default") o
                WHERE CASE WHEN o.kind <> 'practice' THEN NOT placed OR (o.kind = 'local-authority' AND o.place IS NULL)
                    ELSE (NOT placed OR (t.kind = 'network' AND (o.place IS NULL OR o.place = t.place)))
                        AND NOT EXISTS (SELECT FROM membership m WHERE m.practice = o.code
                            AND ((m.from_on <= day AND (m.to_on IS NULL OR m.to_on >= day))
                                 OR (t.kind = 'network' AND m.network = t.code COLLATE "default"))) END
                UNION ALL
                -- Practices that their record puts into a network right below it, on a day on which they are in none.
                SELECT o.code, o.name, o.kind, o.level, o.status, o.place
                FROM (SELECT DISTINCT m.practice, m.network
                      FROM organisation p JOIN membership m ON m.network = p.code COLLATE "default"
                      WHERE NOT placed AND t.kind <> 'practice' AND p.parent = t.code COLLATE "default" AND p.kind = 'network' AND (m.from_on > day OR m.to_on < day)
                        AND NOT EXISTS (SELECT FROM membership x WHERE x.practice = m.practice COLLATE "C" AND x.from_on <= day
                                        AND (x.to_on IS NULL OR x.to_on >= day))) e
                CROSS JOIN LATERAL (SELECT s.* FROM standing_on(day) s WHERE s.code = e.practice COLLATE "C"
                                    UNION ALL SELECT s.* FROM past_on(day) s WHERE s.code = e.practice COLLATE "C"
                                    UNION ALL SELECT s.* FROM coming s WHERE s.code = e.practice COLLATE "C" OFFSET 0) o
                WHERE o.kind = 'practice' AND o.parent = e.network
                UNION ALL
                -- What lies in a council area, less practices whose network lies there too.
                SELECT o.code, o.name, o.kind, o.level, o.status, o.place
                FROM (SELECT s.* FROM standing_on(day) s WHERE placed AND s.place = t.code COLLATE "default"
                      UNION ALL SELECT s.* FROM past_on(day) s WHERE placed AND s.place = t.code COLLATE "default"
                      UNION ALL SELECT s.* FROM coming s WHERE placed AND s.place = t.code COLLATE "default") o
                WHERE o.kind <> 'practice' OR NOT EXISTS (
                    SELECT FROM organisations_on(day) n
                    WHERE n.kind = 'network' AND n.place = o.place
                      AND n.code = (SELECT coalesce(min(m.network) FILTER (WHERE m.from_on <= day AND (m.to_on IS NULL OR m.to_on >= day)),
                                        CASE WHEN count(*) FILTER (WHERE m.network = o.parent) = 0 THEN o.parent END)
                                    FROM membership m WHERE m.practice = o.code) OFFSET 0)
            ) c
            WHERE t.depth < deepest AND c.code::text COLLATE "C" <> ALL (t.path))
        SELECT d.code, d.name, d.kind, d.level, d.status, d.depth, d.path FROM down d;
    END IF;
END $$;
