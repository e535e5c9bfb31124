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

-- Practices with new memberships lie below their networks on all days of these, be they over or to come. Where what is on record goes on below
-- a network that they left, they lie below what lies above that one on the day. Other days stay, and nothing is said of days before one
-- opened. What was on record before of days gone by stays as superseded; a new practice has no such. Who moves is among in_touched.
CREATE FUNCTION import_settle(now timestamptz, today date) RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    CREATE TEMP TABLE in_stay ON COMMIT DROP AS
        SELECT m.practice, m.network, m.from_on, m.to_on, lead(m.from_on) OVER (PARTITION BY m.practice ORDER BY m.from_on) AS next_on
        FROM membership m WHERE m.practice IN (SELECT s.practice FROM in_member s WHERE NOT s.known);
    CREATE INDEX ON in_stay (practice);
    ANALYZE in_stay;
    -- All that is on record of their facts, day by day.
    CREATE TEMP TABLE in_span ON COMMIT DROP AS
        SELECT s.code, s.origin, s.from_on, CASE WHEN s.origin = 'past' THEN s.to_on
                ELSE lead(s.from_on) OVER (PARTITION BY s.code ORDER BY s.from_on NULLS FIRST) - 1 END AS to_on, s.recorded_at,
            s.name, s.level, s.parent, s.place, s.status, s.opened_on, s.closed_on, s.former_names, s.identifiers, s.stated_population,
                s.stated_practice_count, s.source, s.notes, s.payee, s.mapped_area, s.agreement_on
        FROM (SELECT p.code COLLATE "default" AS code, 'past' AS origin, p.from_on, p.to_on, p.recorded_at,
                  p.name::text AS name, p.level::text AS level, p.parent, p.place, p.status::text AS status, p.opened_on, p.closed_on,
                      p.former_names, p.identifiers, p.stated_population::bigint AS stated_population,
                      p.stated_practice_count::bigint AS stated_practice_count, p.source, p.notes, p.payee, p.mapped_area, p.agreement_on
              FROM organisation_past p WHERE p.superseded_at IS NULL AND p.code IN (SELECT m.practice FROM in_stay m)
              UNION ALL
              SELECT o.code COLLATE "default", 'head', o.facts_from, NULL, coalesce(o.facts_recorded_at, o.created_at),
                  o.name::text, o.level::text, o.parent, o.place, o.status::text, o.opened_on, o.closed_on, o.former_names, o.identifiers,
                      o.stated_population::bigint, o.stated_practice_count::bigint, o.source, o.notes, o.payee, o.mapped_area,
                      o.agreement_on
              FROM organisation o WHERE o.code IN (SELECT m.practice FROM in_stay m)
              UNION ALL
              SELECT o.code COLLATE "default", 'coming', c.from_on, NULL, c.recorded_at,
                  r.name::text, r.level::text, r.parent, r.place, r.status::text, r.opened_on, r.closed_on, coalesce(r.former_names,
                      '{}'), coalesce(r.identifiers, '[]'), r.stated_population::bigint, r.stated_practice_count::bigint, r.source,
                      r.notes, r.payee, r.mapped_area, r.agreement_on
              FROM organisation_coming c JOIN organisation o ON o.code = c.code
              CROSS JOIN LATERAL (SELECT jsonb_object_agg(e.key, e.value ORDER BY b.from_on) AS changes
                  FROM organisation_coming b CROSS JOIN LATERAL jsonb_each(b.changes) e WHERE b.code = c.code AND b.from_on <= c.from_on) a
              CROSS JOIN LATERAL jsonb_populate_record(o, a.changes) r
              WHERE c.code IN (SELECT m.practice FROM in_stay m)) s;
    CREATE INDEX ON in_span (code);
    ANALYZE in_span;
    CREATE TEMP TABLE in_astray ON COMMIT DROP AS
        SELECT DISTINCT s.code FROM in_span s JOIN in_stay m ON m.practice = s.code
        WHERE (s.parent IS DISTINCT FROM m.network AND m.from_on <= coalesce(s.to_on, 'infinity')
               AND coalesce(greatest(s.from_on, s.opened_on), '-infinity') <= coalesce(m.to_on, 'infinity'))
           OR (s.parent = m.network AND greatest(m.to_on + 1, s.from_on) <= coalesce(s.to_on, 'infinity')
               AND greatest(m.to_on + 1, s.from_on) < coalesce(m.next_on, 'infinity') AND m.to_on IS NOT NULL);
    ANALYZE in_astray;
    -- The same, cut at the days on which it may lie elsewhere: from `day` to `until` below `lies`.
    CREATE TEMP TABLE in_piece ON COMMIT DROP AS
        WITH starts AS (
            SELECT s.code, s.from_on AS day FROM in_span s JOIN in_astray a ON a.code = s.code
            UNION
            SELECT m.practice, d.day FROM in_stay m JOIN in_astray a ON a.code = m.practice
            CROSS JOIN LATERAL (VALUES (m.from_on), (m.to_on + 1)) AS d (day) WHERE d.day IS NOT NULL
            UNION
            SELECT m.practice, d.day FROM in_stay m JOIN in_astray a ON a.code = m.practice
            CROSS JOIN LATERAL (
                SELECT p.from_on FROM organisation_past p WHERE p.code = m.network AND p.superseded_at IS NULL
                UNION ALL SELECT o.facts_from FROM organisation o WHERE o.code = m.network
                UNION ALL SELECT c.from_on FROM organisation_coming c WHERE c.code = m.network) AS d (day)
            WHERE d.day > m.to_on),
        cut AS (
            SELECT t.day, s.*, CASE WHEN m.network IS NOT NULL THEN m.network
                    WHEN s.parent = l.network THEN (SELECT n.parent FROM organisations_on(e.day) n WHERE n.code = l.network)
                    ELSE s.parent END AS lies
            FROM starts t
            JOIN in_span s ON s.code = t.code AND coalesce(s.from_on, '-infinity') <= coalesce(t.day, '-infinity')
                AND coalesce(t.day, '-infinity') <= coalesce(s.to_on, 'infinity')
            CROSS JOIN LATERAL (SELECT CASE WHEN s.opened_on > s.to_on THEN t.day ELSE greatest(t.day, s.opened_on) END AS day) e
            LEFT JOIN in_stay m ON m.practice = t.code AND m.from_on <= e.day AND coalesce(m.to_on, 'infinity') >= e.day
            LEFT JOIN LATERAL (SELECT l.network FROM in_stay l WHERE l.practice = t.code AND l.to_on < e.day
                               ORDER BY l.to_on DESC LIMIT 1) l ON true),
        kept AS (
            SELECT c.*, c.day IS DISTINCT FROM c.from_on AND c.lies IS NOT DISTINCT FROM lag(c.lies) OVER w AS same FROM cut c
            WINDOW w AS (PARTITION BY c.code ORDER BY c.day NULLS FIRST))
        SELECT k.*, least(lead(k.day) OVER w - 1, k.to_on) AS until, k.lies IS DISTINCT FROM k.parent AS moved,
            k.day IS NOT DISTINCT FROM k.from_on AS first,
            greatest(import_settle.today, first_value(k.day) OVER w) AS head_day,
            EXISTS (SELECT FROM in_fresh f WHERE f.code = k.code) AS fresh
        FROM kept k WHERE NOT k.same
        WINDOW w AS (PARTITION BY k.code ORDER BY k.day NULLS FIRST);
    DELETE FROM in_piece x WHERE NOT EXISTS (SELECT FROM in_piece y WHERE y.code = x.code AND y.moved);

    UPDATE organisation_past p SET to_on = x.until, superseded_at = CASE WHEN x.moved AND NOT x.fresh THEN import_settle.now END,
            superseded_by = CASE WHEN x.moved AND NOT x.fresh THEN 'change' END,
            end_recorded_at = CASE WHEN x.fresh OR x.until IS NOT DISTINCT FROM x.to_on THEN p.end_recorded_at
                WHEN NOT x.moved THEN import_settle.now END,
            parent = CASE WHEN x.fresh THEN x.lies ELSE p.parent END
        FROM in_piece x WHERE x.origin = 'past' AND x.first AND p.code = x.code AND p.superseded_at IS NULL
            AND p.from_on IS NOT DISTINCT FROM x.from_on;
    INSERT INTO organisation_past (code, from_on, to_on, recorded_at, end_recorded_at, superseded_at, superseded_by, name, level, parent,
        place, status, opened_on, closed_on, former_names, identifiers, stated_population, stated_practice_count, source, notes, payee,
        mapped_area, agreement_on)
        SELECT x.code, x.day, x.until, x.recorded_at, NULL::timestamptz, import_settle.now, 'change', x.name,
            x.level, x.parent, x.place, x.status, x.opened_on,
            x.closed_on, x.former_names, x.identifiers, x.stated_population, x.stated_practice_count, x.source, x.notes, x.payee,
            x.mapped_area, x.agreement_on
        FROM in_piece x WHERE x.moved AND NOT x.fresh AND NOT (x.origin = 'past' AND x.first)
            AND coalesce(x.day, '-infinity') < import_settle.today
        UNION ALL
        SELECT x.code, x.day, x.until, CASE WHEN x.moved AND NOT x.fresh THEN import_settle.now ELSE x.recorded_at END,
            CASE WHEN NOT x.moved AND NOT x.fresh AND x.until IS DISTINCT FROM x.to_on THEN import_settle.now END, NULL, NULL, x.name,
            x.level, x.lies, x.place, x.status, x.opened_on, x.closed_on, x.former_names, x.identifiers, x.stated_population,
            x.stated_practice_count, x.source, x.notes, x.payee, x.mapped_area, x.agreement_on
        FROM in_piece x WHERE x.until < x.head_day AND NOT (x.origin = 'past' AND x.first AND (x.fresh OR NOT x.moved));
    UPDATE organisation o SET (name, level, parent, place, status, opened_on, closed_on, former_names, identifiers, stated_population,
        stated_practice_count, source, notes, payee, mapped_area, agreement_on)
            = (x.name, x.level, x.lies, x.place, x.status, x.opened_on, x.closed_on, x.former_names, x.identifiers, x.stated_population,
                x.stated_practice_count, x.source, x.notes, x.payee, x.mapped_area, x.agreement_on), facts_from = x.day,
            facts_recorded_at = CASE WHEN x.moved AND NOT x.fresh THEN import_settle.now WHEN x.origin = 'head' THEN o.facts_recorded_at
                ELSE x.recorded_at END
        FROM in_piece x WHERE x.code = o.code AND coalesce(x.day, '-infinity') <= x.head_day AND coalesce(x.until,
            'infinity') >= x.head_day;
    CREATE TEMP TABLE in_turn ON COMMIT DROP AS
        SELECT t.code, t.day, t.changes FROM (
            SELECT f.code, f.day, f.head_day, (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(f.facts) e
                    WHERE e.value IS DISTINCT FROM f.before -> e.key) AS changes
            FROM (SELECT x.code, x.day, x.head_day, r.facts, lag(r.facts) OVER (PARTITION BY x.code ORDER BY x.day NULLS FIRST) AS before
                  FROM in_piece x CROSS JOIN LATERAL (SELECT jsonb_build_object('name', x.name, 'level', x.level, 'parent', x.lies,
                      'place', x.place, 'status', x.status, 'opened_on', x.opened_on, 'closed_on', x.closed_on, 'former_names',
                      x.former_names, 'identifiers', x.identifiers, 'stated_population', x.stated_population, 'stated_practice_count',
                      x.stated_practice_count, 'source', x.source, 'notes', x.notes, 'payee', x.payee, 'mapped_area', x.mapped_area,
                      'agreement_on', x.agreement_on) AS facts) r) f) t
        WHERE t.day > t.head_day AND t.changes IS NOT NULL;
    DELETE FROM organisation_coming c WHERE c.code IN (SELECT x.code FROM in_piece x)
        AND NOT EXISTS (SELECT FROM in_turn t WHERE t.code = c.code AND t.day = c.from_on);
    INSERT INTO organisation_coming AS c (code, from_on, changes, recorded_at)
        SELECT t.code, t.day, t.changes, import_settle.now FROM in_turn t
        ON CONFLICT (code, from_on) DO UPDATE SET changes = excluded.changes, recorded_at = excluded.recorded_at
            WHERE c.changes IS DISTINCT FROM excluded.changes;

    WITH moved AS (
        INSERT INTO in_touched SELECT DISTINCT x.code, false FROM in_piece x
            WHERE NOT EXISTS (SELECT FROM in_touched c WHERE c.code = x.code) RETURNING code)
    UPDATE organisation o SET version = o.version + 1, updated_at = import_settle.now FROM moved WHERE o.code = moved.code;
