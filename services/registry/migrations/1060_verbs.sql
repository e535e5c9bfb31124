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
