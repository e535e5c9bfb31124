-- An import's rows, typed, in temporary tables of the transaction that checks and applies them: `in_` and the table that they go to.
-- Columns are called as there. `known`: on record already under the same key. `line` is the row's place in the import, which tells rows of one
-- line apart; a problem is told with the line itself. Everything is by sets: a row at a time would take minutes for England.
-- The functions run as whoever calls them, the application's role.

-- The column of a file that a column of a table comes from: as a CSV file names it, or (a JSON document) as its member. Files of the
-- documents' data set have names of their own.
CREATE FUNCTION import_field(file_name text, kind text, field text) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN file_name ~* '\.json$' THEN json_name(f.plain) ELSE f.plain END
    FROM (SELECT coalesce(
        CASE regexp_replace(file_name, '^.*/', '')
            WHEN 'pcns.csv' THEN CASE WHEN kind = 'directors' AND field = 'name' THEN 'clinical_directors'
                WHEN field IN ('code', 'network', 'organisation') THEN 'pcn_code' WHEN field = 'place' THEN 'place_code'
                WHEN field = 'count' THEN 'list_size' WHEN field = 'stated_practice_count' THEN 'practice_count' END
            WHEN 'pcn_sub_groups.csv' THEN CASE WHEN field IN ('network', 'organisation') THEN 'pcn_code'
                WHEN field IN ('count', 'as_of') THEN 'list_size' WHEN field = 'code' THEN 'sub_group' END
            WHEN 'practices.csv' THEN CASE field WHEN 'practice' THEN 'practice_code' WHEN 'network' THEN 'pcn_code' END
            WHEN 'system_facts.csv' THEN CASE field WHEN 'organisation' THEN 'area_code' END
            WHEN 'demographics.csv' THEN CASE field WHEN 'organisation' THEN 'area_code' WHEN 'fact' THEN 'indicator' END
        END,
        CASE field WHEN 'from_on' THEN 'from' WHEN 'to_on' THEN 'to' WHEN 'on_day' THEN 'on' WHEN 'facts_recorded_at' THEN 'recorded_at'
            ELSE field END) AS plain) f;
END;

-- A value of a row beside the one on record.
CREATE FUNCTION import_differs(here text, there text) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN there IS NULL THEN 'is absent on record, not ' || left(here, 100)
        ELSE 'is ' || left(there, 100) || ' on record, not ' || left(here, 100) END;
END;

-- What the staged tables are, for what is done to each: the table of record, the key in it, the columns that are compared, and the column
-- that a problem of the key names.
CREATE FUNCTION import_tables()
    RETURNS TABLE (kind text, stage text, record text, keys text[], compared text[], field text) IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT * FROM (VALUES
        ('organisations', 'in_organisation', 'organisation', '{code}'::text[],
            ('{name,kind,level,place,status,opened_on,closed_on,former_names,identifiers,stated_population,stated_practice_count,payee,'
             || 'mapped_area,agreement_on,source,notes,facts_from,facts_recorded_at}')::text[], 'code'),
        ('organisation_parts', 'in_parts', 'organisation', '{code}', '{}', 'code'),
        ('past', 'in_past', NULL, '{code,from_on,recorded_at,superseded_at}', '{}', 'from_on'),
        ('coming', 'in_coming', 'organisation_coming', '{code,from_on}', '{changes,recorded_at}', 'from_on'),
        ('successions', 'in_succession', 'succession', '{predecessor,successor}', '{on_day,manner,source,recorded_at}', 'successor'),
        ('sub_groups', 'in_sub_group', 'sub_group', '{network,code}', '{source}', 'code'),
        ('memberships', 'in_member', 'membership', '{practice,network,from_on}',
            '{to_on,sub_group,from_assumed,source,recorded_at,end_recorded_at}', 'practice'),
        ('directors', 'in_director', 'director_term', '{network,name,from_on}',
            '{to_on,share,from_assumed,source,recorded_at,end_recorded_at}', 'name'),
        ('waivers', 'in_waiver', 'waiver', '{network,from_on}', '{to_on,reason,granted_by,source,recorded_at,end_recorded_at}', 'from_on'),
        ('list_sizes', 'in_size', 'list_size', '{organisation,kind,sub_group,as_of,synthetic}', '{count,source,recorded_at}', 'as_of'),
        ('facts', 'in_fact', 'stated_fact', '{organisation,fact,qualifier,period,source}', '{value,unit,notes,recorded_at}', 'fact'),
        ('systems', 'in_system', 'system_profile', '{practice,from_on}', '{system,to_on,source,recorded_at,end_recorded_at}', 'from_on'),
        ('alignments', 'in_alignment', 'alignment', '{service,organisation,from_on}',
            '{name,kind,provider,to_on,source,recorded_at,end_recorded_at}', 'service'),
        ('sites', 'in_site', 'site', '{code}', '{organisation,name,kind,address,tenure,floor_area,from_on,to_on,source,notes}', 'code'),
        ('superseded', 'in_superseded', NULL, '{code,kind,fact,superseded_at}', '{}', 'fact'))
        AS t (kind, stage, record, keys, compared, field);
