-- What is checked of an import's staged rows (1081): each problem is a row of in_problem. What the single calls refuse is refused here too.

-- Rows by themselves and beside those on record: one key twice, other content, days out of order.
CREATE FUNCTION import_check_rows(job uuid, today date) RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    t record;
    keys text;
    twice boolean;
BEGIN
    -- What a row said of a day to come is a change to come on record, and no other content.
    UPDATE in_organisation s SET closed_on = NULL, status = nullif(s.status, 'closed') FROM organisation_coming c
        WHERE s.known AND s.closed_on > today AND c.code = s.code AND c.changes ->> 'status' = 'closed'
          AND c.changes ->> 'closed_on' = s.closed_on::text;
    UPDATE in_organisation s SET status = NULL FROM organisation o
        WHERE s.known AND o.code = s.code AND o.status = 'proposed' AND s.status = 'active' AND s.opened_on > today;
    FOR t IN SELECT * FROM import_tables() LOOP
        keys := (SELECT string_agg(format('%I', k), ', ') FROM unnest(t.keys) k);
        EXECUTE format('SELECT EXISTS (SELECT FROM %I GROUP BY %s HAVING count(*) > 1)', t.stage, keys) INTO twice;
        IF twice THEN
            EXECUTE format('INSERT INTO in_problem SELECT d.file, d.line, %L, %L, CASE WHEN d.file = p.file '
                || 'THEN format(''is %%s already'', p.said) ELSE format(''is %%s of %%s already'', p.said, p.file_name) END '
                || 'FROM (SELECT file, line, row_number() OVER w AS nth, first_value(line) OVER w AS first '
                || 'FROM %I WINDOW w AS (PARTITION BY %s ORDER BY line)) d JOIN import_places($1) p ON p.place = d.first WHERE nth > 1',
                t.kind, t.field, t.stage, keys) USING job;
        END IF;
        IF t.compared <> '{}' THEN
            EXECUTE format('INSERT INTO in_problem SELECT s.file, s.line, %L, d.field, import_differs(d.here, d.there) FROM %I s JOIN %I r '
                || 'ON %s CROSS JOIN LATERAL (VALUES %s) AS d (field, here, there) '
                || 'WHERE s.known AND (%s) AND d.here IS NOT NULL AND d.here IS DISTINCT FROM d.there', t.kind, t.stage, t.record,
                (SELECT string_agg(format('s.%1$I = r.%1$I', k), ' AND ') FROM unnest(t.keys) k),
                (SELECT string_agg(format(CASE WHEN c IN ('count', 'stated_population', 'stated_practice_count')
                        THEN '(%1$L, to_char(s.%1$I, ''FM999,999,999,990''), to_char(r.%1$I, ''FM999,999,999,990''))'
                    WHEN c = 'facts_recorded_at' THEN '(%1$L, instant_text(s.%1$I), instant_text(coalesce(r.%1$I, r.created_at)))'
                    WHEN c LIKE '%\_at' THEN '(%1$L, instant_text(s.%1$I), instant_text(r.%1$I))'
                    WHEN c = 'share' THEN '(%1$L, trim_scale(s.%1$I)::text, trim_scale(r.%1$I)::text)'
                    -- An assumed first day contradicts nothing.
                    WHEN c = 'from_assumed' THEN '(%1$L, nullif(s.%1$I, true)::text, r.%1$I::text)'
                    ELSE '(%1$L, s.%1$I::text, r.%1$I::text)' END, c), ', ') FROM unnest(t.compared) c),
                -- Most rows of a repeated import are the same: only others are put into words.
                (SELECT string_agg(format('(s.%1$I IS NOT NULL AND s.%1$I IS DISTINCT FROM r.%1$I)', c), ' OR ')
                 FROM unnest(t.compared) c));
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
        SELECT p.file, p.line, 'organisation_parts', d.field, format('is %s %s of %s, not %s', d.there, w.said, w.file_name, d.here)
        FROM in_parts p JOIN in_organisation s ON s.code = p.code CROSS JOIN LATERAL (VALUES ('place', p.place, s.place),
            ('stated_practice_count', p.stated_practice_count::text, s.stated_practice_count::text)) AS d (field, here, there)
        JOIN import_places(job) w ON w.place = s.line
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

