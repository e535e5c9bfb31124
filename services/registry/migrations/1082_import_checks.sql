-- What is checked of an import's staged rows (1081): each problem is a row of in_problem. What the single calls refuse is refused here too.

-- Rows by themselves and beside those on record: one key twice, other content, days out of order.
CREATE FUNCTION import_check_rows() RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    t record;
    keys text;
    twice boolean;
BEGIN
    FOR t IN SELECT * FROM import_tables() LOOP
        keys := (SELECT string_agg(format('%I', k), ', ') FROM unnest(t.keys) k);
        EXECUTE format('SELECT EXISTS (SELECT FROM %I GROUP BY %s HAVING count(*) > 1)', t.stage, keys) INTO twice;
        IF twice THEN
            EXECUTE format('INSERT INTO in_problem SELECT file, line, %L, %L, CASE WHEN file = first_file '
                || 'THEN ''is on line '' || first_line || '' already'' '
                || 'ELSE ''is in file '' || first_file || '', line '' || first_line || '' already'' END '
                || 'FROM (SELECT file, line, row_number() OVER w AS nth, first_value(file) OVER w AS first_file, '
                || 'first_value(line) OVER w AS first_line FROM %I WINDOW w AS (PARTITION BY %s ORDER BY file, line)) d WHERE nth > 1',
                t.kind, t.field, t.stage, keys);
        END IF;
        -- An assumed first day contradicts nothing.
        IF t.compared <> '{}' THEN
            EXECUTE format('INSERT INTO in_problem SELECT s.file, s.line, %L, d.field, import_differs(d.here, d.there) FROM %I s JOIN %I r '
                || 'ON %s CROSS JOIN LATERAL (VALUES %s) AS d (field, here, there) '
                || 'WHERE s.known AND d.here IS NOT NULL AND d.here IS DISTINCT FROM d.there', t.kind, t.stage, t.record,
                (SELECT string_agg(format('s.%1$I = r.%1$I', k), ' AND ') FROM unnest(t.keys) k),
                (SELECT string_agg(format(CASE WHEN c IN ('count', 'stated_population', 'stated_practice_count')
                        THEN '(%1$L, to_char(s.%1$I, ''FM999,999,999,990''), to_char(r.%1$I, ''FM999,999,999,990''))'
                    WHEN c = 'facts_recorded_at' THEN '(%1$L, instant_text(s.%1$I), instant_text(coalesce(r.%1$I, r.created_at)))'
                    WHEN c LIKE '%\_at' THEN '(%1$L, instant_text(s.%1$I), instant_text(r.%1$I))'
                    WHEN c = 'share' THEN '(%1$L, trim_scale(s.%1$I)::text, trim_scale(r.%1$I)::text)'
                    WHEN c = 'from_assumed' THEN '(%1$L, nullif(s.%1$I, true)::text, r.%1$I::text)'
                    ELSE '(%1$L, s.%1$I::text, r.%1$I::text)' END, c), ', ') FROM unnest(t.compared) c));
        END IF;
    END LOOP;
    INSERT INTO in_problem
        SELECT s.file, s.line, 'past', 'code', 'No such facts are on record of ' || s.code || ', which is there already' FROM in_past s
        WHERE NOT s.known AND EXISTS (SELECT FROM organisation o WHERE o.code = s.code)
        UNION ALL
        SELECT s.file, s.line, 'coming', 'code', 'No such change is on record of ' || s.code || ', which is there already' FROM in_coming s
        WHERE NOT s.known AND EXISTS (SELECT FROM organisation o WHERE o.code = s.code)
        UNION ALL
        SELECT s.file, s.line, 'superseded', 'code', 'No such record is superseded of ' || s.code || ', which is there already'
        FROM in_superseded s WHERE NOT s.known AND EXISTS (SELECT FROM organisation o WHERE o.code = s.code);
    -- Parts of an organisation: they may add what is not known, and contradict neither the record nor the organisation's own row.
    INSERT INTO in_problem
        SELECT p.file, p.line, 'organisation_parts', d.field, import_differs(d.here, d.there)
        FROM in_parts p JOIN organisation o ON o.code = p.code CROSS JOIN LATERAL (VALUES ('place', p.place, o.place::text),
            ('stated_practice_count', p.stated_practice_count::text, o.stated_practice_count::text)) AS d (field, here, there)
        WHERE d.here <> d.there
        UNION ALL
        SELECT p.file, p.line, 'organisation_parts', d.field, format('is %s on line %s of file %s, not %s', d.there, s.line, s.file, d.here)
        FROM in_parts p JOIN in_organisation s ON s.code = p.code CROSS JOIN LATERAL (VALUES ('place', p.place, s.place),
            ('stated_practice_count', p.stated_practice_count::text, s.stated_practice_count::text)) AS d (field, here, there)
        WHERE d.here <> d.there;
    UPDATE in_parts p SET adds = true FROM organisation o WHERE o.code = p.code
        AND ((o.place IS NULL AND p.place IS NOT NULL) OR (o.stated_practice_count IS NULL AND p.stated_practice_count IS NOT NULL));
    INSERT INTO in_problem
        SELECT d.file, d.line, d.kind, d.field, 'It cannot end before it begins, on ' || d.from_on
        FROM (SELECT file, line, 'memberships' AS kind, 'to_on' AS field, from_on, to_on FROM in_member
              UNION ALL SELECT file, line, 'directors', 'to_on', from_on, to_on FROM in_director
              UNION ALL SELECT file, line, 'waivers', 'to_on', from_on, to_on FROM in_waiver
              UNION ALL SELECT file, line, 'systems', 'to_on', from_on, to_on FROM in_system
              UNION ALL SELECT file, line, 'alignments', 'to_on', from_on, to_on FROM in_alignment
              UNION ALL SELECT file, line, 'sites', 'to_on', from_on, to_on FROM in_site
              UNION ALL SELECT file, line, 'past', 'to_on', from_on, to_on FROM in_past
              UNION ALL SELECT s.file, s.line, 'organisations', 'identifiers', (i ->> 'from')::date, (i ->> 'to')::date
                        FROM in_organisation s CROSS JOIN LATERAL jsonb_array_elements(s.identifiers) i) d
        WHERE d.to_on < d.from_on
        UNION ALL
        SELECT file, line, 'organisations', 'closed_on', 'It cannot close before it opened, on ' || opened_on
        FROM in_organisation WHERE closed_on < opened_on
        UNION ALL
        SELECT file, line, 'organisations', 'closed_on', 'A closed organisation has the day on which it closed'
        FROM in_organisation WHERE NOT known AND status = 'closed' AND closed_on IS NULL
        UNION ALL
        SELECT file, line, 'organisations', 'payee', 'Only a network has a nominated payee'
        FROM in_organisation WHERE payee IS NOT NULL AND kind <> 'network'
        UNION ALL
        SELECT file, line, 'directors', 'share', 'A share is more than nothing' FROM in_director WHERE share = 0
        UNION ALL
        SELECT file, line, 'successions', 'successor', 'Nobody goes on after themselves' FROM in_succession WHERE successor = predecessor
        UNION ALL
        SELECT s.file, s.line, 'coming', 'changes', 'There is no field ' || left(c.key, 60) || ' that changes'
        FROM in_coming s CROSS JOIN LATERAL jsonb_object_keys(s.changes) AS c (key)
        WHERE c.key NOT IN ('name', 'level', 'parent', 'place', 'status', 'opened_on', 'closed_on', 'former_names', 'identifiers',
            'stated_population', 'stated_practice_count', 'source', 'notes', 'payee', 'mapped_area', 'agreement_on');