END;

-- Fills the staged tables. `rules`: for each kind of organisation its level and the kinds of its parent, see rules_organisation.h; `held`: nobody
-- else changes what the import names until it is over.
CREATE FUNCTION import_stage(job uuid, start_day date, rules jsonb, held boolean) RETURNS void LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    t record;
    found bigint;
BEGIN
    -- One transaction at a time works on so many rows.
    PERFORM set_config('work_mem', '64MB', true);
    CREATE TEMP TABLE in_problem (file integer, line integer, kind text, field text, reason text) ON COMMIT DROP;
    CREATE TEMP TABLE in_rule ON COMMIT DROP AS
        SELECT r.kind, r.level, r.parents FROM jsonb_to_recordset(rules) AS r (kind text, level text, parents text[]);
    CREATE TEMP TABLE in_organisation ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.code, d.name, d.kind, d.level, d.parent, d.place, d.status, d."openedOn" AS opened_on,
            d."closedOn" AS closed_on, d."formerNames" AS former_names, d.identifiers, d."statedPopulation" AS stated_population,
            d."statedPracticeCount" AS stated_practice_count, d.payee, d."mappedArea" AS mapped_area, d."agreementOn" AS agreement_on,
            d.source, d.notes, d."factsFrom" AS facts_from, d."recordedAt" AS facts_recorded_at
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (code text, name text, kind text, level text, parent text,
            place text, status text, "openedOn" date, "closedOn" date, "formerNames" text[], identifiers jsonb, "statedPopulation" bigint,
            "statedPracticeCount" bigint, payee text, "mappedArea" text, "agreementOn" date, source text, notes text, "factsFrom" date,
            "recordedAt" timestamptz)
        WHERE r.import = job AND r.kind = 'organisations';
    CREATE TEMP TABLE in_parts ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, false AS adds, d.code, d.place, d."statedPracticeCount" AS stated_practice_count
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (code text, place text, "statedPracticeCount" bigint)
        WHERE r.import = job AND r.kind = 'organisation_parts';
    CREATE TEMP TABLE in_past ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.code, d."from" AS from_on, d."to" AS to_on, d."recordedAt" AS recorded_at,
            d."endRecordedAt" AS end_recorded_at, d."supersededAt" AS superseded_at, d."supersededBy" AS superseded_by, f.*
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (code text, "from" date, "to" date, "recordedAt" timestamptz,
            "endRecordedAt" timestamptz, "supersededAt" timestamptz, "supersededBy" text)
        CROSS JOIN LATERAL facts_of(r.data) f
        WHERE r.import = job AND r.kind = 'past';
    CREATE TEMP TABLE in_coming ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.code, d."from" AS from_on,
            (SELECT jsonb_object_agg(column_name(c.key), c.value) FROM jsonb_each(d.changes) c) AS changes, d."recordedAt" AS recorded_at
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (code text, "from" date, changes jsonb, "recordedAt" timestamptz)
        WHERE r.import = job AND r.kind = 'coming';
    CREATE TEMP TABLE in_succession ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.predecessor, d.successor, d."on" AS on_day, d.manner, d.source,
            d."recordedAt" AS recorded_at
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (predecessor text, successor text, "on" date, manner text,
            source text, "recordedAt" timestamptz)
        WHERE r.import = job AND r.kind = 'successions';
    CREATE TEMP TABLE in_sub_group ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.network, d.code, d.source
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (network text, code text, source text)
        WHERE r.import = job AND r.kind = 'sub_groups';
    CREATE TEMP TABLE in_member ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.practice, d.network, d."subGroup" AS sub_group, coalesce(d."from", start_day) AS from_on,
            d."to" AS to_on, d.source, coalesce(d."fromAssumed", CASE WHEN d."from" IS NULL THEN true END) AS from_assumed, d."recordedAt" AS recorded_at,
            d."endRecordedAt" AS end_recorded_at
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (practice text, network text, "subGroup" text, "from" date,
            "to" date, source text, "fromAssumed" boolean, "recordedAt" timestamptz, "endRecordedAt" timestamptz)
        WHERE r.import = job AND r.kind = 'memberships';
    CREATE TEMP TABLE in_director ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.network, d.name, coalesce(d."from", start_day) AS from_on, d."to" AS to_on, d.share,
            d.source, coalesce(d."fromAssumed", CASE WHEN d."from" IS NULL THEN true END) AS from_assumed, d."recordedAt" AS recorded_at,
            d."endRecordedAt" AS end_recorded_at
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (network text, name text, "from" date, "to" date,
            share numeric(4, 3), source text, "fromAssumed" boolean, "recordedAt" timestamptz, "endRecordedAt" timestamptz)
        WHERE r.import = job AND r.kind = 'directors';
    CREATE TEMP TABLE in_waiver ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.network, d."from" AS from_on, d."to" AS to_on, d.reason, d."grantedBy" AS granted_by,
            d.source, d."recordedAt" AS recorded_at, d."endRecordedAt" AS end_recorded_at
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (network text, "from" date, "to" date, reason text,
            "grantedBy" text, source text, "recordedAt" timestamptz, "endRecordedAt" timestamptz)
        WHERE r.import = job AND r.kind = 'waivers';
    CREATE TEMP TABLE in_size ON COMMIT DROP AS
        -- Field by field, since nearly all rows of a country are list sizes: half the time of a record of each.
        SELECT r.file, r.place AS line, false AS known, r.data ->> 'organisation' AS organisation, r.data ->> 'kind' AS kind,
            coalesce(r.data ->> 'subGroup', '') AS sub_group, (r.data ->> 'asOf')::date AS as_of,
            coalesce((r.data ->> 'synthetic')::boolean, false) AS synthetic, (r.data ->> 'count')::bigint AS count,
            r.data ->> 'source' AS source, (r.data ->> 'recordedAt')::timestamptz AS recorded_at
        FROM import_row r WHERE r.import = job AND r.kind = 'list_sizes';
    CREATE TEMP TABLE in_fact ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.organisation, d.fact, d.qualifier, d.value, d.unit, coalesce(d.period, '') AS period,
            d.notes, d.source, d."recordedAt" AS recorded_at
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (organisation text, fact text, qualifier text, value text,
            unit text, period text, notes text, source text, "recordedAt" timestamptz)
        WHERE r.import = job AND r.kind = 'facts';
    CREATE TEMP TABLE in_system ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.practice, d.system, d."from" AS from_on, d."to" AS to_on, d.source,
            d."recordedAt" AS recorded_at, d."endRecordedAt" AS end_recorded_at
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (practice text, system text, "from" date, "to" date,
            source text, "recordedAt" timestamptz, "endRecordedAt" timestamptz)
        WHERE r.import = job AND r.kind = 'systems';
    CREATE TEMP TABLE in_alignment ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.service, d.organisation, d.name, d.kind, d.provider, d."from" AS from_on,
            d."to" AS to_on, d.source, d."recordedAt" AS recorded_at, d."endRecordedAt" AS end_recorded_at
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (service text, organisation text, name text, kind text,
            provider text, "from" date, "to" date, source text, "recordedAt" timestamptz, "endRecordedAt" timestamptz)
        WHERE r.import = job AND r.kind = 'alignments';
    CREATE TEMP TABLE in_site ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.code, d.organisation, d.name, d.kind, d.address, d.tenure, d."floorArea" AS floor_area,
            d."from" AS from_on, d."to" AS to_on, d.source, d.notes
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (code text, organisation text, name text, kind text,
            address text, tenure text, "floorArea" text, "from" date, "to" date, source text, notes text)
        WHERE r.import = job AND r.kind = 'sites';
    CREATE TEMP TABLE in_superseded ON COMMIT DROP AS
        SELECT r.file, r.place AS line, false AS known, d.code, d.kind, d.fact, d."recordedAt" AS recorded_at, d."supersededAt" AS superseded_at,
            d."supersededBy" AS superseded_by
        FROM import_row r CROSS JOIN LATERAL jsonb_to_record(r.data) AS d (code text, kind text, fact jsonb, "recordedAt" timestamptz,
            "supersededAt" timestamptz, "supersededBy" text)
        WHERE r.import = job AND r.kind = 'superseded';

    -- A neighbourhood team's size without a day is of the day of its network's.
    UPDATE in_size s SET as_of = coalesce(
            (SELECT max(n.as_of) FROM in_size n WHERE n.organisation = s.organisation AND n.kind = s.kind AND n.sub_group = ''),
            (SELECT max(n.as_of) FROM list_size n WHERE n.organisation = s.organisation AND n.kind = s.kind AND n.sub_group = ''))
        WHERE s.as_of IS NULL;

    -- What is on record is checked as it is now: whoever changes one of these organisations before the import does is noticed by import_hold().
    -- Where that happened before, they have to wait from here on.
    IF held THEN
        PERFORM o.code FROM organisation o
        WHERE o.code IN (SELECT unnest(ARRAY[code, parent, place, payee]) FROM in_organisation UNION SELECT unnest(ARRAY[code, place]) FROM in_parts
                         UNION SELECT predecessor FROM in_succession UNION SELECT successor FROM in_succession
                         UNION SELECT network FROM in_sub_group UNION SELECT practice FROM in_member UNION SELECT network FROM in_member
                         UNION SELECT network FROM in_director UNION SELECT unnest(ARRAY[network, granted_by]) FROM in_waiver
                         UNION SELECT organisation FROM in_size UNION SELECT organisation FROM in_fact UNION SELECT practice FROM in_system
                         UNION SELECT unnest(ARRAY[organisation, provider]) FROM in_alignment UNION SELECT code FROM in_past
                         UNION SELECT code FROM in_coming UNION SELECT code FROM in_superseded UNION SELECT organisation FROM in_site)
        ORDER BY o.code FOR NO KEY UPDATE;
    END IF;
    CREATE TEMP TABLE in_version ON COMMIT DROP AS SELECT o.code::text AS code, o.version FROM organisation o;
    ANALYZE in_version;

    FOR t IN SELECT * FROM import_tables() LOOP
        EXECUTE format('ANALYZE %I', t.stage);
        IF t.record IS NOT NULL THEN
            EXECUTE format('UPDATE %I s SET known = true FROM %I r WHERE %s', t.stage, t.record,
                (SELECT string_agg(format('s.%1$I = r.%1$I', k), ' AND ') FROM unnest(t.keys) k));
            GET DIAGNOSTICS found = ROW_COUNT;
            IF found > 0 THEN
                EXECUTE format('ANALYZE %I', t.stage);
            END IF;
        END IF;
    END LOOP;
    UPDATE in_past s SET known = true FROM organisation_past p
        WHERE p.code = s.code AND p.from_on IS NOT DISTINCT FROM s.from_on AND p.recorded_at = s.recorded_at
          AND p.superseded_at IS NOT DISTINCT FROM s.superseded_at AND p.to_on IS NOT DISTINCT FROM s.to_on AND p.name = s.name
          AND p.status = s.status AND coalesce(s.level, p.level) IS NOT DISTINCT FROM p.level
          AND coalesce(s.parent, p.parent) IS NOT DISTINCT FROM p.parent AND coalesce(s.place, p.place) IS NOT DISTINCT FROM p.place
          AND coalesce(s.payee, p.payee) IS NOT DISTINCT FROM p.payee;
    UPDATE in_superseded s SET known = true FROM superseded_fact f
        WHERE f.code = s.code AND f.kind = s.kind AND f.superseded_at = s.superseded_at AND f.fact = s.fact;