-- What new organisations are today, were before and will be, by the days that their rows name, as rules_opening.h has it of one that is
-- created: a day to come is a change to come, and one that closed before was open until then. A row that says when its facts were recorded, or
-- since when they hold, is on record elsewhere and stays as it is, but for a close to come.
CREATE FUNCTION import_open(today date, now timestamptz) RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    INSERT INTO in_problem
        SELECT f.file, f.line, 'organisations', 'status', 'It closed on ' || f.closed_on FROM in_fresh f
        WHERE f.closed_on <= today AND f.status <> 'closed';
    INSERT INTO in_coming (file, line, known, code, from_on, changes, recorded_at)
        SELECT f.file, f.line, false, f.code, f.closed_on, jsonb_build_object('status', 'closed', 'closed_on', f.closed_on), now
        FROM in_fresh f WHERE f.closed_on > today AND NOT EXISTS (SELECT FROM in_coming c WHERE c.code = f.code AND c.from_on = f.closed_on)
        UNION ALL
        SELECT f.file, f.line, false, f.code, f.opened_on, '{"status": "active"}', now
        FROM in_fresh f WHERE f.opened_on > today AND f.status <> 'proposed' AND f.facts_recorded_at IS NULL
          AND (f.closed_on IS NULL OR f.opened_on < f.closed_on)
          AND NOT EXISTS (SELECT FROM in_coming c WHERE c.code = f.code AND c.from_on = f.opened_on);
    UPDATE in_fresh f SET closed_on = NULL, status = CASE WHEN f.status = 'closed' THEN 'active' ELSE f.status END WHERE f.closed_on > today;
    UPDATE in_fresh f SET status = 'proposed' WHERE f.opened_on > today AND f.facts_recorded_at IS NULL;
    UPDATE in_fresh f SET facts_from = today WHERE f.status = 'proposed' AND f.facts_recorded_at IS NULL AND f.facts_from IS NULL;
    INSERT INTO in_past (file, line, known, code, from_on, to_on, recorded_at, superseded_at, name, level, parent, place, status, opened_on,
            closed_on, former_names, identifiers, stated_population, stated_practice_count, source, notes, payee, mapped_area, agreement_on)
        SELECT f.file, f.line, false, f.code, NULL, f.closed_on - 1, now, NULL, f.name, f.level, f.parent, f.place, 'active', f.opened_on,
            NULL, f.former_names, f.identifiers, f.stated_population, f.stated_practice_count, f.source, f.notes, f.payee, f.mapped_area,
            f.agreement_on
        FROM in_fresh f WHERE f.status = 'closed' AND f.facts_recorded_at IS NULL AND f.facts_from IS NULL AND f.closed_on IS NOT NULL
          AND (f.opened_on IS NULL OR f.opened_on < f.closed_on);
    UPDATE in_fresh f SET facts_from = f.closed_on FROM in_past p WHERE p.code = f.code AND p.line = f.line;
END $$;

-- Everything as it would be: in_fresh are the new organisations with what completes them, in_kin all of them, old and new.
CREATE FUNCTION import_complete(today date, now timestamptz) RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    -- A first day that is given is not assumed, unless its row says so.
    UPDATE in_member SET from_assumed = false WHERE NOT known AND from_assumed IS NULL;
    UPDATE in_director SET from_assumed = false WHERE NOT known AND from_assumed IS NULL;
    -- Where new memberships say that practices are today.
    CREATE TEMP TABLE in_today ON COMMIT DROP AS
        SELECT DISTINCT ON (practice) practice, network, from_on, to_on FROM in_member
        WHERE NOT known AND from_on <= today AND (to_on IS NULL OR to_on >= today) ORDER BY practice, file, line;
    ANALYZE in_today;
    CREATE TEMP TABLE in_fresh ON COMMIT DROP AS
        SELECT DISTINCT ON (s.code) s.file, s.line, s.code, s.name, s.kind, coalesce(s.level, r.level) AS level, s.parent,
            coalesce(s.place, p.place) AS place, coalesce(s.status, CASE WHEN s.closed_on <= today THEN 'closed' ELSE 'active' END) AS status,
            s.opened_on, s.closed_on, coalesce(s.former_names, '{}') AS former_names, coalesce(s.identifiers, '[]') AS identifiers,
            s.stated_population, coalesce(s.stated_practice_count, p.stated_practice_count) AS stated_practice_count, s.payee,
            s.mapped_area, s.agreement_on, s.source, s.notes, s.facts_from, s.facts_recorded_at, t.network, t.from_on AS network_from
        FROM in_organisation s LEFT JOIN in_rule r ON r.kind = s.kind LEFT JOIN in_parts p ON p.code = s.code
        LEFT JOIN in_today t ON t.practice = s.code AND s.kind = 'practice'
        WHERE NOT s.known ORDER BY s.code, s.file, s.line;
    PERFORM import_open(today, now);
    ANALYZE in_fresh;
    CREATE TEMP TABLE in_kin ON COMMIT DROP AS
        SELECT o.code COLLATE "default" AS code, o.kind::text AS kind, coalesce(t.network, o.parent) AS parent
        FROM organisation o LEFT JOIN in_today t ON t.practice = o.code AND o.kind = 'practice'
        UNION ALL
        SELECT f.code, f.kind, coalesce(f.network, f.parent) FROM in_fresh f;
    CREATE INDEX ON in_kin (code);
    ANALYZE in_kin;
