-- What verbs about several organisations look for: who lay below one on a day, and figures for their events.

CREATE INDEX organisation_past_by_parent ON organisation_past (parent) WHERE parent IS NOT NULL AND superseded_at IS NULL;
CREATE INDEX organisation_past_by_place ON organisation_past (place) WHERE place IS NOT NULL AND superseded_at IS NULL;

-- The latest registered size on or before the day of the network, each of its sub-groups and everyone who was ever a member, as a list of
-- ListSize; no synthetic ones.
CREATE FUNCTION latest_sizes_json(network_code text, day date) RETURNS json STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT json_agg(json_strip_nulls(json_build_object('organisation', s.organisation, 'kind', s.kind, 'count', s.count,
            'asOf', s.as_of, 'source', s.source, 'subGroup', nullif(s.sub_group, ''))) ORDER BY s.organisation, s.sub_group)
    FROM (SELECT DISTINCT ON (s.organisation, s.sub_group) s.*
          FROM list_size s
          WHERE s.kind = 'registered' AND NOT s.synthetic AND s.as_of <= day
            AND s.organisation = ANY (ARRAY(SELECT network_code UNION SELECT m.practice FROM membership m
                                            WHERE m.network = network_code))
          ORDER BY s.organisation, s.sub_group, s.as_of DESC) s;
END;

-- A network's waivers by first day, as a list of Waiver.
CREATE FUNCTION waivers_json(network_code text) RETURNS json STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT json_agg(json_strip_nulls(json_build_object('from', w.from_on, 'to', w.to_on, 'reason', w.reason, 'grantedBy', w.granted_by,
            'source', w.source)) ORDER BY w.from_on)
    FROM waiver w WHERE w.network = network_code;
END;

-- Who lies above networks on any day, by what is on record, and who goes on after those: below one of them falls who leaves the network.
CREATE FUNCTION commissioners_of(networks text[]) RETURNS TABLE (code text) STABLE LANGUAGE sql
BEGIN ATOMIC
    WITH RECURSIVE upward (code) AS (
        SELECT step.code
        FROM organisation n
        CROSS JOIN LATERAL (
            SELECT n.parent
            UNION ALL SELECT p.parent FROM organisation_past p WHERE p.code = n.code AND p.superseded_at IS NULL
            UNION ALL SELECT c.changes ->> 'parent' FROM organisation_coming c WHERE c.code = n.code
        ) AS step (code)
        WHERE n.code = ANY (networks) AND n.kind = 'network'
        UNION
        SELECT s.successor FROM upward JOIN succession s ON s.predecessor = upward.code
    )
    SELECT u.code FROM upward u WHERE u.code IS NOT NULL;
END;