END $$;

-- Where the import's rows stand in what was sent: file, line, a document's path, and how another row of that file speaks of it.
CREATE FUNCTION import_places(job uuid) RETURNS TABLE (place integer, file integer, file_name text, line integer, path text, said text)
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT DISTINCT ON (r.place) r.place, r.file, i.files -> (r.file - 1) ->> 'name', r.line, r.path, coalesce(r.path, 'on line ' || r.line)
    FROM import_row r JOIN import i ON i.id = r.import WHERE r.import = job ORDER BY r.place;
END;

-- What was found goes beside what the reading found: the first 1,000 of an import. All that were found. Of a JSON document the field is a path
-- within it.
CREATE FUNCTION import_tell(job uuid) RETURNS bigint LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    found bigint := (SELECT count(*) FROM in_problem);
BEGIN
    IF found > 0 THEN
        INSERT INTO import_problem (import, file, line, field, reason)
            SELECT job, p.file, s.line, nullif(concat_ws('.', s.path, import_field(s.file_name, p.kind, p.field)), ''), p.reason
            FROM (SELECT * FROM in_problem ORDER BY file, line, field
                  LIMIT greatest(0, 1000 - (SELECT count(*) FROM import_problem e WHERE e.import = job))) p
            JOIN import_places(job) s ON s.place = p.line
            ORDER BY p.file, p.line, p.field;
    END IF;
    RETURN found;
END $$;
