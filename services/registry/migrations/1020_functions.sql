-- Shared text of the registry's statements. Bodies are bound when they are made, so no search_path can lead them elsewhere.

-- Whether one of the organisations is `below` itself or above it on that day, over both trees. UNION drops what was seen, so even a
-- circle ends.
CREATE FUNCTION within_reach(below text, organisations text[], on_day date) RETURNS boolean STABLE LANGUAGE sql
BEGIN ATOMIC
    WITH RECURSIVE upward (code) AS (
        SELECT below
        UNION
        SELECT step.code
        FROM upward
        JOIN organisation o ON o.code = upward.code
        CROSS JOIN LATERAL (
            SELECT o.parent
            UNION ALL SELECT o.place
            UNION ALL SELECT m.network FROM membership m
                      WHERE m.practice = o.code AND m.from_on <= on_day AND (m.to_on IS NULL OR m.to_on >= on_day)
        ) AS step (code)
        WHERE step.code IS NOT NULL
    )
    SELECT EXISTS (SELECT FROM upward WHERE upward.code = ANY (organisations));
END;

-- Everything above an organisation in the tree of commissioning, nearest first. Bounded, since a circle would not end by itself.
CREATE FUNCTION above(below text) RETURNS TABLE (code text, kind text, distance integer) STABLE LANGUAGE sql
BEGIN ATOMIC
    WITH RECURSIVE upward (code, kind, parent, distance) AS (
        SELECT p.code, p.kind, p.parent, 1 FROM organisation o JOIN organisation p ON p.code = o.parent WHERE o.code = below
        UNION ALL
        SELECT p.code, p.kind, p.parent, u.distance + 1 FROM upward u JOIN organisation p ON p.code = u.parent WHERE u.distance < 16
    )
    SELECT u.code, u.kind, u.distance FROM upward u ORDER BY u.distance;
END;

-- All that is on record of a network, as the messages of proto/pcn/registry/v1 in JSON; the rules pick what holds on a day.
CREATE FUNCTION network_facts(network_code text)
    RETURNS TABLE (commissioner text, all_members json, all_directors json, all_sizes json, all_sub_groups json)
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT
        (SELECT a.code FROM above(network_code) a WHERE a.kind IN ('ccg', 'sub-icb', 'ics') ORDER BY a.distance LIMIT 1),
        (SELECT json_agg(json_strip_nulls(json_build_object('practice', m.practice, 'name', p.name, 'subGroup', m.sub_group,
                    'from', m.from_on, 'to', m.to_on, 'source', m.source, 'fromAssumed', nullif(m.from_assumed, false)))
                    ORDER BY m.practice, m.from_on)
         FROM membership m JOIN organisation p ON p.code = m.practice WHERE m.network = network_code),
        (SELECT json_agg(json_strip_nulls(json_build_object('name', d.name, 'from', d.from_on, 'to', d.to_on,
                    'share', trim_scale(d.share)::text, 'source', d.source, 'fromAssumed', nullif(d.from_assumed, false)))
                    ORDER BY d.from_on, d.name)
         FROM director_term d WHERE d.network = network_code),
        (SELECT json_agg(json_strip_nulls(json_build_object('organisation', s.organisation, 'kind', s.kind, 'count', s.count,
                    'asOf', s.as_of, 'source', s.source, 'subGroup', nullif(s.sub_group, '')))
                    ORDER BY s.organisation, s.sub_group, s.as_of)
         FROM list_size s
         WHERE s.kind = 'registered' AND NOT s.synthetic
           AND s.organisation = ANY (ARRAY(SELECT network_code UNION SELECT m.practice FROM membership m WHERE m.network = network_code))),
        (SELECT json_agg(json_strip_nulls(json_build_object('code', g.code, 'source', g.source)) ORDER BY g.code)
         FROM sub_group g WHERE g.network = network_code);
END;

-- An organisation as the contract's message, for statements that load one beside another.
CREATE FUNCTION organisation_json(o organisation) RETURNS json STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT json_strip_nulls(json_build_object('code', o.code, 'name', o.name, 'kind', o.kind, 'level', o.level, 'parent', o.parent,
        'place', o.place, 'status', o.status, 'openedOn', o.opened_on, 'closedOn', o.closed_on, 'formerNames', o.former_names,
        'identifiers', o.identifiers, 'statedPopulation', o.stated_population, 'statedPracticeCount', o.stated_practice_count,
        'source', o.source, 'notes', o.notes, 'version', o.version, 'payee', o.payee,
        'createdAt', to_char(o.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'updatedAt', to_char(o.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')));
END;

-- The code in a page token, '' for none or for what is no token (the rules refuse that; here it only must not fail). A token is
-- base64url of "version.filters.code".
CREATE FUNCTION page_after(token text) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN token ~ '^[A-Za-z0-9_-]+$' AND length(token) % 4 <> 1
        THEN split_part(encode(decode(translate(token, '-_', '+/') || repeat('=', (4 - length(token) % 4) % 4), 'base64'), 'escape'),
            '.', 3)
        ELSE '' END;
END;
