-- Puts an import's staged rows on record (1081), once they were found good (1082). in_touched has every organisation that is new or at
-- another version afterwards, with which its event is made.

-- Whom waivers are taken to come from that name nobody: the nearest commissioner above the network.
CREATE FUNCTION import_grant_waivers() RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    UPDATE in_waiver w SET granted_by = (
        WITH RECURSIVE up (code, kind, parent, distance) AS (
            SELECT p.code, p.kind, p.parent, 1 FROM in_kin n JOIN in_kin p ON p.code = n.parent WHERE n.code = w.network
            UNION ALL SELECT p.code, p.kind, p.parent, u.distance + 1 FROM up u JOIN in_kin p ON p.code = u.parent WHERE u.distance < 16)
        SELECT u.code FROM up u WHERE u.kind IN ('ccg', 'sub-icb', 'ics') ORDER BY u.distance LIMIT 1)
    WHERE NOT w.known AND w.granted_by IS NULL;
    INSERT INTO in_problem SELECT file, line, 'waivers', 'granted_by', 'The network has no commissioner' FROM in_waiver
        WHERE NOT known AND granted_by IS NULL;
END $$;

-- Facts that are on record of the organisation before the change are recorded now, unless their row says when; those of a new one with it.
CREATE FUNCTION import_apply(now timestamptz, today date, OUT created bigint, OUT changed bigint, OUT unchanged bigint)
    LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    t record;
    on_record bigint;