END $$;

-- What rows refer to.
CREATE FUNCTION import_check_references() RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
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
END $$;

-- What was found never to have held has the shape of its kind: the history reads it as such.
CREATE FUNCTION import_check_superseded() RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    t record;
    r record;
BEGIN
    FOR t IN SELECT * FROM (VALUES ('membership', 'membership'), ('director', 'director_term'), ('list-size', 'list_size'), ('fact', 'stated_fact'),
        ('system', 'system_profile'), ('alignment', 'alignment'), ('waiver', 'waiver')) AS v (kind, record)
    LOOP
        -- All at once, and only where one of them fails one by one.
        BEGIN
            EXECUTE format('SELECT count(jsonb_populate_record(NULL::%I, fact)) FROM in_superseded WHERE kind = %L AND NOT known', t.record, t.kind);
        EXCEPTION WHEN data_exception THEN
            FOR r IN SELECT s.file, s.line, s.fact FROM in_superseded s WHERE s.kind = t.kind AND NOT s.known LOOP
                BEGIN
                    EXECUTE format('SELECT jsonb_populate_record(NULL::%I, $1)', t.record) USING r.fact;
                EXCEPTION WHEN data_exception THEN
                    INSERT INTO in_problem VALUES (r.file, r.line, 'superseded', 'fact', format('Is no %s: %s', t.kind, left(SQLERRM, 200)));
                END;
            END LOOP;
        END;
    END LOOP;
END $$;

-- ---- day by day ----

