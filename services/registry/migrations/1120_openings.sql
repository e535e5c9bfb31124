-- What few new organisations have: an opening or a close that is to come, or a past. The statement that creates calls this only for those, since
-- two further parts of it would cost every other one a tenth.
CREATE FUNCTION organisation_dated(organisation_code text, coming jsonb, past jsonb) RETURNS boolean LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    INSERT INTO organisation_coming SELECT r.* FROM coming_rows(organisation_code, coming) r;
    INSERT INTO organisation_past SELECT r.* FROM past_rows(organisation_code, past) r;
    RETURN true;
END $$;

-- All that is on record about an organisation with its days, as a list of the store's message DatedFact; NULL for nothing. What lies below it
-- by its facts counts where it is not closed.
CREATE FUNCTION dated_facts_json(organisation_code text) RETURNS json STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT json_agg(json_strip_nulls(json_build_object('kind', f.kind, 'who', f.who, 'from', f.from_on, 'to', f.to_on))
        ORDER BY f.place, f.from_on, f.who)
    FROM (
        SELECT 1 AS place, 'member' AS kind, m.practice AS who, m.from_on, m.to_on FROM membership m WHERE m.network = organisation_code
        UNION ALL
        SELECT 2, 'membership', m.network, m.from_on, m.to_on FROM membership m WHERE m.practice = organisation_code
        UNION ALL
        SELECT 3, 'director', d.name, d.from_on, d.to_on FROM director_term d WHERE d.network = organisation_code
        UNION ALL
        SELECT 4, 'successor', s.successor, s.on_day, NULL FROM succession s WHERE s.predecessor = organisation_code
        UNION ALL
        SELECT 5, 'predecessor', s.predecessor, s.on_day, s.on_day FROM succession s WHERE s.successor = organisation_code
        UNION ALL
        SELECT 6, 'waiver', w.reason, w.from_on, w.to_on FROM waiver w WHERE w.network = organisation_code
        UNION ALL
        SELECT 7, 'system', y.system, y.from_on, y.to_on FROM system_profile y WHERE y.practice = organisation_code
        UNION ALL
        SELECT 8, 'alignment', a.name, a.from_on, a.to_on FROM alignment a WHERE a.organisation = organisation_code
        UNION ALL
        SELECT 9, 'provider', a.name, a.from_on, a.to_on FROM alignment a WHERE a.provider = organisation_code
        UNION ALL
        SELECT 10, 'below', o.code, greatest(o.facts_from, o.opened_on),
            (SELECT min(c.from_on) - 1 FROM organisation_coming c WHERE c.code = o.code AND (c.changes ->> 'status' = 'closed'
                OR (o.parent = organisation_code AND c.changes ? 'parent') OR (o.place = organisation_code AND c.changes ? 'place')))
        FROM organisation o WHERE (o.parent = organisation_code OR o.place = organisation_code) AND o.status <> 'closed'
        UNION ALL
        SELECT 10, 'below', p.code, greatest(p.from_on, p.opened_on), p.to_on FROM organisation_past p
        WHERE (p.parent = organisation_code OR p.place = organisation_code) AND p.superseded_at IS NULL AND p.status <> 'closed'
        UNION ALL
        SELECT 10, 'below', c.code, c.from_on, NULL FROM organisation_coming c
        WHERE c.changes ->> 'parent' = organisation_code OR c.changes ->> 'place' = organisation_code) f;
END;

-- Whether an organisation is open, or not open yet, on all days before `until` (NULL: on all days). In a language that is planned only where
-- it is called, since nearly all that others are put below are open and stay so.
CREATE FUNCTION stays_open(organisation_code text, until date) RETURNS boolean STABLE LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    closed date := closed_from(organisation_code);
BEGIN
    RETURN closed IS NULL OR coalesce(until <= closed, false);
END $$;