END $$;

-- Facts that are on record of the organisation before the change are recorded now, unless their row says when; those of a new one with it.
CREATE FUNCTION import_apply(now timestamptz, today date, OUT created bigint, OUT changed bigint)
    LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    INSERT INTO organisation (code, name, kind, level, parent, place, status, opened_on, closed_on, former_names, identifiers,
            stated_population, stated_practice_count, source, notes, payee, mapped_area, agreement_on, version, created_at, updated_at,
            facts_from, facts_recorded_at)
        SELECT f.code, f.name, f.kind, f.level, f.parent, f.place, f.status, f.opened_on, f.closed_on, f.former_names,
            f.identifiers, f.stated_population, f.stated_practice_count, f.source, f.notes, f.payee, f.mapped_area, f.agreement_on, 1,
            import_apply.now, import_apply.now, f.facts_from, f.facts_recorded_at
        FROM in_fresh f;
    INSERT INTO organisation_past (code, from_on, to_on, recorded_at, end_recorded_at, superseded_at, superseded_by, name, level, parent,
            place, status, opened_on, closed_on, former_names, identifiers, stated_population, stated_practice_count, source, notes, payee,
            mapped_area, agreement_on)
        SELECT p.code, p.from_on, p.to_on, p.recorded_at, p.end_recorded_at, p.superseded_at, p.superseded_by, p.name, p.level,
            p.parent, p.place, p.status, p.opened_on, p.closed_on, p.former_names, p.identifiers, p.stated_population,
            p.stated_practice_count, p.source, p.notes, p.payee,
            p.mapped_area, p.agreement_on
        FROM in_past p WHERE NOT p.known;

    -- Who changes: what is added to it; practices that follow a membership are found at the end.
    CREATE TEMP TABLE in_touched ON COMMIT DROP AS
        SELECT f.code, true AS fresh FROM in_fresh f;
    INSERT INTO in_touched
        SELECT DISTINCT d.code, false
        FROM (SELECT network AS code FROM in_member WHERE NOT in_member.known
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
    INSERT INTO superseded_fact (code, kind, fact, recorded_at, superseded_at, superseded_by)
        SELECT s.code, s.kind, s.fact, s.recorded_at, s.superseded_at, s.superseded_by
        FROM in_superseded s WHERE NOT s.known ORDER BY s.file, s.line;
    INSERT INTO site (code, organisation, name, kind, address, tenure, floor_area, from_on, to_on, source, notes, version, created_at,
            updated_at)
        SELECT s.code, s.organisation, s.name, s.kind, s.address, s.tenure, s.floor_area, s.from_on, s.to_on, s.source, s.notes, 1,
            import_apply.now, import_apply.now FROM in_site s WHERE NOT s.known;

    PERFORM import_settle(import_apply.now, import_apply.today);

    SELECT count(*) FILTER (WHERE c.fresh), count(*) FILTER (WHERE NOT c.fresh) INTO created, changed FROM in_touched c;
    created := created + (SELECT count(*) FROM in_site s WHERE NOT s.known);
    -- What the events' lists are read by.
    CREATE INDEX ON in_size (organisation);
END $$;