-- in_day: the facts of every organisation with the days on which they hold, as they would be. `source` is the kind of row that says so; NULL
-- on record. in_shut: the organisations that are closed in the end, with the first day of that.
CREATE FUNCTION import_days() RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    -- What changes on a day to come, with what came to be on days before it.
    CREATE TEMP TABLE in_step ON COMMIT DROP AS
        SELECT c.code, c.from_on, coalesce(lead(c.from_on) OVER w - 1, 'infinity') AS to_on, c.recorded_at, c.file, c.line,
            min(c.from_on) OVER (PARTITION BY c.code) AS first_on,
            (SELECT jsonb_object_agg(e.key, e.value ORDER BY b.from_on)
             FROM (SELECT from_on, changes FROM organisation_coming r WHERE c.file IS NULL AND r.code = c.code COLLATE "C"
                   UNION ALL SELECT from_on, changes FROM in_coming i WHERE c.file IS NOT NULL AND i.code = c.code AND NOT i.known) b
             CROSS JOIN LATERAL jsonb_each(b.changes) e WHERE b.from_on <= c.from_on) AS changes
        FROM (SELECT code::text AS code, from_on, recorded_at, NULL::integer AS file, NULL::integer AS line FROM organisation_coming
              UNION ALL SELECT s.code, s.from_on, s.recorded_at, s.file, s.line FROM in_coming s JOIN in_fresh f ON f.code = s.code
                        WHERE NOT s.known) c
        WINDOW w AS (PARTITION BY c.code ORDER BY c.from_on);
    CREATE TEMP TABLE in_day ON COMMIT DROP AS
        SELECT o.code COLLATE "default" AS code, o.kind::text AS kind, coalesce(o.facts_from, '-infinity') AS from_on,
            'infinity'::date AS to_on, o.status::text AS status, o.parent, coalesce(o.place, p.place) AS place, o.payee, o.opened_on,
            o.closed_on, coalesce(o.facts_recorded_at, o.created_at) AS recorded_at, p.file, p.line,
            CASE WHEN p.code IS NOT NULL THEN 'organisation_parts' END AS source
        FROM organisation o LEFT JOIN (SELECT DISTINCT ON (code) * FROM in_parts WHERE adds ORDER BY code, line) p
            ON p.code = o.code AND o.place IS NULL
        UNION ALL
        SELECT f.code, f.kind, coalesce(f.facts_from, '-infinity'), 'infinity', f.status, f.parent, f.place, f.payee, f.opened_on,
            f.closed_on, f.facts_recorded_at, f.file, f.line, 'organisations'
        FROM in_fresh f;
    INSERT INTO in_day
        SELECT d.code, d.kind, s.from_on, s.to_on, CASE WHEN s.changes ? 'status' THEN s.changes ->> 'status' ELSE d.status END,
            CASE WHEN s.changes ? 'parent' THEN s.changes ->> 'parent' ELSE d.parent END,
            CASE WHEN s.changes ? 'place' THEN s.changes ->> 'place' ELSE d.place END,
            CASE WHEN s.changes ? 'payee' THEN s.changes ->> 'payee' ELSE d.payee END,
            CASE WHEN s.changes ? 'opened_on' THEN (s.changes ->> 'opened_on')::date ELSE d.opened_on END,
            CASE WHEN s.changes ? 'closed_on' THEN (s.changes ->> 'closed_on')::date ELSE d.closed_on END,
            s.recorded_at, s.file, s.line, CASE WHEN s.file IS NOT NULL THEN 'coming' END
        FROM in_step s JOIN in_day d ON d.code = s.code;
    UPDATE in_day d SET to_on = s.first_on - 1 FROM in_step s WHERE s.code = d.code AND s.from_on = s.first_on AND d.from_on < s.first_on
        AND d.to_on = 'infinity';
    INSERT INTO in_day
        SELECT p.code::text, o.kind, coalesce(p.from_on, '-infinity'), p.to_on, p.status, p.parent, p.place, p.payee, p.opened_on,
            p.closed_on, p.recorded_at, NULL, NULL, NULL
        FROM organisation_past p JOIN organisation o ON o.code = p.code COLLATE "C" WHERE p.superseded_at IS NULL
        UNION ALL
        SELECT p.code, f.kind, coalesce(p.from_on, '-infinity'), p.to_on, p.status, p.parent, p.place, p.payee, p.opened_on, p.closed_on,
            p.recorded_at, p.file, p.line, 'past'
        FROM in_past p JOIN in_fresh f ON f.code = p.code WHERE NOT p.known AND p.superseded_at IS NULL;
    CREATE INDEX ON in_day (code);
    ANALYZE in_day;
    CREATE TEMP TABLE in_shut ON COMMIT DROP AS
        SELECT d.code, min(CASE WHEN d.from_on > '-infinity' THEN d.from_on ELSE d.closed_on END) AS from_on, min(d.recorded_at) AS recorded_at
        FROM (SELECT *, max(to_on) FILTER (WHERE status <> 'closed') OVER (PARTITION BY code) AS open_to FROM in_day
              WHERE code IN (SELECT code FROM in_day WHERE status = 'closed')) d
        WHERE d.status = 'closed' AND (d.open_to IS NULL OR d.from_on > d.open_to) GROUP BY d.code;
    CREATE INDEX ON in_shut (code);
    ANALYZE in_shut;
END $$;

-- When an organisation opened, by its facts of a day; by its first facts where it has none then.
CREATE FUNCTION import_opened_on(of_code text, day date) RETURNS date STABLE LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN (SELECT d.opened_on FROM in_day d WHERE d.code = of_code
            ORDER BY d.from_on > day, CASE WHEN d.from_on > day THEN d.from_on END, d.from_on DESC LIMIT 1);