END $$;

-- Everything as it would be: in_fresh are the new organisations with what completes them, in_kin all of them, old and new.
CREATE FUNCTION import_complete(today date) RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    -- Where new memberships say that practices are today.
    CREATE TEMP TABLE in_today ON COMMIT DROP AS
        SELECT DISTINCT ON (practice) practice, network, from_on, to_on FROM in_member
        WHERE NOT known AND from_on <= today AND (to_on IS NULL OR to_on >= today) ORDER BY practice, file, line;
    ANALYZE in_today;
    CREATE TEMP TABLE in_fresh ON COMMIT DROP AS
        SELECT DISTINCT ON (s.code) s.file, s.line, s.code, s.name, s.kind, coalesce(s.level, r.level) AS level, s.parent,
            coalesce(s.place, p.place) AS place, coalesce(s.status, 'active') AS status, s.opened_on, s.closed_on,
            coalesce(s.former_names, '{}') AS former_names, coalesce(s.identifiers, '[]') AS identifiers, s.stated_population,
            coalesce(s.stated_practice_count, p.stated_practice_count) AS stated_practice_count, s.payee, s.mapped_area, s.agreement_on,
            s.source, s.notes, s.facts_from, s.facts_recorded_at, t.network, t.from_on AS network_from
        FROM in_organisation s LEFT JOIN in_rule r ON r.kind = s.kind LEFT JOIN in_parts p ON p.code = s.code
        LEFT JOIN in_today t ON t.practice = s.code AND s.kind = 'practice'
        WHERE NOT s.known ORDER BY s.code, s.file, s.line;
    ANALYZE in_fresh;
    CREATE TEMP TABLE in_kin ON COMMIT DROP AS
        SELECT o.code COLLATE "default" AS code, o.kind::text AS kind, coalesce(t.network, o.parent) AS parent,
            coalesce(o.place, p.place) AS place, o.opened_on, CASE WHEN o.status = 'closed' THEN coalesce(o.closed_on, o.facts_from)
                ELSE (SELECT min(c.from_on) FROM organisation_coming c WHERE o.linked AND c.code = o.code COLLATE "default"
                      AND c.changes ->> 'status' = 'closed') END AS closed_from, false AS fresh
        FROM organisation o LEFT JOIN in_today t ON t.practice = o.code AND o.kind = 'practice'
        LEFT JOIN (SELECT DISTINCT ON (code) code, place FROM in_parts ORDER BY code, file, line) p ON p.code = o.code
        UNION ALL
        SELECT f.code, f.kind, coalesce(f.network, f.parent), f.place, f.opened_on, CASE WHEN f.status = 'closed' THEN f.closed_on
                ELSE (SELECT min(c.from_on) FROM in_coming c WHERE c.code = f.code AND c.changes ->> 'status' = 'closed') END, true
        FROM in_fresh f;
    CREATE INDEX ON in_kin (code);
    ANALYZE in_kin;