BEGIN
    INSERT INTO organisation (code, name, kind, level, parent, place, status, opened_on, closed_on, former_names, identifiers,
            stated_population, stated_practice_count, source, notes, payee, mapped_area, agreement_on, version, created_at, updated_at,
            facts_from, facts_recorded_at)
        SELECT f.code, f.name, f.kind, f.level, coalesce(f.network, f.parent), f.place, f.status, f.opened_on, f.closed_on, f.former_names,
            f.identifiers, f.stated_population, f.stated_practice_count, f.source, f.notes, f.payee, f.mapped_area, f.agreement_on, 1,
            import_apply.now, import_apply.now,
            CASE WHEN f.network <> coalesce(f.parent, '') AND coalesce(f.opened_on, '-infinity') < f.network_from
                    AND coalesce(f.facts_from, '-infinity') < f.network_from THEN f.network_from ELSE f.facts_from END,
            f.facts_recorded_at
        FROM in_fresh f;
    -- A practice lies below its network from the membership's first day on, and before as its row says.
    INSERT INTO organisation_past (code, from_on, to_on, recorded_at, name, level, parent, place, status, opened_on, closed_on,
            former_names, identifiers, stated_population, stated_practice_count, source, notes, payee, mapped_area, agreement_on)
        SELECT f.code, f.facts_from, f.network_from - 1, coalesce(f.facts_recorded_at, import_apply.now), f.name, f.level, f.parent,
            f.place, f.status, f.opened_on, f.closed_on, f.former_names, f.identifiers, f.stated_population, f.stated_practice_count,
            f.source, f.notes, f.payee, f.mapped_area, f.agreement_on
        FROM in_fresh f WHERE f.network <> coalesce(f.parent, '') AND coalesce(f.opened_on, '-infinity') < f.network_from
            AND coalesce(f.facts_from, '-infinity') < f.network_from;
    INSERT INTO organisation_past (code, from_on, to_on, recorded_at, superseded_at, name, level, parent, place, status, opened_on,
            closed_on, former_names, identifiers, stated_population, stated_practice_count, source, notes, payee, mapped_area, agreement_on)
        SELECT p.code, p.from_on, p.to_on, p.recorded_at, p.superseded_at, p.name, p.level, p.parent, p.place, p.status, p.opened_on,
            p.closed_on, p.former_names, p.identifiers, p.stated_population, p.stated_practice_count, p.source, p.notes, p.payee,
            p.mapped_area, p.agreement_on
        FROM in_past p WHERE NOT p.known;

    -- Who changes: what is added to it, and practices that follow a membership.
    CREATE TEMP TABLE in_touched ON COMMIT DROP AS
        SELECT f.code, true AS fresh FROM in_fresh f;
    INSERT INTO in_touched
        SELECT DISTINCT d.code, false
        FROM (SELECT network AS code FROM in_member WHERE NOT in_member.known
              UNION ALL SELECT s.practice FROM in_today s JOIN organisation o ON o.code = s.practice
                        WHERE o.parent IS DISTINCT FROM s.network
              UNION ALL SELECT network FROM in_sub_group s WHERE NOT s.known UNION ALL SELECT network FROM in_director s WHERE NOT s.known
              UNION ALL SELECT network FROM in_waiver s WHERE NOT s.known UNION ALL SELECT organisation FROM in_size s WHERE NOT s.known
              UNION ALL SELECT organisation FROM in_fact s WHERE NOT s.known UNION ALL SELECT practice FROM in_system s WHERE NOT s.known
              UNION ALL SELECT organisation FROM in_alignment s WHERE NOT s.known
              UNION ALL SELECT predecessor FROM in_succession s WHERE NOT s.known
              UNION ALL SELECT successor FROM in_succession s WHERE NOT s.known
              UNION ALL SELECT s.code FROM in_parts s WHERE s.adds) d
        WHERE NOT EXISTS (SELECT FROM in_fresh f WHERE f.code = d.code);
    CREATE INDEX ON in_touched (code);
    ANALYZE in_touched;
    -- The facts that a membership changes held until the day before it; where it begins before them, they never held.
    INSERT INTO organisation_past (code, from_on, to_on, recorded_at, superseded_at, name, level, parent, place, status, opened_on,
            closed_on, former_names, identifiers, stated_population, stated_practice_count, source, notes, payee, mapped_area, agreement_on)
        SELECT o.code, o.facts_from, CASE WHEN s.before THEN m.from_on - 1 END, coalesce(o.facts_recorded_at, o.created_at),
            CASE WHEN NOT s.before THEN import_apply.now END, o.name, o.level, o.parent, o.place, o.status, o.opened_on, o.closed_on,
            o.former_names, o.identifiers, o.stated_population, o.stated_practice_count, o.source, o.notes, o.payee, o.mapped_area,
            o.agreement_on
        FROM in_today m JOIN organisation o ON o.code = m.practice
        CROSS JOIN LATERAL (SELECT coalesce(o.facts_from, o.opened_on, '-infinity') < m.from_on AS before) s
        WHERE o.parent IS DISTINCT FROM m.network;
    UPDATE organisation o SET parent = m.network, facts_recorded_at = import_apply.now,
            facts_from = CASE WHEN coalesce(o.facts_from, o.opened_on, '-infinity') < m.from_on THEN m.from_on ELSE o.facts_from END
        FROM in_today m WHERE o.code = m.practice AND o.parent IS DISTINCT FROM m.network;
    UPDATE organisation o SET place = coalesce(o.place, p.place),
            stated_practice_count = coalesce(o.stated_practice_count, p.stated_practice_count)
        FROM in_parts p WHERE p.adds AND o.code = p.code;
    UPDATE organisation o SET version = o.version + 1, updated_at = import_apply.now FROM in_touched c
        WHERE o.code = c.code AND NOT c.fresh;

    INSERT INTO organisation_coming (code, from_on, changes, recorded_at)
        SELECT c.code, c.from_on, c.changes, c.recorded_at FROM in_coming c WHERE NOT c.known;
    INSERT INTO succession (predecessor, successor, on_day, manner, source, recorded_at)
        SELECT s.predecessor, s.successor, s.on_day, s.manner, s.source, coalesce(s.recorded_at, import_apply.now)
        FROM in_succession s WHERE NOT s.known;
    INSERT INTO sub_group (network, code, source)
        SELECT DISTINCT ON (g.network, g.code) g.network, g.code, g.source
        FROM (SELECT network, code, source, 1 AS rank FROM in_sub_group s WHERE NOT s.known
              UNION ALL SELECT organisation, sub_group, source, 2 FROM in_size s WHERE NOT s.known AND sub_group <> ''
              UNION ALL SELECT network, sub_group, source, 3 FROM in_member s WHERE NOT s.known AND sub_group IS NOT NULL) g
        ORDER BY g.network, g.code, g.rank, g.source ON CONFLICT DO NOTHING;
    INSERT INTO membership (practice, network, sub_group, from_on, to_on, source, from_assumed, recorded_at, end_recorded_at)
        SELECT s.practice, s.network, s.sub_group, s.from_on, s.to_on, s.source, s.from_assumed,
            coalesce(s.recorded_at, CASE WHEN NOT c.fresh THEN import_apply.now END), s.end_recorded_at
        FROM in_member s JOIN in_touched c ON c.code = s.network WHERE NOT s.known;
    INSERT INTO director_term (network, name, from_on, to_on, share, source, from_assumed, recorded_at, end_recorded_at)
        SELECT s.network, s.name, s.from_on, s.to_on, s.share, s.source, s.from_assumed,
            coalesce(s.recorded_at, CASE WHEN NOT c.fresh THEN import_apply.now END), s.end_recorded_at
        FROM in_director s JOIN in_touched c ON c.code = s.network WHERE NOT s.known;
    INSERT INTO waiver (network, from_on, to_on, reason, granted_by, source, recorded_at, end_recorded_at)
        SELECT s.network, s.from_on, s.to_on, s.reason, s.granted_by, s.source, coalesce(s.recorded_at, import_apply.now), s.end_recorded_at
        FROM in_waiver s WHERE NOT s.known;
    INSERT INTO list_size (organisation, kind, sub_group, as_of, synthetic, count, source, recorded_at)
        SELECT s.organisation, s.kind, s.sub_group, s.as_of, s.synthetic, s.count, s.source,
            coalesce(s.recorded_at, CASE WHEN NOT c.fresh THEN import_apply.now END)
        FROM in_size s JOIN in_touched c ON c.code = s.organisation WHERE NOT s.known;
    INSERT INTO stated_fact (organisation, fact, qualifier, value, unit, period, notes, source, recorded_at)
        SELECT s.organisation, s.fact, s.qualifier, s.value, s.unit, s.period, s.notes, s.source,
            coalesce(s.recorded_at, CASE WHEN NOT c.fresh THEN import_apply.now END)
        FROM in_fact s JOIN in_touched c ON c.code = s.organisation WHERE NOT s.known;
    INSERT INTO system_profile (practice, system, from_on, to_on, source, recorded_at, end_recorded_at)
        SELECT s.practice, s.system, s.from_on, s.to_on, s.source,
            coalesce(s.recorded_at, CASE WHEN NOT c.fresh THEN import_apply.now END), s.end_recorded_at
        FROM in_system s JOIN in_touched c ON c.code = s.practice WHERE NOT s.known;
    INSERT INTO alignment (service, organisation, name, kind, provider, from_on, to_on, source, recorded_at, end_recorded_at)
        SELECT s.service, s.organisation, s.name, s.kind, s.provider, s.from_on, s.to_on, s.source,
            coalesce(s.recorded_at, CASE WHEN NOT c.fresh THEN import_apply.now END), s.end_recorded_at
        FROM in_alignment s JOIN in_touched c ON c.code = s.organisation WHERE NOT s.known;
    INSERT INTO superseded_fact (code, kind, fact, recorded_at, superseded_at)
        SELECT s.code, s.kind, s.fact, s.recorded_at, s.superseded_at FROM in_superseded s WHERE NOT s.known ORDER BY s.file, s.line;
    INSERT INTO site (code, organisation, name, kind, address, tenure, floor_area, from_on, to_on, source, notes, version, created_at,
            updated_at)
        SELECT s.code, s.organisation, s.name, s.kind, s.address, s.tenure, s.floor_area, s.from_on, s.to_on, s.source, s.notes, 1,
            import_apply.now, import_apply.now FROM in_site s WHERE NOT s.known;

    SELECT count(*) FILTER (WHERE c.fresh), count(*) FILTER (WHERE NOT c.fresh) INTO created, changed FROM in_touched c;
    created := created + (SELECT count(*) FROM in_site s WHERE NOT s.known);
    unchanged := 0;
    FOR t IN SELECT * FROM import_tables() LOOP
        EXECUTE format('SELECT count(*) FROM %I WHERE known', t.stage) || CASE t.stage WHEN 'in_parts' THEN ' AND NOT adds' ELSE '' END
            INTO on_record;
        unchanged := unchanged + on_record;
    END LOOP;
    -- What the events' lists are read by.
    CREATE INDEX ON in_size (organisation);
END $$;