END $$;

-- Where a reference of in_day comes from: a change to come may say nothing of it, and then what was before it does.
CREATE FUNCTION import_origin(of_code text, of_source text, of_line integer, day date, field text)
    RETURNS TABLE (file integer, line integer, kind text, named text) STABLE LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT q.file, q.line, q.kind, q.named FROM (
        SELECT c.file, c.line, 'coming', 'changes', c.from_on FROM in_coming c
            WHERE of_source = 'coming' AND c.code = of_code AND NOT c.known AND c.from_on <= day AND c.changes ? field
        UNION ALL SELECT s.file, s.line, 'organisations', field, '-infinity' FROM in_fresh f JOIN in_organisation s ON s.line = f.line
            WHERE of_source IN ('organisations', 'coming') AND f.code = of_code
              AND CASE field WHEN 'parent' THEN s.parent WHEN 'place' THEN s.place ELSE s.payee END IS NOT NULL
        UNION ALL SELECT p.file, p.line, 'organisation_parts', field, '-infinity' FROM in_parts p
            WHERE of_source IN ('organisations', 'coming', 'organisation_parts') AND field = 'place' AND p.code = of_code AND p.place IS NOT NULL
        UNION ALL SELECT p.file, p.line, 'past', field, p.from_on FROM in_past p WHERE of_source = 'past' AND p.line = of_line
        ) AS q (file, line, kind, named, from_on) ORDER BY q.from_on DESC NULLS LAST, q.line LIMIT 1;
END $$;

-- What lies above or is paid: of a kind that may, and not closed on a day on which the organisation is open. Days on which a practice is a
-- member are its network's.
CREATE FUNCTION import_check_above(today date) RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    CREATE TEMP TABLE in_above ON COMMIT DROP AS
        SELECT d.code, d.kind, d.source, d.line, d.recorded_at, r.field, r.up, d.from_on AS said_from, greatest(d.from_on, d.opened_on) AS from_on,
            d.to_on
        FROM in_day d CROSS JOIN LATERAL (VALUES ('parent', d.parent), ('place', d.place), ('payee', d.payee)) AS r (field, up)
        WHERE d.source IS NOT NULL AND r.up IS NOT NULL AND d.status <> 'closed';
    ANALYZE in_above;
    INSERT INTO in_problem
        SELECT DISTINCT ON (w.line, w.named) w.file, w.line, w.kind, w.named,
            CASE a.field WHEN 'place' THEN a.up || ' is of kind ' || k.kind || ', which is no place'
                ELSE a.up || ' is of kind ' || k.kind || ', which cannot be the parent of kind ' || a.kind END
        FROM in_above a JOIN in_kin k ON k.code = a.up JOIN in_rule r ON r.kind = CASE a.field WHEN 'place' THEN 'place' ELSE a.kind END
        CROSS JOIN LATERAL import_origin(a.code, a.source, a.line, a.said_from, a.field) w
        WHERE a.field <> 'payee' AND r.parents IS NOT NULL AND NOT k.kind = ANY (r.parents) AND w.kind IN ('past', 'coming');
    -- The first day on which it would lie below one that is closed.
    INSERT INTO in_problem
        SELECT DISTINCT ON (w.line, w.named) w.file, w.line, w.kind, w.named, a.up || ' is closed from ' || c.from_on || ' on'
        FROM in_above a JOIN in_shut c ON c.code = a.up
        CROSS JOIN LATERAL import_origin(a.code, a.source, a.line, a.said_from, a.field) w
        WHERE a.field <> 'payee' AND a.to_on >= c.from_on AND EXISTS (
            SELECT FROM (SELECT greatest(a.from_on, c.from_on)
                         UNION ALL SELECT m.to_on + 1 FROM in_member m WHERE m.practice = a.code AND NOT m.known) AS f (day)
            WHERE f.day >= a.from_on AND f.day >= c.from_on AND f.day <= a.to_on AND (a.field <> 'parent' OR NOT EXISTS (
                SELECT FROM in_member m WHERE m.practice = a.code AND NOT m.known AND m.from_on <= f.day
                    AND coalesce(m.to_on, 'infinity') >= f.day)));
    -- A payee may close, and is found then; but nobody is paid through one that is known to be closed.
    INSERT INTO in_problem
        SELECT DISTINCT ON (w.line, w.named) w.file, w.line, w.kind, w.named, a.up || ' is closed from ' || c.from_on || ' on'
        FROM in_above a JOIN in_shut c ON c.code = a.up
        CROSS JOIN LATERAL import_origin(a.code, a.source, a.line, a.said_from, a.field) w
        WHERE a.field = 'payee' AND c.from_on <= CASE WHEN a.from_on = '-infinity' THEN today ELSE a.from_on END AND a.to_on >= c.from_on
          AND NOT EXISTS (SELECT FROM in_day b WHERE b.code = a.code AND b.payee = a.up AND b.to_on = a.said_from - 1)
          AND coalesce(least(a.recorded_at, (SELECT min(p.recorded_at) FROM in_past p WHERE p.code = a.code AND p.payee = a.up)), 'infinity')
              >= coalesce(c.recorded_at, 'infinity');