END $$;

-- What rows refer to.
CREATE FUNCTION import_check_references() RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    removed bigint;
BEGIN
    CREATE TEMP TABLE in_reference ON COMMIT DROP AS
        SELECT DISTINCT file, line, 'organisations' AS kind, d.field, d.code
            FROM in_organisation CROSS JOIN LATERAL (VALUES ('parent', parent), ('place', place), ('payee', payee)) AS d (field, code)
            WHERE NOT known AND d.code IS NOT NULL
        UNION ALL SELECT file, line, 'organisation_parts', d.field, d.code
            FROM in_parts CROSS JOIN LATERAL (VALUES ('code', code), ('place', place)) AS d (field, code) WHERE d.code IS NOT NULL
        UNION ALL SELECT file, line, 'past', d.field, d.code
            FROM in_past CROSS JOIN LATERAL (VALUES ('code', code), ('parent', parent), ('place', place), ('payee', payee))
                AS d (field, code)
            WHERE NOT known AND d.code IS NOT NULL
        UNION ALL SELECT file, line, 'coming', d.field, d.code
            FROM in_coming CROSS JOIN LATERAL (VALUES ('code', code), ('changes', changes ->> 'parent'), ('changes', changes ->> 'place'),
                ('changes', changes ->> 'payee')) AS d (field, code) WHERE NOT known AND d.code IS NOT NULL
        UNION ALL SELECT file, line, 'successions', d.field, d.code
            FROM in_succession CROSS JOIN LATERAL (VALUES ('predecessor', predecessor), ('successor', successor)) AS d (field, code)
            WHERE NOT known
        UNION ALL SELECT file, line, 'sub_groups', 'network', network FROM in_sub_group WHERE NOT known
        UNION ALL SELECT file, line, 'memberships', d.field, d.code
            FROM in_member CROSS JOIN LATERAL (VALUES ('practice', practice), ('network', network)) AS d (field, code) WHERE NOT known
        UNION ALL SELECT file, line, 'directors', 'network', network FROM in_director WHERE NOT known
        UNION ALL SELECT file, line, 'waivers', d.field, d.code
            FROM in_waiver CROSS JOIN LATERAL (VALUES ('network', network), ('granted_by', granted_by)) AS d (field, code)
            WHERE NOT known AND d.code IS NOT NULL
        UNION ALL SELECT file, line, 'list_sizes', 'organisation', organisation FROM in_size WHERE NOT known
        UNION ALL SELECT file, line, 'facts', 'organisation', organisation FROM in_fact WHERE NOT known
        UNION ALL SELECT file, line, 'systems', 'practice', practice FROM in_system WHERE NOT known
        UNION ALL SELECT file, line, 'alignments', d.field, d.code
            FROM in_alignment CROSS JOIN LATERAL (VALUES ('organisation', organisation), ('provider', provider)) AS d (field, code)
            WHERE NOT known AND d.code IS NOT NULL
        UNION ALL SELECT file, line, 'sites', 'organisation', organisation FROM in_site WHERE NOT known
        UNION ALL SELECT file, line, 'superseded', 'code', code FROM in_superseded WHERE NOT known;
    ANALYZE in_reference;
    INSERT INTO in_problem
        SELECT r.file, r.line, r.kind, r.field, 'There is no organisation ' || r.code FROM in_reference r
        WHERE NOT EXISTS (SELECT FROM in_kin k WHERE k.code = r.code);
    INSERT INTO in_problem
        SELECT r.file, r.line, r.kind, r.field, r.code || ' is no practice' FROM in_reference r JOIN in_kin k ON k.code = r.code
        WHERE r.field = 'practice' AND k.kind <> 'practice'
        UNION ALL
        SELECT r.file, r.line, r.kind, r.field, r.code || ' is no network' FROM in_reference r JOIN in_kin k ON k.code = r.code
        WHERE r.field = 'network' AND k.kind <> 'network'
        UNION ALL
        SELECT r.file, r.line, r.kind, r.field, r.code || ' is neither a network nor a practice'
        FROM in_reference r JOIN in_kin k ON k.code = r.code
        WHERE r.kind = 'alignments' AND r.field = 'organisation' AND k.kind NOT IN ('network', 'practice')
        UNION ALL
        SELECT r.file, r.line, r.kind, r.field, r.code || ' is of kind ' || k.kind || ', which is no place'
        FROM in_reference r JOIN in_kin k ON k.code = r.code
        WHERE r.field = 'place' AND r.kind <> 'past' AND NOT k.kind = ANY (SELECT unnest(p.parents) FROM in_rule p WHERE p.kind = 'place')
        UNION ALL
        SELECT r.file, r.line, r.kind, r.field, r.code || ' is no commissioner' FROM in_reference r JOIN in_kin k ON k.code = r.code
        WHERE r.field = 'granted_by' AND k.kind NOT IN ('ccg', 'sub-icb', 'ics')
        UNION ALL
        SELECT r.file, r.line, r.kind, r.field,
            r.code || ' is of kind ' || k.kind || ', which cannot be the parent of kind ' || f.kind
        FROM in_reference r JOIN in_kin k ON k.code = r.code JOIN in_organisation f ON f.file = r.file AND f.line = r.line
        JOIN in_rule p ON p.kind = f.kind
        WHERE r.kind = 'organisations' AND r.field = 'parent' AND p.parents IS NOT NULL AND NOT k.kind = ANY (p.parents);
    INSERT INTO in_problem
        SELECT f.file, f.line, 'organisations', 'parent', f.parent || ' is a network, but the practice is a member of ' || f.network
        FROM in_fresh f JOIN in_kin k ON k.code = f.parent WHERE f.network <> f.parent AND k.kind = 'network'
        UNION ALL
        -- A practice lies below its network, whatever commissioner its row names.
        SELECT s.file, s.line, 'organisations', 'parent', import_differs(s.parent, o.parent)
        FROM in_organisation s JOIN organisation o ON o.code = s.code LEFT JOIN in_kin k ON k.code = s.parent
        LEFT JOIN in_kin n ON n.code = o.parent
        WHERE s.known AND s.parent IS DISTINCT FROM o.parent AND s.parent IS NOT NULL
          AND NOT (o.kind = 'practice' AND n.kind = 'network' AND k.kind IN ('ccg', 'sub-icb', 'ics'));
    -- Circles over both trees: what has nothing above it is taken away again and again; what stays leads into one.
    CREATE TEMP TABLE in_edge ON COMMIT DROP AS
        SELECT code, parent AS up, 'parent' AS field FROM in_kin WHERE parent IS NOT NULL
        UNION ALL SELECT code, place, 'place' FROM in_kin WHERE place IS NOT NULL;
    ANALYZE in_edge;
    LOOP
        DELETE FROM in_edge e WHERE NOT EXISTS (SELECT FROM in_edge a WHERE a.code = e.up);
        GET DIAGNOSTICS removed = ROW_COUNT;
        EXIT WHEN removed = 0;
    END LOOP;
    IF EXISTS (SELECT FROM in_edge) THEN
        INSERT INTO in_problem
            WITH RECURSIVE above (start, at) AS (
                SELECT code, up FROM in_edge UNION SELECT a.start, e.up FROM above a JOIN in_edge e ON e.code = a.at)
            SELECT DISTINCT ON (s.file, s.line) s.file, s.line, s.kind, e.field, e.up || ' lies below ' || e.code
                || ': that would close a circle'
            FROM (SELECT file, line, code, 'organisations' AS kind FROM in_fresh
                  UNION ALL SELECT file, line, code, 'organisation_parts' FROM in_parts WHERE adds) s
            JOIN in_edge e ON e.code = s.code AND (s.kind = 'organisations' OR e.field = 'place')
            JOIN above a ON a.start = e.up AND (a.at = e.code OR e.up = e.code)
            ORDER BY s.file, s.line, e.field;
    END IF;