END $$;

-- Circles over both trees, on whatever day. Edges that lead out of all others, or into none, are taken away again and again: what stays leads
-- into a circle and out of one, if not all on one day.
CREATE FUNCTION import_check_circles() RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    removed bigint;
    day date;
BEGIN
    CREATE TEMP TABLE in_edge ON COMMIT DROP AS
        SELECT d.code, r.up, r.field, d.from_on, d.to_on, d.source, d.line
        FROM in_day d CROSS JOIN LATERAL (VALUES ('parent', d.parent), ('place', d.place)) AS r (field, up) WHERE r.up IS NOT NULL
        UNION ALL SELECT practice, network, 'practice', from_on, coalesce(to_on, 'infinity'), NULL, NULL FROM membership
        UNION ALL SELECT practice, network, 'practice', from_on, coalesce(to_on, 'infinity'), 'memberships', line FROM in_member WHERE NOT known;
    CREATE TEMP TABLE in_circle ON COMMIT DROP AS SELECT * FROM in_edge WHERE false;
    ANALYZE in_edge;
    LOOP
        DELETE FROM in_edge e WHERE NOT EXISTS (SELECT FROM in_edge a WHERE a.code = e.up)
            OR NOT EXISTS (SELECT FROM in_edge b WHERE b.up = e.code);
        GET DIAGNOSTICS removed = ROW_COUNT;
        EXIT WHEN removed = 0;
    END LOOP;
    FOR day IN SELECT DISTINCT e.from_on FROM in_edge e ORDER BY e.from_on LOOP
        INSERT INTO in_circle SELECT e.* FROM in_edge e WHERE e.from_on <= day AND e.to_on >= day;
        LOOP
            DELETE FROM in_circle e WHERE NOT EXISTS (SELECT FROM in_circle a WHERE a.code = e.up)
                OR NOT EXISTS (SELECT FROM in_circle b WHERE b.up = e.code);
            GET DIAGNOSTICS removed = ROW_COUNT;
            EXIT WHEN removed = 0;
        END LOOP;
        INSERT INTO in_problem
            SELECT DISTINCT ON (w.line, w.named) w.file, w.line, w.kind, w.named, e.up || ' lies below ' || e.code
                || CASE WHEN day > '-infinity' THEN ' on ' || day ELSE '' END || ': that would close a circle'
            FROM in_circle e CROSS JOIN LATERAL (
                SELECT o.* FROM import_origin(e.code, e.source, e.line, day, e.field) o WHERE e.source <> 'memberships'
                UNION ALL SELECT m.file, m.line, 'memberships', 'practice' FROM in_member m WHERE e.source = 'memberships' AND m.line = e.line) w;
        GET DIAGNOSTICS removed = ROW_COUNT;
        EXIT WHEN removed > 0;
        TRUNCATE in_circle;
    END LOOP;
END $$;

-- Facts that follow each other, and what hangs on the days on which somebody is there.
CREATE FUNCTION import_check_days(today date) RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    removed bigint;
BEGIN
    PERFORM import_check_superseded();
    PERFORM import_days();
    INSERT INTO in_problem
        SELECT p.file, p.line, 'past', 'to_on', CASE
            WHEN p.to_on IS NULL THEN 'is empty: what holds until further notice belongs in the file organisations'
            WHEN f.facts_from IS NULL THEN 'The facts in the file organisations hold since ever: their facts_from is missing'
            ELSE 'The facts in the file organisations hold from ' || f.facts_from || ' on' END
        FROM in_past p JOIN in_fresh f ON f.code = p.code
        WHERE NOT p.known AND p.superseded_at IS NULL AND p.line <> f.line
          AND (p.to_on IS NULL OR f.facts_from IS NULL OR p.to_on >= f.facts_from)
        UNION ALL
        SELECT DISTINCT ON (p.line) p.file, p.line, 'past', 'from_on',
            format('%s has other facts from %s to %s', p.code, coalesce(b.from_on::text, 'ever'), b.to_on)
        FROM in_past p JOIN in_past b ON b.code = p.code AND b.line < p.line AND b.superseded_at IS NULL AND NOT b.known
        WHERE NOT p.known AND p.superseded_at IS NULL AND coalesce(p.from_on, '-infinity') <= b.to_on AND coalesce(b.from_on, '-infinity') <= p.to_on
          AND (p.from_on, p.recorded_at) IS DISTINCT FROM (b.from_on, b.recorded_at)
        UNION ALL
        SELECT c.file, c.line, 'coming', 'from_on', 'The facts in the file organisations hold from ' || f.facts_from || ' on'
        FROM in_coming c JOIN in_fresh f ON f.code = c.code WHERE NOT c.known AND c.from_on <= f.facts_from
        UNION ALL
        SELECT d.file, d.line, d.source, CASE d.source WHEN 'coming' THEN 'changes' ELSE w.field END, w.reason
        FROM in_day d CROSS JOIN LATERAL (
            SELECT 'closed_on' AS field, 'A closed organisation has the day on which it closed' AS reason
                WHERE d.status = 'closed' AND d.closed_on IS NULL AND d.source = 'coming'
            UNION ALL SELECT 'closed_on', 'It cannot close before it opened, on ' || d.opened_on
                WHERE d.closed_on < d.opened_on AND d.source = 'coming'
            UNION ALL SELECT 'closed_on', 'Only what is closed has a day on which it closed'
                WHERE d.status <> 'closed' AND d.closed_on IS NOT NULL AND d.source <> 'organisation_parts'
                  AND (d.source <> 'organisations' OR d.closed_on > today)
            UNION ALL SELECT 'closed_on', 'It is closed from ' || d.from_on || ' on already' WHERE d.status = 'closed' AND d.closed_on > d.from_on
                AND d.from_on > '-infinity'
            UNION ALL SELECT 'payee', 'Only a network has a nominated payee' WHERE d.payee IS NOT NULL AND d.kind <> 'network'
                AND d.source IN ('past', 'coming')) w
        WHERE d.source IS NOT NULL;
    PERFORM import_check_above(today);
    PERFORM import_check_circles();
    -- A practice is a member only while it is there.
    INSERT INTO in_problem
        SELECT s.file, s.line, 'memberships', d.field, d.reason
        FROM in_member s JOIN in_kin k ON k.code = s.practice AND k.kind = 'practice' LEFT JOIN in_shut c ON c.code = s.practice
        CROSS JOIN LATERAL (SELECT import_opened_on(s.practice, s.from_on) AS opened_on) f
        CROSS JOIN LATERAL (SELECT 'from_on' AS field, 'The practice opened on ' || f.opened_on AS reason WHERE s.from_on < f.opened_on
            UNION ALL SELECT 'from_on', 'The practice closes on ' || c.from_on WHERE s.from_on >= c.from_on
            UNION ALL SELECT 'to_on', 'It must end before ' || c.from_on || ', when the practice closes'
                WHERE s.from_on < c.from_on AND (s.to_on IS NULL OR s.to_on >= c.from_on)) d
        WHERE NOT s.known;
    -- Somebody goes on after an organisation on the day on which it closes.
    INSERT INTO in_problem
        SELECT s.file, s.line, 'successions', d.field, d.reason
        FROM in_succession s JOIN in_kin k ON k.code = s.predecessor LEFT JOIN in_shut c ON c.code = s.predecessor
        CROSS JOIN LATERAL (
            SELECT 'predecessor' AS field, format('%s is open on %s: nobody goes on after it', s.predecessor, s.on_day) AS reason WHERE c.code IS NULL
            UNION ALL SELECT 'on_day', format('%s is closed from %s on', s.predecessor, c.from_on) WHERE c.from_on <> s.on_day) d
        WHERE NOT s.known
        UNION ALL
        SELECT s.file, s.line, 'successions', 'successor', format('%s opened on %s', s.successor, f.opened_on)
        FROM in_succession s CROSS JOIN LATERAL (SELECT import_opened_on(s.successor, s.on_day) AS opened_on) f
        WHERE NOT s.known AND f.opened_on > s.on_day;
    CREATE TEMP TABLE in_heir ON COMMIT DROP AS
        SELECT predecessor, successor, NULL::integer AS file, NULL::integer AS line FROM succession
        UNION ALL SELECT predecessor, successor, file, line FROM in_succession WHERE NOT known AND predecessor <> successor;
    LOOP
        DELETE FROM in_heir h WHERE NOT EXISTS (SELECT FROM in_heir a WHERE a.predecessor = h.successor)
            OR NOT EXISTS (SELECT FROM in_heir b WHERE b.successor = h.predecessor);
        GET DIAGNOSTICS removed = ROW_COUNT;
        EXIT WHEN removed = 0;
    END LOOP;
    INSERT INTO in_problem SELECT h.file, h.line, 'successions', 'successor',
            format('%s goes on after %s by what else is said: that would close a circle', h.predecessor, h.successor)
        FROM in_heir h WHERE h.file IS NOT NULL;
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
            || 'WHERE NOT a.known AND (b.file IS NULL OR (b.line < a.line AND (%8$s))) '
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
        LEFT JOIN in_shut c ON c.code = s.network
        CROSS JOIN LATERAL (SELECT import_opened_on(s.network, s.from_on) AS opened_on) f
        CROSS JOIN LATERAL (SELECT 'from_on' AS field, 'The network opened on ' || f.opened_on AS reason WHERE s.from_on < f.opened_on
            UNION ALL SELECT 'from_on', 'The network closes on ' || c.from_on WHERE s.from_on >= c.from_on
            UNION ALL SELECT 'to_on', 'It must end before ' || c.from_on || ', when the network closes'
                WHERE s.kind <> 'waivers' AND s.from_on < c.from_on AND (s.to_on IS NULL OR s.to_on >= c.from_on)) d;
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