END $$;

-- One thing at a time: what overlaps within the import or with what is on record, in the words of the single calls.
CREATE FUNCTION import_check_spans(today date) RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT * FROM (VALUES
        ('memberships', 'in_member', 'membership', 'practice, network', ARRAY['practice'], 'practice',
         'format(''%s is a member of %s from %s%s; a practice has one core network at a time'', b.practice, b.network, b.from_on, %s)'),
        ('directors', 'in_director', 'director_term', 'network, name', ARRAY['network', 'name'], 'name',
         'format(''That director has a term from %s%s'', b.from_on, %s)'),
        ('waivers', 'in_waiver', 'waiver', 'network', ARRAY['network'], 'from_on', 'format(''A waiver holds from %s%s'', b.from_on, %s)'),
        ('systems', 'in_system', 'system_profile', 'practice', ARRAY['practice'], 'from_on',
         'format(''%s has a clinical system from %s%s'', b.practice, b.from_on, %s)'),
        ('alignments', 'in_alignment', 'alignment', 'service, organisation', ARRAY['service', 'organisation'], 'service',
         'format(''%s serves %s from %s%s'', b.service, b.organisation, b.from_on, %s)'))
        AS v (kind, stage, record, columns, keys, field, words)
    LOOP
        -- Two rows of one key were told apart already; every other pair is told on its later row.
        EXECUTE format('INSERT INTO in_problem SELECT DISTINCT ON (a.file, a.line) a.file, a.line, %1$L, %2$L, %7$s FROM %3$I a JOIN ('
            || 'SELECT %4$s, from_on, to_on, file, line FROM %3$I WHERE NOT known '
            || 'UNION ALL SELECT %4$s, from_on, to_on, NULL, NULL FROM %5$I) b ON %6$s '
            || 'AND a.from_on <= coalesce(b.to_on, ''infinity'') AND b.from_on <= coalesce(a.to_on, ''infinity'') '
            || 'WHERE NOT a.known AND (b.file IS NULL OR ((b.file, b.line) < (a.file, a.line) AND (%8$s))) '
            || 'ORDER BY a.file, a.line, b.from_on',
            t.kind, t.field, t.stage, t.columns, t.record,
            (SELECT string_agg(format('a.%1$I = b.%1$I', k), ' AND ') FROM unnest(t.keys) k),
            replace(t.words, ', %s)', ', CASE WHEN b.to_on IS NULL THEN '' on'' ELSE '' to '' || b.to_on END)'),
            CASE WHEN t.kind = 'memberships' THEN 'b.from_on <> a.from_on OR b.network <> a.network' ELSE 'b.from_on <> a.from_on' END);
    END LOOP;
    -- The sum of shares only grows where a term begins.
    CREATE TEMP TABLE in_term ON COMMIT DROP AS
        SELECT network, from_on, to_on, share FROM in_director WHERE NOT known
        UNION ALL
        SELECT d.network, d.from_on, d.to_on, d.share FROM director_term d
        WHERE d.network IN (SELECT network FROM in_director WHERE NOT known AND share IS NOT NULL);
    CREATE INDEX ON in_term (network);
    ANALYZE in_term;
    INSERT INTO in_problem
        SELECT s.file, s.line, 'directors', 'share', 'The shares of the post would pass 1' FROM in_director s
        WHERE NOT s.known AND s.share IS NOT NULL AND EXISTS (
            SELECT FROM in_term b WHERE b.network = s.network AND b.from_on >= s.from_on AND b.from_on <= coalesce(s.to_on, 'infinity')
                AND (SELECT sum(o.share) FROM in_term o WHERE o.network = s.network AND o.from_on <= b.from_on
                     AND coalesce(o.to_on, 'infinity') >= b.from_on) > 1);
    -- A network takes in nobody before it opened or once it closed.
    INSERT INTO in_problem
        SELECT s.file, s.line, s.kind, d.field, d.reason
        FROM (SELECT file, line, 'memberships' AS kind, network, from_on, to_on FROM in_member WHERE NOT known
              UNION ALL SELECT file, line, 'directors', network, from_on, to_on FROM in_director WHERE NOT known
              UNION ALL SELECT file, line, 'waivers', network, from_on, to_on FROM in_waiver WHERE NOT known) s
        JOIN in_kin k ON k.code = s.network
        CROSS JOIN LATERAL (SELECT 'from_on' AS field, 'The network opened on ' || k.opened_on AS reason WHERE s.from_on < k.opened_on
            UNION ALL SELECT 'from_on', 'The network closes on ' || k.closed_from WHERE s.from_on >= k.closed_from
            UNION ALL SELECT 'to_on', 'It must end before ' || k.closed_from || ', when the network closes'
                WHERE s.kind <> 'waivers' AND s.from_on < k.closed_from AND (s.to_on IS NULL OR s.to_on >= k.closed_from)) d;
    INSERT INTO in_problem
        SELECT s.file, s.line, 'list_sizes', 'as_of', 'has no day: the network has no list size' FROM in_size s WHERE s.as_of IS NULL
        UNION ALL
        SELECT s.file, s.line, 'list_sizes', 'as_of', 'A list cannot be counted in the future' FROM in_size s WHERE s.as_of > today
        UNION ALL
        SELECT s.file, s.line, 'list_sizes', 'sub_group', 'Only a network has sub-groups'
        FROM in_size s JOIN in_kin k ON k.code = s.organisation
        WHERE s.sub_group <> '' AND k.kind <> 'network';
    -- A neighbourhood team that another network has, and this one does not.
    INSERT INTO in_problem
        WITH groups AS MATERIALIZED (
            SELECT network, code FROM sub_group UNION SELECT network, code FROM in_sub_group
            UNION SELECT organisation, sub_group FROM in_size WHERE sub_group <> '')
        SELECT m.file, m.line, 'memberships', 'sub_group', m.sub_group || ' is a sub-group of ' || min(g.network)
        FROM in_member m JOIN groups g ON g.code = m.sub_group
        WHERE NOT m.known GROUP BY m.file, m.line, m.sub_group, m.network HAVING NOT bool_or(g.network = m.network);
END $$;