-- Whoever changes one of the organisations that the import changes waits from here on until it is over, and then finds another version. True
-- where somebody was faster: what was checked is not on record any more.
CREATE FUNCTION import_hold() RETURNS boolean LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    -- What adds nothing to an organisation that is on record refers to nothing.
    DELETE FROM in_reference r USING in_parts p WHERE r.kind = 'organisation_parts' AND p.line = r.line AND p.known AND NOT p.adds;
    PERFORM o.code FROM organisation o
    WHERE o.code IN (SELECT r.code FROM in_reference r
                     WHERE r.kind NOT IN ('organisations', 'sites') AND r.field NOT IN ('place', 'provider', 'granted_by'))
    ORDER BY o.code FOR NO KEY UPDATE;
    RETURN EXISTS (SELECT FROM (SELECT code FROM in_reference UNION SELECT code FROM in_fresh) c
                   JOIN organisation o ON o.code = c.code LEFT JOIN in_version v ON v.code = c.code COLLATE "C"
                   WHERE v.version IS DISTINCT FROM o.version);
END $$;

-- Rows of the files of which something is to be recorded, and those of which all is on record already. The others are left out: figures of
-- England, and what belongs to other services.
CREATE FUNCTION import_count(OUT added bigint, OUT unchanged bigint) LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    rows text := (SELECT string_agg(format('SELECT line, known%s AS known FROM %I', CASE t.stage WHEN 'in_parts' THEN ' AND NOT adds' ELSE '' END,
        t.stage), ' UNION ALL ') FROM import_tables() t);
BEGIN
    EXECUTE 'SELECT count(*) FILTER (WHERE NOT r.known), count(*) FILTER (WHERE r.known) FROM (SELECT line, bool_and(known) AS known FROM ('
        || rows || ') s GROUP BY line) r' INTO added, unchanged;
END $$;
